import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import { Kysely } from 'kysely'
import { migrate } from '../src/datasources/catalog/migrate.js'
import { NodeSqlite } from '../src/datasources/catalog/node-sqlite.js'
import { countRuns, searchRuns } from '../src/datasources/catalog/run-search.js'
import { sqliteDialect } from '../src/datasources/catalog/sqlite-catalog.js'
import type { Tables } from '../src/datasources/catalog/tables.js'
import type { BenchRow } from './bench-row.js'

export const name = 'run-search'

const runCount = 100_000
const pageSize = 50
const rounds = 15
const experimentId = 'exp_0199c0de000070008000000000000001'
const metricKeys = ['rmse', 'mae', 'r2', 'loss', 'val_loss', 'accuracy', 'f1', 'auc', 'epoch', 'seconds']

interface Query {
  what: string
  filter: string | null
  orderBy: string[]
  /** What no index helps: nearly every run has to be looked at, while all other requests wait. */
  isWorst?: boolean
  /** The same first page as MLflow's store asks for it: a join for each clause, sorted in full, with LIMIT and OFFSET. */
  naive?: { where: string; order: string }
}

const clause = (table: string, key: string, condition: string) =>
  `join (select "runId" from ${table} where key = '${key}' and ${condition}) as ${key}_clause on ${key}_clause."runId" = runs.id`
const sorted = (table: string, key: string) =>
  `left join ${table} as ${key}_sort on ${key}_sort."runId" = runs.id and ${key}_sort.key = '${key}'`

const queries: Query[] = [
  { what: 'newest runs', filter: null, orderBy: [], naive: { where: '', order: '"startedAt" desc' } },
  {
    what: "metrics.rmse < 0.5 and params.depth = '3', by metrics.rmse",
    filter: "metrics.rmse < 0.5 and params.depth = '3'",
    orderBy: ['metrics.rmse ASC'],
    naive: {
      where: `${clause('latest_metrics', 'rmse', '"isNan" = 0 and value < 0.5')} ${clause('run_params', 'depth', "value = '3'")} ${sorted('latest_metrics', 'rmse')}`,
      order: 'rmse_sort."isNan" is null, rmse_sort."isNan", rmse_sort.value, "startedAt" desc',
    },
  },
  {
    what: "tags.team = 'vision', newest first",
    filter: "tags.team = 'vision'",
    orderBy: [],
    naive: { where: clause('run_tags', 'team', "value = 'vision'"), order: '"startedAt" desc' },
  },
  {
    what: 'by params.model',
    filter: null,
    orderBy: ['params.model DESC'],
    naive: { where: sorted('run_params', 'model'), order: 'model_sort.value is null, model_sort.value desc, "startedAt" desc' },
  },
  {
    what: "params.model != 'svm', by two metrics",
    filter: "params.model != 'svm'",
    orderBy: ['metrics.accuracy DESC', 'metrics.loss ASC'],
    naive: {
      where: `${clause('run_params', 'model', "value != 'svm'")} ${sorted('latest_metrics', 'accuracy')} ${sorted('latest_metrics', 'loss')}`,
      order: 'accuracy_sort."isNan", accuracy_sort.value desc, loss_sort."isNan", loss_sort.value',
    },
  },
  {
    what: 'by two metrics, the first with 20 values',
    filter: null,
    orderBy: ['metrics.epoch DESC', 'metrics.loss'],
    isWorst: true,
  },
  {
    what: 'by two metrics, the first equal everywhere',
    filter: null,
    orderBy: ['metrics.seconds', 'metrics.loss'],
    isWorst: true,
  },
  { what: 'selective: metrics.rmse < 0.0003', filter: 'metrics.rmse < 0.0003', orderBy: ['metrics.mae'] },
  { what: 'nothing: no such value', filter: "params.depth = 'none' and metrics.rmse > 0.1", orderBy: ['metrics.rmse'] },
  {
    what: 'nothing: two halves without a common run',
    filter: "tags.half = 'a' and params.half = 'b'",
    orderBy: [],
    isWorst: true,
  },
  { what: 'nothing: no such text', filter: "params.model LIKE '%nothing%' and metrics.rmse > 0.1", orderBy: ['metrics.rmse'] },
  { what: 'by end_time, status', filter: "status = 'FAILED' and run_name ILIKE 'TRIAL-%'", orderBy: ['end_time DESC'] },
  { what: 'some lack it: by metrics.auc DESC, from a page among them', filter: null, orderBy: ['metrics.auc DESC'] },
]

/** First and further pages of 50 among 100,000 runs, against the same pages by joins and OFFSET. */
export async function run(): Promise<BenchRow[]> {
  const directory = await mkdtemp(join(tmpdir(), 'dhuo-bench-search-'))
  const file = join(directory, 'catalog.db')
  const db = new Kysely<Tables>({ dialect: sqliteDialect(() => new NodeSqlite(file)) })
  try {
    await migrate(db)
    const started = performance.now()
    fill(file)
    console.error(`${runCount} runs made in ${((performance.now() - started) / 1000).toFixed(1)} s`)
    const naive = new DatabaseSync(file)
    const rows: BenchRow[] = []
    for (const query of queries) rows.push(...(await measure(db, naive, query)))
    naive.close()
    return rows
  } finally {
    await db.destroy()
    await rm(directory, { recursive: true, force: true })
  }
}

async function measure(db: Kysely<Tables>, naive: DatabaseSync, query: Query): Promise<BenchRow[]> {
  const page = async (after: string | null) => {
    const request = { filter: query.filter, orderBy: query.orderBy, lifecycle: 'ACTIVE' as const, first: pageSize, after }
    const [found] = await searchRuns(db, [experimentId], request)
    return found!
  }
  const first: number[] = []
  const firstNaive: number[] = []
  const further: number[] = []
  await page(null)
  for (let round = 0; round < rounds; round++) {
    first.push(await timed(() => page(null)))
    if (query.naive && round < 3) firstNaive.push(await timed(async () => naivePage(naive, query.naive!, 0)))
  }
  let next = await page(null)
  for (let round = 0; round < 40 && next.hasNextPage; round++) {
    const after = next.cursorOf(next.rows.at(-1)!)
    const started = performance.now()
    next = await page(after)
    further.push(performance.now() - started)
  }
  const counted = await timed(() => countRuns(db, [experimentId], { filter: query.filter, lifecycle: 'ACTIVE' }))
  console.error(`${query.what}: count ${counted.toFixed(1)} ms, slowest page ${Math.max(...first, ...further).toFixed(1)} ms`)
  const wanted = query.isWorst ? 500 : 50
  const firstRow = row(`${query.what}: first page`, wanted, first, firstNaive)
  return further.length > 0 ? [firstRow, row(`${query.what}: further pages`, wanted, further, [])] : [firstRow]
}

function row(figure: string, wanted: number, measured: number[], baseline: number[]): BenchRow {
  const milliseconds = median(measured)
  return {
    figure,
    measured: `${milliseconds.toFixed(1)} ms`,
    baseline: baseline.length ? `${median(baseline).toFixed(1)} ms` : '',
    ratio: baseline.length ? milliseconds / median(baseline) : null,
    wanted: `≤ ${wanted} ms`,
    ok: milliseconds <= wanted,
  }
}

const naivePage = (db: DatabaseSync, { where, order }: NonNullable<Query['naive']>, offset: number) =>
  db
    .prepare(
      `select distinct runs.* from runs ${where} where runs."experimentId" = '${experimentId}' and runs.lifecycle = 'ACTIVE'
       order by ${order}, runs.id limit ${pageSize} offset ${offset}`,
    )
    .all()

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now()
  await work()
  return performance.now() - started
}

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!

/** Rows as `logBatch` leaves them, without their history; indexes of values are made at the end, which is much quicker. */
function fill(file: string): void {
  const db = new DatabaseSync(file)
  db.exec('pragma synchronous = off; pragma cache_size = -200000; pragma foreign_keys = off')
  const indexes = db
    .prepare(
      "select name, sql from sqlite_master where type = 'index' and sql is not null and tbl_name in ('latest_metrics', 'run_params', 'run_tags')",
    )
    .all()
  for (const index of indexes) db.exec(`drop index ${index['name']}`)
  db.exec('begin')
  const insert = (table: string, columns: string) =>
    db.prepare(
      `insert into ${table} (${columns}) values (${columns
        .split(',')
        .map(() => '?')
        .join(',')})`,
    )
  insert('projects', 'id, name, "createdAt"').run('prj_1', 'bench', isoOf(0))
  insert('experiments', 'id, "projectId", name, lifecycle, "createdAt", "updatedAt"').run(
    experimentId,
    'prj_1',
    'bench',
    'ACTIVE',
    isoOf(0),
    isoOf(0),
  )
  const run = insert('runs', 'id, "projectId", "experimentId", name, status, lifecycle, "startedAt", "endedAt"')
  const metric = insert('latest_metrics', '"runId", "experimentId", key, timestamp, step, value, "isNan"')
  const param = insert('run_params', '"runId", "experimentId", key, value')
  const tag = insert('run_tags', '"runId", "experimentId", key, value')
  const pick = (values: SQLInputValue[]) => values[Math.floor(random() * values.length)]!
  for (let index = 0; index < runCount; index++) {
    const at = 1.7e12 + index * 60_000
    const id = `run_${at.toString(16).padStart(12, '0')}7${Math.floor(random() * 2 ** 48)
      .toString(16)
      .padStart(19, '0')}`
    const half = index % 2 === 0 ? 'a' : 'b'
    const status = random() < 0.05 ? 'FAILED' : 'FINISHED'
    run.run(
      id,
      'prj_1',
      experimentId,
      `trial-${index}`,
      status,
      index % 100 === 0 ? 'DELETED' : 'ACTIVE',
      isoOf(at),
      isoOf(at + Math.floor(random() * 1e7)),
    )
    for (const key of metricKeys) {
      if (key === 'auc' && index % 1000 !== 0) continue
      const isNan = random() < 0.01
      metric.run(
        id,
        experimentId,
        key,
        at,
        100,
        isNan ? 0 : key === 'epoch' ? Math.floor(random() * 20) : key === 'seconds' ? 60 : random(),
        isNan ? 1 : 0,
      )
    }
    const params = {
      depth: `${1 + Math.floor(random() * 10)}`,
      model: pick(['tree', 'forest', 'svm', 'mlp']),
      half,
      lr: `${random()}`,
      seed: `${index}`,
    }
    for (const [key, value] of Object.entries(params)) param.run(id, experimentId, key, value)
    tag.run(id, experimentId, 'team', pick(['vision', 'text', 'risk', 'fraud', 'ads']))
    tag.run(id, experimentId, 'half', half)
  }
  db.exec('commit')
  for (const index of indexes) db.exec(String(index['sql']))
  db.close()
}

const isoOf = (milliseconds: number): string => new Date(milliseconds).toISOString()

let seed = 42
/** The same data at every run of the benchmark: https://en.wikipedia.org/wiki/Xorshift */
function random(): number {
  seed ^= seed << 13
  seed ^= seed >>> 17
  seed ^= seed << 5
  return (seed >>> 0) / 2 ** 32
}
