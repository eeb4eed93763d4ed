import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer, text } from 'node:stream/consumers'
import { gzipSync } from 'node:zlib'
import { RecordBatchReader, tableFromArrays, tableFromIPC, tableToIPC } from 'apache-arrow'
import type { Lakehouse, SourceFile, TableFormat } from '../../src/datasources/lakehouse/lakehouse.js'

/** What every lakehouse promises. SQL here is what all of them understand: no vendor's own functions, no LIMIT, no VALUES. */
export function lakehouseContract(name: string, open: () => Promise<{ lakehouse: Lakehouse; close(): Promise<void> }>): void {
  describe(`${name} keeps the lakehouse's promises`, () => {
    let lakehouse: Lakehouse
    let close: () => Promise<void>
    let directory: string
    const schema = 'contract'

    beforeAll(async () => {
      directory = await mkdtemp(join(tmpdir(), 'lakehouse-contract-'))
      ;({ lakehouse, close } = await open())
      await lakehouse.createSchema(schema)
      await lakehouse.createSchema('other-one')
    })
    afterAll(async () => {
      await close()
      await rm(directory, { recursive: true, force: true })
    })

    const file = (content: string | Uint8Array, format: TableFormat, fileName = 'rows'): SourceFile => ({
      name: fileName,
      format,
      localFile: null,
      size: Buffer.from(content).length,
      open: async () => Readable.from([Buffer.from(content)]),
    })
    const cities = 'id,city,population\n1,Recife,1488920\n2,Natal,751300\n3,"São Paulo",11451999\n4,Olinda,\n'
    const fill = async (table: string, content = cities, inSchema = schema) =>
      lakehouse.writeTable({ schema: inSchema, table, mode: 'REPLACE' }, { file: file(content, 'CSV', 'cities.csv') })
    const rowsOf = async (sql: string, params?: unknown[] | Record<string, unknown>, inSchema = schema) =>
      (await lakehouse.select({ schema: inSchema, sql, params }, { limit: 1000 })).rows
    const refused = (promise: Promise<unknown>, expected: object) => expect(promise).rejects.toMatchObject(expected)
    /** Some databases have names of columns in upper case. */
    const lowerCased = (row: object) => Object.fromEntries(Object.entries(row).map(([key, value]) => [key.toLowerCase(), value]))

    test('it answers, says what it is, and makes a schema as often as it is asked to', async () => {
      await lakehouse.ping()
      expect(lakehouse.kind).toMatch(/^[a-z]+$/)
      await fill('kept')
      await lakehouse.createSchema(schema)
      expect(await rowsOf('select id from kept where id = 1')).toEqual([[1]])
    })

    test('a schema that is no plain name is refused before anything is touched', async () => {
      for (const bad of ['', 'a', 'Ab', '../x', 'x/y', 'a b', '1abc', `a${'b'.repeat(63)}`, 'a"b'])
        await refused(lakehouse.createSchema(bad), { code: 'BAD_USER_INPUT', field: 'schema' })
    })

    describe('select', () => {
      beforeAll(() => fill('cities'))

      test('gives columns with their types, rows in column order, and nulls', async () => {
        const page = await lakehouse.select({ schema, sql: 'select id, city, population from cities order by id' }, { limit: 10 })
        expect(page.columns.map(({ name: column, type }) => [column.toLowerCase(), type])).toEqual([
          ['id', 'INTEGER'],
          ['city', 'STRING'],
          ['population', 'INTEGER'],
        ])
        expect(page.rows).toEqual([
          [1, 'Recife', 1488920],
          [2, 'Natal', 751300],
          [3, 'São Paulo', 11451999],
          [4, 'Olinda', null],
        ])
        expect(page.truncated).toBe(false)
      })

      test.each([
        [4, 0, [1, 2, 3, 4], false],
        [3, 0, [1, 2, 3], true],
        [2, 2, [3, 4], false],
        [1, 2, [3], true],
        [10, 4, [], false],
        [10, 40, [], false],
        [0, 0, [], true],
      ])('a page of %i after %i holds %j and says exactly whether there is more', async (limit, offset, ids, truncated) => {
        const page = await lakehouse.select({ schema, sql: 'select id from cities order by id' }, { limit, offset })
        expect(page.rows).toEqual(ids.map((id) => [id]))
        expect(page.truncated).toBe(truncated)
        expect(page.columns).toHaveLength(1)
      })

      test('parameters are bound by place and by name', async () => {
        expect(await rowsOf('select city from cities where id > ? and id < ?', [1, 3])).toEqual([['Natal']])
        expect(await rowsOf('select city from cities where id = $b or city = $a order by id', { a: 'Olinda', b: 1 })).toEqual([
          ['Recife'],
          ['Olinda'],
        ])
        expect(await rowsOf('select city from cities where city = ?', ["x' or '1'='1"])).toEqual([])
      })

      test.each([
        ['too few', 'select id from cities where id = ? or id = ?', [1], '2 parameters'],
        ['too many', 'select id from cities where id = ?', [1, 2], '1 parameter'],
        ['none', 'select id from cities where id = ?', undefined, '1 parameter'],
        ['some where there are none', 'select id from cities', [1], '0 parameters'],
        ['a missing name', 'select id from cities where id = $wanted', { other: 1 }, '$wanted'],
        ['an unused name', 'select id from cities where id = $wanted', { wanted: 1, other: 1 }, '$other'],
        ['an array for names', 'select id from cities where id = $wanted', [1], '$wanted'],
        ['an object for places', 'select id from cities where id = ?', { wanted: 1 }, 'array'],
        ['a function', 'select id from cities where id = ?', [() => 1], 'function'],
      ])('%s of parameters is refused and named', async (_what, sql, params, said) => {
        await refused(lakehouse.select({ schema, sql, params: params as unknown[] }, { limit: 1 }), {
          code: 'BAD_USER_INPUT',
          field: 'params',
          message: expect.stringContaining(said),
        })
      })

      test.each([
        'insert into cities (id) values (9)',
        'update cities set id = 9',
        'delete from cities',
        'drop table cities',
        'create table mine (a integer)',
        'commit',
        'select id from cities; delete from cities',
        '',
        '-- nothing',
        'selec id from cities',
        'select nothing from cities',
        'select id from no_such_table',
      ])('refuses %p, and nothing changes', async (sql) => {
        await refused(lakehouse.select({ schema, sql }, { limit: 1 }), { code: 'BAD_USER_INPUT', field: 'sql' })
        expect(await rowsOf('select count(*) from cities')).toEqual([[4]])
      })

      test('a table is named in a statement of the server as the backend wants it, also by a word that it keeps for itself', async () => {
        for (const table of ['order', 'group', 'plain_1']) {
          await fill(table, 'n\n7\n')
          expect(await rowsOf(`select * from ${lakehouse.nameInSql(table)}`)).toEqual([[7]])
          await lakehouse.dropTable(schema, table)
        }
      })

      test('another schema is out of reach', async () => {
        await fill('secrets', 'secret\n42\n', 'other-one')
        expect(await rowsOf('select secret from secrets', undefined, 'other-one')).toEqual([[42]])
        for (const table of ['secrets', '"other-one".secrets', '"other-one"."secrets"'])
          await refused(lakehouse.select({ schema, sql: `select * from ${table}` }, { limit: 1 }), { code: 'BAD_USER_INPUT' })
        await refused(lakehouse.execute({ schema, sql: 'delete from "other-one".secrets', paramSets: [undefined] }), {
          code: 'BAD_USER_INPUT',
        })
        expect(await rowsOf('select count(*) from secrets', undefined, 'other-one')).toEqual([[1]])
      })

      test('an aborted signal stops a statement before and while it runs', async () => {
        const reason = new Error('the client went away')
        await expect(
          lakehouse.select({ schema, sql: 'select id from cities' }, { limit: 1 }, AbortSignal.abort(reason)),
        ).rejects.toBe(reason)
        const controller = new AbortController()
        const twelve = Array.from({ length: 26 }, (_, i) => `cities c${i}`).join(', ')
        const running = lakehouse.select(
          { schema, sql: `select count(*) from ${twelve} where c0.id + c25.id = -1` },
          { limit: 1 },
          controller.signal,
        )
        setTimeout(() => controller.abort(reason), 100)
        const started = Date.now()
        await expect(running).rejects.toBe(reason)
        expect(Date.now() - started).toBeLessThan(2_500)
        expect(await rowsOf('select count(*) from cities')).toEqual([[4]])
      })
    })

    describe('execute', () => {
      beforeEach(() => fill('changed'))
      const run = (sql: string, ...paramSets: (unknown[] | Record<string, unknown> | undefined)[]) =>
        lakehouse.execute({ schema, sql, paramSets: paramSets.length === 0 ? [undefined] : paramSets })

      test('counts the rows of each kind of change', async () => {
        expect(await run('insert into changed (id, city) values (?, ?)', [5, 'Caruaru'])).toEqual({ rowsAffected: 1 })
        expect(await run('update changed set city = $to where id > $above', { to: 'x', above: 3 })).toEqual({ rowsAffected: 2 })
        expect(await run('delete from changed where id = 99')).toEqual({ rowsAffected: 0 })
        expect(await run('delete from changed where id < 3')).toEqual({ rowsAffected: 2 })
        expect(
          await run(
            "merge into changed using (select 3 as k from cities where id = 1) s on (changed.id = s.k) when matched then update set city = 'm'",
          ),
        ).toEqual({ rowsAffected: 1 })
        expect(await rowsOf('select id, city from changed order by id')).toEqual([
          [3, 'm'],
          [4, 'x'],
          [5, 'x'],
        ])
      })

      test('a batch is one transaction and adds up', async () => {
        expect(await run('insert into changed (id, city) values (?, ?)', [5, 'a'], [6, 'b'], [7, null])).toEqual({
          rowsAffected: 3,
        })
        await refused(run('insert into changed (id, city) values (?, ?)', [8, 'a'], [9, 'b'], ['no number', 'c']), {
          code: 'BAD_USER_INPUT',
          details: { batchIndex: 2 },
        })
        await refused(run('insert into changed (id, city) values (?, ?)', [8, 'a'], [9]), {
          code: 'BAD_USER_INPUT',
          field: 'params',
          details: { batchIndex: 1 },
        })
        expect(await rowsOf('select count(*) from changed')).toEqual([[7]])
        expect(await lakehouse.execute({ schema, sql: 'delete from changed', paramSets: [] })).toEqual({ rowsAffected: 0 })
        expect(await rowsOf('select count(*) from changed')).toEqual([[7]])
      })

      test.each([
        'select * from changed',
        'drop table changed',
        'create table another (a integer)',
        'alter table changed add x integer',
        'commit',
        'delete from changed; delete from changed',
        'update changed set nothing = 1',
        'insert into no_such_table values (1)',
        '',
      ])('refuses %p, and nothing changes', async (sql) => {
        await refused(run(sql), { code: 'BAD_USER_INPUT', field: 'sql' })
        expect(await rowsOf('select count(*) from changed')).toEqual([[4]])
      })

      test('writers at the same time all count, or are told of the conflict', async () => {
        const results = await Promise.allSettled(
          Array.from({ length: 20 }, () => run('update changed set population = population + 1 where id = 1')),
        )
        const done = results.filter((result) => result.status === 'fulfilled').length
        for (const result of results) if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'CONFLICT' })
        expect(done).toBeGreaterThan(0)
        expect(await rowsOf('select population from changed where id = 1')).toEqual([[1488920 + done]])
      })
    })

    describe('tables', () => {
      test('CREATE, APPEND and REPLACE do what they say, from SQL and from files', async () => {
        await lakehouse.dropTable(schema, 'fresh')
        await fill('source')
        const write = (mode: 'CREATE' | 'REPLACE' | 'APPEND', source: { sql: string } | { file: SourceFile }) =>
          lakehouse.writeTable({ schema, table: 'fresh', mode }, source)
        await refused(write('APPEND', { sql: 'select id from source' }), { code: 'NOT_FOUND' })
        const shape = await write('CREATE', { sql: 'select id, city from source where id < 3' })
        expect(shape.rowCount).toBe(2)
        expect(shape.columns.map(({ name: column, type, nullable }) => [column.toLowerCase(), type, nullable])).toEqual([
          ['id', 'INTEGER', true],
          ['city', 'STRING', true],
        ])
        await refused(write('CREATE', { sql: 'select id from source' }), { code: 'CONFLICT' })
        expect((await write('APPEND', { file: file('city,id\nIpojuca,9\n', 'CSV', 'more.csv') })).rowCount).toBe(3)
        expect(await rowsOf('select city from fresh where id = 9')).toEqual([['Ipojuca']])
        await refused(write('APPEND', { file: file('city,nope\nx,1\n', 'CSV', 'wrong.csv') }), { code: 'BAD_USER_INPUT' })
        expect((await write('REPLACE', { file: file('{"ratio":1.5}\n{"ratio":null}\n', 'NDJSON', 'x.ndjson') })).rowCount).toBe(2)
        expect(await rowsOf('select ratio from fresh order by 1')).toEqual([[1.5], [null]])
      })

      test('SQL that is not one SELECT fills nothing', async () => {
        await lakehouse.dropTable(schema, 'never')
        for (const sql of [
          'delete from kept',
          'select id from kept; select 1 from kept',
          'drop table kept',
          'select nope from kept',
          '',
        ])
          await refused(lakehouse.writeTable({ schema, table: 'never', mode: 'CREATE' }, { sql }), {
            code: 'BAD_USER_INPUT',
            field: 'sql',
          })
        expect(await lakehouse.describeTables(schema, ['never'])).toEqual([null])
      })

      test.each(['', 'a b', '1x', 'x"y', 'x.y', '../x', `x${'y'.repeat(63)}`, 'select;'])(
        'a table named %p is refused',
        async (table) => {
          await refused(lakehouse.writeTable({ schema, table, mode: 'CREATE' }, { sql: 'select id from kept' }), {
            code: 'BAD_USER_INPUT',
            field: 'table',
          })
          await refused(lakehouse.dropTable(schema, table), { code: 'BAD_USER_INPUT', field: 'table' })
        },
      )

      test('tables are described in the order asked for, and dropped once', async () => {
        await fill('one_table')
        await fill('two_table', 'x\n1.5\n')
        const [two, none, one] = await lakehouse.describeTables(schema, ['two_table', 'no_table', 'one_table'])
        expect(two).toMatchObject({ rowCount: 1, columns: [{ type: 'FLOAT' }] })
        expect(none).toBeNull()
        expect(one).toMatchObject({ rowCount: 4, columns: [{ type: 'INTEGER' }, { type: 'STRING' }, { type: 'INTEGER' }] })
        expect(await lakehouse.describeTables(schema, [])).toEqual([])
        expect(await lakehouse.dropTable(schema, 'two_table')).toBe(true)
        expect(await lakehouse.dropTable(schema, 'two_table')).toBe(false)
        await refused(lakehouse.select({ schema, sql: 'select * from two_table' }, { limit: 1 }), { code: 'BAD_USER_INPUT' })
      })

      test('a reader sees a table from before or from after, never between', async () => {
        await fill('swapped', `n\n${'0\n'.repeat(5_000)}`)
        let writing = true
        const writer = (async () => {
          for (let i = 1; i <= 5; i++) await fill('swapped', `n\n${`${i}\n`.repeat(5_000)}`)
          writing = false
        })()
        let seen = 0
        while (writing) {
          const [[rows, least, most]] = (await rowsOf('select count(*), min(n), max(n) from swapped')) as [
            [number, number, number],
          ]
          expect(rows).toBe(5_000)
          expect(least).toBe(most)
          seen++
        }
        await writer
        expect(seen).toBeGreaterThan(0)
      })
    })

    describe('files', () => {
      const formats: [string, SourceFile][] = [
        ['CSV', file(cities, 'CSV', 'c.csv')],
        ['CSV with gzip', file(gzipSync(cities), 'CSV', 'c.csv.gz')],
        ['NDJSON', file('{"id":1,"city":"Recife"}\n{"id":2,"city":"Natal"}\n', 'NDJSON', 'c.ndjson')],
        ['JSON', file('[{"id":1,"city":"Recife"},{"id":2,"city":"Natal"}]', 'JSON', 'c.json')],
        [
          'Arrow stream',
          file(
            tableToIPC(tableFromArrays({ id: Int32Array.of(1, 2), city: ['Recife', 'Natal'] }), 'stream'),
            'ARROW',
            'c.arrows',
          ),
        ],
        [
          'Arrow file',
          file(tableToIPC(tableFromArrays({ id: Int32Array.of(1, 2), city: ['Recife', 'Natal'] }), 'file'), 'ARROW', 'c.arrow'),
        ],
      ]
      test.each(formats)('%s is read in pages, typed', async (_name, source) => {
        const page = await lakehouse.readFile(source, { limit: 1, offset: 1 })
        expect(page.columns.slice(0, 2).map(({ name: column, type }) => [column, type])).toEqual([
          ['id', 'INTEGER'],
          ['city', 'STRING'],
        ])
        expect(page.rows.map((row) => row.slice(0, 2))).toEqual([[2, 'Natal']])
        expect(page.truncated).toBe(source.format === 'CSV')
      })

      test('a file is read from where it lies, and stays there', async () => {
        const localFile = join(directory, 'stays.csv')
        await writeFile(localFile, cities)
        const source: SourceFile = {
          name: 'stays.csv',
          format: 'CSV',
          localFile,
          size: cities.length,
          open: async () => Readable.from([]),
        }
        expect((await lakehouse.readFile(source, { limit: 10 })).rows).toHaveLength(4)
        expect((await lakehouse.writeTable({ schema, table: 'from_disk', mode: 'REPLACE' }, { file: source })).rowCount).toBe(4)
        await expect(lakehouse.readFile(source, { limit: 10 })).resolves.toMatchObject({ truncated: false })
      })

      test.each([
        ['an empty file', file('', 'CSV', 'empty.csv')],
        ['a row with too many fields', file('a,b\n1,2\n3,4,5\n', 'CSV', 'ragged.csv')],
        ['a row cut off', file('a,b\n1,2\n3', 'CSV', 'cut.csv')],
        ['a quote that does not end', file('a,b\n1,"2\n3,4\n', 'CSV', 'quote.csv')],
        ['gzip that is none', file(cities, 'CSV', 'c.csv.gz')],
        ['gzip cut off', file(gzipSync(cities.repeat(5_000)).subarray(0, 500), 'CSV', 'c.csv.gz')],
        ['text that is not UTF-8', file(Buffer.from('a,b\n1,S\xe3o\n', 'latin1'), 'CSV', 'latin1.csv')],
        ['a Parquet file that is not one', file('PAR1 and nothing PAR1', 'PARQUET', 'no.parquet')],
        ['a short Parquet file', file('x', 'PARQUET', 'no.parquet')],
        ['Arrow that is not', file('ARROW1 and nothing', 'ARROW', 'no.arrow')],
        ['JSON cut off', file('[{"a":1},{"a":', 'JSON', 'cut.json')],
        ['NDJSON cut off', file('{"a":1}\n{"a":', 'NDJSON', 'cut.ndjson')],
        ['JSON nested without end', file(`${'['.repeat(200_000)}${']'.repeat(200_000)}`, 'JSON', 'deep.json')],
      ])('%s is refused by name, and no table is there', async (_name, source) => {
        await lakehouse.dropTable(schema, 'unread')
        const expected = {
          code: 'BAD_USER_INPUT',
          field: 'file',
          message: expect.not.stringMatching(/\/(tmp|work|exchange)\b|[0-9a-f]{8}-/),
        }
        await refused(lakehouse.writeTable({ schema, table: 'unread', mode: 'CREATE' }, { file: source }), expected)
        await refused(lakehouse.readFile(source, { limit: 100_000 }), expected)
        expect(await lakehouse.describeTables(schema, ['unread'])).toEqual([null])
      })

      test('odd headers are kept, the same name twice is made two', async () => {
        const source = file('a b,"x,""y""",Ünï,a b,\n1,2,3,4,5\n', 'CSV', 'odd.csv')
        const { columns } = await lakehouse.readFile(source, { limit: 1 })
        expect(columns.map((column) => column.name).slice(0, 3)).toEqual(['a b', 'x,"y"', 'Ünï'])
        expect(new Set(columns.map((column) => column.name.toLowerCase())).size).toBe(5)
        expect((await lakehouse.writeTable({ schema, table: 'odd', mode: 'REPLACE' }, { file: source })).columns).toHaveLength(5)
      })

      test('a stream that fails fails the write, and no table is there', async () => {
        await lakehouse.dropTable(schema, 'unread')
        const broken: SourceFile = {
          name: 'broken.csv',
          format: 'CSV',
          localFile: null,
          size: 1_000,
          open: async () =>
            Readable.from(
              (async function* () {
                yield Buffer.from('a\n1\n')
                throw new Error('the bucket is gone')
              })(),
            ),
        }
        await expect(lakehouse.writeTable({ schema, table: 'unread', mode: 'CREATE' }, { file: broken })).rejects.toThrow()
        expect(await lakehouse.describeTables(schema, ['unread'])).toEqual([null])
      })
    })

    describe('exports', () => {
      beforeAll(() =>
        fill('exported', `id,label,ratio\n${Array.from({ length: 3_000 }, (_, i) => `${i},"n ${i}",${i / 4}`).join('\n')}\n`),
      )
      const query = { schema, sql: 'select id, label, ratio from exported where id >= ? order by id', params: [0] }
      const bytesOf = async (format: TableFormat, sql = query) => {
        const exported = await lakehouse.exportSelect(sql, format)
        const bytes = await buffer(exported.bytes)
        if (exported.size !== null) expect(bytes.length).toBe(exported.size)
        expect(exported.contentType).toMatch(/^[a-z]+\/[a-z.-]+/)
        return bytes
      }

      test('text formats hold all rows', async () => {
        const csv = (await bytesOf('CSV')).toString().trimEnd().split('\n')
        expect(csv).toHaveLength(3_001)
        expect(csv[0]?.toLowerCase()).toBe('id,label,ratio')
        const ndjson = (await bytesOf('NDJSON')).toString().trimEnd().split('\n')
        expect(lowerCased(JSON.parse(ndjson[2_999] as string))).toEqual({ id: 2999, label: 'n 2999', ratio: 749.75 })
        expect(ndjson).toHaveLength(3_000)
        expect(JSON.parse((await bytesOf('JSON')).toString())).toHaveLength(3_000)
      })

      test('Arrow is an IPC stream of typed columns', async () => {
        const table = tableFromIPC(RecordBatchReader.from(await bytesOf('ARROW')))
        expect(table.numRows).toBe(3_000)
        expect(lowerCased(table.get(2_999)!.toJSON())).toMatchObject({ label: 'n 2999', ratio: 749.75 })
      })

      test.each(['PARQUET', 'ARROW', 'CSV', 'NDJSON', 'JSON'] as const)('%s reads back as the same rows', async (format) => {
        const bytes = await bytesOf(format)
        const page = await lakehouse.readFile(file(bytes, format, `back.${format.toLowerCase()}`), { limit: 5_000 })
        const { rows } = await lakehouse.select(query, { limit: 5_000 })
        expect(page.rows).toEqual(rows)
        const converted = await lakehouse.exportFile(file(bytes, format, `back.${format.toLowerCase()}`), 'NDJSON')
        expect((await text(converted.bytes)).trimEnd().split('\n')).toHaveLength(3_000)
      })

      test.each(['PARQUET', 'ARROW', 'CSV', 'NDJSON', 'JSON'] as const)('%s of no rows is a whole file', async (format) => {
        const bytes = await bytesOf(format, { ...query, params: [10_000] })
        if (format === 'JSON') expect(JSON.parse(bytes.toString())).toEqual([])
        else if (format === 'NDJSON') expect(bytes).toHaveLength(0)
        else expect((await lakehouse.readFile(file(bytes, format), { limit: 1 })).rows).toEqual([])
      })

      test.each(['PARQUET', 'ARROW', 'NDJSON'] as const)('%s of a statement that is refused never begins', async (format) => {
        await refused(lakehouse.exportSelect({ schema, sql: 'delete from exported' }, format), {
          code: 'BAD_USER_INPUT',
          field: 'sql',
        })
        await refused(lakehouse.exportSelect({ schema, sql: 'select nope from exported' }, format), {
          code: 'BAD_USER_INPUT',
          field: 'sql',
        })
        await refused(lakehouse.exportSelect({ ...query, params: [] }, format), { code: 'BAD_USER_INPUT', field: 'params' })
      })

      test('many streams may be left half read', async () => {
        // More than there are connections.
        for (let i = 0; i < 20; i++) {
          const { bytes } = await lakehouse.exportSelect(query, i % 2 ? 'ARROW' : 'CSV')
          await new Promise((resolve) => bytes.once('readable', resolve))
          bytes.destroy()
        }
        expect(await rowsOf('select count(*) from exported')).toEqual([[3_000]])
      })
    })
  })
}
