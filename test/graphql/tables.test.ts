import { constants, gzipSync } from 'node:zlib'
import { tableFromIPC, tableFromJSON, tableToIPC } from 'apache-arrow'
import { createTestHub, type TestHub } from '../hub.js'
import { seedBucket, seedObject, seedProject } from '../seed.js'

let hub: TestHub
let project: string
let bucket: string
beforeAll(async () => {
  hub = await createTestHub({ DHUO_SQL_MEMORY_MB: '128' })
  project = (await seedProject(hub)).name
  bucket = (await seedBucket(hub, project)).name
})
afterAll(() => hub.close())

const reading = `query ($id: ID!, $format: TableFormat, $limit: Int, $offset: BigInt) { node(id: $id) { ... on StoredObject {
  table(format: $format, limit: $limit, offset: $offset) { columns { name type } rows rowCount truncated downloadUrl } } } }`
const put = async (key: string, content: string | Uint8Array) => (await seedObject(hub, bucket, key, content)).id
const read = async (id: string, args: object = {}) => (await hub.data(reading, { id, ...args })).node.table

const rows = [
  { id: 1, name: 'ação', value: 1.5, good: true },
  { id: 2, name: null, value: -0.25, good: false },
  { id: 3, name: '"quoted", \n line', value: 1e300, good: null },
]
const csv = 'id,name,value,good\n1,ação,1.5,true\n2,,-0.25,false\n3,"""quoted"", \n line",1e300,\n'
const asArrays = rows.map((row) => Object.values(row))

async function inParquet(): Promise<Buffer> {
  const csvId = await put('for-parquet.csv', csv)
  const { node } = await hub.data(`{ node(id: "${csvId}") { ... on StoredObject { table { downloadUrl(format: PARQUET) } } } }`)
  return Buffer.from(await (await fetch(node.table.downloadUrl)).arrayBuffer())
}
const contents: Record<string, () => Promise<string | Uint8Array> | string | Uint8Array> = {
  'rows.csv': () => csv,
  'rows.CSV': () => csv,
  'rows.tsv': () => 'id\tname\tvalue\tgood\n1\tação\t1.5\ttrue\n2\t\t-0.25\tfalse\n3\t"""quoted"", \n line"\t1e300\t\n',
  'rows.csv.gz': () => gzipSync(csv),
  'folder.parquet/rows.ndjson': () => rows.map((row) => JSON.stringify(row)).join('\n'),
  'rows.jsonl': () => `${rows.map((row) => JSON.stringify(row)).join('\n')}\n`,
  'rows.json': () => JSON.stringify(rows),
  'rows.parquet': inParquet,
  'rows.arrow': () => tableToIPC(tableFromJSON(rows), 'file'),
  'rows.arrows': () => tableToIPC(tableFromJSON(rows), 'stream'),
  'rows.feather': () => tableToIPC(tableFromJSON(rows), 'file'),
}

test.each(Object.keys(contents))('%s is read as a table, typed, in pages', async (key) => {
  const id = await put(key, await contents[key]!())
  const table = await read(id)
  expect(table.columns.map(({ name }: { name: string }) => name)).toEqual(['id', 'name', 'value', 'good'])
  expect(table.columns.map(({ type }: { type: string }) => type)).toEqual([
    expect.stringMatching(/INTEGER|FLOAT/),
    'STRING',
    'FLOAT',
    'BOOLEAN',
  ])
  expect(table.rows).toEqual(asArrays)
  expect(table).toMatchObject({ rowCount: 3, truncated: false })
  expect(await read(id, { limit: 2 })).toMatchObject({ rows: asArrays.slice(0, 2), rowCount: 2, truncated: true })
  expect(await read(id, { limit: 2, offset: 1 })).toMatchObject({ rows: asArrays.slice(1), truncated: false })
  expect(await read(id, { limit: 0 })).toMatchObject({ rows: [], rowCount: 0, truncated: true })
  expect(await read(id, { offset: 3 })).toMatchObject({ rows: [], truncated: false })
  expect(await read(id, { offset: '9007199254740991' })).toMatchObject({ rows: [], truncated: false })
})

test('a format that is given goes before the extension, and makes an unknown one readable', async () => {
  const id = await put('rows.data', csv)
  expect((await hub.error(reading, { id })).extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: 'format' })
  expect((await read(id, { format: 'CSV' })).rows).toEqual(asArrays)
  expect((await hub.error(reading, { id: await put('no-extension', csv) })).message).toMatch(
    /CSV, NDJSON, JSON, PARQUET or ARROW/,
  )
  const misnamed = await put('in-truth.csv', JSON.stringify(rows))
  expect((await read(misnamed, { format: 'JSON' })).rows).toEqual(asArrays)
})

test('the whole of it is downloaded in every format', async () => {
  const id = await put('whole.csv', csv)
  const fetched = async (format: string) => {
    const { node } = await hub.data(
      `{ node(id: "${id}") { ... on StoredObject { table(limit: 1) { downloadUrl(format: ${format}) } } } }`,
    )
    const response = await fetch(node.table.downloadUrl)
    expect(response.status).toBe(200)
    return Buffer.from(await response.arrayBuffer())
  }
  expect(JSON.parse(String(await fetched('JSON')))).toEqual(rows)
  expect(
    String(await fetched('NDJSON'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
  ).toEqual(rows)
  for (const format of ['CSV', 'PARQUET', 'ARROW']) {
    const again = await put(`again.${format.toLowerCase()}`, await fetched(format))
    expect((await read(again)).rows).toEqual(asArrays)
  }
  expect(tableFromIPC(await fetched('ARROW')).numRows).toBe(3)
})

describe('a file that is not what it says is refused in words', () => {
  const bomb = () => gzipSync(Buffer.concat([Buffer.from('a\n'), Buffer.alloc(200 * 2 ** 20, 'x')]), { level: 1 })
  test.each<[string, string, () => Promise<string | Uint8Array> | string | Uint8Array]>([
    ['a CSV that ends in a quote', 'cut.csv', () => 'a,b\n1,"ab'],
    ['a CSV with a row that is too long', 'late-long.csv', () => `a,b\n${'1,2\n'.repeat(30_000)}1,2,3,4\n`],
    ['CSV that is binary', 'binary.csv', () => Buffer.from(Array.from({ length: 5_000 }, (_, i) => (i * 7919) % 256))],
    ['a Parquet that is text', 'text.parquet', () => 'this is no Parquet'],
    ['a Parquet that is cut off', 'cut.parquet', async () => (await inParquet()).subarray(0, -30)],
    ['a Parquet with a broken middle', 'broken.parquet', async () => (await inParquet()).fill(0xff, 4, 60)],
    ['an Arrow file that is text', 'text.arrow', () => 'this is no Arrow'],
    ['an Arrow file that is cut off', 'cut.arrow', () => Buffer.from(tableToIPC(tableFromJSON(rows), 'file')).subarray(0, 300)],
    ['JSON that is cut off', 'cut.json', () => '[{"a": 1}, {"a":'],
    ['JSON that is no rows', 'deep.json', () => `${'['.repeat(5_000)}${']'.repeat(5_000)}`],
    ['NDJSON that is cut off', 'cut.ndjson', () => '{"a": 1}\n{"a":'],
    ['gzip that is none', 'none.csv.gz', () => 'a\n1\n'],
    ['gzip that is cut off', 'late-cut.csv.gz', () => gzipSync(`a,b\n${'1,2\n'.repeat(100_000)}`).subarray(0, -200)],
    [
      'gzip that is cut off between two rows',
      'late-flushed.csv.gz',
      () => gzipSync(`a,b\n${'1,2\n'.repeat(100_000)}`, { finishFlush: constants.Z_SYNC_FLUSH }),
    ],
    ['a gzip bomb', 'bomb.csv.gz', bomb],
    ['an empty CSV', 'empty.csv', () => ''],
    ['an empty Parquet', 'empty.parquet', () => ''],
    ['an empty Arrow file', 'empty.arrow', () => ''],
    ['an empty gzip', 'empty.csv.gz', () => ''],
  ])('%s', async (_, key, content) => {
    const id = await put(key, await content())
    // A page of its beginning may well be right.
    if (!key.startsWith('late-')) {
      const error = await hub.error(reading, { id })
      expect(error.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: 'format' })
      expect(error.message.length).toBeGreaterThan(15)
      expect(error.message).not.toMatch(/dhuo-test|\/tmp|\.uploads|obj_|upl_|undefined|Internal/)
    }
    const name = key.replace(/\W/g, '-').padEnd(4, 'x')
    const load = await hub.error('mutation ($input: CreateDatasetInput!) { createDataset(input: $input) { id } }', {
      input: { project, name, object: { bucket, key } },
    })
    expect(load.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: 'input.object.format' })
    expect(load.message).not.toMatch(/dhuo-test|\/tmp|obj_|upl_/)
    expect(await hub.datasources.lakehouse.describeTables(project, [name.replaceAll('-', '_')])).toEqual([null])
  })

  test('and the server goes on', async () => {
    expect((await read(await put('fine.csv', csv))).rows).toEqual(asArrays)
    const { server } = await hub.data('{ server { backends { role healthy detail } } }')
    for (const backend of server.backends) expect(backend).toMatchObject({ healthy: true, detail: null })
  })
})
