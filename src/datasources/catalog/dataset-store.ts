// Datasets and what each of their versions was made from.
import type { Kysely } from 'kysely'
import { notFound } from '../../errors.js'
import { countByProject, namedPagesByProject, type Page, type PageRequest } from './page.js'
import type { DatasetRow, DatasetVersionRow, Tables } from './tables.js'

export class DatasetStore {
  constructor(private readonly db: Kysely<Tables>) {}

  /** Nothing happens when the name or the table is taken: then the answer is false. */
  async insert(dataset: DatasetRow): Promise<boolean> {
    const inserted = await this.db
      .insertInto('datasets')
      .values(dataset)
      .onConflict((c) => c.doNothing())
      .returning('id')
      .execute()
    return inserted.length === 1
  }

  /** The dataset's next version; the answer is its number. @throws NOT_FOUND when it was deleted meanwhile */
  async advance(
    id: string,
    change: Pick<DatasetRow, 'kind' | 'objectId' | 'pipelineStepId' | 'updatedAt' | 'description'>,
  ): Promise<number> {
    const { version } = await this.db
      .updateTable('datasets')
      .set((column) => ({ ...change, version: column('version', '+', 1) }))
      .where('id', '=', id)
      .returning('version')
      .executeTakeFirstOrThrow(() => notFound('The dataset', 'input.name'))
    return version
  }

  async insertVersion(version: DatasetVersionRow): Promise<void> {
    await this.db.insertInto('dataset_versions').values(version).execute()
  }

  /** False when it was gone already. */
  async delete(id: string): Promise<boolean> {
    return (await this.db.deleteFrom('datasets').where('id', '=', id).returning('id').execute()).length === 1
  }

  byIds(ids: readonly string[]): Promise<DatasetRow[]> {
    return this.db.selectFrom('datasets').selectAll().where('id', 'in', ids).execute()
  }

  find(projectId: string, name: string): Promise<DatasetRow | undefined> {
    return this.db
      .selectFrom('datasets')
      .selectAll()
      .where('projectId', '=', projectId)
      .where('name', '=', name)
      .executeTakeFirst()
  }

  findByTable(projectId: string, tableName: string): Promise<DatasetRow | undefined> {
    return this.db
      .selectFrom('datasets')
      .selectAll()
      .where('projectId', '=', projectId)
      .where('tableName', '=', tableName)
      .executeTakeFirst()
  }

  /** Those that were last loaded from one of these objects, the oldest first. */
  byObjects(objectIds: readonly string[]): Promise<DatasetRow[]> {
    return this.db.selectFrom('datasets').selectAll().where('objectId', 'in', objectIds).orderBy('id').execute()
  }

  /** By name; one page for each project. */
  pagesByProject(projectIds: readonly string[], request: PageRequest): Promise<Page<DatasetRow>[]> {
    return namedPagesByProject(this.db, 'datasets', projectIds, request)
  }

  countByProject(projectIds: readonly string[]): Promise<number[]> {
    return countByProject(this.db, 'datasets', projectIds)
  }
}
