// Runs, and what is written of them once or as text: parameters, tags, inputs.
import { type Kysely, sql } from 'kysely'
import { joinPage, parentsOf } from './child-pages.js'
import type { Lifecycle, RunInputRow, RunParamRow, RunRow, RunTagRow } from './experiment-rows.js'
import type { KeyValueRow } from './experiment-store.js'
import { insertRows } from './insert-rows.js'
import { decodeCursor, encodeCursor, type Page, type PageRequest, toPage } from './page.js'
import { artifactsOf } from './run-artifacts.js'
import { countRuns, searchRuns } from './run-search.js'
import { joinInOrder } from './sql-dialect.js'
import type { DatasetRow, StoredObjectRow, Tables } from './tables.js'

export type RunSearch = Parameters<typeof searchRuns>[2]

const logColumns = { runId: 'text', experimentId: 'text', key: 'text', value: 'text' } as const
const inputColumns = { runId: 'text', datasetId: 'text', datasetVersion: 'integer' } as const

export class RunStore {
  constructor(private readonly db: Kysely<Tables>) {}

  async insert(run: RunRow): Promise<void> {
    await this.db.insertInto('runs').values(run).execute()
  }

  async update(id: string, change: Partial<Pick<RunRow, 'name' | 'status' | 'endedAt' | 'lifecycle'>>): Promise<void> {
    await this.db.updateTable('runs').set(change).where('id', '=', id).execute()
  }

  async setLifecycleOfAll(experimentId: string, lifecycle: Lifecycle): Promise<void> {
    await this.db
      .updateTable('runs')
      .set({ lifecycle })
      .where('experimentId', '=', experimentId)
      .where('lifecycle', '!=', lifecycle)
      .execute()
  }

  byIds(ids: readonly string[]): Promise<RunRow[]> {
    return this.db.selectFrom('runs').selectAll().where('id', 'in', ids).execute()
  }

  /**
   * Writes those that are not there yet.
   * @param params each key once
   * @returns those that are there with another value, as they are; then the caller must undo the transaction
   */
  async insertParams(run: RunRow, params: readonly KeyValueRow[]): Promise<RunParamRow[]> {
    const inserted = await insertRows<'run_params', { key: string }>(
      this.db,
      'run_params',
      logColumns,
      params.map(({ key, value }) => [run.id, run.experimentId, key, value]),
      'on conflict do nothing returning key',
    )
    if (inserted.length === params.length) return []
    const wanted = new Map(params.map(({ key, value }) => [key, value]))
    const written = new Set(inserted.map(({ key }) => key))
    const there = await this.paramsByKey(
      [run.id],
      [...wanted.keys()].filter((key) => !written.has(key)),
    )
    return there.filter(({ key, value }) => wanted.get(key) !== value)
  }

  /** A tag that is there gets the new value. @param tags each key once */
  async setTags(run: RunRow, tags: readonly KeyValueRow[]): Promise<void> {
    const rows = tags.map(({ key, value }) => [run.id, run.experimentId, key, value])
    const overwrite = 'on conflict ("runId", key) do update set value = excluded.value'
    await insertRows(this.db, 'run_tags', logColumns, rows, overwrite)
  }

  /** An input that is there keeps the version it was logged at. */
  async insertInputs(runId: string, datasets: readonly DatasetRow[]): Promise<void> {
    const rows = datasets.map(({ id, version }) => [runId, id, version])
    await insertRows(this.db, 'run_inputs', inputColumns, rows, 'on conflict do nothing')
  }

  /** By key. */
  params(runIds: readonly string[]): Promise<RunParamRow[]> {
    return this.db.selectFrom('run_params').selectAll().where('runId', 'in', runIds).orderBy('runId').orderBy('key').execute()
  }

  paramsByKey(runIds: readonly string[], keys: readonly string[]): Promise<RunParamRow[]> {
    return this.db.selectFrom('run_params').selectAll().where('runId', 'in', runIds).where('key', 'in', keys).execute()
  }

  /** By key. */
  tags(runIds: readonly string[]): Promise<RunTagRow[]> {
    return this.db.selectFrom('run_tags').selectAll().where('runId', 'in', runIds).orderBy('runId').orderBy('key').execute()
  }

  inputs(runIds: readonly string[]): Promise<RunInputRow[]> {
    return this.db
      .selectFrom('run_inputs')
      .selectAll()
      .where('runId', 'in', runIds)
      .orderBy('runId')
      .orderBy('datasetId')
      .execute()
  }

  /** @throws BAD_USER_INPUT a filter, an order or a cursor that does not fit */
  search(experimentIds: readonly string[], request: RunSearch): Promise<Page<RunRow>[]> {
    return searchRuns(this.db, experimentIds, request)
  }

  /** How many meet the filter, of each experiment. @throws BAD_USER_INPUT */
  count(experimentIds: readonly string[], request: Pick<RunSearch, 'filter' | 'lifecycle'>): Promise<number[]> {
    return countRuns(this.db, experimentIds, request)
  }

  /** The active run whose latest value of a metric is best, of each experiment; NaN is no value, and of equals the first wins. */
  async best(experimentIds: readonly string[], metric: string, goal: 'MAXIMIZE' | 'MINIMIZE'): Promise<(RunRow | null)[]> {
    if (experimentIds.length === 0) return []
    const best = sql`from latest_metrics as candidate ${joinInOrder(this.db)} runs as run on run.id = candidate."runId"
      where candidate."experimentId" = parents.id and candidate.key = ${metric} and candidate."isNan" = 0
        and run.lifecycle = 'ACTIVE'
      order by candidate.value ${goal === 'MAXIMIZE' ? sql`desc` : sql`asc`}, candidate."runId" limit 1`
    const { rows } = await sql<RunRow>`
      ${parentsOf(this.db, experimentIds)} select runs.*
      from parents ${joinPage(this.db, 'latest_metrics', ['runId', 'key'], best)} join runs on runs.id = child."runId"`.execute(
      this.db,
    )
    const byExperiment = new Map(rows.map((row) => [row.experimentId, row]))
    return experimentIds.map((id) => byExperiment.get(id) ?? null)
  }

  /** Current objects of the project with keys `runs/<run id>/<path>…`, by key. @param limit of each run */
  artifacts(runIds: readonly string[], path: string, limit: number): Promise<(StoredObjectRow & { runId: string })[]> {
    return artifactsOf(this.db, runIds, path, limit)
  }

  /** The active runs that were started within each of these, the first first. */
  async childPages(parentIds: readonly string[], request: PageRequest): Promise<Page<RunRow>[]> {
    const [startedAt, id] = request.after === null ? ['', ''] : decodeCursor(request.after, 2)
    if (parentIds.length === 0) return []
    const page = sql`from runs as candidate
      where candidate."parentId" = parents.id and candidate.lifecycle = 'ACTIVE'
        and (candidate."startedAt", candidate.id) > (${String(startedAt)}, ${String(id)})
      order by candidate."startedAt", candidate.id limit ${request.first + 1}`
    const { rows } = await sql<RunRow>`
      ${parentsOf(this.db, parentIds)} select child.* from parents ${joinPage(this.db, 'runs', ['id'], page)}
      order by child."startedAt", child.id`.execute(this.db)
    const byParent = Map.groupBy(rows, (run) => run.parentId!)
    return parentIds.map((parentId) =>
      toPage(byParent.get(parentId) ?? [], request.first, (run) => encodeCursor([run.startedAt, run.id])),
    )
  }

  async countChildren(parentIds: readonly string[]): Promise<number[]> {
    const rows = await this.db
      .selectFrom('runs')
      .select(({ fn }) => ['parentId', fn.countAll<number>().as('count')])
      .where('parentId', 'in', parentIds)
      .where('lifecycle', '=', 'ACTIVE')
      .groupBy('parentId')
      .execute()
    const counts = new Map(rows.map((row) => [row.parentId, Number(row.count)]))
    return parentIds.map((id) => counts.get(id) ?? 0)
  }

  /** The active runs that have each of these datasets as an input, the newest first. */
  async pagesByInput(datasetIds: readonly string[], request: PageRequest): Promise<Page<RunRow>[]> {
    const before = request.after === null ? null : String(decodeCursor(request.after, 1)[0])
    if (datasetIds.length === 0) return []
    const page = sql`from run_inputs as candidate ${joinInOrder(this.db)} runs as run on run.id = candidate."runId"
      where candidate."datasetId" = parents.id and run.lifecycle = 'ACTIVE'
        ${before === null ? sql`` : sql`and candidate."runId" < ${before}`}
      order by candidate."runId" desc limit ${request.first + 1}`
    const { rows } = await sql<RunRow & { datasetId: string }>`
      ${parentsOf(this.db, datasetIds)} select runs.*, parents.id as "datasetId"
      from parents ${joinPage(this.db, 'run_inputs', ['runId', 'datasetId'], page)} join runs on runs.id = child."runId"
      order by runs.id desc`.execute(this.db)
    const byDataset = Map.groupBy(rows, (row) => row.datasetId)
    return datasetIds.map((id) => toPage<RunRow>(byDataset.get(id) ?? [], request.first, (run) => encodeCursor([run.id])))
  }

  /** Some that have the dataset as an input, deleted ones too. */
  readersOf(datasetId: string, limit: number): Promise<RunRow[]> {
    return this.db
      .selectFrom('run_inputs')
      .innerJoin('runs', 'runs.id', 'run_inputs.runId')
      .selectAll('runs')
      .where('datasetId', '=', datasetId)
      .orderBy('runId')
      .limit(limit)
      .execute()
  }

  async countByInput(datasetIds: readonly string[]): Promise<number[]> {
    const rows = await this.db
      .selectFrom('run_inputs')
      .innerJoin('runs', 'runs.id', 'run_inputs.runId')
      .select(({ fn }) => ['datasetId', fn.countAll<number>().as('count')])
      .where('datasetId', 'in', datasetIds)
      .where('lifecycle', '=', 'ACTIVE')
      .groupBy('datasetId')
      .execute()
    const counts = new Map(rows.map((row) => [row.datasetId, Number(row.count)]))
    return datasetIds.map((id) => counts.get(id) ?? 0)
  }
}
