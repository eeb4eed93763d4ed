import { setTimeout as sleep } from 'node:timers/promises'
import { createAuthenticator } from './authentication.js'
import type { Config } from './config.js'
import { createContext, type ServerState } from './context.js'
import { newSecret, setPasswordCost } from './credentials.js'
import type { PipelineEventRow } from './datasources/catalog/pipeline-rows.js'
import { checkHealth, closeDatasources, type Datasources, openDatasources } from './datasources/datasources.js'
import { createFileAccess } from './file-access.js'
import { createGraphQLSchema } from './graphql-schema.js'
import { registerFileRoutes } from './http/file-routes.js'
import type { Logger } from './logger.js'
import { createOidcVerifier } from './oidc.js'
import { advancePipelineRuns } from './operations/advance-pipeline-runs.js'
import { discardApplications } from './operations/discard-applications.js'
import { ensureFirstAdministrator } from './operations/ensure-first-administrator.js'
import { fireSchedules } from './operations/fire-schedules.js'
import { releaseHandlers } from './operations/keep-handlers.js'
import { packageDeployments } from './operations/package-deployments.js'
import { isFinal } from './operations/plan-pipeline-run.js'
import { sweepExpired } from './operations/sweep-expired.js'
import { EventStreams } from './pubsub/event-stream.js'
import type { Events } from './pubsub/topics.js'
import { dataFlowRuntime } from './python-runtime.js'
import { startServer } from './server.js'
import { SharedLooks } from './shared-looks.js'
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
const packageEveryMs = 1_000
const packagedAtOnce = 2
const scheduleEveryMs = 1_000
const pipMs = 600_000

/** config → datasources → pub/sub → server → background work. What was started before a failure is closed again. */
export async function startApplication(config: Config, log: Logger): Promise<Application> {
  const datasources = await openDatasources(config, log)
  const events = await openEvents(config, log).catch(async (error: unknown) => {
    await closeDatasources(datasources)
    throw error
  })
  const pipelineEvents = streamPipelineEvents(datasources, events, log)
  try {
    setPasswordCost(config.passwordCost)
    const oneTimePassword = await ensureFirstAdministrator(datasources.catalog, config.admin)
    const secret = config.secret ?? (await datasources.catalog.serverSecrets.getOrInsert('url-signing', newSecret('')))
    const state: ServerState = {
      config,
      datasources,
      events,
      pipelineEvents,
      authenticate: createAuthenticator(datasources.catalog, config.oidc && createOidcVerifier(config.oidc)),
      looks: new SharedLooks(),
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
      checkHealth: () => checkHealth({ ...datasources, pubsub: events }),
      droppedMessages: () => events.dropped,
      registerFileRoutes: (app) => registerFileRoutes(app, createFileAccess(datasources, state.urls)),
      log,
    })
    state.publicUrl ||= server.url
    const sweeper = repeat(sweepEveryMs, () => sweep(datasources, log), log)
    const pipelines = advancePipelineRuns({
      datasources,
      publisher: events,
      listen: (topic, id, signal) => events.subscribe(topic, id, signal),
      log,
      owner: newSecret('server_'),
      url: state.publicUrl,
      leaseMs: config.leaseSeconds * 1_000,
    })
    const runtime = config.compute.scheme === 'oci-dataflow' ? dataFlowRuntime(config.compute) : null
    const packaging = { ...config.packaging, runtime, timeoutMs: pipMs }
    const background = [
      sweeper,
      repeat(sweepEveryMs, () => releaseHandlers(datasources), log),
      repeat(scheduleEveryMs, () => fireSchedules(datasources, events, log), log),
      ...Array.from({ length: packagedAtOnce }, () =>
        repeat(packageEveryMs, (signal) => packageDeployments(datasources, packaging, log, signal), log),
      ),
    ]
    const close = async (): Promise<void> => {
      await Promise.all(background.map((work) => work.stop()))
      await pipelines.stop()
      await server.close()
      await pipelineEvents.close()
      await events.close()
      await closeDatasources(datasources)
    }
    return { url: server.url, datasources, oneTimePassword, close }
  } catch (error) {
    await pipelineEvents.close()
    await events.close()
    await closeDatasources(datasources)
    throw error
  }
}

const openEvents = async ({ pubsub }: Config, log: Logger): Promise<Events> =>
  pubsub.scheme === 'redis'
    ? (await import('./pubsub/redis-events.js')).openRedisEvents(pubsub, log)
    : new (await import('./pubsub/memory-events.js')).MemoryEvents()

const streamPipelineEvents = ({ catalog }: Datasources, events: Events, log: Logger): EventStreams<PipelineEventRow> =>
  new EventStreams(
    events,
    {
      read: (runId, after, limit) => catalog.pipelineEvents.read(runId, after, limit),
      heads: (runIds) => catalog.pipelineRuns.heads(runIds),
      isLast: ({ type, runStatus }) => type === 'RUN_STATUS' && isFinal(runStatus!),
    },
    log,
  )

async function sweep(datasources: Datasources, log: Logger): Promise<void> {
  await sweepExpired(datasources, log)
  await discardApplications(datasources, log)
}

/** Does the work now and then again and again, one at a time; a failure is logged, and the next turn tries again. */
function repeat(everyMs: number, work: (signal: AbortSignal) => Promise<void>, log: Logger): { stop(): Promise<void> } {
  const stopping = new AbortController()
  const running = (async () => {
    while (!stopping.signal.aborted) {
      await work(stopping.signal).catch((error: unknown) => log.error({ err: error }, 'background work failed'))
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
