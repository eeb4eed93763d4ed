// Access keys: secrets for programs, kept as hashes.
import type { Kysely } from 'kysely'
import type { Timestamp } from './column-types.js'
import type { AccessKeyRow, Tables, UserRow } from './tables.js'

export class AccessKeyStore {
  constructor(private readonly db: Kysely<Tables>) {}

  async insert(key: AccessKeyRow): Promise<void> {
    await this.db.insertInto('access_keys').values(key).execute()
  }

  byIds(ids: readonly string[]): Promise<AccessKeyRow[]> {
    return this.db.selectFrom('access_keys').selectAll().where('id', 'in', ids).execute()
  }

  /** Newest first, revoked and expired ones too; without those of running scripts, which nobody made. */
  byUsers(userIds: readonly string[]): Promise<AccessKeyRow[]> {
    const keys = this.db.selectFrom('access_keys').selectAll().where('userId', 'in', userIds)
    return keys.where('pipelineStepId', 'is', null).orderBy('id', 'desc').execute()
  }

  /** A key that is neither revoked nor expired, and its person. */
  async findLive(secretHash: string, now: Timestamp): Promise<{ key: AccessKeyRow; user: UserRow } | undefined> {
    const key = await this.db
      .selectFrom('access_keys')
      .selectAll()
      .where('secretHash', '=', secretHash)
      .where('revokedAt', 'is', null)
      .where((where) => where.or([where('expiresAt', 'is', null), where('expiresAt', '>', now)]))
      .executeTakeFirst()
    if (!key) return undefined
    const user = await this.db.selectFrom('users').selectAll().where('id', '=', key.userId).executeTakeFirstOrThrow()
    return { key, user }
  }

  async recordUse(id: string, now: Timestamp): Promise<void> {
    await this.db.updateTable('access_keys').set({ lastUsedAt: now }).where('id', '=', id).execute()
  }

  /** The time of the first revocation stays. */
  async revoke(id: string, now: Timestamp): Promise<void> {
    await this.db.updateTable('access_keys').set({ revokedAt: now }).where('id', '=', id).where('revokedAt', 'is', null).execute()
  }

  /** The keys of scripts: from then on they are as if they had never been. */
  async deleteOfSteps(stepIds: readonly string[]): Promise<void> {
    await this.db.deleteFrom('access_keys').where('pipelineStepId', 'in', stepIds).execute()
  }
}
