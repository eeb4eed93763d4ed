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
import type { Executor } from './query-executor.js'
import { type FieldPlan, readsPropertiesOnly, type VariableValues } from './query-plan.js'
import { coerceVariables } from './query-variables.js'
import { SharedStream, type Subscriber } from './shared-stream.js'
import type { SocketConnection } from './socket-connection.js'
import type { SocketOperation } from './socket-operation.js'
import { StreamSubscriber } from './stream-subscriber.js'

/** One operation of a socket, as it goes to `subscribe`. */
export interface SocketExecutionArgs extends ExecutionArgs {
  /** Of the operation, as the client calls it. */
  id: string
  connection: SocketConnection
  operation: SocketOperation
  /** Ends what the stream of a subscription is made from. */
  stopping: AbortController
  /** Who asks, looked up again. @throws UNAUTHENTICATED */
  contextFor(signal: AbortSignal): Promise<Context>
}

/**
 * What the field of a subscription says of its stream, in its `extensions`: that its answers depend on nothing but the event and
 * the viewer, so that whoever asks the same may have the same. `live`: everybody gets what comes from now on. Otherwise it goes on
 * behind a place that the argument `after` names, and each event has its own in the property `place`; a root value with `after`
 * goes before the argument.
 */
type SharedField = 'live' | { after: string; place: string }

/** The answers to one document with the same variables. */
interface Answers {
  /** By the credentials of the viewer, and by the place where the stream stands. */
  streamsOf: Map<string, Map<number, SharedStream>>
  /** Those that are the same for every viewer. */
  known: WeakMap<object, Buffer>
}

const live = 0

/** Subscriptions of all sockets: what they have in common is worked out once. */
export class SocketSubscriptions {
  private readonly answers = new Map<string, Answers>()
  private readonly documentIds = new WeakMap<DocumentNode, number>()
  private documentCount = 0

  constructor(
    private readonly schema: GraphQLSchema,
    private readonly documents: DocumentStore,
    private readonly execute: Executor,
  ) {}

  /**
   * In the place of `subscribe` of graphql-js. Access is checked for each subscriber as if they were alone; only then do they join
   * others. What comes of it yields nothing: messages go to the socket by themselves, and it is over when the stream is.
   */
  async subscribe(args: SocketExecutionArgs): Promise<ExecutionResult | AsyncGenerator<never, undefined>> {
    const { id, connection, operation, stopping } = args
    const abort = (): void => stopping.abort()
    operation.signal.addEventListener('abort', abort)
    const source = await createSourceEventStream(args)
    operation.signal.removeEventListener('abort', abort)
    if (!isStream(source)) return source as ExecutionResult
    const subscriber = new StreamSubscriber(Buffer.from(JSON.stringify(id)), connection.outlet, (place) =>
      this.goOn(subscriber, args, place),
    )
    this.join(subscriber, args, source)
    // graphql-ws keeps the arguments for as long as the operation runs.
    args.contextValue = undefined
    return subscriber
  }

  /** Behind a place, on a stream of its own, until that has come to where others are. */
  private async goOn(subscriber: Subscriber, earlier: SocketExecutionArgs, place: number): Promise<void> {
    const stopping = new AbortController()
    const contextValue = await earlier.contextFor(stopping.signal)
    const args = { ...earlier, stopping, contextValue, rootValue: { after: place } }
    const source = await createSourceEventStream(args)
    if (!isStream(source)) throw (source as ExecutionResult).errors![0]!
    this.join(subscriber, args, source, place)
  }

  private join(
    subscriber: Subscriber,
    args: SocketExecutionArgs,
    source: AsyncIterableIterator<unknown>,
    from: number | null = null,
  ): void {
    const { document, operationName, variableValues, connection, stopping } = args
    const operation = getOperationAST(document, operationName)!
    const variables = coerceVariables(this.schema, operation, variableValues ?? {}).coerced!
    const plan = this.documents.planOf(document, operation, variables)
    const field = plan.root(this.schema.getSubscriptionType()!, variables).fields[0]!
    const shared = field.definition.extensions['stream'] as SharedField | undefined
    const cursor = typeof shared === 'object' ? shared : null
    const place = from ?? (cursor ? placeAfter(field, cursor.after, variables) : live)
    const key =
      shared && this.keyOf(document, operation, variableValues ?? {}, cursor && cursorVariable(document, field, cursor.after))
    const answers = (key !== undefined && this.answers.get(key)) || { streamsOf: new Map(), known: new WeakMap() }
    const viewer = JSON.stringify(connection.credentials)
    const siblings = answers.streamsOf.get(viewer) ?? new Map<number, SharedStream>()
    const there = siblings.get(place)
    if (there) {
      there.add(subscriber)
      stopping.abort()
      source.return?.()?.catch(() => {})
      return
    }
    if (key !== undefined) this.answers.set(key, answers)
    answers.streamsOf.set(viewer, siblings)
    const stream = new SharedStream({
      source,
      payloadOf: this.answering(args, answers, shared !== undefined && readsPropertiesOnly(plan, field, variables)),
      placeOf: cursor && ((event) => (event as Record<string, number>)[cursor.place]!),
      place,
      siblings,
      release: () => {
        stopping.abort()
        if (siblings.size > 0) return
        answers.streamsOf.delete(viewer)
        if (answers.streamsOf.size === 0 && key !== undefined) this.answers.delete(key)
      },
    })
    stream.add(subscriber)
    void stream.run()
  }

  /** @param isForAll the answer is the same whoever asks */
  private answering({ operation, ...args }: SocketExecutionArgs, { streamsOf, known }: Answers, isForAll: boolean) {
    const text = ({ errors, ...result }: ExecutionResult): Buffer =>
      Buffer.from(JSON.stringify(errors ? { ...result, errors: operation.format(errors) } : result))
    return (event: unknown): Buffer | Promise<Buffer> => {
      const isCommon = isForAll && streamsOf.size > 1
      const before = isCommon ? known.get(event as object) : undefined
      if (before) return before
      const keep = (result: ExecutionResult): Buffer => {
        const payload = text(result)
        if (isCommon && !result.errors) known.set(event as object, payload)
        return payload
      }
      const result = this.execute({ ...args, rootValue: event })
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
