import { Readable } from 'node:stream'
import type { Lakehouse } from '../../src/datasources/lakehouse/lakehouse.js'
import { describeWith } from '../backends.js'
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
