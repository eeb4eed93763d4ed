import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startTcpProxy, type TcpProxy } from '../codegen/tcp-proxy.js'
import { readEvents, runWhen, type SeenEvent, type SeenRun, seedDeployment, startRun } from '../graphql/pipeline-seed.js'
import { createDatabase } from '../postgres-database.js'
import { startRedisServer } from '../redis-server.js'
import type { BuiltServer, ServerProcess } from '../server-process.js'
import { ChaosFollower } from './chaos-follower.js'

export interface Chaos {
  /** Pipeline runs, each of two steps and some 130 lines. */
  runs: number
  /** The same seed gives the same plan of disturbances, though not the same moments. */
  seed: number
  /** For how long things break; then all has to come to its end. */
  disturbedMs: number
  /** From the end of the last run to the end of every follower. */
  lastWordsMs: number
}

export interface ChaosReport {
  /** Whatever is not as it must be, one line for each. Empty: every follower got exactly what is stored, in order. */
  wrong: string[]
  events: number
  connections: number
  disturbances: Record<string, number>
}

const servers = 3
const followersPerRun = 2
const leaseSeconds = 3
/** From the end of the disturbances to the end of every run. */
const settleMs = 90_000

const script = `import time
for burst in range(5):
    print("\\n".join(f"burst {burst} line {line}" for line in range(12)), flush=True)
    time.sleep(0.12)`

/**
 * Three servers on one PostgreSQL, one Redis and one storage run pipelines while connections are cut and frozen, servers are
 * killed, Redis freezes and dies, and followers read slowly. What each follower was told is compared with what is stored.
 */
export async function unleashChaos(built: BuiltServer, { runs, seed, disturbedMs, lastWordsMs }: Chaos): Promise<ChaosReport> {
  const random = randomFrom(seed)
  const [catalogUrl, redis] = await Promise.all([createDatabase(), startRedisServer()])
  const there: ServerProcess[] = []
  const start = (index: number): Promise<ServerProcess> =>
    built.start({
      DHUO_HOME: join(built.directory, `chaos-${seed}-${index}`),
      DHUO_CATALOG_URL: catalogUrl,
      DHUO_PUBSUB_URL: redis.url,
      DHUO_STORAGE_URL: `file:${join(built.directory, `buckets-${seed}`)}`,
      DHUO_LEASE_SECONDS: String(leaseSeconds),
      DHUO_JOBS_AT_ONCE: '4',
      DHUO_JOB_GRACE_SECONDS: '1',
    })
  for (let index = 0; index < servers; index++) there.push(await start(index))
  const proxies = await Promise.all(there.map((_, index) => startTcpProxy(() => there[index]!.hub.url)))
  const followers: ChaosFollower[] = []
  const disturbances: Record<string, number> = {}
  try {
    const deployment = await seedDeployment(
      there[0]!.hub,
      ['first', 'second'].map((name) => ({ name, script, maxAttempts: 20 })),
    )
    const token = there[0]!.hub.admin
    const disturbed = disturb({ there, start, proxies, redis, random, disturbedMs, disturbances })

    const runIds = await Promise.all(
      Array.from({ length: runs }, async (_, index) => {
        await sleep((index / runs) * disturbedMs * 0.8)
        const runId = await insist(() => startRun(pick(there, random).hub, deployment, { idempotencyKey: `run-${index}` }, token))
        for (let turn = 0; turn < followersPerRun; turn++)
          followers.push(new ChaosFollower({ runId, token, proxies, random, pausesMs: turn === 0 ? 0 : 1_500 }))
        return runId
      }),
    )
    await disturbed
    const hub = there[0]!.hub
    const ended = await Promise.all(runIds.map((id) => runWhen(hub, id, ({ endedAt }) => endedAt !== null, settleMs)))
    await Promise.race([Promise.all(followers.map((follower) => follower.ended)), sleep(lastWordsMs, undefined, { ref: false })])

    const wrong: string[] = []
    let events = 0
    for (const run of ended) {
      const stored = await readEvents(hub, run.id)
      events += stored.length
      wrong.push(...wrongWith(run, stored))
      // By its id: runs do not begin in the order in which they are asked for where a server was away.
      for (const follower of followers.filter(({ runId }) => runId === run.id)) {
        const difference = differenceOf(follower.events, stored)
        if (difference) wrong.push(`run ${run.number}: ${difference}`)
        wrong.push(...follower.errors.map((text) => `run ${run.number}: ${text}`))
      }
    }
    return { wrong, events, connections: followers.reduce((sum, each) => sum + each.connections, 0), disturbances }
  } finally {
    for (const follower of followers) follower.stop()
    await Promise.all(there.map((server) => server.end('SIGKILL')))
    await Promise.all(proxies.map((proxy) => proxy.close()))
    await redis.stop()
  }
}

interface World {
  there: ServerProcess[]
  start(index: number): Promise<ServerProcess>
  proxies: readonly TcpProxy[]
  redis: Awaited<ReturnType<typeof startRedisServer>>
  random: () => number
  disturbedMs: number
  disturbances: Record<string, number>
}

/** One disturbance after the other; at the end everything is there again. */
async function disturb({ there, start, proxies, redis, random, disturbedMs, disturbances }: World): Promise<void> {
  const kinds: [string, number, () => Promise<void>][] = [
    ['connections of a server cut', 8, async () => pick(proxies, random).cut()],
    [
      'connections of a server frozen, then cut',
      3,
      async () => {
        const proxy = pick(proxies, random)
        proxy.freeze()
        await sleep(500 + random() * 1_000)
        proxy.cut()
      },
    ],
    [
      'server killed',
      2,
      async () => {
        const index = Math.floor(random() * there.length)
        await there[index]!.end('SIGKILL')
        await sleep(random() * 2_000)
        there[index] = await start(index)
      },
    ],
    [
      'Redis frozen',
      3,
      async () => {
        redis.pause()
        await sleep(300 + random() * 3_500)
        redis.resume()
      },
    ],
    [
      'Redis killed',
      2,
      async () => {
        await redis.kill()
        await sleep(200 + random() * 1_500)
        await redis.restart()
      },
    ],
  ]
  const all = kinds.flatMap((kind) => Array.from({ length: kind[1] }, () => kind))
  const until = Date.now() + disturbedMs
  // Each kind at least once, whatever chance says.
  for (let turn = 0; Date.now() < until || turn < kinds.length; turn++) {
    await sleep(100 + random() * 500)
    const [name, , happen] = turn < kinds.length ? kinds[turn]! : pick(all, random)
    await happen()
    disturbances[name] = (disturbances[name] ?? 0) + 1
  }
}

/** Sequences without gaps, one end, and as the last event. */
function wrongWith(run: SeenRun, stored: readonly SeenEvent[]): string[] {
  const isWhole = stored.length === run.lastSequence && stored.every(({ sequence }, index) => sequence === index + 1)
  const ends = stored.filter(({ runStatus }) => /SUCCEEDED|FAILED|CANCELED/.test(runStatus ?? ''))
  return [
    ...(isWhole ? [] : [`run ${run.number}: stored sequences are ${stored.map(({ sequence }) => sequence).join(' ')}`]),
    ...(ends.length === 1 && stored.at(-1) === ends[0] ? [] : [`run ${run.number} has ${ends.length} ends`]),
  ]
}

function differenceOf(received: readonly SeenEvent[], stored: readonly SeenEvent[]): string | null {
  const at = stored.findIndex((event, index) => JSON.stringify(event) !== JSON.stringify(received[index]))
  if (at >= 0) return `${JSON.stringify(stored[at])} is stored, and ${JSON.stringify(received[at] ?? null)} came`
  return received.length > stored.length ? `${received.length - stored.length} more came than are stored` : null
}

const pick = <T>(from: readonly T[], random: () => number): T => from[Math.floor(random() * from.length)]!

/** Again until it works: a server may be away. */
async function insist<T>(attempt: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await attempt()
    } catch (error) {
      if (tries > 200) throw error
      await sleep(100)
    }
  }
}

/** Mulberry32: https://github.com/cprosche/mulberry32 */
function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
