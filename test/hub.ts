import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import { type Application, startApplication } from '../src/application.js'
import { readConfig } from '../src/config.js'
import type { Datasources } from '../src/datasources/datasources.js'
import { createLogger } from '../src/logger.js'
import { startOciStorage } from './oci/oci-storage.js'
import { startOracle } from './oracle/oracle-lakehouse-over-postgres.js'
import { createDatabase, onServer } from './postgres-database.js'

/** A bearer token or an access key; null sends none. */
export type As = string | null

export interface Answer<Data = Record<string, never>> {
  data: Data | null
  errors?: {
    message: string
    path?: (string | number)[]
    extensions: { code: string; field?: string } & Record<string, unknown>
  }[]
}

export interface TestHub {
  url: string
  datasources: Datasources
  home: string
  /** Where its catalog is, for another server on the same. */
  catalogUrl: string
  /** A session token of the administrator. */
  admin: string
  /** One operation over HTTP; as the administrator unless said otherwise. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers without spelling out their types
  execute<Data = any>(query: string, variables?: Record<string, unknown>, as?: As): Promise<Answer<Data>>
  /** Like `execute`, and throws when there is an error. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers without spelling out their types
  data<Data = any>(query: string, variables?: Record<string, unknown>, as?: As): Promise<Data>
  /** The one error of an operation that must fail. */
  error(query: string, variables?: Record<string, unknown>, as?: As): Promise<NonNullable<Answer['errors']>[number]>
  /** Changes the catalog behind its back, as another process would; `?` stands for each value. */
  change(statement: string, ...values: SQLInputValue[]): Promise<void>
  /** Stops the server and starts another on the same home. */
  restart(): Promise<void>
  close(): Promise<void>
}

export const adminEmail = 'admin@example.com'
export const adminPassword = 'correct horse battery'

/**
 * A whole server on embedded backends in a directory of its own, on a free port; its catalog is in a PostgreSQL database of its own
 * where the environment variable DHUO_TEST_CATALOG says `postgres`, its objects in a double of OCI where DHUO_TEST_STORAGE says `oci`,
 * its tables in a double of Oracle where DHUO_TEST_LAKEHOUSE says `oracle`.
 * @param settings environment variables on top of those
 * @param log to read what is logged; without it there is no log
 */
export async function createTestHub(settings: Record<string, string> = {}, log = createLogger('silent')): Promise<TestHub> {
  const home = await mkdtemp(join(tmpdir(), 'dhuo-test-'))
  const catalogUrl =
    settings['DHUO_CATALOG_URL'] ??
    (process.env['DHUO_TEST_CATALOG'] === 'postgres'
      ? await createDatabase()
      : `sqlite:${join(settings['DHUO_HOME'] ?? home, 'catalog.db')}`)
  const storage = process.env['DHUO_TEST_STORAGE'] === 'oci' && !settings['DHUO_STORAGE_URL'] ? await startOciStorage() : null
  const oracle = process.env['DHUO_TEST_LAKEHOUSE'] === 'oracle' && !settings['DHUO_LAKEHOUSE_URL'] ? await startOracle() : null
  const config = readConfig({
    PORT: '0',
    DHUO_HOME: home,
    DHUO_ADMIN_EMAIL: adminEmail,
    DHUO_ADMIN_PASSWORD: adminPassword,
    // Tests make hundreds of people.
    DHUO_PASSWORD_COST: '10',
    DHUO_CATALOG_URL: catalogUrl,
    ...storage?.settings,
    ...oracle?.settings,
    ...settings,
  })
  let application: Application = await startApplication(config, log)

  const execute: TestHub['execute'] = async (query, variables = {}, as = hub.admin) => {
    const response = await fetch(`${application.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(as !== null && { authorization: `Bearer ${as}` }) },
      body: JSON.stringify({ query, variables }),
    })
    return (await response.json()) as never
  }
  const hub: TestHub = {
    get url() {
      return application.url
    },
    get datasources() {
      return application.datasources
    },
    home,
    catalogUrl,
    admin: '',
    execute,
    async data(query, variables, as) {
      const answer = await execute(query, variables, as)
      if (answer.errors) throw new Error(JSON.stringify(answer.errors, null, 2))
      return answer.data as never
    },
    async error(query, variables, as) {
      const answer = await execute(query, variables, as)
      if (answer.errors?.length !== 1) throw new Error(`one error was expected: ${JSON.stringify(answer)}`)
      return answer.errors[0]!
    },
    change: (statement, ...values) => changeCatalog(catalogUrl, statement, values),
    async restart() {
      await application.close()
      application = await startApplication(config, log)
    },
    async close() {
      await application.close()
      await storage?.close()
      await oracle?.close()
      await rm(home, { recursive: true, force: true })
    },
  }
  hub.admin = (
    await hub.data(`mutation { login(email: "${adminEmail}", password: "${adminPassword}") { token } }`, {}, null)
  ).login.token
  return hub
}

/** `TestHub.change` of the catalog at that URL. */
export async function changeCatalog(url: string, statement: string, values: SQLInputValue[]): Promise<void> {
  const { catalog } = readConfig({ DHUO_CATALOG_URL: url })
  if (catalog.scheme === 'postgres') {
    let count = 0
    const numbered = statement.replaceAll('?', () => `$${++count}`)
    await onServer(catalog.port, catalog.database, (client) => client.query(numbered, values))
    return
  }
  const db = new DatabaseSync(catalog.file, { timeout: 5_000 })
  db.prepare(statement).run(...values)
  db.close()
}
