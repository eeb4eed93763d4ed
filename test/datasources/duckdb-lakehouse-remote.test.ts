import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { DuckDBInstance } from '@duckdb/node-api'
import { openDuckdbLakehouse } from '../../src/datasources/lakehouse/duckdb-lakehouse.js'
import { parseParquetFooter } from '../../src/datasources/lakehouse/duckdb-parquet-footer.js'
import type { Lakehouse, SourceFile, TableFormat } from '../../src/datasources/lakehouse/lakehouse.js'

/*
 * A look at rows of a file that is elsewhere gives what a look at the same file on this machine gives, and does not fetch it whole.
 */

let lakehouse: Lakehouse
let directory: string
const files: Record<string, { format: TableFormat; path: string; bytes: Buffer }> = {}

const rowCount = 80_000

/** Hardly compressible, of several types, with texts that are hard for CSV. */
const select = (rows: number) => `select i as id, hash(i) % 1000003 as n, random() as x, md5(i::varchar) as text,
  ['red', 'green', 'blue'][1 + i % 3] as color, case when i % 7 = 0 then null else i::varchar end as maybe,
  '"quoted", and' || chr(10) || 'broken ' || i as hard, [i, i + 1] as list from range(${rows}) t(i)`

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'dhuo-remote-'))
  lakehouse = await openDuckdbLakehouse({ scheme: 'duckdb', directory, memoryLimitMb: 1024, timeoutMs: 60_000 })
  const duckdb = await (await DuckDBInstance.create()).connect()
  const add = async (name: string, format: TableFormat, bytes: Buffer) => {
    const path = join(directory, name)
    await writeFile(path, bytes)
    files[name] = { format, path, bytes }
  }
  const copy = async (name: string, format: TableFormat, options: string, rows = rowCount) => {
    const path = join(directory, name)
    await duckdb.run(`copy (${select(rows)}) to '${path}' (${options})`)
    files[name] = { format, path, bytes: await readFile(path) }
  }
  await copy('groups.parquet', 'PARQUET', 'format parquet, row_group_size 8192')
  await copy('one.parquet', 'PARQUET', 'format parquet, row_group_size 1000000')
  await copy('rows.csv', 'CSV', 'format csv')
  await copy('rows.ndjson', 'NDJSON', 'format json')
  await add('rows.csv.gz', 'CSV', gzipSync(files['rows.csv']!.bytes, { level: 1 }))
  await add('rows.csv.zst', 'CSV', zstdCompressSync(files['rows.csv']!.bytes))
  const exported = await lakehouse.exportFile(fileOf('groups.parquet').local, 'ARROW')
  await add('rows.arrow', 'ARROW', await buffer(exported.bytes))
  await add('cut.parquet', 'PARQUET', files['groups.parquet']!.bytes.subarray(0, -9))
  await add('garbled.parquet', 'PARQUET', garbled(files['groups.parquet']!.bytes))
  await add('text.parquet', 'PARQUET', files['rows.csv']!.bytes)
}, 60_000)
afterAll(async () => {
  await lakehouse.close()
  await rm(directory, { recursive: true, force: true })
})

/** Its footer is no footer any more. */
function garbled(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes)
  const length = copy.readUInt32LE(copy.length - 8)
  copy.fill(0xee, copy.length - 8 - length, copy.length - 8)
  return copy
}

function fileOf(name: string): { local: SourceFile; remote: SourceFile; fetched(): number } {
  const { format, path, bytes } = files[name]!
  let fetched = 0
  const open = async (range = { start: 0, end: bytes.length - 1 }) => {
    expect(range.start >= 0 && range.start <= range.end && range.end < bytes.length).toBe(true)
    return Readable.from(
      (async function* () {
        for (let at = range.start; at <= range.end; at += 65_536) {
          const piece = bytes.subarray(at, Math.min(at + 65_536, range.end + 1))
          fetched += piece.length
          yield piece
          await new Promise(setImmediate)
        }
      })(),
      { objectMode: false, highWaterMark: 65_536 },
    )
  }
  const file = { name, format, size: bytes.length, open }
  return { local: { ...file, localFile: path }, remote: { ...file, localFile: null }, fetched: () => fetched }
}

const looks = [{ limit: 10 }, { limit: 100, offset: 8_190 }, { limit: 20, offset: rowCount - 10 }, { limit: 5, offset: rowCount }]

describe.each([
  ['groups.parquet', 0.35],
  ['one.parquet', 1.1],
  ['rows.csv', 0.4],
  ['rows.csv.gz', 0.4],
  ['rows.csv.zst', 0.5],
  ['rows.ndjson', 0.4],
  ['rows.arrow', 0.6],
])('%s', (name, share) => {
  test.each(looks)('gives the same rows from elsewhere at %j', async (page) => {
    const { local, remote } = fileOf(name)
    expect(await lakehouse.readFile(remote, page)).toEqual(await lakehouse.readFile(local, page))
  })

  test('is not fetched whole for its first rows', async () => {
    const { remote, fetched } = fileOf(name)
    expect(remote.size).toBeGreaterThan(2 * 2 ** 20)
    await lakehouse.readFile(remote, { limit: 10 })
    expect(fetched() / remote.size).toBeLessThan(share)
  })
})

test('rows deep in a Parquet file cost their own row groups, not those before', async () => {
  const { remote, fetched } = fileOf('groups.parquet')
  await lakehouse.readFile(remote, { limit: 10, offset: 60_000 })
  expect(fetched() / remote.size).toBeLessThan(0.35)
})

test.each(['cut.parquet', 'garbled.parquet', 'text.parquet'])('%s is refused from elsewhere as it is here', async (name) => {
  const { local, remote } = fileOf(name)
  const refusal = (file: SourceFile) =>
    lakehouse.readFile(file, { limit: 1 }).then(
      () => null,
      ({ code, message }) => ({ code, message }),
    )
  expect(await refusal(remote)).toEqual(await refusal(local))
  expect(await refusal(remote)).toMatchObject({ code: 'BAD_USER_INPUT' })
})

test('a file that is loaded is loaded whole', async () => {
  for (const name of ['groups.parquet', 'rows.csv.gz', 'rows.arrow']) {
    const target = { schema: 'remote', table: `t_${name.replace(/\W/g, '_')}`, mode: 'CREATE' as const }
    expect((await lakehouse.writeTable(target, { file: fileOf(name).remote })).rowCount).toBe(rowCount)
  }
})

test('a source that fails fails the look, and leaves no file behind', async () => {
  const { remote } = fileOf('groups.parquet')
  const broken: SourceFile = {
    ...remote,
    open: () => Promise.reject(new Error('the network is gone')),
  }
  await expect(lakehouse.readFile(broken, { limit: 1 })).rejects.toThrow()
  const left = await stat(join(directory, '.files')).catch(() => null)
  expect(left === null || left.isDirectory()).toBe(true)
})

test('a footer that is made up is refused before it costs anything', () => {
  const footer = files['groups.parquet']!.bytes
  const length = footer.readUInt32LE(footer.length - 8)
  const good = footer.subarray(footer.length - 8 - length, footer.length - 8)
  expect(parseParquetFooter(good).rowGroups.map(({ rows }) => rows)).toEqual([...Array(9).fill(8192), rowCount - 9 * 8192])
  expect(() => parseParquetFooter(good.subarray(0, good.length / 2))).toThrow()
  for (let round = 0; round < 300; round++) {
    const wrong = Buffer.from(good)
    for (let i = 0; i < 3; i++) wrong[Math.floor(Math.random() * wrong.length)] = Math.floor(Math.random() * 256)
    const start = performance.now()
    try {
      parseParquetFooter(wrong)
    } catch {}
    expect(performance.now() - start).toBeLessThan(1_000)
  }
})
