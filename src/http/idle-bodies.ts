import type { FastifyInstance } from 'fastify'

/**
 * Ends a connection whose request body stands still. Not a limit on the whole request: an upload takes as long as it
 * takes, and an answer may be long in the making while no byte moves.
 */
export function limitIdleBodies(app: FastifyInstance, idleMs: number): void {
  app.addHook('onRequest', async ({ raw }) => {
    if (raw.headers['content-length'] === undefined && raw.headers['transfer-encoding'] === undefined) return
    // Without a listener for `timeout` node destroys the socket.
    raw.socket.setTimeout(idleMs)
    raw.once('end', () => raw.socket.setTimeout(0))
  })
}
