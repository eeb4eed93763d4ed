// The same page of each of several parents in one statement, at the price of one range of an index for each parent.
import { type Kysely, type RawBuilder, sql } from 'kysely'
import { isSqlite } from './sql-dialect.js'
import type { Tables } from './tables.js'
import { valueRows } from './value-rows.js'

/** `parents(id)`, to begin the statement with. */
export const parentsOf = (db: Kysely<Tables>, ids: readonly string[]): RawBuilder<unknown> =>
  sql`with parents(id) as (${valueRows(db, ['text', [...new Set(ids)]])})`

/**
 * Joins to each row of `parents` what `page` selects for it, under the name `child`.
 * @param key columns that tell the rows of the table apart
 * @param page `from <table> as candidate … order by … limit …`; it may name `parents.id`
 */
export function joinPage(
  db: Kysely<Tables>,
  table: keyof Tables & string,
  key: readonly string[],
  page: RawBuilder<unknown>,
): RawBuilder<unknown> {
  const columnsOf = (alias: string) => sql.join(key.map((column) => sql.ref(`${alias}.${column}`)))
  // SQLite has no lateral join, and PostgreSQL would try every row against every parent without one.
  return isSqlite(db)
    ? sql`cross join ${sql.table(table)} as child on (${columnsOf('child')}) in (select ${columnsOf('candidate')} ${page})`
    : sql`cross join lateral (select candidate.* ${page}) as child`
}
