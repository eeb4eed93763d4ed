import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { GraphQLError, type GraphQLSchema, getOperationAST } from 'graphql'
import {
  CloseCode,
  GRAPHQL_TRANSPORT_WS_PROTOCOL,
  handleProtocols,
  MessageType,
  parseMessage,
  type SubscribeMessage,
} from 'graphql-ws'
import { type RawData, type Server, WebSocketServer } from 'ws'
import type { Context, RequestInfo } from '../context.js'
import { DhuoError, isDhuoError } from '../errors.js'
import type { Logger } from '../logger.js'
import type { ClientAddress } from './client-address.js'
import { isForeignOrigin } from './cross-site.js'
import type { DocumentStore } from './document-store.js'
import { describeError } from './format-error.js'
import { KnownCredentials } from './known-credentials.js'
import type { Metrics } from './metrics.js'
import type { Executor } from './query-executor.js'
import { requestIdOf } from './request-log.js'
import {
  ClientSocket,
  credentialsIn,
  goingAway,
  refuseUpgrade,
  SocketConnection,
  type SocketService,
  tryAgainLater,
} from './socket-connection.js'
import { SocketOperation } from './socket-operation.js'
import { SocketSubscriptions } from './socket-subscriptions.js'

export interface SocketLimits {
  /** Of one message. */
  maxMessageBytes: number
  /** From the connection to `connection_init`. */
  initTimeoutMs: number
  /** Between two pings. Load balancers time out each direction by itself; a ping and its pong keep both. */
  pingMs: number
  operationsPerSocket: number
  /** Bytes that wait for a client to read them before it is behind. */
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

/** The sockets are pinged in so many turns, not all at once. */
const pingTurns = 20

/**
 * GraphQL over WebSockets by the protocol `graphql-transport-ws`. Credentials come once, with `connection_init`, and are
 * looked up anew for each operation: a key that was revoked since opens nothing more.
 *
 * https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md. Messages and codes are those of graphql-ws; its server is not
 * used, as it executes and serialises for each socket, and holds several KiB for each.
 */
export class GraphqlSocket {
  private readonly sockets: Server<typeof ClientSocket>
  private readonly subscriptions: SocketSubscriptions
  private readonly connections = new Set<SocketConnection>()
  /** Those that have not said who they are, the oldest first. */
  private readonly strangers = new Set<SocketConnection>()
  private readonly credentials = new KnownCredentials()
  private readonly service: SocketService
  private readonly timers: NodeJS.Timeout[]
  private draining = false

  constructor(private readonly options: GraphqlSocketOptions) {
    const { schema, documents, limits, log, metrics } = options
    this.subscriptions = new SocketSubscriptions(schema, documents, (...of) => this.contextFor(...of))
    this.sockets = new WebSocketServer({
      noServer: true,
      WebSocket: ClientSocket,
      maxPayload: limits.maxMessageBytes,
      handleProtocols,
      clientTracking: false,
    })
    this.service = {
      log,
      metrics,
      mostUnread: limits.mostUnreadBytes,
      received: (connection, data) => this.receive(connection, data),
      finished: (connection) => this.closeIfDone(connection),
      closed: (connection, code) => this.closed(connection, code),
    }
    let turn = 0
    this.timers = [
      setInterval(() => this.ping(turn++ % pingTurns), limits.pingMs / pingTurns).unref(),
      setInterval(() => this.refuseStrangers(), limits.initTimeoutMs / 10).unref(),
    ]
  }

  /** For the `upgrade` event of the HTTP server. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const refusal = this.draining
      ? '503 Service Unavailable'
      : !/^\/graphql(\?|$)/.test(request.url ?? '')
        ? '404 Not Found'
        : isForeignOrigin(request.headers, this.options.publicUrl)
          ? '403 Forbidden'
          : null
    socket.on('error', destroy)
    if (refusal) refuseUpgrade(socket, refusal)
    else
      this.sockets.handleUpgrade(request, socket, head, (opened) => {
        socket.off('error', destroy)
        this.open(opened, socket as Socket, request)
      })
  }

  /**
   * Takes no new work and tells every client to connect elsewhere (1001): at once where only subscriptions run, which
   * resume from their cursor, and after the answer where a query or a mutation is under way.
   * @returns when every socket is closed
   */
  async drain(): Promise<void> {
    this.draining = true
    const closed = [...this.connections].map(({ socket }) => new Promise((resolve) => socket.once('close', resolve)))
    for (const connection of this.connections) this.closeIfDone(connection)
    await Promise.all(closed)
    for (const timer of this.timers) clearInterval(timer)
  }

  /** Ends every socket without a word: the time for words is over. */
  terminate(): void {
    for (const { socket } of this.connections) socket.terminate()
  }

  private open(socket: ClientSocket, raw: Socket, request: IncomingMessage): void {
    const address = this.options.clientAddress(request)
    const credentials = credentialsIn(request.headers) ?? {}
    const connection = new SocketConnection(socket, raw, requestIdOf(request), address, credentials, this.service)
    this.connections.add(connection)
    this.options.metrics.openSockets.inc()
    if (socket.protocol !== GRAPHQL_TRANSPORT_WS_PROTOCOL)
      socket.close(CloseCode.SubprotocolNotAcceptable, 'Subprotocol not acceptable')
    this.strangers.add(connection)
  }

  private closed(connection: SocketConnection, code: number): void {
    this.connections.delete(connection)
    this.strangers.delete(connection)
    if (connection.state === 'acknowledged') this.credentials.leave(connection.credentials)
    this.options.metrics.openSockets.dec()
    connection.abortAll()
    const ms = Math.round(performance.now() - connection.openedAt)
    this.options.log.info({ requestId: connection.id, path: '/graphql', code, ms }, 'websocket closed')
  }

  private refuseStrangers(): void {
    const before = performance.now() - this.options.limits.initTimeoutMs
    for (const connection of this.strangers) {
      if (connection.openedAt > before) return
      connection.socket.close(CloseCode.ConnectionInitialisationTimeout, 'Connection initialisation timeout')
    }
  }

  private ping(turn: number): void {
    let index = 0
    for (const connection of this.connections) {
      if (index++ % pingTurns !== turn || !connection.isOpen || !connection.ping()) continue
      if (connection.unread > 0) connection.cutOff()
      else connection.socket.terminate()
    }
  }

  private receive(connection: SocketConnection, data: RawData): void {
    const { socket } = connection
    try {
      const message = parseMessage(String(data))
      if (message.type === MessageType.Subscribe) this.subscribe(connection, message)
      else if (message.type === MessageType.Complete) connection.operationOf(JSON.stringify(message.id))?.abort()
      else if (message.type === MessageType.ConnectionInit) void this.initialise(connection, message.payload)
      else if (message.type === MessageType.Ping)
        connection.send({ type: 'pong', ...(message.payload && { payload: message.payload }) })
      else if (message.type !== MessageType.Pong) throw new Error(`${message.type} is for clients`)
    } catch {
      socket.close(CloseCode.BadRequest, 'Invalid message received')
    }
  }

  private async initialise(connection: SocketConnection, params: Record<string, unknown> | undefined): Promise<void> {
    const { socket } = connection
    if (connection.state !== 'new') {
      socket.close(CloseCode.TooManyInitialisationRequests, 'Too many initialisation requests')
      return
    }
    connection.state = 'initialising'
    this.strangers.delete(connection)
    connection.credentials = credentialsIn(params) ?? connection.credentials
    try {
      if (Object.values(connection.credentials).some((value) => typeof value !== 'string'))
        throw new DhuoError('UNAUTHENTICATED', 'Credentials are text.')
      await this.contextFor(connection, connection.id, new AbortController().signal)
      if (!connection.isOpen) return
      connection.credentials = this.credentials.enter(connection.credentials)
      connection.state = 'acknowledged'
      connection.send({ type: 'connection_ack' })
    } catch (error) {
      if (isDhuoError(error) && error.code === 'UNAUTHENTICATED') socket.close(CloseCode.Forbidden, 'Forbidden')
      else {
        const line = { requestId: connection.id, err: describeError(error) }
        this.options.log.error(line, 'a WebSocket could not be authenticated')
        socket.close(tryAgainLater, 'Try again later')
      }
    }
  }

  private subscribe(connection: SocketConnection, { id: given, payload }: SubscribeMessage): void {
    const { socket } = connection
    const id = JSON.stringify(given)
    if (connection.state !== 'acknowledged') socket.close(CloseCode.Unauthorized, 'Unauthorized')
    else if (connection.operationOf(id))
      socket.close(CloseCode.SubscriberAlreadyExists, 'There is a subscriber of that id already')
    else
      this.run(new SocketOperation(id, connection), payload).catch((error: unknown) => {
        // Its other operations run on the same credentials.
        if (isDhuoError(error) && error.code === 'UNAUTHENTICATED') socket.close(CloseCode.Forbidden, 'Forbidden')
      })
  }

  /** @throws what the client was told, when it fails as a whole */
  private async run(operation: SocketOperation, payload: SubscribeMessage['payload']): Promise<void> {
    const { connection } = operation
    const { operationsPerSocket } = this.options.limits
    try {
      if (connection.operations.length >= operationsPerSocket)
        throw new DhuoError('RATE_LIMITED', `At most ${operationsPerSocket} operations run on one connection at a time.`)
      if (this.draining) throw new DhuoError('BACKEND_UNAVAILABLE', 'The server is stopping; connect again.')
      connection.add(operation)
      await this.start(operation, payload)
    } catch (error) {
      operation.fail([error])
      throw error
    }
  }

  private async start(operation: SocketOperation, payload: SubscribeMessage['payload']): Promise<void> {
    const { documents, execute, schema } = this.options
    const { query, operationName = null, variables: variableValues = null } = payload
    const document = documents.parse(query)
    const errors = documents.check(document, operationName, variableValues)
    if (errors.length > 0) {
      operation.fail(errors)
      return
    }
    operation.begin(document, operationName)
    if (!getOperationAST(document, operationName)) throw new GraphQLError('Unable to identify operation')
    const ending = new AbortController()
    operation.endWith(ending)
    const contextValue = await this.contextFor(operation.connection, operation.requestId, ending.signal)
    if (operation.isOver) return
    const args = { schema, document, contextValue, operationName, variableValues }
    const result = operation.isSubscription ? await this.subscriptions.subscribe(operation, args, ending) : await execute(args)
    if (result) await operation.answer(result)
  }

  /** @throws UNAUTHENTICATED for credentials that are not valid, or no longer */
  private async contextFor({ address, credentials }: SocketConnection, requestId: string, signal: AbortSignal): Promise<Context> {
    const log = this.options.log.child({ requestId })
    const context = await this.options.createContext({ requestId, address, ...credentials, signal, log })
    if (context.credentialProblem !== null) throw new DhuoError('UNAUTHENTICATED', context.credentialProblem)
    return context
  }

  private closeIfDone({ socket, operations }: SocketConnection): void {
    if (!this.draining) return
    const isBusy = operations.some((operation) => !operation.isSubscription)
    if (!isBusy) socket.close(goingAway, 'The server is stopping; connect again')
  }
}

/** Until `ws` listens. */
function destroy(this: Duplex): void {
  this.destroy()
}
