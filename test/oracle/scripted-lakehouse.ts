import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Lakehouse } from '../../src/datasources/lakehouse/lakehouse.js'
import { openOracleLakehouse } from '../../src/datasources/lakehouse/oracle-lakehouse.js'
import { createLogger } from '../../src/logger.js'
import { configFor } from './oracle-lakehouse-over-postgres.js'
import { type ListenerOptions, type OracleListener, startOracleListener } from './oracle-listener.js'
import { ScriptedDatabase } from './scripted-database.js'

export interface ScriptedLakehouse {
  lakehouse: Lakehouse
  listener: OracleListener
  database: ScriptedDatabase
  close(): Promise<void>
}

/** The lake house on the real driver and its protocol, before a database that says what it was told to. */
export async function openScripted(
  settings: Record<string, string> = {},
  options: ListenerOptions = {},
): Promise<ScriptedLakehouse> {
  const home = await mkdtemp(join(tmpdir(), 'oracle-scripted-'))
  const database = new ScriptedDatabase()
  const listener = await startOracleListener(database, options)
  const lakehouse = await openOracleLakehouse(configFor(listener.url, home, settings), createLogger('silent'))
  return {
    lakehouse,
    listener,
    database,
    close: async () => {
      await lakehouse.close()
      await listener.close()
      await rm(home, { recursive: true, force: true })
    },
  }
}
