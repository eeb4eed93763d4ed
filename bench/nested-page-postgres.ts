// The nested page with the catalog in PostgreSQL, against the same server with the catalog in SQLite.
import { mkdtemp, rm } from 'node:fs/promises'
import { Agent } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findPostgres, startPostgresServer, superuser } from '../test/postgres-server.js'
import type { BenchRow } from './bench-row.js'
import { asker, checkSize, median, rateOf, seed, size } from './nested-page-load.js'
import { signIn, startRunningServer } from './running-server.js'

export const name = 'nested page on PostgreSQL'

const rounds = 15

export async function run(): Promise<BenchRow[]> {
  if (!findPostgres()) {
    console.error('There is no PostgreSQL on this machine: not measured.')
    return []
  }
  const directory = await mkdtemp(join(tmpdir(), 'dhuo-bench-postgres-'))
  const postgres = await startPostgresServer({ shared_buffers: '128MB' })
  const agent = new Agent({ keepAlive: true })
  const servers = [
    await startRunningServer(join(directory, 'postgres'), {
      DHUO_CATALOG_URL: `postgres://${superuser}@127.0.0.1:${postgres.port}/postgres`,
    }),
    await startRunningServer(join(directory, 'sqlite')),
  ] as const
  try {
    for (const server of servers) await seed(server)
    const [askPostgres, askSqlite] = [
      asker(agent, servers[0].url, await signIn(servers[0].url)),
      asker(agent, servers[1].url, await signIn(servers[1].url)),
    ]
    const [answer, other] = [await askPostgres(), await askSqlite()]
    checkSize(answer)
    checkSize(other)

    const measured: number[] = []
    const baseline: number[] = []
    // The first rounds warm up.
    for (let round = -2; round < rounds; round++) {
      const [own, base] = [await rateOf(askPostgres), await rateOf(askSqlite)]
      if (round < 0) continue
      measured.push(own)
      baseline.push(base)
    }
    const ratio = median(measured.map((figure, round) => figure / baseline[round]!))
    return [
      {
        figure: size(answer),
        measured: `${median(measured).toFixed(1)} requests/s`,
        baseline: `${median(baseline).toFixed(1)} requests/s, SQLite`,
        ratio,
        wanted: '≥ 0.6',
        ok: ratio >= 0.6,
      },
    ]
  } finally {
    agent.destroy()
    for (const server of servers) await server.close()
    await postgres.stop()
    await rm(directory, { recursive: true, force: true })
  }
}
