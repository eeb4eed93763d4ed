// Looks at OCI Object Storage: the credentials, the clock, the namespace, and every permission that the server needs there.
import { randomUUID } from 'node:crypto'
import { ObjectStorageClient } from 'oci-objectstorage'
import type { OciConfig } from '../../config/oci-config.js'
import type { OciStorageConfig } from '../../config/storage-config.js'
import { type Diagnosis, fail, look, warn } from '../../diagnosis/finding.js'
import { createLogger } from '../../logger.js'
import { openOciConnection } from '../oci/oci-connection.js'
import { isOciAnswer, ociCall } from '../oci/oci-errors.js'
import { storagePolicies } from '../oci/oci-policies.js'
import { remedyOf } from '../oci/oci-remedy.js'
import { tags } from './oci-buckets.js'
import { uploadsPrefix } from './oci-object-names.js'
import { OciObjects, service } from './oci-objects.js'

/** It needs a bucket of ours to look at objects: where there is none yet, that is said. */
export const diagnoseOciObjectStorage = (config: OciStorageConfig, oci: OciConfig): Diagnosis =>
  async function* () {
    const log = createLogger('silent')
    const { namespace, compartment } = config
    const policies = storagePolicies(compartment)
    let connection: Awaited<ReturnType<typeof openOciConnection>>
    try {
      connection = await openOciConnection(oci, log)
    } catch (error) {
      yield fail('credentials', (error as Error).message, 'Set DHUO_OCI_AUTH and the settings beside it.')
      return
    }
    try {
      const client = connection.client(ObjectStorageClient, { service, address: config.address, attempts: () => 2 })
      const reached = await look(
        'reach, credentials and clock',
        async () => {
          const { value } = await ociCall(service, () => client.getNamespace({}))
          if (value === namespace) return `Object Storage answers; the namespace of the tenancy is ${value}`
          return fail(
            'namespace',
            `The tenancy's namespace is ${value}, not ${namespace}.`,
            `Set DHUO_STORAGE_URL=oci://${value}?…`,
          )
        },
        remedyOf('Check the region, and the namespace in DHUO_STORAGE_URL.'),
      )
      yield reached
      if (reached.level === 'fail') return

      let bucket: string | null = null
      const listed = await look(
        'list buckets',
        async () => {
          const request = { namespaceName: namespace, compartmentId: encodeURIComponent(compartment), fields: ['tags'] as never }
          const { items } = await ociCall(service, () => client.listBuckets(request))
          bucket = items.find(({ freeformTags }) => freeformTags?.[tags.project])?.name ?? null
          return `${items.length} in the compartment`
        },
        remedyOf(policies.buckets),
      )
      yield listed
      if (listed.level === 'fail') return
      if (bucket === null) {
        yield warn(
          'objects',
          'No bucket was made by this server yet: what it may do with objects shows with the first.',
          policies.objects,
        )
        return
      }
      yield* lookAtObjects({ client, namespace, bucket, directTransfer: config.directTransfer, policies })
    } finally {
      connection.close()
    }
  }

interface Place {
  client: ObjectStorageClient
  namespace: string
  bucket: string
  directTransfer: boolean
  policies: ReturnType<typeof storagePolicies>
}

async function* lookAtObjects({ client, namespace, bucket, directTransfer, policies }: Place) {
  const objects = new OciObjects(client, namespace)
  const name = `${uploadsPrefix}doctor-${randomUUID()}`
  const mend = remedyOf(policies.objects)
  let versionId: string | undefined
  const written = await look(
    `write an object in ${bucket}`,
    async () => {
      versionId = (await objects.put(bucket, name, Buffer.from('?'), { ifNew: true }))?.versionId ?? undefined
      return 'it is stored'
    },
    mend,
  )
  yield written
  if (written.level === 'fail') return
  yield await look(
    'read it',
    async () => {
      const found = await objects.get(bucket, name)
      found?.body.resume()
      return found ? 'it is there' : fail('read it', 'It is not there.', policies.objects)
    },
    mend,
  )
  if (directTransfer)
    yield await look('pre-authenticated requests', () => tryRequest(client, namespace, bucket, name), remedyOf(policies.buckets))
  yield await look(
    'delete a version',
    async () => {
      // Who may not delete it is told that it is not there.
      if (await objects.remove(bucket, name, { versionId })) return 'it is gone'
      return fail('delete a version', `It may not be deleted, and stays: ${name}.`, policies.objects)
    },
    mend,
  )
  yield await lookAtBucket(client, namespace, bucket, policies)
}

async function tryRequest(
  client: ObjectStorageClient,
  namespaceName: string,
  bucketName: string,
  objectName: string,
): Promise<string> {
  const details = {
    name: 'dhuo-doctor',
    objectName,
    accessType: 'ObjectRead' as never,
    timeExpires: new Date(Date.now() + 60_000),
  }
  const { preauthenticatedRequest } = await ociCall(service, () =>
    client.createPreauthenticatedRequest({ namespaceName, bucketName, createPreauthenticatedRequestDetails: details }),
  )
  await ociCall(service, () =>
    client.deletePreauthenticatedRequest({ namespaceName, bucketName, parId: preauthenticatedRequest.id }),
  )
  return 'they can be made and deleted'
}

const lookAtBucket = (
  client: ObjectStorageClient,
  namespaceName: string,
  bucketName: string,
  policies: ReturnType<typeof storagePolicies>,
) =>
  look(
    'how the bucket is kept',
    async () => {
      const { bucket } = await ociCall(service, () => client.getBucket({ namespaceName, bucketName }))
      if (bucket.versioning !== 'Enabled')
        return warn(
          'versions',
          `${bucketName} does not keep versions: what datasets and models refer to may be overwritten.`,
          `oci os bucket update --name ${bucketName} --versioning Enabled`,
        )
      const hasRules = await client.getObjectLifecyclePolicy({ namespaceName, bucketName }).then(
        () => true,
        (error: unknown) => !isOciAnswer(error, 404),
      )
      if (hasRules) return 'it keeps versions, and tidies up after uploads'
      return warn(
        'tidying up',
        `${bucketName} does not tidy up after uploads that nobody ended.`,
        `${policies.tidying}\nThe next bucket then gets the rules.`,
      )
    },
    remedyOf(policies.buckets),
  )
