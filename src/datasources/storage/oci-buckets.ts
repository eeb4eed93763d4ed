// Buckets of OCI as this server makes them: in one compartment, tagged, with versions, and tidied by the service itself.
import type { ObjectStorageClient } from 'oci-objectstorage'
import { badInput, DhuoError, isDhuoError, notFound } from '../../errors.js'
import type { Logger } from '../../logger.js'
import { isOciAnswer, ociCall, ociError } from '../oci/oci-errors.js'
import { storagePolicies } from '../oci/oci-policies.js'
import type { BucketLabels } from './object-storage.js'
import { uploadsPrefix } from './oci-object-names.js'
import { service } from './oci-objects.js'

interface OciBucketsOptions {
  client: ObjectStorageClient
  namespace: string
  compartment: string
  log: Logger
}

/** Of a bucket's freeform tags: that this server made it, and for what. */
export const tags = { project: 'dhuo-project', purpose: 'dhuo-purpose' } as const

const namePattern = /^[a-z0-9][a-z0-9._-]{0,254}$/

export class OciBuckets {
  readonly #options: OciBucketsOptions

  constructor(options: OciBucketsOptions) {
    this.#options = options
  }

  /** One call that needs what the server needs: the namespace, the compartment, and to see the buckets in it. */
  async ping(): Promise<void> {
    const { client, namespace, compartment } = this.#options
    await ociCall(service, () =>
      client.listBuckets({ namespaceName: namespace, compartmentId: encodeURIComponent(compartment), limit: 1 }),
    )
  }

  /** @throws CONFLICT the name is that of a bucket which this server did not make for the same project and purpose */
  async create(name: string, labels: BucketLabels): Promise<void> {
    if (!namePattern.test(name)) throw badInput('bucket', `A bucket's name must match ${namePattern.source}.`)
    const { client, namespace, compartment } = this.#options
    const freeformTags = { [tags.project]: labels.project, [tags.purpose]: labels.purpose }
    try {
      const createBucketDetails = { name, compartmentId: compartment, freeformTags, versioning: 'Enabled' as never }
      await client.createBucket({ namespaceName: namespace, createBucketDetails })
    } catch (error) {
      if (!isOciAnswer(error, 409, 'BucketAlreadyExists')) throw ociError(service, error)
      await this.#requireOurs(name, freeformTags)
    }
    await this.#tidyByItself(name)
  }

  /** @throws NOT_FOUND, CONFLICT (`field: bucket`) */
  async adopt(name: string, { project }: BucketLabels): Promise<void> {
    if (!/^[\w.-]{1,256}$/.test(name)) throw notFound(`The bucket ${name} of OCI`, 'bucket')
    const { client, namespace } = this.#options
    const { bucket } = await ociCall(service, () => client.getBucket({ namespaceName: namespace, bucketName: name })).catch(
      (error) => {
        throw isDhuoError(error) && error.code === 'NOT_FOUND' ? notFound(`The bucket ${name} of OCI`, 'bucket') : error
      },
    )
    const owner = bucket.freeformTags?.[tags.project]
    if (owner !== undefined && owner !== project)
      throw new DhuoError('CONFLICT', `The bucket "${name}" of OCI was made for the project "${owner}".`, { field: 'bucket' })
    if (bucket.versioning !== 'Enabled') await this.#keepVersions(name)
  }

  /** The name is taken in the whole namespace: perhaps by this server, which did not come to say so, perhaps by somebody else. */
  async #requireOurs(name: string, wanted: Record<string, string>): Promise<void> {
    const { client, namespace, compartment } = this.#options
    const taken = (why: string) => new DhuoError('CONFLICT', `OCI has a bucket "${name}" already, ${why}.`, { field: 'bucket' })
    let bucket: Awaited<ReturnType<ObjectStorageClient['getBucket']>>['bucket']
    try {
      bucket = (await client.getBucket({ namespaceName: namespace, bucketName: name })).bucket
    } catch (error) {
      throw isOciAnswer(error, 404) ? taken('which this server may not see') : ociError(service, error)
    }
    if (bucket.compartmentId !== compartment) throw taken('in another compartment')
    const has = bucket.freeformTags ?? {}
    if (Object.entries(wanted).some(([tag, value]) => has[tag] !== value)) throw taken('which was not made for this')
    if (bucket.versioning !== 'Enabled') await this.#keepVersions(name)
  }

  async #keepVersions(bucketName: string): Promise<void> {
    const { client, namespace } = this.#options
    const updateBucketDetails = { versioning: 'Enabled' as never }
    await ociCall(service, () => client.updateBucket({ namespaceName: namespace, bucketName, updateBucketDetails }))
  }

  /**
   * What uploads leave behind, and uploads that nobody ends, cost until they are gone. The service needs a policy of its own for
   * this: without one everything works, and somebody has to tidy up.
   * https://docs.oracle.com/iaas/Content/Object/Tasks/usinglifecyclepolicies.htm
   */
  async #tidyByItself(bucketName: string): Promise<void> {
    const { client, namespace, compartment, log } = this.#options
    const rule = (name: string, target: string, action: string, timeAmount: number) => ({
      ...{ name, target, action, timeAmount, timeUnit: 'DAYS' as never, isEnabled: true },
      ...(target !== 'multipart-uploads' && { objectNameFilter: { inclusionPrefixes: [uploadsPrefix] } }),
    })
    const items = [
      rule('dhuo-unfinished-uploads', 'multipart-uploads', 'ABORT', 30),
      rule('dhuo-finished-uploads', 'objects', 'DELETE', 30),
      rule('dhuo-old-states', 'previous-object-versions', 'DELETE', 1),
    ]
    try {
      await client.putObjectLifecyclePolicy({ namespaceName: namespace, bucketName, putObjectLifecyclePolicyDetails: { items } })
    } catch (error) {
      log.warn(
        { err: ociError(service, error), bucket: bucketName },
        `the bucket does not tidy up after uploads; where a policy is missing: ${storagePolicies(compartment).tidying}`,
      )
    }
  }
}
