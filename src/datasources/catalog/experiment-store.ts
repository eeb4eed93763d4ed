// Experiments and their tags.
import type { Kysely } from 'kysely'
import type { ExperimentRow, ExperimentTagRow } from './experiment-rows.js'
import { countExperiments, searchExperiments } from './experiment-search.js'
import { insertRows } from './insert-rows.js'
import type { Page } from './page.js'
import type { Tables } from './tables.js'

export type ExperimentSearch = Parameters<typeof searchExperiments>[2]

/** A key and its text, as a tag or a parameter. */
export interface KeyValueRow {
  key: string
  value: string
}

export class ExperimentStore {
  constructor(private readonly db: Kysely<Tables>) {}

  /** Nothing happens when an active one has the name: then the answer is false. */
  async insertActive(experiment: ExperimentRow): Promise<boolean> {
    const inserted = await this.db
      .insertInto('experiments')
      .values(experiment)
      .onConflict((c) => c.doNothing())
      .returning('id')
      .execute()
    return inserted.length === 1
  }

  /** Fails on the unique index when the change makes it active under a name that another active one has. */
  async update(id: string, change: Partial<Pick<ExperimentRow, 'name' | 'lifecycle' | 'updatedAt'>>): Promise<void> {
    await this.db.updateTable('experiments').set(change).where('id', '=', id).execute()
  }

  byIds(ids: readonly string[]): Promise<ExperimentRow[]> {
    return this.db.selectFrom('experiments').selectAll().where('id', 'in', ids).execute()
  }

  findActive(projectId: string, name: string): Promise<ExperimentRow | undefined> {
    return this.db
      .selectFrom('experiments')
      .selectAll()
      .where('projectId', '=', projectId)
      .where('name', '=', name)
      .where('lifecycle', '=', 'ACTIVE')
      .executeTakeFirst()
  }

  /** Active ones. @throws BAD_USER_INPUT a filter, an order or a cursor that does not fit */
  search(projectIds: readonly string[], request: ExperimentSearch): Promise<Page<ExperimentRow>[]> {
    return searchExperiments(this.db, projectIds, request)
  }

  /** How many active ones meet the filter, of each project. @throws BAD_USER_INPUT */
  count(projectIds: readonly string[], request: Pick<ExperimentSearch, 'filter'>): Promise<number[]> {
    return countExperiments(this.db, projectIds, request)
  }

  /** A tag that is there gets the new value. @param tags each key once */
  async setTags(experimentId: string, tags: readonly KeyValueRow[]): Promise<void> {
    const rows = tags.map(({ key, value }) => [experimentId, key, value])
    const overwrite = 'on conflict ("experimentId", key) do update set value = excluded.value'
    await insertRows(this.db, 'experiment_tags', { experimentId: 'text', key: 'text', value: 'text' }, rows, overwrite)
  }

  /** By key. */
  tags(experimentIds: readonly string[]): Promise<ExperimentTagRow[]> {
    return this.db
      .selectFrom('experiment_tags')
      .selectAll()
      .where('experimentId', 'in', experimentIds)
      .orderBy('experimentId')
      .orderBy('key')
      .execute()
  }
}
