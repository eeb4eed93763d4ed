import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { openSqliteCatalog } from '../src/datasources/catalog/sqlite-catalog.js'
import type { BenchRow } from './bench-row.js'

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
  const server = await startServer(directory)
  try {
    const raw = await openRaw(join(directory, 'raw.db'))
    const measured: number[] = []
    const baseline: number[] = []
    // The first round warms up.
    for (let round = 0; round <= rounds; round++) {
      const batches = Array.from({ length: batchesPerRound }, newBatch)
      const served = await server.log(batches)
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

async function startServer(directory: string) {
  const env = {
    ...process.env,
    PORT: '0',
    DHUO_HOME: join(directory, 'home'),
    DHUO_LOG_LEVEL: 'silent',
    DHUO_ADMIN_EMAIL: 'admin@example.com',
    DHUO_ADMIN_PASSWORD: 'correct horse battery',
  }
  const main = join(import.meta.dirname, '..', 'dist', 'main.js')
  const child = spawn(process.execPath, [main], { env, stdio: ['ignore', 'ignore', 'pipe'] })
  const url = await addressOf(child)
  const agent = new Agent({ keepAlive: true, maxSockets: clients })
  let token = ''

  const send = (body: string): Promise<{ data: Record<string, never>; errors?: unknown }> =>
    new Promise((resolve, reject) => {
      const headers = {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
        ...(token && { authorization: `Bearer ${token}` }),
      }
      const sent = request(`${url}/graphql`, { method: 'POST', agent, headers }, async (response) => {
        const chunks: Buffer[] = []
        for await (const chunk of response) chunks.push(chunk as Buffer)
        resolve(JSON.parse(Buffer.concat(chunks).toString()))
      })
      sent.on('error', reject).end(body)
    })
  const data = async <T>(query: string, variables: object = {}): Promise<T> => {
    const answer = await send(JSON.stringify({ query, variables }))
    if (answer.errors) throw new Error(JSON.stringify(answer.errors))
    return answer.data as T
  }

  const { login } = await data<{ login: { token: string } }>(
    'mutation { login(email: "admin@example.com", password: "correct horse battery") { token } }',
  )
  token = login.token
  await data('mutation { createProject(input: { name: "bench" }) { id } }')
  const { createExperiment } = await data<{ createExperiment: { id: string } }>(
    'mutation { createExperiment(input: { project: "bench", name: "bench" }) { id } }',
  )
  const { createRun } = await data<{ createRun: { id: string } }>(
    'mutation ($input: CreateRunInput!) { createRun(input: $input) { id } }',
    { input: { experiment: createExperiment.id } },
  )
  const query = 'mutation ($input: LogBatchInput!) { logBatch(input: $input) { id } }'
  return {
    run: createRun.id,
    /** What clients spend on making the text is not measured. @returns metrics a second */
    async log(batches: readonly Point[][]): Promise<number> {
      const bodies = batches.map((batch) => {
        const metrics = batch.map((point) => ({ ...point, timestamp: new Date(point.timestamp).toISOString() }))
        return JSON.stringify({ query, variables: { input: { run: createRun.id, metrics } } })
      })
      const start = performance.now()
      await Promise.all(
        Array.from({ length: clients }, async () => {
          for (let body = bodies.pop(); body !== undefined; body = bodies.pop()) {
            const { errors } = await send(body)
            if (errors) throw new Error(JSON.stringify(errors))
          }
        }),
      )
      return (batches.length * metricsPerBatch) / ((performance.now() - start) / 1_000)
    },
    async close(): Promise<void> {
      agent.destroy()
      child.kill('SIGTERM')
      await once(child, 'exit')
    },
  }
}

/** It says on standard error where it listens. */
async function addressOf(child: ChildProcess): Promise<string> {
  let said = ''
  for await (const chunk of child.stderr!) {
    said += String(chunk)
    const url = /(http:\/\/\S+?)\/graphql/.exec(said)?.[1]
    if (url) {
      child.stderr!.resume()
      return url.replace('localhost', '127.0.0.1')
    }
  }
  throw new Error(`the server did not start: ${said}`)
}
