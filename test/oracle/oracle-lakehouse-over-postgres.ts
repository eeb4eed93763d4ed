import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { OracleLakehouseConfig } from '../../src/config/lakehouse-config.js'
import { readConfig } from '../../src/config.js'
import type { Lakehouse } from '../../src/datasources/lakehouse/lakehouse.js'
import { openOracleLakehouse } from '../../src/datasources/lakehouse/oracle-lakehouse.js'
import { createLogger, type Logger } from '../../src/logger.js'
import { createDatabase } from '../postgres-database.js'
import { type ListenerOptions, type OracleListener, startOracleListener } from './oracle-listener.js'
import { PostgresAsOracle } from './postgres-as-oracle.js'

export const serverAccount = 'DHUOSERVER'

export const configFor = (url: string, home: string, settings: Record<string, string> = {}): OracleLakehouseConfig =>
  readConfig({
    DHUO_LAKEHOUSE_URL: url,
    DHUO_ORACLE_USER: serverAccount,
    DHUO_ORACLE_PASSWORD: 'secret',
    DHUO_SQL_TIMEOUT_MS: '10000',
    DHUO_HOME: home,
    ...settings,
  }).lakehouse as OracleLakehouseConfig

export interface OverPostgres {
  lakehouse: Lakehouse
  listener: OracleListener
  database: PostgresAsOracle
  /** Another server on the same database. */
  another(): Promise<Lakehouse>
  close(): Promise<void>
}

export interface OracleDouble {
  listener: OracleListener
  database: PostgresAsOracle
  /** Environment variables of a server. */
  settings: Record<string, string>
  close(): Promise<void>
}

export async function startOracle(options: ListenerOptions = {}): Promise<OracleDouble> {
  const database = await PostgresAsOracle.open(await createDatabase(), serverAccount)
  const listener = await startOracleListener(database, options)
  return {
    listener,
    database,
    settings: { DHUO_LAKEHOUSE_URL: listener.url, DHUO_ORACLE_USER: serverAccount, DHUO_ORACLE_PASSWORD: 'secret' },
    close: async () => {
      await listener.close()
      await database.close()
    },
  }
}

/** The lake house on a double of Oracle: the real driver and the real protocol, and a PostgreSQL behind them. */
export async function openOverPostgres(
  options: ListenerOptions = {},
  settings: Record<string, string> = {},
  log: Logger = createLogger('silent'),
): Promise<OverPostgres> {
  const home = await mkdtemp(join(tmpdir(), 'oracle-lakehouse-'))
  const { database, listener, close } = await startOracle(options)
  const opened: Lakehouse[] = []
  const another = async () => {
    const lakehouse = await openOracleLakehouse(configFor(listener.url, join(home, String(opened.length)), settings), log)
    opened.push(lakehouse)
    return lakehouse
  }
  return {
    lakehouse: await another(),
    listener,
    database,
    another,
    close: async () => {
      for (const lakehouse of opened) await lakehouse.close()
      await close()
      await rm(home, { recursive: true, force: true })
    },
  }
}
