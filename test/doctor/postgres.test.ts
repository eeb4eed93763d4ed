import { createServer } from 'node:net'
import { openPostgresCatalog } from '../../src/datasources/catalog/postgres-catalog.js'
import { describeWith } from '../backends.js'
import { configOf, createDatabase, onServer } from '../postgres-database.js'
import { type PostgresServer, startPostgresServer } from '../postgres-server.js'
import { faults, findingsOf, onlyFault } from './examined.js'

const look = (url: string, more: Record<string, string> = {}) =>
  findingsOf({ DHUO_HOME: '/nowhere/at/all', DHUO_CATALOG_URL: url, DHUO_CATALOG_TIMEOUT_MS: '1000', ...more }, 'catalog')

describeWith('the doctor with PostgreSQL', ['postgres'])('PostgreSQL', () => {
  let server: PostgresServer
  beforeAll(async () => {
    server = await startPostgresServer(
      { max_connections: '30', fsync: 'on', full_page_writes: 'on', synchronous_commit: 'on' },
      { 'pg_hba.conf': 'host all postgres 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n' },
    )
  })
  afterAll(() => server?.stop())
  const sql = (database: string, text: string) => onServer(server.port, database, (client) => client.query(text))
  const nameOf = (url: string): string => url.slice(url.lastIndexOf('/') + 1)
  /** Of someone who may use the database, with a password. */
  const urlOf = (user: string, url: string): string => url.replace('postgres@', `${user}@`)

  test('is well when it is empty, and stays so; up to date when a server was there', async () => {
    const url = await createDatabase(server.port)
    const few = { check: 'connections', level: 'warn', remedy: expect.stringContaining('DHUO_CATALOG_POOL_SIZE') }
    expect(onlyFault(await look(url))).toMatchObject(few)
    const { rows } = await sql(nameOf(url), "select count(*)::int as tables from pg_tables where schemaname = 'public'")
    expect(rows).toEqual([{ tables: 0 }])
    await (await openPostgresCatalog(configOf(url))).close()
    const found = await look(url, { DHUO_CATALOG_POOL_SIZE: '5' })
    expect(faults(found)).toEqual([])
    expect(found).toContainEqual(expect.objectContaining({ check: 'tables', said: 'up to date' }))
    await sql(nameOf(url), "insert into kysely_migration values ('2099-01-future', '2099-01-01')")
    expect(onlyFault(await look(url, { DHUO_CATALOG_POOL_SIZE: '5' })).said).toMatch(/another version of this server/)
  })

  test('a password that is wrong or missing is named and never said', async () => {
    const url = await createDatabase(server.port)
    await sql('postgres', "create role ana login password 'correct horse'")
    for (const more of [{ DHUO_CATALOG_PASSWORD: 'hunter22' }, {}]) {
      const fault = onlyFault(await look(urlOf('ana', url), more as Record<string, string>))
      expect(fault).toMatchObject({ check: 'reach', level: 'fail', remedy: expect.stringContaining('DHUO_CATALOG_PASSWORD') })
      expect(JSON.stringify(fault)).not.toMatch(/hunter22|correct horse/)
    }
  })

  test('a user who may not make tables is named with the grants; with them it is well', async () => {
    const url = await createDatabase(server.port)
    await sql(nameOf(url), "create role eva login password 'long password'; revoke create on schema public from public")
    const settings = { DHUO_CATALOG_PASSWORD: 'long password', DHUO_CATALOG_POOL_SIZE: '5' }
    const fault = onlyFault(await look(urlOf('eva', url), settings))
    expect(fault).toMatchObject({ check: 'right to make tables', level: 'fail' })
    await sql(nameOf(url), fault.remedy!.replace(/^As its administrator: /, ''))
    expect(faults(await look(urlOf('eva', url), settings))).toEqual([])
  })

  test('one that may forget what it has confirmed is named, with what mends it', async () => {
    const url = await createDatabase(server.port)
    await sql('postgres', `alter database ${nameOf(url)} set synchronous_commit = off`)
    const fault = onlyFault(await look(url, { DHUO_CATALOG_POOL_SIZE: '5' }))
    expect(fault).toMatchObject({
      check: 'durability',
      level: 'warn',
      said: expect.stringMatching(/: synchronous_commit is off/),
    })
    await sql(nameOf(url), fault.remedy!.replace(/^As its administrator: /, ''))
    expect(faults(await look(url, { DHUO_CATALOG_POOL_SIZE: '5' }))).toEqual([])
    await sql('postgres', 'alter role postgres reset synchronous_commit')
  })

  test('a database that is not there, and one that can only be read, are named', async () => {
    const url = await createDatabase(server.port)
    expect(onlyFault(await look(`${url}_not`))).toMatchObject({ check: 'reach', said: expect.stringMatching(/does not exist/) })
    await sql('postgres', `alter database ${nameOf(url)} set default_transaction_read_only = on`)
    expect(onlyFault(await look(url))).toMatchObject({ check: 'reach', said: expect.stringContaining('only be read') })
  })

  test('one that is frozen, a port that is closed and a listener that says nothing are named in time', async () => {
    const url = await createDatabase(server.port)
    const silent = createServer()
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    const silentUrl = `postgres://postgres@127.0.0.1:${(silent.address() as { port: number }).port}/dhuo`
    const mute = await look(silentUrl)
    silent.close()
    await server.pause()
    const frozen = await look(url)
    await server.resume()
    for (const found of [mute, frozen, await look(silentUrl)])
      expect(onlyFault(found)).toMatchObject({ check: 'reach', remedy: expect.stringMatching(/psql "host=127\.0\.0\.1/) })
  })
})
