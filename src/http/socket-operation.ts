import type { DocumentNode, GraphQLFormattedError } from 'graphql'
import type { ErrorCode } from '../errors.js'
import type { Logger } from '../logger.js'
import { codeOf, formatError } from './format-error.js'
import type { Metrics } from './metrics.js'
import { labelOf, type OperationLabel, unknownOperation } from './operation-label.js'

/** One operation on a WebSocket, from its `subscribe` to its `complete`: one signal, one line in the log, one measurement. */
export class SocketOperation {
  private label: OperationLabel = unknownOperation
  private readonly codes: ErrorCode[] = []
  private readonly gone = new AbortController()
  private readonly started = performance.now()
  private isFinished = false

  constructor(
    readonly requestId: string,
    readonly log: Logger,
    private readonly metrics: Metrics,
  ) {}

  /** Aborts when the client completes the operation or goes away. */
  get signal(): AbortSignal {
    return this.gone.signal
  }

  get isSubscription(): boolean {
    return this.label.type === 'subscription'
  }

  /** @param document that passed guards and validation */
  begin(document: DocumentNode, operationName: string | null | undefined): void {
    this.label = labelOf(document, operationName)
    if (this.isSubscription) this.metrics.activeSubscriptions.inc()
  }

  format(errors: readonly unknown[]): GraphQLFormattedError[] {
    const formatted = errors.map((error) => formatError(error, this))
    // A subscription may fail event by event for hours.
    if (this.codes.length < 100) this.codes.push(...formatted.map(codeOf))
    return formatted
  }

  abort(): void {
    this.gone.abort()
  }

  finish(): void {
    if (this.isFinished) return
    this.isFinished = true
    if (this.isSubscription) this.metrics.activeSubscriptions.dec()
    const ms = Math.round((performance.now() - this.started) * 10) / 10
    this.metrics.countOperation('websocket', this.label, ms / 1000, this.codes)
    const operation = `${this.label.type} ${this.label.field}`.trim()
    const outcome = this.signal.aborted ? 'operation ended by the client' : 'operation'
    this.log.info({ path: '/graphql', operation, ms, ...(this.codes.length > 0 && { codes: [...new Set(this.codes)] }) }, outcome)
  }
}
