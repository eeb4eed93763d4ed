import type { FastifyInstance } from 'fastify'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { ErrorCode } from '../errors.js'
import type { OperationLabel } from './operation-label.js'

export type Transport = 'http' | 'websocket'

export interface Metrics {
  readonly registry: Registry
  /** @param seconds from the first byte of the request to the last of the answer */
  countRequest(method: string, route: string, status: number, seconds: number): void
  countOperation(transport: Transport, label: OperationLabel, seconds: number, errors: readonly ErrorCode[]): void
  readonly openSockets: Gauge
  readonly unreadSockets: Counter
  readonly activeSubscriptions: Gauge
}

const buckets = [0.001, 0.005, 0.025, 0.1, 0.5, 1, 5, 30]
const knownMethods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])

/** Labels come from routes, the schema and closed lists only: a client cannot make a time series. */
export function createMetrics(droppedMessages: () => number): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const registers = [registry]
  const requests = new Histogram({
    name: 'dhuo_http_request_duration_seconds',
    help: 'HTTP requests, by method, route and status',
    labelNames: ['method', 'route', 'status'],
    buckets,
    registers,
  })
  const operations = new Histogram({
    name: 'dhuo_graphql_operation_duration_seconds',
    help: 'GraphQL operations, by transport, type and root field; a subscription counts when it ends',
    labelNames: ['transport', 'type', 'field'],
    buckets,
    registers,
  })
  const errors = new Counter({
    name: 'dhuo_graphql_errors_total',
    help: 'GraphQL errors, by code, type and root field of the operation',
    labelNames: ['code', 'type', 'field'],
    registers,
  })
  new Counter({
    name: 'dhuo_pubsub_messages_dropped_total',
    help: 'Messages to other servers that were not known to arrive; what they announce is found in the catalog, later',
    registers,
    collect() {
      this.reset()
      this.inc(droppedMessages())
    },
  })
  return {
    registry,
    countRequest(method, route, status, seconds) {
      requests.observe({ method: knownMethods.has(method) ? method : 'other', route, status }, seconds)
    },
    countOperation(transport, { type, field }, seconds, codes) {
      operations.observe({ transport, type, field }, seconds)
      for (const code of codes) errors.inc({ code, type, field })
    },
    unreadSockets: new Counter({
      name: 'dhuo_websocket_unread_total',
      help: 'WebSockets that were closed because their clients did not read',
      registers,
    }),
    openSockets: new Gauge({ name: 'dhuo_websocket_open', help: 'Open WebSockets', registers }),
    activeSubscriptions: new Gauge({ name: 'dhuo_graphql_subscriptions_active', help: 'Subscriptions that run now', registers }),
  }
}

export function registerMetricsRoute(app: FastifyInstance, metrics: Metrics): void {
  app.get('/metrics', async (_request, reply) => {
    reply.header('content-type', metrics.registry.contentType)
    return metrics.registry.metrics()
  })
}
