// Hands many values to a statement. PostgreSQL gets each column of them as one array: the statement is the same however many they are.
import { type Kysely, type RawBuilder, sql } from 'kysely'
import { isSqlite } from './sql-dialect.js'

/** As PostgreSQL calls them. */
export type ColumnType = 'text' | 'integer' | 'bigint' | 'double precision'

/**
 * What stands in `with name(…) as (…)`: one row for each place of the lists.
 * @param columns lists of one length, not empty
 */
export function valueRows<T>(db: Kysely<T>, ...columns: readonly [ColumnType, readonly unknown[]][]): RawBuilder<unknown> {
  if (isSqlite(db)) {
    const rows = columns[0]![1].map((_, row) => sql`(${sql.join(columns.map(([, values]) => values[row]))})`)
    return sql`values ${sql.join(rows)}`
  }
  return sql`select * from unnest(${sql.join(columns.map(([type, values]) => sql`${values}::${sql.raw(type)}[]`))})`
}
