import {
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  isRequiredArgument,
  isRequiredInputField,
} from 'graphql'
import type { Answer } from '../hub.js'
import { EnumValue, Knowledge, literalOf } from './knowledge.js'

export type Send = (query: string) => Promise<Answer<Record<string, unknown>>>

/** One root field with its arguments and everything below it. */
export interface Question {
  /** As it stands in a document, without an alias. What was asked before has the same text. */
  text: string
  /** Whether an error leaves the answers to other questions of the same document alone. */
  isNullable: boolean
  /** The same with less below it, for when this is too much for the server's guards. */
  smaller?: string
}

export interface Given {
  data: unknown
  errors: { message: string; path?: unknown; extensions: Record<string, unknown> }[]
}

/** How much is asked of each field. */
export interface CrawlBounds {
  /** Values of an argument. */
  values: number
  /** Ids of one. */
  ids: number
  /** Of the values of its arguments. */
  combinations: number
  /** Things of a type whose fields with arguments are asked. */
  things: number
  /** Questions of a mutation: of all that it is asked with, twice for each who asks, and still too few logins to be throttled by address. */
  mutation: number
}
export const thorough: CrawlBounds = { values: 16, ids: 200, combinations: 60, things: 3, mutation: 4 }
/** Everything is asked once. */
export const sample: CrawlBounds = { values: 3, ids: 20, combinations: 6, things: 1, mutation: 1 }

const mostTokens = 3_000
const mostAliases = 20
const mostRounds = 8

const countTokens = (text: string): number => text.match(/[\w.]+|"(?:[^"\\]|\\.)*"|[^\s\w]/g)?.length ?? 0

/**
 * Asks a schema for everything it has, knowing nothing of it but introspection: every field of every type, every argument
 * filled from what was learned before. Answers are kept by question.
 */
export class SchemaCrawler {
  /** Fields that were asked for: `Type.field`. */
  readonly asked = new Set<string>()

  constructor(
    readonly schema: GraphQLSchema,
    private readonly send: Send,
    readonly most = thorough,
  ) {}

  /** From the root fields on, until nothing new comes: what one can find without having been told anything. */
  async explore(): Promise<{ answers: Map<string, Given>; known: Knowledge }> {
    const known = new Knowledge(this.schema)
    const answers = new Map<string, Given>()
    for (let round = 0; round < mostRounds; round++) {
      const questions = [...this.rootQuestions('Query', known), ...this.nodeQuestions(known, known)]
      const fresh = distinct(questions).filter(({ text }) => !answers.has(text))
      if (fresh.length === 0) return { answers, known }
      for (const [text, given] of await this.ask(fresh)) {
        answers.set(text, given)
        known.learn(given.data)
      }
    }
    throw new Error(`the crawl has not ended after ${mostRounds} rounds`)
  }

  /**
   * Every root field with every argument that could mean something.
   * @param optional what arguments that may be absent are filled from
   */
  rootQuestions(root: 'Query' | 'Mutation' | 'Subscription', known: Knowledge, optional = known): Question[] {
    const type = this.#rootOf(root)
    return Object.values(type?.getFields() ?? {}).flatMap((field) =>
      this.#fillings(field, known, optional).map((args) => this.#question(type!, field, args, known)),
    )
  }

  /**
   * Everything by its id, with all its fields; those with arguments once more for each filling, for some things of a type.
   * @param values what arguments are filled from
   */
  nodeQuestions(nodes: Knowledge, values: Knowledge, options: { only?: 'plain' | 'with arguments' } = {}): Question[] {
    const seen = new Map<string, number>()
    return [...nodes.nodes].flatMap(([id, typeName]) => {
      const type = this.schema.getType(typeName) as GraphQLObjectType
      const ask = (selection: string, smaller?: string): Question => {
        const around = (inside: string) => `node(id: ${literalOf(id)}) { __typename ... on ${typeName} { ${inside} } }`
        return { text: around(selection), isNullable: true, ...(smaller && { smaller: around(smaller) }) }
      }
      const plain =
        options.only === 'with arguments' ? [] : [ask(this.#fieldsOf(type, 1, [], values), this.#fieldsOf(type, 0, [], values))]
      const count = seen.get(typeName) ?? 0
      seen.set(typeName, count + 1)
      if (count >= this.most.things || options.only === 'plain') return plain
      const filled = Object.values(type.getFields()).flatMap((field) =>
        field.args.length === 0
          ? []
          : this.#fillings(field, values).map((args) =>
              ask(this.#fieldText(type, field, args, 1, [], values), this.#fieldText(type, field, args, 0, [], values)),
            ),
      )
      return [...plain, ...filled]
    })
  }

  /** Asks in as few documents as the guards allow. The answers are in the order of the questions. */
  async ask(questions: readonly Question[], operation: 'query' | 'mutation' = 'query'): Promise<Map<string, Given>> {
    const batches: Question[][] = []
    let tokens = 0
    for (const question of questions) {
      const size = countTokens(question.text)
      const last = batches.at(-1)
      const fits = last?.every((other) => other.isNullable) && last.length < mostAliases && tokens + size < mostTokens
      if (last && fits && question.isNullable && operation === 'query') last.push(question)
      else batches.push([question])
      tokens = batches.at(-1) === last ? tokens + size : size
    }
    const answers = new Map<string, Given>()
    // Some at a time: enough to keep the server busy. Mutations one after the other.
    const lanes = operation === 'query' ? 4 : 1
    for (let start = 0; start < batches.length; start += lanes)
      for (const given of await Promise.all(batches.slice(start, start + lanes).map((batch) => this.#askBatch(batch, operation))))
        for (const [text, answer] of given) answers.set(text, answer)
    return answers
  }

  async #askBatch(batch: Question[], operation: string): Promise<[string, Given][]> {
    const document = batch.map(({ text }, index) => `q${index}: ${text}`).join('\n')
    const { data, errors = [] } = await this.send(`${operation} {\n${document}\n}`)
    const tooMuch = errors.some(({ extensions }) => extensions.code === 'QUERY_TOO_COMPLEX')
    if (tooMuch && batch.length > 1) {
      const middle = Math.ceil(batch.length / 2)
      return [
        ...(await this.#askBatch(batch.slice(0, middle), operation)),
        ...(await this.#askBatch(batch.slice(middle), operation)),
      ]
    }
    const [first] = batch
    if (tooMuch && first?.smaller) {
      const [[, given]] = (await this.#askBatch([{ ...first, text: first.smaller, smaller: '' }], operation)) as [[string, Given]]
      return [[first.text, given]]
    }
    return batch.map(({ text }, index) => {
      const alias = `q${index}`
      const own = errors.filter(({ path }) => path === undefined || path[0] === alias)
      const told = own.map(({ message, path, extensions }) => ({ message, ...(path && { path: path.slice(1) }), extensions }))
      return [text, { data: data?.[alias] ?? null, errors: told }]
    })
  }

  #question(root: GraphQLObjectType, field: GraphQLField<unknown, unknown>, args: string, known: Knowledge): Question {
    // What a mutation gives is asked for by its id alone: there is a node for the rest.
    const text = this.#fieldText(root, field, args, root.name === 'Mutation' ? 0 : 1, [], known)
    const smaller = this.#fieldText(root, field, args, 0, [], known)
    return { text, isNullable: !isNonNullType(field.type), ...(smaller !== text && { smaller }) }
  }

  #fieldText(
    parent: GraphQLObjectType,
    field: GraphQLField<unknown, unknown>,
    args: string,
    depth: number,
    path: readonly string[],
    known: Knowledge,
  ): string {
    this.asked.add(`${parent.name}.${field.name}`)
    return `${field.name}${args}${this.#selection(field.type, depth, path, known)}`
  }

  /** An entity within an entity costs depth; what is no entity (a page, a table, a member) belongs to what it is in. */
  #selection(output: GraphQLOutputType, depth: number, path: readonly string[], known: Knowledge): string {
    const type = getNamedType(output)
    if (isLeafType(type)) return ''
    if (!isObjectType(type)) return ` { __typename${isInterfaceType(type) && type.getFields()['id'] ? ' id' : ''} }`
    const left = isEntity(type) ? depth - 1 : depth
    if (left < 0 || path.includes(type.name)) return ` { __typename${type.getFields()['id'] ? ' id' : ''} }`
    // `edges` says the same as `nodes`.
    const isEdge = type.getFields()['cursor'] !== undefined && type.getFields()['node'] !== undefined
    return ` { ${this.#fieldsOf(type, isEdge ? 0 : left, path, known)} }`
  }

  #fieldsOf(type: GraphQLObjectType, depth: number, path: readonly string[], known: Knowledge): string {
    const below = isEntity(type) ? [] : [...path, type.name]
    const fields = Object.values(type.getFields()).flatMap((field) => {
      const required = field.args.filter(isRequiredArgument)
      const filled = required.map((arg) => [arg.name, this.#valuesOf(arg, arg.type, field.name, known)[0]] as const)
      if (filled.some(([, value]) => value === undefined)) return []
      return [this.#fieldText(type, field, argumentsText(filled), depth, below, known)]
    })
    return ['__typename', ...fields].join(' ')
  }

  /** The arguments of a field, as text: with the required ones only, and each optional one added. */
  #fillings(field: GraphQLField<unknown, unknown>, known: Knowledge, optionalFrom = known): string[] {
    const required = field.args.filter(isRequiredArgument)
    const optional = field.args.filter((arg) => !isRequiredArgument(arg))
    const values = required.map((arg) => this.#valuesOf(arg, arg.type, field.name, known, optionalFrom))
    const base = combinations(values, this.most.combinations).map((combination) =>
      required.map((arg, index) => [arg.name, combination[index]] as const),
    )
    if (base.length === 0) return []
    const more = optional.flatMap((arg) =>
      this.#valuesOf(arg, arg.type, field.name, optionalFrom)
        .slice(0, 8)
        .map((value, index) => [...base[index % base.length]!, [arg.name, value] as const]),
    )
    return [...base, ...more].map(argumentsText)
  }

  #valuesOf(arg: { name: string }, given: GraphQLInputType, owner: string, known: Knowledge, optional = known): unknown[] {
    const type = isNonNullType(given) ? given.ofType : given
    if (isListType(type)) {
      const values = this.#valuesOf({ name: arg.name.replace(/s$/, '') }, type.ofType, owner, known, optional)
      return values.length === 0 ? [[]] : [values.slice(0, 100), values.slice(0, 1)]
    }
    if (isEnumType(type)) return type.getValues().map(({ name }) => new EnumValue(name))
    if (isInputObjectType(type)) {
      const fields = Object.values(type.getFields()).map((field) => {
        const isRequired = isRequiredInputField(field)
        return { field, values: this.#valuesOf(field, field.type, owner, isRequired ? known : optional, optional) }
      })
      const fill = (turn: number, wanted: typeof fields) =>
        Object.fromEntries(
          wanted.flatMap(({ field, values }) => (values.length === 0 ? [] : [[field.name, values[turn % values.length]]])),
        )
      const required = fields.filter(({ field }) => isRequiredInputField(field))
      const turns = Math.min(6, Math.max(1, ...fields.map(({ values }) => values.length)))
      const minimal = Array.from({ length: turns }, (_, turn) => fill(turn, required))
      // Inputs of which exactly one of several may be given are refused when all are: each optional one by itself, too.
      const single = fields.filter((each) => !required.includes(each)).map((each) => fill(0, [...required, each]))
      return [...minimal, ...single, fill(0, fields)]
    }
    return known.valuesFor(arg.name, type.name, owner).slice(0, type.name === 'ID' ? this.most.ids : this.most.values)
  }

  #rootOf(root: 'Query' | 'Mutation' | 'Subscription'): GraphQLObjectType | undefined {
    return this.schema.getType(root) as GraphQLObjectType | undefined
  }
}

/** Something with an id of its own that `node` finds. */
const isEntity = (type: GraphQLObjectType): boolean => type.getInterfaces().some(({ name }) => name === 'Node')

export const distinct = (questions: readonly Question[]): Question[] => [
  ...new Map(questions.map((question) => [question.text, question])).values(),
]

const argumentsText = (args: readonly (readonly [string, unknown])[]): string =>
  args.length === 0 ? '' : `(${args.map(([name, value]) => `${name}: ${literalOf(value)}`).join(', ')})`

/** All of them while they are not too many, else each value at least once. */
function combinations(lists: readonly unknown[][], most: number): unknown[][] {
  if (lists.some((list) => list.length === 0)) return []
  const total = lists.reduce((product, list) => product * list.length, 1)
  if (total <= most)
    return lists.reduce<unknown[][]>((all, list) => all.flatMap((some) => list.map((value) => [...some, value])), [[]])
  const turns = Math.max(...lists.map((list) => list.length))
  return Array.from({ length: turns }, (_, turn) => lists.map((list) => list[turn % list.length]))
}
