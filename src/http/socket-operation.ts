import { type DocumentNode, type ExecutionResult, GraphQLError, type GraphQLFormattedError } from 'graphql'
import type { ErrorCode } from '../errors.js'
import type { Logger } from '../logger.js'
import { codeOf, formatError, isGraphQLError } from './format-error.js'
import { labelOf, type OperationLabel, unknownOperation } from './operation-label.js'
import type { SharedStream, Subscriber } from './shared-stream.js'
import type { SocketConnection } from './socket-connection.js'

/** One operation on a WebSocket, from its `subscribe` to its `complete`: one line in the log, one measurement. */
export class SocketOperation implements Subscriber {
  /** Of a subscription, once it is under way. */
  stream: SharedStream | null = null
  isOver = false
  private label: OperationLabel = unknownOperation
  private codes: ErrorCode[] | null = null
  private readonly startedAt = performance.now()
  private readonly number: number
  private ending: AbortController | null = null
  private isAborted = false

  /** @param id in JSON */
  constructor(
    readonly id: string,
    readonly connection: SocketConnection,
  ) {
    this.number = ++connection.started
  }

  get requestId(): string {
    return `${this.connection.id}-${this.number}`
  }

  get log(): Logger {
    return this.connection.service.log.child({ requestId: this.requestId })
  }

  get isSubscription(): boolean {
    return this.label.type === 'subscription'
  }

  /** @param document that passed guards and validation */
  begin(document: DocumentNode, operationName: string | null | undefined): void {
    this.label = labelOf(document, operationName)
    if (this.isSubscription) this.connection.service.metrics.activeSubscriptions.inc()
  }

  /** @param ending aborts when the client completes the operation or goes away; null: nothing is left to be aborted */
  endWith(ending: AbortController | null): void {
    this.ending = ending
  }

  format(errors: readonly unknown[]): GraphQLFormattedError[] {
    const formatted = errors.map((error) => formatError(error, this))
    this.codes ??= []
    // A subscription may fail event by event for hours.
    if (this.codes.length < 100) this.codes.push(...formatted.map(codeOf))
    return formatted
  }

  /** The answer in JSON. */
  textOf({ errors, ...result }: ExecutionResult): string {
    return JSON.stringify(errors ? { ...result, errors: this.format(errors) } : result)
  }

  /** Of a query or a mutation: that is all. It counts until the client has taken it. */
  async answer(result: ExecutionResult): Promise<void> {
    if (this.isOver) return
    await this.connection.sendText(`{"id":${this.id},"type":"next","payload":${this.textOf(result)}}`)
    this.end(null)
  }

  /** It fails as a whole. */
  fail(errors: readonly unknown[]): void {
    if (this.isOver) return
    const payload = JSON.stringify(this.format(errors.map(asGraphQLError)))
    void this.connection.sendText(`{"id":${this.id},"type":"error","payload":${payload}}`)
    this.finish()
  }

  end(failure: { error: unknown } | null): void {
    if (this.isOver) return
    if (failure) {
      this.fail([failure.error])
      return
    }
    void this.connection.sendText(`{"id":${this.id},"type":"complete"}`)
    this.finish()
  }

  /** The client wants no more of it, or is gone. */
  abort(): void {
    if (this.isOver) return
    this.isAborted = true
    this.finish()
    this.ending?.abort()
    this.stream?.remove(this)
  }

  private finish(): void {
    const { connection, label, codes } = this
    const { service } = connection
    this.isOver = true
    connection.remove(this)
    if (this.isSubscription) service.metrics.activeSubscriptions.dec()
    const ms = Math.round((performance.now() - this.startedAt) * 10) / 10
    service.metrics.countOperation('websocket', label, ms / 1000, codes ?? [])
    const operation = `${label.type} ${label.field}`.trim()
    const line = { requestId: this.requestId, path: '/graphql', operation, ms, ...(codes && { codes: [...new Set(codes)] }) }
    service.log.info(line, this.isAborted ? 'operation ended by the client' : 'operation')
    service.finished(connection)
  }
}

const asGraphQLError = (error: unknown): GraphQLError =>
  isGraphQLError(error) ? error : new GraphQLError((error as Error)?.message ?? String(error), { originalError: error as Error })
