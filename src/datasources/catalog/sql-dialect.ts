// The few places where SQLite and PostgreSQL want other words for the same thing.
import { type Kysely, type RawBuilder, SqliteAdapter, sql } from 'kysely'

export const isSqlite = <T>(db: Kysely<T>): boolean => db.getExecutor().adapter instanceof SqliteAdapter

/** The 1-based place of `part` in `text`, 0 where it is not. */
export const positionOf = <T>(db: Kysely<T>, text: RawBuilder<string>, part: string): RawBuilder<number> =>
  isSqlite(db) ? sql<number>`instr(${text}, ${part})` : sql<number>`strpos(${text}, ${part})`

/** https://www.sqlite.org/rescode.html#constraint_unique, https://www.postgresql.org/docs/current/errcodes-appendix.html */
export function isUniqueViolation(error: unknown): boolean {
  const { errcode, code } = (error ?? {}) as { errcode?: number; code?: string }
  return errcode === 2067 || errcode === 1555 || code === '23505'
}
