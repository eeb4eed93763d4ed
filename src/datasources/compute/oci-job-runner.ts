// Runs jobs on OCI Data Flow: an application for each deployment, a run for each attempt, followed from wherever a server is.
import { createHash } from 'node:crypto'
import { DataFlowClient } from 'oci-dataflow'
import { ObjectStorageClient } from 'oci-objectstorage'
import type { DataFlowConfig } from '../../config/data-flow-url.js'
import type { OciConfig } from '../../config/oci-config.js'
import { DhuoError, isDhuoError } from '../../errors.js'
import type { Logger } from '../../logger.js'
import { type OciConnection, openOciConnection } from '../oci/oci-connection.js'
import { isOciAnswer, ociCall, ociError } from '../oci/oci-errors.js'
import type { ClusterShape, ClusterSize, JobApplication, JobEvent, JobRunner, JobStatus, JobSubmission } from './job-runner.js'
import { OciApplications } from './oci-applications.js'
import { OciJobFiles } from './oci-job-files.js'
import { OciJobObjects } from './oci-job-objects.js'
import { dataFlow, type MirrorTimes, mirrorTimes, OciRunMirror } from './oci-run-mirror.js'
import { OciRunWatch, type WatchTimes, watchTimes } from './oci-run-watch.js'
import { OciSubmissions } from './oci-submissions.js'

/** For tests. */
interface OciJobRunnerOptions {
  times?: Partial<MirrorTimes & WatchTimes>
  /** `name=value,…` for the wrapper of scripts. */
  wrapper?: string
}

const standAlone = 'standalone'
const runId = /^ocid1\.dataflowrun\./
const answeredMs = 15_000

/** @throws BACKEND_UNAVAILABLE there are no credentials; that OCI does not answer shows with the first call */
export async function openOciJobRunner(
  config: DataFlowConfig,
  oci: OciConfig,
  log: Logger,
  { times = {}, wrapper = '' }: OciJobRunnerOptions = {},
): Promise<JobRunner> {
  const connection = await openOciConnection(oci, log)
  const { address } = config
  // A look at runs that fails is followed by the next look: it is not tried again by itself.
  const attempts = (operation: string): number => (['listRuns', 'getRun'].includes(operation) ? 1 : 5)
  const client = connection.client(DataFlowClient, { service: dataFlow, address, attempts })
  // An endpoint in the URL is Data Flow's.
  const storage = connection.client(ObjectStorageClient, { service: 'Object Storage', address: { ...address, endpoint: null } })
  // Not from the client, whose endpoint is a template until its first call.
  const endpoint = oci.endpoint ?? `https://objectstorage.${address.region ?? connection.regionId}.oraclecloud.com`
  const objects = new OciJobObjects(storage, config.files, endpoint)
  const mirror = new OciRunMirror(client, config.compartment, log, { ...mirrorTimes(config.poll), ...times })
  const watch = new OciRunWatch({ client, objects, mirror, log, times: { ...watchTimes(config.poll.leastMs), ...times } })
  const submissions = new OciSubmissions({ client, objects, config, wrapper, log })
  const applications = new OciApplications(client, config)
  return new OciJobRunner({ connection, client, config, objects, mirror, watch, submissions, applications, log })
}

interface OciJobRunnerParts {
  connection: OciConnection
  client: DataFlowClient
  config: DataFlowConfig
  objects: OciJobObjects
  mirror: OciRunMirror
  watch: OciRunWatch
  submissions: OciSubmissions
  applications: OciApplications
  log: Logger
}

class OciJobRunner implements JobRunner {
  readonly kind = 'oci-dataflow'
  readonly supports = { survivesServer: true, applications: true }
  readonly clusters: Readonly<Record<ClusterSize, ClusterShape>>
  readonly #parts: OciJobRunnerParts
  readonly #files: OciJobFiles
  #isClosed = false

  constructor(parts: OciJobRunnerParts) {
    this.#parts = parts
    this.#files = new OciJobFiles(parts.objects)
    const { sizes } = parts.config
    const shapeOf = (size: ClusterSize): ClusterShape => {
      const { driver, executor, executors } = sizes[size]
      return { driverShape: driver.name, executorShape: executor.name, executors }
    }
    this.clusters = { SMALL: shapeOf('SMALL'), MEDIUM: shapeOf('MEDIUM'), LARGE: shapeOf('LARGE') }
  }

  async ping(): Promise<void> {
    const { client, config, mirror } = this.#parts
    // While runs are followed, it is known.
    if (Date.now() - mirror.answeredAt < answeredMs) return
    await ociCall(dataFlow, () => client.listRuns({ compartmentId: config.compartment, limit: 1 }))
  }

  async prepare(application: JobApplication): Promise<string> {
    this.#refuseWhenClosed()
    for (const { name } of application.scripts) requirePython(name)
    return (await this.#prepare(application)).applicationId
  }

  async discard({ key, applicationId }: Pick<JobApplication, 'key' | 'applicationId'>): Promise<void> {
    if (applicationId !== null) await this.#parts.applications.remove(key, applicationId)
    await this.#parts.objects.removeAll(ownerOf(key))
  }

  async submit(submission: JobSubmission): Promise<{ jobId: string; applicationId: string }> {
    this.#refuseWhenClosed()
    requirePython(submission.script.name)
    const { script, archive, cluster, application } = submission
    const whole = application ?? {
      ...{ key: standAlone, displayName: 'dhuo/standalone', applicationId: null },
      ...{ scripts: [script], archive, cluster },
    }
    const { submissions, applications, mirror } = this.#parts
    return submissions.once(submission.key, async () => {
      for (let attempt = 1; ; attempt++) {
        const { applicationId, files } = await this.#prepare(whole)
        const place = { applicationId, archiveUri: files.archiveUri, scriptPath: files.pathOf(script) }
        try {
          const run = await submissions.submit(submission, place)
          mirror.expect(run)
          return { jobId: run.id, applicationId }
        } catch (error) {
          // Somebody has removed the application meanwhile.
          if (attempt === 2 || !isOciAnswer(error, 404)) throw submissionError(error)
          applications.forget(whole.key)
        }
      }
    })
  }

  async *watch(jobId: string, until: AbortSignal): AsyncIterable<JobEvent> {
    if (runId.test(jobId)) yield* this.#parts.watch.watch(jobId, until)
    else yield { type: 'status', status: unknown(jobId) }
  }

  /** https://docs.oracle.com/iaas/api/#/en/data-flow/20200129/Run/DeleteRun: it ends the run, which stays in the list. */
  async cancel(jobId: string): Promise<void> {
    if (!runId.test(jobId)) return
    const { client, mirror } = this.#parts
    try {
      await client.deleteRun({ runId: jobId })
    } catch (error) {
      // It has ended, or is about to.
      if (!isOciAnswer(error, 404) && !isOciAnswer(error, 409)) throw ociError(dataFlow, error)
    }
    mirror.hurry()
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#parts.mirror.close()
    this.#parts.watch.close()
    this.#parts.connection.close()
  }

  async #prepare(application: JobApplication) {
    const { key, displayName, applicationId, scripts, archive, cluster } = application
    const files = await this.#files.place(ownerOf(key), scripts, archive)
    const wanted = { key, displayName, applicationId, cluster, files, scriptPath: files.pathOf(scripts[0]!) }
    // Jobs that stand alone share an application, and bring everything themselves.
    return { applicationId: await this.#parts.applications.ensure(wanted), files }
  }

  #refuseWhenClosed(): void {
    if (this.#isClosed) throw new DhuoError('BACKEND_UNAVAILABLE', 'The server is stopping: it takes no more jobs.')
  }
}

const ownerOf = (key: string): string => `deployments/${createHash('sha256').update(key).digest('hex').slice(0, 32)}/`

const unknown = (jobId: string): JobStatus => ({
  jobId,
  state: 'FAILED',
  detail: 'The job is not known to OCI Data Flow: it was begun on another compute backend.',
})

/** @throws PRECONDITION_FAILED */
function requirePython(name: string): void {
  if (!/^[^/\\\0]{1,200}$/.test(name))
    throw new DhuoError('PRECONDITION_FAILED', 'The name of the script is empty, too long, or has a slash.')
  if (!name.endsWith('.py'))
    throw new DhuoError('PRECONDITION_FAILED', `"${name}" cannot be run on Data Flow: scripts are Python (.py).`)
}

/** What is refused stays refused; what is too much at this moment is tried again. */
function submissionError(error: unknown): unknown {
  if (isDhuoError(error)) return error
  const { code, message, details } = ociError(dataFlow, error)
  const isFull = ['LimitExceeded', 'QuotaExceeded'].includes(String(details?.['serviceCode'] ?? ''))
  const isRefused = isOciAnswer(error, 400) || isOciAnswer(error, 403) || isOciAnswer(error, 404)
  const meant = isFull ? 'RATE_LIMITED' : isRefused ? 'PRECONDITION_FAILED' : code
  return new DhuoError(meant, message, { cause: error, ...(details && { details }) })
}
