import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describeWith } from '../backends.js'
import { eventually } from '../eventually.js'
import { eventFields, readEvents, type SeenEvent, seedDeployment, socketClient, startRun } from '../graphql/pipeline-seed.js'
import { createDatabase } from '../postgres-database.js'
import { type PostgresServer, startPostgresServer } from '../postgres-server.js'
import { type RedisServer, startRedisServer } from '../redis-server.js'
import { type SeededUser, seedExperiment, seedKey, seedProject, seedRun, seedUser } from '../seed.js'
import { type BuiltServer, buildServer, type ServerProcess } from '../server-process.js'

describeWith('access to streams on several servers', ['postgres', 'redis-server', 'python3'])('two servers', () => {
  let built: BuiltServer
  let postgres: PostgresServer
  let redis: RedisServer
  let one: ServerProcess
  let two: ServerProcess

  beforeAll(async () => {
    const keeping = { synchronous_commit: 'on', full_page_writes: 'on' }
    ;[built, postgres, redis] = await Promise.all([buildServer(), startPostgresServer(keeping), startRedisServer()])
    const settings = {
      DHUO_CATALOG_URL: await createDatabase(postgres.port),
      DHUO_CATALOG_TIMEOUT_MS: '1500',
      DHUO_PUBSUB_URL: redis.url,
      DHUO_STORAGE_URL: `file:${join(built.directory, 'buckets')}`,
      DHUO_LEASE_SECONDS: '60',
    }
    const start = (home: string) => built.start({ ...settings, DHUO_HOME: join(built.directory, home) })
    ;[one, two] = await Promise.all([start('one'), start('two')])
  }, 60_000)
  afterAll(async () => {
    await built?.remove()
    await postgres?.stop()
    await redis?.stop()
  })

  test('end the streams of those whose access another one has taken, within 30 s, and nobody else’s', async () => {
    const project = await seedProject(one.hub)
    const { id: run } = await seedRun(one.hub, (await seedExperiment(one.hub, project.name)).id)
    const viewers: SeededUser[] = []
    for (let count = 0; count < 5; count++) viewers.push(await seedUser(one.hub, { [project.name]: 'VIEWER' }))
    const [ana, bia, caio, duda, eva] = viewers as [SeededUser, SeededUser, SeededUser, SeededUser, SeededUser]
    const [revoked, expiring] = [await seedKey(one.hub, bia.token), await seedKey(one.hub, caio.token)]
    const past = '2020-01-01T00:00:00.000Z'
    const taken: { what: string; token: string; take: () => Promise<unknown>; code: string }[] = [
      {
        what: 'a role',
        token: ana.token,
        take: () =>
          one.hub.data('mutation ($p: String!, $e: String!) { setProjectMember(project: $p, email: $e) { id } }', {
            p: project.name,
            e: ana.email,
          }),
        code: 'NOT_FOUND',
      },
      {
        what: 'a key that is revoked',
        token: revoked.secret,
        take: () => one.hub.data('mutation ($id: ID!) { revokeAccessKey(id: $id) { id } }', { id: revoked.id }),
        code: 'UNAUTHENTICATED',
      },
      {
        what: 'a key that expires',
        token: expiring.secret,
        take: () => one.hub.change('update access_keys set "expiresAt" = ? where id = ?', past, expiring.id),
        code: 'UNAUTHENTICATED',
      },
      {
        what: 'a session that is over',
        token: duda.token,
        take: () => one.hub.change('update sessions set "expiresAt" = ? where "userId" = ?', past, duda.id),
        code: 'UNAUTHENTICATED',
      },
    ]
    const follow = (token: string) => {
      const client = socketClient(two.hub, token)
      const query = 'subscription ($run: ID!) { metricLogged(run: $run) { key } }'
      const next = client.iterate({ query, variables: { run } }).next()
      const ended = next.then(
        ({ value }) => value?.errors?.[0]?.extensions?.['code'] ?? 'a point came',
        (error) => [error].flat()[0]?.extensions?.code ?? String(error),
      )
      return { client, ended }
    }
    const streams = taken.map(({ token }) => follow(token))
    const others = [bia.token, caio.token, eva.token].map(follow)
    await sleep(500)
    const began = Date.now()
    const ends = taken.map(async ({ what, take }, index) => {
      await take()
      return { what, code: await streams[index]!.ended }
    })
    expect(await Promise.all(ends)).toEqual(taken.map(({ what, code }) => ({ what, code })))
    expect(Date.now() - began).toBeLessThan(30_000)
    const input = { run, metrics: [{ key: 'loss', value: 1 }] }
    await one.hub.data('mutation ($input: LogBatchInput!) { logBatch(input: $input) { id } }', { input })
    expect(await Promise.all(others.map(({ ended }) => ended))).toEqual(others.map(() => 'a point came'))
    for (const { client } of [...streams, ...others]) await client.dispose()
  }, 60_000)

  test('keep streams open while PostgreSQL is away, give nothing that they could not ask about, and go on', async () => {
    const deployment = await seedDeployment(one.hub, [
      { script: 'import time\nfor i in range(100):\n  print(i, flush=True)\n  time.sleep(0.2)' },
    ])
    const id = await startRun(one.hub, deployment)
    const query = `subscription ($id: ID!) { pipelineEvents(pipelineRun: $id) { ${eventFields} } }`
    const followers = [one, two].map((server) => {
      const events: SeenEvent[] = []
      const client = socketClient(server.hub)
      const done = (async () => {
        for await (const { data, errors } of client.iterate<{ pipelineEvents: SeenEvent }>({ query, variables: { id } })) {
          if (errors) throw new Error(JSON.stringify(errors))
          events.push(data!.pipelineEvents)
        }
        await client.dispose()
      })()
      return { events, done }
    })
    await eventually(() => followers.every(({ events }) => events.length > 10))
    await postgres.kill()
    // Past the next look at whether they may go on.
    await sleep(12_000)
    await postgres.restart()
    // One stream each, from the first event to the last: nobody had to come back.
    await Promise.all(followers.map(({ done }) => done))
    const stored = await readEvents(two.hub, id)
    expect(stored.at(-1)).toMatchObject({ runStatus: 'SUCCEEDED' })
    for (const { events } of followers) expect(events).toEqual(stored)
  }, 90_000)
})
