import type { IncomingHttpHeaders } from 'node:http'
import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import type { RequestInfo } from '../context.js'
import type { Logger } from '../logger.js'
import type { SocketOperation } from './socket-operation.js'
import type { SocketOutlet } from './socket-outlet.js'

/** One WebSocket. */
export interface SocketConnection {
  socket: WebSocket
  outlet: SocketOutlet
  id: string
  address: string
  log: Logger
  /** Aborts when the socket closes. */
  closed: AbortController
  headers: IncomingHttpHeaders
  credentials: Pick<RequestInfo, 'authorization' | 'accessKey'>
  operations: Map<string, SocketOperation>
  /** How many operations there were: they are numbered. */
  started: number
}

/** By name whatever its case, for HTTP headers have none. Undefined when there are none. */
export function credentialsIn(source: Record<string, unknown> | undefined): SocketConnection['credentials'] | undefined {
  const found: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(source ?? {})) {
    const key = name.toLowerCase()
    if (value === undefined || value === null || value === '') continue
    if (key === 'authorization') found['authorization'] = value
    else if (key === 'x-dhuo-access-key') found['accessKey'] = value
  }
  return Object.keys(found).length > 0 ? found : undefined
}

/** The client does not read, or far too slowly: it may connect again and go on behind the last event that it has. */
export const closedForNotReading = { code: 4413, reason: 'Too much is waiting to be read' }

/**
 * Pings, and ends a socket of which nothing was seen since the last ping: no word, and nothing read of what waits for it.
 * @returns what stops it
 */
export function keepAlive({ socket, outlet }: Pick<SocketConnection, 'socket' | 'outlet'>, everyMs: number): () => void {
  let isAlive = true
  let read = 0
  const seen = () => {
    isAlive = true
  }
  socket.on('pong', seen).on('message', seen)
  const timer = setInterval(() => {
    // The ping lies behind what waits to be read.
    if (!isAlive && (outlet.unread === 0 || outlet.read === read)) return outlet.unread > 0 ? outlet.cutOff() : socket.terminate()
    isAlive = false
    read = outlet.read
    socket.ping()
  }, everyMs)
  return () => clearInterval(timer)
}

/** Answers in HTTP, for there is no WebSocket yet. */
export function refuseUpgrade(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}
