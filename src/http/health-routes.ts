import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import type { Logger } from '../logger.js'
import { describeError } from './format-error.js'

export interface BackendHealth {
  role: string
  kind: string
  healthy: boolean
  detail: string | null
}

interface HealthOptions {
  checkHealth(): Promise<readonly BackendHealth[]>
  isDraining(): boolean
  /** How long every backend has to answer. */
  timeoutMs: number
  log: Logger
}

/** Without these the server does all its work, only later. */
const dispensable: readonly string[] = ['PUBSUB']

/**
 * `/healthz`: the process runs; always 200. `/readyz`: 200 when every backend answers in time, else 503 with which does
 * not, and 503 while the server stops, so that a load balancer looks elsewhere. Without pub/sub it is `degraded`, and 200:
 * all servers share it, and none would be left to look to.
 */
export function registerHealthRoutes(app: FastifyInstance, options: HealthOptions): void {
  app.get('/healthz', async () => ({ status: 'alive' }))

  app.get('/readyz', async (_request, reply) => {
    if (options.isDraining()) return reply.code(503).send({ status: 'draining', backends: [] })
    const { status, backends } = await answer()
    return reply.code(status === 'ready' || status === 'degraded' ? 200 : 503).send({ status, backends })
  })

  // One check at a time, however many ask: nobody can make the backends work by asking often.
  let running: Promise<{ status: string; backends: readonly BackendHealth[] }> | undefined
  const answer = () =>
    (running ??= ask().finally(() => {
      running = undefined
    }))

  async function ask(): Promise<{ status: string; backends: readonly BackendHealth[] }> {
    const late = new AbortController()
    try {
      const backends = await Promise.race([
        options.checkHealth(),
        sleep(options.timeoutMs, undefined, { signal: late.signal }).then(() => null),
      ])
      if (!backends) return { status: `not every backend answered within ${options.timeoutMs} ms`, backends: [] }
      const ill = backends.filter(({ healthy }) => !healthy)
      const isReady = ill.every(({ role }) => dispensable.includes(role))
      return { status: ill.length === 0 ? 'ready' : isReady ? 'degraded' : 'unavailable', backends }
    } catch (error) {
      options.log.error({ err: describeError(error) }, 'the health check failed')
      return { status: 'the health check failed', backends: [] }
    } finally {
      late.abort()
    }
  }
}
