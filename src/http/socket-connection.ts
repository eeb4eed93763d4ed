import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import type { RequestInfo } from '../context.js'
import type { Logger } from '../logger.js'
import type { Metrics } from './metrics.js'

export type SocketCredentials = Pick<RequestInfo, 'authorization' | 'accessKey'>

/** Of a server message: the protocol has no others. */
type Message = { type: 'connection_ack' } | { type: 'pong'; payload?: unknown }

/** One of those that run on a connection. */
interface RunningOperation {
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
  /** Called when an operation is over, and no longer among those of its connection. */
  finished(connection: SocketConnection): void
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
  /** By id, in JSON as it stands in every message. */
  readonly operations = new Map<string, RunningOperation>()
  /** How many operations there were: they are numbered. */
  started = 0
  state: 'new' | 'initialising' | 'acknowledged' = 'new'
  readonly openedAt = performance.now()
  private isAlive = true
  private readBefore = 0
  private waiting: Promise<void> | undefined

  /**
   * @param raw the TCP socket below
   * @param credentials from the headers; those of `connection_init` take their place
   */
  constructor(
    readonly socket: WebSocket,
    private readonly raw: Socket,
    readonly id: string,
    readonly address: string,
    public credentials: SocketCredentials,
    readonly service: SocketService,
  ) {}

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
    for (const operation of [...this.operations.values()]) operation.abort()
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
