import type { IncomingMessage } from 'node:http'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { DhuoError } from '../errors.js'
import { sendError } from './request-log.js'

interface PendingBody {
  request: FastifyRequest
  reply: FastifyReply
  since: number
  bytesRead: number
  movedAt: number
}

interface BodyTimeLimits {
  /** Between two chunks of any body, uploads too. */
  idleMs: number
  /** Of a whole body, where one is short. Uploads take as long as they take. */
  totalMs: number
  isShort(request: FastifyRequest): boolean
}

/**
 * Ends requests whose body stands still or, where it should be short, drips in. Not a limit on the whole request: an answer
 * may be long in the making while no byte moves. One look at all of them now and then, for a timer for each costs more.
 */
export function limitTimeOfBodies(app: FastifyInstance, limits: BodyTimeLimits): void {
  const pending = new Map<IncomingMessage, PendingBody>()

  app.addHook('onRequest', (request, reply, done) => {
    const { raw } = request
    if (raw.headers['content-length'] !== undefined || raw.headers['transfer-encoding'] !== undefined) {
      const now = performance.now()
      pending.set(raw, { request, reply, since: now, bytesRead: raw.socket.bytesRead, movedAt: now })
      const forget = () => pending.delete(raw)
      raw.on('end', forget)
      reply.raw.on('close', forget)
    }
    done()
  })

  const look = (): void => {
    const now = performance.now()
    for (const [raw, body] of pending) {
      if (raw.socket.bytesRead > body.bytesRead) {
        body.bytesRead = raw.socket.bytesRead
        body.movedAt = now
      }
      const isLate = limits.isShort(body.request) && now - body.since > limits.totalMs
      if (isLate) refuse(body, limits.totalMs)
      else if (now - body.movedAt > limits.idleMs) raw.destroy()
      else continue
      pending.delete(raw)
    }
  }
  const timer = setInterval(look, Math.min(1_000, limits.idleMs / 4, limits.totalMs / 4)).unref()
  app.addHook('onClose', async () => clearInterval(timer))
}

function refuse({ request, reply }: PendingBody, totalMs: number): void {
  if (reply.raw.headersSent) return
  reply.raw.once('finish', () => request.raw.destroy())
  const late = new DhuoError('TIMEOUT', `The body of the request did not arrive within ${totalMs} ms.`)
  sendError(late, request, reply.header('connection', 'close'), 408)
}
