// Opens the catalog in a SQLite file, embedded in this process.
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { Kysely, SqliteDialect } from 'kysely'
import type { SqliteCatalogConfig } from '../../config.js'
import { type Catalog, createCatalog } from './catalog.js'
import { NodeSqlite } from './node-sqlite.js'
import type { Tables } from './tables.js'

export async function openSqliteCatalog(config: SqliteCatalogConfig): Promise<Catalog> {
  mkdirSync(dirname(config.file), { recursive: true })
  const dialect = new SqliteDialect({ database: async () => new NodeSqlite(config.file) })
  return createCatalog('sqlite', new Kysely<Tables>({ dialect }))
}
