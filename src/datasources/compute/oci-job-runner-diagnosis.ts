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
import { dataFlowPolicies } from '../oci/oci-policies.js'
import { remedyOf } from '../oci/oci-remedy.js'
import { machinesOf } from './oci-applications.js'
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
    const policies = dataFlowPolicies(compartment, files.bucket, config.logsBucket)
    try {
      const client = connection.client(DataFlowClient, { service: dataFlow, address, attempts: () => 2 })
      const reached = await look(
        'reach, credentials and clock',
        async () => {
          const { items } = await ociCall(dataFlow, () => client.listApplications({ compartmentId: compartment, limit: 1 }))
          return `Data Flow answers; there ${items.length === 0 ? 'are no applications' : 'are applications'} in the compartment`
        },
        remedyOf(`${policies.runs}\nThe compartment and the region in DHUO_COMPUTE_URL may be wrong as well.`),
      )
      yield reached
      if (reached.level === 'fail') return
      yield await look(
        'list runs',
        async () => {
          await ociCall(dataFlow, () => client.listRuns({ compartmentId: compartment, limit: 1 }))
          return 'they can be followed'
        },
        remedyOf(policies.runs),
      )
      const storage = connection.client(ObjectStorageClient, {
        ...{ service: 'Object Storage', attempts: () => 2 },
        address: { ...address, endpoint: null },
      })
      yield* lookAtNamed(client, config, policies.runs)
      yield* lookAtFiles(new OciJobObjects(storage, files, ''), client, config, policies)
    } finally {
      connection.close()
    }
  }

/** What the settings name besides: a run that names something that is not there is refused. */
async function* lookAtNamed(client: DataFlowClient, { poolId, privateEndpointId }: DataFlowConfig, policy: string) {
  const usable = async (check: string, name: string, asked: Promise<{ displayName: string; lifecycleState: string }>) => {
    const { displayName, lifecycleState } = await ociCall(dataFlow, () => asked)
    return /^(DELETED|DELETING|FAILED)$/.test(lifecycleState)
      ? fail(check, `${displayName} is ${lifecycleState}.`, `Name another one in DHUO_COMPUTE_URL (${name}=…), or none.`)
      : `${displayName} is ${lifecycleState}`
  }
  if (poolId !== null)
    yield await look(
      'pool',
      () =>
        usable(
          'pool',
          'pool',
          client.getPool({ poolId }).then(({ pool }) => pool),
        ),
      remedyOf(`Name a pool of this region in DHUO_COMPUTE_URL (pool=…), or none; and ${policy}`),
    )
  if (privateEndpointId !== null)
    yield await look(
      'private endpoint',
      () =>
        usable(
          'private endpoint',
          'endpoint',
          client.getPrivateEndpoint({ privateEndpointId }).then(({ privateEndpoint }) => ({
            displayName: privateEndpoint.displayName ?? privateEndpointId,
            lifecycleState: privateEndpoint.lifecycleState,
          })),
        ),
      remedyOf(`Name a private endpoint of Data Flow in DHUO_COMPUTE_URL, or none; and ${policy}`),
    )
}

async function* lookAtFiles(
  objects: OciJobObjects,
  client: DataFlowClient,
  config: DataFlowConfig,
  policies: ReturnType<typeof dataFlowPolicies>,
) {
  const { bucket } = config.files
  const name = `doctor/${randomUUID()}.py`
  const written = await look(
    `write an object in ${bucket}`,
    async () => {
      await objects.putText(name, 'print("the doctor was here")')
      return 'it is stored'
    },
    remedyOf(`${policies.objects}\nThe bucket must be there: oci os bucket create --name ${bucket}`),
  )
  yield written
  if (written.level === 'fail') return
  yield await look(
    'make and delete an application',
    () => tryApplication(client, config, objects.uriOf(name)),
    remedyOf(policies.runs),
  )
  yield await look(
    'list, read and delete it',
    async () => {
      const wrong = (what: string) => fail('list, read and delete it', what, policies.objects)
      if (!(await objects.list('doctor/')).includes(name) || (await objects.get(name, 100)) === null)
        return wrong('It is not there.')
      await objects.remove(name)
      // Who may not delete it is told that it is not there.
      return (await objects.has(name)) ? wrong(`It may not be deleted, and stays: ${name}.`) : 'it was there, and is gone'
    },
    remedyOf(policies.objects),
  )
  yield await look(
    'pre-authenticated requests',
    async () => {
      const { id } = await objects.openDoor('doctor/', new Date(Date.now() + 60_000))
      await objects.shutDoor(id)
      return 'they can be made and deleted'
    },
    remedyOf(policies.buckets),
  )
}

/** Nothing runs, and nothing is paid for. https://docs.oracle.com/iaas/api/#/en/data-flow/20200129/Application/ */
async function tryApplication(client: DataFlowClient, config: DataFlowConfig, fileUri: string): Promise<string> {
  const { application } = await ociCall(dataFlow, () =>
    client.createApplication({
      createApplicationDetails: {
        ...{ compartmentId: config.compartment, displayName: 'dhuo-doctor', language: 'PYTHON' as never, fileUri },
        ...{ sparkVersion: config.sparkVersion, ...machinesOf(config, 'SMALL'), logsBucketUri: config.logsUri },
      },
      opcRetryToken: randomUUID(),
    }),
  )
  const applicationId = application.id
  await ociCall(dataFlow, () => client.deleteApplication({ applicationId }))
  return 'both go'
}
