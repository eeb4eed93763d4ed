// The double of OCI Data Flow: applications and runs with their states, tokens, etags, lists in pages, logs after the end.
import { randomUUID } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { type RunOutcome, type RunProgram, type StartedRun, startPython } from './data-flow-runs.js'
import type { ObjectStorageState } from './object-storage-state.js'
import { type OciAnswer, OciRefusal, type OciRequest, type OciRoute, type OciService, pageOf } from './oci-service.js'

// biome-ignore lint/suspicious/noExplicitAny: resources of a service, as its clients write and read them
type Resource = any

export interface DataFlowOptions {
  /** From a run's being taken to its start, and from its end to its logs. */
  acceptMs?: number | ((run: Resource) => number)
  logsMs?: number
  /** From asking a run to end to its end. */
  cancelMs?: number
  /** In place of really running the script. */
  start?(program: RunProgram, run: Resource): StartedRun
}

export interface DataFlowService extends OciService {
  applications: Map<string, Resource>
  runs: Map<string, Resource>
  /** How many runs there are for one thing that was to be run: more than one is a run too many. */
  runsByTag(tag: string): Map<string, number>
}

const dayMs = 24 * 3_600_000
const final = ['SUCCEEDED', 'FAILED', 'CANCELED', 'STOPPED']

export function dataFlowService(storage: ObjectStorageState, options: DataFlowOptions = {}): DataFlowService {
  return new DataFlow(storage, options)
}

class DataFlow implements DataFlowService {
  readonly applications = new Map<string, Resource>()
  readonly runs = new Map<string, Resource>()
  readonly routes: OciRoute[]
  readonly #storage: ObjectStorageState
  readonly #options: DataFlowOptions
  readonly #logs = new Map<string, { name: string; type: string; created: Date; bytes: Buffer }[]>()
  readonly #started = new Map<string, StartedRun>()
  readonly #tokens = new Map<string, { body: string; id: string; at: number }>()
  readonly #timers = new Set<NodeJS.Timeout>()
  #isClosed = false

  constructor(storage: ObjectStorageState, options: DataFlowOptions) {
    this.#storage = storage
    this.#options = options
    const route = (operation: string, method: OciRoute['method'], path: string, handle: OciRoute['handle']): OciRoute => ({
      ...{ operation, method, path: `/20200129${path}`, handle },
    })
    this.routes = [
      route('createApplication', 'POST', '/applications', (request) => this.#createApplication(request)),
      route('listApplications', 'GET', '/applications', (request) => this.#list(this.applications, request)),
      route('getApplication', 'GET', '/applications/{id}', ({ params }) => withEtag(this.#find(this.applications, params))),
      route('updateApplication', 'PUT', '/applications/{id}', (request) => this.#updateApplication(request)),
      route('deleteApplication', 'DELETE', '/applications/{id}', (request) => this.#deleteApplication(request)),
      route('createRun', 'POST', '/runs', (request) => this.#createRun(request)),
      route('listRuns', 'GET', '/runs', (request) => this.#list(this.runs, request)),
      route('getRun', 'GET', '/runs/{id}', ({ params }) => withEtag(this.#find(this.runs, params))),
      route('deleteRun', 'DELETE', '/runs/{id}', ({ params }) => this.#cancel(this.#find(this.runs, params))),
      route('listRunLogs', 'GET', '/runs/{id}/logs', (request) => this.#listLogs(request)),
      route('getRunLog', 'GET', '/runs/{id}/logs/{name}', (request) => this.#getLog(request)),
    ]
  }

  runsByTag(tag: string): Map<string, number> {
    const counts = new Map<string, number>()
    for (const { freeformTags } of this.runs.values()) {
      const value = freeformTags?.[tag] ?? ''
      counts.set(value, (counts.get(value) ?? 0) + 1)
    }
    return counts
  }

  async close(): Promise<void> {
    this.#isClosed = true
    for (const timer of this.#timers) clearTimeout(timer)
    for (const run of this.#started.values()) run.kill()
    await Promise.all([...this.#started.values()].map(({ outcome }) => outcome))
  }

  #find(all: Map<string, Resource>, { id }: Record<string, string>): Resource {
    const found = all.get(id!)
    if (!found) throw new OciRefusal(404, 'NotAuthorizedOrNotFound', 'Authorization failed or requested resource not found.')
    return found
  }

  /** The same token and the same body are the same resource, for a day. */
  #once(request: OciRequest, all: Map<string, Resource>, make: () => Resource): OciAnswer {
    const token = request.headers['opc-retry-token'] as string | undefined
    const body = request.body.toString('utf8')
    if (token !== undefined && (token.length < 1 || token.length > 64)) throw invalid('opc-retry-token has 1 to 64 characters')
    const known = token === undefined ? undefined : this.#tokens.get(token)
    if (known && request.now - known.at < dayMs) {
      if (known.body !== body) throw new OciRefusal(409, 'InvalidatedRetryToken', 'The token was used with another request.')
      return withEtag(all.get(known.id))
    }
    const made = make()
    all.set(made.id, made)
    if (token !== undefined) this.#tokens.set(token, { body, id: made.id, at: request.now })
    return withEtag(made)
  }

  #createApplication(request: OciRequest): OciAnswer {
    const { json } = request
    for (const name of [
      'compartmentId',
      'displayName',
      'language',
      'sparkVersion',
      'driverShape',
      'executorShape',
      'numExecutors',
    ])
      if (!json[name]) throw new OciRefusal(400, 'MissingParameter', `${name} is required`)
    checkApplication(json)
    return this.#once(request, this.applications, () => ({
      ...json,
      ...{ id: `ocid1.dataflowapplication.oc1..${randomUUID()}`, lifecycleState: 'ACTIVE', etag: randomUUID() },
      ...{ ownerPrincipalId: 'ocid1.user.oc1..double', timeCreated: new Date(), timeUpdated: new Date() },
    }))
  }

  #updateApplication({ params, headers, json }: OciRequest): OciAnswer {
    const application = this.#find(this.applications, params)
    requireEtag(application, headers['if-match'])
    if (application.lifecycleState !== 'ACTIVE') throw new OciRefusal(409, 'IncorrectState', 'The application is not active.')
    checkApplication({ ...application, ...json })
    Object.assign(application, json, { etag: randomUUID(), timeUpdated: new Date() })
    return withEtag(application)
  }

  #deleteApplication({ params, headers }: OciRequest): OciAnswer {
    const application = this.#find(this.applications, params)
    requireEtag(application, headers['if-match'])
    Object.assign(application, { lifecycleState: 'DELETED', etag: randomUUID() })
    return { status: 204 }
  }

  #createRun(request: OciRequest): OciAnswer {
    const { json } = request
    if (!json.compartmentId) throw new OciRefusal(400, 'MissingParameter', 'compartmentId is required')
    if ((json.applicationId === undefined) === (json.execute === undefined))
      throw invalid('exactly one of applicationId and execute is to be given')
    const application = this.#find(this.applications, { id: json.applicationId })
    if (application.lifecycleState !== 'ACTIVE')
      throw new OciRefusal(404, 'NotAuthorizedOrNotFound', 'Authorization failed or requested resource not found.')
    const whole = { ...application, ...json, parameters: mergedParameters(application.parameters, json.parameters) }
    requireParameters(whole)
    return this.#once(request, this.runs, () => {
      const run = {
        ...whole,
        ...{ id: `ocid1.dataflowrun.oc1..${randomUUID()}`, lifecycleState: 'ACCEPTED', etag: randomUUID() },
        ...{ timeCreated: new Date(), timeUpdated: new Date(), runDurationInMilliseconds: 0, lifecycleDetails: null },
        freeformTags: json.freeformTags ?? {},
      }
      const { acceptMs = 300 } = this.#options
      this.#later(typeof acceptMs === 'number' ? acceptMs : acceptMs(run), () => this.#start(run))
      return run
    })
  }

  #start(run: Resource): void {
    if (run.lifecycleState !== 'ACCEPTED') return
    const startedAt = Date.now()
    this.#move(run, 'IN_PROGRESS', null)
    const program = programOf(run)
    const start = this.#options.start ?? ((what: RunProgram) => startPython(this.#storage, what))
    const started = start(program, run)
    this.#started.set(run.id, started)
    void started.outcome.then((outcome) => {
      this.#started.delete(run.id)
      run.runDurationInMilliseconds = Date.now() - startedAt
      const isCanceled = run.lifecycleState === 'CANCELING'
      const state = isCanceled ? 'CANCELED' : outcome.isSuccess ? 'SUCCEEDED' : 'FAILED'
      this.#move(run, state, isCanceled ? 'The run was canceled.' : outcome.details || null)
      this.#later(this.#options.logsMs ?? 100, () => this.#publish(run, outcome))
    })
  }

  #move(run: Resource, lifecycleState: string, lifecycleDetails: string | null): void {
    Object.assign(run, { lifecycleState, lifecycleDetails, timeUpdated: new Date(), etag: randomUUID() })
  }

  #publish(run: Resource, { stdout, stderr }: RunOutcome): void {
    const created = new Date()
    const stamp = created.toISOString().replaceAll(/[-:]|\.\d+/g, '')
    const log = (type: string, bytes: Buffer) => ({
      ...{ type, created, name: `spark_application_${type.toLowerCase()}_${stamp}.log.gz`, bytes: gzipSync(bytes) },
    })
    this.#logs.set(run.id, [log('STDOUT', stdout), log('STDERR', stderr)])
  }

  #cancel(run: Resource): OciAnswer {
    if (final.includes(run.lifecycleState) || run.lifecycleState === 'CANCELING')
      throw new OciRefusal(409, 'Conflict', `The run is ${run.lifecycleState}.`)
    const wasAccepted = run.lifecycleState === 'ACCEPTED'
    this.#move(run, 'CANCELING', null)
    this.#later(this.#options.cancelMs ?? 200, () => {
      if (wasAccepted) this.#move(run, 'CANCELED', 'The run was canceled.')
      else this.#started.get(run.id)?.kill()
    })
    return { status: 204 }
  }

  #list(all: Map<string, Resource>, { query }: OciRequest): OciAnswer {
    if (!query.get('compartmentId')) throw new OciRefusal(400, 'MissingParameter', 'compartmentId is required')
    const since = query.get('timeCreatedGreaterThan')
    // Hours of one digit, which the SDK writes of a Date, are no RFC 3339.
    if (since !== null && !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(since))
      throw invalid(`timeCreatedGreaterThan is ${since}`)
    const found = [...all.values()].filter(
      (each) =>
        each.compartmentId === query.get('compartmentId') &&
        (query.get('displayName') === null || each.displayName === query.get('displayName')) &&
        (query.get('applicationId') === null || each.applicationId === query.get('applicationId')) &&
        (query.get('lifecycleState') === null || each.lifecycleState === query.get('lifecycleState')) &&
        (since === null || each.timeCreated > new Date(since)),
    )
    found.sort((a, b) => b.timeCreated - a.timeCreated)
    if (query.get('sortOrder') === 'ASC') found.reverse()
    const { items, headers } = pageOf(found, query, 1_000)
    return { json: items.map(summaryOf), headers }
  }

  #listLogs({ params, query }: OciRequest): OciAnswer {
    this.#find(this.runs, params)
    const { items, headers } = pageOf(this.#logs.get(params['id']!) ?? [], query)
    const source = 'APPLICATION'
    return {
      headers,
      json: items.map(({ name, type, created, bytes }) => ({
        ...{ name, runId: params['id'], source, type, sizeInBytes: bytes.length, timeCreated: created },
      })),
    }
  }

  #getLog({ params }: OciRequest): OciAnswer {
    this.#find(this.runs, params)
    const log = this.#logs.get(params['id']!)?.find(({ name }) => name === params['name'])
    if (!log) throw new OciRefusal(404, 'NotAuthorizedOrNotFound', 'Authorization failed or requested resource not found.')
    const headers = { 'content-type': 'application/octet-stream', 'content-encoding': 'gzip', 'content-length': log.bytes.length }
    return { bytes: log.bytes, headers }
  }

  #later(ms: number, work: () => void): void {
    if (this.#isClosed) return
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      work()
    }, ms)
    this.#timers.add(timer)
  }
}

const withEtag = ({ etag, ...json }: Resource): OciAnswer => ({ json, headers: { etag } })

function requireEtag({ etag }: Resource, wanted: string | undefined): void {
  if (wanted !== undefined && wanted !== etag) throw new OciRefusal(412, 'NoEtagMatch', 'The resource was changed meanwhile.')
}

const invalid = (why: string): OciRefusal => new OciRefusal(400, 'InvalidParameter', why)

function checkApplication(json: Resource): void {
  for (const which of ['driver', 'executor']) {
    const isFlexible = json[`${which}Shape`].endsWith('.Flex')
    if (isFlexible !== (json[`${which}ShapeConfig`] !== undefined)) throw invalid(`${which}ShapeConfig is for flexible shapes`)
  }
  if (!json.execute && !/^oci:\/\/[^@]+@[^/]+\/.+\.(py|jar|sql)$/.test(json.fileUri ?? '')) throw invalid('fileUri is not valid')
  requireParameters(json)
}

/** Every `${name}` needs a parameter. */
function requireParameters({ arguments: args = [], parameters = [] }: Resource): void {
  const known = new Set(parameters.map(({ name }: Resource) => name))
  for (const { name } of parameters) if (!/^\w+$/.test(name)) throw invalid(`the parameter name ${name} is not valid`)
  for (const [, name] of args.join('\n').matchAll(/\$\{([^}]*)\}/g))
    if (!known.has(name)) throw invalid(`the parameter ${name} has no value`)
}

const mergedParameters = (old: Resource[] = [], more: Resource[] = []): Resource[] => [
  ...new Map([...old, ...more].map((parameter) => [parameter.name, parameter])).values(),
]

/** As Data Flow puts values in the place of their names: once, and what they bring is not looked at again. */
function programOf(run: Resource): RunProgram {
  const values = new Map(run.parameters.map(({ name, value }: Resource) => [name, value]))
  const environment: Record<string, string> = {}
  for (const [name, value] of Object.entries((run.configuration ?? {}) as Record<string, string>))
    if (name.startsWith('spark.driverEnv.')) environment[name.slice('spark.driverEnv.'.length)] = value
  return {
    fileUri: run.fileUri,
    archiveUri: run.archiveUri ?? null,
    arguments: run.arguments.map((text: string) => text.replaceAll(/\$\{([^}]*)\}/g, (_, name) => String(values.get(name)))),
    environment,
    maxDurationMs: run.maxDurationInMinutes ? run.maxDurationInMinutes * 60_000 : null,
  }
}

const settings = [
  ...['arguments', 'parameters', 'configuration', 'driverShape', 'driverShapeConfig', 'executorShape', 'executorShapeConfig'],
  ...['fileUri', 'archiveUri', 'numExecutors', 'etag', 'logsBucketUri', 'maxDurationInMinutes'],
]
/** Lists do not tell the settings. */
const summaryOf = (resource: Resource): Resource =>
  Object.fromEntries(Object.entries(resource).filter(([name]) => !settings.includes(name)))
