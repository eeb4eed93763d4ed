// Opens the catalog in a SQLite file, embedded in this process.
import { Kysely, SqliteAdapter, SqliteDialect } from 'kysely'
import type { SqliteCatalogConfig } from '../../config.js'
import { type Catalog, createCatalog } from './catalog.js'
import { NodeSqlite } from './node-sqlite.js'
import type { Tables } from './tables.js'

/** @throws BACKEND_UNAVAILABLE the file cannot be opened, or belongs to a newer version of this server */
export async function openSqliteCatalog(config: SqliteCatalogConfig): Promise<Catalog> {
  return createCatalog('sqlite', new Kysely<Tables>({ dialect: sqliteDialect(() => new NodeSqlite(config.file)) }))
}

export function sqliteDialect(open: () => NodeSqlite): SqliteDialect {
  const dialect = new SqliteDialect({ database: async () => open() })
  dialect.createAdapter = () => new TransactionalSqliteAdapter()
  return dialect
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
