import { type Authenticator, type Credentials, projectScope, type Viewer } from './authentication.js'
import type { Config } from './config.js'
import type { PipelineEventRow } from './datasources/catalog/pipeline-rows.js'
import type { Datasources } from './datasources/datasources.js'
import { createLoaders, type Loaders } from './loaders.js'
import type { Logger } from './logger.js'
import type { EventLogs, Events } from './pubsub/topics.js'
import type { SharedLooks } from './shared-looks.js'
import type { UrlSigner } from './signed-url.js'

/** What the transport knows of one GraphQL operation. */
export interface RequestInfo extends Credentials {
  requestId: string
  /** The client's network address. */
  address: string
  /** Aborts when the client goes away. */
  signal: AbortSignal
  log: Logger
}

/** What a resolver gets: one for each operation. */
export interface Context {
  requestId: string
  address: string
  signal: AbortSignal
  log: Logger
  /** Who asks; null without valid credentials. */
  viewer: Viewer | null
  /** Who asks now, for what goes on for long: a key may have been revoked meanwhile, a session be over. */
  viewerNow(): Promise<Viewer | null>
  /** What was sent to say who asks: two contexts with the same are of the same viewer. */
  credentials: string
  /** What streams of the same viewer look up together. */
  looks: SharedLooks
  /** Why credentials that were sent are not valid; null when they are, or when none were sent. */
  credentialProblem: string | null
  config: Config
  datasources: Datasources
  events: Events
  /** The log of each pipeline run, as a stream. */
  pipelineEvents: EventLogs<PipelineEventRow>
  loaders: Loaders
  /** Forgets what the loaders remember: after a change, and before each message of a stream. */
  forgetLoaded(): void
  urls: UrlSigner
  /** Where clients reach this server; signed paths come behind it. */
  publicUrl: string
}

/** What lives as long as the server. */
export interface ServerState {
  config: Config
  datasources: Datasources
  events: Events
  pipelineEvents: EventLogs<PipelineEventRow>
  authenticate: Authenticator
  looks: SharedLooks
  urls: UrlSigner
  /** Known once the server listens. */
  publicUrl: string
}

export async function createContext(state: ServerState, request: RequestInfo): Promise<Context> {
  const { viewer, problem } = await state.authenticate(request)
  const newLoaders = (): Loaders => createLoaders(state.datasources, viewer, viewer && projectScope(viewer))
  const context: Context = {
    requestId: request.requestId,
    address: request.address,
    signal: request.signal,
    log: request.log,
    viewer,
    viewerNow: async () => (await state.authenticate(request)).viewer,
    credentials: JSON.stringify([request.authorization, request.accessKey]),
    looks: state.looks,
    credentialProblem: problem,
    config: state.config,
    datasources: state.datasources,
    events: state.events,
    pipelineEvents: state.pipelineEvents,
    loaders: newLoaders(),
    // `this`, for the GraphQL server hands resolvers a copy of the context.
    forgetLoaded() {
      this.loaders = newLoaders()
    },
    urls: state.urls,
    publicUrl: state.publicUrl,
  }
  return context
}
