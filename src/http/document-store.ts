import { createHash } from 'node:crypto'
import {
  type DocumentNode,
  type GraphQLError,
  type GraphQLSchema,
  type OperationDefinitionNode,
  parse,
  specifiedRules,
  validate,
} from 'graphql'
import { DhuoError, isDhuoError } from '../errors.js'
import { conditionsOf, QueryPlan, type VariableValues } from './query-plan.js'
import { checkDocument, type GuardLimits } from './request-guards.js'

/** Of text, all documents together; a syntax tree takes some hundred times as much. */
const maxKeptLength = 500_000
/** A planned field takes as much as the syntax tree of so much text. Fragments can make many fields of little text. */
const lengthOfField = 5
/** For one document; `@skip` and `@include` of ten variables could make a thousand. */
const maxPlans = 8

interface Kept {
  document: DocumentNode
  hash: string
  /** Of the text and of its plans. */
  length: number
  /** By operation and by what `@skip` and `@include` leave in. */
  plans: Map<string, QueryPlan>
}

/**
 * Parses, guards and validates documents, the same for HTTP and for WebSockets, and keeps those that passed. Has the three
 * methods of Apollo's `KeyValueCache`, so that Apollo Server finds the same documents.
 */
export class DocumentStore {
  private readonly kept = new Map<string, Kept>()
  private readonly keptOf = new WeakMap<DocumentNode, Kept>()
  private readonly executed = new WeakSet<DocumentNode>()
  private readonly valid = new WeakSet<DocumentNode>()
  private keptLength = 0

  constructor(
    private readonly schema: GraphQLSchema,
    private readonly limits: GuardLimits,
  ) {}

  /** For `parse` here and in Apollo Server: the parser itself stops at the limits. */
  get parseOptions(): { maxTokens: number; maxSourceLength: number } {
    return { maxTokens: this.limits.tokens, maxSourceLength: this.limits.length }
  }

  /** @throws GraphQLError when the text is no GraphQL or too long; QUERY_TOO_COMPLEX when it nests too deep */
  parse(text: string): DocumentNode {
    // Before the hash: a text that is refused for its length costs nothing.
    const known = text.length > this.limits.length ? undefined : this.find(createHash('sha256').update(text).digest('hex'))
    if (known) return known
    try {
      return parse(text, this.parseOptions)
    } catch (error) {
      // The parser is recursive: some thousand brackets in one another end its stack.
      if (Error.isError(error) && error.name === 'RangeError')
        throw new DhuoError('QUERY_TOO_COMPLEX', 'The document nests too deep to be read.')
      throw error
    }
  }

  /**
   * Guards first, for validating a hostile document is what takes long; then the rules of the language.
   * @returns what is wrong; an empty list means that the document may run
   */
  check(
    document: DocumentNode,
    operationName: string | null | undefined,
    variables: Readonly<Record<string, unknown>> | null | undefined,
  ): readonly (GraphQLError | DhuoError)[] {
    try {
      checkDocument(this.schema, document, operationName, variables, this.limits)
    } catch (error) {
      if (isDhuoError(error)) return [error]
      throw error
    }
    if (this.valid.has(document)) return []
    const errors = validate(this.schema, document, specifiedRules, { maxErrors: 20 })
    if (errors.length === 0) {
      this.valid.add(document)
      this.keep(document)
    }
    return errors
  }

  /**
   * What an operation of a document that `check` has let through reads. Kept from the second execution on: what comes once, with
   * its values written into the text, would only take the place of what comes again.
   * @param variables after coercion
   */
  planOf(document: DocumentNode, operation: OperationDefinitionNode, variables: VariableValues): QueryPlan {
    const kept = this.keptOf.get(document)
    const isRepeated = this.executed.has(document)
    if (!kept || !isRepeated || this.kept.get(kept.hash) !== kept) {
      this.executed.add(document)
      return new QueryPlan(this.schema, document, operation, () => {})
    }
    const key = `${operation.name?.value ?? ''} ${conditionsOf(document, variables)}`
    const known = kept.plans.get(key)
    if (known) return known
    const isFull = kept.plans.size >= maxPlans
    const plan = new QueryPlan(this.schema, document, operation, (fields) => !isFull && this.grow(kept, fields * lengthOfField))
    if (!isFull) kept.plans.set(key, plan)
    return plan
  }

  async get(key: string): Promise<DocumentNode | undefined> {
    // Apollo puts a hash of the schema and a colon before the hash of the text.
    return this.find(key.slice(key.lastIndexOf(':') + 1))
  }

  /** Apollo offers every document that parses; kept are only those that `check` lets through. */
  async set(): Promise<void> {}

  async delete(): Promise<void> {}

  private find(hash: string): DocumentNode | undefined {
    const found = this.kept.get(hash)
    if (found) {
      // A Map is in order of insertion: the one used last goes to the end, the first one is the next to leave.
      this.kept.delete(hash)
      this.kept.set(hash, found)
    }
    return found?.document
  }

  private keep(document: DocumentNode): void {
    const text = document.loc?.source.body ?? ''
    if (text.length > maxKeptLength / 20) return
    const hash = createHash('sha256').update(text).digest('hex')
    // Two requests may have parsed the same text at the same time.
    if (this.kept.has(hash)) return
    const kept = { document, hash, length: 0, plans: new Map() }
    this.kept.set(hash, kept)
    this.keptOf.set(document, kept)
    this.grow(kept, text.length)
  }

  private grow(kept: Kept, length: number): void {
    // It may have left while it was executed.
    if (this.kept.get(kept.hash) !== kept) return
    kept.length += length
    this.keptLength += length
    for (const [hash, oldest] of this.kept) {
      if (this.keptLength <= maxKeptLength) break
      this.kept.delete(hash)
      this.keptLength -= oldest.length
    }
  }
}
