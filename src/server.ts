import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { constants } from 'node:zlib'
import compress from '@fastify/compress'
import { type FastifyBaseLogger, type FastifyInstance, fastify, LogController } from 'fastify'
import type { GraphQLSchema } from 'graphql'
import type { Context, RequestInfo } from './context.js'
import { limitTimeOfBodies } from './http/body-time-limits.js'
import { clientAddresses } from './http/client-address.js'
import { DocumentStore } from './http/document-store.js'
import { registerGraphiql } from './http/graphiql-page.js'
import { registerGraphqlRoute } from './http/graphql-route.js'
import { startApolloServer } from './http/graphql-server.js'
import { GraphqlSocket } from './http/graphql-socket.js'
import { type BackendHealth, registerHealthRoutes } from './http/health-routes.js'
import { trackIdleConnections } from './http/idle-connections.js'
import { createMetrics, registerMetricsRoute } from './http/metrics.js'
import { createExecutor } from './http/query-executor.js'
import { pathOf, registerRequestLog, requestIdOf } from './http/request-log.js'
import { registerSecurityHeaders } from './http/security-headers.js'
import { defaultServerLimits, type ServerLimits } from './http/server-limits.js'
import type { Logger } from './logger.js'

export interface ServerOptions {
  port: number
  host: string
  /** Where clients reach the server, when that is not where it listens. */
  publicUrl: string | null
  /** Proxies whose `X-Forwarded-For` is believed: addresses or subnets. */
  trustedProxies?: readonly string[]
  schema: GraphQLSchema
  /** Once for each operation. @throws DhuoError, which fails the request as a whole */
  createContext(request: RequestInfo): Promise<Context>
  checkHealth(): Promise<readonly BackendHealth[]>
  /** Messages to other servers that went nowhere, since the start. */
  droppedMessages(): number
  /** What serves bytes: neither compressed nor limited in time as a whole. */
  registerFileRoutes(app: FastifyInstance): void | Promise<void>
  log: Logger
  limits?: Partial<ServerLimits>
}

export interface Server {
  /** Where it listens. */
  url: string
  /** Takes no new work, lets what runs finish within a grace, then ends it. */
  close(): Promise<void>
}

/** One HTTP server: GraphQL over HTTP and WebSockets, GraphiQL, file routes, health and metrics. */
export async function startServer(options: ServerOptions): Promise<Server> {
  const { schema, log, publicUrl, createContext } = options
  const limits: ServerLimits = { ...defaultServerLimits, ...options.limits }
  const clientAddress = clientAddresses(options.trustedProxies ?? [])
  const metrics = createMetrics(options.droppedMessages)
  const documents = new DocumentStore(schema, limits.guards)
  const execute = createExecutor(schema, documents)
  const apollo = await startApolloServer(schema, documents, execute, log)
  const socket = new GraphqlSocket({ schema, documents, execute, createContext, clientAddress, metrics, publicUrl, limits, log })
  let isDraining = false

  const app = fastify({
    loggerInstance: withoutUrls(log),
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    genReqId: requestIdOf,
    bodyLimit: limits.maxMessageBytes,
    // An upload may take hours; what must not take long is limited where it is known: headers here, bodies in their routes.
    requestTimeout: 0,
    http: { headersTimeout: limits.headersTimeoutMs, connectionsCheckingInterval: Math.min(limits.headersTimeoutMs, 5_000) },
    keepAliveTimeout: 65_000,
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: 4_096 },
  })
  const closeIdleConnections = trackIdleConnections(app.server)
  registerSecurityHeaders(app, publicUrl)
  registerRequestLog(app, metrics)
  limitTimeOfBodies(app, {
    idleMs: limits.bodyIdleMs,
    totalMs: limits.bodyTimeoutMs,
    isShort: (request) => request.routeOptions.url === '/graphql',
  })
  await app.register(async (scope) => {
    await scope.register(compress, {
      threshold: 1_024,
      encodings: ['zstd', 'br', 'gzip'],
      brotliOptions: { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } },
      // A compressed request could be a thousand times its length.
      globalDecompression: false,
    })
    const sendPage = registerGraphiql(scope)
    await registerGraphqlRoute(scope, {
      apollo,
      createContext,
      clientAddress,
      metrics,
      publicUrl,
      maxBodyBytes: limits.maxMessageBytes,
      sendPage,
    })
    registerMetricsRoute(scope, metrics)
  })
  registerHealthRoutes(app, {
    checkHealth: options.checkHealth,
    isDraining: () => isDraining,
    timeoutMs: limits.readyTimeoutMs,
    log,
  })
  await app.register(async (scope) => options.registerFileRoutes(scope))
  app.server.on('upgrade', (request, raw, head) => socket.handleUpgrade(request, raw, head))

  await app.listen({ port: options.port, host: options.host })

  const close = async (): Promise<void> => {
    isDraining = true
    // A load balancer should have seen /readyz say 503 before connections are refused.
    await sleep(limits.drainDelayMs)
    closeIdleConnections()
    const cut = setTimeout(() => {
      log.warn({ graceMs: limits.shutdownGraceMs }, 'requests that did not finish in time are cut off')
      socket.terminate()
      app.server.closeAllConnections()
    }, limits.shutdownGraceMs)
    await Promise.all([socket.drain(), app.close()])
    clearTimeout(cut)
    await apollo.stop()
  }
  let closing: Promise<void> | undefined
  return { url: addressOf(app), close: () => (closing ??= close()) }
}

function addressOf(app: FastifyInstance): string {
  const { address, family, port } = app.server.address() as AddressInfo
  const host = address === '0.0.0.0' || address === '::' ? 'localhost' : address
  return `http://${family === 'IPv6' && host !== 'localhost' ? `[${host}]` : host}:${port}`
}

/** Fastify's own lines (a stream cut off, a request that is no HTTP) would show whole URLs, and with them signatures. */
function withoutUrls(log: Logger): FastifyBaseLogger {
  const req = (request: { method?: string; url?: string }) => ({ method: request.method, path: pathOf(request.url) })
  const res = (reply: { statusCode?: number }) => ({ status: reply.statusCode })
  const err = ({ name, message, code, stack }: NodeJS.ErrnoException) => ({ type: name, message, code, stack })
  return log.child({}, { serializers: { req, res, err } })
}
