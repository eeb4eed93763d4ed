import type { Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/**
 * Keeps track of connections on which no request runs. Node's `closeIdleConnections` leaves out those that never carried
 * one, as browsers open them in advance: a server that stops would wait for the time limit of their headers.
 * @returns closes all that are idle now, and from then on each that becomes idle
 */
export function trackIdleConnections(server: Server): () => void {
  const idle = new Set<Socket>()
  let isClosing = false
  const becomesIdle = (socket: Socket): void => {
    if (isClosing) socket.destroySoon()
    else if (!socket.destroyed) idle.add(socket)
  }
  // One function for all: WebSockets keep theirs for hours, by the thousand.
  function forget(this: Socket): void {
    idle.delete(this)
  }
  server.on('connection', (socket: Socket) => {
    socket.on('close', forget)
    becomesIdle(socket)
  })
  server.on('request', ({ socket }, response: ServerResponse) => {
    idle.delete(socket)
    response.on('close', () => becomesIdle(socket))
  })
  server.on('upgrade', ({ socket }) => {
    idle.delete(socket)
    socket.off('close', forget)
  })
  return () => {
    isClosing = true
    for (const socket of idle) socket.destroy()
  }
}
