// Uploads that were begun, until they are completed, abandoned or swept.
import type { Kysely } from 'kysely'
import type { Timestamp } from './column-types.js'
import type { Tables, UploadRow } from './tables.js'

export class UploadStore {
  constructor(private readonly db: Kysely<Tables>) {}

  async insert(upload: UploadRow): Promise<void> {
    await this.db.insertInto('uploads').values(upload).execute()
  }

  find(id: string): Promise<UploadRow | undefined> {
    return this.db.selectFrom('uploads').selectAll().where('id', '=', id).executeTakeFirst()
  }

  byIds(ids: readonly string[]): Promise<UploadRow[]> {
    return this.db.selectFrom('uploads').selectAll().where('id', 'in', ids).execute()
  }

  /** Only the first caller completes an upload: it gets true. */
  async complete(id: string, objectId: string): Promise<boolean> {
    const updated = await this.db
      .updateTable('uploads')
      .set({ objectId })
      .where('id', '=', id)
      .where('objectId', 'is', null)
      .returning('id')
      .execute()
    return updated.length === 1
  }

  /** False when it was completed, or is gone already. */
  async deleteOpen(id: string): Promise<boolean> {
    const deleted = await this.db
      .deleteFrom('uploads')
      .where('id', '=', id)
      .where('objectId', 'is', null)
      .returning('id')
      .execute()
    return deleted.length === 1
  }

  /** Completed ones: their objects stay. */
  async deleteCompleted(before: Timestamp): Promise<void> {
    await this.db.deleteFrom('uploads').where('objectId', 'is not', null).where('expiresAt', '<=', before).execute()
  }

  /** Not completed in time. */
  expired(before: Timestamp, limit: number): Promise<UploadRow[]> {
    return this.db
      .selectFrom('uploads')
      .selectAll()
      .where('expiresAt', '<=', before)
      .where('objectId', 'is', null)
      .orderBy('expiresAt')
      .limit(limit)
      .execute()
  }
}
