import { GraphQLScalarType, Kind, type ValueNode } from 'graphql'
import { GraphQLJSON } from 'graphql-scalars'

const isoInstant = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/

/** Already as the catalog keeps it. Months have 28 days at least; the last days of one are looked at closely. */
const canonicalInstant = /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|1\d|2[0-8])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z$/

/** Anything that names an instant, as the catalog keeps it: UTC with milliseconds. */
function toInstant(value: unknown): string {
  // A batch of metrics has a thousand of them.
  if (typeof value === 'string' && canonicalInstant.test(value)) return value
  if (typeof value === 'string' && isoInstant.test(value) && !Number.isNaN(Date.parse(value)))
    return new Date(value).toISOString()
  throw new TypeError('A DateTime is ISO 8601 with a time zone, for example "2026-11-23T12:00:00Z".')
}

export const DateTime = new GraphQLScalarType<string, string>({
  name: 'DateTime',
  description:
    'An instant: ISO 8601 in UTC with milliseconds, for example `2026-11-23T12:00:00.000Z`. Input may carry any time zone offset.',
  specifiedByURL: 'https://www.rfc-editor.org/rfc/rfc3339',
  serialize: (value) => (typeof value === 'string' ? value : toInstant(value)),
  parseValue: toInstant,
  parseLiteral: (node) => toInstant(literalOf(node, [Kind.STRING])),
})

const notAnInteger = 'A BigInt is a whole number: a JSON number up to 2^53, or a string of digits.'

function toInteger(value: unknown): number | string {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value
  if (typeof value === 'bigint' || (typeof value === 'string' && /^-?\d{1,38}$/.test(value))) {
    const number = Number(value)
    return Number.isSafeInteger(number) ? number : String(BigInt(value))
  }
  throw new TypeError(notAnInteger)
}

export const BigInteger = new GraphQLScalarType<number | string, number | string>({
  name: 'BigInt',
  description:
    'A whole number of any size: a JSON number while that is exact, a string of digits beyond 2^53. Input may be either.',
  serialize: toInteger,
  parseValue: toInteger,
  parseLiteral: (node) => toInteger(literalOf(node, [Kind.INT, Kind.STRING])),
})

export const JSONValue = new GraphQLScalarType({
  ...GraphQLJSON.toConfig(),
  name: 'JSON',
  description: 'Any JSON value.',
})

export const URLText = new GraphQLScalarType<string, string>({
  name: 'URL',
  description: 'An absolute URL.',
  specifiedByURL: 'https://www.rfc-editor.org/rfc/rfc3986',
  serialize: (value) => String(value),
})

function literalOf(node: ValueNode, kinds: readonly Kind[]): unknown {
  return kinds.includes(node.kind) && 'value' in node
    ? node.kind === Kind.INT
      ? bigOrNumber(node.value)
      : node.value
    : undefined
}

const bigOrNumber = (digits: string): number | string => (Number.isSafeInteger(Number(digits)) ? Number(digits) : digits)
