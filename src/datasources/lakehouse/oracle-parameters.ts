// Binds a client's JSON values to a statement of Oracle, one set or many.
import oracledb from 'oracledb'
import type { Parameters } from './lakehouse.js'
import type { OracleStatement } from './oracle-statement.js'
import { labelOf, parameterValues, unboundable, wrongParameter } from './parameter-values.js'

export type OracleBind = Required<Pick<oracledb.BindParameter, 'type' | 'val'>>
/** By the number of the parameter in the statement's text. */
export type OracleBinds = Record<string, OracleBind>

/** Numbers that Oracle's decimal NUMBER holds as they are; the driver refuses those near its bounds. */
const largestNumber = 1e125
const smallestNumber = 1e-110

/**
 * Null, booleans, numbers and strings are bound as what they are, a list or an object as JSON text. The database casts strings.
 * @param hasBoolean false before 23ai, where a boolean is 1 or 0
 * @throws DhuoError BAD_USER_INPUT, field `params`, naming the parameter
 */
export function bindsOf(statement: OracleStatement, params: Parameters | undefined, hasBoolean: boolean): OracleBinds {
  const values = parameterValues(statement.names, params)
  return Object.fromEntries(values.map((value, i) => [i + 1, bindOf(statement.names[i]!, value, hasBoolean)]))
}

function bindOf(name: string, value: unknown, hasBoolean: boolean): OracleBind {
  switch (typeof value) {
    case 'boolean':
      return hasBoolean ? { type: oracledb.DB_TYPE_BOOLEAN, val: value } : { type: oracledb.DB_TYPE_NUMBER, val: Number(value) }
    case 'number': {
      if (Number.isNaN(value)) throw wrongParameter(`The parameter ${labelOf(name)} is not a number.`)
      const size = Math.abs(value)
      const isNumber = size === 0 || (size < largestNumber && size > smallestNumber)
      return { type: isNumber ? oracledb.DB_TYPE_NUMBER : oracledb.DB_TYPE_BINARY_DOUBLE, val: value }
    }
    case 'string':
      return { type: oracledb.DB_TYPE_VARCHAR, val: value }
    case 'object':
      return { type: oracledb.DB_TYPE_VARCHAR, val: value === null ? null : JSON.stringify(value) }
    default:
      throw unboundable(name, value)
  }
}

/** Sets that follow each other and are of the same types: one call of the driver for them all. */
export interface BindBatch {
  /** The index of its first set. */
  from: number
  types: Record<string, oracledb.BindDefinition>
  rows: Record<string, unknown>[]
}

const mostInBatch = 1_000
/** Characters. */
const largestBatch = 4_000_000

/** In order. A value that is null goes with every type. */
export function* batchesOf(sets: Iterable<OracleBinds>): Generator<BindBatch> {
  let batch: BindBatch | null = null
  let from = 0
  let size = 0
  for (const binds of sets) {
    const names = Object.keys(binds)
    const fits =
      batch !== null &&
      batch.rows.length < mostInBatch &&
      size < largestBatch &&
      names.every((name) => binds[name]!.val === null || batch!.types[name]!.type === binds[name]!.type)
    if (batch === null || !fits) {
      if (batch !== null) yield batch
      batch = {
        from,
        types: Object.fromEntries(names.map((name) => [name, { type: binds[name]!.type as oracledb.DbType }])),
        rows: [],
      }
      size = 0
    }
    for (const name of names) {
      const { val } = binds[name]!
      const definition = batch.types[name]!
      const bytes = typeof val === 'string' ? Buffer.byteLength(val) : 0
      if (definition.type === oracledb.DB_TYPE_VARCHAR) definition.maxSize = Math.max(definition.maxSize ?? 1, bytes)
      size += bytes
    }
    batch.rows.push(Object.fromEntries(names.map((name) => [name, binds[name]!.val])))
    from++
  }
  if (batch !== null) yield batch
}
