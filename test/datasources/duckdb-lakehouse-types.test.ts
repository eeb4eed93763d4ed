import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { tableFromIPC } from 'apache-arrow'
import { openDuckdbLakehouse } from '../../src/datasources/lakehouse/duckdb-lakehouse.js'
import type { ColumnType, Lakehouse, SourceFile, TableFormat, Value } from '../../src/datasources/lakehouse/lakehouse.js'

interface Golden {
  databaseType: string
  type: ColumnType
  /** SQL expressions, and what a client gets for each. A null is added to every type. */
  values: [sql: string, value: Value][]
  /** The type it has after Parquet and after Arrow, where it is another. The values are the same even so, but for `asText`. */
  parquet?: string
  arrow?: string
  /** These types become text there. */
  asText?: boolean
}

const text = 'ação ✓ 漢字 👩‍🔬 "quoted", comma\nline\ttab \\ back'
const golden: Record<string, Golden> = {
  boolean: {
    databaseType: 'BOOLEAN',
    type: 'BOOLEAN',
    values: [
      ['true', true],
      ['false', false],
    ],
  },
  tinyint: {
    databaseType: 'TINYINT',
    type: 'INTEGER',
    values: [
      ['-128', -128],
      ['127', 127],
    ],
  },
  smallint: {
    databaseType: 'SMALLINT',
    type: 'INTEGER',
    values: [
      ['-32768', -32768],
      ['32767', 32767],
    ],
  },
  integer: {
    databaseType: 'INTEGER',
    type: 'INTEGER',
    values: [
      ['-2147483648', -2147483648],
      ['2147483647', 2147483647],
      ['0', 0],
    ],
  },
  bigint: {
    databaseType: 'BIGINT',
    type: 'INTEGER',
    values: [
      ['-9223372036854775808', '-9223372036854775808'],
      ['9223372036854775807', '9223372036854775807'],
      ['9007199254740991', 9007199254740991],
      ['9007199254740992', '9007199254740992'],
      ['-9007199254740991', -9007199254740991],
      ['-9007199254740992', '-9007199254740992'],
    ],
  },
  hugeint: {
    databaseType: 'HUGEINT',
    type: 'INTEGER',
    parquet: 'DECIMAL(38,0)',
    arrow: 'DECIMAL(38,0)',
    values: [
      ['-99999999999999999999999999999999999999', '-99999999999999999999999999999999999999'],
      ['99999999999999999999999999999999999999', '99999999999999999999999999999999999999'],
      ['1', 1],
    ],
  },
  utinyint: {
    databaseType: 'UTINYINT',
    type: 'INTEGER',
    values: [
      ['0', 0],
      ['255', 255],
    ],
  },
  usmallint: { databaseType: 'USMALLINT', type: 'INTEGER', values: [['65535', 65535]] },
  uinteger: { databaseType: 'UINTEGER', type: 'INTEGER', values: [['4294967295', 4294967295]] },
  ubigint: {
    databaseType: 'UBIGINT',
    type: 'INTEGER',
    values: [
      ['18446744073709551615', '18446744073709551615'],
      ['7', 7],
    ],
  },
  uhugeint: {
    databaseType: 'UHUGEINT',
    type: 'INTEGER',
    parquet: 'DECIMAL(38,0)',
    arrow: 'DECIMAL(38,0)',
    values: [
      ['99999999999999999999999999999999999999', '99999999999999999999999999999999999999'],
      ['0', 0],
    ],
  },
  bignum: {
    databaseType: 'BIGNUM',
    type: 'INTEGER',
    parquet: 'VARCHAR',
    arrow: 'VARCHAR',
    asText: true,
    values: [
      [`'${'9'.repeat(60)}'`, '9'.repeat(60)],
      ['-5', -5],
    ],
  },
  float: {
    databaseType: 'FLOAT',
    type: 'FLOAT',
    values: [
      ["'nan'", 'NaN'],
      ["'inf'", 'Infinity'],
      ["'-inf'", '-Infinity'],
      ['1.5', 1.5],
      ['3.4028235e38', 3.4028234663852886e38],
      ['0.1', Math.fround(0.1)],
    ],
  },
  double: {
    databaseType: 'DOUBLE',
    type: 'FLOAT',
    values: [
      ["'nan'", 'NaN'],
      ["'inf'", 'Infinity'],
      ["'-inf'", '-Infinity'],
      ['1.7976931348623157e308', Number.MAX_VALUE],
      ['5e-324', 5e-324],
      ['0.1', 0.1],
      ['123456789.12345679', 123456789.12345679],
    ],
  },
  decimal4: {
    databaseType: 'DECIMAL(4,1)',
    type: 'DECIMAL',
    values: [
      ['-999.9', -999.9],
      ['0.1', 0.1],
    ],
  },
  decimal9: {
    databaseType: 'DECIMAL(9,4)',
    type: 'DECIMAL',
    values: [
      ['-99999.9999', -99999.9999],
      ['12345.6789', 12345.6789],
    ],
  },
  decimal18: {
    databaseType: 'DECIMAL(18,3)',
    type: 'DECIMAL',
    values: [
      ['999999999999.999', 999999999999.999],
      ['1000000000000.000', '1000000000000.000'],
      ['-999999999999999.999', '-999999999999999.999'],
    ],
  },
  decimal38: {
    databaseType: 'DECIMAL(38,10)',
    type: 'DECIMAL',
    values: [
      ["'9999999999999999999999999999.9999999999'", '9999999999999999999999999999.9999999999'],
      ["'-9999999999999999999999999999.9999999999'", '-9999999999999999999999999999.9999999999'],
      ['1.5', 1.5],
    ],
  },
  decimal_fraction: {
    databaseType: 'DECIMAL(38,38)',
    type: 'DECIMAL',
    values: [
      ["'0.00000000000000000000000000000000000001'", 1e-38],
      ["'-0.12345678901234567890123456789012345678'", '-0.12345678901234567890123456789012345678'],
    ],
  },
  varchar: {
    databaseType: 'VARCHAR',
    type: 'STRING',
    values: [
      ["''", ''],
      ["'NULL'", 'NULL'],
      [`'${text.replaceAll("'", "''")}'`, text],
      ["repeat('long ', 5000)", 'long '.repeat(5000)],
      ["' x '", ' x '],
    ],
  },
  blob: {
    databaseType: 'BLOB',
    type: 'BINARY',
    values: [
      ["''::BLOB", ''],
      ["'\\x00\\xFF\\x10abc'::BLOB", 'AP8QYWJj'],
      ["unhex(repeat('00ff', 100))", Buffer.from('00ff'.repeat(100), 'hex').toString('base64')],
    ],
  },
  bit: {
    databaseType: 'BIT',
    type: 'OTHER',
    parquet: 'VARCHAR',
    arrow: 'VARCHAR',
    asText: true,
    values: [
      ["'0101'", '0101'],
      ["'111111111'", '111111111'],
    ],
  },
  date: {
    databaseType: 'DATE',
    type: 'DATE',
    values: [
      ["'2024-02-29'", '2024-02-29'],
      ["'1970-01-01'", '1970-01-01'],
      ["'0044-03-15 (BC)'", '-000043-03-15'],
      ["'0001-01-01'", '0001-01-01'],
      ["'9999-12-31'", '9999-12-31'],
      ["'10000-01-01'", '+010000-01-01'],
      ["'5881580-07-10'", '+5881580-07-10'],
      ["'5877642-06-25 (BC)'", '-5877641-06-25'],
      ["'infinity'", 'Infinity'],
      ["'-infinity'", '-Infinity'],
    ],
  },
  time: {
    databaseType: 'TIME',
    type: 'OTHER',
    values: [
      ["'00:00:00'", '00:00:00'],
      ["'23:59:59.999999'", '23:59:59.999999'],
      ["'24:00:00'", '24:00:00'],
    ],
  },
  timetz: {
    databaseType: 'TIME WITH TIME ZONE',
    type: 'OTHER',
    parquet: 'VARCHAR',
    arrow: 'VARCHAR',
    asText: true,
    values: [
      ["'10:00:00+02'", '10:00:00+02'],
      ["'23:59:59.999999-15:59:59'", '23:59:59.999999-15:59:59'],
    ],
  },
  timestamp: {
    databaseType: 'TIMESTAMP',
    type: 'TIMESTAMP',
    values: [
      ["'2024-02-29 12:34:56'", '2024-02-29T12:34:56.000Z'],
      ["'1969-12-31 23:59:59.999999'", '1969-12-31T23:59:59.999999Z'],
      ["'2024-02-29 12:34:56.789'", '2024-02-29T12:34:56.789Z'],
      ["'0044-03-15 (BC) 01:02:03.5'", '-000043-03-15T01:02:03.500Z'],
      ["'0987-01-01 00:00:00'", '0987-01-01T00:00:00.000Z'],
      ["'290309-12-22 (BC) 00:00:00'", '-290308-12-22T00:00:00.000Z'],
      ["'294247-01-10 04:00:54.775806'", '+294247-01-10T04:00:54.775806Z'],
      ["'infinity'", 'Infinity'],
      ["'-infinity'", '-Infinity'],
    ],
  },
  timestamp_s: {
    databaseType: 'TIMESTAMP_S',
    type: 'TIMESTAMP',
    parquet: 'TIMESTAMP',
    values: [["'2024-02-29 12:34:56'", '2024-02-29T12:34:56.000Z']],
  },
  timestamp_ms: {
    databaseType: 'TIMESTAMP_MS',
    type: 'TIMESTAMP',
    parquet: 'TIMESTAMP',
    values: [
      ["'2024-02-29 12:34:56.789'", '2024-02-29T12:34:56.789Z'],
      ["'1969-12-31 23:59:59.001'", '1969-12-31T23:59:59.001Z'],
    ],
  },
  timestamp_ns: {
    databaseType: 'TIMESTAMP_NS',
    type: 'TIMESTAMP',
    values: [
      ["'2024-02-29 12:34:56.123456789'", '2024-02-29T12:34:56.123456789Z'],
      ["'2024-02-29 12:34:56.123456'", '2024-02-29T12:34:56.123456Z'],
      ["'2024-02-29 12:34:56'", '2024-02-29T12:34:56.000Z'],
      ["'1677-09-22 00:00:00'", '1677-09-22T00:00:00.000Z'],
      ["'infinity'", 'Infinity'],
    ],
  },
  timestamptz: {
    databaseType: 'TIMESTAMP WITH TIME ZONE',
    type: 'TIMESTAMP',
    values: [
      ["'2024-07-01 12:00:00-03'", '2024-07-01T15:00:00.000Z'],
      ["'2024-07-01 12:00:00.5+05:30'", '2024-07-01T06:30:00.500Z'],
      ["'infinity'", 'Infinity'],
    ],
  },
  interval: {
    databaseType: 'INTERVAL',
    type: 'OTHER',
    parquet: 'VARCHAR',
    arrow: 'VARCHAR',
    asText: true,
    values: [
      ["'1 year 2 months 3 days 04:05:06.000007'", '1 year 2 months 3 days 04:05:06.000007'],
      ["'-1 day'", '-1 day'],
    ],
  },
  uuid: {
    databaseType: 'UUID',
    type: 'STRING',
    arrow: 'VARCHAR',
    values: [
      ["'ffffffff-ffff-ffff-ffff-ffffffffffff'", 'ffffffff-ffff-ffff-ffff-ffffffffffff'],
      ["'00000000-0000-0000-0000-000000000000'", '00000000-0000-0000-0000-000000000000'],
    ],
  },
  enum: {
    databaseType: "ENUM('so so', 'b')",
    type: 'STRING',
    parquet: 'VARCHAR',
    arrow: 'VARCHAR',
    values: [
      ["'so so'", 'so so'],
      ["'b'", 'b'],
    ],
  },
  json: {
    databaseType: 'JSON',
    type: 'JSON',
    arrow: 'VARCHAR',
    asText: true,
    values: [
      [`'{"a":[1,2.5,null,"x"],"big":12345678901234567890}'`, { a: [1, 2.5, null, 'x'], big: '12345678901234567890' }],
      ["'null'", null],
      [`'"s"'`, 's'],
    ],
  },
  list: {
    databaseType: 'BIGINT[]',
    type: 'JSON',
    values: [
      ['[]', []],
      ['[1, NULL, 9007199254740993]', [1, null, '9007199254740993']],
    ],
  },
  list_text: {
    databaseType: 'VARCHAR[]',
    type: 'JSON',
    values: [["['a', NULL, '', 'a much longer text than twelve']", ['a', null, '', 'a much longer text than twelve']]],
  },
  list_nested: { databaseType: 'INTEGER[][]', type: 'JSON', values: [['[[1], [], NULL, [2, 3]]', [[1], [], null, [2, 3]]]] },
  fixed_list: {
    databaseType: 'DOUBLE[3]',
    type: 'JSON',
    values: [
      ["[1, NULL, 'nan'::DOUBLE]", [1, null, 'NaN']],
      ['[4, 5, 6]', [4, 5, 6]],
    ],
    parquet: 'DOUBLE[]',
  },
  struct: {
    databaseType: 'STRUCT(a INTEGER, "B c" TIMESTAMP, l VARCHAR[])',
    type: 'JSON',
    values: [
      ["{'a': 1, 'B c': TIMESTAMP '2020-01-01', 'l': ['x']}", { a: 1, 'B c': '2020-01-01T00:00:00.000Z', l: ['x'] }],
      ["{'a': NULL, 'B c': NULL, 'l': NULL}", { a: null, 'B c': null, l: null }],
    ],
  },
  map: {
    databaseType: 'MAP(VARCHAR, DECIMAL(20,2))',
    type: 'JSON',
    values: [
      ["MAP {'k': 1.5, 'n': NULL}", { k: 1.5, n: null }],
      ['MAP {}', {}],
    ],
  },
  map_integer: { databaseType: 'MAP(INTEGER, VARCHAR)', type: 'JSON', values: [["MAP {1: 'x'}", { 1: 'x' }]] },
  tagged: {
    databaseType: 'UNION(num BIGINT, str VARCHAR)',
    type: 'JSON',
    parquet: 'VARCHAR',
    arrow: 'VARCHAR',
    asText: true,
    values: [
      ['union_value(num := 9007199254740993)', '9007199254740993'],
      ["union_value(str := 'x')", 'x'],
    ],
  },
  struct_deep: {
    databaseType: 'STRUCT(h HUGEINT, d DATE, b BLOB, m MAP(VARCHAR, DOUBLE[]))',
    type: 'JSON',
    parquet: 'STRUCT(h DECIMAL(38,0), d DATE, b BLOB, m MAP(VARCHAR, DOUBLE[]))',
    arrow: 'STRUCT(h DECIMAL(38,0), d DATE, b BLOB, m MAP(VARCHAR, DOUBLE[]))',
    values: [
      [
        "{'h': 12345678901234567890, 'd': DATE '2020-01-02', 'b': 'ab'::BLOB, 'm': MAP {'x': ['inf'::DOUBLE, 1]}}",
        { h: '12345678901234567890', d: '2020-01-02', b: 'YWI=', m: { x: ['Infinity', 1] } },
      ],
    ],
  },
}

describe('a value is the same in a page and in every file', () => {
  let directory: string
  let lakehouse: Lakehouse
  const schema = 'types'
  const cases = Object.entries(golden)
  const sqlOf = ({ databaseType, values }: Golden) =>
    `select * from (values ${[...values, ['NULL', null] as const].map(([sql], i) => `(${i}, (${sql})::${databaseType})`).join(', ')}) t(n, v)`

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'types-'))
    // Another zone of the process must not show anywhere.
    process.env['TZ'] = 'America/Recife'
    lakehouse = await openDuckdbLakehouse({ scheme: 'duckdb', directory, memoryLimitMb: 512, timeoutMs: 10_000 })
    for (const [table, type] of cases) {
      await lakehouse.writeTable({ schema, table, mode: 'CREATE' }, { sql: `select n, v from (${sqlOf(type)}) order by n` })
    }
  })
  afterAll(async () => {
    await lakehouse.close()
    await rm(directory, { recursive: true, force: true })
  })

  const expected = ({ values }: Golden) => [...values.map(([, value], i) => [i, value]), [values.length, null]]
  const read = async (table: string) => lakehouse.select({ schema, sql: `select n, v from ${table} order by n` }, { limit: 100 })
  const exported = async (table: string, format: TableFormat) =>
    buffer((await lakehouse.exportSelect({ schema, sql: `select n, v from ${table} order by n` }, format)).bytes)
  const file = (bytes: Buffer, format: TableFormat): SourceFile => ({
    name: `x.${format}`,
    format,
    localFile: null,
    size: bytes.length,
    open: async () => Readable.from([bytes]),
  })

  test.each(cases)('%s in a page', async (table, type) => {
    const page = await read(table)
    expect(page.rows).toEqual(expected(type))
    expect(page.columns[1]).toEqual({ name: 'v', type: type.type, databaseType: type.databaseType, nullable: true })
    const [shape] = await lakehouse.describeTables(schema, [table])
    expect(shape?.columns[1]).toEqual(page.columns[1])
  })

  test.each(cases)('%s as NDJSON and JSON', async (table, type) => {
    const lines = (await exported(table, 'NDJSON')).toString().trimEnd().split('\n')
    expect(lines.map((line) => exact(line)).map(({ n, v }) => [n, v])).toEqual(expected(type))
    const all = exact((await exported(table, 'JSON')).toString()) as unknown as { n: Value; v: Value }[]
    expect(all.map(({ n, v }) => [n, v])).toEqual(expected(type))
  })

  test.each(cases)('%s as CSV, where null is not the empty text', async (table, type) => {
    const rows = parseCsv((await exported(table, 'CSV')).toString())
    expect(rows[0]?.map((field) => field?.text)).toEqual(['n', 'v'])
    for (const [index, [, value]] of expected(type).entries()) {
      const field = rows[index + 1]?.[1]
      if (value === null && !(type.databaseType === 'JSON' && index < type.values.length))
        expect(field).toEqual({ text: '', quoted: false })
      else if (value === '') expect(field).toEqual({ text: '', quoted: true })
      else if (typeof value === 'string' && type.type !== 'JSON') expect(field?.text).toBe(value)
      else if (type.databaseType === 'FLOAT') expect(Math.fround(Number(field?.text))).toBe(value)
      else expect(exact(field?.text ?? '')).toEqual(value)
    }
  })

  describe.each(['PARQUET', 'ARROW'] as const)('through %s and back', (format) => {
    test.each(cases)('%s keeps its type and its values', async (table, type) => {
      const shape = await lakehouse.writeTable(
        { schema, table: 'back', mode: 'REPLACE' },
        { file: file(await exported(table, format), format) },
      )
      expect(shape.columns[1]?.databaseType).toBe((format === 'PARQUET' ? type.parquet : type.arrow) ?? type.databaseType)
      const { rows } = await read('back')
      if (!type.asText) expect(rows).toEqual(expected(type))
      else
        for (const [index, [, value]] of rows.entries()) {
          const wanted = expected(type)[index]?.[1] ?? null
          if (typeof wanted === 'object' && wanted !== null)
            expect(typeof value === 'string' ? exact(value) : value).toEqual(wanted)
          else if (type.databaseType !== 'JSON')
            expect(value === null ? null : String(value)).toBe(wanted === null ? null : String(wanted))
        }
    })
  })

  test('integers beyond 38 digits are refused in binary formats, not rounded', async () => {
    for (const format of ['PARQUET', 'ARROW'] as const)
      await expect(
        lakehouse
          .exportSelect({ schema, sql: "select '170141183460469231731687303715884105727'::hugeint as v" }, format)
          .then(({ bytes }) => buffer(bytes)),
      ).rejects.toMatchObject({ code: 'BAD_USER_INPUT' })
    const { rows } = await lakehouse.select(
      { schema, sql: "select '170141183460469231731687303715884105727'::hugeint" },
      { limit: 1 },
    )
    expect(rows).toEqual([['170141183460469231731687303715884105727']])
  })

  test('text with a NUL, negative zero, and JSON deeper than a parser survives', async () => {
    const { rows } = await lakehouse.select(
      {
        schema,
        sql: "select 'a' || chr(0) || 'b', '-0'::double, repeat('[', 100000) || repeat(']', 100000), json(?), ?::varchar",
        params: ['[1]', 'p\0q'],
      },
      { limit: 1 },
    )
    expect(rows[0]?.[0]).toBe('a\0b')
    expect(rows[0]?.[1]).toBe(-0)
    expect(rows[0]?.[3]).toEqual([1])
    expect(rows[0]?.[4]).toBe('p\0q')
    const deep = await lakehouse.select(
      { schema, sql: "select (repeat('[', 100000) || repeat(']', 100000))::json" },
      { limit: 1 },
    )
    expect(typeof deep.rows[0]?.[0]).toBe('string')
  })

  test('times without a zone are UTC, whatever the zone of the server', async () => {
    const { rows } = await lakehouse.select(
      {
        schema,
        sql: "select '2024-01-01 00:00:00'::timestamp::timestamptz, timestamptz '2024-01-01 00:00:00', strftime('2024-01-01'::timestamptz, '%H')",
      },
      { limit: 1 },
    )
    expect(rows).toEqual([['2024-01-01T00:00:00.000Z', '2024-01-01T00:00:00.000Z', '00']])
  })

  test.each([
    ['null', null, '?', null],
    ['a boolean', true, 'typeof(?)', 'BOOLEAN'],
    ['a whole number', 5, 'typeof(?)', 'INTEGER'],
    ['a long whole number', 2 ** 40, 'typeof(?)', 'BIGINT'],
    ['a fraction', 1.5, 'typeof(?)', 'DOUBLE'],
    ['a text', 'x', 'typeof(?)', 'VARCHAR'],
    ['a date as text', '2024-02-03', '?::date + 1', '2024-02-04'],
    ['an exact integer as text', '9223372036854775807', '?::bigint', '9223372036854775807'],
    ['an exact decimal as text', '12345678901234567.89', '?::decimal(20,2)', '12345678901234567.89'],
    ['a list', [1, null, 3], '?::integer[]', [1, null, 3]],
    ['an object', { a: 1, b: ['x'] }, '?::struct(a integer, b varchar[])', { a: 1, b: ['x'] }],
    ['an object as JSON', { a: { b: 2 } }, "?::json -> '$.a'", { b: 2 }],
    ['a length', 2, "substr('abc', ?)", 'bc'],
  ])('a parameter: %s', async (_what, param, sql, value) => {
    const { rows } = await lakehouse.select({ schema, sql: `select ${sql}`, params: [param] }, { limit: 1 })
    expect(rows).toEqual([[value]])
    const ndjson = await buffer(
      (await lakehouse.exportSelect({ schema, sql: `select ${sql} as v`, params: [param] }, 'NDJSON')).bytes,
    )
    expect(exact(ndjson.toString()).v).toEqual(value)
  })

  test('Arrow keeps the order of items in lists that were filtered, sorted, joined and nulled', async () => {
    const made = `select i, case when i % 7 = 0 then null else list_transform(range(5)[1:i % 5], lambda x: 'item number ' || x || ' of ' || i) end as l,
      map_from_entries([{k: 'k' || i, v: [i]}]) as m, {s: [i, i + 1], t: 'x'} as s, [[i], [], [i, i]] as n from range(5000) r(i)`
    for (const shaped of [
      `from (${made}) where i % 3 = 0`,
      `from (${made}) order by hash(i)`,
      `select b.* from (${made}) b join range(0, 5000, 3) a(i) using (i)`,
      `select i, l, l as l2, s, n from (${made}) where l is not null limit 3000`,
      `from (${made}) where i % 2 = 1 union all from (${made}) where i % 11 = 0`,
    ]) {
      const query = { schema, sql: `select i, l, n, s from (${shaped})` }
      const table = tableFromIPC(await buffer((await lakehouse.exportSelect(query, 'ARROW')).bytes))
      const rows: Value[][] = []
      for (const row of table)
        rows.push(
          JSON.parse(
            JSON.stringify([row['i'], row['l'], row['n'], row['s']], (_key, value) =>
              typeof value === 'bigint' ? Number(value) : value,
            ),
          ) as Value[],
        )
      const page = await lakehouse.select(query, { limit: 100_000 })
      const key = (a: Value[], b: Value[]) => Number(a[0]) - Number(b[0])
      expect(rows.sort(key)).toEqual(page.rows.sort(key))
    }
  })
})

/** JSON with long integers kept as text. */
const exact = (json: string): { [key: string]: Value } =>
  JSON.parse(json, (_key, value: unknown, context?: { source?: string }) =>
    typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d+$/.test(context?.source ?? '') ? context?.source : value,
  )

function parseCsv(csv: string): { text: string; quoted: boolean }[][] {
  const rows: { text: string; quoted: boolean }[][] = []
  let row: { text: string; quoted: boolean }[] = []
  for (const match of csv.matchAll(/(?:"((?:[^"]|"")*)"|([^,\n]*))(,|\n|$)/g)) {
    row.push(
      match[1] === undefined ? { text: match[2] ?? '', quoted: false } : { text: match[1].replaceAll('""', '"'), quoted: true },
    )
    if (match[3] !== ',') {
      rows.push(row)
      row = []
    }
  }
  return rows
}
