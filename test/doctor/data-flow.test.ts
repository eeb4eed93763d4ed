import { compartment, computeUrl, type DataFlowDouble, filesBucket, startDataFlowDouble } from '../oci/data-flow-double.js'
import { faults, findingsOf } from './examined.js'

let double: DataFlowDouble
beforeAll(async () => {
  double = await startDataFlowDouble()
})
afterEach(() => double.oci.faults.clear())
afterAll(() => double.close())

const look = async (url = computeUrl) =>
  findingsOf(
    {
      DHUO_HOME: '/nowhere/at/all',
      DHUO_COMPUTE_URL: url,
      DHUO_OCI_ENDPOINT: double.oci.url,
      DHUO_OCI_TIMEOUT_SECONDS: '2',
      DHUO_OCI_CONFIG_FILE: await double.oci.writeConfigFile(),
    },
    'compute',
  )
const bucket = () => double.storage.state.buckets.get(filesBucket)!

describe('OCI Data Flow', () => {
  test('is well, nothing has run, and nothing is left of what was tried', async () => {
    expect(faults(await look())).toEqual([])
    expect(double.dataFlow.runs.size).toBe(0)
    expect([...double.dataFlow.applications.values()].map(({ lifecycleState }) => lifecycleState)).toEqual(['DELETED'])
    expect([bucket().objects.size, bucket().pars.size]).toEqual([0, 0])
  })

  test.each([
    ['listApplications', 'reach, credentials and clock', `manage dataflow-family in compartment id ${compartment}`],
    ['listRuns', 'list runs', 'manage dataflow-family'],
    ['createApplication', 'make and delete an application', 'manage dataflow-family'],
    ['deleteApplication', 'make and delete an application', 'manage dataflow-family'],
    [
      'putObject',
      `write an object in ${filesBucket}`,
      `manage objects in compartment id <that of the bucket> where target.bucket.name='${filesBucket}'`,
    ],
    ['getObject', 'list, read and delete it', 'manage objects'],
    ['deleteObject', 'list, read and delete it', 'manage objects'],
    ['createPreauthenticatedRequest', 'pre-authenticated requests', 'manage buckets'],
  ])('a right to %s that is missing is named at "%s" with the policy', async (operation, check, policy) => {
    double.oci.faults.add({ operation, times: 20, refuse: { status: 404, code: 'NotAuthorizedOrNotFound' } })
    expect(faults(await look())[0]).toMatchObject({ check, level: 'fail', remedy: expect.stringContaining(policy) })
    bucket().objects.clear()
  })

  test.each([
    ['throttles', { refuse: { status: 429, code: 'TooManyRequests' } }, /Look again in a moment/],
    ['fails', { refuse: { status: 503, code: 'ServiceUnavailable' } }, /ocistatus/],
    ['is silent', { hang: 'before' as const }, /Let this machine reach/],
    ['has no room for more', { refuse: { status: 400, code: 'LimitExceeded' } }, /Ask for more/],
  ])('a service that %s is named as that, and no policy for it', async (_, fault, remedy) => {
    double.oci.faults.add({ operation: 'createApplication', times: 20, ...fault })
    const [found] = faults(await look())
    expect(found).toMatchObject({ check: 'make and delete an application', remedy: expect.stringMatching(remedy) })
    expect(found!.remedy).not.toContain('Allow ')
  })

  test('a wrong key and a wrong clock are named', async () => {
    double.oci.clockSkewMs = 600_000
    expect(faults(await look())).toEqual([
      expect.objectContaining({
        said: expect.stringContaining('clock of this machine'),
        remedy: expect.stringContaining('clock'),
      }),
    ])
    double.oci.clockSkewMs = 0
    const keys = new Map(double.oci.publicKeys)
    double.oci.publicKeys.clear()
    expect(faults(await look())).toEqual([expect.objectContaining({ remedy: expect.stringContaining('DHUO_OCI_AUTH') })])
    for (const [id, key] of keys) double.oci.publicKeys.set(id, key)
  })

  test('a bucket, a pool and a private endpoint that are not there are named', async () => {
    const found = async (url: string) => faults(await look(url)).map(({ check }) => check)
    expect(await found(computeUrl.replace(filesBucket, 'nowhere'))).toEqual(['write an object in nowhere'])
    expect(await found(`${computeUrl}&pool=ocid1.dataflowpool.oc1..none`)).toEqual(['pool'])
    expect(await found(`${computeUrl}&privateEndpoint=ocid1.dataflowprivateendpoint.oc1..none`)).toEqual(['private endpoint'])
  })
})
