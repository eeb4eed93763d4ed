import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Kysely } from 'kysely'
import { migrate } from '../../src/datasources/catalog/migrate.js'
import { NodeSqlite } from '../../src/datasources/catalog/node-sqlite.js'
import { databaseOf, openPool } from '../../src/datasources/catalog/postgres-catalog.js'
import { PostgresDriver } from '../../src/datasources/catalog/postgres-driver.js'
import { sqliteDialect } from '../../src/datasources/catalog/sqlite-catalog.js'
import type { Tables } from '../../src/datasources/catalog/tables.js'
import { configOf, createDatabase } from '../postgres-database.js'

interface Statement {
  sql: string
  parameters: readonly unknown[]
}

/** A catalog's database in a file of its own; what it is asked is written down. */
export async function openSqlite() {
  const directory = await mkdtemp(join(tmpdir(), 'dhuo-search-'))
  const connection = new NodeSqlite(join(directory, 'catalog.db'))
  const statements: Statement[] = []
  const db = new Kysely<Tables>({
    dialect: sqliteDialect(() => connection),
    log: ({ query }) => void statements.push({ sql: query.sql, parameters: query.parameters }),
  })
  await migrate(db)
  const close = async () => {
    await db.destroy()
    await rm(directory, { recursive: true })
  }
  const planOf = ({ sql, parameters }: Statement) =>
    connection
      .prepare(`explain query plan ${sql}`)
      .all(parameters)
      .map((row) => (row as { detail: string }).detail)
  return { db, statements, planOf, close }
}

/** A catalog's database in PostgreSQL. */
export async function openPostgres() {
  const driver = new PostgresDriver(openPool(configOf(await createDatabase())))
  const db = databaseOf(driver)
  await migrate(db)
  return { db, close: () => db.destroy() }
}
