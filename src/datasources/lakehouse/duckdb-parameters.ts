// Binds a client's JSON values to a prepared statement.
import {
  BIGINT,
  DOUBLE,
  type DuckDBPreparedStatement,
  type DuckDBType,
  type DuckDBValue,
  INTEGER,
  VARCHAR,
} from '@duckdb/node-api'
import { badInput, isDhuoError } from '../../errors.js'
import { cleanMessage, messageOf } from './duckdb-errors.js'
import type { Parameters } from './lakehouse.js'

/**
 * Null, booleans, numbers and strings are bound as what they are, whole numbers as INTEGER or BIGINT, others as DOUBLE; a list or an
 * object as JSON text, which DuckDB casts to what the statement wants (`$1::INTEGER[]`). The database casts strings: long
 * integers, dates and decimals are given as strings.
 * @throws DhuoError BAD_USER_INPUT, field `params`, naming the parameter
 */
export function bindParameters(statement: DuckDBPreparedStatement, params: Parameters | undefined): void {
  const names = parameterNames(statement)
  const positional = names.every((name) => /^\d+$/.test(name))
  statement.clearBindings()
  if (params === undefined || params === null) {
    if (names.length > 0) throw wrong(`The statement has ${count(names.length)} (${shown(names)}) and none was given.`)
    return
  }
  if (typeof params !== 'object') throw wrong('Parameters are an array for ? or an object for $name.')
  if (Array.isArray(params)) {
    if (!positional) throw wrong(`The statement's parameters have names (${shown(names)}): give an object.`)
    if (params.length !== names.length)
      throw wrong(`The statement has ${count(names.length)}, ${params.length} ${params.length === 1 ? 'was' : 'were'} given.`)
    for (const [index, value] of params.entries()) bind(statement, index + 1, String(index + 1), value)
    return
  }
  const given = params as Record<string, unknown>
  if (names.length > 0 && positional) throw wrong(`The statement's parameters have no names: give an array of ${names.length}.`)
  // DuckDB's names of parameters do not depend on case.
  const byName = new Map(Object.keys(given).map((name) => [name.toLowerCase(), name]))
  for (const [index, name] of names.entries()) {
    const key = byName.get(name.toLowerCase())
    if (key === undefined) throw wrong(`The parameter $${name} was not given.`)
    byName.delete(name.toLowerCase())
    bind(statement, index + 1, name, given[key])
  }
  const [unused] = byName.values()
  if (unused !== undefined) throw wrong(`The statement has no parameter $${unused}.`)
}

const wrong = (message: string) => badInput('params', message)
const count = (n: number) => (n === 1 ? '1 parameter' : `${n} parameters`)
const shown = (names: readonly string[]) => names.map((name) => (/^\d+$/.test(name) ? '?' : `$${name}`)).join(', ')

function parameterNames(statement: DuckDBPreparedStatement): string[] {
  const names: string[] = []
  for (let index = 1; index <= statement.parameterCount; index++) {
    try {
      names.push(statement.parameterName(index))
    } catch {
      throw wrong('The numbers of the parameters leave a gap: use $1, $2 and so on, or ?.')
    }
  }
  return names
}

function bind(statement: DuckDBPreparedStatement, index: number, name: string, value: unknown): void {
  const [bound, type] = duckdbValue(name, value)
  try {
    if (bound === null) statement.bindNull(index)
    else statement.bindValue(index, bound, type)
  } catch (error) {
    if (isDhuoError(error)) throw error
    throw wrong(`The parameter ${label(name)} cannot be bound: ${cleanMessage(messageOf(error), { hidden: [], field: 'sql' })}`)
  }
}

const label = (name: string) => (/^\d+$/.test(name) ? name : `$${name}`)

function duckdbValue(name: string, value: unknown): [DuckDBValue, DuckDBType?] {
  switch (typeof value) {
    case 'boolean':
      return [value]
    case 'number':
      if (!Number.isSafeInteger(value) || Object.is(value, -0)) return [value, DOUBLE]
      return Math.abs(value) < 2 ** 31 ? [value, INTEGER] : [BigInt(value), BIGINT]
    case 'string':
      return [value, VARCHAR]
    case 'object':
      if (value === null) return [null]
      return [JSON.stringify(value), VARCHAR]
    default:
      throw wrong(
        `The parameter ${label(name)} is ${typeof value}: null, a boolean, a number, a string, a list or an object is allowed.`,
      )
  }
}
