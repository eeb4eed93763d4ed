// Decides whether columns fit the table that they are added to, and turns values into its types where nothing is lost by that.
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import type { DuckDBConnection } from '@duckdb/node-api'
import { badInput } from '../../errors.js'
import { quoteName, quoteText } from './duckdb-project.js'
import type { Session } from './duckdb-session.js'
import type { Column, GivenRows, TableShape, VersionTarget } from './lakehouse.js'

type Typed = Pick<Column, 'name' | 'databaseType'>

/** What every version adds to the rows. */
const added = ['VERSION', 'CREATED_AT']
const isAdded = (name: string): boolean => added.includes(name.toUpperCase())

const wrong = (message: string) => badInput('columns', message)

/** @throws DhuoError BAD_USER_INPUT naming the column */
export function assertFit(given: readonly Typed[], { table, required }: VersionTarget, existing: TableShape | null): void {
  const names = new Set(given.map(({ name }) => name.toLowerCase()))
  for (const { name } of given) if (isAdded(name)) throw wrong(`The column "${name}" is added to the rows: leave it out.`)
  for (const name of required) if (!names.has(name.toLowerCase())) throw wrong(`There is no column ${name}.`)
  if (existing === null) return
  const there = new Map(existing.columns.map((column) => [column.name.toLowerCase(), column]))
  for (const name of added)
    if (!there.has(name.toLowerCase()))
      throw badInput('table', `The table ${table} has no column ${name}: it is no table to which versions are added.`)
  if (there.get('version')!.type !== 'INTEGER' || there.get('created_at')!.type !== 'TIMESTAMP')
    throw badInput('table', `The columns VERSION and CREATED_AT of the table ${table} are no whole number and timestamp.`)
  for (const { name } of existing.columns)
    if (!isAdded(name) && !names.has(name.toLowerCase()))
      throw wrong(`The table ${table} has the column "${name}", which is missing here.`)
  for (const { name } of given)
    if (!there.has(name.toLowerCase())) throw wrong(`The table ${table} has no column "${name}": a version has the same columns.`)
}

const isReal = (type: string): boolean => /^(FLOAT|DOUBLE)$/.test(type)
const isWhole = (type: string): boolean => /^(U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT))$/.test(type)

/** The column as the goal's type. @throws DhuoError BAD_USER_INPUT naming the column when a value would not be the same there */
export async function expressionFor(connection: DuckDBConnection, from: string, given: Typed, goal: Typed): Promise<string> {
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
 * @throws DhuoError BAD_USER_INPUT naming the column whose values are of several kinds, or that is there twice
 */
async function rowsAsSelect({ columns, rows }: GivenRows, path: string): Promise<string> {
  const names = new Set<string>()
  for (const name of columns) {
    if (names.has(name.toLowerCase())) throw wrong(`The column "${name}" is there twice.`)
    names.add(name.toLowerCase())
  }
  const types = columns.map((name, index) => typeOf(name, rows, index))
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

type Kind = 'BOOLEAN' | 'WHOLE' | 'REAL' | 'NOT_FINITE' | 'LONG' | 'TEXT' | 'NESTED'

function kindOf(value: unknown): Kind {
  if (typeof value === 'boolean') return 'BOOLEAN'
  if (typeof value === 'number') return Number.isSafeInteger(value) ? 'WHOLE' : 'REAL'
  if (typeof value !== 'string') return 'NESTED'
  if (value === 'NaN' || value === 'Infinity' || value === '-Infinity') return 'NOT_FINITE'
  return /^-?[1-9][0-9]{15,37}$/.test(value) ? 'LONG' : 'TEXT'
}

function typeOf(name: string, rows: GivenRows['rows'], index: number): string {
  const kinds = new Set<Kind>()
  for (const row of rows) if (row[index] !== null && row[index] !== undefined) kinds.add(kindOf(row[index]))
  const onlyOf = (...allowed: Kind[]) => [...kinds].every((kind) => allowed.includes(kind))
  if (onlyOf('TEXT', 'LONG', 'NOT_FINITE')) return 'VARCHAR'
  if (onlyOf('BOOLEAN')) return 'BOOLEAN'
  if (onlyOf('WHOLE')) return 'BIGINT'
  if (onlyOf('WHOLE', 'LONG')) return 'HUGEINT'
  if (onlyOf('WHOLE', 'REAL', 'NOT_FINITE')) return 'DOUBLE'
  if (kinds.has('NESTED')) return 'JSON'
  throw wrong(`The column "${name}" mixes kinds of values: all are numbers, or all texts, or all true and false.`)
}
