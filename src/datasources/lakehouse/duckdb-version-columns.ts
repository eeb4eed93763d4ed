// Decides whether columns fit the table that they are added to, and turns values into its types where nothing is lost by that.
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import type { DuckDBConnection } from '@duckdb/node-api'
import { badInput } from '../../errors.js'
import { quoteName, quoteText } from './duckdb-project.js'
import type { Session } from './duckdb-session.js'
import type { GivenRows } from './lakehouse.js'
import { givenColumns, type TypedColumn } from './version-columns.js'

const isReal = (type: string): boolean => /^(FLOAT|DOUBLE)$/.test(type)
const isWhole = (type: string): boolean => /^(U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT))$/.test(type)

/** The column as the goal's type. @throws DhuoError BAD_USER_INPUT naming the column when a value would not be the same there */
export async function expressionFor(
  connection: DuckDBConnection,
  from: string,
  given: TypedColumn,
  goal: TypedColumn,
): Promise<string> {
  const column = quoteName(given.name)
  const [source, target] = [given.databaseType, goal.databaseType]
  if (source === target) return column
  if (source === 'VARCHAR' && target === 'JSON') return `to_json(${column})`
  const cast = `TRY_CAST(${column} AS ${target})`
  // DuckDB rounds 1.5 to 2 where a whole number is wanted, and says nothing.
  const whole = `TRY_CAST(${column} AS HUGEINT)`
  const differs =
    source === 'VARCHAR'
      ? isWhole(target)
        ? `NOT regexp_full_match(${column}, '\\s*[+-]?[0-9]+\\s*')`
        : isReal(target)
          ? `(regexp_full_match(${column}, '-?[0-9]{16,}') AND TRY_CAST(${cast} AS HUGEINT) IS DISTINCT FROM ${whole})`
          : 'false'
      : isReal(target) && !isWhole(source)
        ? 'false'
        : `TRY_CAST(${cast} AS ${source}) IS DISTINCT FROM ${column}`
  const lost = `SELECT ${column}::VARCHAR FROM ${from} WHERE ${column} IS NOT NULL AND (${cast} IS NULL OR ${differs}) LIMIT 1`
  const refused = (value: string, cause?: unknown) =>
    badInput('columns', `The column "${given.name}" is ${target} in the table: ${value} does not fit.`, cause)
  const found = await connection.runAndReadAll(lost).catch((cause: unknown) => {
    if (!/^(Conversion|Binder|Not implemented) Error/i.test(String((cause as Error).message))) throw cause
    throw refused(source, cause)
  })
  const [row] = found.getRows()
  if (row) throw refused(JSON.stringify(String(row[0]).slice(0, 100)))
  return cast
}

/** Puts rows into a file of the exchange and calls `work` with the SELECT that reads them. */
export async function withGivenRows(session: Session, rows: GivenRows, work: (select: string) => Promise<void>): Promise<void> {
  const path = session.project.takeFile()
  session.hide(path, 'the rows')
  try {
    await work(await rowsAsSelect(rows, path))
  } finally {
    await session.project.giveFileBack(path)
  }
}

/** Rows at a time that are turned into text before others get their turn. */
const rowsPerChunk = 1_000
/** Bytes. Each thread takes a multiple of it as its buffer. */
const leastObjectSize = 2 ** 20

/**
 * Writes rows to a file of the exchange.
 * @returns the SELECT that reads them: whole numbers as BIGINT, or HUGEINT where some are texts of more digits; other numbers as
 * DOUBLE, with NaN and infinities; texts as VARCHAR, whatever they look like; lists and objects as JSON
 * @throws DhuoError BAD_USER_INPUT naming the column: see `givenColumns`
 */
async function rowsAsSelect({ columns, rows }: GivenRows, path: string): Promise<string> {
  const types = givenColumns({ columns, rows }).map(({ databaseType }) => databaseType)
  const file = createWriteStream(path, { flags: 'wx' })
  let longest = leastObjectSize
  for (let start = 0; start < rows.length; start += rowsPerChunk) {
    const lines = rows
      .slice(start, start + rowsPerChunk)
      .map((row) => `${JSON.stringify(Object.fromEntries(columns.map((_, index) => [`c${index}`, row[index]])))}\n`)
    for (const line of lines) longest = Math.max(longest, 4 * line.length)
    if (!file.write(lines.join(''))) await once(file, 'drain')
  }
  file.end()
  await once(file, 'close')
  const read = types.map((type, index) => `c${index}: '${type === 'JSON' ? 'JSON' : 'VARCHAR'}'`)
  const values = types.map((type, index) => `CAST(c${index} AS ${type}) AS ${quoteName(columns[index]!)}`)
  return `SELECT ${values.join(', ')} FROM read_json(${quoteText(path)}, format = 'newline_delimited', columns = {${read.join(', ')}}, maximum_object_size = ${longest})`
}
