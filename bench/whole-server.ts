// Tables and lists through the whole server, as clients get them, against DuckDB and SQLite themselves.
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { pipeline } from 'node:stream/promises'
import { DuckDBInstance } from '@duckdb/node-api'
import { newId } from '../src/datasources/catalog/node-id.js'
import { alternate } from './alternate.js'
import type { BenchRow } from './bench-row.js'
import { type RunningServer, startRunningServer } from './running-server.js'

export const name = 'whole server'

const rows = 5_000_000
const made = `select i as id, i * 3 as big, i / 7.0 as ratio, 'name of customer ' || i as label,
  timestamp '2020-01-01' + to_seconds(i) as seen, (i % 100000)::decimal(12, 2) as price from range(${rows}) r(i)`
const page = 'select id, big, ratio, label, seen, price from big limit 1000'

export async function run(): Promise<BenchRow[]> {
  const directory = await mkdtemp(join(tmpdir(), 'dhuo-bench-whole-'))
  const home = join(directory, 'home')
  const server = await startRunningServer(home)
  try {
    await server.query('mutation { createProject(input: { name: "bench" }) { id } }')
    await server.query(
      'mutation ($sql: String!) { createDataset(input: { project: "bench", name: "data", sql: $sql }) { id } }',
      {
        sql: made,
      },
    )

    return [...(await wholeResults(server, directory)), await smallSelect(server), await listing(server, home)]
  } finally {
    await server.close()
    await rm(directory, { recursive: true, force: true })
  }
}

/** Parquet against DuckDB's own COPY and a bare server that sends its file; Arrow in rows per second. */
async function wholeResults(server: RunningServer, directory: string): Promise<BenchRow[]> {
  const bare = await DuckDBInstance.create(join(directory, 'bare.duckdb'), { memory_limit: '1024MiB' })
  const connection = await bare.connect()
  await connection.run(`create table data as ${made}`)
  const file = join(directory, 'bare.parquet')
  const sender = createServer(async (_request, response) => {
    await connection.run(`copy (select * from data) to '${file}' (format parquet)`)
    response.setHeader('content-length', (await stat(file)).size)
    await pipeline(createReadStream(file, { highWaterMark: 256 * 1024 }), response)
  })
  await new Promise<void>((resolve) => sender.listen(0, '127.0.0.1', resolve))
  const bareUrl = `http://127.0.0.1:${(sender.address() as AddressInfo).port}/`
  const download = async (format: string): Promise<void> => {
    const { executeSelect } = await server.query(
      `{ executeSelect(project: "bench", sql: "select * from data", limit: 0) { downloadUrl(format: ${format}) } }`,
    )
    await receive(executeSelect.downloadUrl)
  }
  try {
    await receive(bareUrl)
    await download('PARQUET')
    const before = await server.rss()
    const [baseline, parquet] = await alternate(
      () => receive(bareUrl),
      () => download('PARQUET'),
      5,
    )
    const growth = (await server.peak()) - before
    const [, arrow] = await alternate(
      async () => {},
      () => download('ARROW'),
      3,
    )
    return [
      {
        figure: '5 M rows × 6 as Parquet by downloadUrl',
        measured: `${Math.round(parquet)} ms`,
        baseline: `${Math.round(baseline)} ms, COPY and sending the file`,
        ratio: baseline / parquet,
        wanted: '≥ 0.8',
        ok: baseline / parquet >= 0.8,
      },
      {
        figure: 'memory of the server meanwhile',
        measured: `+${Math.round(growth / 2 ** 20)} MiB`,
        baseline: "1,024 MiB are DuckDB's own limit",
        ratio: null,
        wanted: 'flat: far below the result',
        ok: growth < 256 * 2 ** 20,
      },
      {
        figure: '5 M rows × 6 as Arrow by downloadUrl',
        measured: `${(rows / arrow / 1_000).toFixed(2)} M rows/s`,
        baseline: '',
        ratio: null,
        wanted: '≥ 1 M rows/s',
        ok: rows / arrow / 1_000 >= 1,
      },
    ]
  } finally {
    sender.close()
    connection.closeSync()
    bare.closeSync()
  }
}

/** One page over HTTP, against the same statement on the same rows in DuckDB, read as JSON. */
async function smallSelect(server: RunningServer): Promise<BenchRow> {
  const bare = await DuckDBInstance.create(':memory:')
  const connection = await bare.connect()
  await connection.run(`create table big as ${made.replace(String(rows), '100000')}`)
  await server.query('mutation ($sql: String!) { createDataset(input: { project: "bench", name: "big1", sql: $sql }) { id } }', {
    sql: made.replace(String(rows), '100000'),
  })
  const document = 'query ($sql: String!) { executeSelect(project: "bench", sql: $sql) { columns { name type } rows truncated } }'
  const variables = { sql: page.replace('from big', 'from big1') }
  const [baseline, measured] = await alternate(
    async () => {
      await connection.run('begin transaction read only')
      JSON.stringify((await connection.runAndReadAll(page)).getRowsJson())
      await connection.run('rollback')
    },
    async () => {
      await server.query(document, variables)
    },
    300,
  )
  connection.closeSync()
  bare.closeSync()
  return {
    figure: 'executeSelect of 1,000 rows × 6 over HTTP, median; fetch and parsing included',
    measured: `${measured.toFixed(2)} ms`,
    baseline: `${baseline.toFixed(2)} ms, DuckDB itself`,
    ratio: baseline / measured,
    wanted: '< 3 ms more',
    ok: measured - baseline < 3,
  }
}

/** 1,000 of 100,000 objects over HTTP, against the statement on the same catalog file. */
async function listing(server: RunningServer, home: string): Promise<BenchRow> {
  await server.query('mutation { createBucket(input: { project: "bench", purpose: RAW }) { id } }')
  const catalog = new DatabaseSync(join(home, 'catalog.db'))
  const bucket = catalog.prepare(`select id, "projectId" from buckets`).get() as { id: string; projectId: string }
  const insert = catalog.prepare(
    `insert into stored_objects values (?, ?, ?, ?, 1, 'v', 1000, 'e', null, 'text/csv', '2026-01-01T00:00:00.000Z', null, null)`,
  )
  catalog.exec('begin')
  for (let i = 0; i < 100_000; i++)
    insert.run(newId('object'), bucket.projectId, bucket.id, `${i % 10}/${String(i).padStart(6, '0')}.csv`)
  catalog.exec('commit')
  const bare = catalog.prepare(
    `select * from stored_objects where "bucketId" = ? and "isCurrent" = 1 and key >= '5/' and key < '50' order by key limit 1001`,
  )
  const document =
    '{ bucket(name: "bench-raw") { objects(prefix: "5/", first: 1000) { nodes { id key size etag lastModified } pageInfo { hasNextPage endCursor } } } }'
  const [baseline, measured] = await alternate(
    async () => {
      JSON.stringify(bare.all(bucket.id))
    },
    async () => {
      await server.query(document)
    },
    100,
  )
  catalog.close()
  return {
    figure: '1,000 of 100,000 objects by prefix over HTTP, median',
    measured: `${measured.toFixed(2)} ms`,
    baseline: `${baseline.toFixed(2)} ms, the bare statement as JSON`,
    ratio: measured / baseline,
    wanted: '≤ 2',
    ok: measured / baseline <= 2,
  }
}

async function receive(url: string): Promise<void> {
  const response = await fetch(url)
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`)
  await pipeline(response.body!, createWriteStream('/dev/null'))
}
