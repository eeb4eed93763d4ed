// Adds rows to a table as its next version: looks whether they fit, numbers them, and keeps account of what was added.
import { setTimeout as sleep } from 'node:timers/promises'
import type { DuckDBConnection } from '@duckdb/node-api'
import { badInput } from '../../errors.js'
import { isConflict } from './duckdb-errors.js'
import { accountsSchema } from './duckdb-functions.js'
import { qualified, quoteName, quoteText } from './duckdb-project.js'
import type { Session } from './duckdb-session.js'
import { describe } from './duckdb-tables.js'
import { expressionFor } from './duckdb-version-columns.js'
import type { AppendedVersion, Column, TableShape, VersionTarget } from './lakehouse.js'
import { assertFit } from './version-columns.js'
import { appendedBefore } from './version-ledger.js'

const ledger = qualified(accountsSchema, 'versions')
const staged = 'temp.main.staged'

/** How often a transaction that lost against another one is run again. Nothing of it was there, so that is safe. */
const attempts = 6
const highestVersion = 2 ** 31 - 1

/** @param select the rows, as a checked SELECT */
export const stage = async (connection: DuckDBConnection, select: string): Promise<void> =>
  void (await connection.run(`CREATE TEMP TABLE staged AS ${select}`))

/** What was added under this key before; null where nothing was, or without a key. */
export async function findAppended(
  connection: DuckDBConnection,
  { key }: Pick<VersionTarget, 'key'>,
): Promise<AppendedVersion | null> {
  if (key === null) return null
  const there = await connection.runAndReadAll(
    `SELECT count(*) FROM duckdb_tables() WHERE database_name = 'db' AND schema_name = $1`,
    [accountsSchema],
  )
  if (Number(there.getRows()[0]![0]) === 0) return null
  const found = await connection.runAndReadAll(
    `SELECT table_name, version, row_count, created_at FROM ${ledger} WHERE save_key = $1`,
    [key],
  )
  const [row] = found.getRows()
  return row ? appendedBefore(row) : null
}

/** Adds what is staged. To be called in the queue of the schema. @throws DhuoError BAD_USER_INPUT, field `columns` or `table` */
export async function appendStaged(session: Session, target: VersionTarget): Promise<AppendedVersion> {
  const { connection } = session
  await connection.run(`CREATE SCHEMA IF NOT EXISTS db.${quoteName(accountsSchema)}`)
  await connection.run(
    `CREATE TABLE IF NOT EXISTS ${ledger}
     (save_key VARCHAR, table_name VARCHAR, version INTEGER, row_count BIGINT, created_at VARCHAR, made_table BOOLEAN)`,
  )
  for (let attempt = 1; ; attempt++) {
    const before = await findAppended(connection, target)
    if (before) return before
    try {
      await connection.run('BEGIN TRANSACTION')
      const appended = await append(connection, target)
      await connection.run('COMMIT')
      return appended
    } catch (error) {
      await connection.run('ROLLBACK').catch(() => {})
      if (session.stopped || attempt === attempts || !isConflict(error)) throw error
      await sleep(Math.random() * 20 * attempt)
    }
  }
}

async function append(connection: DuckDBConnection, target: VersionTarget): Promise<AppendedVersion> {
  const { schema, table, createdAt } = target
  const given = await stagedColumns(connection)
  const [existing = null] = await describe(connection, schema, [table])
  assertFit(given, target, existing)
  const name = qualified(schema, table)
  const time = `CAST(${quoteText(createdAt.replace('Z', ''))} AS TIMESTAMP)`
  if (existing === null) {
    const columns = given.map((column) => `${quoteName(column.name)} ${column.databaseType}`)
    await connection.run(`CREATE TABLE ${name} (${[...columns, '"VERSION" INTEGER', '"CREATED_AT" TIMESTAMP'].join(', ')})`)
  }
  const version = await nextVersion(connection, target, existing)
  const columns: string[] = []
  const values: string[] = []
  for (const column of given) {
    const goal = existing?.columns.find((each) => each.name.toLowerCase() === column.name.toLowerCase()) ?? column
    columns.push(quoteName(column.name))
    values.push(await expressionFor(connection, staged, column, goal))
  }
  const inserted = await connection.run(
    `INSERT INTO ${name} (${[...columns, '"VERSION"', '"CREATED_AT"'].join(', ')})
     SELECT ${[...values, String(version), time].join(', ')} FROM ${staged}`,
  )
  const rowCount = inserted.rowsChanged
  await connection.run(
    `INSERT INTO ${ledger} VALUES (${target.key === null ? 'NULL' : quoteText(target.key)}, ${quoteText(table.toLowerCase())}, ${version}, ${rowCount}, ${quoteText(createdAt)}, ${existing === null})`,
  )
  return { table: table.toLowerCase(), version, rowCount, createdAt, isNew: true }
}

/** Above all that the table has and all that it ever had: rows may have been deleted. */
async function nextVersion(
  connection: DuckDBConnection,
  { schema, table, above }: VersionTarget,
  existing: TableShape | null,
): Promise<number> {
  const inTable = existing === null ? '0' : `(SELECT max("VERSION") FROM ${qualified(schema, table)})`
  const reader = await connection.runAndReadAll(
    `SELECT CAST(greatest(coalesce(${inTable}, 0), coalesce(max(version), 0), ${above}) AS VARCHAR) FROM ${ledger} WHERE table_name = lower($1)`,
    [table],
  )
  const version = Number(reader.getRows()[0]![0]) + 1
  if (version > highestVersion)
    throw badInput('table', `The table ${table} has a row whose VERSION is ${version - 1}: no higher one can follow.`)
  return version
}

async function stagedColumns(connection: DuckDBConnection): Promise<Pick<Column, 'name' | 'databaseType'>[]> {
  const reader = await connection.runAndReadAll(
    `SELECT column_name, data_type FROM duckdb_columns()
     WHERE database_name = 'temp' AND table_name = 'staged' ORDER BY column_index`,
  )
  return reader.getRows().map(([name, type]) => ({ name: String(name), databaseType: String(type) }))
}

/** Takes a version back as if it had not been added, with the table where it was made for it and nothing else is in it. */
export async function removeAppended(
  connection: DuckDBConnection,
  schema: string,
  table: string,
  version: number,
): Promise<void> {
  const name = qualified(schema, table)
  await connection.run('BEGIN TRANSACTION')
  await connection.run(`DELETE FROM ${name} WHERE "VERSION" = ${version}`)
  const removed = await connection.runAndReadAll(
    `DELETE FROM ${ledger} WHERE table_name = lower($1) AND version = ${version} RETURNING made_table`,
    [table],
  )
  const left = await connection.runAndReadAll(`SELECT count(*) FROM ${name}`)
  if (removed.getRows()[0]?.[0] === true && Number(left.getRows()[0]![0]) === 0) await connection.run(`DROP TABLE ${name}`)
  await connection.run('COMMIT')
}
