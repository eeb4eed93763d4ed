// Opens the catalog in a PostgreSQL database.
import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import type { ConnectionOptions } from 'node:tls'
import { Kysely, type Logger, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler } from 'kysely'
import pg from 'pg'
import type { PostgresCatalogConfig } from '../../config/catalog-config.js'
import { DhuoError } from '../../errors.js'
import { type Catalog, createCatalog } from './catalog.js'
import { PostgresDriver } from './postgres-driver.js'
import { ListsAsArrays } from './postgres-lists.js'
import { postgresTransactions } from './postgres-transactions.js'
import type { Tables } from './tables.js'

/** A change of large tables, or the wait for another server that is at it. */
const migrationMs = 3_600_000

/** @throws BACKEND_UNAVAILABLE the database is not to be had, or belongs to a newer version of this server */
export async function openPostgresCatalog(config: PostgresCatalogConfig): Promise<Catalog> {
  const driver = new PostgresDriver(openPool(config))
  const patient = databaseOf(new PostgresDriver(openPool({ ...config, poolSize: 1 }, migrationMs)))
  return createCatalog('postgres', databaseOf(driver), postgresTransactions(driver, databaseOf), patient)
}

/** @param log is told of each statement */
export const databaseOf = (driver: PostgresDriver, log?: Logger): Kysely<Tables> =>
  new Kysely({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => driver,
      createIntrospector: (db) => new PostgresIntrospector(db),
      createQueryCompiler: () => new PostgresQueryCompiler(),
    },
    plugins: [new ListsAsArrays()],
    ...(log && { log }),
  })

export function openPool(config: PostgresCatalogConfig, statementMs = config.timeoutMs): pg.Pool {
  const { timeoutMs, password } = config
  const pool = new pg.Pool({
    host: config.host,
    port: config.port,
    user: config.user,
    database: config.database,
    // A function: without a password pg would look for one in variables and files of its own.
    password: () => password ?? '',
    ssl: tlsOf(config),
    application_name: config.applicationName,
    max: config.poolSize,
    // To open one anew costs many times a statement.
    idleTimeoutMillis: 300_000,
    connectionTimeoutMillis: timeoutMs,
    statement_timeout: statementMs,
    idle_in_transaction_session_timeout: statementMs + 1_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    pipeline: true,
  } as pg.PoolConfig)
  // The database has closed a connection: the next statement gets another one, and says so if there is none.
  const ignore = () => {}
  pool.on('error', ignore)
  pool.on('connect', (client) => client.on('error', ignore))
  return pool
}

function tlsOf({ tls, caFile, host }: PostgresCatalogConfig): pg.PoolConfig['ssl'] {
  if (tls === 'disable') return false
  if (tls === 'require') return { rejectUnauthorized: false }
  const ca = caFile === null ? {} : { ca: readCertificates(caFile) }
  if (tls === 'verify-ca') return { ...ca, checkServerIdentity: () => undefined }
  // Neither would be asked for the name of an address: then Node holds the certificate to the name "localhost".
  return { ...ca, host, ...(isIP(host) === 0 && { servername: host }) } as ConnectionOptions
}

function readCertificates(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new DhuoError('BACKEND_UNAVAILABLE', 'DHUO_CATALOG_CA_FILE cannot be read.', {
      cause: error,
    })
  }
}
