// Writes many rows with few statements: the SQL is put together as text, for a query builder spends longer on thousands of values than the database.
import { CompiledQuery, type Kysely } from 'kysely'
import { isSqlite } from './sql-dialect.js'
import type { Tables } from './tables.js'
import type { ColumnType } from './value-rows.js'

/** Few enough that SQLite's statements of this size are worth keeping prepared, enough that one more row costs next to nothing. */
const rowsPerStatement = 100

type Columns<Table extends keyof Tables> = { readonly [Column in keyof Tables[Table] & string]?: ColumnType }

/**
 * @param columns whose values stand in each row, in this order
 * @param onConflict what follows the values: an ON CONFLICT clause, perhaps a RETURNING
 * @returns what RETURNING gives
 */
export async function insertRows<Table extends keyof Tables & string, Returned = never>(
  db: Kysely<Tables>,
  table: Table,
  columns: Columns<Table>,
  rows: readonly (readonly unknown[])[],
  onConflict: string,
): Promise<Returned[]> {
  if (rows.length === 0) return []
  const types = Object.values<ColumnType>(columns as Record<string, ColumnType>)
  const into = `insert into ${table} (${Object.keys(columns).map((column) => `"${column}"`)})`
  if (!isSqlite(db)) {
    const arrays = types.map((type, column) => `$${column + 1}::${type}[]`)
    const text = `${into} select * from unnest(${arrays}) ${onConflict}`
    const values = types.map((_, column) => rows.map((row) => row[column]))
    return (await db.executeQuery<Returned>(CompiledQuery.raw(text, values))).rows
  }
  const row = `(${Array(types.length).fill('?')})`
  const returned: Returned[] = []
  for (let start = 0; start < rows.length; start += rowsPerStatement) {
    const chunk = rows.slice(start, start + rowsPerStatement)
    const text = `${into} values ${Array(chunk.length).fill(row)} ${onConflict}`
    returned.push(...(await db.executeQuery<Returned>(CompiledQuery.raw(text, chunk.flat()))).rows)
  }
  return returned
}
