// What a type of GraphQL is in Python: its annotation, and how a value of an answer becomes one.
import { isEnumType, isInputObjectType, isListType, isNonNullType, isScalarType } from 'graphql'

/** Scalars: annotation, and the function that reads a JSON value; null where JSON's value is Python's. */
const scalars = {
  ID: ['str', null],
  String: ['str', null],
  Boolean: ['bool', null],
  Int: ['int', null],
  Float: ['float', 'float'],
  BigInt: ['int', 'int'],
  DateTime: ['datetime', 'parse_datetime'],
  URL: ['str', null],
  JSON: ['Any', null],
}

function scalar(type) {
  const known = scalars[type.name]
  if (!known)
    throw new Error(`The Python client does not know the scalar ${type.name}: add it to codegen/plugins/python-types.mjs.`)
  return known
}

/**
 * A value of an answer. `named(type)` says what stands for an object type, an interface or a union: `[annotation, reader]`.
 * @returns {{ annotation: string, read: string | [string, any] | null }} `read`: null where nothing is to be done, the name of a
 *   Python function of one JSON value, or `optional` or `list` and what is to be done inside
 */
export function outputType(type, named) {
  if (isNonNullType(type)) return present(type.ofType, named)
  const { annotation, read } = present(type, named)
  return { annotation: annotation === 'Any' ? 'Any' : `Optional[${annotation}]`, read: read && ['optional', read] }
}

function present(type, named) {
  if (isListType(type)) {
    const item = outputType(type.ofType, named)
    return { annotation: `List[${item.annotation}]`, read: item.read && ['list', item.read] }
  }
  const [annotation, read] = isScalarType(type) ? scalar(type) : isEnumType(type) ? [type.name, type.name] : named(type)
  return { annotation, read }
}

/** The Python expression that reads `value`. */
export function readExpression(read, value) {
  if (read === null) return value
  if (typeof read === 'string') return `${read}(${value})`
  const [how, inside] = read
  if (how === 'list') return `[${readExpression(inside, 'item')} for item in ${value}]`
  return inside[0] === 'list' && typeof inside !== 'string'
    ? `optional_list(${readFunction(inside[1])}, ${value})`
    : `optional(${readFunction(inside)}, ${value})`
}

/** The same as a function. */
export const readFunction = (read) => (typeof read === 'string' ? read : `lambda item: ${readExpression(read, 'item')}`)

/** What a caller gives. A value that may stay away is `Maybe`. */
export function inputType(type, isOptional = false) {
  const annotation = inputAnnotation(isNonNullType(type) ? type.ofType : type)
  if (isNonNullType(type)) return isOptional ? `Union[${annotation}, Unset]` : annotation
  return isOptional ? (annotation === 'Any' ? 'Any' : `Maybe[${annotation}]`) : `Optional[${annotation}]`
}

function inputAnnotation(type) {
  if (isListType(type)) {
    const item = type.ofType
    return `Sequence[${isNonNullType(item) ? inputAnnotation(item.ofType) : `Optional[${inputAnnotation(item)}]`}]`
  }
  if (isScalarType(type)) return scalar(type)[0]
  if (isEnumType(type)) return `Union[${type.name}, str]`
  if (isInputObjectType(type)) return `Union[${type.name}, Mapping[str, Any]]`
  throw new Error(`${type} is no type of an input`)
}
