// Begins Data Flow runs, each job once: however often it is submitted, by which server, and whatever became of an answer.
import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { DataFlowClient, models } from 'oci-dataflow'
import type { DataFlowConfig } from '../../config/data-flow-url.js'
import { DhuoError } from '../../errors.js'
import type { Logger } from '../../logger.js'
import { isOciAnswer, ociFailureOf } from '../oci/oci-errors.js'
import type { JobSubmission } from './job-runner.js'
import { machinesOf, sparkOf } from './oci-applications.js'
import type { OciJobObjects } from './oci-job-objects.js'
import { doorTag, folderTag } from './oci-run-state.js'

export interface SubmissionPlace {
  applicationId: string
  archiveUri: string
  /** In the archive. */
  scriptPath: string
}

interface OciSubmissionsOptions {
  client: DataFlowClient
  objects: OciJobObjects
  config: DataFlowConfig
  /** For the wrapper of scripts. */
  wrapper: string
  log: Logger
}

/** What was sent, or is about to be: the same again when nobody knows whether it came. */
interface Prepared {
  details: models.CreateRunDetails
  doorId: string
  /** A call of it has failed in a way that does not say whether the run was begun. */
  isUnclear: boolean
}

const kept = 5_000
const daySeconds = 24 * 3_600
/** How long a run that has no bound of its own can put lines into the bucket. */
const usualDoorSeconds = 7 * daySeconds
const longestName = 200

export const linesFolder = (folder: string): string => `lines/${folder}/`

export class OciSubmissions {
  readonly #jobs = new Map<string, Promise<unknown>>()
  readonly #prepared = new Map<string, Prepared>()

  constructor(private readonly options: OciSubmissionsOptions) {}

  /** What a key was answered with before is its answer; what failed may be asked again. */
  once<T>(key: string, work: () => Promise<T>): Promise<T> {
    const known = this.#jobs.get(key) as Promise<T> | undefined
    if (known) return known
    const job = work()
    this.#jobs.set(key, job)
    job.catch(() => this.#jobs.delete(key))
    if (this.#jobs.size > kept) this.#jobs.delete(this.#jobs.keys().next().value!)
    return job
  }

  /** @throws what the SDK throws; BACKEND_UNAVAILABLE it was begun before, and is not to be found yet */
  async submit(submission: JobSubmission, place: SubmissionPlace): Promise<models.Run | models.RunSummary> {
    const { client } = this.options
    const { key } = submission
    const digest = createHash('sha256').update(key).digest('hex')
    const folder = digest.slice(0, 32)
    const displayName = `${submission.displayName.slice(0, longestName)} ~${digest.slice(0, 8)}`
    const before = this.#prepared.get(key)
    if (before ? before.isUnclear : submission.mayBeKnown) {
      const found = await this.#find(displayName, folder)
      if (found) return this.#found(key, found)
    }
    const prepared = before ?? (await this.#prepare(submission, place, { displayName, folder }))
    this.#prepared.set(key, prepared)
    try {
      // https://docs.oracle.com/iaas/api/#/en/data-flow/20200129/Run/CreateRun; a token holds for a day.
      const { run } = await client.createRun({ createRunDetails: prepared.details, opcRetryToken: digest })
      this.#prepared.delete(key)
      return run
    } catch (error) {
      if (isOciAnswer(error, 409, 'InvalidatedRetryToken')) return this.#begunBefore(key, displayName, folder, prepared.doorId)
      const { status } = ociFailureOf(error)
      prepared.isUnclear ||= status === null || status >= 500
      if (status !== null && status !== 429 && status < 500) await this.#drop(key, prepared.doorId)
      throw error
    }
  }

  /** Another server has begun it, with a key of its own for the script: that run is the one. */
  async #begunBefore(key: string, displayName: string, folder: string, doorId: string): Promise<models.RunSummary> {
    for (const pause of [0, 1_000, 3_000]) {
      await sleep(pause)
      const found = await this.#find(displayName, folder)
      if (!found) continue
      await this.#drop(key, doorId)
      return found
    }
    throw new DhuoError('BACKEND_UNAVAILABLE', 'OCI Data Flow has begun this job before, and does not show it yet.')
  }

  #found(key: string, run: models.RunSummary): models.RunSummary {
    const doorId = this.#prepared.get(key)?.doorId
    this.#prepared.delete(key)
    if (doorId !== undefined && doorId !== run.freeformTags[doorTag]) void this.#shut(doorId)
    return run
  }

  async #find(displayName: string, folder: string): Promise<models.RunSummary | null> {
    const { client, config } = this.options
    // The SDK does not encode what stands in the query.
    const request = { compartmentId: config.compartment, displayName: encodeURIComponent(displayName), limit: 100 }
    for (let page: string | undefined; ; ) {
      const { items, opcNextPage } = await client.listRuns({ ...request, ...(page && { page: encodeURIComponent(page) }) })
      const found = items.find(({ freeformTags }) => freeformTags?.[folderTag] === folder)
      if (found) return found
      if (!opcNextPage) return null
      page = opcNextPage
    }
  }

  async #prepare(
    submission: JobSubmission,
    { applicationId, archiveUri, scriptPath }: SubmissionPlace,
    { displayName, folder }: { displayName: string; folder: string },
  ): Promise<Prepared> {
    const { config, objects } = this.options
    const { timeoutSeconds, cluster } = submission
    const args = argumentsText(submission.arguments)
    const expires = new Date(Date.now() + 1_000 * ((timeoutSeconds ?? usualDoorSeconds) + 2 * daySeconds))
    const door = await objects.openDoor(linesFolder(folder), expires)
    const environment = this.#environmentOf(submission, door.url)
    const details: models.CreateRunDetails = {
      compartmentId: config.compartment,
      applicationId,
      displayName,
      archiveUri,
      parameters: [
        { name: 'script', value: scriptPath },
        { name: 'arguments', value: args },
      ],
      // Spark keeps out of its pages and logs what has SECRET in its name (spark.redaction.regex).
      configuration: { ...sparkOf(config), 'spark.driverEnv.DHUO_SECRET_ENVIRONMENT': environment },
      ...machinesOf(config, cluster),
      logsBucketUri: config.logsUri,
      ...(config.poolId !== null && { poolId: config.poolId }),
      // The wrapper ends it to the second; this is for what the wrapper cannot end.
      ...(timeoutSeconds !== null && { maxDurationInMinutes: Math.ceil(timeoutSeconds / 60) + 2 }),
      freeformTags: { [folderTag]: folder, [doorTag]: door.id },
    }
    return { details, doorId: door.id, isUnclear: false }
  }

  #environmentOf({ environment, timeoutSeconds }: JobSubmission, linesUrl: string): string {
    const { wrapper } = this.options
    const all = {
      ...environment,
      DHUO_LINES_URL: linesUrl,
      ...(timeoutSeconds !== null && { DHUO_TIMEOUT_SECONDS: String(timeoutSeconds) }),
      ...(wrapper !== '' && { DHUO_WRAPPER: wrapper }),
    }
    for (const [name, value] of Object.entries(all))
      if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) || value.includes('\0'))
        throw new DhuoError('PRECONDITION_FAILED', `No variable of the environment can be called "${name}", or be as it is.`)
    return new URLSearchParams(all).toString()
  }

  async #drop(key: string, doorId: string): Promise<void> {
    this.#prepared.delete(key)
    await this.#shut(doorId)
  }

  async #shut(doorId: string): Promise<void> {
    await this.options.objects
      .shutDoor(doorId)
      .catch((error: unknown) => this.options.log.warn({ err: error }, 'a pre-authenticated request stays until it expires'))
  }
}

/** Each percent-encoded, with a comma behind it: nothing of it means anything to Data Flow, which knows `${name}`. */
function argumentsText(args: readonly string[]): string {
  if (args.some((text) => text.includes('\0'))) throw new DhuoError('PRECONDITION_FAILED', 'An argument has a NUL character.')
  const encoded = (text: string): string =>
    encodeURIComponent(text.toWellFormed()).replace(/[!'()*~]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)
  return args.length === 0 ? 'none' : args.map((text) => `${encoded(text)},`).join('')
}
