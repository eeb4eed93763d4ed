import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type BuiltServer, buildServer } from '../server-process.js'

const rounds = 8
const rowsOfDataset = 20_000
const rowsOfBatch = 40
const objectSize = 300_000

let built: BuiltServer

beforeAll(async () => {
  built = await buildServer()
}, 60_000)
afterAll(() => built.remove())

interface Server {
  url: string
  /** Kills it and waits until it is gone. */
  kill(): Promise<void>
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers without spelling out their types
  ask(query: string, variables?: object): Promise<{ data: any; errors?: { message: string; extensions: Record<string, any> }[] }>
  /** The value of the one field; throws when it was refused. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers without spelling out their types
  get(query: string, variables?: object): Promise<any>
}

async function startServer(home: string): Promise<Server> {
  const { hub, end } = await built.start({ DHUO_HOME: home, DHUO_SECRET: 'x'.repeat(40) })
  const { url } = hub
  const ask: Server['ask'] = (query, variables) => hub.execute(query, { ...variables }) as never
  const get: Server['get'] = async (query, variables) => Object.values(await hub.data(query, { ...variables }))[0]
  return { url, ask, get, kill: () => end('SIGKILL') }
}

const bytesOf = (key: string): Buffer => Buffer.alloc(objectSize, createHash('sha256').update(key).digest())
const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

const createUpload = 'mutation ($input: CreateUploadInput!) { createUpload(input: $input) { id parts { url } } }'
const completeUpload = 'mutation ($id: ID!) { completeUpload(id: $id) { id size } }'
const createDataset = 'mutation ($input: CreateDatasetInput!) { createDataset(input: $input) { id version } }'
const executeDml = 'mutation ($input: ExecuteDmlInput!) { executeDml(input: $input) { rowsAffected } }'
const executeSelect = 'query ($sql: String!) { executeSelect(project: "iris", sql: $sql, limit: 10000) { rows } }'

/** What was begun, and what the server has said is done. */
const uploads = new Map<string, { key: string; id: string; objectId: string | null; parts: { url: string }[] }>()
const datasets = new Map<string, { acknowledged: number }>()
const batches = { begun: new Set<number>(), acknowledged: new Set<number>() }
let made = 0

/** One client, until the server is gone. */
async function work(server: Server, kind: 'upload' | 'dataset' | 'replace' | 'dml'): Promise<void> {
  try {
    for (;;) {
      const number = ++made
      if (kind === 'upload') {
        const key = `key ${number % 7}/${number}`
        const { id, parts } = await server.get(createUpload, {
          input: { bucket: 'iris-raw', key, size: objectSize, sha256: sha256Of(bytesOf(key)) },
        })
        const upload = { key, id, objectId: null as string | null, parts }
        uploads.set(id, upload)
        await fetch(parts[0].url, { method: 'PUT', body: bytesOf(key) })
        upload.objectId = (await server.get(completeUpload, { id })).id
      } else if (kind === 'dml') {
        batches.begun.add(number)
        const batch = Array.from({ length: rowsOfBatch }, (_, i) => [number, i])
        await server.get(executeDml, { input: { project: 'iris', sql: 'insert into logged values (?, ?)', batch } })
        batches.acknowledged.add(number)
      } else {
        const name = kind === 'dataset' ? `made-${number}` : 'replaced'
        const dataset = datasets.get(name) ?? { acknowledged: 0 }
        datasets.set(name, dataset)
        const sql = `select ${number} as made_by, n from range(${rowsOfDataset}) t(n)`
        const input = { project: 'iris', name, sql, mode: kind === 'dataset' ? 'CREATE' : 'REPLACE' }
        const { version } = await server.get(createDataset, { input })
        dataset.acknowledged = Math.max(dataset.acknowledged, version)
      }
    }
  } catch (error) {
    // Gone: the connection is refused or reset. Whatever else is said is a mistake of the server.
    if ((error as Error).message !== 'fetch failed') throw error
  }
}

/** All that was promised is there, whole, and nothing half done can be seen. */
async function examine(server: Server): Promise<Record<string, number>> {
  const seen = { objects: 0, resumed: 0, abandoned: 0, repaired: 0 }
  const listed = (
    await server.get(
      '{ bucket(name: "iris-raw") { objects(first: 1000) { nodes { id key size sha256 downloadUrl } pageInfo { hasNextPage } } } }',
    )
  ).objects
  expect(listed.pageInfo.hasNextPage).toBe(false)
  const byId = new Map<string, { id: string; key: string; size: number; sha256: string; downloadUrl: string }>(
    listed.nodes.map((node: { id: string }) => [node.id, node]),
  )
  for (const { key, size, sha256, downloadUrl } of byId.values()) {
    const bytes = Buffer.from(await (await fetch(downloadUrl)).arrayBuffer())
    expect({ key, size, sha256, real: sha256Of(bytes) }).toEqual({
      key,
      size: objectSize,
      sha256: sha256Of(bytesOf(key)),
      real: sha256Of(bytesOf(key)),
    })
    seen.objects++
  }
  for (const upload of uploads.values()) {
    if (upload.objectId !== null) {
      expect(byId.has(upload.objectId)).toBe(true)
      continue
    }
    // The one that was not acknowledged: it can be gone on with, or given up.
    if (Math.random() < 0.5) {
      const abandoned = await server.ask('mutation ($id: ID!) { abandonUpload(id: $id) }', { id: upload.id })
      if (abandoned.data) {
        seen.abandoned++
        uploads.delete(upload.id)
        expect((await server.ask(completeUpload, { id: upload.id })).errors![0]!.extensions['code']).toBe('NOT_FOUND')
        continue
      }
      expect(abandoned.errors![0]!.extensions['code']).toBe('PRECONDITION_FAILED')
    }
    let completed = await server.ask(completeUpload, { id: upload.id })
    if (completed.errors) {
      expect(completed.errors[0]!.extensions).toMatchObject({ code: 'PRECONDITION_FAILED', missingParts: [1] })
      const url = new URL(upload.parts[0]!.url)
      const sent = await fetch(`${server.url}${url.pathname}${url.search}`, { method: 'PUT', body: bytesOf(upload.key) })
      expect(sent.status).toBe(200)
      completed = await server.ask(completeUpload, { id: upload.id })
      seen.resumed++
    }
    expect(completed.errors).toBeUndefined()
    upload.objectId = completed.data.completeUpload.id
  }

  for (const [name, { acknowledged }] of datasets) {
    const dataset = await server.get(
      'query ($name: String!) { dataset(project: "iris", name: $name) { version rowCount table } }',
      { name },
    )
    if (acknowledged > 0) expect(dataset?.version).toBeGreaterThanOrEqual(acknowledged)
    if (dataset) {
      const { rows } = await server.get(executeSelect, {
        sql: `select count(*), count(distinct made_by), count(distinct n) from ${dataset.table}`,
      })
      expect({ name, rowCount: dataset.rowCount, rows }).toEqual({
        name,
        rowCount: rowsOfDataset,
        rows: [[rowsOfDataset, 1, rowsOfDataset]],
      })
    } else {
      // Its table may be there already: then REPLACE makes it a dataset, whole.
      const input = { project: 'iris', name, sql: `select 0 as made_by, n from range(${rowsOfDataset}) t(n)`, mode: 'REPLACE' }
      expect((await server.get(createDataset, { input })).version).toBe(1)
      seen.repaired++
    }
  }

  const { rows } = await server.get(executeSelect, {
    sql: 'select batch, count(*), count(distinct i) from logged group by batch',
  })
  const logged = new Set<number>()
  for (const [batch, count, distinct] of rows) {
    expect([batch, count, distinct]).toEqual([batch, rowsOfBatch, rowsOfBatch])
    expect(batches.begun.has(batch)).toBe(true)
    logged.add(batch)
  }
  for (const batch of batches.acknowledged) expect(logged.has(batch)).toBe(true)
  return seen
}

test(`a server that is killed amid uploads, datasets and DML, ${rounds} times, keeps what it promised and shows nothing half done`, async () => {
  const home = join(built.directory, 'home')
  let server = await startServer(home)
  await server.get('mutation { createProject(input: { name: "iris" }) { id } }')
  await server.get('mutation { createBucket(input: { project: "iris", purpose: RAW }) { id } }')
  await server.get(createDataset, { input: { project: 'iris', name: 'logged', sql: 'select 0 as batch, 0 as i where false' } })
  const outcomes: Record<string, number> = {}
  for (let round = 0; round < rounds; round++) {
    const clients = (['upload', 'upload', 'upload', 'dataset', 'replace', 'dml'] as const).map((kind) => work(server, kind))
    // However busy the machine is: something is acknowledged in each round before the moment comes, by chance, to kill it.
    const enough = batches.acknowledged.size + 2
    while (batches.acknowledged.size < enough) await new Promise((resolve) => setTimeout(resolve, 20))
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 500))
    await server.kill()
    await Promise.all(clients)
    const catalog = new DatabaseSync(join(home, 'catalog.db'))
    expect(catalog.prepare('pragma integrity_check').all()).toEqual([{ integrity_check: 'ok' }])
    expect(catalog.prepare('pragma foreign_key_check').all()).toEqual([])
    catalog.close()
    server = await startServer(home)
    for (const [what, count] of Object.entries(await examine(server))) outcomes[what] = (outcomes[what] ?? 0) + count
  }
  await server.kill()
  // It was killed at moments that matter, and got things done between them.
  expect(batches.acknowledged.size).toBeGreaterThan(rounds)
  expect(outcomes['objects']).toBeGreaterThan(rounds)
  expect(outcomes['resumed']! + outcomes['abandoned']!).toBeGreaterThan(0)
}, 240_000)
