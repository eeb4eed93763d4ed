// Keeps one Data Flow application for each deployment, as the deployment is now.
import { createHash } from 'node:crypto'
import type { DataFlowClient, models } from 'oci-dataflow'
import type { DataFlowConfig, MachineShape } from '../../config/data-flow-url.js'
import { DhuoError } from '../../errors.js'
import { isOciAnswer, ociCall } from '../oci/oci-errors.js'
import type { ClusterSize } from './job-runner.js'
import type { PlacedFiles } from './oci-job-files.js'
import { dataFlow } from './oci-run-mirror.js'

export interface WantedApplication {
  key: string
  displayName: string
  applicationId: string | null
  cluster: ClusterSize
  files: PlacedFiles
  /** Of the script that a run without parameters of its own begins. */
  scriptPath: string
}

const keyTag = 'dhuo-deployment'
/** Of what it was last made from: what the service adds by itself is no change. */
const digestTag = 'dhuo-digest'
const gone = ['DELETED', 'DELETING']
const attempts = 4

type Details = Omit<models.CreateApplicationDetails, 'compartmentId' | 'freeformTags'>

/** https://docs.oracle.com/iaas/api/#/en/data-flow/20200129/Application/ */
export class OciApplications {
  /** As they were made or found by this process, by their keys. */
  readonly #known = new Map<string, { id: string; digest: string }>()

  constructor(
    private readonly client: DataFlowClient,
    private readonly config: DataFlowConfig,
  ) {}

  /** Idempotent. Runs that were begun are not touched. @returns its id */
  async ensure(wanted: WantedApplication): Promise<string> {
    const details = this.#detailsOf(wanted)
    const digest = createHash('sha256').update(JSON.stringify(details)).digest('hex')
    const known = this.#known.get(wanted.key)
    if (known?.digest === digest) return known.id
    const id = await ociCall(dataFlow, () => this.#ensure(wanted, details, digest))
    this.#known.set(wanted.key, { id, digest })
    return id
  }

  /** The service does not know it any more. */
  forget(key: string): void {
    this.#known.delete(key)
  }

  /** Idempotent; deletes nothing that was not made for this key. */
  async remove(key: string, id: string): Promise<void> {
    this.forget(key)
    await ociCall(dataFlow, async () => {
      try {
        const { application, etag } = await this.client.getApplication({ applicationId: id })
        if (gone.includes(application.lifecycleState) || application.freeformTags?.[keyTag] !== key) return
        await this.client.deleteApplication({ applicationId: id, ifMatch: etag })
      } catch (error) {
        if (!isOciAnswer(error, 404)) throw error
      }
    })
  }

  async #ensure(wanted: WantedApplication, details: Details, digest: string): Promise<string> {
    const freeformTags = { [keyTag]: wanted.key, [digestTag]: digest }
    for (let attempt = 1; ; attempt++) {
      const found = await this.#find(wanted)
      if (!found) {
        const id = await this.#create({ ...details, compartmentId: this.config.compartment, freeformTags }, wanted.key)
        if (id !== null) return id
      } else if (found.application.freeformTags?.[digestTag] === digest) return found.application.id
      else {
        try {
          const { application, etag } = found
          const tags = { ...application.freeformTags, ...freeformTags }
          await this.client.updateApplication({
            applicationId: application.id,
            ifMatch: etag,
            updateApplicationDetails: { ...details, freeformTags: tags },
          })
          return application.id
        } catch (error) {
          // Another server was at it, or an update whose answer was lost has come through.
          if (!isOciAnswer(error, 412) || attempt === attempts) throw error
        }
      }
      if (attempt === attempts)
        throw new DhuoError('BACKEND_UNAVAILABLE', 'OCI Data Flow shows no application that it has made: try again in a moment.')
    }
  }

  async #find({ key, displayName, applicationId }: WantedApplication) {
    const id = this.#known.get(key)?.id ?? applicationId ?? (await this.#search(key, displayName))
    if (id === null) return null
    try {
      const found = await this.client.getApplication({ applicationId: id })
      if (!gone.includes(found.application.lifecycleState)) return found
    } catch (error) {
      if (!isOciAnswer(error, 404)) throw error
    }
    this.forget(key)
    // The one that was known is gone; it may have been made again under the same name.
    const other = await this.#search(key, displayName)
    return other === null || other === id ? null : this.client.getApplication({ applicationId: other })
  }

  async #search(key: string, displayName: string): Promise<string | null> {
    const { compartment } = this.config
    // The SDK does not encode what stands in the query.
    const request = { compartmentId: compartment, displayName: encodeURIComponent(displayName), limit: 100 }
    for (let page: string | undefined; ; ) {
      const { items, opcNextPage } = await this.client.listApplications({
        ...request,
        ...(page && { page: encodeURIComponent(page) }),
      })
      const found = items.find(
        ({ freeformTags, lifecycleState }) => freeformTags?.[keyTag] === key && !gone.includes(lifecycleState),
      )
      if (found) return found.id
      if (!opcNextPage) return null
      page = opcNextPage
    }
  }

  /** Null when the service says that the same was asked for with other details before: somebody else was quicker. */
  async #create(details: models.CreateApplicationDetails, key: string): Promise<string | null> {
    const token = (more: string): string => createHash('sha256').update(`${key}/${more}`).digest('hex')
    try {
      for (const more of ['', String(Date.now())]) {
        const { application } = await this.client.createApplication({
          createApplicationDetails: details,
          opcRetryToken: token(more),
        })
        // The token was used before, for one that was deleted since.
        if (!gone.includes(application.lifecycleState)) return application.id
      }
    } catch (error) {
      if (!isOciAnswer(error, 409, 'InvalidatedRetryToken')) throw error
    }
    return null
  }

  #detailsOf({ displayName, cluster, files, scriptPath }: WantedApplication): Details {
    const { sparkVersion, logsUri, poolId, privateEndpointId } = this.config
    return {
      displayName,
      language: 'PYTHON' as never,
      sparkVersion,
      ...machinesOf(this.config, cluster),
      fileUri: files.launcherUri,
      archiveUri: files.archiveUri,
      // What a run brings itself. Without: the first script of the deployment, without arguments.
      // biome-ignore lint/suspicious/noTemplateCurlyInString: Data Flow's own placeholders
      arguments: ['${script}', '${arguments}'],
      parameters: [
        { name: 'script', value: scriptPath },
        { name: 'arguments', value: 'none' },
      ],
      configuration: sparkOf(this.config),
      logsBucketUri: logsUri,
      ...(poolId !== null && { poolId }),
      ...(privateEndpointId !== null && { privateEndpointId }),
    }
  }
}

export function machinesOf({ sizes }: DataFlowConfig, cluster: ClusterSize) {
  const { driver, executor, executors } = sizes[cluster]
  const of = (which: 'driver' | 'executor', { name, flex }: MachineShape) => ({
    [`${which}Shape`]: name,
    ...(flex && { [`${which}ShapeConfig`]: flex }),
  })
  return { ...of('driver', driver), ...of('executor', executor), numExecutors: executors } as Pick<
    models.CreateApplicationDetails,
    'driverShape' | 'driverShapeConfig' | 'executorShape' | 'executorShapeConfig' | 'numExecutors'
  >
}

/** Without it a run is refused when there are no machines for it at this moment. */
export const sparkOf = ({ spark }: DataFlowConfig): Record<string, string> => ({
  'spark.dataflow.acquireQuotaTimeout': '1h',
  ...spark,
})
