// Makes, finds, changes and deletes the functions of an application: one for each handler, with the same image.
import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { FunctionsManagementClient, type models } from 'oci-functions'
import type { OciFunctionsConfig } from '../../config/functions-config.js'
import { DhuoError } from '../../errors.js'
import type { OciConnection } from '../oci/oci-connection.js'
import { isOciAnswer, ociCall, ociFailureOf } from '../oci/oci-errors.js'
import type { FunctionDefinition } from './function-invoker.js'
import { handlerName } from './oci-handler-files.js'

export interface DeployedFunction {
  id: string
  /** Never changes: https://docs.oracle.com/iaas/api/#/en/functions/latest/Function/ */
  invokeEndpoint: string
}

const service = 'Functions'
/** The most that a synchronous call may take, with the time in which the handler is loaded. */
export const platformSeconds = 300
const activeMs = 60_000
/** At first; then ever less often. */
const askAfterMs = 100
const askAtLeastEveryMs = 2_000
/** https://docs.oracle.com/iaas/Content/Functions/Tasks/functionspassingconfigparams.htm */
const configBytes = 4_096
const keyTag = 'dhuo-key'

export class OciFunctionObjects {
  readonly #client: FunctionsManagementClient
  readonly #config: OciFunctionsConfig
  readonly #known = new Map<string, Promise<DeployedFunction>>()

  constructor(connection: OciConnection, config: OciFunctionsConfig) {
    const { address } = config
    // To create has no retry token: whether it happened, the list says.
    const attempts = (operation: string): number => (operation === 'createFunction' ? 1 : 5)
    this.#client = connection.client(FunctionsManagementClient, { service, address, attempts })
    this.#config = config
  }

  /** @throws BACKEND_UNAVAILABLE the application is not there or not active */
  async ping(): Promise<void> {
    const { application } = await this.#call(() => this.#client.getApplication({ applicationId: this.#config.application }))
    if (application.lifecycleState !== 'ACTIVE')
      throw new DhuoError('BACKEND_UNAVAILABLE', `The application of OCI Functions is ${application.lifecycleState}.`)
  }

  /** The function of that key, as the settings want it; asked for once. @throws PRECONDITION_FAILED the environment is too large */
  ensure(definition: FunctionDefinition): Promise<DeployedFunction> {
    const { key } = definition
    const known = this.#known.get(key) ?? this.#findOrCreate(definition)
    this.#known.set(key, known)
    known.catch(() => this.#known.delete(key))
    return known
  }

  /** It was not there when it was called: somebody has deleted it. */
  forget(key: string): void {
    this.#known.delete(key)
  }

  /** Of this application's functions, those of handlers. */
  async keys(): Promise<string[]> {
    const keys: string[] = []
    for (let page: string | undefined; ; ) {
      const request = { applicationId: this.#config.application, limit: 50, ...(page && { page: encodeURIComponent(page) }) }
      const { items, opcNextPage } = await this.#call(() => this.#client.listFunctions(request))
      for (const each of items) if (isThere(each)) keys.push(...[each.freeformTags?.[keyTag] ?? []].flat())
      if (!opcNextPage) return keys
      page = opcNextPage
    }
  }

  /** Idempotent. */
  async remove(key: string): Promise<void> {
    this.#known.delete(key)
    const found = await this.#find(key)
    if (!found) return
    await this.#client.deleteFunction({ functionId: found.id }).catch(async (error: unknown) => {
      // Who may not delete it is told that it is not there.
      if (!isOciAnswer(error, 404) || (await this.#find(key))) return this.#call(() => Promise.reject(error))
    })
  }

  async #findOrCreate(definition: FunctionDefinition): Promise<DeployedFunction> {
    const wanted = wantedOf(this.#config, definition)
    const found = await this.#find(definition.key)
    if (found) return this.#bringUpToDate(found.id, wanted)
    try {
      const made = await this.#client.createFunction({ createFunctionDetails: { ...wanted, ...this.#identity(definition) } })
      return this.#whenActive(made.function)
    } catch (error) {
      // Another server was faster, or the answer was lost on the way.
      const { status } = ociFailureOf(error)
      const there = status === null || status === 409 || status >= 500 ? await this.#find(definition.key) : null
      if (there) return this.#bringUpToDate(there.id, wanted)
      return this.#call(() => Promise.reject(error))
    }
  }

  async #bringUpToDate(functionId: string, wanted: ReturnType<typeof wantedOf>): Promise<DeployedFunction> {
    const { function: there, etag } = await this.#call(() => this.#client.getFunction({ functionId }))
    const isAsWanted =
      there.image === wanted.image &&
      there.memoryInMBs === wanted.memoryInMBs &&
      there.timeoutInSeconds === wanted.timeoutInSeconds &&
      isDeepStrictEqual({ ...there.config }, wanted.config) &&
      provisionedOf(there.provisionedConcurrencyConfig) === provisionedOf(wanted.provisionedConcurrencyConfig)
    if (isAsWanted) return this.#whenActive(there)
    try {
      const changed = await this.#client.updateFunction({ functionId, ifMatch: etag, updateFunctionDetails: wanted })
      return this.#whenActive(changed.function)
    } catch (error) {
      // Another server changed it in between, to what the same settings say.
      if (isOciAnswer(error, 412) || isOciAnswer(error, 409)) return this.#whenActive(there)
      return this.#call(() => Promise.reject(error))
    }
  }

  async #whenActive(made: models.Function): Promise<DeployedFunction> {
    const until = Date.now() + activeMs
    let pauseMs = askAfterMs
    for (let found = made; ; pauseMs = Math.min(2 * pauseMs, askAtLeastEveryMs)) {
      const { id, lifecycleState, invokeEndpoint } = found
      if (lifecycleState === 'ACTIVE' && invokeEndpoint) return { id, invokeEndpoint }
      if (lifecycleState === 'FAILED' || Date.now() > until)
        throw new DhuoError(
          'BACKEND_UNAVAILABLE',
          `The function of the handler is ${lifecycleState}: see it in the console of OCI.`,
        )
      await sleep(pauseMs)
      found = (await this.#call(() => this.#client.getFunction({ functionId: id }))).function
    }
  }

  async #find(key: string): Promise<models.FunctionSummary | null> {
    const request = { applicationId: this.#config.application, displayName: handlerName(key), limit: 50 }
    const { items } = await this.#call(() => this.#client.listFunctions(request))
    return items.find(isThere) ?? null
  }

  #identity({ key, displayName }: FunctionDefinition) {
    return {
      displayName: handlerName(key),
      applicationId: this.#config.application,
      freeformTags: { [keyTag]: key, 'dhuo-name': displayName.slice(0, 256) },
    }
  }

  #call<T>(work: () => Promise<T>): Promise<T> {
    return ociCall(service, work)
  }
}

/** One that is being deleted keeps its name for a while. */
const isThere = ({ lifecycleState }: models.FunctionSummary): boolean => !['DELETING', 'DELETED'].includes(lifecycleState ?? '')

const provisionedOf = (config: { strategy: string; count?: number } | undefined): number =>
  config?.strategy === 'CONSTANT' ? (config.count ?? 0) : 0

/** @throws PRECONDITION_FAILED the environment is too large */
function wantedOf({ image, memoryMb, provisioned }: OciFunctionsConfig, { environment }: FunctionDefinition) {
  const bytes = Buffer.byteLength(JSON.stringify(environment))
  if (bytes > configBytes)
    throw new DhuoError(
      'PRECONDITION_FAILED',
      `The environment of the handler has ${bytes} bytes; a function takes ${configBytes}.`,
    )
  return {
    image,
    memoryInMBs: memoryMb,
    timeoutInSeconds: platformSeconds,
    config: { ...environment },
    provisionedConcurrencyConfig: provisioned > 0 ? { strategy: 'CONSTANT', count: provisioned } : { strategy: 'NONE' },
  }
}
