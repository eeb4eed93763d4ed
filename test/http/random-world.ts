import {
  buildSchema,
  type DocumentNode,
  type ExecutionResult,
  execute,
  GraphQLError,
  type GraphQLOutputType,
  type GraphQLResolveInfo,
  type GraphQLScalarType,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isListType,
  isNonNullType,
  isObjectType,
  responsePathAsArray,
} from 'graphql'
import { badInput } from '../../src/errors.js'
import { DocumentStore } from '../../src/http/document-store.js'
import { formatError } from '../../src/http/format-error.js'
import { createExecutor, type Executor } from '../../src/http/query-executor.js'
import { defaultGuardLimits } from '../../src/http/request-guards.js'
import { BigInteger, DateTime, JSONValue } from '../../src/schema/scalars.js'

/*
 * A schema whose objects hold everything that a resolver may return, by chance and always the same: values, promises, functions,
 * errors thrown and returned. What our executor makes of it has to be what graphql-js makes of it.
 */

const sdl = `
  scalar BigInt scalar DateTime scalar JSON
  enum Color { RED GREEN }
  input In { s: String! n: Int = 7 b: BigInt t: DateTime c: Color more: [In!] j: JSON ids: [ID!] }
  interface Node { id: ID! }
  interface Named { name: String echo(in: In, n: Int = 3, s: String, t: DateTime, ids: [ID!], c: Color): String }
  union Any = A | B
  type A implements Node & Named {
    id: ID! name: String echo(in: In, n: Int = 3, s: String, t: DateTime, ids: [ID!], c: Color): String
    big: BigInt bigs: [BigInt!] at: DateTime! json: JSON color: Color float: Float int: Int! flag: Boolean grid: [[Int!]]
    b: B bs: [B!]! node: Node nodes: [Node]! any: Any anys(first: Int!): [Any!] self: A!
  }
  type B implements Node & Named {
    id: ID! name: String echo(in: In, n: Int = 3, s: String, t: DateTime, ids: [ID!], c: Color): String
    texts: [String]! at: DateTime a: A as: [A!] named: Named! nameds: [Named!]! strict: Int! count: Int
  }
  type Query { a: A as: [A!]! b: B! any: Any node(id: ID!): Node nodes: [Node!] named: Named echo(in: In, n: Int = 3, s: String): String }
  type Mutation { a(in: In): A b: B! as: [A!] named: Named }`

/** The same number for the same words. */
export function hash(...words: unknown[]): number {
  let h = 2166136261
  for (const letter of words.join('/')) h = Math.imul(h ^ letter.charCodeAt(0), 16777619)
  h = Math.imul(h ^ (h >>> 15), 2246822507)
  return (h ^ (h >>> 13)) >>> 0
}

const leaves: Record<string, readonly unknown[]> = {
  ID: ['id_1', 17, {}],
  String: ['text', '', 5, true, 'ü\u2028"\\', ['no']],
  Int: [0, 42, -1, 2 ** 40, 'no', 1.5],
  Float: [0.1, 1e21, 3, Number.NaN, 'no'],
  Boolean: [true, false, 1, 'no'],
  BigInt: [5, '12345678901234567890', 9_007_199_254_740_993n, 'no'],
  DateTime: ['2026-11-23T12:00:00.000Z', 5],
  JSON: [{ a: [1, null, 'x'] }, [1], 'text', 0, false],
  Color: ['RED', 'GREEN', 'BLUE'],
}

export const later = async (ticks: number, value: () => unknown): Promise<unknown> => {
  for (let tick = 0; tick < ticks; tick++) await null
  return value()
}

function failure(kind: number): unknown {
  if (kind === 0) return badInput('x', 'x is wrong.')
  if (kind === 1) return new Error('secret')
  if (kind === 2) return new GraphQLError('said by a library')
  return 'not even an error'
}

/** What a field of the object at a place holds: everything a resolver may return, by chance, but always the same. */
function held(schema: GraphQLSchema, type: unknown, place: string, seed: string, trouble: number): unknown {
  const chance = hash(seed, place, 'how') % 100
  if (isNonNullType(type)) return held(schema, type.ofType, place, seed, trouble / 2)
  if (chance < trouble) {
    const kind = hash(seed, place, 'kind') % 8
    if (kind === 0) return null
    if (kind === 1) return undefined
    if (kind === 2) return new Error('returned, not thrown')
    if (kind === 3) return later(hash(seed, place, 'ticks') % 4, () => Promise.reject(failure(hash(seed, place, 'what') % 4)))
    if (kind === 4) return later(1, () => null)
    if (kind === 5) return 'a text'
    throw failure(hash(seed, place, 'what') % 4)
  }
  const soundValue = (): unknown => {
    if (isListType(type)) {
      const items = Array.from({ length: hash(seed, place, 'length') % 3 }, (_, n) => {
        const item = () => held(schema, type.ofType, `${place}[${n}]`, seed, trouble)
        // Of items that must be there, one that fails at once would leave graphql-js with promises that nobody listens to.
        return later(isNonNullType(type.ofType) ? hash(seed, place, n) % 3 : 0, item)
      })
      return hash(seed, place, 'set') % 5 === 0 ? new Set(items) : items
    }
    const named = getNamedType(type as GraphQLOutputType)
    if (isObjectType(named)) return objectAt(schema, named.name, place, seed, trouble)
    if (isAbstractType(named)) {
      const name = hash(seed, place, 'type') % 2 ? 'A' : 'B'
      const wrong = ['Query', 'Nobody', 'Node', undefined, 5][hash(seed, place, 'wrong') % 5]
      return objectAt(schema, name, place, seed, trouble, hash(seed, place, 'lie') % 100 < trouble ? wrong : name)
    }
    const values = leaves[named.name]!
    const sound =
      named.name === 'BigInt' ? 3 : named.name === 'JSON' ? 5 : named.name === 'Color' ? 2 : named.name === 'ID' ? 2 : 1
    return values[hash(seed, place, 'value') % (hash(seed, place, 'odd') % 100 < trouble ? values.length : sound)]
  }
  return chance % 3 === 0 ? later(chance % 5, soundValue) : soundValue()
}

function objectAt(
  schema: GraphQLSchema,
  type: string,
  place: string,
  seed: string,
  trouble: number,
  told: unknown = type,
): object {
  const object: Record<string, unknown> = {}
  for (const field of Object.values((schema.getType(type) as never as { getFields(): Record<string, never> }).getFields()) as {
    name: string
    type: unknown
  }[]) {
    const value = (args?: unknown, _context?: unknown, info?: GraphQLResolveInfo): unknown =>
      field.name === 'echo'
        ? JSON.stringify([args, info && responsePathAsArray(info.path), info?.parentType.name, info?.fieldNodes.length])
        : held(schema, field.type, `${place}.${field.name}`, seed, trouble)
    const isFunction = field.name === 'echo' || hash(seed, place, field.name) % 4 === 0
    Object.defineProperty(object, field.name, isFunction ? { value } : { get: () => value() })
  }
  Object.defineProperty(object, '__typename', { value: told })
  return object
}

interface Call {
  seed: string
  trouble: number
}

/** Half of the fields have a resolver, the others are properties, functions and getters. */
function worldSchema(): GraphQLSchema {
  const schema = buildSchema(sdl)
  for (const scalar of [BigInteger, DateTime, JSONValue] as GraphQLScalarType[])
    Object.assign(schema.getType(scalar.name)!, {
      serialize: scalar.serialize,
      parseValue: scalar.parseValue,
      parseLiteral: scalar.parseLiteral,
    })
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith('__')) continue
    const isRoot = type.name === 'Query' || type.name === 'Mutation'
    for (const field of Object.values(type.getFields())) {
      if (isRoot)
        field.resolve = (_source, args, { seed, trouble }: Call, info) =>
          field.name === 'echo'
            ? JSON.stringify([args, info.variableValues])
            : held(schema, field.type, `${field.name}${JSON.stringify(args)}`, seed, trouble)
      else if (hash(type.name, field.name) % 2)
        field.resolve = (source, args, context, info) => {
          const own = source[field.name]
          return typeof own === 'function' ? own.call(source, args, context, info) : own
        }
    }
  }
  const named = schema.getType('Named') as { resolveType?: unknown }
  named.resolveType = async (value: { __typename: unknown }) => value.__typename
  return schema
}

export const schema = worldSchema()
export const limits = {
  ...defaultGuardLimits,
  depth: 100,
  fields: 100_000,
  aliases: 10_000,
  directives: 1_000,
  cost: 1e12,
  tokens: 1e6,
}

const shown = (result: ExecutionResult): string =>
  JSON.stringify({ errors: result.errors?.map((error) => formatError(error)), data: result.data })

/** Once as it comes for the first time, then from a plan that is kept. */
export async function compare(
  executor: Executor,
  document: DocumentNode,
  variableValues: Record<string, unknown>,
  contextValue: Call,
  operationName?: string,
): Promise<string> {
  const args = { schema, document, variableValues, contextValue, operationName }
  const wanted = shown(await execute(args))
  for (let time = 0; time < 3; time++) expect(shown(await executor(args))).toBe(wanted)
  return wanted
}

export function newExecutor() {
  const store = new DocumentStore(schema, limits)
  return { store, executor: createExecutor(schema, store) }
}
