// Points of metrics, and the latest of each metric in a table of its own, so that listing runs never reads history.
import { type Kysely, sql } from 'kysely'
import { badInput } from '../../errors.js'
import { joinPage, parentsOf } from './child-pages.js'
import type { MetricPointRow, RunRow } from './experiment-rows.js'
import { insertRows } from './insert-rows.js'
import { decodeCursor, encodeCursor, type Page, type PageRequest, toPage } from './page.js'
import type { Tables } from './tables.js'

/** A point of some run. */
export interface MetricPoint extends Omit<MetricPointRow, 'runId' | 'step'> {
  /** Digits where it is beyond 2^53. */
  step: number | string
}

/** As it is read: `step` is text, for no number holds every one of 64 bits. */
export interface ReadMetricRow extends MetricPoint {
  runId: string
  step: string
}

const numbers = { timestamp: 'bigint', step: 'bigint', value: 'double precision', isNan: 'integer' } as const
const pointColumns = { runId: 'text', key: 'text', ...numbers } as const
const latestColumns = { runId: 'text', experimentId: 'text', key: 'text', ...numbers } as const

/** A tie of equal values is one of NaN, which counts as 0, and 0: the number wins, whichever came first. */
const replaceEarlier = `on conflict ("runId", key) do update set
  timestamp = excluded.timestamp, step = excluded.step, value = excluded.value, "isNan" = excluded."isNan"
  where (excluded.step, excluded.timestamp, excluded.value, -excluded."isNan")
    > (latest_metrics.step, latest_metrics.timestamp, latest_metrics.value, -latest_metrics."isNan")`

const stepAsText = sql<string>`cast(step as text)`

export class MetricStore {
  constructor(private readonly db: Kysely<Tables>) {}

  /** Points that are there already are not written again. Call it in a transaction: it writes two tables. */
  async log({ id, experimentId }: RunRow, points: readonly MetricPoint[]): Promise<void> {
    const rows = points.map(({ key, timestamp, step, value, isNan }) => [id, key, timestamp, storedStep(step), value, isNan])
    await insertRows(this.db, 'metric_points', pointColumns, rows, 'on conflict do nothing')
    const latest = latestOf(points).map(({ key, timestamp, step, value, isNan }) => {
      return [id, experimentId, key, timestamp, storedStep(step), value, isNan]
    })
    await insertRows(this.db, 'latest_metrics', latestColumns, latest, replaceEarlier)
  }

  /** The latest point of each metric, by key. */
  latest(runIds: readonly string[]): Promise<ReadMetricRow[]> {
    return this.selectLatest(runIds).orderBy('runId').orderBy('key').execute()
  }

  latestByKey(runIds: readonly string[], keys: readonly string[]): Promise<ReadMetricRow[]> {
    return this.selectLatest(runIds).where('key', 'in', keys).execute()
  }

  private selectLatest(runIds: readonly string[]) {
    return this.db
      .selectFrom('latest_metrics')
      .select(['runId', 'key', 'timestamp', stepAsText.as('step'), 'value', 'isNan'])
      .where('runId', 'in', runIds)
  }

  /** Every point of one metric of each of these runs, by timestamp, step and value. */
  async historyPages(runIds: readonly string[], key: string, request: PageRequest): Promise<Page<ReadMetricRow>[]> {
    const after = request.after === null ? null : decodeHistoryCursor(request.after, key)
    if (runIds.length === 0) return []
    const order = sql`candidate.timestamp, candidate.step, candidate.value, candidate."isNan"`
    const page = sql`from metric_points as candidate
      where candidate."runId" = parents.id and candidate.key = ${key} ${after ? sql`and (${order}) > (${sql.join(after)})` : sql``}
      order by ${order} limit ${request.first + 1}`
    const { rows } = await sql<ReadMetricRow>`
      ${parentsOf(this.db, runIds)}
      select child."runId", child.key, child.timestamp, cast(child.step as text) as step, child.value, child."isNan"
      from parents ${joinPage(this.db, 'metric_points', Object.keys(pointColumns), page)}
      order by child."runId", child.timestamp, child.step, child.value, child."isNan"`.execute(this.db)
    const byRun = Map.groupBy(rows, (row) => row.runId)
    return runIds.map((id) => toPage(byRun.get(id) ?? [], request.first, historyCursor))
  }

  async countPoints(
    runIds: readonly string[],
    keys: readonly string[],
  ): Promise<{ runId: string; key: string; count: number }[]> {
    return this.db
      .selectFrom('metric_points')
      .select(({ fn }) => ['runId', 'key', fn.countAll<number>().as('count')])
      .where('runId', 'in', runIds)
      .where('key', 'in', keys)
      .groupBy(['runId', 'key'])
      .execute()
  }
}

/** node:sqlite and pg write a bigint without loss. */
const storedStep = (step: number | string): number | bigint => (typeof step === 'string' ? BigInt(step) : step)

/** One for each key, by key: whoever writes the same rows at the same time then takes them in the same order. */
function latestOf(points: readonly MetricPoint[]): MetricPoint[] {
  const latest = new Map<string, MetricPoint>()
  for (const point of points) {
    const last = latest.get(point.key)
    if (!last || isLater(point, last)) latest.set(point.key, point)
  }
  return [...latest.values()].sort((a, b) => (a.key < b.key ? -1 : 1))
}

/** MLflow's rule: the highest step, then the newest timestamp, then the largest value, where NaN counts as 0. */
function isLater(a: MetricPoint, b: MetricPoint): boolean {
  const [step, other] = [storedStep(a.step), storedStep(b.step)]
  if (step > other || step < other) return step > other
  if (a.timestamp !== b.timestamp) return a.timestamp > b.timestamp
  return a.value === b.value ? a.isNan < b.isNan : a.value > b.value
}

/** With the key, for a cursor of another metric would mean something else. Infinity is no JSON, and a step may have 19 digits. */
const historyCursor = ({ key, timestamp, step, value, isNan }: ReadMetricRow): string =>
  encodeCursor([key, timestamp, step, String(value), isNan])

function decodeHistoryCursor(cursor: string, wantedKey: string): (number | bigint)[] {
  const [key, timestamp, step, value, isNan] = decodeCursor(cursor, 5)
  const isPlace = Number.isSafeInteger(timestamp) && isStep(step) && typeof value === 'string' && isNumber.test(value)
  if (key !== wantedKey || !isPlace || (isNan !== 0 && isNan !== 1))
    throw badInput('after', 'after must be an endCursor or an edge cursor of the same list.')
  return [timestamp as number, BigInt(step), Number(value), isNan]
}

const isNumber = /^-?(\d+(\.\d+)?(e[+-]\d+)?|Infinity)$/

/** Whether it is the text of an integer of 64 bits. */
const isStep = (text: unknown): text is string =>
  typeof text === 'string' && /^-?\d{1,19}$/.test(text) && BigInt.asIntN(64, BigInt(text)) === BigInt(text)
