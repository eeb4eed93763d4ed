// The load of the benchmarks of the nested page: what is seeded, what is asked, how many requests a second are answered.
import { createHash } from 'node:crypto'
import { type Agent, request } from 'node:http'
import type { RunningServer } from './running-server.js'

const experiments = 20
const runs = 20
const metrics = 10
const requestsPerRound = 20
const clients = 4

const body = JSON.stringify({
  query: `{ project(name: "bench") { experiments(first: ${experiments}) { nodes { id name
  runs(first: ${runs}) { nodes { id name status startedAt
    metrics { key value step timestamp }
    modelVersions { id version stage createdAt } } } } } } }`,
})

/** Through the API, as clients do. */
export async function seed(server: RunningServer): Promise<void> {
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
export function asker(agent: Agent, url: string, authorization: string): () => Promise<Buffer> {
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
export function checkSize(answer: Buffer): void {
  const { data, errors } = JSON.parse(answer.toString())
  if (errors) throw new Error(JSON.stringify(errors))
  const all = data.project.experiments.nodes.flatMap((experiment: { runs: { nodes: unknown[] } }) => experiment.runs.nodes)
  const isWhole = (each: { metrics: unknown[]; modelVersions: unknown[] }): boolean =>
    each.metrics.length === metrics && each.modelVersions.length === 1
  if (all.length !== experiments * runs || !all.every(isWhole)) throw new Error('the answer is not whole')
}

/** @returns requests a second */
export async function rateOf(ask: () => Promise<Buffer>): Promise<number> {
  const start = performance.now()
  let left = requestsPerRound
  await Promise.all(
    Array.from({ length: clients }, async () => {
      while (left-- > 0) await ask()
    }),
  )
  return requestsPerRound / ((performance.now() - start) / 1_000)
}

export const size = (answer: Buffer): string =>
  `${experiments} experiments × ${runs} runs × (${metrics} metrics, 1 model version), ${Math.round(answer.length / 1_000)} kB`

export const median = (figures: readonly number[]): number => figures.toSorted((a, b) => a - b)[Math.floor(figures.length / 2)]!
