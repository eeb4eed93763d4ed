import {
  createSourceEventStream,
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  type GraphQLSchema,
  getArgumentValues,
  getOperationAST,
  type OperationDefinitionNode,
  visit,
} from 'graphql'
import type { Context } from '../context.js'
import type { DocumentStore } from './document-store.js'
import { QueryExecution } from './query-execution.js'
import { type FieldPlan, readsPropertiesOnly, type VariableValues } from './query-plan.js'
import { coerceVariables } from './query-variables.js'
import { SharedStream } from './shared-stream.js'
import type { SocketConnection, SocketCredentials } from './socket-connection.js'
import type { SocketOperation } from './socket-operation.js'

/**
 * What the field of a subscription says of its stream, in its `extensions`: that its answers depend on nothing but the event and
 * the viewer, so that whoever asks the same may have the same. `live`: everybody gets what comes from now on. Otherwise it goes on
 * behind a place that the argument `after` names, and each event has its own in the property `place`; a root value with `after`
 * goes before the argument. The value of the field is then the event itself, and its resolver is only asked when somebody looks
 * further than its properties.
 */
type SharedField = 'live' | { after: string; place: string }

/** The answers to one document with the same variables. */
interface Answers {
  /** By the credentials of the viewer, one object for all sockets that have them, and by the place where the stream stands. */
  streamsOf: Map<SocketCredentials, Map<number, SharedStream>>
  /** Those that are the same for every viewer. */
  known: WeakMap<object, Buffer>
}

const live = 0

/** Who asks, looked up again. @throws UNAUTHENTICATED */
type ContextFor = (connection: SocketConnection, requestId: string, signal: AbortSignal) => Promise<Context>

/** Subscriptions of all sockets: what they have in common is worked out once. */
export class SocketSubscriptions {
  private readonly answers = new Map<string, Answers>()
  private readonly documentIds = new WeakMap<DocumentNode, number>()
  private documentCount = 0

  constructor(
    private readonly schema: GraphQLSchema,
    private readonly documents: DocumentStore,
    private readonly contextFor: ContextFor,
  ) {}

  /**
   * Access is checked for each subscriber as if they were alone; only then do they join others. From then on messages go to the
   * socket by themselves.
   * @param ending of the signal in the context
   * @returns null, or why there is nothing to follow
   */
  async subscribe(operation: SocketOperation, args: ExecutionArgs, ending: AbortController): Promise<ExecutionResult | null> {
    const source = await createSourceEventStream(args)
    if (!isStream(source)) return source as ExecutionResult
    this.join(operation, args, ending, source)
    return null
  }

  /** Behind a place, on a stream of its own, until that has come to where others are. */
  private async goOn(operation: SocketOperation, earlier: ExecutionArgs, after: number): Promise<void> {
    try {
      // Until it has read what it has got, it needs no more.
      await operation.connection.room()
      if (operation.isOver) return
      const ending = new AbortController()
      operation.endWith(ending)
      const contextValue = await this.contextFor(operation.connection, operation.requestId, ending.signal)
      const args = { ...earlier, contextValue, rootValue: { after } }
      const source = await createSourceEventStream(args)
      if (!isStream(source)) throw (source as ExecutionResult).errors![0]!
      this.join(operation, args, ending, source, after)
    } catch (error) {
      operation.end({ error })
    }
  }

  private join(
    operation: SocketOperation,
    args: ExecutionArgs,
    ending: AbortController,
    source: AsyncIterableIterator<unknown>,
    from: number | null = null,
  ): void {
    const { document, operationName, variableValues } = args
    const definition = getOperationAST(document, operationName)!
    const variables = coerceVariables(this.schema, definition, variableValues ?? {}).coerced!
    const plan = this.documents.planOf(document, definition, variables)
    const field = plan.root(this.schema.getSubscriptionType()!, variables).fields[0]!
    const shared = field.definition.extensions['stream'] as SharedField | undefined
    const cursor = typeof shared === 'object' ? shared : null
    const place = from ?? (cursor ? placeAfter(field, cursor.after, variables) : live)
    const key =
      shared && this.keyOf(document, definition, variableValues ?? {}, cursor && cursorVariable(document, field, cursor.after))
    const answers = (key !== undefined && this.answers.get(key)) || { streamsOf: new Map(), known: new WeakMap() }
    const viewer = operation.connection.credentials
    const siblings = answers.streamsOf.get(viewer) ?? new Map<number, SharedStream>()
    const there = siblings.get(place)
    // The stream has its own end from here on: others may follow it too.
    operation.endWith(null)
    if (operation.isOver || there) {
      if (!operation.isOver) there!.add(operation)
      ending.abort()
      source.return?.()?.catch(() => {})
      return
    }
    if (key !== undefined) this.answers.set(key, answers)
    answers.streamsOf.set(viewer, siblings)
    const isForAll = shared !== undefined && readsPropertiesOnly(plan, field, variables)
    const isEvent = isForAll && cursor !== null
    const execution = (event: unknown): QueryExecution =>
      new QueryExecution(this.schema, plan, variables, args.contextValue, event, isEvent)
    const stream = new SharedStream({
      source,
      payloadOf: this.answering(operation, execution, answers, isForAll),
      placeOf: cursor && ((event) => (event as Record<string, number>)[cursor.place]!),
      place,
      siblings,
      leaveBehind: (slow, after) => void this.goOn(slow as SocketOperation, args, after),
      release: () => {
        ending.abort()
        if (siblings.size > 0) return
        answers.streamsOf.delete(viewer)
        if (answers.streamsOf.size === 0 && key !== undefined) this.answers.delete(key)
      },
    })
    stream.add(operation)
    void stream.run()
  }

  /** @param isForAll the answer is the same whoever asks */
  private answering(
    operation: SocketOperation,
    execution: (event: unknown) => QueryExecution,
    { streamsOf, known }: Answers,
    isForAll: boolean,
  ) {
    return (event: unknown): Buffer | Promise<Buffer> => {
      const isCommon = isForAll && streamsOf.size > 1
      const before = isCommon ? known.get(event as object) : undefined
      if (before) return before
      const keep = (result: ExecutionResult): Buffer => {
        const payload = Buffer.from(operation.textOf(result))
        if (isCommon && !result.errors) known.set(event as object, payload)
        return payload
      }
      const result = execution(event).run()
      return 'then' in result ? result.then(keep) : keep(result)
    }
  }

  /** @param cursor the variable that only says where to begin: those who began elsewhere come to the same */
  private keyOf(
    document: DocumentNode,
    { name }: OperationDefinitionNode,
    variables: VariableValues,
    cursor: string | null,
  ): string {
    let id = this.documentIds.get(document)
    if (id === undefined) {
      id = ++this.documentCount
      this.documentIds.set(document, id)
    }
    const others = Object.entries(variables).filter(([variable]) => variable !== cursor)
    return JSON.stringify([id, name?.value ?? '', ...others.sort(([a], [b]) => (a < b ? -1 : 1))])
  }
}

const isStream = (source: object): source is AsyncIterableIterator<unknown> => Symbol.asyncIterator in source

const placeAfter = (field: FieldPlan, argument: string, variables: VariableValues): number =>
  (getArgumentValues(field.definition, field.nodes[0]!, variables)[argument] as number | null | undefined) ?? 0

/** The variable that stands for the argument, when it stands nowhere else in the document. */
function cursorVariable(document: DocumentNode, { nodes }: FieldPlan, argument: string): string | null {
  const value = nodes[0]!.arguments?.find(({ name }) => name.value === argument)?.value
  if (value?.kind !== 'Variable') return null
  const name = value.name.value
  let uses = 0
  visit(document, {
    VariableDefinition: () => false,
    Variable: (variable) => {
      if (variable.name.value === name) uses++
    },
  })
  return uses === 1 ? name : null
}
