// Registered models: their tags, their aliases, and the count that gives their versions numbers.
import type { Kysely } from 'kysely'
import type { Timestamp } from './column-types.js'
import type { KeyValueRow } from './experiment-store.js'
import { insertRows } from './insert-rows.js'
import type { ModelAliasRow, ModelRow, ModelTagRow } from './model-rows.js'
import { countModels, searchModels } from './model-search.js'
import type { Page } from './page.js'
import type { Tables } from './tables.js'

export type ModelSearch = Parameters<typeof searchModels>[2]

export class ModelStore {
  constructor(private readonly db: Kysely<Tables>) {}

  /**
   * Takes the next number of a version, and makes the model when there is none of its name. The answer is the model as it is
   * then: `lastVersion` is the number. Call it in a transaction with what gets the number, so that numbers have no gaps.
   */
  takeNumber(model: Omit<ModelRow, 'lastVersion'>): Promise<ModelRow> {
    return this.db
      .insertInto('models')
      .values({ ...model, lastVersion: 1 })
      .onConflict((c) =>
        c.columns(['projectId', 'name']).doUpdateSet((column) => ({
          lastVersion: column('models.lastVersion', '+', 1),
          updatedAt: column.ref('excluded.updatedAt'),
        })),
      )
      .returningAll()
      .executeTakeFirstOrThrow()
  }

  async update(id: string, change: Partial<Pick<ModelRow, 'description'>>, updatedAt: Timestamp): Promise<void> {
    await this.db
      .updateTable('models')
      .set({ ...change, updatedAt })
      .where('id', '=', id)
      .execute()
  }

  byIds(ids: readonly string[]): Promise<ModelRow[]> {
    return this.db.selectFrom('models').selectAll().where('id', 'in', ids).execute()
  }

  find(projectId: string, name: string): Promise<ModelRow | undefined> {
    return this.db.selectFrom('models').selectAll().where('projectId', '=', projectId).where('name', '=', name).executeTakeFirst()
  }

  /** @throws BAD_USER_INPUT a filter, an order or a cursor that does not fit */
  search(projectIds: readonly string[], request: ModelSearch): Promise<Page<ModelRow>[]> {
    return searchModels(this.db, projectIds, request)
  }

  /** How many models of each project meet the filter. @throws BAD_USER_INPUT */
  count(projectIds: readonly string[], request: Pick<ModelSearch, 'filter'>): Promise<number[]> {
    return countModels(this.db, projectIds, request)
  }

  /** By key. */
  tags(modelIds: readonly string[]): Promise<ModelTagRow[]> {
    return this.db.selectFrom('model_tags').selectAll().where('modelId', 'in', modelIds).orderBy('key').execute()
  }

  /** A tag that is there gets the new value. @param tags each key once */
  async setTags(modelId: string, tags: readonly KeyValueRow[]): Promise<void> {
    const rows = tags.map(({ key, value }) => [modelId, key, value])
    const overwrite = 'on conflict ("modelId", key) do update set value = excluded.value'
    await insertRows(this.db, 'model_tags', { modelId: 'text', key: 'text', value: 'text' }, rows, overwrite)
  }

  /** By alias. */
  aliases(modelIds: readonly string[]): Promise<ModelAliasRow[]> {
    return this.db.selectFrom('model_aliases').selectAll().where('modelId', 'in', modelIds).orderBy('alias').execute()
  }

  /** By alias. */
  aliasesOfVersions(modelVersionIds: readonly string[]): Promise<ModelAliasRow[]> {
    return this.db
      .selectFrom('model_aliases')
      .selectAll()
      .where('modelVersionId', 'in', modelVersionIds)
      .orderBy('alias')
      .execute()
  }

  findAlias(modelId: string, alias: string): Promise<ModelAliasRow | undefined> {
    return this.db
      .selectFrom('model_aliases')
      .selectAll()
      .where('modelId', '=', modelId)
      .where('alias', '=', alias)
      .executeTakeFirst()
  }

  /** Takes it from the version that had it. */
  async setAlias(alias: ModelAliasRow): Promise<void> {
    await this.db
      .insertInto('model_aliases')
      .values(alias)
      .onConflict((c) => c.columns(['modelId', 'alias']).doUpdateSet({ modelVersionId: alias.modelVersionId }))
      .execute()
  }

  async removeAlias(modelId: string, alias: string): Promise<void> {
    await this.db.deleteFrom('model_aliases').where('modelId', '=', modelId).where('alias', '=', alias).execute()
  }

  async removeAliasesOf(modelVersionId: string): Promise<void> {
    await this.db.deleteFrom('model_aliases').where('modelVersionId', '=', modelVersionId).execute()
  }
}
