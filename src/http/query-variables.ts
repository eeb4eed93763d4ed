import {
  type GraphQLError,
  type GraphQLInputType,
  type GraphQLSchema,
  getVariableValues,
  isInputObjectType,
  isInputType,
  isListType,
  isNonNullType,
  type OperationDefinitionNode,
  typeFromAST,
  valueFromAST,
} from 'graphql'

/** @throws when the value is not valid, and when only graphql-js can tell */
type Reader = (value: unknown) => unknown

type Inputs = Readonly<Record<string, unknown>>
export type CoercedVariables =
  | { errors: readonly GraphQLError[]; coerced?: never }
  | { coerced: Record<string, unknown>; errors?: never }

/** As many as graphql-js lists when it executes. */
const maxErrors = 50

const readers = new WeakMap<GraphQLInputType, Reader>()

/**
 * The variables of an operation as its resolvers get them. A batch of metrics has thousands of values, nearly always right:
 * they are read without keeping track of where each is. When one is wrong, graphql-js reads them again to say which.
 */
export function coerceVariables(schema: GraphQLSchema, operation: OperationDefinitionNode, inputs: Inputs): CoercedVariables {
  const definitions = operation.variableDefinitions ?? []
  try {
    const coerced: Record<string, unknown> = Object.create(null)
    for (const { variable, type: typeNode, defaultValue } of definitions) {
      const name = variable.name.value
      const type = typeFromAST(schema, typeNode)
      if (!isInputType(type)) throw new TypeError('no input')
      if (Object.hasOwn(inputs, name)) coerced[name] = readerOf(type)(inputs[name])
      else if (defaultValue) coerced[name] = valueFromAST(defaultValue, type)
      else if (isNonNullType(type)) throw new TypeError('missing')
    }
    return { coerced }
  } catch {
    return getVariableValues(schema, definitions, inputs, { maxErrors })
  }
}

function readerOf(type: GraphQLInputType): Reader {
  const known = readers.get(type)
  if (known) return known
  const reader = isNonNullType(type) ? required(notNull(type.ofType)) : optional(notNull(type))
  readers.set(type, reader)
  return reader
}

const required =
  (read: Reader): Reader =>
  (value) => {
    if (value === null || value === undefined) throw new TypeError('null')
    return read(value)
  }

const optional =
  (read: Reader): Reader =>
  (value) =>
    value === null || value === undefined ? null : read(value)

function notNull(type: GraphQLInputType): Reader {
  if (isListType(type)) {
    const readItem = readerOf(type.ofType)
    return (value) => {
      if (!Array.isArray(value)) throw new TypeError('no list')
      return value.map((item) => readItem(item))
    }
  }
  if (isInputObjectType(type)) return objectReader(type)
  if (isNonNullType(type)) throw new TypeError('not null twice')
  return (value) => {
    const parsed = type.parseValue(value)
    if (parsed === undefined) throw new TypeError('no value')
    return parsed
  }
}

function objectReader(type: Extract<GraphQLInputType, { getFields: unknown }>): Reader {
  // Later: a type may be a part of itself.
  let fields: { name: string; fallback: unknown; isRequired: boolean; read: Reader }[] | undefined
  return (value) => {
    if (typeof value !== 'object' || Array.isArray(value) || type.isOneOf) throw new TypeError('no object')
    fields ??= Object.values(type.getFields()).map((field) => ({
      name: field.name,
      fallback: field.defaultValue,
      isRequired: isNonNullType(field.type),
      read: readerOf(field.type),
    }))
    const coerced: Record<string, unknown> = {}
    let found = 0
    for (const { name, fallback, isRequired, read } of fields) {
      const own = (value as Record<string, unknown>)[name]
      if (own !== undefined) {
        found++
        coerced[name] = read(own)
      } else if (fallback !== undefined) coerced[name] = fallback
      else if (isRequired) throw new TypeError('missing')
    }
    if (Object.keys(value as object).length !== found) throw new TypeError('unknown fields')
    return coerced
  }
}
