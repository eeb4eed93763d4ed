import { chmod, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import type { OciStorageConfig } from '../../src/config/storage-config.js'
import { readConfig } from '../../src/config.js'
import { diagnoseOci } from '../../src/datasources/oci/oci-diagnosis.js'
import { openOciObjectStorage } from '../../src/datasources/storage/oci-object-storage.js'
import type { Finding } from '../../src/diagnosis/finding.js'
import { createLogger } from '../../src/logger.js'
import { createBucketIn } from '../oci/create-bucket-in.js'
import { FunctionsService } from '../oci/functions-service.js'
import { sessionToken } from '../oci/identity-service.js'
import { objectStorageService } from '../oci/object-storage-service.js'
import { type OciDouble, startOciDouble } from '../oci/oci-double.js'
import { settingsFor } from '../oci/oci-settings.js'
import { faults, findingsOf, onlyFault } from './examined.js'

let double: OciDouble
let functions: FunctionsService
const objects = objectStorageService()
beforeAll(async () => {
  functions = new FunctionsService({ url: () => double.url })
  double = await startOciDouble(functions, objects)
  await createBucketIn(double, 'handoff')
})
beforeEach(() => {
  double.faults.clear()
  double.clockSkewMs = 0
})
afterAll(() => double.close())

const settings = async (changes: Record<string, string> = {}, more: Record<string, string> = {}) => ({
  DHUO_HOME: '/nowhere/at/all',
  DHUO_FUNCTIONS_URL: `oci-functions://${functions.application}?image=${functions.image}&bucket=handoff`,
  DHUO_OCI_CONFIG_FILE: await double.writeConfigFile(changes),
  DHUO_OCI_ENDPOINT: double.url,
  DHUO_OCI_TIMEOUT_SECONDS: '2',
  ...more,
})
const forbid = (operation: string, status = 404, code = 'NotAuthorizedOrNotFound') =>
  double.faults.add({ operation, times: 20, refuse: { status, code } })

describe('the way to Oracle Cloud', () => {
  const look = async (changes?: Record<string, string>, more?: Record<string, string>) =>
    findingsOf(await settings(changes, more), 'Oracle Cloud')

  test('is well with a key that the service accepts', async () => {
    const found = await look()
    expect(faults(found)).toEqual([])
    expect(found.map(({ check }) => check)).toEqual([
      ...['mode of the file', 'mode of the key', 'fingerprint', 'credentials', 'reach', 'clock', 'signed call'],
    ])
    expect(found.at(-1)!.said).toContain('tenant')
  })

  test('a fingerprint that is not of the key is named, with the right one', async () => {
    const fingerprint = Array(16).fill('ab').join(':')
    const found = faults(await look({ fingerprint }))
    expect(found.map(({ check }) => check)).toEqual(['fingerprint', 'signed call'])
    expect(found[0]).toMatchObject({
      said: expect.stringContaining(`has ${double.fingerprint}`),
      remedy: expect.stringContaining(`fingerprint=${double.fingerprint}`),
    })
    expect(found[1]!.remedy).toMatch(/API key that the user still has/)
  })

  test('a key that the user has no more is named with the signed call alone', async () => {
    const key = double.publicKeys.get(double.keyId)!
    double.publicKeys.delete(double.keyId)
    const found = await look()
    double.publicKeys.set(double.keyId, key)
    expect(onlyFault(found)).toMatchObject({
      check: 'signed call',
      said: expect.stringContaining('key'),
      remedy: expect.stringContaining('console: My profile, API keys'),
    })
  })

  test('files that others can read, a profile that lacks something and a file that is not there are named', async () => {
    const open = await settings()
    await chmod(open.DHUO_OCI_CONFIG_FILE, 0o644)
    expect(onlyFault(await findingsOf(open, 'Oracle Cloud'))).toMatchObject({
      level: 'warn',
      remedy: `chmod 600 ${open.DHUO_OCI_CONFIG_FILE}`,
    })
    expect(onlyFault(await look({ tenancy: '' }))).toMatchObject({
      check: 'credentials',
      said: expect.stringContaining('lacks tenancy'),
    })
    expect(onlyFault(await look({}, { DHUO_OCI_CONFIG_FILE: '/nowhere/config' }))).toMatchObject({
      remedy: expect.stringContaining('oci setup config'),
    })
  })

  test('a clock that is ten minutes off is named, and that the signed call fails for it', async () => {
    double.clockSkewMs = 600_000
    const found = faults(await look())
    expect(found.map(({ check }) => check)).toEqual(['clock', 'signed call'])
    expect(found[0]).toMatchObject({
      said: expect.stringMatching(/10 min behind the remote.*5 min are allowed/),
      remedy: expect.stringContaining('set-ntp'),
    })
    expect(found[1]!.remedy).toBe('Set the clock first, as above.')
  })

  test('a session whose token has expired is named with how to get another', async () => {
    const token = join((await double.writeConfigFile()).replace(/config$/, ''), 'token')
    await writeFile(token, sessionToken(-3_600), { mode: 0o600 })
    const session = { DHUO_OCI_AUTH: 'session-token' }
    const found = faults(await look({ security_token_file: token }, session))
    expect(found[0]).toMatchObject({
      check: 'session token',
      said: 'It expired 60 min ago.',
      remedy: expect.stringMatching(/oci session refresh.*oci session authenticate/),
    })
    await writeFile(token, sessionToken(1_800), { mode: 0o600 })
    expect(await look({ security_token_file: token }, session)).toContainEqual(
      expect.objectContaining({ check: 'session token', level: 'ok', said: expect.stringContaining('30 min') }),
    )
  })

  test('an address that nobody answers at, and one that is silent, are named in time', async () => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }
    const oci = await settingsFor(double, { endpoint: `http://127.0.0.1:${port}` })
    const findings: Finding[] = []
    for await (const found of diagnoseOci(oci, 200)(new AbortController().signal)) findings.push(found)
    expect(onlyFault(findings)).toMatchObject({ check: 'reach', remedy: expect.stringContaining('egress') })
    server.close()
    expect(onlyFault(await look({}, { DHUO_OCI_ENDPOINT: `http://127.0.0.1:${port}` }))).toMatchObject({
      check: 'reach',
      said: expect.stringContaining('ECONNREFUSED'),
    })
  })
})

describe('OCI Object Storage', () => {
  const compartment = 'ocid1.compartment.oc1..double'
  const look = async (namespace = 'tenant') =>
    findingsOf(await settings({}, { DHUO_STORAGE_URL: `oci://${namespace}?compartment=${compartment}` }), 'object storage')
  beforeAll(async () => {
    const { storage } = readConfig({ DHUO_STORAGE_URL: `oci://tenant?compartment=${compartment}` })
    const opened = await openOciObjectStorage(storage as OciStorageConfig, await settingsFor(double), createLogger('silent'))
    await opened.createBucket('iris-raw', { project: 'iris', purpose: 'RAW' })
    await opened.close()
  })
  const bucket = () => objects.state.buckets.get('iris-raw')!

  test('is well, and nothing is left of what was tried', async () => {
    expect(faults(await look())).toEqual([])
    expect([bucket().objects.size, bucket().pars.size, bucket().uploads.size]).toEqual([0, 0, 0])
  })

  test('a namespace that is not the tenancy’s is named, with the right one', async () => {
    expect(onlyFault(await look('other'))).toMatchObject({ remedy: expect.stringContaining('oci://tenant') })
  })

  test.each([
    ['listBuckets', 'list buckets', 'manage buckets'],
    ['putObject', 'write an object in iris-raw', 'manage objects'],
    ['getObject', 'read it', 'manage objects'],
    ['createPreauthenticatedRequest', 'pre-authenticated requests', 'manage buckets'],
    ['deleteObject', 'delete a version', 'manage objects'],
  ])('a right to %s that is missing is named at "%s" with the policy', async (operation, check, policy) => {
    forbid(operation)
    expect(faults(await look())[0]).toMatchObject({
      check,
      level: 'fail',
      remedy: `Allow group <this server's group> to ${policy} in compartment id ${compartment}`,
    })
    double.faults.clear()
    bucket().objects.clear()
  })

  test.each([
    ['a key that the user has no more', () => void double.publicKeys.clear(), 'reach, credentials and clock', /DHUO_OCI_AUTH/],
    [
      'a clock that is off',
      () => void Object.assign(double, { clockSkewMs: 600_000 }),
      'reach, credentials and clock',
      /clock of this machine/,
    ],
    [
      'a region that is not that of the bucket',
      () => forbid('getNamespace', 403, 'NotAllowed'),
      'reach, credentials and clock',
      /Check the region/,
    ],
    ['a service that throttles', () => forbid('listBuckets', 429, 'TooManyRequests'), 'list buckets', /Look again in a moment/],
    ['a service that fails', () => forbid('putObject', 503, 'ServiceUnavailable'), 'write an object in iris-raw', /ocistatus/],
    [
      'a service that is silent',
      () => double.faults.add({ operation: 'listBuckets', times: 9, hang: 'before' }),
      'list buckets',
      /Let this machine reach/,
    ],
    ['a limit that is reached', () => forbid('putObject', 400, 'QuotaExceeded'), 'write an object in iris-raw', /Ask for more/],
    [
      'a bucket that went away',
      () => forbid('putObject', 404, 'BucketNotFound'),
      'write an object in iris-raw',
      /manage objects/,
    ],
  ])('%s is named as what it is, and no policy for it', async (_, strike, check, remedy) => {
    const keys = new Map(double.publicKeys)
    strike()
    const found = faults(await look())
    for (const [id, key] of keys) double.publicKeys.set(id, key)
    expect(found.map(({ check }) => check)).toEqual([check])
    expect(found[0]).toMatchObject({ level: 'fail', remedy: expect.stringMatching(remedy) })
    if (!/manage/.test(remedy.source)) expect(found[0]!.remedy).not.toContain('Allow ')
  })

  test('without direct transfer nobody asks for pre-authenticated requests', async () => {
    forbid('createPreauthenticatedRequest')
    const found = await findingsOf(
      await settings({}, { DHUO_STORAGE_URL: `oci://tenant?compartment=${compartment}&transfer=server` }),
      'object storage',
    )
    expect(faults(found)).toEqual([])
  })

  test('credentials that are not there, and rules that nobody set, are named', async () => {
    const url = { DHUO_STORAGE_URL: `oci://tenant?compartment=${compartment}`, DHUO_OCI_CONFIG_FILE: '/nowhere/config' }
    expect(onlyFault(await findingsOf(await settings({}, url), 'object storage'))).toMatchObject({ check: 'credentials' })
    bucket().lifecycle = null
    expect(onlyFault(await look())).toMatchObject({
      check: 'tidying up',
      level: 'warn',
      remedy: expect.stringContaining(
        `Allow service objectstorage-<region> to manage object-family in compartment id ${compartment}`,
      ),
    })
  })

  test('a bucket that does not keep versions, and one that nobody made yet, are warned of', async () => {
    bucket().versioning = 'Suspended'
    expect(faults(await look())).toContainEqual(
      expect.objectContaining({ level: 'warn', remedy: expect.stringContaining('--versioning Enabled') }),
    )
    objects.state.buckets.delete('iris-raw')
    expect(onlyFault(await look())).toMatchObject({ level: 'warn', check: 'objects' })
  })
})

describe('OCI Functions', () => {
  const look = async (more?: Record<string, string>) => findingsOf(await settings({}, more), 'functions')

  test('are well, and nothing is left of the handler that was tried', async () => {
    const found = await look()
    expect(faults(found)).toEqual([])
    expect(found.at(-1)).toMatchObject({ said: expect.stringMatching(/answered after/) })
    expect(functions.names).toEqual([])
    const bucket = objects.state.buckets.get('handoff')!
    expect([bucket.objects.size, bucket.pars.size]).toEqual([0, 0])
  })

  test.each([
    ['getApplication', 'application', /manage functions-family in compartment id/],
    ['listFunctions', 'list functions', /manage functions-family in compartment id ocid1\.compartment\.oc1\.\.double/],
    ['createFunction', 'make a function, ask it, delete it', /manage functions-family/],
    ['headBucket', 'bucket', /oci os bucket create --name handoff/],
    ['putObject', 'write and read an object', /manage objects .*target\.bucket\.name='handoff'/],
    ['createPreauthenticatedRequest', 'pre-authenticated request', /PAR_MANAGE/],
  ])('a right to %s that is missing is named at "%s" with the policy', async (operation, check, policy) => {
    forbid(operation, 404, operation === 'putObject' || operation.startsWith('createPre') ? 'BucketNotFound' : undefined)
    const found = faults(await look())
    expect(found[0]).toMatchObject({ check, level: 'fail', remedy: expect.stringMatching(policy) })
  })

  test.each([
    ['deleteObject', 'tidy up', /manage objects/],
    ['deleteFunction', 'make a function, ask it, delete it', /manage functions-family/],
  ])(
    'a right to %s that is missing is named too, though the service says that it is not there',
    async (operation, check, policy) => {
      forbid(operation)
      expect(faults(await look())).toContainEqual(expect.objectContaining({ check, remedy: expect.stringMatching(policy) }))
      objects.state.buckets.get('handoff')!.objects.clear()
      functions.functions.clear()
    },
  )

  test('an image that cannot be had is named, with how to build it', async () => {
    double.faults.add({ operation: 'invokeFunction', refuse: { status: 502, code: 'FunctionInvokeImageNotAvailable' } })
    expect(onlyFault(await look())).toMatchObject({ remedy: expect.stringMatching(/Build and push the image.*read repos/s) })
    expect(functions.names).toEqual([])
  })

  test('a function that builds archives is looked at where one is set', async () => {
    const id = functions.add({ displayName: 'archive', image: functions.archiveImage, detachedModeTimeoutInSeconds: 1800 })
    const archive = async (more: string) => findingsOf(await settings({}, { DHUO_ARCHIVE_FUNCTION: more }), 'archives')
    expect(faults(await archive(`${id}?bucket=handoff`))).toEqual([])
    const short = functions.add({ displayName: 'short', image: functions.archiveImage })
    expect(onlyFault(await archive(`${short}?bucket=handoff`))).toMatchObject({
      level: 'warn',
      remedy: expect.stringContaining('--detached-mode-timeout-in-seconds'),
    })
    expect(onlyFault(await archive(`${id}x?bucket=handoff`))).toMatchObject({
      check: 'function',
      remedy: expect.stringContaining('use functions-family'),
    })
    expect(onlyFault(await archive(`${id}?bucket=nowhere`))).toMatchObject({ check: 'bucket' })
  })
})
