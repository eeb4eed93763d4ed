// OCI Functions as the double has it: applications and functions with their states, and invocations that really run.
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type ContainerAnswer, FunctionContainer } from './function-container.js'
import { OciRefusal, type OciRequest, type OciRoute, type OciService, pageOf } from './oci-service.js'

const root = join(import.meta.dirname, '..', '..')

interface FunctionsOptions {
  /** What `invokeEndpoint` says: the double's own address, known when it has started. */
  url(): string
  /** Directories with a func.py, by the name of the image. */
  images?: Record<string, string>
  /** How long a function is CREATING. */
  creatingMs?: number
  /** Of one function at the same time; what comes then waits. */
  containers?: number
  /** Where Python finds Oracle's `fdk`; without it a stand-in is used. */
  fdk?: string
}

interface FunctionRow {
  id: string
  etag: string
  activeAt: number
  details: {
    applicationId: string
    displayName: string
    image: string
    memoryInMBs: number
    timeoutInSeconds: number
    detachedModeTimeoutInSeconds?: number
    config: Record<string, string>
    [more: string]: unknown
  }
  isDeleted: boolean
  idle: FunctionContainer[]
  running: number
  waiting: (() => void)[]
}

const bytesOfMost = 6 * 2 ** 20
const handlerImage = 'gru.ocir.io/double/dhuo-handler:1.0.0'
const archiveImage = 'gru.ocir.io/double/dhuo-archive:1.0.0'
const configBytes = 4096
const memorySizes = [128, 256, 512, 1024, 2048, 3072]
const prefix = '/20181201'

/** Facts: https://docs.oracle.com/iaas/api/#/en/functions/20181201/ and .../functionstroubleshooting_topic-Issues-invoking-functions.htm */
export class FunctionsService implements OciService {
  readonly application = `ocid1.fnapp.oc1.sa-saopaulo-1.${randomUUID()}`
  readonly image = handlerImage
  readonly archiveImage = archiveImage
  readonly functions = new Map<string, FunctionRow>()
  readonly routes: OciRoute[]
  applicationState = 'ACTIVE'
  creatingMs: number
  containers: number
  /** Containers that were started, of all functions. */
  started = 0
  /** Calls that nobody waited for the answer of. */
  detached = 0
  readonly #options: FunctionsOptions
  readonly #images: Record<string, string>
  /** Calls, and the containers of all functions, idle ones too. */
  readonly #running = new Set<Promise<unknown>>()
  readonly #containers = new Set<FunctionContainer>()
  #isClosed = false

  constructor(options: FunctionsOptions) {
    this.#options = options
    this.creatingMs = options.creatingMs ?? 0
    this.containers = options.containers ?? 1
    this.#images = {
      [handlerImage]: join(root, 'templates', 'oci-function'),
      [archiveImage]: join(root, 'templates', 'oci-archive-function'),
      ...options.images,
    }
    const at = (operation: string, method: OciRoute['method'], path: string, handle: OciRoute['handle']): OciRoute => ({
      ...{ operation, method, path: prefix + path, handle },
    })
    this.routes = [
      at('listApplications', 'GET', '/applications', ({ query }) => {
        const { items, headers } = pageOf([this.#applicationJson()], query, 50)
        return { json: items, headers }
      }),
      at('getApplication', 'GET', '/applications/{id}', ({ params }) => {
        this.#requireApplication(params['id'])
        return { json: this.#applicationJson() }
      }),
      at('listFunctions', 'GET', '/functions', (request) => this.#list(request)),
      at('createFunction', 'POST', '/functions', (request) => this.#create(request)),
      at('getFunction', 'GET', '/functions/{id}', ({ params, now }) => {
        const found = this.#get(params['id'])
        return { json: this.#json(found, now), headers: { etag: found.etag } }
      }),
      at('updateFunction', 'PUT', '/functions/{id}', (request) => this.#update(request)),
      at('deleteFunction', 'DELETE', '/functions/{id}', ({ params }) => {
        const found = this.#get(params['id'])
        found.isDeleted = true
        for (const container of found.idle.splice(0)) container.kill()
        return { status: 204 }
      }),
      at('invokeFunction', 'POST', '/functions/{id}/actions/invoke', (request) => this.#invoke(request)),
    ]
  }

  /** A function that somebody made by hand. @returns its OCID */
  add(details: Partial<FunctionRow['details']> & { displayName: string }): string {
    const id = `ocid1.fnfunc.oc1.sa-saopaulo-1.${randomUUID()}`
    const defaults = { applicationId: this.application, image: handlerImage, memoryInMBs: 128, timeoutInSeconds: 30, config: {} }
    this.functions.set(id, {
      ...{ id, etag: randomUUID(), activeAt: Date.now() + this.creatingMs, isDeleted: false, idle: [], running: 0, waiting: [] },
      details: { ...defaults, ...details },
    })
    return id
  }

  /** Those that are there, by name. */
  get names(): string[] {
    return [...this.functions.values()].filter(({ isDeleted }) => !isDeleted).map(({ details }) => details.displayName)
  }

  /** Ends every container, as the platform does with those that are idle. */
  freeze(): void {
    for (const { idle } of this.functions.values()) for (const container of idle.splice(0)) container.kill()
  }

  /** With every container, whatever it is at. */
  async close(): Promise<void> {
    this.#isClosed = true
    for (const { waiting } of this.functions.values()) for (const go of waiting.splice(0)) go()
    while (this.#containers.size > 0 || this.#running.size > 0) {
      for (const container of this.#containers) container.kill()
      await Promise.allSettled([...this.#running, ...[...this.#containers].map(({ removed }) => removed)])
    }
  }

  #list({ query, now }: OciRequest) {
    this.#requireApplication(query.get('applicationId') ?? '')
    const wanted = query.get('displayName')
    const all = [...this.functions.values()]
      .filter(({ isDeleted, details }) => !isDeleted && (wanted === null || details.displayName === wanted))
      .map((row) => {
        const { config: _config, ...summary } = this.#json(row, now)
        return summary
      })
    const { items, headers } = pageOf(all, query, 50)
    return { json: items, headers }
  }

  #create({ json, now }: OciRequest) {
    this.#requireApplication(json.applicationId)
    if (this.names.includes(json.displayName)) throw new OciRefusal(409, 'Conflict', 'A function of that name exists.')
    requireDetails(json)
    const id = this.add(json)
    const row = this.functions.get(id)!
    return { json: this.#json(row, now), headers: { etag: row.etag } }
  }

  #update({ params, json, headers, now }: OciRequest) {
    const row = this.#get(params['id'])
    if (headers['if-match'] !== undefined && headers['if-match'] !== row.etag)
      throw new OciRefusal(412, 'NoEtagMatch', 'The etag is another.')
    requireDetails({ ...row.details, ...json })
    Object.assign(row.details, json)
    row.etag = randomUUID()
    // New settings take new containers.
    for (const container of row.idle.splice(0)) container.kill()
    return { json: this.#json(row, now), headers: { etag: row.etag } }
  }

  async #invoke({ params, headers, body }: OciRequest) {
    const row = this.#get(params['id'])
    if (row.activeAt > Date.now()) throw notThere()
    if (body.length > bytesOfMost) throw new OciRefusal(413, 'FunctionInvokeRequestContentTooLarge', 'The request is too large.')
    if (headers['is-dry-run'] === 'true') return { status: 200 }
    const { timeoutInSeconds, detachedModeTimeoutInSeconds = timeoutInSeconds } = row.details
    if (headers['fn-invoke-type'] === 'detached') {
      this.detached++
      this.#run(row, body, detachedModeTimeoutInSeconds).catch(() => {})
      return { status: 202 }
    }
    const answer = await this.#run(row, body, timeoutInSeconds)
    if (answer.status === 504) throw new OciRefusal(504, 'FunctionInvokeTimeout', 'The function timed out.')
    if (answer.status !== 200) throw new OciRefusal(502, 'FunctionInvokeExecutionFailed', 'function failed')
    if (answer.body.length > bytesOfMost)
      throw new OciRefusal(502, 'FunctionInvokeResponseBodyTooLarge', 'The response is too large.')
    return { headers: { 'content-type': 'application/json', 'fn-call-id': randomUUID() }, bytes: answer.body }
  }

  #run(row: FunctionRow, body: Buffer, seconds: number): Promise<ContainerAnswer> {
    const run = this.#runAlone(row, body, seconds)
    const over = run.then(
      () => {},
      () => {},
    )
    this.#running.add(over)
    void over.then(() => this.#running.delete(over))
    return run
  }

  async #runAlone(row: FunctionRow, body: Buffer, seconds: number): Promise<ContainerAnswer> {
    if (row.running >= this.containers) await new Promise<void>((resolve) => row.waiting.push(resolve))
    row.running++
    let container: FunctionContainer | undefined
    try {
      container = await this.#containerOf(row)
      const headers = {
        'content-type': 'application/json',
        'content-length': String(body.length),
        'fn-call-id': randomUUID(),
        'fn-deadline': new Date(Date.now() + seconds * 1000).toISOString(),
      }
      const late = sleep(seconds * 1000, null, { ref: false })
      const answer = await Promise.race([container.call(body, headers), late])
      if (answer) return answer
      container.kill()
      throw new OciRefusal(504, 'FunctionInvokeTimeout', `It took longer than ${seconds} seconds.`)
    } catch (error) {
      if (error instanceof OciRefusal) throw error
      container?.kill()
      throw new OciRefusal(502, 'FunctionInvokeExecutionFailed', `function failed: ${(error as Error).message}`)
    } finally {
      row.running--
      if (container?.lives && !row.isDeleted && !this.#isClosed) row.idle.push(container)
      else container?.kill()
      row.waiting.shift()?.()
    }
  }

  async #containerOf({ id, details, idle }: FunctionRow): Promise<FunctionContainer> {
    for (let kept = idle.pop(); kept; kept = idle.pop()) if (kept.lives) return kept
    const directory = this.#images[details.image]
    if (directory === undefined) throw new OciRefusal(502, 'FunctionInvokeImageNotAvailable', `No image ${details.image}.`)
    if (this.#isClosed) throw new Error('The service is closed.')
    this.started++
    const fdk = this.#options.fdk ?? join(import.meta.dirname, 'fdk-stand-in')
    const environment = {
      FN_APP_ID: details.applicationId,
      FN_FN_ID: id,
      FN_FN_NAME: details.displayName,
      FN_MEMORY: String(details.memoryInMBs),
      ...details.config,
    }
    const container = await FunctionContainer.start({ directory, fdk, environment }, () => !this.#isClosed)
    this.#containers.add(container)
    void container.removed.then(() => this.#containers.delete(container))
    return container
  }

  #get(id: string | undefined): FunctionRow {
    const found = this.functions.get(id ?? '')
    if (!found || found.isDeleted) throw notThere()
    return found
  }

  #requireApplication(id: string | undefined): void {
    if (id !== this.application) throw notThere()
  }

  #applicationJson() {
    const { application: id, applicationState: lifecycleState } = this
    return { id, displayName: 'dhuo', compartmentId: 'ocid1.compartment.oc1..double', lifecycleState, shape: 'GENERIC_X86' }
  }

  #json({ id, details, activeAt }: FunctionRow, now: number) {
    const lifecycleState = activeAt > Date.now() ? 'CREATING' : 'ACTIVE'
    return { id, ...details, lifecycleState, invokeEndpoint: this.#options.url(), timeCreated: new Date(now).toISOString() }
  }
}

const notThere = (): OciRefusal =>
  new OciRefusal(404, 'NotAuthorizedOrNotFound', 'Authorization failed or requested resource not found.')

function requireDetails({ memoryInMBs, timeoutInSeconds = 30, config = {}, displayName = '' }: Record<string, unknown>): void {
  const wrong = (what: string): OciRefusal => new OciRefusal(400, 'InvalidParameter', `${what} is not allowed.`)
  if (!memorySizes.includes(Number(memoryInMBs))) throw wrong('memoryInMBs')
  if (!(Number(timeoutInSeconds) >= 5 && Number(timeoutInSeconds) <= 300)) throw wrong('timeoutInSeconds')
  if (!/^[A-Za-z][\w-]{0,254}$/.test(String(displayName))) throw wrong('displayName')
  const entries = Object.entries(config as object)
  if (entries.some(([name]) => !/^[A-Za-z_]\w*$/.test(name))) throw wrong('config')
  if (Buffer.byteLength(entries.flat().join('')) > configBytes) throw wrong('config')
}
