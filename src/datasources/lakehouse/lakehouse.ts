// The port to the tables of projects: SELECT, DML, whole results as files, files read as tables.
import type { Readable } from 'node:stream'

export const columnTypes = [
  'BOOLEAN',
  'INTEGER',
  'FLOAT',
  'DECIMAL',
  'STRING',
  'BINARY',
  'DATE',
  'TIMESTAMP',
  'JSON',
  'OTHER',
] as const
export type ColumnType = (typeof columnTypes)[number]

export interface Column {
  name: string
  type: ColumnType
  /** The backend's own name of the type, for example `DECIMAL(18,3)`. */
  databaseType: string
  nullable: boolean
}

/**
 * A value as clients get it, ready for JSON, the same in every backend: integers exact (a string above 2^53), decimals
 * beyond 15 digits as strings (digits as written, zeros of the scale included), timestamps as ISO 8601 in UTC with 3, 6 or 9
 * digits of a second, dates as YYYY-MM-DD, years before 0 and after 9999 with a sign and six digits, NaN and infinities (of
 * numbers and of times) as the strings `NaN`, `Infinity`, `-Infinity`, binary as base64, lists, structs and maps as arrays and
 * objects of the same, everything else as the text that the backend reads back. Text formats have the same forms.
 */
export type Value = null | boolean | number | string | Value[] | { [key: string]: Value }

export const tableFormats = ['CSV', 'NDJSON', 'JSON', 'PARQUET', 'ARROW'] as const
export type TableFormat = (typeof tableFormats)[number]

/**
 * Positional `?` with an array, named `$name` with an object. Values are bound, never put into the text. Null, booleans,
 * numbers and strings are themselves; lists and objects are JSON text. Long integers, exact decimals, dates and binary are
 * given as strings, which the database casts.
 */
export type Parameters = readonly unknown[] | Readonly<Record<string, unknown>>

export interface SelectQuery {
  /** The project's schema; unqualified names mean its tables. */
  schema: string
  /** One read-only statement, as the user wrote it. */
  sql: string
  params?: Parameters | undefined
}

export interface PageRequest {
  /** Rows at most. */
  limit: number
  /** Rows to pass over first. Default 0. */
  offset?: number
}

/** Rows in column order. */
export interface ResultPage {
  columns: Column[]
  rows: Value[][]
  /** True when there is more than `limit` let through. */
  truncated: boolean
}

/** A whole result as a file. Reading `bytes` to its end, or destroying it, frees everything behind it. */
export interface ExportedResult {
  contentType: string
  /** Without the dot. */
  fileExtension: string
  /** Bytes, where it is known before the first one is sent. */
  size: number | null
  bytes: Readable
}

/** A file to be read as a table. `localFile` is preferred; `open` streams the bytes, or some of them, where there is none. */
export interface SourceFile {
  /** For messages and, without `format`, for its extension. */
  name: string
  format: TableFormat
  localFile: string | null
  /** Bytes. */
  size: number
  /** @param range offsets in bytes, both ends included, within the file */
  open(range?: { start: number; end: number }): Promise<Readable>
  /** For backends that fetch files themselves. Null where the bytes have no URL that other machines could use. */
  lend?(ms: number): Promise<LentFile | null>
}

/** Bytes that another machine may fetch by itself for a while. */
export interface LentFile {
  /** Gives the bytes, with Range, to whoever has it: it is a secret. It has no query. */
  url: string
  /** False when the URL gives other bytes by now, which another write has put in their place. */
  isStill(): Promise<boolean>
  /** Never fails: what cannot be taken back ends by itself. */
  takeBack(): Promise<void>
}

export type WriteMode = 'CREATE' | 'REPLACE' | 'APPEND'

/** Exactly one of `sql` (a SELECT, checked like any other) and `file`. */
export type TableSource = { sql: string } | { file: SourceFile }

export interface TableShape {
  columns: Column[]
  rowCount: number
}

/** Rows as they came in JSON, with the values of each in the order of `columns`; at least one column. */
export interface GivenRows {
  columns: readonly string[]
  rows: readonly (readonly unknown[])[]
}

export interface VersionTarget {
  schema: string
  table: string
  /** Columns that the rows must have, in any case. */
  required: readonly string[]
  /** Adding again under the same key, to whichever table of the schema, adds nothing. */
  key: string | null
  /** The version is higher than this, whatever the table has. */
  above: number
  /** ISO 8601 in UTC. */
  createdAt: string
}

export interface AppendedVersion {
  /** In lower case. */
  table: string
  version: number
  rowCount: number
  createdAt: string
  /** False when it had been added before, under the same key. */
  isNew: boolean
}

/**
 * Tables, one schema for each project; no statement of one project reads or changes what is in another's.
 *
 * Users' SQL reaches nothing but its schema: no files, network, settings, extensions. SELECT and DML are told apart by the
 * database, never by reading the text. A statement ends when its time (`DHUO_SQL_TIMEOUT_MS`) is up or when `signal` aborts:
 * then the method rejects with the signal's reason. Waiting for other statements counts. Reading a file has time by its size
 * on top.
 *
 * Every method that takes SQL throws `DhuoError`: `BAD_USER_INPUT` with the database's message when it refuses the
 * statement or when it is not of the allowed kind (`field` is `sql` or `params`; `schema` or `table` for a name that cannot be
 * one; `file` for a file that cannot be read), `CONFLICT` when another writer was faster,
 * `TIMEOUT`, `BACKEND_UNAVAILABLE`. Messages hold no path and nothing of another project.
 */
export interface Lakehouse {
  /** The scheme of the URL that chose it: `duckdb`, `oracle`. */
  readonly kind: string
  readonly supports: {
    /** The empty text is a value of its own; without it, it is stored as null, however it comes. */
    emptyText: boolean
  }
  /** How a statement names a table that `describeTables` knows by this name, whatever words the backend keeps for itself. */
  nameInSql(table: string): string
  /** Resolves when the backend answers. */
  ping(): Promise<void>
  /** Idempotent. @throws CONFLICT (`field: schema`) the backend has the name for something else */
  createSchema(schema: string): Promise<void>

  /** One read-only statement. */
  select(query: SelectQuery, page: PageRequest, signal?: AbortSignal): Promise<ResultPage>
  /**
   * The whole result of one read-only statement, streamed; CSV, NDJSON, JSON, Parquet, or an Arrow IPC stream. An error after
   * the first bytes (Arrow only) destroys the stream with it. In CSV null is nothing and the empty text is `""`.
   */
  exportSelect(query: SelectQuery, format: TableFormat, signal?: AbortSignal): Promise<ExportedResult>
  /**
   * One INSERT, UPDATE, DELETE or MERGE, run once for each set of parameters, in one transaction: all or nothing.
   * Anything else, a SELECT or RETURNING included, is `BAD_USER_INPUT`. An error in a batch names the set's index in `details.batchIndex`.
   */
  execute(
    statement: { schema: string; sql: string; paramSets: readonly (Parameters | undefined)[] },
    signal?: AbortSignal,
  ): Promise<{ rowsAffected: number }>

  /**
   * Fills a table, whole or not at all: a reader sees the rows from before or from after, never between.
   * CREATE wants that no table of the name exists (`CONFLICT`), REPLACE makes or replaces it, APPEND adds rows to one that
   * exists (`NOT_FOUND`) by column name. A file that cannot be read as its format is `BAD_USER_INPUT`.
   */
  writeTable(
    target: { schema: string; table: string; mode: WriteMode },
    source: TableSource,
    signal?: AbortSignal,
  ): Promise<TableShape>
  /**
   * Adds rows to a table, which is made when it is missing, as its next version: with the columns VERSION (one more than any it
   * has, or ever had by this) and CREATED_AT. Whole or not at all, one after the other, however many add at once.
   * The rows have the columns of the table but these two, by name in any case, and values that are the same in its types:
   * otherwise `BAD_USER_INPUT` naming the column, with the field `columns`; `table` when it is no table of versions.
   * What was added under the same key before is given instead, and nothing is added.
   */
  appendVersion(target: VersionTarget, source: TableSource | { given: GivenRows }, signal?: AbortSignal): Promise<AppendedVersion>
  /** Takes back what `appendVersion` added, its key too; the table goes when it was made for it and nothing else is in it. */
  removeVersion(schema: string, table: string, version: number): Promise<void>
  /** True when there was one. */
  dropTable(schema: string, table: string): Promise<boolean>
  /** In the order asked for, null for a table that is not there; a fixed number of statements for any number of tables. */
  describeTables(schema: string, tables: readonly string[]): Promise<(TableShape | null)[]>

  /** A page of a file read as a table, typed as its format allows. Unreadable as that format: `BAD_USER_INPUT`. */
  readFile(file: SourceFile, page: PageRequest, signal?: AbortSignal): Promise<ResultPage>
  /** A whole file, converted. */
  exportFile(file: SourceFile, format: TableFormat, signal?: AbortSignal): Promise<ExportedResult>
  close(): Promise<void>
}
