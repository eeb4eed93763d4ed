import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Client } from 'graphql-ws'
import { openPostgresCatalog } from '../src/datasources/catalog/postgres-catalog.js'
import { createLogger } from '../src/logger.js'
import { fireSchedules } from '../src/operations/fire-schedules.js'
import { sweepExpired } from '../src/operations/sweep-expired.js'
import { describeWith } from './backends.js'
import { seedDeployments } from './graphql/deployment-seed.js'
import { seedModels } from './graphql/model-seed.js'
import {
  eventFields,
  readEvents,
  runWhen,
  type SeenEvent,
  seedDeployment,
  socketClient,
  startRun,
} from './graphql/pipeline-seed.js'
import { adminEmail, createTestHub, type TestHub } from './hub.js'
import { configOf, createDatabase } from './postgres-database.js'
import { type RedisServer, startRedisServer } from './redis-server.js'
import { seedBucket, seedExperiment, seedKey, seedObject, seedProject, seedRun, seedUser, uniqueName } from './seed.js'

describeWith('several servers', ['postgres', 'redis-server'])(
  'three servers on one PostgreSQL, one Redis and one storage',
  () => {
    let redis: RedisServer
    let shared: string
    let servers: TestHub[]
    let [a, b, c]: TestHub[] = []
    const clients: Client[] = []

    beforeAll(async () => {
      redis = await startRedisServer()
      shared = await mkdtemp(join(tmpdir(), 'dhuo-shared-'))
      const settings = {
        DHUO_CATALOG_URL: await createDatabase(),
        DHUO_PUBSUB_URL: redis.url,
        DHUO_STORAGE_URL: `file:${join(shared, 'buckets')}`,
      }
      servers = await Promise.all(Array.from({ length: 3 }, () => createTestHub(settings)))
      ;[a, b, c] = servers as [TestHub, TestHub, TestHub]
    }, 30_000)
    afterEach(async () => {
      for (const client of clients.splice(0)) await client.dispose()
    })
    afterAll(async () => {
      await Promise.all((servers ?? []).map((server) => server.close()))
      await redis?.stop()
      await rm(shared, { recursive: true, force: true })
    })

    /** The server of that turn. */
    const at = (turn: number): TestHub => servers[turn % servers.length]!
    const subscribe = <Data>(hub: TestHub, query: string, variables: Record<string, unknown>, as?: string) => {
      const client = socketClient(hub, as)
      clients.push(client)
      return client.iterate<Data>({ query, variables })
    }
    /** What a subscriber of a run's events gets until the end. */
    const follow = async (hub: TestHub, id: string): Promise<SeenEvent[]> => {
      const events: SeenEvent[] = []
      const query = `subscription ($id: ID!) { pipelineEvents(pipelineRun: $id) { ${eventFields} } }`
      for await (const { data, errors } of subscribe<{ pipelineEvents: SeenEvent }>(hub, query, { id })) {
        if (errors) throw new Error(JSON.stringify(errors))
        events.push(data!.pipelineEvents)
      }
      return events
    }

    test('know each other’s people, sessions and keys, and a key that one revokes is none to the others', async () => {
      const project = await seedProject(a!)
      const ana = await seedUser(b!, { [project.name]: 'EDITOR' })
      const me = '{ viewer { email } }'
      for (const server of servers) expect((await server.data(me, {}, ana.token)).viewer.email).toBe(ana.email)
      const key = await seedKey(a!, a!.admin, { project: project.name, role: 'VIEWER' })
      for (const server of servers) expect((await server.data(me, {}, key.secret)).viewer.email).toBe(adminEmail)
      await b!.data('mutation ($id: ID!) { revokeAccessKey(id: $id) { id } }', { id: key.id })
      const refused = 'mutation { revokeAccessKey(id: "key") { id } }'
      for (const server of servers) expect((await server.error(refused, {}, key.secret)).extensions.code).toBe('UNAUTHENTICATED')
    })

    test('count failed logins together', async () => {
      const email = `${uniqueName('nobody')}@example.com`
      const codes: string[] = []
      for (let turn = 0; turn < 14; turn++) {
        const query = `mutation { login(email: "${email}", password: "wrong password") { token } }`
        codes.push((await at(turn).error(query, {}, null)).extensions.code)
      }
      expect(codes).toEqual([...Array(10).fill('UNAUTHENTICATED'), ...Array(4).fill('RATE_LIMITED')])
    })

    test('give every event of every run to each subscriber, in order and once, whichever server it is connected to', async () => {
      const deployment = await seedDeployment(a!, [
        { script: 'import time\nfor i in range(30):\n  print(i, flush=True)\n  time.sleep(0.005)' },
        { script: 'for i in range(500): print(i)' },
      ])
      const ids = await Promise.all(servers.map((server) => startRun(server, deployment)))
      const seen = await Promise.all(
        ids.flatMap((id) => servers.map(async (server) => ({ id, events: await follow(server, id) }))),
      )
      for (const { id, events } of seen) {
        const stored = await readEvents(c!, id)
        expect(stored.map(({ sequence }) => sequence)).toEqual(stored.map((_, index) => index + 1))
        expect(stored.at(-1)).toMatchObject({ type: 'RUN_STATUS', runStatus: 'SUCCEEDED' })
        expect(events).toEqual(stored)
      }
      expect((await Promise.all(ids.map((id) => runWhen(b!, id)))).map(({ number }) => number).sort()).toEqual([1, 2, 3])
    })

    test('tell each other of points that are logged and of versions that move', async () => {
      const project = (await seedProject(a!)).name
      const { id: run } = await seedRun(a!, (await seedExperiment(a!, project)).id)
      const logged = 'subscription ($run: ID!) { metricLogged(run: $run) { key value step } }'
      const points = subscribe<{ metricLogged: { value: number } }>(b!, logged, { run })
      const models = await seedModels(a!)
      const changed = 'subscription ($project: String!) { modelVersionChanged(project: $project) { version stage } }'
      const changes = subscribe<{ modelVersionChanged: object }>(c!, changed, { project: models.project })
      const [point, change] = [points.next(), changes.next()]
      let isHeard = false
      void Promise.all([point, change]).then(() => {
        isHeard = true
      })
      // A subscription begins at some moment after it was asked for.
      for (let turn = 0; !isHeard; turn++) {
        const metrics = [{ key: 'loss', value: turn, step: turn }]
        await c!.data('mutation ($input: LogBatchInput!) { logBatch(input: $input) { id } }', { input: { run, metrics } })
        await models.save('announced')
      }
      expect((await point).value.data).toMatchObject({ metricLogged: { key: 'loss' } })
      expect((await change).value.data).toMatchObject({ modelVersionChanged: { stage: 'NONE' } })
    })

    test('cancel a run that another one advances', async () => {
      const deployment = await seedDeployment(a!, [{ script: 'import time\ntime.sleep(60)' }])
      const id = await startRun(a!, deployment)
      await runWhen(b!, id, ({ status }) => status === 'RUNNING')
      await Promise.all(servers.map((server) => server.data('mutation ($id: ID!) { cancelPipelineRun(id: $id) { id } }', { id })))
      expect(await runWhen(c!, id)).toMatchObject({ status: 'CANCELED', steps: [{ status: 'CANCELED', attempt: 1 }] })
    })

    test('take what is asked for with one idempotency key at the same moment for one', async () => {
      const seeder = await seedDeployments(a!)
      const input = seeder.input({ idempotencyKey: 'only once' })
      const mutation = 'mutation ($input: DeployInput!) { deploy(input: $input) { id version } }'
      const deployed = await Promise.all([0, 1, 2, 3, 4, 5].map((turn) => at(turn).data(mutation, { input })))
      expect(new Set(deployed.map(({ deploy }) => `${deploy.id} ${deploy.version}`)).size).toBe(1)
      const deployment = await seedDeployment(b!, [{ script: 'print(1)' }])
      const runs = await Promise.all([0, 1, 2, 3, 4, 5].map((turn) => startRun(at(turn), deployment, { idempotencyKey: 'k' })))
      expect(new Set(runs).size).toBe(1)
      expect(await runWhen(c!, runs[0]!)).toMatchObject({ status: 'SUCCEEDED', number: 1 })
    })

    test('give dense numbers to what they save at the same moment', async () => {
      const models = await seedModels(a!)
      const input = { project: models.project, model: 'crowded', objects: [{ bucket: models.bucket, key: models.key }] }
      const save = 'mutation ($input: SaveModelInput!) { saveModel(input: $input) { version } }'
      const saved = await Promise.all(Array.from({ length: 30 }, (_, turn) => at(turn).data(save, { input })))
      const numbers = saved.map(({ saveModel }) => saveModel.version).sort((one, other) => one - other)
      expect(numbers).toEqual(numbers.map((_, index) => index + 1))
      const deployment = await seedDeployment(b!, [{ script: 'print(1)' }])
      const runs = await Promise.all(Array.from({ length: 12 }, (_, turn) => startRun(at(turn), deployment)))
      const ended = await Promise.all(runs.map((id) => runWhen(a!, id)))
      expect(ended.map(({ number }) => number).sort((one, other) => one - other)).toEqual(runs.map((_, index) => index + 1))
      expect(ended.every(({ status }) => status === 'SUCCEEDED')).toBe(true)
    })

    test('let an upload that one began end on another, and hand out its bytes on a third', async () => {
      const { name: bucket } = await seedBucket(a!, (await seedProject(a!)).name)
      const bytes = Buffer.alloc(64 * 2 ** 20 + 100, 'x')
      const { createUpload } = await a!.data(
        'mutation ($input: CreateUploadInput!) { createUpload(input: $input) { id partSize parts { number url } } }',
        { input: { bucket, key: 'large', size: bytes.length } },
      )
      const onServer = (url: string, server: TestHub) => url.replace(/^http:\/\/[^/]+/, server.url)
      for (const { number, url } of createUpload.parts) {
        const body = bytes.subarray((number - 1) * createUpload.partSize, number * createUpload.partSize)
        const sent = await fetch(onServer(url, at(number)), { method: 'PUT', body })
        expect(sent.status).toBe(200)
      }
      const complete = 'mutation ($id: ID!) { completeUpload(id: $id) { id size downloadUrl } }'
      const completed = await Promise.all([b, c].map((server) => server!.data(complete, { id: createUpload.id })))
      expect(new Set(completed.map(({ completeUpload }) => completeUpload.id)).size).toBe(1)
      const { downloadUrl, size } = completed[0]!.completeUpload
      expect(size).toBe(bytes.length)
      for (const server of servers) {
        const part = await fetch(onServer(downloadUrl, server), { headers: { range: 'bytes=67108860-67108870' } })
        expect([part.status, await part.text()]).toEqual([206, 'x'.repeat(11)])
      }
    })

    test('hand out a table and a model by the URL that another one gave, for as long as its maker may see them', async () => {
      const models = await seedModels(a!)
      const { name: bucket } = await seedBucket(a!, models.project)
      await seedObject(a!, bucket, 'flowers.csv', 'id,name\n1,rose\n2,tulip\n')
      const version = await models.save('flowers')
      const ana = await seedUser(b!, { [models.project]: 'VIEWER' })
      const query = `query ($bucket: String!, $version: ID!) {
        bucket(name: $bucket) { object(key: "flowers.csv") { table(limit: 1) { downloadUrl(format: NDJSON) } } }
        node(id: $version) { ... on ModelVersion { downloadUrl } } }`
      const { bucket: found, node } = await a!.data(query, { bucket, version: version.id }, ana.token)
      const urls = [found.object.table.downloadUrl, node.downloadUrl] as string[]
      const at = (url: string, server: TestHub) => fetch(url.replace(/^http:\/\/[^/]+/, server.url))
      const rows = [JSON.stringify({ id: 1, name: 'rose' }), JSON.stringify({ id: 2, name: 'tulip' }), ''].join('\n')
      for (const server of servers) {
        const answers = await Promise.all(urls.map(async (url) => (await at(url, server)).text()))
        expect(answers).toEqual([rows, `the bytes of ${models.key}`])
      }
      const taken = 'mutation ($project: String!, $email: String!) { setProjectMember(project: $project, email: $email) { id } }'
      await c!.data(taken, { project: models.project, email: ana.email })
      for (const server of servers)
        expect(await Promise.all(urls.map(async (url) => (await at(url, server)).status))).toEqual([404, 404])
    })

    test('fire each tick of a schedule once, and sweep what is over without getting in each other’s way', async () => {
      const seeder = await seedDeployments(a!)
      const { id } = await seeder.deploy({ cron: '*/10 * * * *', timezone: 'UTC' })
      const config = configOf(a!.catalogUrl)
      const catalogs = await Promise.all(servers.map(() => openPostgresCatalog(config)))
      const [log, publisher] = [createLogger('silent'), { publish: () => {} }]
      const first = Date.parse((await catalogs[0]!.deployments.byIds([id]))[0]!.nextRunAt!)
      const ticks = [0, 1, 2, 3].map((tick) => new Date(first + tick * 600_000))
      for (const tick of ticks) await Promise.all(catalogs.map((catalog) => fireSchedules({ catalog }, publisher, log, tick)))
      const [page] = await catalogs[0]!.pipelineRuns.pagesBy('deploymentId', [id], { first: 20, after: null, statuses: null })
      const fired = page!.rows.map(({ scheduledFor }) => scheduledFor).sort()
      expect(fired).toEqual(ticks.map((tick) => tick.toISOString()))

      const { name: bucket } = await seedBucket(a!, seeder.project, 'TEMP')
      const put = await seedDeployments(a!)
      for (let round = 0; round < 5; round++) await put.put('overwritten', `bytes ${round}`)
      const read = 'query ($b: String!, $k: String!) { bucket(name: $b) { object(key: $k) { downloadUrl } } }'
      const { downloadUrl } = (await b!.data(read, { b: put.bucket, k: 'overwritten' })).bucket.object
      const later = Date.now() + 2 * 24 * 3600_000
      await Promise.all(servers.map(({ datasources }) => sweepExpired(datasources, log, later)))
      expect(await (await fetch(downloadUrl)).text()).toBe('bytes 4')
      expect(bucket).not.toBe(put.bucket)
      for (const catalog of catalogs) await catalog.close()
    })
  },
)
