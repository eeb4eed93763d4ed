import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describeWith } from '../backends.js'
import { eventually } from '../eventually.js'
import { readEvents, runWhen, type SeenEvent, seedDeployment, socketClient, startRun } from '../graphql/pipeline-seed.js'
import { createDatabase } from '../postgres-database.js'
import { type RedisServer, startRedisServer } from '../redis-server.js'
import { type BuiltServer, buildServer, type ServerProcess } from '../server-process.js'

/** How often a server looks for what was never announced, and room for a busy machine. */
const safetyPollMs = 2_000
const roomMs = 2_000

const fields = 'sequence type at message'
type Followed = Pick<SeenEvent, 'sequence' | 'type' | 'message'> & { at: string }

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!

describeWith('servers without Redis', ['postgres', 'redis-server', 'python3'])('two servers whose Redis', () => {
  let built: BuiltServer
  let redis: RedisServer
  let settings: Record<string, string>
  let a: ServerProcess
  let b: ServerProcess
  let count = 0

  beforeAll(async () => {
    built = await buildServer()
  }, 30_000)
  beforeEach(async () => {
    redis = await startRedisServer()
    settings = {
      DHUO_CATALOG_URL: await createDatabase(),
      DHUO_PUBSUB_URL: redis.url,
      DHUO_STORAGE_URL: `file:${join(built.directory, `buckets-${++count}`)}`,
    }
  })
  afterEach(async () => {
    redis.resume()
    await Promise.all([a, b].map((server) => server.end('SIGKILL')))
    await redis.stop()
  })
  afterAll(() => built?.remove())

  const start = async (): Promise<void> => {
    const one = (index: number) => built.start({ ...settings, DHUO_HOME: join(built.directory, `home-${count}-${index}`) })
    ;[a, b] = await Promise.all([one(0), one(1)])
  }
  const health = async ({ hub }: ServerProcess): Promise<unknown[]> => {
    const response = await fetch(`${hub.url}/readyz`)
    const { status, backends } = (await response.json()) as { status: string; backends: { role: string; healthy: boolean }[] }
    return [response.status, status, backends.filter(({ healthy }) => !healthy).map(({ role }) => role)]
  }
  const degraded = [200, 'degraded', ['PUBSUB']]
  const ready = [200, 'ready', []]
  const bothAre = (state: unknown[]) =>
    eventually(async () => JSON.stringify(await Promise.all([a, b].map(health))) === JSON.stringify([state, state]), 20_000)

  /** One subscription to the end: it must not be broken, for only then was it the server that lost nothing. */
  const follow = (server: ServerProcess, id: string) => {
    const events: (Followed & { lateMs: number })[] = []
    const client = socketClient(server.hub)
    const query = `subscription ($id: ID!) { pipelineEvents(pipelineRun: $id) { ${fields} } }`
    const done = (async () => {
      for await (const { data, errors } of client.iterate<{ pipelineEvents: Followed }>({ query, variables: { id } })) {
        if (errors) throw new Error(JSON.stringify(errors))
        const event = data!.pipelineEvents
        events.push({ ...event, lateMs: Date.now() - Date.parse(event.at) })
      }
      await client.dispose()
    })()
    return { events, done }
  }
  const printing = (lines: number, everySeconds: number) =>
    `import time\nfor i in range(${lines}):\n  print(i, flush=True)\n  time.sleep(${everySeconds})`
  const expectTold = async (id: string, followers: ReturnType<typeof follow>[]): Promise<void> => {
    await Promise.all(followers.map(({ done }) => done))
    const stored = (await readEvents(a.hub, id)).map(({ sequence, type, message }) => ({ sequence, type, message }))
    expect(stored.map(({ sequence }) => sequence)).toEqual(stored.map((_, index) => index + 1))
    for (const { events } of followers)
      expect(events.map(({ sequence, type, message }) => ({ sequence, type, message }))).toEqual(stored)
  }
  const lateness = (followers: ReturnType<typeof follow>[], from = 0, to = Number.POSITIVE_INFINITY): number[] =>
    followers.flatMap(({ events }) =>
      events.filter(({ at }) => Date.parse(at) >= from && Date.parse(at) < to).map(({ lateMs }) => lateMs),
    )

  test('is down when they start: they start, say so, and tell all by the safety poll; then it is there, and all is quick', async () => {
    await redis.kill()
    const began = performance.now()
    await start()
    expect(performance.now() - began).toBeLessThan(20_000)
    await bothAre(degraded)
    const deployment = await seedDeployment(a.hub, [{ script: printing(60, 0.05) }])
    const without = await startRun(a.hub, deployment)
    const followers = [a, b, a, b].map((server) => follow(server, without))
    await expectTold(without, followers)
    const late = lateness(followers)
    expect(Math.max(...late)).toBeLessThan(safetyPollMs + roomMs)

    await redis.restart()
    await bothAre(ready)
    const withRedis = await startRun(a.hub, deployment)
    const again = [a, b, a, b].map((server) => follow(server, withRedis))
    await expectTold(withRedis, again)
    expect(median(lateness(again))).toBeLessThan(200)
    console.info(
      `events late: without Redis ${median(late)} ms (median), ${Math.max(...late)} (most); with it ${median(lateness(again))}`,
    )
  }, 90_000)

  test.each([
    ['is killed in the midst, and started again', () => redis.kill(), () => redis.restart()],
    ['is frozen in the midst, and thaws', async () => redis.pause(), async () => redis.resume()],
  ])(
    '%s: no stream breaks, nothing is lost, nothing comes twice',
    async (_, lose, find) => {
      await start()
      await bothAre(ready)
      const deployment = await seedDeployment(a.hub, [{ script: printing(550, 0.02) }])
      const ids = await Promise.all([a, b].map((server) => startRun(server.hub, deployment)))
      const followers = ids.map((id) => [a, b, a, b].map((server) => follow(server, id)))
      await eventually(() => followers.flat().every(({ events }) => events.length > 50))
      const lostAt = Date.now()
      await lose()
      await bothAre(degraded)
      await sleep(4_500)
      expect(await Promise.all([a, b].map(health))).toEqual([degraded, degraded])
      const foundAt = Date.now()
      await find()
      await bothAre(ready)
      for (const [index, id] of ids.entries()) await expectTold(id, followers[index]!)
      const during = lateness(followers.flat(), lostAt, foundAt)
      expect(during.length).toBeGreaterThan(500)
      expect(Math.max(...during)).toBeLessThan(safetyPollMs + roomMs)
      console.info(
        `events late meanwhile: ${median(during)} ms (median), ${Math.max(...during)} (most); before ${median(lateness(followers.flat(), 0, lostAt))}`,
      )
    },
    90_000,
  )

  test('is frozen, or gone: what changes something takes as long as ever', async () => {
    await start()
    await bothAre(ready)
    const idle = await seedDeployment(a.hub, [{ script: 'import time; time.sleep(300)' }])
    const queued = await seedDeployment(a.hub, [{ script: 'print(1)' }], { status: 'PACKAGING' })
    const run = await startRun(a.hub, idle)
    await runWhen(a.hub, run, ({ steps }) => steps[0]!.status === 'RUNNING')
    const report = 'mutation ($input: ReportStepInput!) { reportStep(input: $input) { id } }'
    const timed = async (work: () => Promise<unknown>): Promise<number> => {
      const began = performance.now()
      await work()
      return performance.now() - began
    }
    /** Milliseconds of each. */
    const measure = async (): Promise<{ reportStep: number[]; runDeployment: number[] }> => {
      const took = { reportStep: [] as number[], runDeployment: [] as number[] }
      for (let turn = 0; turn < 25; turn++) {
        const input = { pipelineRun: run, step: 'step1', message: `turn ${turn}` }
        took.reportStep.push(await timed(() => a.hub.data(report, { input })))
        took.runDeployment.push(await timed(() => startRun(a.hub, queued)))
      }
      return took
    }
    await measure()
    const states = {
      up: async () => {},
      frozen: async () => redis.pause(),
      gone: async () => {
        redis.resume()
        await redis.kill()
      },
    }
    const took: Record<string, { reportStep: number[]; runDeployment: number[] }> = {}
    for (let round = 0; round < 2; round++) {
      for (const [state, bring] of Object.entries(states)) {
        await bring()
        const { reportStep, runDeployment } = await measure()
        took[state] ??= { reportStep: [], runDeployment: [] }
        took[state].reportStep.push(...reportStep)
        took[state].runDeployment.push(...runDeployment)
      }
      await redis.restart()
      await bothAre(ready)
    }
    for (const kind of ['reportStep', 'runDeployment'] as const) {
      const [up, frozen, gone] = ['up', 'frozen', 'gone'].map((state) => median(took[state]![kind])) as [number, number, number]
      console.info(`${kind}, median ms: Redis up ${up.toFixed(1)}, frozen ${frozen.toFixed(1)}, gone ${gone.toFixed(1)}`)
      // Whoever waited for it would wait for seconds.
      for (const without of [frozen, gone]) expect(without).toBeLessThan(2 * up + 20)
      for (const state of ['frozen', 'gone']) expect(Math.max(...took[state]![kind])).toBeLessThan(1_000)
    }
  }, 120_000)
})
