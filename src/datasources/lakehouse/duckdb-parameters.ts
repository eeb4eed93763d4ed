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
import { isDhuoError } from '../../errors.js'
import { cleanMessage, messageOf } from './duckdb-errors.js'
import type { Parameters } from './lakehouse.js'
import { labelOf, parameterValues, unboundable, wrongParameter } from './parameter-values.js'

/**
 * Null, booleans, numbers and strings are bound as what they are, whole numbers as INTEGER or BIGINT, others as DOUBLE; a list or an
 * object as JSON text, which DuckDB casts to what the statement wants (`$1::INTEGER[]`). The database casts strings: long
 * integers, dates and decimals are given as strings.
 * @throws DhuoError BAD_USER_INPUT, field `params`, naming the parameter
 */
export function bindParameters(statement: DuckDBPreparedStatement, params: Parameters | undefined): void {
  const names = parameterNames(statement)
  statement.clearBindings()
  for (const [index, value] of parameterValues(names, params).entries()) bind(statement, index + 1, names[index]!, value)
}

function parameterNames(statement: DuckDBPreparedStatement): string[] {
  const names: string[] = []
  for (let index = 1; index <= statement.parameterCount; index++) {
    try {
      names.push(statement.parameterName(index))
    } catch {
      throw wrongParameter('The numbers of the parameters leave a gap: use $1, $2 and so on, or ?.')
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
    const said = cleanMessage(messageOf(error), { hidden: [], field: 'sql' })
    throw wrongParameter(`The parameter ${labelOf(name)} cannot be bound: ${said}`)
  }
}

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
      throw unboundable(name, value)
  }
}
