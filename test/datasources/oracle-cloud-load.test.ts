import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { DuckDBInstance } from '@duckdb/node-api'
import type { SourceFile, TableFormat } from '../../src/datasources/lakehouse/lakehouse.js'
import { DhuoError } from '../../src/errors.js'
import { createLogger } from '../../src/logger.js'
import { describeWith } from '../backends.js'
import { createOciHub } from '../oci-hub.js'
import { type OverPostgres, openOverPostgres } from '../oracle/oracle-lakehouse-over-postgres.js'
import { seedBucket, seedObject, seedProject } from '../seed.js'

const schema = 'loads'
const logged: Record<string, unknown>[] = []
const log = createLogger('info', { write: (line: string) => void logged.push(JSON.parse(line)) })

/** URLs that give bytes for as long as they are lent. */
async function lender() {
  const lent = new Map<string, Buffer>()
  const server = createServer((request, response) => {
    const bytes = lent.get(request.url!)
    response.writeHead(bytes ? 200 : 404).end(bytes)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  return {
    lent,
    close: () => server.close(),
    /** A file elsewhere, which other machines can fetch. */
    file: (content: string | Buffer, format: TableFormat, more: { name?: string; isStill?: boolean } = {}): SourceFile => {
      const bytes = Buffer.from(content)
      return {
        name: more.name ?? `rows.${format.toLowerCase()}`,
        format,
        localFile: null,
        size: bytes.length,
        open: async ({ start, end } = { start: 0, end: bytes.length - 1 }) => Readable.from([bytes.subarray(start, end + 1)]),
        lend: async () => {
          const path = `/p/${randomUUID()}/o/rows`
          lent.set(path, bytes)
          return {
            url: `http://127.0.0.1:${port}${path}`,
            isStill: async () => more.isStill ?? true,
            takeBack: async () => void lent.delete(path),
          }
        },
      }
    },
  }
}

/** More than a MiB. @param last the last line */
function csvOf(count = 1_150, { last = '', delimiter = ',', width = 940 } = {}): string {
  const header = ['id', 'price', 'day', 'at', 'said'].join(delimiter)
  const rows = Array.from({ length: count }, (_, i) =>
    [
      i - 5,
      i % 7 === 0 ? '' : `${i}.${String(i % 100).padStart(2, '0')}`,
      `2026-0${(i % 9) + 1}-1${i % 10}`,
      `2026-11-27 18:15:${String(i % 60).padStart(2, '0')}${i % 3 === 0 ? '.123456' : ''}`,
      i % 5 === 0 ? `"é, ""${i}""\nnew line${' x'.repeat(width / 2)}"` : `text ${i}`.padEnd(width, '.'),
    ].join(delimiter),
  )
  return `${header}\n${rows.join('\n')}\n${last}`
}
/** More rows, and more bytes, than the detection of types looks at: it does not see the last one. */
const endingWith = (last: string): string => csvOf(21_000, { last: `${last}\n`, width: 60 })

describeWith('loads by DBMS_CLOUD, on a double of Oracle', ['postgres'])('a file in Object Storage', () => {
  let over: OverPostgres
  let storage: Awaited<ReturnType<typeof lender>>
  beforeAll(async () => {
    over = await openOverPostgres({}, { DHUO_ORACLE_CLOUD_LOAD_MB: '1' }, log)
    storage = await lender()
    await over.lakehouse.createSchema(schema)
    await over.database.cloud.grant(true)
  })
  afterAll(async () => {
    storage?.close()
    await over?.close()
  })
  beforeEach(() => {
    logged.length = 0
    over.database.cloud.calls.length = 0
    over.database.cloud.whileLoading = () => {}
  })

  const write = (file: SourceFile, table: string, mode: 'CREATE' | 'REPLACE' | 'APPEND' = 'REPLACE') =>
    over.lakehouse.writeTable({ schema, table, mode }, { file })
  const all = async (table: string) =>
    (await over.lakehouse.select({ schema, sql: `select * from ${table} order by 1` }, { limit: 100_000 })).rows
  const withoutUrl = ({ lend, ...file }: SourceFile): SourceFile => file
  /** Of loads: tables that no view is over, URLs that are lent, accounts and tables of operations. */
  const left = async () => {
    const { rows } = await over.database.asSuperuser((client) =>
      client.query(
        `select relname as name from pg_class c where relkind = 'r' and (relname like 'COPY$%' or relname like 'DHUO$%'
           and not exists (select 1 from pg_depend d join pg_rewrite r on r.oid = d.objid where d.refobjid = c.oid))
         union all select "TABLE_NAME" from oracle."LOAD_OPERATIONS"`,
      ),
    )
    // What a replacement leaves is swept later.
    return [...rows.map(({ name }) => name), ...storage.lent.keys()].filter((name) => !name.startsWith('DHUO$TARGET'))
  }

  test.each([
    ['comma', ',', 'rows.csv', (text: string) => Buffer.from(text)],
    ['semicolon', ';', 'rows.csv.gz', (text: string) => gzipSync(text, { level: 0 })],
  ])(
    'as CSV with a %s is fetched by the database, and its rows are those that come row by row',
    async (what, delimiter, name, pack) => {
      const file = storage.file(pack(csvOf(1_150, { delimiter })), 'CSV', { name })
      const shape = await write(file, `fetched_${what}`)
      expect(over.database.cloud.calls).toEqual([
        {
          table_name: expect.stringMatching(/^DHUO\$FETCHED_[A-Z]+\$[0-9A-F]{8}$/),
          file_uri_list: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/p\/[-0-9a-f]+\/o\/rows$/),
          format: JSON.stringify({
            type: 'CSV WITH EMBEDDED',
            delimiter,
            skipheaders: '1',
            ...(name.endsWith('.gz') && { compression: 'gzip' }),
            characterset: 'AL32UTF8',
            trimspaces: 'notrim',
            ignoreblanklines: 'true',
            rejectlimit: '0',
          }),
          field_list: 'C1 CHAR(4000), C2 CHAR(4000), C3 CHAR(4000), C4 CHAR(4000), C5 CHAR(4000)',
        },
      ])
      expect(logged).toEqual([expect.objectContaining({ level: 'info', msg: 'Oracle has loaded a file by itself' })])
      expect(JSON.stringify(logged)).not.toContain('/p/')
      const byRows = await write(withoutUrl(file), `by_rows_${what}`)
      expect(over.database.cloud.calls).toHaveLength(1)
      expect(shape).toEqual(byRows)
      expect(shape.rowCount).toBe(1_150)
      expect(await all(`fetched_${what}`)).toEqual(await all(`by_rows_${what}`))
      expect(await left()).toEqual([])
    },
  )

  test('as Parquet is fetched by the database, typed by its own schema', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'oracle-parquet-'))
    const connection = await (await DuckDBInstance.create()).connect()
    await connection.run(
      `COPY (SELECT i AS id, CAST(i AS DECIMAL(12, 3)) / 8 AS amount, sqrt(i) AS root,
       'é ' || list_aggregate([md5(CAST(i * 20 + j AS VARCHAR)) FOR j IN range(20)], 'string_agg', '') AS word,
       DATE '2026-01-01' + CAST(i % 300 AS INTEGER) AS day FROM range(3000) t(i)) TO '${join(directory, 'p.parquet')}' (FORMAT parquet)`,
    )
    const file = storage.file(await readFile(join(directory, 'p.parquet')), 'PARQUET')
    await rm(directory, { recursive: true })
    const shape = await write(file, 'parquet')
    expect(over.database.cloud.calls).toEqual([
      {
        table_name: expect.stringMatching(/^DHUO\$PARQUET\$/),
        file_uri_list: expect.any(String),
        format: '{"type":"PARQUET","schema":"first"}',
      },
    ])
    expect(shape).toEqual(await write(withoutUrl(file), 'parquet_by_rows'))
    expect(await all('parquet')).toEqual(await all('parquet_by_rows'))
    expect(await left()).toEqual([])
  })

  test('replaces a table in one step, is told of one that is there before anything is fetched, and is sent by rows to be appended', async () => {
    const file = storage.file(csvOf(), 'CSV')
    await write(file, 'target', 'CREATE')
    await expect(write(file, 'target', 'CREATE')).rejects.toMatchObject({ code: 'CONFLICT', field: 'table' })
    expect(over.database.cloud.calls).toHaveLength(1)
    await write(file, 'target', 'REPLACE')
    expect(over.database.cloud.calls).toHaveLength(2)
    expect((await write(file, 'target', 'APPEND')).rowCount).toBe(2_300)
    expect(over.database.cloud.calls).toHaveLength(2)
  })

  let tables = 0
  const long = 'x'.repeat(4_001)
  test.each<[string, () => SourceFile, RegExp, number]>([
    ['is smaller than the setting wants', () => storage.file('a\n1\n', 'CSV'), /^$/, 1],
    [
      'has a whole number at its end that is none',
      () => storage.file(endingWith('1.5,1,2026-01-01,2026-01-01 00:00:00,x'), 'CSV'),
      /attempt failed \(ORA-01722\)/,
      21_001,
    ],
    [
      'has a long text',
      () => storage.file(endingWith(`9,1,2026-01-01,2026-01-01 00:00:00,${long}`), 'CSV'),
      /attempt failed \(ORA-20003\)/,
      21_001,
    ],
    [
      'has truth values',
      () => storage.file(`a,b\n${`true,${'some text of this row '.repeat(50)}\n`.repeat(1_000)}`, 'CSV'),
      /"a" is BOOLEAN/,
      1_000,
    ],
    [
      'has a column that is empty at first',
      () => storage.file(`a,b\n${`,${'some text of this row '.repeat(50)}\n`.repeat(1_000)}`, 'CSV'),
      /"a" is empty at first/,
      1_000,
    ],
    [
      'is JSON',
      () => storage.file(`${`{"a":1,"b":"${'some text of this row '.repeat(50)}"}\n`.repeat(1_000)}`, 'NDJSON'),
      /^$/,
      1_000,
    ],
    ['is replaced meanwhile', () => storage.file(csvOf(), 'CSV', { isStill: false }), /was replaced/, 1_150],
    [
      'is not lent by a storage that refuses it',
      () => ({
        ...storage.file(csvOf(), 'CSV'),
        lend: async () => {
          throw new DhuoError('BACKEND_UNAVAILABLE', 'no')
        },
      }),
      /attempt failed \(BACKEND_UNAVAILABLE\)/,
      1_150,
    ],
    ['has no URL', () => ({ ...storage.file(csvOf(), 'CSV'), lend: async () => null }), /no URL/, 1_150],
  ])('that %s comes row by row, aloud, and nothing is left of the attempt', async (_what, make, reason, count) => {
    expect((await write(make(), `rows${++tables}`)).rowCount).toBe(count)
    const warned = logged.filter(({ level }) => level === 'warn').map(({ reason: why }) => why)
    if (reason.source === '^$') expect(warned).toEqual([])
    else expect(warned).toEqual([expect.stringMatching(reason)])
    expect(await left()).toEqual([])
  })

  test('comes row by row where the account may not call DBMS_CLOUD, and where the URL gives nothing', async () => {
    over.database.cloud.whileLoading = () => storage.lent.clear()
    expect((await write(storage.file(csvOf(), 'CSV'), `rows${++tables}`)).rowCount).toBe(1_150)
    expect(logged.map(({ level, reason }) => [level, reason])).toEqual([['warn', 'the attempt failed (ORA-20404)']])
    expect(JSON.stringify(logged)).not.toMatch(/\/p\/|http/)
    await over.database.cloud.grant(false)
    logged.length = 0
    expect((await write(storage.file(csvOf(), 'CSV'), `rows${++tables}`)).rowCount).toBe(1_150)
    expect(logged).toEqual([expect.objectContaining({ level: 'warn', reason: 'DHUO_LOADS may not call DBMS_CLOUD' })])
    await over.database.cloud.grant(true)
    expect(await left()).toEqual([])
  })

  test('that is no CSV is told as it is row by row', async () => {
    const broken = storage.file(`a,b\n${'1,2\n'.repeat(300_000)}"open`, 'CSV')
    await expect(write(broken, 'broken')).rejects.toMatchObject({ code: 'BAD_USER_INPUT', field: 'file' })
    expect(over.database.cloud.calls).toEqual([])
  })

  test('that its client gives up is loaded no further, and its URL is taken back', async () => {
    const leaving = new AbortController()
    over.database.cloud.whileLoading = async () => {
      leaving.abort(new Error('the client went away'))
      await new Promise((resolve) => setTimeout(resolve, 300))
    }
    await expect(
      over.lakehouse.writeTable(
        { schema, table: 'given_up', mode: 'CREATE' },
        { file: storage.file(csvOf(), 'CSV') },
        leaving.signal,
      ),
    ).rejects.toThrow('the client went away')
    expect(storage.lent.size).toBe(0)
    expect(await over.lakehouse.describeTables(schema, ['given_up'])).toEqual([null])
  })

  test('is lent by Object Storage in a request of its own for a dataset, which is deleted when the rows are there', async () => {
    const oci = await createOciHub({
      DHUO_LAKEHOUSE_URL: over.listener.url,
      DHUO_ORACLE_USER: 'DHUOSERVER',
      DHUO_ORACLE_PASSWORD: 'secret',
      DHUO_ORACLE_CLOUD_LOAD_MB: '1',
    })
    try {
      const { hub, double } = oci
      const { name: project } = await seedProject(hub)
      const { name: bucket } = await seedBucket(hub, project)
      await seedObject(hub, bucket, 'raw/é, 1.csv', csvOf())
      const input = { project, name: 'weather', object: { bucket, key: 'raw/é, 1.csv', format: 'CSV' } }
      const { createDataset } = await hub.data(
        'mutation ($input: CreateDatasetInput!) { createDataset(input: $input) { name rowCount } }',
        { input },
      )
      expect(createDataset).toEqual({ name: 'weather', rowCount: 1_150 })
      const [call] = over.database.cloud.calls
      expect(call!['file_uri_list']).toMatch(new RegExp(`^${double.url}/p/[^/]+/n/tenant/b/${bucket}/o/[^?,*\\s]+$`))
      expect((await fetch(call!['file_uri_list']!)).status).toBe(404)
    } finally {
      await oci.close()
    }
  })
})
