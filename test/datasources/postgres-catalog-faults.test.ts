import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { PostgresCatalogConfig } from '../../src/config/catalog-config.js'
import { type Catalog, createCatalog } from '../../src/datasources/catalog/catalog.js'
import { newId } from '../../src/datasources/catalog/node-id.js'
import { databaseOf, openPool, openPostgresCatalog } from '../../src/datasources/catalog/postgres-catalog.js'
import { PostgresDriver } from '../../src/datasources/catalog/postgres-driver.js'
import { TransactionMarks } from '../../src/datasources/catalog/postgres-marks.js'
import { postgresTransactions } from '../../src/datasources/catalog/postgres-transactions.js'
import { describeWith } from '../backends.js'
import { insertProject, insertUser, userRow } from '../contracts/catalog-rows.js'
import { eventually } from '../eventually.js'
import { createTestHub, type TestHub } from '../hub.js'
import { configOf, createDatabase, onServer } from '../postgres-database.js'
import { startPostgresServer } from '../postgres-server.js'
import { seedBucket, seedExperiment, seedObject, seedProject, seedRun } from '../seed.js'

const unavailable = (words: RegExp) => ({ code: 'BACKEND_UNAVAILABLE', message: expect.stringMatching(words) })
const refusalOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => null,
    (error) => error,
  )

describeWith('faults of the PostgreSQL catalog', ['postgres'])('the PostgreSQL catalog', () => {
  let url: string
  let catalog: Catalog
  afterEach(() => catalog.close())
  const open = async (settings: Record<string, string> = {}, port?: number): Promise<PostgresCatalogConfig> => {
    const config = configOf(url, settings)
    catalog = await openPostgresCatalog({ ...config, port: port ?? config.port })
    return config
  }
  beforeEach(async () => {
    url = await createDatabase()
  })

  test('answers a hundred at once over two connections, transactions and single statements', async () => {
    await open({ DHUO_CATALOG_POOL_SIZE: '2', DHUO_CATALOG_TIMEOUT_MS: '5000' })
    const users = Array.from({ length: 100 }, () => userRow())
    await Promise.all(
      users.map(async (user, turn) => {
        if (turn % 2 === 0) await catalog.users.insert(user)
        else
          await catalog.transaction(async (stores) => {
            await stores.users.findByEmail(user.email)
            await stores.users.insert(user)
          })
        expect(await catalog.users.byIds([user.id])).toHaveLength(1)
      }),
    )
    expect(await catalog.users.byIds(users.map(({ id }) => id))).toHaveLength(100)
  })

  /** Has one tag and wants the other, while the catalog has the other and wants the one. The database ends the catalog's. */
  const crosswise = async (config: PostgresCatalogConfig, write: (experimentId: string, tags: object[]) => Promise<void>) => {
    const { id: projectId } = await insertProject(catalog)
    const [experimentId, now] = [newId('experiment'), new Date().toISOString()]
    const experiment = {
      id: experimentId,
      projectId,
      name: 'tagged',
      lifecycle: 'ACTIVE',
      createdAt: now,
      updatedAt: now,
    } as const
    await catalog.experiments.insertActive(experiment)
    const tags = (value: string) => ['b', 'a'].map((key) => ({ key, value }))
    await catalog.experiments.setTags(experimentId, tags('before'))
    await onServer(config.port, config.database, async (client) => {
      const overwrite = (key: string) => client.query(`update experiment_tags set value = 'other' where key = '${key}'`)
      await client.query("set deadlock_timeout = '60s'; begin")
      await overwrite('a')
      const written = write(experimentId, tags('after'))
      await eventually(async () => {
        const { rows } = await client.query(
          "select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()",
        )
        return rows.length > 0
      })
      await overwrite('b')
      await client.query('commit')
      await written
    })
    const values = (await catalog.experiments.tags([experimentId])).map(({ value }) => value)
    expect(values).toEqual(['after', 'after'])
  }

  test('does a statement again that the database ended because of a deadlock', async () => {
    const config = await open()
    await crosswise(config, (id, tags) => catalog.experiments.setTags(id, tags as { key: string; value: string }[]))
  })

  test('does a transaction again that the database ended because of a deadlock', async () => {
    const config = await open()
    let attempts = 0
    await crosswise(config, (id, tags) =>
      catalog.transaction(async ({ experiments }) => {
        attempts++
        await experiments.setTags(id, tags as { key: string; value: string }[])
      }),
    )
    // Once among others and then alone: single statements may collide with that one, too.
    expect(attempts).toBeGreaterThan(1)
  })

  test('keeps nothing of a transaction that made the database wait for too long, and says so', async () => {
    await open({ DHUO_CATALOG_TIMEOUT_MS: '100' })
    const [first, second] = [userRow(), userRow()]
    const work = catalog.transaction(async ({ users }) => {
      await users.insert(first)
      await sleep(1_300)
      await users.insert(second)
    })
    expect(await refusalOf(work)).toMatchObject(unavailable(/did not wait|cut the connection/))
    expect(await catalog.users.byIds([first.id, second.id])).toEqual([])
  })

  test('gives up a connection on which nothing is heard any more, and goes on with another', async () => {
    const near: Socket[] = []
    let isMute = false
    // What comes on a connection that is mute goes nowhere, as where a firewall has forgotten it.
    const between = createServer((socket) => {
      const far = connect(configOf(url).port, '127.0.0.1')
      const isHeard = () => !isMute || !near.includes(socket)
      socket.on('data', (part) => void (isHeard() && far.write(part)))
      far.on('data', (part) => void (isHeard() && socket.write(part)))
      for (const [one, other] of [[socket, far], [far, socket]] as const) // biome-ignore format: pairs
        one.on('error', () => {}).on('close', () => other.destroy())
      if (!isMute) near.push(socket)
    }).listen(0, '127.0.0.1')
    await once(between, 'listening')
    const { port } = between.address() as { port: number }
    await open({ DHUO_CATALOG_TIMEOUT_MS: '300', DHUO_CATALOG_POOL_SIZE: '2' }, port)
    const user = await insertUser(catalog)
    await Promise.all([catalog.ping(), catalog.ping()])
    isMute = true
    const started = performance.now()
    const transaction = catalog.transaction(({ users }) => users.insert(userRow()))
    const asked = [catalog.users.byIds([user.id]), transaction]
    for (const refusal of await Promise.all(asked.map(refusalOf)))
      expect(refusal).toMatchObject(unavailable(/did not answer in time/))
    expect(performance.now() - started).toBeLessThan(3_000)
    expect(await catalog.users.byIds([user.id])).toHaveLength(1)
    for (const socket of near) socket.destroy()
    between.close()
  })

  test('keeps the marks of the newest transactions, and none of servers that ended long ago', async () => {
    const config = await open()
    const driver = new PostgresDriver(openPool(config), 'unlocked', undefined, new TransactionMarks(10, 5))
    const small = await createCatalog('postgres', databaseOf(driver), postgresTransactions(driver, databaseOf))
    await onServer(config.port, config.database, async (client) => {
      await client.query("insert into transaction_marks values ('ended long ago', 7, 1, '2026-01-02T03:04:05.678Z')")
      for (let count = 0; count < 32; count++) await small.transaction(({ users }) => users.insert(userRow()))
      const { rows } = await client.query('select number::int from transaction_marks order by number')
      expect(rows.map(({ number }) => number)).toEqual(Array.from({ length: 12 }, (_, index) => index + 21))
    })
    await small.close()
  })

  test('of transactions whose connections are cut at any moment has kept all or nothing, and knows which', async () => {
    const config = await open({ DHUO_CATALOG_POOL_SIZE: '4' })
    const pairs: { ids: string[]; error: unknown }[] = []
    let isOver = false
    const writers = Array.from({ length: 6 }, async () => {
      while (!isOver) {
        const pair = [userRow(), userRow()]
        const work = catalog.transaction(async ({ users }) => {
          for (const user of pair) await users.insert(user)
        })
        pairs.push({ ids: pair.map(({ id }) => id), error: await refusalOf(work) })
      }
    })
    await onServer(config.port, config.database, async (client) => {
      for (let count = 0; count < 60; count++) {
        await client.query(`select pg_terminate_backend(pid) from pg_stat_activity
          where datname = current_database() and application_name = 'dhuo-graph' order by random() limit 1`)
        await sleep(Math.random() * 30)
      }
    })
    isOver = true
    await Promise.all(writers)
    const refused = pairs.filter(({ error }) => error !== null)
    expect(refused.length).toBeGreaterThan(10)
    expect(pairs.length).toBeGreaterThan(refused.length)
    for (const { ids, error } of pairs) {
      const kept = (await catalog.users.byIds(ids)).length
      if (error !== null) expect(error).toMatchObject({ code: 'BACKEND_UNAVAILABLE' })
      expect(kept).toBe(error === null || (await catalog.wasCommitted(error)) ? 2 : 0)
    }
  }, 30_000)
})

describeWith('a server with two connections', ['postgres'])('a server with two connections to PostgreSQL', () => {
  let hub: TestHub
  beforeAll(async () => {
    const settings = { DHUO_CATALOG_POOL_SIZE: '2', DHUO_CATALOG_TIMEOUT_MS: '15000' }
    hub = await createTestHub({ DHUO_CATALOG_URL: await createDatabase(), ...settings })
  })
  afterAll(() => hub?.close())

  test('does all that a hundred requests want at the same moment: none holds a connection and waits for another', async () => {
    const { name: project } = await seedProject(hub)
    const bucket = (await seedBucket(hub, project)).name
    await seedObject(hub, bucket, 'model.txt', 'a model')
    const experiment = (await seedExperiment(hub, project)).id
    const run = (await seedRun(hub, experiment)).id
    const objects = [{ bucket, key: 'model.txt' }]
    const mutation = (name: string, input: object) => {
      const type = `${name[0]!.toUpperCase()}${name.slice(1)}Input!`
      return hub.execute(`mutation ($input: ${type}) { ${name}(input: $input) { __typename } }`, { input })
    }
    const nested = `{ project(name: "${project}") { experiments { nodes { runs { nodes { metrics { value } modelVersions { version } } } } } } }`
    const requests = [
      (turn: number) => mutation('logBatch', { run, metrics: [{ key: 'm', value: turn }] }),
      (turn: number) => mutation('createExperiment', { project, name: `experiment-${turn}` }),
      () => mutation('createRun', { experiment }),
      () => mutation('saveModel', { project, model: 'tree', objects, run }),
      () => hub.execute(nested),
    ]
    const answers = await Promise.all(Array.from({ length: 100 }, (_, turn) => requests[turn % requests.length]!(turn)))
    expect(answers.flatMap(({ errors }) => errors ?? [])).toEqual([])
    const { model } = await hub.data(
      `{ model(project: "${project}", name: "tree") { versions(first: 50) { nodes { version } } } }`,
    )
    const versions = model.versions.nodes.map(({ version }: { version: number }) => version)
    expect(new Set(versions)).toEqual(new Set(Array.from({ length: 20 }, (_, index) => index + 1)))
  }, 30_000)
})

describeWith('a PostgreSQL that crashes', ['postgres'])('a PostgreSQL that crashes before it has written a commit down', () => {
  test('has lost it, and whoever asks is told so, though later transactions get the number that it had', async () => {
    const postgres = await startPostgresServer({ synchronous_commit: 'on', wal_writer_delay: '10s' })
    const catalog = await openPostgresCatalog(configOf(await createDatabase(postgres.port)))
    try {
      const user = await insertUser(catalog)
      const refused = refusalOf(
        catalog.transaction(async ({ users }) => {
          await users.insert(userRow({ name: user.name }))
          await postgres.pause()
        }),
      )
      await sleep(100)
      await postgres.kill()
      const error = await refused
      expect(error).toMatchObject({ code: 'BACKEND_UNAVAILABLE' })
      await expect(catalog.wasCommitted(error)).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' })
      await postgres.restart()
      for (let count = 0; count < 5; count++) await catalog.transaction(({ users }) => users.insert(userRow()))
      expect([await catalog.wasCommitted(error), await catalog.wasCommitted(error)]).toEqual([false, false])
    } finally {
      await catalog.close()
      await postgres.stop()
    }
  })
})
