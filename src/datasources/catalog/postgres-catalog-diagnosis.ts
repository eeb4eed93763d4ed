// Looks at the catalog's PostgreSQL database: that it answers as the server would ask it, takes tables, and has room for connections.
import { sql } from 'kysely'
import type { PostgresCatalogConfig } from '../../config/catalog-config.js'
import { clockFinding } from '../../diagnosis/clock.js'
import { type Diagnosis, type Finding, look, warn } from '../../diagnosis/finding.js'
import { DhuoError } from '../../errors.js'
import { findMigrations } from './migrate.js'
import { databaseOf, openPool } from './postgres-catalog.js'
import { PostgresDriver } from './postgres-driver.js'

const oldestVersion = 13
/** Servers on one catalog that most installations have, one of them starting while another one stops. */
const usualServers = 4
/** Leases and expiry times are written by one server and read by another. */
const clockMs = 5_000

export const diagnosePostgresCatalog = (config: PostgresCatalogConfig): Diagnosis =>
  async function* () {
    const db = databaseOf(new PostgresDriver(openPool({ ...config, poolSize: 2 })))
    const ask: Ask = async (text) => (await sql.raw<Facts>(text).execute(db)).rows[0] ?? {}
    try {
      const reach = await look(
        'reach',
        () => reachOf(ask),
        () => mendReach(config),
      )
      yield reach
      if (reach.level === 'fail') return
      yield await look(
        'TLS',
        () => tlsOf(config, ask),
        () => 'Set sslmode in DHUO_CATALOG_URL.',
      )
      yield await look(
        'encoding',
        () => encodingOf(ask),
        () => "Make another database: create database dhuo template template0 encoding 'UTF8'",
      )
      yield await look(
        'tables',
        () => tablesOf(ask),
        () => grantsFor(config),
      )
      yield await look(
        'right to make tables',
        () => rightsOf(ask),
        () => grantsFor(config),
      )
      yield await look(
        'connections',
        () => connectionsOf(config, ask),
        () => 'Look at pg_stat_activity.',
      )
      yield await look(
        'durability',
        () => durabilityOf(config, ask),
        () => 'Look at fsync, full_page_writes and synchronous_commit.',
      )
      yield await look(
        'clock',
        () => clockOf(ask),
        () => 'Let both machines keep time (chrony, ntpd).',
      )
    } finally {
      await db.destroy()
    }
  }

type Facts = Record<string, string | number>
type Ask = (text: string) => Promise<Facts>

async function reachOf(ask: Ask): Promise<string> {
  const { number, version, standby } = await ask(`
    select current_setting('server_version_num')::int as number, current_setting('server_version') as version,
      pg_is_in_recovery() or current_setting('transaction_read_only')::bool as standby`)
  if (Number(number) < oldestVersion * 10_000)
    throw new DhuoError('BACKEND_UNAVAILABLE', `It is PostgreSQL ${version}; ${oldestVersion} is the oldest that will do.`)
  if (standby) throw new DhuoError('BACKEND_UNAVAILABLE', 'It can only be read: a standby, or a database that is set so.')
  return `PostgreSQL ${version} answers`
}

const mendReach = ({ host, port, user, database }: PostgresCatalogConfig): string =>
  [
    `Try the same by hand: psql "host=${host} port=${port} user=${user} dbname=${database}"`,
    'It must listen on that address (listen_addresses), let this machine in (pg_hba.conf), and be no standby.',
    'The password is DHUO_CATALOG_PASSWORD; the authority of its certificate is in DHUO_CATALOG_CA_FILE.',
  ].join('\n')

async function tlsOf({ tls }: PostgresCatalogConfig, ask: Ask): Promise<Finding | string> {
  const { version } = await ask('select version from pg_stat_ssl where pid = pg_backend_pid() and ssl')
  if (!version) {
    const { address } = await ask('select host(inet_client_addr()) as address')
    if (!address || String(address).startsWith('127.') || address === '::1') return 'none, on this machine'
    return warn('TLS', 'Passwords and rows cross the network in the clear.', 'Set sslmode=verify-full in DHUO_CATALOG_URL.')
  }
  if (tls !== 'verify-full')
    return warn(
      'TLS',
      `${version}, and sslmode=${tls} takes others for the database.`,
      'Set sslmode=verify-full in DHUO_CATALOG_URL.',
    )
  return `${version}, with a certificate of its name`
}

async function encodingOf(ask: Ask): Promise<string> {
  const { encoding } = await ask("select current_setting('server_encoding') as encoding")
  if (encoding !== 'UTF8')
    throw new DhuoError('BACKEND_UNAVAILABLE', `It is ${encoding}: names in other alphabets have no place in it.`)
  return 'UTF8'
}

async function tablesOf(ask: Ask): Promise<string> {
  const { is_there } = await ask("select to_regclass('kysely_migration') is not null as is_there")
  if (!is_there) return findMigrations([])
  const { done } = await ask("select string_agg(name, ' ') as done from kysely_migration")
  return findMigrations(
    String(done ?? '')
      .split(' ')
      .filter(Boolean),
  )
}

async function rightsOf(ask: Ask): Promise<string> {
  const { schema, may } = await ask("select current_schema() as schema, has_schema_privilege(current_schema(), 'create') as may")
  if (!may) throw new DhuoError('BACKEND_UNAVAILABLE', 'The user may not make tables, which a start of a new version does.')
  return `in the schema ${schema}`
}

const grantsFor = ({ user, database }: PostgresCatalogConfig): string =>
  `As its administrator: grant connect on database "${database}" to "${user}"; grant usage, create on schema public to "${user}";`

async function connectionsOf({ poolSize }: PostgresCatalogConfig, ask: Ask): Promise<Finding | string> {
  const { most, used } = await ask(`
    select current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int as most,
      (select count(*) from pg_stat_activity where backend_type = 'client backend') as used`)
  const said = `${used} of ${most} in use; each server takes up to ${poolSize}`
  if (Number(most) >= poolSize * usualServers) return said
  return warn(
    'connections',
    `${said}: that is not enough for ${usualServers} servers.`,
    'Raise max_connections, or lower DHUO_CATALOG_POOL_SIZE.',
  )
}

/** https://www.postgresql.org/docs/current/runtime-config-wal.html */
async function durabilityOf({ user }: PostgresCatalogConfig, ask: Ask): Promise<Finding | string> {
  const settings = await ask(`
    select current_setting('fsync') as fsync, current_setting('full_page_writes') as full_page_writes,
      current_setting('synchronous_commit') as synchronous_commit`)
  const off = Object.keys(settings).filter((name) => settings[name] === 'off')
  if (off.length === 0) return 'what it confirms it keeps'
  const mended = off.map((name) =>
    name === 'synchronous_commit'
      ? `alter role "${user}" set synchronous_commit = on;`
      : `alter system set ${name} = on; select pg_reload_conf();`,
  )
  return warn(
    'durability',
    `What it has confirmed may be gone after a crash: ${off.join(', ')} ${off.length === 1 ? 'is' : 'are'} off.`,
    `As its administrator: ${mended.join(' ')}`,
  )
}

async function clockOf(ask: Ask): Promise<Finding> {
  const { ms } = await ask('select extract(epoch from clock_timestamp()) * 1000 as ms')
  return clockFinding(new Date(Number(ms)), clockMs)
}
