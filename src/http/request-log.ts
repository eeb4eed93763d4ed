import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { DhuoError, httpStatusOf, isDhuoError } from '../errors.js'
import type { Logger } from '../logger.js'
import { codeOf, formatError } from './format-error.js'
import type { Metrics } from './metrics.js'

declare module 'fastify' {
  interface FastifyRequest {
    /** What the access log says of the request besides the method, the path and the status. */
    logged: Record<string, unknown> | null
  }
}

/** The client's `X-Request-Id` when it is harmless in a log, else a new one. */
export function requestIdOf(request: IncomingMessage): string {
  const given = request.headers['x-request-id']
  return typeof given === 'string' && /^[A-Za-z0-9._-]{1,128}$/.test(given) ? given : randomUUID()
}

/** Without the query: that of a signed URL opens what it names. */
export const pathOf = (url: string | undefined): string => (url ?? '/').split('?', 1)[0]!.slice(0, 2_000)

// No status of HTTP: the one that nginx writes when the client went away before the end of the answer.
const clientClosedRequest = 499

const quietRoutes = new Set(['/healthz', '/readyz', '/metrics'])

/** One line and one measurement for each request; its id in the answer; errors that no route handled, in one shape. */
export function registerRequestLog(app: FastifyInstance, metrics: Metrics): void {
  app.decorateRequest('logged', null)
  // With a callback: a promise for each hook of each request is what hooks cost most.
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id)
    // Not the hook onResponse: that one does not run when the client goes away before there is an answer.
    reply.raw.on('close', () => record(request, reply))
    done()
  })
  const record = (request: FastifyRequest, reply: FastifyReply): void => {
    const route = request.routeOptions.url ?? 'unmatched'
    const isSent = reply.raw.writableFinished
    const status = isSent ? reply.raw.statusCode : clientClosedRequest
    const ms = Math.round(reply.elapsedTime * 10) / 10
    const line = { method: request.method, path: pathOf(request.url), status, ms, ...request.logged }
    if (quietRoutes.has(route) && status < 400) request.log.debug(line, 'request')
    else request.log.info(line, isSent ? 'request' : 'request aborted by the client')
    metrics.countRequest(request.method, route, status, reply.elapsedTime / 1000)
  }
  app.setErrorHandler((error, request, reply) => sendError(error, request, reply))
  app.setNotFoundHandler(async (request, reply) =>
    sendError(new DhuoError('NOT_FOUND', `There is nothing at ${request.method} ${pathOf(request.url)}.`), request, reply),
  )
}

/**
 * The shape of a GraphQL answer everywhere, so that a client reads errors in one way.
 * @param status where the code of the error does not say it
 */
export function sendError(error: unknown, request: FastifyRequest, reply: FastifyReply, status?: number): FastifyReply {
  const shown = formatError(ownError(error), { requestId: request.id, log: request.log as Logger })
  request.logged = { ...request.logged, codes: [codeOf(shown)] }
  const refused = (error as FastifyError).statusCode
  const isFaultOfRequest = !isDhuoError(error) && refused !== undefined && refused >= 400 && refused < 500
  return reply.code(status ?? (isFaultOfRequest ? refused : httpStatusOf[codeOf(shown)])).send({ errors: [shown] })
}

/** Fastify's own refusals (too large, no such content type, no JSON) have messages fit for clients. */
function ownError(error: unknown): unknown {
  const { code, statusCode, message } = error as FastifyError
  if (isDhuoError(error) || statusCode === undefined || statusCode >= 500 || !code?.startsWith('FST_')) return error
  return new DhuoError('BAD_USER_INPUT', `${message}${message.endsWith('.') ? '' : '.'}`)
}
