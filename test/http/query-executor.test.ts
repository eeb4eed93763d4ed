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
  NoUnusedFragmentsRule,
  NoUnusedVariablesRule,
  parse,
  responsePathAsArray,
  specifiedRules,
  validate,
} from 'graphql'
import { badInput } from '../../src/errors.js'
import { DocumentStore } from '../../src/http/document-store.js'
import { formatError } from '../../src/http/format-error.js'
import { createExecutor, type Executor } from '../../src/http/query-executor.js'
import { defaultGuardLimits } from '../../src/http/request-guards.js'
import { BigInteger, DateTime, JSONValue } from '../../src/schema/scalars.js'

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
function hash(...words: unknown[]): number {
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

const later = async (ticks: number, value: () => unknown): Promise<unknown> => {
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

const schema = worldSchema()
const rules = specifiedRules.filter((rule) => rule !== NoUnusedVariablesRule && rule !== NoUnusedFragmentsRule)
const limits = { ...defaultGuardLimits, depth: 100, fields: 100_000, aliases: 10_000, directives: 1_000, cost: 1e12, tokens: 1e6 }

const shown = (result: ExecutionResult): string =>
  JSON.stringify({ errors: result.errors?.map((error) => formatError(error)), data: result.data })

/** Once as it comes for the first time, then from a plan that is kept. */
async function compare(
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

function newExecutor() {
  const store = new DocumentStore(schema, limits)
  return { store, executor: createExecutor(schema, store) }
}

const header =
  '($b1: Boolean!, $b2: Boolean = true, $n: Int, $s: String = "default", $in: In, $t: DateTime, $ids: [ID!], $c: Color = RED, $first: Int! = 2)'
const fragments = `
  fragment OnA on A { id big ...OnNode b { ...OnB } later: b @include(if: $b2) { name texts } }
  fragment OnB on B { __typename named { ...OnNamed } texts echo(n: $n, s: $s) ... @skip(if: $b1) { count at } }
  fragment OnNode on Node { __typename id ... on Named { name } ... on B { strict @skip(if: $b2) } }
  fragment OnNamed on Named { name ...OnNode ... on A { int json } }`

/** A selection by chance. */
function selectionOf(type: string, seed: string, depth: number): string {
  const graphqlType = schema.getType(type)!
  const parts: string[] = []
  const number = 1 + (hash(seed, 'size') % 6)
  const fields = 'getFields' in graphqlType ? Object.values(graphqlType.getFields()) : []
  for (let n = 0; n < number; n++) {
    const own = `${seed}.${n}`
    const directive = [
      '',
      '',
      '',
      '',
      '@skip(if: $b1)',
      '@include(if: $b2)',
      '@include(if: $b1) @skip(if: $b2)',
      '@skip(if: false)',
    ][hash(own, 'directive') % 8]!
    const kind = hash(own, 'part') % 10
    if (kind === 0) parts.push(`__typename ${directive}`)
    else if (kind === 1) parts.push(`...${['OnA', 'OnB', 'OnNode', 'OnNamed'][hash(own, 'fragment') % 4]} ${directive}`)
    else if (kind === 2 && depth > 0) {
      const on = ['A', 'B', 'Node', 'Named'][hash(own, 'on') % 4]!
      parts.push(`... on ${on} ${directive} { ${selectionOf(on, own, depth - 1)} }`)
    } else if (fields.length > 0) {
      const field = fields[hash(own, 'field') % fields.length]! as {
        name: string
        type: unknown
        args: readonly { name: string }[]
      }
      const below = getNamedType(field.type as GraphQLOutputType)
      const isComposite = isObjectType(below) || isAbstractType(below)
      if (isComposite && depth === 0) continue
      const args = field.args
        .filter((arg) => arg.name === 'first' || arg.name === 'id' || hash(own, arg.name) % 2)
        .map(({ name }) => `${name}: ${argument(name, own)}`)
      // Fields of one name in the answer must be the same, or the operation is not valid.
      const alias =
        args.length > 0 ? `${field.name}${hash(...args)}: ` : hash(own, 'alias') % 3 === 0 ? `also_${field.name}: ` : ''
      parts.push(
        `${alias}${field.name}${args.length > 0 ? `(${args.join(', ')})` : ''} ${directive}${isComposite ? ` { ${selectionOf(below.name, own, depth - 1)} }` : ''}`,
      )
    }
  }
  return parts.length > 0 ? parts.join(' ') : '__typename'
}

function argument(name: string, seed: string): string {
  if (hash(seed, name, 'variable') % 2) return `$${name}`
  const literals: Record<string, readonly string[]> = {
    in: [
      'null',
      '{ s: "x" }',
      '{ s: $s, n: $n, more: [{ s: "y", c: GREEN, b: 12345678901234567890 }] }',
      '{ s: "j", j: { a: [1, $n] }, t: "2026-01-01T00:00Z" }',
    ],
    n: ['1', 'null'],
    s: ['"text"', '"""block"""', 'null'],
    t: ['"2026-01-01T00:00:00+02:00"', 'null'],
    ids: ['[]', '["a", 2]', '"one"'],
    c: ['RED', 'null'],
    first: ['1'],
    id: ['"id"'],
  }
  const values = literals[name]!
  return values[hash(seed, name, 'literal') % values.length]!
}

const variableSets: readonly Record<string, unknown>[] = [
  { b1: true },
  {
    b1: false,
    b2: false,
    n: 5,
    s: 'given',
    in: { s: 'x', more: [{ s: 'y', n: null }], b: '123', t: '2026-01-01T00:00:00Z' },
    ids: ['a', 1],
    c: 'GREEN',
  },
  { b1: true, b2: true, n: null, s: null, in: null, t: '2026-01-01T00:00:00.000Z', ids: 'one', first: 3 },
  { b1: false, b2: null, in: { s: 'j', j: { deep: [{}] }, ids: null, c: 'RED' }, t: null },
]
const wrongVariableSets: readonly Record<string, unknown>[] = [
  {},
  { b1: null },
  { b1: 'yes', n: 'five' },
  { b1: true, in: {} },
  { b1: true, in: { s: 'x', unknown: 1, toString: 2 } },
  { b1: true, in: { s: 'x', more: [{ s: 'y' }, { s: 5, b: 1.5 }, null] } },
  { b1: true, in: [], ids: [null], c: 'BLUE' },
  { b1: true, t: 'yesterday', first: null, in: { s: 'x', t: 7, n: 2 ** 40 } },
  { b1: true, in: JSON.parse('{ "s": "x", "__proto__": { "n": 1 } }') },
]

test('hundreds of operations by chance, over objects that fail by chance, are answered as graphql-js answers them', async () => {
  const { store, executor } = newExecutor()
  const seen = { operations: 0, errors: 0, nulls: 0, data: 0 }
  for (let n = 0; n < 900; n++) {
    const isMutation = n % 9 === 0
    const text = `${isMutation ? 'mutation' : 'query'} Op ${header} { ${selectionOf(isMutation ? 'Mutation' : 'Query', `op${n}`, 3)} } ${fragments}`
    const document = parse(text)
    if (validate(schema, document, rules).length > 0) continue
    // As after `check`, whose rules refuse the fragments and variables that happen to be unused.
    ;(store as never as { keep(document: DocumentNode): void }).keep(document)
    seen.operations++
    for (const [index, variables] of variableSets.entries()) {
      const answer = await compare(executor, document, variables, {
        seed: `${n} ${index}`,
        trouble: [0, 4, 12, 30][(n + index) % 4]!,
      })
      if (answer.startsWith('{"errors"')) seen.errors++
      if (answer.endsWith('"data":null}')) seen.nulls++
      else seen.data++
    }
    await compare(executor, document, wrongVariableSets[n % wrongVariableSets.length]!, { seed: 'none', trouble: 0 })
  }
  expect(seen.operations).toBeGreaterThan(250)
  expect(Math.min(seen.errors, seen.nulls, seen.data)).toBeGreaterThan(100)
}, 120_000)

test('what is wrong with variables is told in the words of graphql-js, with the field', async () => {
  const { executor } = newExecutor()
  const document = parse(`query ${header} { echo(in: $in, n: $n, s: $s) }`)
  for (const variables of [...variableSets, ...wrongVariableSets])
    await compare(executor, document, variables, { seed: 'x', trouble: 0 })
  const { errors } = await executor({ schema, document, variableValues: { b1: true, in: { s: 'x', n: 'many' } } })
  expect(errors!.map((error) => formatError(error))).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT', field: 'in.n' } }])
})

test.each([
  {
    name: 'introspection',
    text: '{ __schema { types { name kind fields { name args { name defaultValue type { name } } } } } __type(name: "A") { name } }',
  },
  { name: 'a field twice, merged', text: '{ a { id b { name } } a { b { texts id } id } }' },
  {
    name: 'keys that objects have already',
    text: '{ __proto__: echo toString: echo constructor: a { __proto__: id hasOwnProperty: name } }',
  },
  { name: 'an operation of several', text: 'query One { echo } query Two { a { id } }', operation: 'Two' },
  { name: 'an operation that is not there', text: 'query One { echo }', operation: 'Three' },
  { name: 'several and no name', text: 'query One { echo } query Two { a { id } }' },
  {
    name: 'a condition that is null',
    text: 'query ($b: Boolean = true) { a { id @skip(if: $b) b { name @include(if: $b) } } echo }',
  },
  { name: 'a mutation after a failure', text: 'mutation { a { int } b { strict } as { at } }' },
])('$name', async ({ text, operation }) => {
  const { executor } = newExecutor()
  for (const variables of [{}, { b: null }, { b: false }])
    for (let seed = 0; seed < 8; seed++)
      await compare(executor, parse(text), variables, { seed: String(seed), trouble: 3 * seed }, operation)
})

test('an item that fails at once, while another is going to fail, does not end the process', async () => {
  const small = buildSchema('type Query { all: [Item!] } type Item { name: String! }')
  small.getQueryType()!.getFields()['all']!.resolve = () => [
    { name: later(3, () => Promise.reject(new Error('later'))) },
    { name: null },
  ]
  const executor = createExecutor(small, new DocumentStore(small, limits))
  const { data, errors } = await executor({ schema: small, document: parse('{ all { name } }') })
  // As long as the other one takes.
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(data).toEqual({ all: null })
  expect(errors).toMatchObject([{ path: ['all', 1, 'name'] }])
})

test('a resolver that changes its arguments changes them for itself only', async () => {
  const changing = buildSchema('type Query { all: [Item!]! } type Item { take(n: Int): Int }')
  const item = (changing.getType('Item') as never as { getFields(): Record<string, { resolve: unknown }> }).getFields()['take']!
  item.resolve = (_source: unknown, args: { n: number }) => args.n++
  const { all } = changing.getQueryType()!.getFields()
  all!.resolve = () => [{}, {}, {}]
  const executor = createExecutor(changing, new DocumentStore(changing, limits))
  const { data } = await executor({ schema: changing, document: parse('{ all { take(n: 1) } }') })
  expect(data).toEqual({ all: [{ take: 1 }, { take: 1 }, { take: 1 }] })
})

describe('plans', () => {
  const store = (): DocumentStore => new DocumentStore(schema, limits)
  const checked = (documents: DocumentStore, text: string): DocumentNode => {
    const document = documents.parse(text)
    expect(documents.check(document, undefined, {})).toEqual([])
    return document
  }
  const planOf = (documents: DocumentStore, document: DocumentNode, variables = {}) =>
    documents.planOf(document, document.definitions[0] as never, variables)

  test('a plan is kept from the second execution on', () => {
    const documents = store()
    const document = checked(documents, '{ a { id } }')
    const [first, second, third] = [planOf(documents, document), planOf(documents, document), planOf(documents, document)]
    expect(second).not.toBe(first)
    expect(third).toBe(second)
  })

  test('a document that is not kept has no plan that is', () => {
    const documents = store()
    const document = parse('{ a { id } }')
    expect(planOf(documents, document)).not.toBe(planOf(documents, document))
    expect(planOf(documents, document)).not.toBe(planOf(documents, document))
  })

  test('what many conditions make of one document is not kept without end', () => {
    const documents = store()
    const names = Array.from({ length: 8 }, (_, n) => `v${n}`)
    const document = checked(
      documents,
      `query (${names.map((name) => `$${name}: Boolean!`).join(' ')}) { ${names.map((name) => `${name}: echo @skip(if: $${name})`).join(' ')} }`,
    )
    const variablesOf = (bits: number) => Object.fromEntries(names.map((name, n) => [name, (bits >> n) % 2 === 1]))
    const plans = Array.from({ length: 257 }, (_, bits) => planOf(documents, document, variablesOf(bits % 256)))
    const again = plans.map((plan, bits) => plan === planOf(documents, document, variablesOf(bits % 256)))
    expect(again.filter(Boolean)).toHaveLength(8)
  })

  test('fields that fragments multiply count: what was used last stays, the rest goes', async () => {
    const deep = buildSchema('type Query { a: A } type A { self: A! int: Int }')
    const leaf = { int: 1, self: {} }
    leaf.self = leaf
    deep.getQueryType()!.getFields()['a']!.resolve = () => leaf
    const documents = new DocumentStore(deep, limits)
    const executor = createExecutor(deep, documents)
    const wide = (n: number): string => {
      const levels = Array.from(
        { length: 7 },
        (_, level) => `fragment F${level} on A { x${level}: self { ...F${level + 1} } y${level}: self { ...F${level + 1} } }`,
      )
      return `query Q${n} { a { ...F0 } } ${levels.join(' ')} fragment F7 on A { int }`
    }
    const texts = Array.from({ length: 700 }, (_, n) => wide(n))
    for (const text of texts) {
      const document = checked(documents, text)
      for (let time = 0; time < 2; time++) await executor({ schema: deep, document })
    }
    // Text alone would let 900 of them stay.
    const { kept, keptLength } = documents as never as { kept: Map<string, { length: number }>; keptLength: number }
    expect(keptLength).toBeLessThanOrEqual(500_000)
    expect([...kept.values()].reduce((sum, { length }) => sum + length, 0)).toBe(keptLength)
    expect(kept.size).toBeLessThan(texts.length)
    expect(documents.parse(texts.at(-1)!)).toBe(documents.parse(texts.at(-1)!))
  })
})
