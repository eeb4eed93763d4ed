import { setTimeout as sleep } from 'node:timers/promises'
import { createAuthenticator } from './authentication.js'
import type { Config } from './config.js'
import { createContext, type ServerState } from './context.js'
import { newSecret } from './credentials.js'
import { checkHealth, closeDatasources, type Datasources, openDatasources } from './datasources/datasources.js'
import { createFileAccess } from './file-access.js'
import { createGraphQLSchema } from './graphql-schema.js'
import { registerFileRoutes } from './http/file-routes.js'
import type { Logger } from './logger.js'
import { createOidcVerifier } from './oidc.js'
import { ensureFirstAdministrator } from './operations/ensure-first-administrator.js'
import { sweepExpired } from './operations/sweep-expired.js'
import { MemoryEvents } from './pubsub/memory-events.js'
import { startServer } from './server.js'
import { UrlSigner } from './signed-url.js'

export interface Application {
  /** Where it listens. */
  url: string
  datasources: Datasources
  /** The first administrator's, when it was made up at this start: to be shown once. */
  oneTimePassword: string | null
  /** Ends everything, in the reverse of the order in which it was started. */
  close(): Promise<void>
}

const sweepEveryMs = 60_000

/** config → datasources → pub/sub → server → background work. What was started before a failure is closed again. */
export async function startApplication(config: Config, log: Logger): Promise<Application> {
  const datasources = await openDatasources(config)
  const events = new MemoryEvents()
  try {
    const oneTimePassword = await ensureFirstAdministrator(datasources.catalog, config.admin)
    const secret = config.secret ?? (await datasources.catalog.serverSecrets.getOrInsert('url-signing', newSecret('')))
    const state: ServerState = {
      config,
      datasources,
      events,
      authenticate: createAuthenticator(datasources.catalog, config.oidc && createOidcVerifier(config.oidc)),
      urls: new UrlSigner(secret),
      publicUrl: config.publicUrl ?? '',
    }
    const server = await startServer({
      port: config.port,
      host: config.host,
      publicUrl: config.publicUrl,
      trustedProxies: config.trustedProxies ?? [],
      schema: await createGraphQLSchema(),
      createContext: (request) => createContext(state, request),
      checkHealth: () => checkHealth(datasources),
      registerFileRoutes: (app) => registerFileRoutes(app, createFileAccess(datasources, state.urls)),
      log,
    })
    state.publicUrl ||= server.url
    const sweeper = repeat(sweepEveryMs, () => sweepExpired(datasources, log), log)
    const close = async (): Promise<void> => {
      await sweeper.stop()
      await server.close()
      await events.close()
      await closeDatasources(datasources)
    }
    return { url: server.url, datasources, oneTimePassword, close }
  } catch (error) {
    await closeDatasources(datasources)
    throw error
  }
}

/** Does the work now and then again and again, one at a time; a failure is logged, and the next turn tries again. */
function repeat(everyMs: number, work: () => Promise<void>, log: Logger): { stop(): Promise<void> } {
  const stopping = new AbortController()
  const running = (async () => {
    while (!stopping.signal.aborted) {
      await work().catch((error: unknown) => log.error({ err: error }, 'background work failed'))
      await sleep(everyMs, undefined, { signal: stopping.signal, ref: false }).catch(() => {})
    }
  })()
  return {
    stop: () => {
      stopping.abort()
      return running
    },
  }
}
