// Writes many rows with few statements: the SQL is put together as text, for a query builder spends longer on thousands of values than the database.
import { CompiledQuery, type Kysely } from 'kysely'
import { isSqlite } from './sql-dialect.js'
import type { Tables } from './tables.js'

/** Few enough that statements of this size are worth keeping prepared, enough that one more row costs next to nothing. */
const rowsPerStatement = 100

/**
 * @param columns whose values stand in each row, in this order
 * @param onConflict what follows the values: an ON CONFLICT clause, perhaps a RETURNING
 * @returns what RETURNING gives
 */
export async function insertRows<Table extends keyof Tables & string, Returned = never>(
  db: Kysely<Tables>,
  table: Table,
  columns: readonly (keyof Tables[Table] & string)[],
  rows: readonly (readonly unknown[])[],
  onConflict: string,
): Promise<Returned[]> {
  const returned: Returned[] = []
  for (let start = 0; start < rows.length; start += rowsPerStatement) {
    const chunk = rows.slice(start, start + rowsPerStatement)
    const names = columns.map((column) => `"${column}"`).join(', ')
    const text = `insert into ${table} (${names}) values ${placeholders(db, chunk.length, columns.length)} ${onConflict}`
    const result = await db.executeQuery<Returned>(CompiledQuery.raw(text, chunk.flat()))
    returned.push(...result.rows)
  }
  return returned
}

function placeholders(db: Kysely<Tables>, rows: number, columns: number): string {
  if (isSqlite(db))
    return Array(rows)
      .fill(`(${Array(columns).fill('?').join(', ')})`)
      .join(', ')
  const row = (r: number) => `(${Array.from({ length: columns }, (_, c) => `$${r * columns + c + 1}`).join(', ')})`
  return Array.from({ length: rows }, (_, r) => row(r)).join(', ')
}
