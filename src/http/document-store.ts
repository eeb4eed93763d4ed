import { createHash } from 'node:crypto'
import { type DocumentNode, type GraphQLError, type GraphQLSchema, parse, specifiedRules, validate } from 'graphql'
import { DhuoError, isDhuoError } from '../errors.js'
import { checkDocument, type GuardLimits } from './request-guards.js'

/** Of text, all documents together; a syntax tree takes some hundred times as much. */
const maxKeptLength = 500_000

/**
 * Parses, guards and validates documents, the same for HTTP and for WebSockets, and keeps those that passed. Has the three
 * methods of Apollo's `KeyValueCache`, so that Apollo Server finds the same documents.
 */
export class DocumentStore {
  private readonly kept = new Map<string, DocumentNode>()
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

  async get(key: string): Promise<DocumentNode | undefined> {
    // Apollo puts a hash of the schema and a colon before the hash of the text.
    return this.find(key.slice(key.lastIndexOf(':') + 1))
  }

  /** Apollo offers every document that parses; kept are only those that `check` lets through. */
  async set(): Promise<void> {}

  async delete(): Promise<void> {}

  private find(hash: string): DocumentNode | undefined {
    const document = this.kept.get(hash)
    if (document) {
      // A Map is in order of insertion: the one used last goes to the end, the first one is the next to leave.
      this.kept.delete(hash)
      this.kept.set(hash, document)
    }
    return document
  }

  private keep(document: DocumentNode): void {
    const text = document.loc?.source.body ?? ''
    if (text.length > maxKeptLength / 20) return
    this.kept.set(createHash('sha256').update(text).digest('hex'), document)
    this.keptLength += text.length
    for (const [hash, oldest] of this.kept) {
      if (this.keptLength <= maxKeptLength) break
      this.kept.delete(hash)
      this.keptLength -= oldest.loc?.source.body.length ?? 0
    }
  }
}
