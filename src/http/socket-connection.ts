import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { type RawData, WebSocket } from 'ws'
import type { RequestInfo } from '../context.js'
import type { Logger } from '../logger.js'
import { describeError } from './format-error.js'
import type { Metrics } from './metrics.js'

export type SocketCredentials = Pick<RequestInfo, 'authorization' | 'accessKey'>

/** Of a server message: the protocol has no others. */
type Message = { type: 'connection_ack' } | { type: 'pong'; payload?: unknown }

/** One of those that run on a connection. */
interface RunningOperation {
  /** In JSON as it stands in every message. */
  readonly id: string
  readonly isSubscription: boolean
  /** The client wants no more of it, or is gone. */
  abort(): void
}

/** The same for all sockets. */
export interface SocketService {
  log: Logger
  metrics: Metrics
  /** Bytes that may wait for a client to read them before it is behind. */
  mostUnread: number
  /** A message of the client. */
  received(connection: SocketConnection, data: RawData): void
  /** An operation is over, and no longer among those of its connection. */
  finished(connection: SocketConnection): void
  closed(connection: SocketConnection, code: number): void
}

// https://developer.mozilla.org/docs/Web/API/CloseEvent/code; from 4000 on they are ours.
export const goingAway = 1001
export const tryAgainLater = 1013
/** The client does not read, or far too slowly: it may connect again and go on behind the last event that it has. */
const notReading = 4413

/**
 * One WebSocket. There are thousands: what it holds is counted in bytes. Frames that are ready made go to the TCP socket directly;
 * `ws` too writes whole frames at once, so the two never mix.
 */
export class SocketConnection {
  /** Most have one: a Map for each would be the largest thing here. */
  operations: readonly RunningOperation[] = []
  /** How many operations there were: they are numbered. */
  started = 0
  state: 'new' | 'initialising' | 'acknowledged' = 'new'
  /** Whole milliseconds take no object of their own. */
  readonly openedAt = Math.round(performance.now())
  private isAlive = true
  private readBefore = 0
  private waiting: Promise<void> | undefined

  /**
   * @param raw the TCP socket below
   * @param credentials from the headers; those of `connection_init` take their place
   */
  constructor(
    readonly socket: ClientSocket,
    private readonly raw: Socket,
    readonly id: string,
    readonly address: string,
    public credentials: SocketCredentials,
    readonly service: SocketService,
  ) {
    socket.connection = this
  }

  add(operation: RunningOperation): void {
    // Exactly one: any other way of putting it leaves room for more.
    this.operations = this.operations.length === 0 ? [operation] : [...this.operations, operation]
  }

  remove(operation: RunningOperation): void {
    this.operations = this.operations.filter((each) => each !== operation)
  }

  /** @param id in JSON */
  operationOf(id: string): RunningOperation | undefined {
    return this.operations.find((operation) => operation.id === id)
  }

  abortAll(): void {
    for (const operation of this.operations) operation.abort()
  }

  get isOpen(): boolean {
    return this.socket.readyState === this.socket.OPEN
  }

  get hasRoom(): boolean {
    return !this.raw.writableNeedDrain
  }

  /** Bytes that the network has not taken yet. */
  get unread(): number {
    return this.raw.writableLength
  }

  /** More than others should put on top of. */
  get isBehind(): boolean {
    return this.raw.writableLength > this.service.mostUnread
  }

  /** @param frames whole ones. @returns whether all was taken at once; otherwise the bytes must stay as they are */
  write(frames: Buffer): boolean {
    this.raw.write(frames)
    return this.raw.writableLength === 0
  }

  /** Resolves when there is room, or nobody left to take anything. */
  room(): Promise<void> {
    const { raw } = this
    if (this.hasRoom || raw.destroyed) return Promise.resolve()
    this.waiting ??= new Promise((resolve) => {
      const done = (): void => {
        raw.off('drain', done)
        raw.off('close', done)
        this.waiting = undefined
        resolve()
      }
      raw.on('drain', done)
      raw.on('close', done)
    })
    return this.waiting
  }

  send(message: Message): void {
    this.sendText(JSON.stringify(message))
  }

  /** Resolves when the bytes have left, or when there is nobody to take them. */
  sendText(text: string): Promise<void> {
    return new Promise((resolve) => {
      if (this.isOpen) this.socket.send(text, () => resolve())
      else resolve()
    })
  }

  received(data: RawData): void {
    this.seen()
    this.service.received(this, data)
  }

  /** A message too large or no WebSocket frame: ws closes with the right code by itself. */
  failed(error: unknown): void {
    this.service.log.debug({ requestId: this.id, err: describeError(error) }, 'WebSocket error')
  }

  /** Something came from the client. */
  seen(): void {
    this.isAlive = true
  }

  /** @returns whether it is gone, or not read: since the last ping there was no word, and nothing was taken of what waits for it */
  ping(): boolean {
    const read = this.raw.bytesWritten - this.raw.writableLength
    // The ping lies behind what waits to be read.
    if (!this.isAlive && (this.unread === 0 || read === this.readBefore)) return true
    this.isAlive = false
    this.readBefore = read
    this.socket.ping()
    return false
  }

  /** Nothing more is put on top of what it has not read. */
  cutOff(): void {
    if (!this.isOpen) return
    this.service.metrics.unreadSockets.inc()
    const line = { requestId: this.id, path: '/graphql', bytes: this.unread }
    this.service.log.warn(line, 'a websocket that is not read is closed')
    this.socket.close(notReading, 'Too much is waiting to be read')
    this.abortAll()
  }
}

/** Tells its connection what happens, without listeners: those of one socket would take more memory than all else here. */
export class ClientSocket extends WebSocket {
  connection: SocketConnection | undefined

  override emit(event: string | symbol, ...args: unknown[]): boolean {
    const { connection } = this
    if (connection === undefined) return super.emit(event, ...args)
    if (event === 'message') connection.received(args[0] as RawData)
    else if (event === 'pong') connection.seen()
    else if (event === 'error') connection.failed(args[0])
    else if (event === 'close') connection.service.closed(connection, args[0] as number)
    else return super.emit(event, ...args)
    return event !== 'close' || super.emit(event, ...args)
  }
}

/** By name whatever its case, for HTTP headers have none. Undefined when there are none. */
export function credentialsIn(source: Record<string, unknown> | undefined): SocketCredentials | undefined {
  const found: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(source ?? {})) {
    const key = name.toLowerCase()
    if (value === undefined || value === null || value === '') continue
    if (key === 'authorization') found['authorization'] = value
    else if (key === 'x-dhuo-access-key') found['accessKey'] = value
  }
  return Object.keys(found).length > 0 ? found : undefined
}

/** Answers in HTTP, for there is no WebSocket yet. */
export function refuseUpgrade(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}
