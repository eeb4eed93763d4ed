// A page of experiments with their runs, the metrics and the model versions of each: the server as it is in production, against
// the same schema on the same catalog as type-graphql and Apollo Server run it by default (naive-server.ts).
import { type ChildProcess, fork } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BenchRow } from './bench-row.js'
import { type RunningServer, signIn, startRunningServer } from './running-server.js'

export const name = 'nested page'

const experiments = 20
const runs = 20
const metrics = 10
const requestsPerRound = 20
const rounds = 15
const clients = 4

const document = `{ project(name: "bench") { experiments(first: ${experiments}) { nodes { id name
  runs(first: ${runs}) { nodes { id name status startedAt
    metrics { key value step timestamp }
    modelVersions { id version stage createdAt } } } } } } }`

export async function run(): Promise<BenchRow[]> {
  const directory = await mkdtemp(join(tmpdir(), 'dhuo-bench-nested-'))
  const [ours, theirs] = [join(directory, 'ours'), join(directory, 'theirs')]
  const agent = new Agent({ keepAlive: true })
  let server = await startRunningServer(ours)
  let naive: NaiveServer | undefined
  try {
    await seed(server)
    await server.close()
    // Of a copy: only one process may have the lake house open.
    await cp(ours, theirs, { recursive: true })
    server = await startRunningServer(ours)
    naive = await startNaiveServer(theirs)
    const body = JSON.stringify({ query: document })
    const askOurs = asker(agent, server.url, await signIn(server.url), body)
    const askTheirs = asker(agent, naive.url, await signIn(naive.url), body)
    const [answer, naiveAnswer] = [await askOurs(), await askTheirs()]
    // Apollo ends its own with a line feed.
    if (answer.toString() !== naiveAnswer.toString().trimEnd()) throw new Error('the two servers answer differently')
    checkSize(answer)

    const measured: number[] = []
    const baseline: number[] = []
    // The first round warms up.
    for (let round = 0; round <= rounds; round++) {
      const [own, other] = [await rateOf(askOurs), await rateOf(askTheirs)]
      if (round === 0) continue
      measured.push(own)
      baseline.push(other)
    }
    const ratio = median(measured.map((figure, round) => figure / baseline[round]!))
    return [
      {
        figure: `${experiments} experiments × ${runs} runs × (${metrics} metrics, 1 model version), ${Math.round(answer.length / 1_000)} kB`,
        measured: `${median(measured).toFixed(1)} requests/s`,
        baseline: `${median(baseline).toFixed(1)} requests/s, defaults of type-graphql and Apollo`,
        ratio,
        wanted: '≥ 2.5',
        ok: ratio >= 2.5,
      },
    ]
  } finally {
    agent.destroy()
    await naive?.close()
    await server.close()
    await rm(directory, { recursive: true, force: true })
  }
}

const median = (figures: readonly number[]): number => figures.toSorted((a, b) => a - b)[Math.floor(figures.length / 2)]!

/** Through the API, as clients do. */
async function seed(server: RunningServer): Promise<void> {
  const bucketName = 'bench-raw'
  await server.query('mutation { createProject(input: { name: "bench" }) { id } }')
  await server.query('mutation { createBucket(input: { project: "bench", purpose: RAW }) { id } }')
  const file = await upload(server, bucketName)
  for (let n = 0; n < experiments; n++) {
    const { createExperiment } = await server.query(
      'mutation ($name: String!) { createExperiment(input: { project: "bench", name: $name }) { id } }',
      { name: `experiment-${n}` },
    )
    for (let m = 0; m < runs; m++) {
      const { createRun } = await server.query('mutation ($input: CreateRunInput!) { createRun(input: $input) { id } }', {
        input: { experiment: createExperiment.id },
      })
      const points = Array.from({ length: metrics }, (_, k) => ({ key: `metric_${k}`, value: Math.random(), step: m }))
      await server.query(
        `mutation ($batch: LogBatchInput!, $model: SaveModelInput!) { logBatch(input: $batch) { id } saveModel(input: $model) { id } }`,
        {
          batch: { run: createRun.id, metrics: points },
          model: { project: 'bench', model: `model-${n}`, objects: [file], run: createRun.id },
        },
      )
    }
  }
}

/** A small object. */
async function upload(server: RunningServer, bucket: string): Promise<{ bucket: string; key: string }> {
  const key = 'model.txt'
  const bytes = Buffer.from('a model')
  const { createUpload } = await server.query(
    'mutation ($input: CreateUploadInput!) { createUpload(input: $input) { id parts { method url headers { key value } } } }',
    { input: { bucket, key, size: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') } },
  )
  const [{ method, url, headers }] = createUpload.parts
  const sent = await fetch(url, {
    method,
    headers: Object.fromEntries(headers.map((header: { key: string; value: string }) => [header.key, header.value])),
    body: bytes,
  })
  if (!sent.ok) throw new Error(`${sent.status} ${await sent.text()}`)
  await server.query('mutation ($id: ID!) { completeUpload(id: $id) { id } }', { id: createUpload.id })
  return { bucket, key }
}

/** One request as clients send it: on a connection that is open already. What comes is not parsed, to measure the server only. */
function asker(agent: Agent, url: string, authorization: string, body: string): () => Promise<Buffer> {
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), authorization }
  return () =>
    new Promise((resolve, reject) => {
      request(`${url}/graphql`, { method: 'POST', agent, headers }, (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('end', () => resolve(Buffer.concat(chunks)))
        response.on('error', reject)
      })
        .on('error', reject)
        .end(body)
    })
}

/** An answer with less in it than was asked for would be a fast one. */
function checkSize(answer: Buffer): void {
  const { data, errors } = JSON.parse(answer.toString())
  if (errors) throw new Error(JSON.stringify(errors))
  const all = data.project.experiments.nodes.flatMap((experiment: { runs: { nodes: unknown[] } }) => experiment.runs.nodes)
  const isWhole = (each: { metrics: unknown[]; modelVersions: unknown[] }): boolean =>
    each.metrics.length === metrics && each.modelVersions.length === 1
  if (all.length !== experiments * runs || !all.every(isWhole)) throw new Error('the answer is not whole')
}

/** @returns requests a second */
async function rateOf(ask: () => Promise<Buffer>): Promise<number> {
  const start = performance.now()
  let left = requestsPerRound
  await Promise.all(
    Array.from({ length: clients }, async () => {
      while (left-- > 0) await ask()
    }),
  )
  return requestsPerRound / ((performance.now() - start) / 1_000)
}

interface NaiveServer {
  url: string
  close(): Promise<void>
}

async function startNaiveServer(home: string): Promise<NaiveServer> {
  const child: ChildProcess = fork(join(import.meta.dirname, 'naive-server.ts'), [home], {
    env: { ...process.env, NODE_ENV: 'production' },
    stdio: ['ignore', 2, 2, 'ipc'],
  })
  const [url] = (await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(() => Promise.reject(new Error('the naive server did not start'))),
  ])) as [string]
  return {
    url,
    async close() {
      child.kill('SIGTERM')
      await once(child, 'exit')
    },
  }
}
