import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import { Kysely, type SqliteDatabase } from 'kysely'
import { type Catalog, createCatalog } from '../../src/datasources/catalog/catalog.js'
import { NodeSqlite } from '../../src/datasources/catalog/node-sqlite.js'
import { sqliteDialect, sqliteTransactions } from '../../src/datasources/catalog/sqlite-catalog.js'
import type { Tables } from '../../src/datasources/catalog/tables.js'
import { calledStores, callsOf } from '../contracts/store-calls.js'

interface Statement {
  sql: string
  parameters: readonly unknown[]
}

/** Every statement that reaches the database, in order. */
function recording(database: SqliteDatabase, statements: Statement[]): SqliteDatabase {
  return {
    prepare(sql) {
      const statement = database.prepare(sql)
      const noted = (parameters: readonly unknown[]) => {
        statements.push({ sql, parameters })
        return parameters
      }
      return {
        reader: statement.reader,
        all: (parameters) => statement.all(noted(parameters)),
        run: (parameters) => statement.run(noted(parameters)),
        iterate: (parameters) => statement.iterate(noted(parameters)),
      }
    },
    close: () => database.close(),
  }
}

describe('every statement of the SQLite catalog finds its rows by an index', () => {
  let directory: string
  let catalog: Catalog
  let plain: DatabaseSync
  const statements: Statement[] = []

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'dhuo-catalog-'))
    const file = join(directory, 'catalog.db')
    const dialect = sqliteDialect(() => recording(new NodeSqlite(file), statements))
    const database = new Kysely<Tables>({ dialect })
    catalog = await createCatalog('sqlite', database, sqliteTransactions(database))
    plain = new DatabaseSync(file)
  })
  afterAll(async () => {
    plain.close()
    await catalog.close()
    await rm(directory, { recursive: true })
  })

  /** What may be read from one end to the other: rows that the statement itself brought, one row of any kind, and what waits to be packaged. */
  const allowed = [
    /^SCAN (parents|walk|wanted|found)$/,
    /^SCAN \d* ?CONSTANT ROWS?$/,
    /^SCAN users USING COVERING INDEX .*$/,
    /^SCAN deployment_versions USING INDEX deployment_versions_packaging$/,
    /^SCAN deployments USING INDEX deployments_to_discard$/,
  ]

  const planOf = ({ sql, parameters }: Statement): string[] => {
    // The plan of an INSERT names every table that refers to this one, though SQLite looks there only while a foreign key is broken.
    plain.exec(`pragma foreign_keys = ${/^\s*insert/.test(sql) ? 'off' : 'on'}`)
    const steps = plain.prepare(`explain query plan ${sql}`).all(...(parameters as SQLInputValue[]))
    return steps.map(({ detail }) => String(detail))
  }

  test.each(calledStores)('in %s', async (name) => {
    for (const [method, call] of callsOf(catalog, name)) {
      statements.length = 0
      await Promise.allSettled(call())
      const made = statements.filter(({ sql }) => !/^(begin|commit|rollback)/.test(sql))
      expect(made.length).toBeGreaterThan(0)
      for (const statement of made) {
        const scans = planOf(statement).filter(
          (step) => step.startsWith('SCAN') && !allowed.some((pattern) => pattern.test(step)),
        )
        expect({ method: `${name}.${method}`, sql: statement.sql, scans }).toMatchObject({ scans: [] })
      }
    }
  })
})
