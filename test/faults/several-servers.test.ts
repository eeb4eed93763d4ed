import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describeWith } from '../backends.js'
import { eventually } from '../eventually.js'
import {
  eventFields,
  readEvents,
  runWhen,
  type SeenEvent,
  type SeenRun,
  seedDeployment,
  socketClient,
  startRun,
} from '../graphql/pipeline-seed.js'
import { createDatabase, onServer } from '../postgres-database.js'
import { type PostgresServer, startPostgresServer } from '../postgres-server.js'
import { type RedisServer, startRedisServer } from '../redis-server.js'
import { seedExperiment, seedProject, seedRun } from '../seed.js'
import { type BuiltServer, buildServer, type ServerProcess } from '../server-process.js'
import { expectTruth, processesOf, notingScript as script } from './pipeline-truth.js'

const leaseSeconds = 3
const timeoutMs = 1_500
/** What is committed has left the process, and so outlives it. */
const keeping = { synchronous_commit: 'on', full_page_writes: 'on' }

describeWith('several servers, killed', ['postgres', 'redis-server'])('servers on one PostgreSQL and one Redis', () => {
  let built: BuiltServer
  let postgres: PostgresServer
  let redis: RedisServer
  let catalogUrl: string
  const servers: ServerProcess[] = []
  let started = 0
  let isTestOver = false

  beforeAll(async () => {
    ;[built, postgres, redis] = await Promise.all([buildServer(), startPostgresServer(keeping), startRedisServer()])
  }, 60_000)
  beforeEach(async () => {
    isTestOver = false
    catalogUrl = await createDatabase(postgres.port)
  })
  afterEach(async () => {
    isTestOver = true
    await Promise.all(servers.splice(0).map((server) => server.end('SIGKILL')))
  })
  afterAll(async () => {
    await built?.remove()
    await postgres?.stop()
    await redis?.stop()
  })

  const start = async (): Promise<ServerProcess> => {
    const server = await built.start({
      DHUO_HOME: join(built.directory, `home-${++started}`),
      DHUO_CATALOG_URL: catalogUrl,
      DHUO_CATALOG_TIMEOUT_MS: String(timeoutMs),
      DHUO_PUBSUB_URL: redis.url,
      DHUO_STORAGE_URL: `file:${join(built.directory, 'buckets')}`,
      DHUO_LEASE_SECONDS: String(leaseSeconds),
      DHUO_JOB_GRACE_SECONDS: '1',
    })
    servers.push(server)
    return server
  }
  const notesOf = async (name: string): Promise<string> => {
    const notes = join(built.directory, `notes-${name}`)
    await mkdir(notes)
    return notes
  }
  const threeSteps = (notes: string) =>
    ['first', 'second', 'third'].map((name) => ({ name, script, arguments: [notes], maxAttempts: 10 }))

  /** Follows a run to its end, from wherever it is; where a server is gone it goes on with another one, at its cursor. */
  const follow = async (id: string, turn: number, retries: () => ServerProcess[]): Promise<SeenEvent[]> => {
    const query = `subscription ($id: ID!, $after: Int) { pipelineEvents(pipelineRun: $id, after: $after) { ${eventFields} } }`
    const events: SeenEvent[] = []
    const isOver = () => events.at(-1)?.type === 'RUN_STATUS' && /SUCCEEDED|FAILED|CANCELED/.test(events.at(-1)!.runStatus!)
    for (let tries = 0; !isOver() && !isTestOver; tries++) {
      const there = retries()
      const client = socketClient(there[(turn + tries) % there.length]!.hub)
      try {
        const variables = { id, after: events.length }
        for await (const { data, errors } of client.iterate<{ pipelineEvents: SeenEvent }>({ query, variables })) {
          if (errors) throw new Error(JSON.stringify(errors))
          events.push(data!.pipelineEvents)
        }
      } catch {
        await sleep(100)
      } finally {
        await Promise.race([client.dispose(), sleep(100)])
      }
    }
    return events
  }

  test('take over what one that is killed leaves, within its lease; no attempt begins twice, no stream loses an event', async () => {
    const [one, two, three] = await Promise.all([start(), start(), start()])
    const notes = await notesOf('killed')
    const deployment = await seedDeployment(one.hub, threeSteps(notes))
    const ids: string[] = []
    for (let turn = 0; turn < 9; turn++) ids.push(await startRun(servers[turn % 3]!.hub, deployment))
    let alive = [one, two, three]
    const followers = ids.flatMap((id, turn) => [follow(id, turn, () => alive), follow(id, turn + 1, () => alive)])
    const held = () =>
      onServer(postgres.port, new URL(catalogUrl).pathname.slice(1), async (client) => {
        const { rows } = await client.query('select id, "leaseOwner" from pipeline_runs where "endedAt" is null')
        return new Map(rows.map((row) => [row.id as string, row.leaseOwner as string | null]))
      })
    await sleep(500)
    await one.end('SIGKILL')
    alive = [two, three]
    const left = await held()
    const owners = new Set([...left.values()].filter((owner) => owner !== null))
    const killedAt = Date.now()
    // Each run that had not ended has another owner, or none any more, before long.
    const isLost = (owner: string) => async () => ![...(await held()).values()].includes(owner)
    const lost = await Promise.any([...owners].map((owner) => eventually(isLost(owner), 20_000)))
    expect(lost).toBeUndefined()
    expect(Date.now() - killedAt).toBeLessThan(leaseSeconds * 1_000 + 3_000)
    const runs = await Promise.all(ids.map((id) => runWhen(two.hub, id, undefined, 60_000)))
    for (const run of runs) await expectTruth(three.hub, run, notes)
    expect(runs.map(({ status }) => status)).toEqual(ids.map(() => 'SUCCEEDED'))
    expect(runs.some(({ steps }) => steps.some(({ attempt }) => attempt > 1))).toBe(true)
    const seen = await Promise.all(followers)
    for (const [index, events] of seen.entries()) expect(events).toEqual(await readEvents(two.hub, ids[index >> 1]!))
    expect(await processesOf(ids)).toEqual([])
  }, 120_000)

  test('take over from one that is frozen for longer than its lease, which ends what it ran and writes nothing more', async () => {
    const [one, two] = await Promise.all([start(), start()])
    const notes = await notesOf('frozen')
    const deployment = await seedDeployment(two.hub, threeSteps(notes))
    const ids: string[] = []
    for (let turn = 0; turn < 6; turn++) ids.push(await startRun(one.hub, deployment))
    await sleep(300)
    one.process.kill('SIGSTOP')
    await sleep(leaseSeconds * 1_000 + 2_000)
    one.process.kill('SIGCONT')
    const runs = await Promise.all(ids.map((id) => runWhen(two.hub, id, undefined, 60_000)))
    for (const run of runs) await expectTruth(two.hub, run, notes)
    expect(runs.map(({ status }) => status)).toEqual(ids.map(() => 'SUCCEEDED'))
    await eventually(async () => (await processesOf(ids)).length === 0)
    // It is whole again: what it is asked now it does.
    expect((await runWhen(one.hub, await startRun(one.hub, deployment), undefined, 30_000)).status).toBe('SUCCEEDED')
  }, 120_000)

  describe('while PostgreSQL is', () => {
    /** Clients that log batches, for as long as they are let. Every answer is kept. */
    const busy = (hubs: ServerProcess['hub'][], runId: string) => {
      const acknowledged: number[] = []
      const refused: { code: string; ms: number }[] = []
      let isOver = false
      let batch = 0
      const client = async (hub: ServerProcess['hub']): Promise<void> => {
        while (!isOver && !isTestOver) {
          const number = ++batch
          const key = `batch-${number}`
          const input = {
            run: runId,
            metrics: Array.from({ length: 20 }, (_, step) => ({ key, value: number, step })),
            params: [{ key, value: 'x' }],
          }
          const began = performance.now()
          const { errors } = await hub.execute('mutation ($input: LogBatchInput!) { logBatch(input: $input) { id } }', { input })
          if (errors) refused.push({ code: errors[0]!.extensions.code, ms: performance.now() - began })
          else acknowledged.push(number)
          await sleep(20)
        }
      }
      const clients = hubs.flatMap((hub) => [client(hub), client(hub), client(hub)])
      return {
        acknowledged,
        refused,
        stop: async () => {
          isOver = true
          await Promise.all(clients)
        },
      }
    }
    const readyOf = async ({ url }: { url: string }): Promise<number> => (await fetch(`${url}/readyz`)).status

    test.each([
      ['killed and started again', () => postgres.kill(), () => postgres.restart(), 300],
      ['restarted by its administrator', () => postgres.shutDown(), () => postgres.restart(), 300],
      ['gone for longer than the leases', () => postgres.kill(), () => postgres.restart(), (leaseSeconds + 2) * 1_000],
      ['frozen', () => postgres.pause(), () => postgres.resume(), timeoutMs * 2.5],
    ] as const)(
      '%s, they say BACKEND_UNAVAILABLE in time, then work again; runs come to a true end, and nothing is half written',
      async (how, lose, find, outageMs) => {
        const [one, two] = await Promise.all([start(), start()])
        const notes = await notesOf(`while-${how.replaceAll(' ', '-')}`)
        const { hub } = one
        const { id: run } = await seedRun(hub, (await seedExperiment(hub, (await seedProject(hub)).name)).id)
        const deployment = await seedDeployment(hub, threeSteps(notes))
        const ids: string[] = []
        const clients = busy([one.hub, two.hub], run)
        for (let turn = 0; turn < 6; turn++) ids.push(await startRun([one, two][turn % 2]!.hub, deployment))
        const followers = ids.map((id, turn) => follow(id, turn, () => [one, two]))
        await sleep(400)
        const before = clients.acknowledged.length
        await lose()
        await sleep(outageMs / 2)
        expect(await Promise.all([one, two].map(({ hub }) => readyOf(hub)))).toEqual([503, 503])
        await sleep(outageMs / 2)
        await find()
        await eventually(async () => (await readyOf(one.hub)) === 200 && (await readyOf(two.hub)) === 200, 20_000)
        const after = clients.acknowledged.length
        await eventually(() => clients.acknowledged.length > after + 20, 20_000)
        await clients.stop()
        expect(before).toBeGreaterThan(5)
        expect(clients.refused.length).toBeGreaterThan(0)
        expect(new Set(clients.refused.map(({ code }) => code))).toEqual(new Set(['BACKEND_UNAVAILABLE']))
        // A wait for a connection and one statement, at most; or a statement that the database never answered.
        expect(Math.max(...clients.refused.map(({ ms }) => ms))).toBeLessThan(3 * timeoutMs + 2_000)

        const runs: SeenRun[] = await Promise.all(ids.map((id) => runWhen(two.hub, id, undefined, 60_000)))
        for (const ended of runs) await expectTruth(one.hub, ended, notes)
        expect(runs.map(({ status }) => status)).toEqual(ids.map(() => 'SUCCEEDED'))
        for (const { steps } of runs)
          for (const step of steps.filter(({ attempt }) => attempt === 1))
            expect(step.logs.map(({ text }) => text)).toEqual(Array.from({ length: 10 }, (_, line) => `line ${line}`))
        for (const [index, events] of (await Promise.all(followers)).entries())
          expect(events).toEqual(await readEvents(two.hub, ids[index]!))

        await onServer(postgres.port, new URL(catalogUrl).pathname.slice(1), async (client) => {
          const { rows } = await client.query(
            `select key, (select count(*) from metric_points as p where p."runId" = $1 and p.key = r.key)::int as points,
               (select count(*) from latest_metrics as l where l."runId" = $1 and l.key = r.key)::int as latest
             from run_params as r where "runId" = $1`,
            [run],
          )
          for (const row of rows) expect(row).toEqual({ key: row.key, points: 20, latest: 1 })
          const kept = new Set(rows.map(({ key }) => key))
          for (const number of clients.acknowledged) expect(kept).toContain(`batch-${number}`)
          const { rows: points } = await client.query('select distinct key from metric_points where "runId" = $1', [run])
          expect(points).toHaveLength(rows.length)
        })
      },
      120_000,
    )
  })
})
