// Says whether rows fit the table to which they are added as a version, and of what types given rows are.
import { badInput } from '../../errors.js'
import type { Column, GivenRows, TableShape, VersionTarget } from './lakehouse.js'

export type TypedColumn = Pick<Column, 'name' | 'databaseType'>

/** What every version adds to the rows. */
const added = ['VERSION', 'CREATED_AT']
const isAdded = (name: string): boolean => added.includes(name.toUpperCase())

const wrong = (message: string) => badInput('columns', message)

/** @throws DhuoError BAD_USER_INPUT naming the column */
export function assertFit(given: readonly TypedColumn[], { table, required }: VersionTarget, existing: TableShape | null): void {
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

/**
 * The columns of rows that came in JSON, with DuckDB's names of their types: whole numbers are BIGINT, or HUGEINT where some are
 * texts of more digits; other numbers DOUBLE, with NaN and infinities; texts VARCHAR, whatever they look like; lists and
 * objects JSON.
 * @throws DhuoError BAD_USER_INPUT naming the column whose values are of several kinds, or that is there twice
 */
export function givenColumns({ columns, rows }: GivenRows): TypedColumn[] {
  const names = new Set<string>()
  for (const name of columns) {
    if (names.has(name.toLowerCase())) throw wrong(`The column "${name}" is there twice.`)
    names.add(name.toLowerCase())
  }
  return columns.map((name, index) => ({ name, databaseType: typeOf(name, rows, index) }))
}

type Kind = 'BOOLEAN' | 'WHOLE' | 'REAL' | 'NOT_FINITE' | 'LONG' | 'TEXT' | 'NESTED'

function kindOf(value: unknown): Kind {
  if (typeof value === 'boolean') return 'BOOLEAN'
  if (typeof value === 'number') return Number.isSafeInteger(value) ? 'WHOLE' : 'REAL'
  if (typeof value !== 'string') return 'NESTED'
  if (value === 'NaN' || value === 'Infinity' || value === '-Infinity') return 'NOT_FINITE'
  return /^-?[1-9][0-9]{15,37}$/.test(value) ? 'LONG' : 'TEXT'
}

/** Of all of a column's values. */
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
