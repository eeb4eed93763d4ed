import type { BenchRow } from './bench-row.js'
import { FanOutServer, FanOutWorld, type Kind, type Measured } from './fan-out-world.js'

export const name = 'fan-out'

const rounds = 9
const kinds: Kind[] = ['broadcast', 'product', 'naive']

/**
 * In turns, and of each the best round: a busy machine only ever takes away, and takes more from what needs longer at a time.
 * One that is some forty times as slow gets less to do, and gains nothing from bursts.
 */
async function compare(servers: readonly FanOutServer[], deliveries: number, together: number): Promise<Record<Kind, Measured>> {
  const best = {} as Record<Kind, Measured>
  for (let round = 0; round < rounds; round++)
    for (const server of servers) {
      const isNaive = server.kind === 'naive'
      const { rate, cost } = await server.measure(isNaive ? deliveries / 40 : deliveries, isNaive ? 1 : together)
      const before = best[server.kind] ?? { rate: 0, cost: Number.POSITIVE_INFINITY }
      best[server.kind] = { rate: Math.max(rate, before.rate), cost: Math.min(cost, before.cost) }
    }
  return best
}

const text = ({ rate, cost }: Measured): string => `${(rate / 1e6).toFixed(3)} M/s, ${cost.toFixed(2)} µs of processor`

/** @param least null: for knowledge */
const rowOf = (figure: string, one: Measured, other: Measured, least: number | null): BenchRow => ({
  figure,
  measured: text(one),
  baseline: text(other),
  ratio: one.rate / other.rate,
  wanted: least === null ? '-' : `≥ ${least}`,
  ok: least === null || one.rate / other.rate >= least,
})

/** Deliveries for each second to the sockets that follow one run with the same document. */
export async function run(): Promise<BenchRow[]> {
  const rows: BenchRow[] = []
  const world = await FanOutWorld.open()
  try {
    for (const count of [100, 1_000, 5_000]) {
      const servers: FanOutServer[] = []
      for (const kind of kinds) servers.push(await (await FanOutServer.start(world, kind)).subscribe(count))
      const single = await compare(servers, 100_000, 1)
      const burst = await compare(servers, 500_000, 50)
      rows.push(
        rowOf(`${count} sockets, one at a time, against bare ws`, single.product, single.broadcast, 0.9),
        // Nothing that writes once for each event and socket is 20 times as fast: bare ws is not either.
        rowOf(`${count} sockets, one at a time, against an execution for each`, single.product, single.naive, null),
        rowOf(`${count} sockets, bursts of 50, against bare ws`, burst.product, burst.broadcast, 3),
        rowOf(`${count} sockets, bursts of 50, against an execution for each`, burst.product, burst.naive, 20),
      )
      for (const row of rows.slice(-4)) process.stderr.write(`  ${row.figure}: ${row.measured} / ${row.baseline}\n`)
      for (const server of servers) await server.end()
    }
    return rows
  } finally {
    await world.close()
  }
}
