import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { type ExecutionArgs, GraphQLError, type GraphQLSchema } from 'graphql'
import { CloseCode, handleProtocols, makeServer, type Context as SocketContext } from 'graphql-ws'
import { type RawData, type WebSocket, WebSocketServer } from 'ws'
import type { Context, RequestInfo } from '../context.js'
import { DhuoError, isDhuoError } from '../errors.js'
import type { Logger } from '../logger.js'
import type { ClientAddress } from './client-address.js'
import { isForeignOrigin } from './cross-site.js'
import type { DocumentStore } from './document-store.js'
import { describeError, isGraphQLError } from './format-error.js'
import type { Metrics } from './metrics.js'
import type { Executor } from './query-executor.js'
import { requestIdOf } from './request-log.js'
import { closedForNotReading, credentialsIn, keepAlive, refuseUpgrade, type SocketConnection } from './socket-connection.js'
import { SocketOperation } from './socket-operation.js'
import { SocketOutlet } from './socket-outlet.js'
import { type SocketExecutionArgs, SocketSubscriptions } from './socket-subscriptions.js'

export interface SocketLimits {
  /** Of one message. */
  maxMessageBytes: number
  /** From the connection to `connection_init`. */
  initTimeoutMs: number
  /** Between two pings. Load balancers time out each direction by itself; a ping and its pong keep both. */
  pingMs: number
  operationsPerSocket: number
  /** Bytes that wait for a client to read them, before it is cut off. */
  mostUnreadBytes: number
}

interface GraphqlSocketOptions {
  schema: GraphQLSchema
  documents: DocumentStore
  execute: Executor
  createContext(request: RequestInfo): Promise<Context>
  clientAddress: ClientAddress
  metrics: Metrics
  publicUrl: string | null
  limits: SocketLimits
  log: Logger
}

// https://developer.mozilla.org/docs/Web/API/CloseEvent/code
const goingAway = 1001
const tryAgainLater = 1013

/**
 * GraphQL over WebSockets by the protocol `graphql-transport-ws`. Credentials come once, with `connection_init`, and are
 * looked up anew for each operation: a key that was revoked since opens nothing more.
 */
export class GraphqlSocket {
  private readonly server
  private readonly sockets: WebSocketServer
  private readonly subscriptions: SocketSubscriptions
  private readonly connections = new Set<SocketConnection>()
  /** By payload, for a client may use an id again while the operation that had it is still ending. */
  private readonly operationOf = new WeakMap<object, SocketOperation>()
  private draining = false

  constructor(private readonly options: GraphqlSocketOptions) {
    const { schema, documents, execute, limits } = options
    this.subscriptions = new SocketSubscriptions(schema, documents, execute)
    this.sockets = new WebSocketServer({
      noServer: true,
      maxPayload: limits.maxMessageBytes,
      handleProtocols,
      clientTracking: false,
    })
    this.server = makeServer<Record<string, unknown>, SocketConnection>({
      // Its arguments are those that `start` makes.
      execute: (args) => options.execute(args as ExecutionArgs),
      subscribe: (args) => this.subscriptions.subscribe(args as SocketExecutionArgs),
      connectionInitWaitTimeout: limits.initTimeoutMs,
      onConnect: (context) => this.connect(context.extra, context.connectionParams),
      onSubscribe: (context, id, payload) => this.start(context, id, payload),
      onNext: (_context, _id, payload, _args, { errors, ...result }) =>
        errors && { ...result, errors: this.operationOf.get(payload)!.format(errors) },
      onError: ({ extra }, id, payload, errors) => {
        const operation = this.operationOf.get(payload)!
        const formatted = operation.format(errors)
        this.finish(extra, id, operation)
        return formatted
      },
      onComplete: ({ extra }, id, payload) => this.finish(extra, id, this.operationOf.get(payload)!),
    })
  }

  /** For the `upgrade` event of the HTTP server. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy())
    const refusal = this.draining
      ? '503 Service Unavailable'
      : !/^\/graphql(\?|$)/.test(request.url ?? '')
        ? '404 Not Found'
        : isForeignOrigin(request.headers, this.options.publicUrl)
          ? '403 Forbidden'
          : null
    if (refusal) refuseUpgrade(socket, refusal)
    else this.sockets.handleUpgrade(request, socket, head, (opened) => this.open(opened, socket as Socket, request))
  }

  /**
   * Takes no new work and tells every client to connect elsewhere (1001): at once where only subscriptions run, which
   * resume from their cursor, and after the answer where a query or a mutation is under way.
   * @returns when every socket is closed
   */
  async drain(): Promise<void> {
    this.draining = true
    const closed = [...this.connections].map(({ socket }) => new Promise((resolve) => socket.once('close', resolve)))
    for (const connection of this.connections) this.closeWhenIdle(connection)
    await Promise.all(closed)
  }

  /** Ends every socket without a word: the time for words is over. */
  terminate(): void {
    for (const { socket } of this.connections) socket.terminate()
  }

  private open(socket: WebSocket, raw: Socket, request: IncomingMessage): void {
    const { options } = this
    const id = requestIdOf(request)
    const address = options.clientAddress(request)
    const connection: SocketConnection = {
      socket,
      outlet: new SocketOutlet(socket, raw, options.limits.mostUnreadBytes, () => this.cutOff(connection)),
      id,
      address,
      log: options.log.child({ requestId: id }),
      closed: new AbortController(),
      headers: request.headers,
      credentials: {},
      operations: new Map(),
      started: 0,
    }
    this.connections.add(connection)
    options.metrics.openSockets.inc()
    const opened = performance.now()

    const closed = this.server.opened(
      {
        protocol: socket.protocol,
        // Resolves when the bytes have left: a subscription whose client is slow waits here for its next event.
        send: (data) =>
          new Promise((resolve, reject) => {
            if (socket.readyState !== socket.OPEN) resolve()
            else socket.send(data, (error) => (error ? reject(error) : resolve()))
          }),
        close: (code, reason) => socket.close(code, reason),
        onMessage: (handle) =>
          socket.on('message', (data: RawData) => {
            const text = String(data)
            this.noticeComplete(connection, text)
            handle(text).catch((error: unknown) => {
              connection.log.error({ err: describeError(error) }, 'a WebSocket message failed')
              socket.close(CloseCode.InternalServerError, 'Internal server error')
            })
          }),
      },
      connection,
    )
    const stopPings = keepAlive(connection, options.limits.pingMs)
    // A message too large or no WebSocket frame: ws closes with the right code by itself.
    socket.on('error', (error) => connection.log.debug({ err: describeError(error) }, 'WebSocket error'))
    socket.once('close', (code, reason) => {
      stopPings()
      this.connections.delete(connection)
      options.metrics.openSockets.dec()
      connection.closed.abort()
      for (const operation of connection.operations.values()) operation.abort()
      closed(code, String(reason)).catch((error: unknown) =>
        connection.log.warn({ err: describeError(error) }, 'a subscription did not end'),
      )
      for (const [operationId, operation] of connection.operations) this.finish(connection, operationId, operation)
      connection.log.info({ path: '/graphql', code, ms: Math.round(performance.now() - opened) }, 'websocket closed')
    })
  }

  private async connect(connection: SocketConnection, params: Record<string, unknown> | undefined): Promise<boolean> {
    connection.credentials = credentialsIn(params) ?? credentialsIn(connection.headers) ?? {}
    if (Object.values(connection.credentials).some((value) => typeof value !== 'string')) return false
    try {
      await this.contextFor(connection, connection.id, connection.closed.signal, connection.log)
      return true
    } catch (error) {
      if (isDhuoError(error) && error.code === 'UNAUTHENTICATED') return false
      connection.log.error({ err: describeError(error) }, 'a WebSocket could not be authenticated')
      connection.socket.close(tryAgainLater, 'Try again later')
      // The socket is closing: what is answered here is no longer sent.
      return true
    }
  }

  private async start(
    { extra: connection }: SocketContext<Record<string, unknown>, SocketConnection>,
    id: string,
    payload: { query: string; operationName?: string | null | undefined; variables?: Record<string, unknown> | null | undefined },
  ): Promise<SocketExecutionArgs | GraphQLError[]> {
    const { documents, limits, schema, metrics } = this.options
    const requestId = `${connection.id}-${++connection.started}`
    const operation = new SocketOperation(requestId, connection.log.child({ requestId }), metrics)
    this.operationOf.set(payload, operation)
    if (connection.operations.size >= limits.operationsPerSocket)
      return [
        asGraphQLError(
          new DhuoError('RATE_LIMITED', `At most ${limits.operationsPerSocket} operations run on one connection at a time.`),
        ),
      ]
    if (this.draining) return [asGraphQLError(new DhuoError('BACKEND_UNAVAILABLE', 'The server is stopping; connect again.'))]
    connection.operations.set(id, operation)
    try {
      const document = documents.parse(payload.query)
      const errors = documents.check(document, payload.operationName, payload.variables)
      if (errors.length > 0) return errors.map(asGraphQLError)
      operation.begin(document, payload.operationName)
      const contextFor = (signal: AbortSignal) => this.contextFor(connection, requestId, signal, operation.log)
      // A stream may go on for others when this operation is over.
      const stopping = new AbortController()
      const contextValue = await contextFor(operation.isSubscription ? stopping.signal : operation.signal)
      if (operation.signal.aborted) return [new GraphQLError('The client has completed the operation.')]
      const { operationName = null, variables: variableValues = null } = payload
      return {
        schema,
        document,
        contextValue,
        operationName,
        variableValues,
        ...{ id, connection, operation, stopping, contextFor },
      }
    } catch (error) {
      // Its other operations run on the same credentials.
      if (isDhuoError(error) && error.code === 'UNAUTHENTICATED')
        setImmediate(() => connection.socket.close(CloseCode.Forbidden, 'Forbidden'))
      return [asGraphQLError(error)]
    }
  }

  /** @throws UNAUTHENTICATED for credentials that are not valid, or no longer */
  private async contextFor({ address, credentials }: SocketConnection, requestId: string, signal: AbortSignal, log: Logger) {
    const context = await this.options.createContext({ requestId, address, ...credentials, signal, log })
    if (context.credentialProblem !== null) throw new DhuoError('UNAUTHENTICATED', context.credentialProblem)
    return context
  }

  /** The core stops a subscription's iterator at this message, but leaves a query running: the signal ends both. */
  private noticeComplete(connection: SocketConnection, text: string): void {
    if (text.length > 1_000 || !text.includes('complete')) return
    try {
      const message: unknown = JSON.parse(text)
      const { type, id } = message as { type?: unknown; id?: unknown }
      if (type !== 'complete' || typeof id !== 'string') return
      const operation = connection.operations.get(id)
      if (!operation) return
      operation.abort()
      this.finish(connection, id, operation)
    } catch {
      // The core answers what is no JSON.
    }
  }

  /** Nothing more is put on top of what it has not read. */
  private cutOff({ socket, operations, log }: SocketConnection): void {
    if (socket.readyState !== socket.OPEN) return
    this.options.metrics.unreadSockets.inc()
    log.warn({ path: '/graphql', bytes: socket.bufferedAmount }, 'a websocket that is not read is closed')
    socket.close(closedForNotReading.code, closedForNotReading.reason)
    for (const operation of operations.values()) operation.abort()
  }

  private finish(connection: SocketConnection, id: string, operation: SocketOperation): void {
    if (connection.operations.get(id) === operation) connection.operations.delete(id)
    operation.finish()
    if (this.draining) this.closeWhenIdle(connection)
  }

  private closeWhenIdle({ socket, operations }: SocketConnection): void {
    const isBusy = [...operations.values()].some((operation) => !operation.isSubscription)
    if (!isBusy) socket.close(goingAway, 'The server is stopping; connect again')
  }
}

const asGraphQLError = (error: unknown): GraphQLError =>
  isGraphQLError(error) ? error : new GraphQLError((error as Error)?.message ?? String(error), { originalError: error as Error })
