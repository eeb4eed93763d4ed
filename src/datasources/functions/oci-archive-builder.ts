// Builds dependency archives by a function of OCI: called detached, it puts what it built, and signs of life, into a bucket.
import { setTimeout as sleep } from 'node:timers/promises'
import { FunctionsInvokeClient, FunctionsManagementClient } from 'oci-functions'
import type { ArchiveFunctionConfig } from '../../config/functions-config.js'
import type { OciConfig } from '../../config/oci-config.js'
import { DhuoError } from '../../errors.js'
import type { Logger } from '../../logger.js'
import { type OciConnection, openOciConnection } from '../oci/oci-connection.js'
import { ociCall } from '../oci/oci-errors.js'
import type { ArchiveBuilder, ArchiveRequest, RemoteArchive } from './archive-builder.js'
import { OciHandoffBucket } from './oci-handoff-bucket.js'

const service = 'Functions'

export interface ArchiveTimes {
  /** Between two looks for what came. */
  pollMs: number
  /** A function that was started and gives no sign of life for so long has died: a first one may have to fetch its image. */
  firstSignMs: number
  signMs: number
}
const defaultTimes: ArchiveTimes = { pollMs: 2_000, firstSignMs: 180_000, signMs: 60_000 }
/** What pip may take of the time that the function has; the rest packs and sends. */
const pipShare = 0.8

/** As templates/oci-archive-function/func.py writes it. */
interface Result {
  sha256?: string
  size?: number
  packages?: string[]
  refused?: string
  failed?: string
}

interface BuildingFunction {
  id: string
  invokeEndpoint: string
  /** How long it may take when it is called detached. */
  seconds: number
}

/** @throws BACKEND_UNAVAILABLE there are no credentials */
export async function openOciArchiveBuilder(
  config: ArchiveFunctionConfig,
  oci: OciConfig,
  log: Logger,
  times: Partial<ArchiveTimes> = {},
): Promise<ArchiveBuilder> {
  return new OciArchiveBuilder(config, await openOciConnection(oci, log), log, { ...defaultTimes, ...times })
}

/*
 * builds/<key>/alive.json    written anew every few seconds while the function is at work
 * builds/<key>/archive.zip
 * builds/<key>/result.json   written last: what came of it
 */
class OciArchiveBuilder implements ArchiveBuilder {
  readonly kind = 'oci-functions'
  readonly #bucket: OciHandoffBucket
  readonly #management: FunctionsManagementClient

  constructor(
    private readonly config: ArchiveFunctionConfig,
    private readonly connection: OciConnection,
    log: Logger,
    private readonly times: ArchiveTimes,
  ) {
    this.#bucket = new OciHandoffBucket(connection, config.bucket, config.address, log)
    this.#management = connection.client(FunctionsManagementClient, { service, address: config.address })
  }

  async ping(): Promise<void> {
    await Promise.all([this.#function(), this.#bucket.ping()])
  }

  async build(request: ArchiveRequest, signal: AbortSignal): Promise<RemoteArchive> {
    const folder = folderOf(request.key)
    const there = (await this.#bucket.findJson(`${folder}result.json`)) as Result | null
    // What went wrong before may go well now.
    if (there?.sha256 !== undefined) return this.#archiveOf(folder, there)
    const isAtWork = there === null && (await this.#hasSign(folder))
    if (!isAtWork) await this.#bucket.removeFolder(folder)
    const built = await this.#function()
    if (!isAtWork) await this.#start(built, folder, request)
    const result = await this.#wait(folder, built.seconds * 1_000, signal)
    if (result.refused !== undefined) throw new DhuoError('PRECONDITION_FAILED', result.refused)
    if (result.sha256 === undefined)
      throw new DhuoError(
        'PRECONDITION_FAILED',
        `The function that builds archives cannot: ${result.failed ?? 'it said nothing'}.`,
      )
    return this.#archiveOf(folder, result)
  }

  async discard(key: string): Promise<void> {
    await this.#bucket.removeFolder(folderOf(key))
  }

  async close(): Promise<void> {
    await this.#bucket.close()
    this.connection.close()
  }

  async #start(
    { id, invokeEndpoint, seconds }: BuildingFunction,
    folder: string,
    { requirements, without, runtime, bounds }: ArchiveRequest,
  ): Promise<void> {
    const upload = await this.#bucket.urlOf(folder, 'AnyObjectReadWrite')
    const { version, platform, machine } = runtime
    const limits = { ...bounds, seconds: seconds * pipShare }
    const body = JSON.stringify({ requirements, without, runtime: { version, platform, machine }, upload, limits })
    const client = this.connection.client(FunctionsInvokeClient, {
      service: 'Functions invocation',
      address: { endpoint: invokeEndpoint, region: null },
      // Begun twice, both write the same.
      attempts: () => 3,
    })
    // https://docs.oracle.com/iaas/Content/Functions/Tasks/functionsinvokingfunctionsdetached.htm
    await ociCall(service, () =>
      client.invokeFunction({ functionId: id, invokeFunctionBody: body, fnInvokeType: 'detached' as never }),
    )
  }

  async #wait(folder: string, withinMs: number, signal: AbortSignal): Promise<Result> {
    const until = Date.now() + withinMs
    let sign: unknown = null
    let signBy = Date.now() + this.times.firstSignMs
    for (;;) {
      const result = await this.#bucket.findJson(`${folder}result.json`)
      if (result) return result as Result
      const said = JSON.stringify(await this.#bucket.findJson(`${folder}alive.json`))
      if (said !== sign && said !== 'null') signBy = Date.now() + this.times.signMs
      sign = said
      if (Date.now() > signBy)
        throw new DhuoError(
          'BACKEND_UNAVAILABLE',
          'The function that builds archives has died: its logs in OCI say why; it may need more memory.',
        )
      if (Date.now() > until)
        throw new DhuoError('TIMEOUT', `The function that builds archives took longer than ${withinMs / 1_000} seconds.`)
      await sleep(this.times.pollMs, undefined, { signal })
    }
  }

  /** Another server has started it, and it is at work. */
  async #hasSign(folder: string): Promise<boolean> {
    const before = JSON.stringify(await this.#bucket.findJson(`${folder}alive.json`))
    if (before === 'null') return false
    for (const until = Date.now() + this.times.signMs; Date.now() < until; await sleep(this.times.pollMs)) {
      if (await this.#bucket.findJson(`${folder}result.json`)) return true
      if (JSON.stringify(await this.#bucket.findJson(`${folder}alive.json`)) !== before) return true
    }
    return false
  }

  async #function(): Promise<BuildingFunction> {
    const { function: found } = await ociCall(service, () => this.#management.getFunction({ functionId: this.config.function }))
    const { id, lifecycleState, invokeEndpoint, timeoutInSeconds = 30, detachedModeTimeoutInSeconds } = found
    if (lifecycleState !== 'ACTIVE' || !invokeEndpoint)
      throw new DhuoError('BACKEND_UNAVAILABLE', `The function of DHUO_ARCHIVE_FUNCTION is ${lifecycleState}.`)
    return { id, invokeEndpoint, seconds: detachedModeTimeoutInSeconds ?? timeoutInSeconds }
  }

  #archiveOf(folder: string, { sha256 = '', size = 0, packages = [] }: Result): RemoteArchive {
    return { sha256, size, packages, open: () => this.#bucket.read(`${folder}archive.zip`) }
  }
}

const folderOf = (key: string): string => `builds/${key}/`
