// Tables as rows of text, in the port's forms, out of DuckDB and into it: the bridge to databases that read and write no files.
import { type DuckDBAppender, DuckDBDataChunk, type DuckDBType, DuckDBTypeId, VARCHAR } from '@duckdb/node-api'
import { csvExpression } from './duckdb-columns.js'
import type { ExportSource } from './duckdb-export.js'
import { quoteName } from './duckdb-project.js'
import { selectColumns, shapeOf, uniqueNames } from './duckdb-select.js'
import type { Session } from './duckdb-session.js'
import { appendRows, columnOf, converterFor } from './duckdb-values.js'
import type { Column, Value } from './lakehouse.js'

/** A value as a text file has it: a timestamp in ISO 8601, binary in base64, anything nested as JSON. */
export type Text = string | null

export interface TextColumn extends Column {
  /** Bytes of the longest value in UTF-8; null where values are short by their type. */
  longest: number | null
}

export interface TextTable {
  columns: TextColumn[]
  rowCount: number
  /** All rows, a piece at a time. To be called once. */
  batches(): AsyncGenerator<Text[][]>
}

const T = DuckDBTypeId
const isShort = ({ typeId }: DuckDBType): boolean =>
  ![T.VARCHAR, T.ENUM, T.BIT, T.BIGNUM, T.BLOB, T.LIST, T.ARRAY, T.STRUCT, T.MAP, T.UNION].includes(typeId)

/**
 * Reads the table once to look at every value, so that what is wrong with a file is known before its first row is passed on.
 * @param table what may stand in FROM
 */
export async function readText({ connection }: Session, table: string): Promise<TextTable> {
  const shape = await shapeOf(connection, table, undefined)
  const measures = shape.types.map((type, i) =>
    isShort(type) ? `count(c${i})` : `coalesce(max(strlen(${csvExpression(type, `c${i}`)})), 0)`,
  )
  const names = shape.types.map((_, i) => `c${i}`).join(', ')
  const measured = await connection.runAndReadAll(`SELECT count(*), ${measures.join(', ')} FROM ${table} AS t(${names})`)
  const [rowCount, ...found] = measured.getRows()[0]!.map(Number)
  return {
    columns: shape.types.map((type, i) => ({
      ...columnOf(shape.names[i]!, type),
      longest: isShort(type) ? null : found[i]!,
    })),
    rowCount: rowCount!,
    async *batches() {
      const converters = shape.types.map(() => converterFor(VARCHAR))
      const result = await connection.stream(selectColumns(table, shape, csvExpression))
      let seen = 0
      for (let chunk = await result.fetchChunk(); chunk !== null && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
        const rows: Value[][] = []
        appendRows(chunk, converters, 0, chunk.rowCount, rows)
        seen += rows.length
        yield rows as Text[][]
      }
      // DuckDB ends a stream in which something went wrong as if there were no more rows (1.5.5).
      if (seen !== rowCount) throw new Error(`${seen} of ${rowCount} rows were read`)
    },
  }
}

/** `type` is one of DuckDB's, which the texts are cast to, or NUMBER: what the values themselves allow, exactly. */
export interface TypedText {
  name: string
  type: string
}

const staged = 'temp.main.staged_text'
const mostInChunk = 2_048

/** Called with the columns before the rows, once more to begin anew; what it gives is called with rows, and waited for, until there are no more. */
export type BeginText = (columns: readonly TypedText[]) => Promise<(rows: readonly Text[][]) => Promise<void>>

/** Takes rows of text, which may be more than memory holds, and gives them out as a typed table. */
export async function stageText(
  session: Session,
  isBinary: boolean,
  fill: (begin: BeginText) => Promise<void>,
): Promise<ExportSource> {
  const { connection } = session
  const begun: { columns: readonly TypedText[]; appender: DuckDBAppender }[] = []
  try {
    await fill(async (columns) => {
      await connection.run(`CREATE OR REPLACE TEMP TABLE staged_text (${columns.map((_, i) => `c${i} VARCHAR`).join(', ')})`)
      const appender = await connection.createAppender('staged_text', 'main', 'temp')
      begun.push({ columns, appender })
      return (rows) => appendText(session, appender, columns.length, rows)
    })
    begun.at(-1)!.appender.flushSync()
  } finally {
    for (const { appender } of begun) appender.closeSync()
  }
  const { columns } = begun.at(-1)!
  const names = uniqueNames(columns.map(({ name }) => name))
  const casts: string[] = []
  for (const [i, { type }] of columns.entries())
    casts.push(`${await castOf(session, `c${i}`, type, isBinary)} AS ${quoteName(names[i]!)}`)
  const table = `(SELECT ${casts.join(', ')} FROM ${staged})`
  return { table, params: undefined, shape: await shapeOf(connection, table, undefined) }
}

async function appendText(session: Session, appender: DuckDBAppender, width: number, rows: readonly Text[][]): Promise<void> {
  const types = Array.from({ length: width }, () => VARCHAR)
  for (let from = 0; from < rows.length; from += mostInChunk) {
    if (session.stopped) throw new Error('stopped')
    const part = rows.slice(from, from + mostInChunk)
    const chunk = DuckDBDataChunk.create(types, part.length)
    for (let i = 0; i < width; i++)
      chunk.setColumnValues(
        i,
        part.map((row) => row[i]!),
      )
    appender.appendDataChunk(chunk)
  }
  // The event loop gets its turn between batches.
  await new Promise(setImmediate)
}

async function castOf(session: Session, column: string, type: string, isBinary: boolean): Promise<string> {
  if (isBinary) {
    if (type === 'BLOB') return `from_base64(${column})`
    if (type.startsWith('TIMESTAMP')) return timestampOf(session, column, type)
    return type === 'NUMBER' ? numberOf(session, column) : `CAST(${column} AS ${type})`
  }
  // These are texts in text, and have their form already.
  if (/^(VARCHAR|BLOB|DATE|TIMESTAMP)/.test(type)) return column
  if (type !== 'NUMBER') return `CAST(${column} AS ${type})`
  // Each value is a number for itself: one that a double cannot hold exactly is written as text.
  const digits = `ltrim(replace(ltrim(${column}, '-'), '.', ''), '0')`
  const whole = `(NOT contains(${column}, '.') AND TRY_CAST(${column} AS HUGEINT) BETWEEN -9007199254740991 AND 9007199254740991)`
  return `CASE WHEN ${whole} OR (contains(${column}, '.') AND strlen(${digits}) <= 15) THEN CAST(${column} AS JSON) ELSE to_json(${column}) END`
}

/** The narrowest type that holds all of a column's numbers exactly: whole numbers, decimals, and text where neither does. */
async function numberOf({ connection }: Session, column: string): Promise<string> {
  const unsigned = `ltrim(${column}, '-')`
  const reader = await connection.runAndReadAll(
    `SELECT coalesce(max(strlen(split_part(${unsigned}, '.', 1))), 1), coalesce(max(strlen(split_part(${unsigned}, '.', 2))), 0) FROM ${staged}`,
  )
  const [before, behind] = reader.getRows()[0]!.map(Number) as [number, number]
  if (behind === 0 && before <= 18) return `CAST(${column} AS BIGINT)`
  return before + behind <= 38 ? `CAST(${column} AS DECIMAL(38, ${behind}))` : column
}

/** Nanoseconds only where there are any; text where a value is beyond the years that the type has. */
async function timestampOf({ connection }: Session, column: string, type: string): Promise<string> {
  const beyond = (goal: string) => `count(*) FILTER (TRY_CAST(${column} AS ${goal}) IS NULL AND ${column} IS NOT NULL)`
  const reader = await connection.runAndReadAll(
    `SELECT count(*) FILTER (strlen(${column}) > 27), ${beyond(type)}, ${beyond('TIMESTAMP_NS')} FROM ${staged}`,
  )
  const [fine, beyondType, beyondFine] = reader.getRows()[0]!.map(Number) as [number, number, number]
  const goal = fine > 0 ? 'TIMESTAMP_NS' : type
  return (fine > 0 ? beyondFine : beyondType) > 0 ? column : `CAST(${column} AS ${goal})`
}
