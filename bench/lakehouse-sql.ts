// The DuckDB adapter against DuckDB itself: whole results as Parquet and Arrow, pages of 1,000 rows, and what they cost in memory.
import { createReadStream } from 'node:fs'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { openDuckdbLakehouse } from '../src/datasources/lakehouse/duckdb-lakehouse.js'
import type { TableFormat } from '../src/datasources/lakehouse/lakehouse.js'
import { alternate } from './alternate.js'
import type { BenchRow } from './bench-row.js'

export const name = 'lakehouse'

const rows = 5_000_000
const schema = 'bench'
const made = `select range::integer as id, range * 3 as big, range / 7.0 as ratio, 'name of customer ' || range as label,
  timestamp '2020-01-01' + to_seconds(range) as seen, (range % 100000)::decimal(12, 2) as price from range(${rows / 10}), range(10) t(n)`

export async function run(): Promise<BenchRow[]> {
  const directory = await mkdtemp(join(tmpdir(), 'bench-lakehouse-'))
  const lakehouse = await openDuckdbLakehouse({
    scheme: 'duckdb',
    directory: join(directory, 'lake'),
    memoryLimitMb: 1024,
    timeoutMs: 60_000,
  })
  const bare = await DuckDBInstance.create(join(directory, 'bare.duckdb'), { memory_limit: '1024MiB' })
  const connection = await bare.connect()
  try {
    await lakehouse.writeTable({ schema, table: 'big', mode: 'CREATE' }, { sql: made })
    await connection.run(`create table big as ${made}`)

    const bareFile = join(directory, 'bare.parquet')
    const bareParquet = async () => {
      await connection.run(`copy (select * from big where id >= 0) to '${bareFile}' (format parquet)`)
      const bytes = await drain(createReadStream(bareFile, { highWaterMark: 256 * 1024 }))
      if (bytes !== (await stat(bareFile)).size) throw new Error('short read')
      await rm(bareFile)
    }
    const whole = (format: TableFormat) => async () => {
      const query = { schema, sql: 'select * from big where id >= ?', params: [0] }
      await drain((await lakehouse.exportSelect(query, format)).bytes)
    }
    const bareChunks = async () => {
      const result = await connection.stream('select * from big where id >= 0')
      for (let chunk = await result.fetchChunk(); chunk?.rowCount; chunk = await result.fetchChunk());
    }
    const [parquetBase, parquet] = await alternate(bareParquet, whole('PARQUET'), 7)
    await bareChunks()
    await whole('ARROW')()
    const before = memory()
    let peak = 0
    const watch = setInterval(() => {
      peak = Math.max(peak, memory())
    }, 20)
    const [chunksBase, arrow] = await alternate(bareChunks, whole('ARROW'), 3)
    clearInterval(watch)
    const [, csv] = await alternate(async () => {}, whole('CSV'), 1)
    const [, ndjson] = await alternate(async () => {}, whole('NDJSON'), 1)

    const page = 'select id, big, ratio, label, seen, price from big where id > 5 limit 1000'
    const [pageBase, paged] = await alternate(
      () => barePage(connection, page),
      async () => {
        await lakehouse.select({ schema, sql: page }, { limit: 1000 })
      },
      300,
    )
    return [
      row(
        '5 M rows × 6 as Parquet, with a parameter',
        parquet,
        parquetBase,
        '≥ 0.8 of COPY and reading the file',
        parquetBase / parquet >= 0.8,
      ),
      {
        figure: '5 M rows × 6 as Arrow',
        measured: `${perSecond(arrow)} M rows/s`,
        baseline: `${perSecond(chunksBase)} M rows/s, chunks only`,
        ratio: chunksBase / arrow,
        wanted: '≥ 1 M rows/s',
        ok: rows / arrow >= 1_000,
      },
      {
        figure: 'heap and buffers while Arrow streams',
        measured: `+${Math.round(peak - before)} MiB`,
        baseline: `${Math.round(before)} MiB`,
        ratio: null,
        wanted: '< 64 MiB',
        ok: peak - before < 64,
      },
      row('5 M rows × 6 as CSV', csv, parquetBase, '(no bound; baseline is Parquet)', true),
      row('5 M rows × 6 as NDJSON', ndjson, parquetBase, '(no bound; baseline is Parquet)', true),
      {
        figure: 'select of 1,000 rows × 6, median',
        measured: `${paged.toFixed(2)} ms`,
        baseline: `${pageBase.toFixed(2)} ms`,
        ratio: pageBase / paged,
        wanted: '< 3 ms over DuckDB itself',
        ok: paged - pageBase < 3,
      },
    ]
  } finally {
    connection.closeSync()
    bare.closeSync()
    await lakehouse.close()
    await rm(directory, { recursive: true, force: true })
  }
}

/** The same work without a server around it: a connection, a read-only transaction, the rows as JSON. */
async function barePage(connection: DuckDBConnection, sql: string): Promise<void> {
  await connection.run('begin transaction read only')
  const reader = await connection.runAndReadAll(sql)
  reader.getRowsJson()
  await connection.run('rollback')
}

async function drain(stream: Readable): Promise<number> {
  let bytes = 0
  for await (const part of stream) bytes += (part as Buffer).length
  return bytes
}

const perSecond = (ms: number): string => (rows / ms / 1000).toFixed(2)

/** MiB of what JavaScript holds: DuckDB's own cache of the table is not the adapter's doing. */
function memory(): number {
  const { heapUsed, external } = process.memoryUsage()
  return (heapUsed + external) / 2 ** 20
}

const row = (figure: string, measured: number, baseline: number, wanted: string, ok: boolean): BenchRow => ({
  figure,
  measured: `${Math.round(measured)} ms`,
  baseline: `${Math.round(baseline)} ms`,
  ratio: baseline / measured,
  wanted,
  ok,
})
