import type { IncomingHttpHeaders } from 'node:http'
import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import type { RequestInfo } from '../context.js'
import type { Logger } from '../logger.js'
import type { SocketOperation } from './socket-operation.js'

/** One WebSocket. */
export interface SocketConnection {
  socket: WebSocket
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

/** Pings, and ends a socket from which nothing came since the last ping. @returns what stops it */
export function keepAlive(socket: WebSocket, everyMs: number): () => void {
  let isAlive = true
  const seen = () => {
    isAlive = true
  }
  socket.on('pong', seen).on('message', seen)
  const timer = setInterval(() => {
    if (!isAlive) return socket.terminate()
    isAlive = false
    socket.ping()
  }, everyMs)
  return () => clearInterval(timer)
}

/** Answers in HTTP, for there is no WebSocket yet. */
export function refuseUpgrade(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}
