import { setTimeout as sleep } from 'node:timers/promises'
import type { Lakehouse } from '../../src/datasources/lakehouse/lakehouse.js'
import { describeWith } from '../backends.js'
import { type OverPostgres, openOverPostgres } from '../oracle/oracle-lakehouse-over-postgres.js'

/** Two servers on one database, whose connections are cut and frozen again and again while both are at work. */
describeWith('a double of Oracle that goes away', ['postgres'])('Oracle goes away, and comes back', () => {
  const schema = 'outage'
  /** It ends when enough was done, and went wrong. */
  const mostMs = 40_000
  let over: OverPostgres
  let servers: Lakehouse[]
  beforeAll(async () => {
    over = await openOverPostgres(
      {},
      { DHUO_ORACLE_CONNECTIONS: '6', DHUO_ORACLE_CONNECT_SECONDS: '1', DHUO_SQL_TIMEOUT_MS: '3000' },
    )
    servers = [over.lakehouse, await over.another()]
    await over.lakehouse.createSchema(schema)
  })
  afterAll(() => over?.close())

  test('each version is there once, whole and without a gap; nobody sees half a table, and nothing has to be restarted', async () => {
    const failures = new Map<string, number>()
    const acknowledged = new Map<string, number>()
    const attempted: string[] = []
    let isOver = false
    const append = (lakehouse: Lakehouse, key: string) =>
      lakehouse.appendVersion(
        { schema, table: 'scores', required: ['score'], key, above: 0, createdAt: '2026-11-27T12:00:00.000Z' },
        { given: { columns: ['score', 'n'], rows: Array.from({ length: 5 }, (_, n) => [key, n]) } },
      )
    const write = (lakehouse: Lakehouse, value: number) =>
      lakehouse.writeTable(
        { schema, table: 'swapped', mode: 'REPLACE' },
        { sql: `select ${value} as a, ${value} as b from dual union all select ${value}, ${value} from dual` },
      )
    await write(over.lakehouse, 0)
    const work: ((lakehouse: Lakehouse, round: string) => Promise<void>)[] = [
      async (lakehouse, round) => {
        attempted.push(round)
        const { version } = await append(lakehouse, round)
        acknowledged.set(round, version)
      },
      async (lakehouse) => {
        const { rows } = await lakehouse.select({ schema, sql: 'select count(*), min(a), max(b) from swapped' }, { limit: 1 })
        const [count, least, most] = rows[0]!
        expect([count, least]).toEqual([2, most])
      },
      async (lakehouse, round) => {
        await write(lakehouse, round.length)
      },
      async (lakehouse) => {
        await lakehouse.execute({ schema, sql: 'update swapped set a = a where a < ?', paramSets: [[0]] })
      },
    ]
    const workers = Array.from({ length: 12 }, async (_, worker) => {
      for (let round = 0; !isOver; round++) {
        try {
          await work[(worker + round) % work.length]!(servers[worker % 2]!, `${worker}-${round}`)
        } catch (error) {
          const { code } = error as { code?: string }
          if (!code || !/^(BACKEND_UNAVAILABLE|TIMEOUT|CONFLICT)$/.test(code)) throw error
          failures.set(code, (failures.get(code) ?? 0) + 1)
        }
      }
    })
    const failed = () => [...failures.values()].reduce((sum, count) => sum + count, 0)
    const until = Date.now() + mostMs
    for (let strike = 0; Date.now() < until && (acknowledged.size < 25 || failed() < 50 || strike < 16); strike++) {
      await sleep(100 + Math.random() * 600)
      if (strike % 4 === 3) {
        over.listener.freeze(true)
        await sleep(strike % 8 === 3 ? 500 : 2_500)
        over.listener.freeze(false)
      } else over.listener.cut()
    }
    isOver = true
    await Promise.all(workers)
    expect(failed()).toBeGreaterThan(20)
    expect(acknowledged.size).toBeGreaterThan(10)

    // What was told to be there is there; the rest is there, or is now.
    for (const key of attempted) {
      const { version, isNew } = await append(servers[attempted.indexOf(key) % 2]!, key)
      if (acknowledged.has(key)) expect([version, isNew]).toEqual([acknowledged.get(key), false])
    }
    const sql = 'select version, min(score), max(score), count(*) from scores group by version order by version'
    const { rows } = await over.lakehouse.select({ schema, sql }, { limit: 10_000 })
    expect(rows.map(([version]) => version)).toEqual(attempted.map((_, i) => i + 1))
    for (const [, first, last, count] of rows) expect([first, count]).toEqual([last, 5])
    expect(new Set(rows.map(([, score]) => score))).toEqual(new Set(attempted))
    expect(over.listener.open()).toBeLessThanOrEqual(2 * (6 + 4))
  }, 90_000)
})
