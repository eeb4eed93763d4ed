// Makes a bucket in the double, as an administrator would.
import { ObjectStorageClient } from 'oci-objectstorage'
import { openOciConnection } from '../../src/datasources/oci/oci-connection.js'
import { createLogger } from '../../src/logger.js'
import type { OciDouble } from './oci-double.js'
import { settingsFor } from './oci-settings.js'

/** In the namespace of the double. */
export async function createBucketIn(double: OciDouble, name: string, versioning?: 'Enabled'): Promise<void> {
  const connection = await openOciConnection(await settingsFor(double), createLogger('silent'))
  const client = connection.client(ObjectStorageClient, { service: 'Object Storage' })
  const { value: namespaceName } = await client.getNamespace({})
  const compartmentId = 'ocid1.compartment.oc1..double'
  const createBucketDetails = { name, compartmentId, ...(versioning && { versioning: versioning as never }) }
  await client.createBucket({ namespaceName, createBucketDetails })
  connection.close()
}
