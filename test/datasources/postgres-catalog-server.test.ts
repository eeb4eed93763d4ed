import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { PostgresCatalogConfig } from '../../src/config/catalog-config.js'
import type { Catalog } from '../../src/datasources/catalog/catalog.js'
import { newId } from '../../src/datasources/catalog/node-id.js'
import { openPostgresCatalog } from '../../src/datasources/catalog/postgres-catalog.js'
import { describeWith } from '../backends.js'
import { insertProject, insertUser, projectRow, userRow } from '../contracts/catalog-rows.js'
import { configOf, createDatabase, onServer } from '../postgres-database.js'
import { type PostgresServer, startPostgresServer } from '../postgres-server.js'

const catalogs: Catalog[] = []
afterEach(async () => {
  for (const catalog of catalogs.splice(0)) await catalog.close()
})

const opened = async (config: PostgresCatalogConfig): Promise<Catalog> => {
  const catalog = await openPostgresCatalog(config)
  catalogs.push(catalog)
  return catalog
}
const refusalOf = (work: Promise<unknown>) =>
  work.then(
    () => null,
    (error: { code: string; message: string }) => error,
  )
const expectUnavailable = async (work: Promise<unknown>, words: RegExp): Promise<void> => {
  const error = await refusalOf(work)
  expect(error).toMatchObject({ code: 'BACKEND_UNAVAILABLE', message: expect.stringMatching(words) })
  // For clients: no host, no port, no name.
  expect(error!.message).not.toMatch(/127\.|localhost|\d{4}|test_/)
}

describeWith('the PostgreSQL catalog', ['postgres'])('the PostgreSQL catalog', () => {
  let config: PostgresCatalogConfig
  beforeEach(async () => {
    config = configOf(await createDatabase(), { DHUO_CATALOG_TIMEOUT_MS: '700', DHUO_CATALOG_POOL_SIZE: '4' })
  })
  const asSuperuser = <Row = Record<string, string>>(sql: string): Promise<Row[]> =>
    onServer(config.port, config.database, async (client) => (await client.query(sql)).rows as Row[])
  /** Cuts every connection that the catalog has. */
  const cut = () =>
    asSuperuser(`select pg_terminate_backend(pid, 1000) from pg_stat_activity
      where datname = '${config.database}' and application_name = 'dhuo-graph'`)

  test('is made once by servers that start at the same moment', async () => {
    const all = await Promise.all(Array.from({ length: 6 }, () => opened(config)))
    await Promise.all(all.map((catalog) => catalog.ping()))
    const names = (await asSuperuser('select name from kysely_migration')).map(({ name }) => name)
    expect(names.length).toBeGreaterThan(2)
    expect(new Set(names).size).toBe(names.length)
  })

  test('that a newer version has used is left alone', async () => {
    await opened(config)
    await asSuperuser(`insert into kysely_migration values ('2999-01-later', '2999')`)
    await expectUnavailable(openPostgresCatalog(config), /another version/)
  })

  test('sorts and compares every text byte by byte, whatever the locale of the database', async () => {
    await opened(config)
    const others = await asSuperuser(`
      select table_name, column_name from information_schema.columns
      where table_schema = 'public' and table_name not like 'kysely%' and data_type = 'text' and collation_name is distinct from 'C'`)
    expect(others).toEqual([])
  })

  test('says so when there is no database there', async () => {
    // It takes connections and says nothing.
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as { port: number }
    await expectUnavailable(openPostgresCatalog({ ...config, port }), /did not answer in time/)
    server.close()
    await expectUnavailable(openPostgresCatalog({ ...config, port }), /refuses connections/)
    await expectUnavailable(openPostgresCatalog({ ...config, database: 'nowhere' }), /does not exist/)
    await expectUnavailable(openPostgresCatalog({ ...config, user: 'nobody' }), /user or the password/)
    await expectUnavailable(openPostgresCatalog({ ...config, host: 'nowhere.invalid' }), /host/)
    await expectUnavailable(openPostgresCatalog({ ...config, tls: 'require' }), /does not offer TLS/)
    await expectUnavailable(openPostgresCatalog({ ...config, tls: 'verify-full', caFile: '/nowhere' }), /DHUO_CATALOG_CA_FILE/)
  })

  test('goes on when its connections were cut while nothing was asked', async () => {
    const catalog = await opened(config)
    const user = userRow()
    await catalog.users.insert(user)
    await cut()
    await sleep(20)
    expect(await catalog.users.byIds([user.id])).toHaveLength(1)
  })

  test('keeps nothing of a transaction whose connection is cut, and says that it was', async () => {
    const catalog = await opened(config)
    const [first, second] = [userRow(), userRow()]
    const work = catalog.transaction(async ({ users }) => {
      await users.insert(first)
      await cut()
      await users.insert(second)
    })
    await expectUnavailable(work, /being stopped or started|cut the connection/)
    expect(await catalog.users.byIds([first.id, second.id])).toEqual([])
    await catalog.transaction(({ users }) => users.insert(first))
    expect(await catalog.users.byIds([first.id, second.id])).toHaveLength(1)
  })

  describe('whose connection breaks at a commit', () => {
    /** Between the catalog and its database: it cuts a connection at a commit, before or after the database has heard of it. */
    const listenBetween = async (cutAt: 'before' | 'after') => {
      const state = { isArmed: false, isClosed: false }
      const between = createServer((near) => {
        const far = connect(config.port, '127.0.0.1')
        let isDoomed = state.isClosed
        if (isDoomed) near.destroy()
        near.on('data', (part) => {
          if (state.isArmed && part.includes('commit')) isDoomed = true
          if (!isDoomed || cutAt === 'after') far.write(part)
          else near.destroy()
        })
        far.on('data', (part) => void (isDoomed ? near.destroy() : near.write(part)))
        for (const [socket, other] of [[near, far], [far, near]] as const) // biome-ignore format: pairs
          socket.on('error', () => {}).on('close', () => other.end())
      }).listen(0, '127.0.0.1')
      await once(between, 'listening')
      const { port } = between.address() as { port: number }
      return { state, port, close: () => between.close() }
    }

    test('has kept all that the database heard of, and says so', async () => {
      const { state, port, close } = await listenBetween('after')
      const catalog = await opened({ ...config, port })
      const user = userRow()
      state.isArmed = true
      let attempts = 0
      const work = catalog.transaction(async ({ users }) => {
        attempts++
        await users.insert(user)
        return 'done'
      })
      expect(await work).toBe('done')
      state.isArmed = false
      expect(attempts).toBe(1)
      expect(await catalog.users.byIds([user.id])).toHaveLength(1)
      close()
    })

    test('has kept nothing that it did not hear of', async () => {
      const { state, port, close } = await listenBetween('before')
      const catalog = await opened({ ...config, port })
      const user = userRow()
      state.isArmed = true
      const error = await refusalOf(catalog.transaction(({ users }) => users.insert(user)))
      expect(error).toMatchObject({ code: 'BACKEND_UNAVAILABLE' })
      expect(await catalog.wasCommitted(error)).toBe(false)
      expect(await catalog.users.byIds([user.id])).toEqual([])
      close()
    })

    test('says what became of it once it can be asked again', async () => {
      const { state, port, close } = await listenBetween('after')
      const catalog = await opened({ ...config, port })
      const user = userRow()
      const error = await refusalOf(
        catalog.transaction(async ({ users }) => {
          await users.insert(user)
          state.isArmed = true
          state.isClosed = true
        }),
      )
      await expectUnavailable(catalog.wasCommitted(error), /./)
      state.isArmed = false
      state.isClosed = false
      expect(await catalog.wasCommitted(error)).toBe(true)
      expect(await catalog.wasCommitted(new Error('another'))).toBe(false)
      close()
    })
  })

  test('gives up a statement that waits for another for too long, and takes the next', async () => {
    const catalog = await opened(config)
    const user = await insertUser(catalog)
    await onServer(config.port, config.database, async (client) => {
      await client.query('begin; lock table users in access exclusive mode')
      const started = performance.now()
      await expectUnavailable(catalog.users.byIds([user.id]), /did not answer in time/)
      expect(performance.now() - started).toBeLessThan(1_500)
    })
    expect(await catalog.users.byIds([user.id])).toHaveLength(1)
  })

  test('refuses more than its pool can do, in time, and recovers', async () => {
    const catalog = await opened(config)
    const user = await insertUser(catalog)
    const go = Promise.withResolvers<void>()
    const holders = Array.from({ length: 4 }, () =>
      catalog.transaction(async ({ users }) => {
        await users.byIds([user.id])
        await go.promise
      }),
    )
    await sleep(50)
    await expectUnavailable(catalog.users.byIds([user.id]), /did not answer in time/)
    go.resolve()
    await Promise.all(holders)
    expect(await catalog.users.byIds([user.id])).toHaveLength(1)
  })

  test('answers as before when another server has changed a table since a statement was prepared', async () => {
    const catalog = await opened({ ...config, poolSize: 2 })
    const user = await insertUser(catalog)
    for (let count = 0; count < 5; count++) await catalog.users.byIds([user.id])
    await asSuperuser('alter table users add column later integer')
    expect(await catalog.users.byIds([user.id])).toMatchObject([{ id: user.id, later: null }])
    await asSuperuser('alter table users drop column later')
    const [found] = await catalog.transaction(({ users }) => users.byIds([user.id]))
    expect(found).toEqual(user)
  })

  test('gives up a transaction that collides every time, says so, and has changed nothing', async () => {
    const catalog = await opened(config)
    const user = await insertUser(catalog)
    let attempts = 0
    const work = catalog.transaction(async ({ users }) => {
      attempts++
      await users.findByEmail(user.email)
      await asSuperuser(`update users set name = coalesce(name, '') || 'x' where id = '${user.id}'`)
      await users.recordLoginFailure('somebody', user.createdAt, user.createdAt)
      await asSuperuser(`update users set name = coalesce(name, '') || 'x' where id = '${user.id}'`)
      throw Object.assign(new Error('could not serialize access'), { code: '40001' })
    })
    await expectUnavailable(work, /Too many others/)
    expect(attempts).toBeGreaterThan(5)
    expect(await asSuperuser('select * from login_failures')).toEqual([])
  })

  test('takes parameters and tags as long as they may be, and finds and sorts them', async () => {
    const catalog = await opened(config)
    const { id: projectId } = await insertProject(catalog)
    const now = new Date().toISOString()
    const experimentId = newId('experiment')
    const experiment = { id: experimentId, projectId, name: 'long', lifecycle: 'ACTIVE', createdAt: now, updatedAt: now } as const
    await catalog.experiments.insertActive(experiment)
    // Not to be compressed; and such as differ only far behind what an index can hold.
    const beginning = randomBytes(2_000).toString('base64url')
    const beginnings = [100, 256, 257, 256].map((length) => beginning.slice(0, length))
    const values = [`${beginning}a`, `${beginning}b`, `${beginning}c`, '\u{10348}'.repeat(6_000), ...beginnings]
    // Of equals the ids tell.
    const runId = newId('run')
    const sorted = ['run 4', 'run 5', 'run 7', 'run 6', 'run 0', 'run 1', 'run 2', 'run 3']
    await Promise.all(
      values.map(async (value, index) => {
        const run = {
          id: `${runId}${index}`,
          projectId,
          experimentId,
          name: `run ${index}`,
          status: 'RUNNING',
          lifecycle: 'ACTIVE',
        } as const
        const row = { ...run, startedAt: now, endedAt: null, userId: null, parentId: null, pipelineStepId: null }
        await catalog.runs.insert(row)
        await catalog.runs.insertParams(row, [{ key: 'k'.repeat(250), value }])
        await catalog.runs.setTags(row, [{ key: 'ĸ'.repeat(250), value }])
      }),
    )
    const search = (filter: string, orderBy: string[], first = 10, after: string | null = null, fewRows = 0) =>
      catalog.runs.search([experimentId], { filter, orderBy, first, after, lifecycle: 'ACTIVE', fewRows })
    for (const field of [`params.${'k'.repeat(250)}`, `tags.${'ĸ'.repeat(250)}`])
      for (const fewRows of [0, 4_000]) {
        for (const [order, wanted] of [['ASC', sorted], ['DESC', sorted.toReversed()]] as const) // biome-ignore format: pairs
          for (const first of [1, 3]) {
            const found: string[] = []
            for (let after: string | null = null; ; ) {
              const [page]: Awaited<ReturnType<typeof search>> = await search('', [`${field} ${order}`], first, after, fewRows)
              found.push(...page!.rows.map(({ name }) => name))
              if (!page!.hasNextPage) break
              after = page!.cursorOf(page!.rows.at(-1)!)
            }
            expect(found).toEqual(wanted)
          }
        const namesOf = async (filter: string) =>
          (await search(filter, ['name'], 10, null, fewRows))[0]!.rows.map(({ name }) => name)
        expect(await namesOf(`${field} = '${values[1]}'`)).toEqual(['run 1'])
        expect(await namesOf(`${field} LIKE '${beginning}%'`)).toEqual(['run 0', 'run 1', 'run 2'])
        expect(await namesOf(`${field} LIKE '${values[2]}%'`)).toEqual(['run 2'])
        expect(await namesOf(`${field} != '${values[2]}'`)).toEqual(sorted.filter((name) => name !== 'run 2').sort())
      }
  })
})

describeWith('the way to a PostgreSQL server', ['postgres', 'openssl'])('the way to a PostgreSQL server', () => {
  let server: PostgresServer
  let directory: string
  let config: PostgresCatalogConfig

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'dhuo-certificates-'))
    const openssl = (...words: string[]) => execFileSync('openssl', words, { cwd: directory, stdio: 'pipe' })
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
    openssl('req', '-x509', ...key, '-days', '2', '-subj', '/CN=authority', '-keyout', 'ca.key', '-out', 'ca.pem')
    openssl('req', ...key, '-subj', '/CN=localhost', '-keyout', 'server.key', '-out', 'server.csr')
    await writeFile(join(directory, 'names'), 'subjectAltName=DNS:localhost')
    const signed = [
      '-CA',
      'ca.pem',
      '-CAkey',
      'ca.key',
      '-CAcreateserial',
      '-days',
      '2',
      '-extfile',
      'names',
      '-out',
      'server.pem',
    ]
    openssl('x509', '-req', '-in', 'server.csr', ...signed)
    const read = (name: string) => readFile(join(directory, name), 'utf8')
    const settings = { ssl: 'on', ssl_cert_file: 'server.pem', ssl_key_file: 'server.key', log_statement: 'all' }
    server = await startPostgresServer(settings, {
      'server.pem': await read('server.pem'),
      'server.key': await read('server.key'),
      'pg_hba.conf': 'hostnossl all postgres 127.0.0.1/32 trust\nhostssl all ana 127.0.0.1/32 scram-sha-256\n',
    })
    const url = new URL(await createDatabase(server.port))
    const name = url.pathname.slice(1)
    await onServer(server.port, name, (client) =>
      client.query(`create role ana login password 'p:@/%'; grant create on schema public to ana`),
    )
    config = configOf(`postgres://ana@localhost:${server.port}/${name}?sslmode=verify-full`, {
      DHUO_CATALOG_PASSWORD: 'p:@/%',
      DHUO_CATALOG_CA_FILE: join(directory, 'ca.pem'),
    })
  })
  afterAll(async () => {
    await server?.stop()
    await rm(directory, { recursive: true })
  })

  test('is encrypted, with a password, to a server whose certificate is of its name', async () => {
    const catalog = await opened(config)
    await catalog.ping()
    const ofServer = await onServer(server.port, config.database, (client) =>
      client.query(`select ssl from pg_stat_ssl join pg_stat_activity using (pid) where application_name = 'dhuo-graph'`),
    )
    expect(ofServer.rows).toEqual([{ ssl: true }])
  })

  test.each([
    ['another name', { host: '127.0.0.1' }, /certificate/],
    ['an authority that nobody trusts', { caFile: null }, /certificate/],
    ['an authority that nobody trusts, whatever the name', { caFile: null, tls: 'verify-ca' }, /certificate/],
    ['another password', { password: 'hunter22' }, /user or the password/],
    ['no password', { password: null }, /user or the password/],
    ['no TLS', { tls: 'disable' }, /user or the password/],
  ] as const)('is refused for %s', async (_, change, words) => {
    await expectUnavailable(openPostgresCatalog({ ...config, ...change }), words)
  })

  test.each(['require', 'verify-ca'] as const)('%s does not look at the name', async (tls) => {
    await (await opened({ ...config, host: '127.0.0.1', tls })).ping()
  })

  test('the log of the database names the method of each statement, and no password', async () => {
    const catalog = await opened(config)
    await catalog.projects.byNames(['somewhere'])
    await catalog.transaction(({ projects }) => projects.insert(projectRow()))
    await sleep(50)
    expect(server.log()).toMatch(/\/\* projects\.byNames \*\/ select/)
    expect(server.log()).toMatch(/\/\* projects\.insert \*\/ insert into "projects"/)
    expect(server.log()).not.toContain('hunter22')
  })
})
