// Experiments of projects, searched and sorted in MLflow's language.
import type { Kysely } from 'kysely'
import type { ExperimentRow } from './experiment-rows.js'
import type { Page } from './page.js'
import { countMatches, type SearchRequest, searchPages } from './search/search-pages.js'
import { column, type SearchSubject } from './search/search-subject.js'
import type { Tables } from './tables.js'

const createdAt = column(['creation_time', 'createdAt'], 'createdAt', { type: 'time' })

const experiments: SearchSubject = {
  kind: 'experiment',
  table: 'experiments',
  parent: 'projectId',
  attributes: new Map([
    ...column(['name'], 'name'),
    ...column(['experiment_id', 'id'], 'id', { lists: true }),
    ...createdAt,
    ...column(['last_update_time', 'updatedAt'], 'updatedAt', { type: 'time' }),
  ]),
  entities: new Map([
    ...['attribute', 'attributes'].map((name) => [name, 'attribute'] as const),
    ...['tags', 'tag'].map((name) => [name, 'tag'] as const),
  ]),
  logs: { tag: { table: 'experiment_tags', owner: 'experimentId', byValue: false } },
  invalidEntity: (entity) => `Invalid entity type '${entity}'. Valid entity types are ('attribute', 'tag', 'tags')`,
  defaultOrder: { field: createdAt[0]![1], descending: true },
}

/**
 * The same page of the active experiments of each project; the newest first where no order is asked for.
 * @returns one page for each id, in the order of the ids
 * @throws BAD_USER_INPUT a filter, an order or a cursor that does not fit
 */
export const searchExperiments = (
  db: Kysely<Tables>,
  projectIds: readonly string[],
  request: SearchRequest,
): Promise<Page<ExperimentRow>[]> => searchPages(db, experiments, projectIds, request, 'ACTIVE')

/** How many active experiments of each project meet the filter, in the order of the ids. @throws BAD_USER_INPUT */
export const countExperiments = (
  db: Kysely<Tables>,
  projectIds: readonly string[],
  request: { filter: string | null },
): Promise<number[]> => countMatches(db, experiments, projectIds, request, 'ACTIVE')
