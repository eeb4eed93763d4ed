import { Readable } from 'node:stream'
import type { Lakehouse } from '../../src/datasources/lakehouse/lakehouse.js'
import { describeWith } from '../backends.js'
import { OracleFault } from '../oracle/oracle-database.js'
import { type OverPostgres, openOverPostgres } from '../oracle/oracle-lakehouse-over-postgres.js'

describeWith('several servers on one double of Oracle', ['postgres'])('several servers on one database', () => {
  let over: OverPostgres
  let servers: Lakehouse[]
  beforeAll(async () => {
    over = await openOverPostgres()
    servers = [over.lakehouse, await over.another(), await over.another()]
  })
  afterAll(() => over?.close())

  const each = <T>(work: (lakehouse: Lakehouse, index: number) => Promise<T>) => Promise.allSettled(servers.map(work))
  const failures = (settled: PromiseSettledResult<unknown>[]) =>
    settled.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []))
  const csv = (content: string) => ({
    file: {
      name: 'rows.csv',
      format: 'CSV' as const,
      localFile: null,
      size: content.length,
      open: async () => Readable.from([Buffer.from(content)]),
    },
  })
  const rows = async (schema: string, sql: string) => (await servers[0]!.select({ schema, sql }, { limit: 1_000 })).rows

  test('make the same schema at once, again and again, and none of them fails', async () => {
    for (let round = 0; round < 5; round++)
      expect(failures(await each((lakehouse) => lakehouse.createSchema(`race${round}`)))).toEqual([])
    for (let round = 0; round < 5; round++) expect(await rows(`race${round}`, 'select 1 as one from dual')).toEqual([[1]])
  })

  test('make the same table at once: one does, and the others are told', async () => {
    await servers[0]!.createSchema('tables')
    for (let round = 0; round < 3; round++) {
      const made = await each((lakehouse, i) =>
        lakehouse.writeTable({ schema: 'tables', table: `t${round}`, mode: 'CREATE' }, csv(`a\n${i}\n`)),
      )
      expect(failures(made).map(({ code, field }) => [code, field])).toEqual([
        ['CONFLICT', 'table'],
        ['CONFLICT', 'table'],
      ])
      expect(await rows('tables', `select count(*) from t${round}`)).toEqual([[1]])
    }
  })

  test('drop the same table at once: one says that it was there', async () => {
    for (let round = 0; round < 3; round++) {
      await servers[0]!.writeTable({ schema: 'tables', table: 'dropped', mode: 'CREATE' }, csv('a\n1\n'))
      const dropped = await each((lakehouse) => lakehouse.dropTable('tables', 'dropped'))
      expect(failures(dropped)).toEqual([])
      expect(dropped.filter((result) => result.status === 'fulfilled' && result.value)).toHaveLength(1)
    }
  })

  describe('when the database is lost while a table is made for its first version', () => {
    const append = (table: string, key: string) =>
      servers[0]!.appendVersion(
        { schema: 'firsts', table, required: ['score'], key, above: 0, createdAt: '2026-11-27T12:00:00.000Z' },
        { given: { columns: ['score', 'n'], rows: [1, 2, 3].map((n) => [key, n]) } },
      )
    const versions = (table: string) =>
      rows('firsts', `select version, min(score), count(*) from ${table} group by version order by version`)
    const loseAt = (definition: RegExp) => {
      over.database.beforeDefinition = (sql) => {
        if (!definition.test(sql)) return
        over.database.beforeDefinition = () => {}
        over.listener.cut()
        throw new OracleFault(3113, 'end-of-file on communication channel')
      }
    }
    const lost = { code: 'BACKEND_UNAVAILABLE' }
    beforeAll(() => servers[0]!.createSchema('firsts'))

    test('before it can be seen, nothing is there, and the same key adds it', async () => {
      loseAt(/^CREATE VIEW "ALONE"/)
      await expect(append('alone', 'a')).rejects.toMatchObject(lost)
      expect(await append('alone', 'a')).toMatchObject({ version: 1, isNew: true, rowCount: 3 })
      expect(await append('alone', 'a')).toMatchObject({ version: 1, isNew: false })
      expect(await versions('alone')).toEqual([[1, 'a', 3]])
    })

    test('before it can be seen, and another one comes first, none is missing', async () => {
      loseAt(/^CREATE VIEW "OVERTAKEN"/)
      await expect(append('overtaken', 'b')).rejects.toMatchObject(lost)
      expect(await append('overtaken', 'c')).toMatchObject({ version: 1, isNew: true })
      expect(await append('overtaken', 'b')).toMatchObject({ version: 2, isNew: true })
      expect(await versions('overtaken')).toEqual([[1, 'c', 3], [2, 'b', 3]]) // biome-ignore format: a table
    })

    test('when it can be seen already, it is found again under its key', async () => {
      loseAt(/^GRANT SELECT, .* ON "SEEN"/)
      await expect(append('seen', 'd')).rejects.toMatchObject(lost)
      expect(await append('seen', 'e')).toMatchObject({ version: 2, isNew: true })
      expect(await append('seen', 'd')).toMatchObject({ version: 1, isNew: false, rowCount: 3 })
      expect(await versions('seen')).toEqual([[1, 'd', 3], [2, 'e', 3]]) // biome-ignore format: a table
    })
  })

  test('number versions of one table without gaps and without doubles, and save once for each key', async () => {
    const append = (lakehouse: Lakehouse, key: string | null, value: number) =>
      lakehouse.appendVersion(
        { schema: 'tables', table: 'scores', required: ['score'], key, above: 0, createdAt: '2026-11-27T12:00:00.000Z' },
        { given: { columns: ['score'], rows: [[value]] } },
      )
    const appended = await Promise.all(
      servers.flatMap((lakehouse, i) => Array.from({ length: 6 }, (_, j) => append(lakehouse, null, i * 10 + j))),
    )
    expect(appended.map(({ version }) => version).sort((a, b) => a - b)).toEqual(Array.from({ length: 18 }, (_, i) => i + 1))
    const once = await Promise.all(servers.map((lakehouse) => append(lakehouse, 'the same', 99)))
    expect(new Set(once.map(({ version }) => version))).toEqual(new Set([19]))
    expect(once.filter(({ isNew }) => isNew)).toHaveLength(1)
    expect(await rows('tables', 'select count(*), count(distinct version), max(version) from scores')).toEqual([[19, 19, 19]])
  })
})
