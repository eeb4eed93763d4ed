// The few places where SQLite and PostgreSQL want other words for the same thing.
import { type Kysely, type RawBuilder, SqliteAdapter, sql } from 'kysely'

export const isSqlite = <T>(db: Kysely<T>): boolean => db.getExecutor().adapter instanceof SqliteAdapter

/** The type of a column of text: compared and ordered byte by byte, in PostgreSQL too, whatever the locale of its database. */
export const textType = <T>(db: Kysely<T>): RawBuilder<unknown> => sql`text collate ${sql.ref(isSqlite(db) ? 'binary' : 'C')}`

/**
 * `a join b on …` that SQLite carries out in the order in which it is written: its planner, which has no statistics of keys and
 * values, is not asked.
 */
export const joinInOrder = <T>(db: Kysely<T>): RawBuilder<unknown> => (isSqlite(db) ? sql`cross join` : sql`join`)

/** The 1-based place of `part` in `text`, 0 where it is not. */
export const positionOf = <T>(db: Kysely<T>, text: RawBuilder<string>, part: string): RawBuilder<number> =>
  isSqlite(db) ? sql<number>`instr(${text}, ${part})` : sql<number>`strpos(${text}, ${part})`

/** https://www.sqlite.org/rescode.html#constraint_unique, https://www.postgresql.org/docs/current/errcodes-appendix.html */
export function isUniqueViolation(error: unknown): boolean {
  const { errcode, code } = (error ?? {}) as { errcode?: number; code?: string }
  return errcode === 2067 || errcode === 1555 || code === '23505'
}

const indexedLength = 256

/**
 * What an index has of a text that may be long. PostgreSQL takes no entry of more than some 2,700 bytes, so there it is the
 * beginning: what is to be found by the index has to be asked for by its beginning, too.
 */
export const indexedText = (isSqlite: boolean, text: RawBuilder<unknown>): RawBuilder<unknown> =>
  isSqlite ? text : sql`left(${text}, ${sql.lit(indexedLength)})`

/** Whether an index in PostgreSQL has only the beginning of it. In the words of the indexes of those that are longer. */
export const isBeyondIndex = (text: RawBuilder<unknown>): RawBuilder<unknown> => sql`length(${text}) > ${sql.lit(indexedLength)}`

/** The same of a value; it sorts before or with whatever begins with it. */
export const indexedBeginning = (value: string): string =>
  value.length <= indexedLength ? value : Array.from(value).slice(0, indexedLength).join('')
