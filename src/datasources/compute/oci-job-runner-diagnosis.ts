// Looks at OCI Data Flow: the credentials, the compartment, and the bucket of files with every permission that is needed there.
import { randomUUID } from 'node:crypto'
import { DataFlowClient } from 'oci-dataflow'
import { ObjectStorageClient } from 'oci-objectstorage'
import type { DataFlowConfig } from '../../config/data-flow-url.js'
import type { OciConfig } from '../../config/oci-config.js'
import { type Diagnosis, fail, look } from '../../diagnosis/finding.js'
import { createLogger } from '../../logger.js'
import { type OciConnection, openOciConnection } from '../oci/oci-connection.js'
import { ociCall } from '../oci/oci-errors.js'
import { OciJobObjects } from './oci-job-objects.js'
import { dataFlow } from './oci-run-mirror.js'

export const diagnoseOciJobRunner = (config: DataFlowConfig, oci: OciConfig): Diagnosis =>
  async function* () {
    let connection: OciConnection
    try {
      connection = await openOciConnection(oci, createLogger('silent'))
    } catch (error) {
      yield fail('credentials', (error as Error).message, 'Set DHUO_OCI_AUTH and the settings beside it.')
      return
    }
    const { compartment, address, files } = config
    const policy = (verb: string, what: string, more = ''): string =>
      `Allow group <this server's group> to ${verb} ${what} in compartment id ${compartment}${more}`
    const ofBucket = (what: string): string => policy('manage', what, ` where target.bucket.name='${files.bucket}'`)
    try {
      const client = connection.client(DataFlowClient, { service: dataFlow, address, attempts: () => 2 })
      const reached = await look(
        'reach, credentials and clock',
        async () => {
          const { items } = await ociCall(dataFlow, () => client.listApplications({ compartmentId: compartment, limit: 1 }))
          return `Data Flow answers; there ${items.length === 0 ? 'are no applications' : 'are applications'} in the compartment`
        },
        () =>
          `${policy('manage', 'dataflow-family')}. Check DHUO_OCI_AUTH with the settings beside it, the region and the clock.`,
      )
      yield reached
      if (reached.level === 'fail') return
      yield await look(
        'list runs',
        async () => {
          await ociCall(dataFlow, () => client.listRuns({ compartmentId: compartment, limit: 1 }))
          return 'they can be followed'
        },
        () => policy('manage', 'dataflow-family'),
      )
      const storage = connection.client(ObjectStorageClient, {
        ...{ service: 'Object Storage', attempts: () => 2 },
        address: { ...address, endpoint: null },
      })
      yield* lookAtFiles(new OciJobObjects(storage, files, ''), ofBucket, files.bucket)
    } finally {
      connection.close()
    }
  }

async function* lookAtFiles(objects: OciJobObjects, policy: (what: string) => string, bucket: string) {
  const name = `doctor/${randomUUID()}`
  const written = await look(
    `write an object in ${bucket}`,
    async () => {
      await objects.putText(name, '?')
      return 'it is stored'
    },
    () => `${policy('objects')}; the bucket must be there: oci os bucket create --name ${bucket}`,
  )
  yield written
  if (written.level === 'fail') return
  yield await look(
    'list, read and delete it',
    async () => {
      if (!(await objects.list('doctor/')).includes(name) || (await objects.get(name, 10)) === null)
        return fail('list, read and delete it', 'It is not there.', policy('objects'))
      await objects.remove(name)
      return 'it was there, and is gone'
    },
    () => policy('objects'),
  )
  yield await look(
    'pre-authenticated requests',
    async () => {
      const { id } = await objects.openDoor('doctor/', new Date(Date.now() + 60_000))
      await objects.shutDoor(id)
      return 'they can be made and deleted'
    },
    () => policy('buckets'),
  )
}
