// Opens the catalog in a SQLite file, embedded in this process.
import { setTimeout as sleep, setImmediate as turnOfTheLoop } from 'node:timers/promises'
import { Kysely, SqliteAdapter, type SqliteDatabase, SqliteDialect } from 'kysely'
import type { SqliteCatalogConfig } from '../../config/catalog-config.js'
import { type Catalog, createCatalog, type TransactionManner } from './catalog.js'
import { isLocked, NodeSqlite } from './node-sqlite.js'
import type { Tables } from './tables.js'

const lockTimeoutMs = 3_000

/** @throws BACKEND_UNAVAILABLE the file cannot be opened, or belongs to a newer version of this server */
export async function openSqliteCatalog(config: SqliteCatalogConfig): Promise<Catalog> {
  const database = new Kysely<Tables>({ dialect: sqliteDialect(() => new NodeSqlite(config.file)) })
  return createCatalog('sqlite', database, sqliteTransactions(database))
}

export function sqliteDialect(open: () => SqliteDatabase): SqliteDialect {
  const dialect = new SqliteDialect({
    database: async () => open(),
    onCreateConnection: async (connection) => {
      const execute = connection.executeQuery.bind(connection)
      connection.executeQuery = (query, options) => retryWhileLocked(() => execute(query, options))
    },
  })
  dialect.createAdapter = () => new TransactionalSqliteAdapter()
  return dialect
}

/**
 * One after the other, with a turn of the event loop between two. Nothing in a transaction of SQLite waits for the event loop:
 * hundreds that are asked for at once would hold it until the last of them is over.
 */
export function sqliteTransactions(database: Kysely<Tables>): TransactionManner {
  let last: Promise<unknown> = Promise.resolve()
  return {
    transact: (attempt) => {
      const result = last.then(() => attempt(database))
      last = result.then(
        () => turnOfTheLoop(),
        () => turnOfTheLoop(),
      )
      return result
    },
    // What is in this process is heard of.
    wasCommitted: async () => false,
  }
}

/** Waits for another process's transaction without blocking this one. */
async function retryWhileLocked<T>(work: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + lockTimeoutMs
  while (true) {
    try {
      return await work()
    } catch (error) {
      if (!isLocked(error) || Date.now() > deadline) throw error
      await sleep(1 + Math.random() * 10)
    }
  }
}

/**
 * kysely says that SQLite has no transactional DDL. It has, and migrations need it: without, two servers that start on
 * one new file both make the tables, and one that is killed at it leaves half a schema that no start can mend.
 */
class TransactionalSqliteAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true
  }
}
