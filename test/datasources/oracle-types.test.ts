import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { Binary, Table, tableFromArrays, tableToIPC, Utf8, vectorFromArray } from 'apache-arrow'
import type { TableFormat } from '../../src/datasources/lakehouse/lakehouse.js'
import { type DatabaseColumn, type OracleTypeName, oracleTypes } from '../oracle/oracle-database.js'
import { openScripted, type ScriptedLakehouse } from '../oracle/scripted-lakehouse.js'

const schema = 'iris'
let open: ScriptedLakehouse
let older: ScriptedLakehouse
beforeAll(async () => {
  open = await openScripted()
  older = await openScripted({}, { release: 19 })
})
afterAll(() => Promise.all([open.close(), older.close()]))

/** What a column of that type with these values is on the wire comes out as. */
async function read(column: Omit<DatabaseColumn, 'name'>, values: readonly unknown[], of = open) {
  const described = { columns: [{ name: 'V', ...column }], rows: values.map((value) => [value]) }
  // What is asked for as text in the statement around it comes as text.
  const asText = { columns: [{ name: 'C1', type: 'VARCHAR2', size: 4000 } as const], rows: described.rows }
  of.database.reply(/^select v from t$/, described).reply(/^WITH DHUO\$Q/, asText)
  const page = await of.lakehouse.select({ schema, sql: 'select v from t' }, { limit: 1_000 })
  const [{ type, databaseType }] = page.columns as [(typeof page.columns)[0]]
  return { type, databaseType, values: page.rows.map(([value]) => value) }
}

const long = '12345678901234567890123456789012345678'
const clob = 'é€😀x'.repeat(400_000)

describe('values from the database', () => {
  const cases: [string, Omit<DatabaseColumn, 'name'>, unknown[], string, string, unknown[]][] = [
    [
      'NUMBER(38) whole numbers beyond a double',
      { type: 'NUMBER', precision: 38, scale: 0 },
      ['0', '-1', '9007199254740991', '9007199254740992', long, `-${long}`],
      'INTEGER',
      'NUMBER(38)',
      [0, -1, 9007199254740991, '9007199254740992', long, `-${long}`],
    ],
    [
      'NUMBER(20,5) with the zeros of the scale',
      { type: 'NUMBER', precision: 20, scale: 5 },
      ['0.5', '-0.00001', '123456789012345.67891', '7'],
      'DECIMAL',
      'NUMBER(20,5)',
      [0.5, -0.00001, '123456789012345.67891', 7],
    ],
    [
      'NUMBER(5,-3), whole',
      { type: 'NUMBER', precision: 5, scale: -3 },
      ['12000', '-99999000'],
      'INTEGER',
      'NUMBER(5,-3)',
      [12000, -99999000],
    ],
    [
      'NUMBER without a precision',
      { type: 'NUMBER' },
      ['1', '0.1', `0.${long}`, '1E40'],
      'DECIMAL',
      'NUMBER',
      [1, 0.1, `0.${long}`, `1${'0'.repeat(40)}`],
    ],
    ['FLOAT', { type: 'NUMBER', precision: 126, scale: -127 }, ['0.25', '-3'], 'FLOAT', 'FLOAT(126)', [0.25, -3]],
    [
      'BINARY_DOUBLE',
      { type: 'BINARY_DOUBLE' },
      [1.5, -0.1, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
      'FLOAT',
      'BINARY_DOUBLE',
      [1.5, -0.1, 'NaN', 'Infinity', '-Infinity'],
    ],
    ['BINARY_FLOAT', { type: 'BINARY_FLOAT' }, [1.5, -2], 'FLOAT', 'BINARY_FLOAT', [1.5, -2]],
    ['BOOLEAN', { type: 'BOOLEAN' }, [true, false], 'BOOLEAN', 'BOOLEAN', [true, false]],
    [
      'VARCHAR2 with letters of several bytes',
      { type: 'VARCHAR2', size: 40 },
      ['São Paulo', '😀'],
      'STRING',
      'VARCHAR2(40)',
      ['São Paulo', '😀'],
    ],
    ['CHAR with its blanks', { type: 'CHAR', size: 4 }, ['ab  '], 'STRING', 'CHAR(4)', ['ab  ']],
    ['NVARCHAR2', { type: 'NVARCHAR2', size: 40 }, ['€😀'], 'STRING', 'NVARCHAR2(40)', ['€😀']],
    ['CLOB of megabytes', { type: 'CLOB' }, [clob, 'short'], 'STRING', 'CLOB', [clob, 'short']],
    ['NCLOB', { type: 'NCLOB' }, ['€'], 'STRING', 'NCLOB', ['€']],
    ['LONG', { type: 'LONG' }, ['long ago'], 'STRING', 'LONG', ['long ago']],
    ['LONG RAW', { type: 'LONG RAW' }, [Buffer.from([9])], 'BINARY', 'LONG RAW', ['CQ==']],
    ['RAW', { type: 'RAW', size: 16 }, [Buffer.from([0, 255, 16])], 'BINARY', 'RAW(16)', ['AP8Q']],
    [
      'BLOB of megabytes',
      { type: 'BLOB' },
      [Buffer.alloc(3_000_000, 7), Buffer.from([1])],
      'BINARY',
      'BLOB',
      [Buffer.alloc(3_000_000, 7).toString('base64'), 'AQ=='],
    ],
    [
      'INTERVAL YEAR TO MONTH',
      { type: 'INTERVAL YEAR TO MONTH' },
      [
        { years: 3, months: 2 },
        { years: 0, months: -11 },
        { years: -1_000, months: 0 },
      ],
      'OTHER',
      'INTERVAL YEAR TO MONTH',
      ['3-02', '-0-11', '-1000-00'],
    ],
    [
      'INTERVAL DAY TO SECOND with nanoseconds',
      { type: 'INTERVAL DAY TO SECOND' },
      [
        { days: 1, hours: 2, minutes: 3, seconds: 4, nanos: 0 },
        { days: 0, hours: 0, minutes: 0, seconds: -1, nanos: -500_000_000 },
        { days: 400, hours: 23, minutes: 59, seconds: 59, nanos: 123_456_789 },
      ],
      'OTHER',
      'INTERVAL DAY TO SECOND',
      ['1 02:03:04', '-0 00:00:01.500', '400 23:59:59.123456789'],
    ],
    [
      'VECTOR of each format',
      { type: 'VECTOR' },
      [Float32Array.from([0.5, -2]), Float64Array.from([0.1, 1e300]), Int8Array.from([-128, 127])],
      'JSON',
      'VECTOR',
      [
        [0.5, -2],
        [0.1, 1e300],
        [-128, 127],
      ],
    ],
    [
      'DATE, with its time of day',
      { type: 'DATE' },
      [' 2026-11-27T18:15:24', '-0044-03-15T12:00:00'],
      'TIMESTAMP',
      'DATE',
      ['2026-11-27T18:15:24.000Z', '-000043-03-15T12:00:00.000Z'],
    ],
    [
      'TIMESTAMP to the nanosecond',
      { type: 'TIMESTAMP', precision: 9 },
      [' 2026-11-27T18:15:24.123456789', ' 0001-01-01T00:00:00.100000000', ' 9999-12-31T23:59:59.000001000'],
      'TIMESTAMP',
      'TIMESTAMP(9)',
      ['2026-11-27T18:15:24.123456789Z', '0001-01-01T00:00:00.100Z', '9999-12-31T23:59:59.000001Z'],
    ],
    [
      'TIMESTAMP WITH TIME ZONE',
      { type: 'TIMESTAMP WITH TIME ZONE', precision: 6 },
      [' 2026-11-27T18:15:24.000000000'],
      'TIMESTAMP',
      'TIMESTAMP(6) WITH TIME ZONE',
      ['2026-11-27T18:15:24.000Z'],
    ],
    [
      'TIMESTAMP WITH LOCAL TIME ZONE',
      { type: 'TIMESTAMP WITH LOCAL TIME ZONE', precision: 6 },
      [' 2026-11-27T18:15:24.000000000'],
      'TIMESTAMP',
      'TIMESTAMP(6) WITH LOCAL TIME ZONE',
      ['2026-11-27T18:15:24.000Z'],
    ],
    [
      'JSON with long numbers',
      { type: 'JSON' },
      [`{"a":[1,null,true],"n":${long},"d":0.1}`, '"text"', 'null'],
      'JSON',
      'JSON',
      [{ a: [1, null, true], n: long, d: 0.1 }, 'text', null],
    ],
    [
      'text with CHECK (… IS JSON)',
      { type: 'VARCHAR2', size: 100, json: 'JSON' },
      ['{"a":1}'],
      'JSON',
      'VARCHAR2(100)',
      [{ a: 1 }],
    ],
    ['ROWID', { type: 'ROWID' }, [{ rba: 1, part: 2, block: 3, slot: 4 }], 'OTHER', 'ROWID', ['AAAAABAACAAAAADAAE']],
  ]
  test.each(cases)('%s', async (_what, column, wire, type, databaseType, values) => {
    expect(await read(column, [...wire, null])).toEqual({ type, databaseType, values: [...values, null] })
  })

  test('times are asked for as text to the nanosecond, in UTC, and JSON as the database writes it', async () => {
    const asked = async (type: OracleTypeName) => {
      await read({ type, precision: 9 }, [])
      return open.database.sent.findLast(({ sql }) => sql.startsWith('WITH'))!.sql.replaceAll('\n', ' ')
    }
    const around = (expression: string) =>
      `WITH DHUO$Q (C1) AS ( select v from t ) SELECT ${expression} AS C1 FROM DHUO$Q WHERE ROWNUM > 0`
    const format = 'SYYYY-MM-DD"T"HH24:MI:SS'
    expect(await asked('DATE')).toBe(around(`TO_CHAR(C1, '${format}')`))
    expect(await asked('TIMESTAMP')).toBe(around(`TO_CHAR(C1, '${format}.FF9')`))
    for (const zoned of ['TIMESTAMP WITH TIME ZONE', 'TIMESTAMP WITH LOCAL TIME ZONE'] as const)
      expect(await asked(zoned)).toBe(around(`TO_CHAR(SYS_EXTRACT_UTC(C1), '${format}.FF9')`))
    expect(await asked('JSON')).toBe(around('JSON_SERIALIZE(C1 RETURNING CLOB)'))
  })

  test.each(['CURSOR', 'BFILE'] as const)(
    '%s is refused by the name of its column, and the statement is not run',
    async (type) => {
      open.database.sent.length = 0
      await expect(read({ type }, [])).rejects.toMatchObject({ code: 'BAD_USER_INPUT', field: 'sql', message: /"V".*convert/ })
      expect(open.database.sentLike(/^select v/)).toEqual([])
    },
  )

  test('all of its types are among these', () => {
    const tested = new Set<string>(cases.map(([, { type }]) => type))
    expect(Object.keys(oracleTypes).filter((name) => !tested.has(name))).toEqual(['CURSOR', 'BFILE'])
  })

  test('a database of before 23ai describes its columns as well', async () => {
    expect(await read({ type: 'NUMBER', precision: 1, scale: 0 }, ['1'], older)).toMatchObject({ type: 'INTEGER', values: [1] })
    expect(await read({ type: 'CLOB', json: 'JSON' }, ['{"a":[1]}'], older)).toMatchObject({ type: 'JSON', values: [{ a: [1] }] })
  })

  test('in text files they have the same forms', async () => {
    open.database.reply(/^select v from u$/, {
      columns: [
        { name: 'N', type: 'NUMBER', precision: 38, scale: 0 },
        { name: 'D', type: 'NUMBER', precision: 5, scale: 2 },
        { name: 'F', type: 'BINARY_DOUBLE' },
        { name: 'I', type: 'INTERVAL DAY TO SECOND' },
        { name: 'B', type: 'RAW', size: 4 },
        { name: 'E', type: 'VECTOR' },
      ],
      rows: [
        [long, '0.5', Number.NaN, { days: 1, hours: 0, minutes: 0, seconds: 0, nanos: 0 }, Buffer.from([1]), Int8Array.of(1)],
      ],
    })
    const csv = await open.lakehouse.exportSelect({ schema, sql: 'select v from u' }, 'CSV')
    expect(await text(csv.bytes)).toBe(`N,D,F,I,B,E\n${long},0.50,NaN,1 00:00:00,AQ==,[1]\n`)
  })
})

describe('values to the database', () => {
  /** What the parameter is on the wire. */
  async function bound(param: unknown, of = open) {
    of.database.sent.length = 0
    of.database.reply(/^update t/, {})
    await of.lakehouse.execute({ schema, sql: 'update t set v = ?', paramSets: [[param]] })
    return of.database.sentLike(/^update t/)[0]!.sets[0]![0]!
  }

  test.each([
    ['a whole number', 9007199254740991, { type: 'NUMBER', value: '9007199254740991' }],
    ['a fraction', -0.1, { type: 'NUMBER', value: '-0.1' }],
    ['zero', 0, { type: 'NUMBER', value: '0' }],
    ['a number larger than any NUMBER', 1e300, { type: 'BINARY_DOUBLE', value: 1e300 }],
    ['a number smaller than any NUMBER', 1e-300, { type: 'BINARY_DOUBLE', value: 1e-300 }],
    ['a long number, which is text', long, { type: 'VARCHAR2', value: long }],
    ['text of several bytes a letter', 'São 😀', { type: 'VARCHAR2', value: 'São 😀' }],
    ['null', null, { type: 'VARCHAR2', value: null }],
    ['true', true, { type: 'BOOLEAN', value: true }],
    ['false', false, { type: 'BOOLEAN', value: false }],
    ['a list, which is JSON', [1, 'a', null], { type: 'VARCHAR2', value: '[1,"a",null]' }],
    ['an object, which is JSON', { a: { b: 1 } }, { type: 'VARCHAR2', value: '{"a":{"b":1}}' }],
  ])('%s', async (_what, param, expected) => {
    expect(await bound(param)).toEqual(expected)
  })

  test('text of megabytes comes whole', async () => {
    const { type, value } = await bound(clob)
    expect([type, value === clob]).toEqual(['VARCHAR2', true])
  })

  test('NaN is refused by the name of its parameter, for the database has none that JSON can tell', async () => {
    await expect(bound(Number.NaN)).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      field: 'params',
      message: /1 is not a number/,
    })
  })

  test('before 23ai truth values are numbers', async () => {
    expect(await bound(true, older)).toEqual({ type: 'NUMBER', value: '1' })
    expect(await bound(false, older)).toEqual({ type: 'NUMBER', value: '0' })
  })

  /** Columns that a table gets for a file, and the first row that is sent. */
  async function loaded(content: string | Uint8Array, format: TableFormat, of = open) {
    const bytes = Buffer.from(content)
    const file = { name: 'rows', format, localFile: null, size: bytes.length, open: async () => Readable.from([bytes]) }
    of.database.sent.length = 0
    await of.lakehouse.writeTable({ schema, table: 'loaded', mode: 'REPLACE' }, { file }).catch((error) => {
      // Of a table that nobody made there is nothing to describe.
      if (error.name === 'DhuoError') throw error
    })
    const { sql: created } = of.database.sentLike(/^CREATE TABLE "DHUO\$LOADED/)[0]!
    const { sql: insert, sets } = of.database.sentLike(/^INSERT INTO "DHUO\$LOADED/)[0]!
    return {
      columns: Object.fromEntries(
        [...created.matchAll(/"(\w+)" ([A-Z][^,]*?(?:\([^)]*\)[^,]*?)?)(?=, "|\)$)/g)].map((m) => [m[1], m[2]]),
      ),
      expressions: insert.slice(insert.indexOf('VALUES (') + 8, -1),
      rows: sets.map((set) => set.map(({ value }) => value)),
      types: sets[0]!.map(({ type }) => type),
    }
  }

  test('of files: exact numbers as text, reals as reals, times to the nanosecond, truth values and JSON', async () => {
    const json = `{"n":${Number.MAX_SAFE_INTEGER},"f":0.1,"t":"2026-11-27 18:15:24.123456","d":"2026-11-27","b":true,"j":{"a":[1]},"s":"São"}\n`
    expect(await loaded(json, 'NDJSON')).toEqual({
      columns: {
        N: 'NUMBER(19)',
        F: 'BINARY_DOUBLE',
        T: 'TIMESTAMP(6)',
        D: 'DATE',
        B: 'BOOLEAN',
        J: 'JSON',
        S: 'VARCHAR2(4000)',
      },
      expressions: expect.stringMatching(
        /^TO_NUMBER\(:1\), :2, TO_TIMESTAMP\(:3, '[^']*FF9'\), CAST\(TO_TIMESTAMP\(:4, '[^']*'\) AS DATE\), TO_BOOLEAN\(:5\), :6, :7$/,
      ),
      rows: [['9007199254740991', 0.1, '2026-11-27T18:15:24.123456', '2026-11-27T00:00:00.0', 'true', '{"a":[1]}', 'São']],
      types: ['VARCHAR2', 'BINARY_DOUBLE', 'VARCHAR2', 'VARCHAR2', 'VARCHAR2', 'VARCHAR2', 'VARCHAR2'],
    })
  })

  test('of files on 19c: truth values as 1 and 0, JSON as CLOB', async () => {
    const of = await loaded('{"b":true,"j":{"a":[1]}}\n{"b":false,"j":{"a":[2]}}\n{"b":null,"j":null}\n', 'NDJSON', older)
    expect(of).toEqual({
      columns: { B: 'NUMBER(1)', J: 'CLOB' },
      expressions: ':1, :2',
      rows: [
        ['1', '{"a":[1]}'],
        ['0', '{"a":[2]}'],
        [null, null],
      ],
      types: ['NUMBER', 'VARCHAR2'],
    })
  })

  test('of files: binary as RAW, whatever its bytes, long text as CLOB, and long JSON as a temporary CLOB', async () => {
    const bytes = Buffer.from([0, 1, 255, 254])
    const table = new Table({ b: vectorFromArray([bytes], new Binary()), s: vectorFromArray([clob], new Utf8()) })
    const arrow = await loaded(tableToIPC(table, 'file'), 'ARROW')
    expect(arrow.columns).toEqual({ B: 'BLOB', S: 'CLOB' })
    expect(arrow.types).toEqual(['RAW', 'VARCHAR2'])
    expect(arrow.rows[0]![0]).toEqual(bytes)
    expect(arrow.rows[0]![1] === clob).toBe(true)
    const large = await loaded(`${JSON.stringify({ j: { a: 'x'.repeat(100_000) } })}\n`, 'NDJSON')
    expect(large).toMatchObject({ columns: { J: 'JSON' }, types: ['CLOB'] })
    expect(String(large.rows[0]![0])).toHaveLength(100_008)
  })

  test('of files: NaN and infinities of reals', async () => {
    const reals = tableFromArrays({ f: Float64Array.from([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0]) })
    expect((await loaded(tableToIPC(reals, 'file'), 'ARROW')).rows.flat()).toEqual([
      Number.NaN,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
      expect.closeTo(0),
    ])
  })
})
