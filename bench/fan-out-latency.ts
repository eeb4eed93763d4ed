import type { BenchRow } from './bench-row.js'
import { FanOutServer, FanOutWorld } from './fan-out-world.js'

export const name = 'fan-out'

const perSecond = 20
const seconds = 10
const idle = 4_000

/** Milliseconds from publish to receipt, bytes of an idle subscriber, and what different viewers cost. */
export async function run(): Promise<BenchRow[]> {
  const world = await FanOutWorld.open()
  try {
    return [await latency(world), await memory(world), ...(await viewers(world))]
  } finally {
    await world.close()
  }
}

async function latency(world: FanOutWorld): Promise<BenchRow> {
  const server = await (await FanOutServer.start(world, 'product')).subscribe(2_000)
  await server.steady(perSecond, 2)
  const { p50, p99 } = await server.steady(perSecond, seconds)
  await server.end()
  return {
    figure: `${perSecond} events/s to 2000 sockets: publish to receipt, p99`,
    measured: `${p99.toFixed(1)} ms (median ${p50.toFixed(1)} ms)`,
    baseline: '-',
    ratio: null,
    wanted: '< 50 ms',
    ok: p99 < 50,
  }
}

/**
 * What as many again take: not what the first ones brought in, nor what is only waiting to be collected, or to be given back to
 * the system (glibc keeps what is free for the next who asks).
 */
async function memory(world: FanOutWorld): Promise<BenchRow> {
  const bytesOf = async (kind: 'product' | 'broadcast'): Promise<number> => {
    const server = await (await FanOutServer.start(world, kind, { MALLOC_TRIM_THRESHOLD_: '0' })).subscribe(idle)
    const before = await server.memory()
    await server.subscribe(idle)
    const after = await server.memory()
    await server.end()
    return (after - before) / idle
  }
  const [bare, ours] = [await bytesOf('broadcast'), await bytesOf('product')]
  return {
    figure: `resident memory of an idle subscriber, of ${idle} beyond the first ${idle}`,
    measured: `${Math.round(ours)} B`,
    baseline: `${Math.round(bare)} B for a bare ws socket`,
    ratio: ours / bare,
    wanted: '≤ 1.3',
    ok: ours / bare <= 1.3,
  }
}

/** 1000 sockets, of fewer or more different viewers: processor for each delivery. */
async function viewers(world: FanOutWorld): Promise<BenchRow[]> {
  const costs = new Map<string, number[]>()
  for (const [what, fields] of [
    ['properties of the event', 'sequence type message'],
    ['a field that looks further', 'sequence type message step { status }'],
  ] as const) {
    const measured: number[] = []
    for (const count of [1, 100, 1_000]) {
      const server = await (await FanOutServer.start(world, 'product')).subscribe(1_000, { viewers: count, fields })
      const rounds: number[] = []
      for (let round = 0; round < 5; round++) rounds.push((await server.measure(20_000, 1)).cost)
      measured.push(Math.min(...rounds))
      await server.end()
    }
    costs.set(what, measured)
  }
  return [...costs].map(([what, [one = 0, hundred = 0, thousand = 0]]) => ({
    figure: `1000 sockets of 1, 100 and 1000 viewers, ${what}: processor for each delivery`,
    measured: `${one.toFixed(2)}, ${hundred.toFixed(2)}, ${thousand.toFixed(2)} µs`,
    baseline: '-',
    ratio: thousand / one,
    wanted: 'grows with the viewers',
    ok: one < hundred && hundred < thousand,
  }))
}
