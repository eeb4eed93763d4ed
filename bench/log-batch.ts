import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { openSqliteCatalog } from '../src/datasources/catalog/sqlite-catalog.js'
import type { BenchRow } from './bench-row.js'
import { startTrackingServer, type TrackingServer } from './tracking-server.js'

export const name = 'log-batch'

const metricsPerBatch = 1_000
const batchesPerRound = 60
const rounds = 7
const metricKeys = 10
const clients = 3

/** The same points for the server and for the baseline; no two batches have one in common. */
interface Point {
  key: string
  value: number
  step: number
  timestamp: number
}

let batchesMade = 0
function newBatch(): Point[] {
  const batch = batchesMade++
  const stepsPerBatch = metricsPerBatch / metricKeys
  return Array.from({ length: metricsPerBatch }, (_, n) => {
    const step = batch * stepsPerBatch + Math.floor(n / metricKeys)
    return { key: `metric_${n % metricKeys}`, value: Math.random(), step, timestamp: 1_790_000_000_000 + step }
  })
}

export async function run(): Promise<BenchRow[]> {
  const directory = await mkdtemp(join(tmpdir(), 'dhuo-bench-'))
  const server = await startTrackingServer(join(directory, 'home'))
  try {
    const raw = await openRaw(join(directory, 'raw.db'))
    const measured: number[] = []
    const baseline: number[] = []
    // The first round warms up.
    for (let round = 0; round <= rounds; round++) {
      const batches = Array.from({ length: batchesPerRound }, newBatch)
      const served = await logThrough(server, batches)
      const inserted = raw.insert(server.run, batches)
      if (round === 0) continue
      measured.push(served)
      baseline.push(inserted)
    }
    raw.close()
    const [ours, theirs] = [median(measured), median(baseline)]
    const ratio = median(measured.map((figure, round) => figure / baseline[round]!))
    return [
      {
        figure: `${metricsPerBatch} metrics a call, over HTTP, against raw inserts`,
        measured: perSecond(ours),
        baseline: perSecond(theirs),
        ratio,
        wanted: '≥ 0.4',
        ok: ratio >= 0.4,
      },
    ]
  } finally {
    await server.close()
    await rm(directory, { recursive: true })
  }
}

const median = (figures: readonly number[]): number => figures.toSorted((a, b) => a - b)[Math.floor(figures.length / 2)]!
const perSecond = (rate: number): string => `${Math.round(rate / 1_000)} 000 metrics/s`

/** One prepared INSERT and a transaction for each batch: the same table, journal and durability. */
async function openRaw(file: string) {
  await (await openSqliteCatalog({ scheme: 'sqlite', file })).close()
  const db = new DatabaseSync(file)
  db.exec('pragma synchronous = full; pragma temp_store = memory; pragma cache_size = -16000')
  const insert = db.prepare('insert into metric_points ("runId", key, timestamp, step, value, "isNan") values (?, ?, ?, ?, ?, ?)')
  return {
    /** @returns metrics a second */
    insert(runId: string, batches: readonly Point[][]): number {
      const start = performance.now()
      for (const batch of batches) {
        db.exec('begin immediate')
        for (const { key, timestamp, step, value } of batch) insert.run(runId, key, timestamp, step, value, 0)
        db.exec('commit')
      }
      return (batches.length * metricsPerBatch) / ((performance.now() - start) / 1_000)
    },
    close: () => db.close(),
  }
}

/** What clients spend on making the text is not measured. @returns metrics a second */
async function logThrough(server: TrackingServer, batches: readonly Point[][]): Promise<number> {
  const query = 'mutation ($input: LogBatchInput!) { logBatch(input: $input) { id } }'
  const bodies = batches.map((batch) => {
    const metrics = batch.map((point) => ({ ...point, timestamp: new Date(point.timestamp).toISOString() }))
    return JSON.stringify({ query, variables: { input: { run: server.run, metrics } } })
  })
  const start = performance.now()
  await Promise.all(
    Array.from({ length: clients }, async () => {
      for (let body = bodies.pop(); body !== undefined; body = bodies.pop()) await server.send(body)
    }),
  )
  return (batches.length * metricsPerBatch) / ((performance.now() - start) / 1_000)
}
