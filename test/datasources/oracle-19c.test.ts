import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import type { Value } from '../../src/datasources/lakehouse/lakehouse.js'
import { describeWith } from '../backends.js'
import { type OverPostgres, openOverPostgres } from '../oracle/oracle-lakehouse-over-postgres.js'

/** Without truth values and a type for JSON. */
describeWith('Oracle 19c, on a double of it', ['postgres'])('Oracle before 23ai', () => {
  let over: OverPostgres
  const schema = 'older'
  beforeAll(async () => {
    over = await openOverPostgres({ release: 19 })
    await over.lakehouse.createSchema(schema)
  })
  afterAll(() => over?.close())
  const rows = async (sql: string, params?: unknown[]): Promise<Value[][]> =>
    (await over.lakehouse.select({ schema, sql, params }, { limit: 100 })).rows

  test('keeps truth values of files as 1 and 0, JSON as text, and takes parameters that are true or false', async () => {
    const content = '{"id":1,"ok":true,"more":{"a":[1,2]}}\n{"id":2,"ok":false,"more":null}\n{"id":3,"ok":null,"more":{"a":[]}}\n'
    const file = {
      name: 'rows.ndjson',
      format: 'NDJSON' as const,
      localFile: null,
      size: content.length,
      open: async () => Readable.from([Buffer.from(content)]),
    }
    const shape = await over.lakehouse.writeTable({ schema, table: 'flags', mode: 'CREATE' }, { file })
    expect(shape.columns.map(({ name, type, databaseType }) => [name, type, databaseType])).toEqual([
      ['ID', 'INTEGER', 'NUMBER(19)'],
      ['OK', 'INTEGER', 'NUMBER(1)'],
      ['MORE', 'STRING', 'CLOB'],
    ])
    expect(await rows('select id, ok, more from flags order by id')).toEqual([
      [1, 1, '{"a":[1,2]}'],
      [2, 0, null],
      [3, null, '{"a":[]}'],
    ])
    expect(await rows('select id from flags where ok = ?', [true])).toEqual([[1]])
    await over.lakehouse.execute({
      schema,
      sql: 'update flags set ok = ? where id = ?',
      paramSets: [
        [true, 2],
        [false, 3],
      ],
    })
    expect(await rows('select ok from flags order by id')).toEqual([[1], [1], [0]])
    const csv = await over.lakehouse.exportSelect({ schema, sql: 'select id, ok from flags order by id' }, 'CSV')
    expect(await text(csv.bytes)).toBe('ID,OK\n1,1\n2,1\n3,0\n')
  })

  test('numbers versions of rows with truth values, and keeps them as the first ones are', async () => {
    const append = (value: unknown) =>
      over.lakehouse.appendVersion(
        { schema, table: 'answers', required: ['yes'], key: null, above: 0, createdAt: '2026-11-27T12:00:00.000Z' },
        { given: { columns: ['yes', 'word'], rows: [[value, 'a']] } },
      )
    expect([(await append(true)).version, (await append(false)).version]).toEqual([1, 2])
    expect(await rows('select yes, version from answers order by version')).toEqual([
      [1, 1],
      [0, 2],
    ])
    await expect(append('perhaps')).rejects.toMatchObject({ code: 'BAD_USER_INPUT', field: 'columns' })
  })
})
