import { Readable } from 'node:stream'
import type { GivenRows, Lakehouse, SourceFile, VersionTarget } from '../../src/datasources/lakehouse/lakehouse.js'

/** What every lakehouse promises of tables to which versions are added. */
export function lakehouseVersionsContract(
  name: string,
  open: () => Promise<{ lakehouse: Lakehouse; close(): Promise<void> }>,
): void {
  describe(`${name} adds versions to tables`, () => {
    let lakehouse: Lakehouse
    let close: () => Promise<void>
    const schema = 'versions'
    const createdAt = '2026-11-23T10:00:00.123Z'
    let made = 0
    let table: string

    beforeAll(async () => {
      ;({ lakehouse, close } = await open())
      await lakehouse.createSchema(schema)
      await lakehouse.createSchema('other-one')
    })
    afterAll(() => close())
    beforeEach(() => {
      table = `appended_${++made}`
    })

    const target = (over: Partial<VersionTarget> = {}): VersionTarget => {
      return { schema, table, required: ['PREDICT'], key: null, above: 0, createdAt, ...over }
    }
    const given = (columns: string[], ...rows: unknown[][]): { given: GivenRows } => ({ given: { columns, rows } })
    const plain = given(['id', 'PREDICT'], [1, 'a'], [2, 'b'])
    const append = (source: Parameters<Lakehouse['appendVersion']>[1] = plain, over: Partial<VersionTarget> = {}) =>
      lakehouse.appendVersion(target(over), source)
    const rowsOf = async (sql: string) => (await lakehouse.select({ schema, sql }, { limit: 1_000 })).rows
    /** Some databases have names of columns in upper case. */
    const refused = (promise: Promise<unknown>, said: RegExp | string, field = 'columns') =>
      expect(promise).rejects.toMatchObject({
        code: 'BAD_USER_INPUT',
        field,
        message: expect.stringMatching(new RegExp(said, 'i')),
      })
    const isThere = async () => (await lakehouse.describeTables(schema, [table]))[0] !== null

    test('the first makes the table, each has the number after the last, and all rows stay', async () => {
      expect(await append()).toEqual({ table, version: 1, rowCount: 2, createdAt, isNew: true })
      expect(await append(given(['predict', 'ID'], ['c', 3]))).toEqual({ table, version: 2, rowCount: 1, createdAt, isNew: true })
      expect(await append({ sql: `select id + 10 as id, PREDICT from ${table} where VERSION = 2` })).toMatchObject({ version: 3 })
      expect(await rowsOf(`select id, PREDICT, VERSION, CREATED_AT from ${table} order by VERSION, id`)).toEqual([
        [1, 'a', 1, createdAt],
        [2, 'b', 1, createdAt],
        [3, 'c', 2, createdAt],
        [13, 'c', 3, createdAt],
      ])
    })

    test('a file is added as it is read', async () => {
      const bytes = 'id,PREDICT\n7,0.5\n8,1\n'
      const file: SourceFile = {
        name: 'p.csv',
        format: 'CSV',
        localFile: null,
        size: bytes.length,
        open: async () => Readable.from([bytes]),
      }
      expect(await append({ file })).toMatchObject({ version: 1, rowCount: 2 })
      expect(await rowsOf(`select id, PREDICT from ${table} order by id`)).toEqual([
        [7, 0.5],
        [8, 1],
      ])
      const broken = { ...file, open: async () => Readable.from(['id,PREDICT\n"7,0.5\n']) }
      await refused(append({ file: broken }), /./, 'file')
      expect(await rowsOf(`select count(*) from ${table}`)).toEqual([[2]])
    })

    test('twenty at once have twenty numbers without a gap, and each its rows', async () => {
      const appended = await Promise.all(
        Array.from({ length: 20 }, (_, index) => append(given(['i', 'PREDICT'], [index, 1], [index, 2]))),
      )
      expect(appended.map(({ version }) => version).sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1))
      for (const [index, { version }] of appended.entries())
        expect(await rowsOf(`select i from ${table} where VERSION = ${version}`)).toEqual([[index], [index]])
    })

    test('the same key adds once: at once, later, and to another table', async () => {
      const key = `key of ${table}`
      const all = await Promise.all(Array.from({ length: 8 }, () => append(plain, { key })))
      expect(all).toMatchObject(Array.from({ length: 8 }, () => ({ table, version: 1, rowCount: 2, createdAt })))
      expect(all.filter(({ isNew }) => isNew)).toHaveLength(1)
      const later = { key, table: 'elsewhere', createdAt: '2027-01-01T00:00:00.000Z' }
      expect(await append(given(['PREDICT'], [9]), later)).toEqual({ ...all[0], isNew: false })
      expect(await rowsOf(`select count(*) from ${table}`)).toEqual([[2]])
      expect(await lakehouse.describeTables(schema, ['elsewhere'])).toEqual([null])
      expect(await append(plain, { key: `${key}'"` })).toMatchObject({ version: 2 })
      expect(await append(plain, { key, schema: 'other-one' })).toMatchObject({ version: 1 })
    })

    test('numbers are not used again when rows are deleted, and follow those that were there', async () => {
      await append()
      await append()
      await lakehouse.execute({ schema, sql: `delete from ${table}`, paramSets: [undefined] })
      expect(await append()).toMatchObject({ version: 3 })
      await lakehouse.execute({ schema, sql: `update ${table} set VERSION = 10`, paramSets: [undefined] })
      expect(await append()).toMatchObject({ version: 11 })
      expect(await append(plain, { above: 20 })).toMatchObject({ version: 21 })
      await lakehouse.execute({ schema, sql: `update ${table} set VERSION = 2147483647`, paramSets: [undefined] })
      await refused(append(), 'no higher one', 'table')
    })

    test('columns that are missing, strange, double or its own are refused by name, and nothing is made', async () => {
      await refused(append(given(['id'], [1])), 'no column PREDICT')
      await refused(append({ sql: 'select 1 as id' }), 'no column PREDICT')
      for (const own of ['VERSION', 'created_at']) await refused(append(given(['PREDICT', own], [1, 1])), `"${own}"`)
      await refused(append(given(['PREDICT', 'a', 'A'], [1, 2, 3])), '"A" is there twice')
      expect(await isThere()).toBe(false)
      await append()
      await refused(append(given(['PREDICT'], ['x'])), 'column "id", which is missing')
      await refused(append(given(['PREDICT', 'id', 'size'], ['x', 1, 2])), 'no column "size"')
      expect(await rowsOf(`select count(*), max(VERSION) from ${table}`)).toEqual([[2, 1]])
      expect(await append()).toMatchObject({ version: 2 })
    })

    test('a table that is not one of versions is refused', async () => {
      await lakehouse.writeTable({ schema, table, mode: 'CREATE' }, { sql: `select 1 as id, 'a' as PREDICT` })
      await refused(append(), 'no column VERSION', 'table')
      await lakehouse.writeTable(
        { schema, table, mode: 'REPLACE' },
        { sql: `select 1 as id, 'a' as PREDICT, 'x' as VERSION, 'y' as CREATED_AT` },
      )
      await refused(append(), 'VERSION and CREATED_AT', 'table')
    })

    test.each([
      ['whole number', 'a fraction', 1, 1.5],
      ['whole number', 'a text', 1, 'one'],
      ['whole number', 'a text with a fraction', 1, '1.5'],
      ['whole number', 'one with too many digits', 1, '99999999999999999999'],
      ['number', 'a text', 0.5, 'half'],
      ['number', 'a whole number that it cannot hold exactly', 0.5, '9007199254740993'],
      ['truth', 'a number that is neither', true, 7],
    ])('a column of type %s takes not %s: nothing of the version is there', async (_type, _value, first, second) => {
      await append(given(['value', 'PREDICT'], [first, 1]))
      const rows = given(['value', 'PREDICT'], [first, 1], [second, 1])
      const alone = given(['value', 'PREDICT'], [second, 1])
      await refused(append(rows), '"value"')
      await refused(append(alone), '"value"')
      expect(await rowsOf(`select count(*) from ${table}`)).toEqual([[1]])
    })

    test('values come back as they were given, in tables that are there too', async () => {
      const columns = ['whole', 'long', 'real', 'text', 'truth', 'nested', 'nothing', 'PREDICT']
      const rows = [
        [1, '12345678901234567890', 0.1, '2026-01-02', true, { a: [1, null, 'x'] }, null, 'é"\n\\'],
        [-9007199254740991, 5, 'NaN', '007', false, [1.5], null, ''],
        [null, null, '-Infinity', null, null, null, null, null],
        [0, 1, 1e300, 'NaN', true, 'text', null, 'NaN'],
      ]
      await append(given(columns, ...rows))
      await append(given(columns, ...rows))
      const exact = rows.map((row) => row.map((value) => (value === '' && !lakehouse.supports.emptyText ? null : value)))
      for (const version of [1, 2]) {
        const page = await lakehouse.select({ schema, sql: `select * from ${table} where VERSION = ${version}` }, { limit: 10 })
        expect(page.rows.map((row) => row.slice(0, columns.length))).toEqual(exact)
      }
    })

    test('a column whose values are of several kinds is refused', async () => {
      await refused(append(given(['PREDICT'], [1], ['one'])), '"PREDICT" mixes')
      await refused(append(given(['PREDICT'], [true], [1])), '"PREDICT" mixes')
      expect(await isThere()).toBe(false)
    })

    test('a statement that is no SELECT adds nothing, and no SQL sees what keeps account', async () => {
      await refused(append({ sql: 'drop table x' }), /./, 'sql')
      await refused(append({ sql: 'select 1 as PREDICT; select 2' }), /./, 'sql')
      await refused(append({ sql: 'select PREDICT from not_there' }), /./, 'sql')
      await append(plain, { key: 'a secret' })
      for (const place of ['_dhuo_accounts.versions', 'db._dhuo_accounts.versions', '"_DHUO_accounts"."versions"']) {
        await refused(rowsOf(`select * from ${place}`), /./, 'sql')
        for (const sql of [`delete from ${place}`, `insert into ${table} (id) select version from ${place}`])
          await refused(lakehouse.execute({ schema, sql, paramSets: [undefined] }), /./, 'sql')
      }
      expect(await append(plain, { key: 'a secret' })).toMatchObject({ version: 1 })
    })

    test('a version is taken back with its key, and a table that was made for it goes', async () => {
      await append(plain, { key: `first of ${table}` })
      await lakehouse.removeVersion(schema, table, 1)
      expect(await isThere()).toBe(false)
      expect(await append(plain, { key: `first of ${table}` })).toMatchObject({ version: 1 })
      await append(plain, { key: `second of ${table}` })
      await lakehouse.removeVersion(schema, table, 2)
      expect(await rowsOf(`select distinct VERSION from ${table}`)).toEqual([[1]])
      expect(await append(plain, { key: `second of ${table}` })).toMatchObject({ version: 2 })
    })

    test('whoever writes to the table at the same time does not disturb', async () => {
      await append()
      const touch = () =>
        lakehouse.execute({ schema, sql: `update ${table} set id = id + 1 where id < 2`, paramSets: [undefined] })
      const results = await Promise.allSettled(Array.from({ length: 12 }, (_, i) => (i % 3 === 0 ? touch() : append())))
      for (const result of results) if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'CONFLICT' })
      const versions = await rowsOf(`select VERSION, count(*) from ${table} group by VERSION order by VERSION`)
      expect(versions).toEqual(Array.from({ length: 9 }, (_, index) => [index + 1, 2]))
    })
  })
}
