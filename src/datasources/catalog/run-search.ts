// Runs of experiments, searched and sorted in MLflow's language.
import type { Kysely } from 'kysely'
import type { Lifecycle, RunRow } from './experiment-rows.js'
import type { Page } from './page.js'
import { countMatches, type SearchRequest, type SearchTuning, searchPages } from './search/search-pages.js'
import { column, type SearchSubject } from './search/search-subject.js'
import type { Tables } from './tables.js'

const startedAt = column(['start_time', 'startedAt', 'created', 'Created'], 'startedAt', { type: 'time' })

const runs: SearchSubject = {
  kind: 'run',
  table: 'runs',
  parent: 'experimentId',
  attributes: new Map([
    ...column(['run_id', 'id'], 'id', { lists: true }),
    ...column(['run_name', 'name', 'run name', 'Run name', 'Run Name'], 'name'),
    ...column(['status'], 'status'),
    ...startedAt,
    ...column(['end_time', 'endedAt'], 'endedAt', { type: 'time', nullable: true }),
    ['user_id', { of: 'user' }],
  ]),
  entities: new Map([
    ...['metrics', 'metric'].map((name) => [name, 'metric'] as const),
    ...['params', 'param', 'parameters', 'parameter'].map((name) => [name, 'param'] as const),
    ...['tags', 'tag'].map((name) => [name, 'tag'] as const),
    ...['attributes', 'attribute', 'attr', 'run'].map((name) => [name, 'attribute'] as const),
    ...['datasets', 'dataset'].map((name) => [name, 'dataset'] as const),
  ]),
  logs: {
    metric: { table: 'latest_metrics', owner: 'runId', byValue: true },
    param: { table: 'run_params', owner: 'runId', byValue: true },
    tag: { table: 'run_tags', owner: 'runId', byValue: true },
  },
  invalidEntity: (entity) =>
    `Invalid entity type '${entity}'. Valid values are ['metric', 'parameter', 'tag', 'attribute', 'dataset']`,
  defaultOrder: { field: startedAt[0]![1], descending: true },
}

/**
 * The same page of each experiment; the newest first where no order is asked for.
 * @returns one page for each id, in the order of the ids
 * @throws BAD_USER_INPUT a filter, an order or a cursor that does not fit
 */
export const searchRuns = (
  db: Kysely<Tables>,
  experimentIds: readonly string[],
  request: SearchRequest & { lifecycle: Lifecycle },
): Promise<Page<RunRow>[]> => searchPages(db, runs, experimentIds, request, request.lifecycle)

/** How many runs of each experiment meet the filter, in the order of the ids. @throws BAD_USER_INPUT */
export const countRuns = (
  db: Kysely<Tables>,
  experimentIds: readonly string[],
  request: SearchTuning & { filter: string | null; lifecycle: Lifecycle },
): Promise<number[]> => countMatches(db, runs, experimentIds, request, request.lifecycle)
