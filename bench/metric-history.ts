import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { BenchRow } from './bench-row.js'
import { startTrackingServer } from './tracking-server.js'

export const name = 'metric-history'

const pointCount = 1_000_000
const pageSize = 1_000
const rounds = 40
const mostMs = 20

const query = `query ($run: ID!, $first: Int!, $after: String) { node(id: $run) { ... on Run {
  metricHistory(key: "loss", first: $first, after: $after) { nodes { key value step timestamp } pageInfo { hasNextPage endCursor } } } } }`

interface Answer {
  node: { metricHistory: { nodes: { step: number }[]; pageInfo: { hasNextPage: boolean; endCursor: string } } }
}

export async function run(): Promise<BenchRow[]> {
  const home = await mkdtemp(join(tmpdir(), 'dhuo-bench-'))
  const server = await startTrackingServer(home)
  try {
    const db = new DatabaseSync(join(home, 'catalog.db'))
    fill(db, server.run)
    const raw = db.prepare(
      'select key, value, cast(step as text) as step, timestamp from metric_points where "runId" = ? and key = ? order by timestamp, step, value, "isNan" limit ?',
    )
    const page = async (after: string | null): Promise<Answer> =>
      (await server.send(JSON.stringify({ query, variables: { run: server.run, first: pageSize, after } }))) as Answer
    const cursor = await afterTwenty(page)

    const [first, middle, baseline]: number[][] = [[], [], []]
    for (let round = 0; round < rounds; round++) {
      first!.push(await timed(() => page(null)))
      middle!.push(await timed(() => page(cursor)))
      baseline!.push(await timed(() => JSON.stringify(raw.all(server.run, 'loss', pageSize))))
    }
    db.close()
    const row = (what: string, times: number[]): BenchRow => ({
      figure: `${what} of ${pageSize} of ${pointCount} points, over HTTP, against bare SQLite and JSON`,
      measured: inMs(median(times)),
      baseline: inMs(median(baseline!)),
      ratio: null,
      wanted: `≤ ${mostMs} ms`,
      ok: median(times) <= mostMs,
    })
    return [row('the first page', first!), row('the page after twenty', middle!)]
  } finally {
    await server.close()
    await rm(home, { recursive: true })
  }
}

const median = (figures: readonly number[]): number => figures.toSorted((a, b) => a - b)[Math.floor(figures.length / 2)]!
const inMs = (ms: number): string => `${ms.toFixed(1)} ms`

async function timed(work: () => unknown): Promise<number> {
  const start = performance.now()
  await work()
  return performance.now() - start
}

function fill(db: DatabaseSync, runId: string): void {
  const insert = db.prepare('insert into metric_points ("runId", key, timestamp, step, value, "isNan") values (?, ?, ?, ?, ?, ?)')
  const chunk = 50_000
  for (let start = 0; start < pointCount; start += chunk) {
    db.exec('begin immediate')
    for (let step = start; step < start + chunk; step++)
      insert.run(runId, 'loss', 1_790_000_000_000 + step, step, 1 / (step + 1), 0)
    db.exec('commit')
  }
}

/** The cursor behind the first twenty pages. */
async function afterTwenty(page: (after: string | null) => Promise<Answer>): Promise<string> {
  let after: string | null = null
  for (let n = 0; n < 20; n++) after = (await page(after)).node.metricHistory.pageInfo.endCursor
  return after!
}
