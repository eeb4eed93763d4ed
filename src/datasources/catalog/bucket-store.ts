// Buckets: which project and purpose each is for.
import type { Kysely } from 'kysely'
import { countByProject, namedPagesByProject, type Page, type PageRequest } from './page.js'
import type { BucketRow, Tables } from './tables.js'

export class BucketStore {
  constructor(private readonly db: Kysely<Tables>) {}

  /** Nothing happens when the name is taken: then the answer is false. */
  async insert(bucket: BucketRow): Promise<boolean> {
    const inserted = await this.db
      .insertInto('buckets')
      .values(bucket)
      .onConflict((c) => c.column('name').doNothing())
      .returning('id')
      .execute()
    return inserted.length === 1
  }

  byIds(ids: readonly string[]): Promise<BucketRow[]> {
    return this.db.selectFrom('buckets').selectAll().where('id', 'in', ids).execute()
  }

  byNames(names: readonly string[]): Promise<BucketRow[]> {
    return this.db.selectFrom('buckets').selectAll().where('name', 'in', names).execute()
  }

  /** By name; one page for each project. */
  pagesByProject(projectIds: readonly string[], request: PageRequest): Promise<Page<BucketRow>[]> {
    return namedPagesByProject(this.db, 'buckets', projectIds, request)
  }

  countByProject(projectIds: readonly string[]): Promise<number[]> {
    return countByProject(this.db, 'buckets', projectIds)
  }
}
