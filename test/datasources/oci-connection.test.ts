import { generateKeyPairSync } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { ObjectStorageClient } from 'oci-objectstorage'
import type { OciConfig } from '../../src/config/oci-config.js'
import { OciBreaker } from '../../src/datasources/oci/oci-breaker.js'
import { type OciConnection, openOciConnection } from '../../src/datasources/oci/oci-connection.js'
import { ociCall, ociFailureOf } from '../../src/datasources/oci/oci-errors.js'
import { createLogger } from '../../src/logger.js'
import { identityService, sessionToken } from '../oci/identity-service.js'
import { type OciDouble, startOciDouble } from '../oci/oci-double.js'
import type { OciService } from '../oci/oci-service.js'
import { settingsFor } from '../oci/oci-settings.js'

/** Enough of a service to call it. */
const little: OciService = {
  routes: [
    { operation: 'getNamespace', method: 'GET', path: '/n', handle: () => ({ json: 'ns' }) },
    {
      operation: 'createBucket',
      method: 'POST',
      path: '/n/{namespace}/b',
      handle: ({ json }) => ({ json: { name: json.name } }),
    },
    {
      operation: 'putObject',
      method: 'PUT',
      path: '/n/{namespace}/b/{bucket}/o/{object}',
      unsigned: 'body',
      async handle({ stream }) {
        let size = 0
        for await (const part of stream) size += (part as Buffer).length
        return { headers: { etag: `size-${size}` } }
      },
    },
    {
      operation: 'getObject',
      method: 'GET',
      path: '/n/{namespace}/b/{bucket}/o/{object}',
      handle: () => ({
        headers: { 'content-length': 1_000_000 },
        bytes: Readable.from([Buffer.alloc(500_000), Buffer.alloc(500_000)]),
      }),
    },
  ],
}

let double: OciDouble
const identity = identityService(() => double)
const open: OciConnection[] = []
let lines: Record<string, unknown>[] = []
const log = createLogger('debug', { write: (line) => void lines.push(JSON.parse(line)) })

beforeAll(async () => {
  double = await startOciDouble(little, identity)
})
beforeEach(() => {
  lines = []
  double.faults.clear()
  double.requests.length = 0
  double.clockSkewMs = 0
})
afterEach(() => {
  for (const connection of open.splice(0)) connection.close()
})
afterAll(() => double.close())

const connect = async (more: Partial<OciConfig> = {}): Promise<OciConnection> => {
  const metadata = { metadataUrl: `${double.url}/opc/v2/`, federationEndpoint: double.url }
  const connection = await openOciConnection(await settingsFor(double, more), log, metadata)
  open.push(connection)
  return connection
}
const clientOf = (connection: OciConnection, attempts?: number): ObjectStorageClient =>
  connection.client(ObjectStorageClient, { service: 'Object Storage', ...(attempts && { attempts: () => attempts }) })
const client = async (more: Partial<OciConfig> = {}, attempts?: number): Promise<ObjectStorageClient> =>
  clientOf(await connect(more), attempts)

const createBucket = (storage: ObjectStorageClient) =>
  storage.createBucket({ namespaceName: 'ns', createBucketDetails: { name: 'b', compartmentId: 'ocid1.compartment.oc1..a' } })
const put = (storage: ObjectStorageClient, body: Readable, contentLength: number) =>
  storage.putObject({ namespaceName: 'ns', bucketName: 'b', objectName: 'o', putObjectBody: body, contentLength })
const get = (storage: ObjectStorageClient) => storage.getObject({ namespaceName: 'ns', bucketName: 'b', objectName: 'o' })
const failureOf = (work: Promise<unknown>) => work.then(() => null, ociFailureOf)

describe('who this server is', () => {
  test('a configuration file with an API key', async () => {
    expect((await (await client()).getNamespace({})).value).toBe('ns')
    expect((await connect()).regionId).toBe('sa-saopaulo-1')
    expect((await connect({ region: 'sa-vinhedo-1' })).regionId).toBe('sa-vinhedo-1')
  })

  test('another key than the one of the fingerprint is refused, and the error says what to look at', async () => {
    const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' })
    const file = await double.writeConfigFile()
    await writeFile(join(file, '..', 'key.pem'), other)
    const storage = await client({ configFile: file })
    await expect(ociCall('Object Storage', () => storage.getNamespace({}))).rejects.toMatchObject({
      code: 'BACKEND_UNAVAILABLE',
      message: expect.stringMatching(/credentials.*DHUO_OCI_AUTH.*fingerprint/),
    })
    expect(double.calls('getNamespace')).toBe(1)
  })

  test.each([
    ['no such file', { configFile: '/nowhere/config' }, /DHUO_OCI_CONFIG_FILE cannot be read/],
    ['no such profile', { profile: 'OTHER' }, /No profile named OTHER/],
    ['a file without a session', { authentication: 'session-token' } as const, /oci session authenticate/],
    ['no variables', { authentication: 'resource-principal' } as const, /OCI_RESOURCE_PRINCIPAL_VERSION/],
  ])('what cannot be opened is said at once: %s', async (_, more, message) => {
    await expect(connect(more)).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE', message: expect.stringMatching(message) })
  })

  test('a profile that lacks something names it', async () => {
    const configFile = await double.writeConfigFile({ fingerprint: '', user: '' })
    await expect(connect({ configFile })).rejects.toMatchObject({
      message: 'The profile DEFAULT of DHUO_OCI_CONFIG_FILE lacks fingerprint, user.',
    })
    const withToken = await double.writeConfigFile({ security_token_file: '/nowhere' })
    await expect(connect({ configFile: withToken })).rejects.toThrow('DHUO_OCI_AUTH=session-token')
    const withoutKey = await double.writeConfigFile({ key_file: '/nowhere/key.pem' })
    await expect(connect({ configFile: withoutKey })).rejects.toThrow('The key_file of the profile DEFAULT cannot be read.')
  })

  test('an instance: its certificate becomes a token, which is renewed once for all calls that find it expired', async () => {
    identity.tokenSeconds = 1
    const storage = await client({ authentication: 'instance-principal' })
    await storage.getNamespace({})
    expect(double.calls('createToken')).toBe(1)
    await sleep(1_600)
    identity.tokenSeconds = 3600
    await Promise.all(Array.from({ length: 20 }, () => storage.getNamespace({})))
    expect(double.calls('createToken')).toBe(2)
  })

  test('a session token is renewed before it ends, and taken from its file when that has a newer one', async () => {
    const token = sessionToken(120)
    double.publicKeys.set(`ST$${token}`, double.publicKeys.get(double.keyId)!)
    const file = await double.writeConfigFile()
    const tokenFile = join(file, '..', 'token')
    await writeFile(tokenFile, token)
    const configFile = await double.writeConfigFile({ security_token_file: tokenFile, user: '' })
    const storage = await client({ authentication: 'session-token', configFile })
    await storage.getNamespace({})
    await sleep(100)
    await storage.getNamespace({})
    expect(double.calls('refreshSession')).toBe(1)

    const newer = sessionToken(7200, { by: 'oci session refresh' })
    double.publicKeys.set(`ST$${newer}`, double.publicKeys.get(double.keyId)!)
    await writeFile(tokenFile, token)
    const again = await client({ authentication: 'session-token', configFile })
    await writeFile(tokenFile, newer)
    await again.getNamespace({})
    await sleep(100)
    await again.getNamespace({})
    expect(double.calls('refreshSession')).toBe(1)
  })

  test('a session that cannot be renewed goes on while its token is good, and the log says what to do', async () => {
    const token = sessionToken(120)
    double.publicKeys.set(`ST$${token}`, double.publicKeys.get(double.keyId)!)
    const tokenFile = join(await double.writeConfigFile(), '..', 'token')
    await writeFile(tokenFile, token)
    const configFile = await double.writeConfigFile({ security_token_file: tokenFile, user: '' })
    double.faults.add({ operation: 'refreshSession', times: 99, refuse: { status: 401, code: 'NotAuthenticated' } })
    const storage = await client({ authentication: 'session-token', configFile })
    for (let i = 0; i < 3; i++) await storage.getNamespace({})
    await sleep(100)
    expect(double.calls('refreshSession')).toBe(1)
    expect(lines.some(({ level, msg }) => level === 'warn' && /oci session authenticate/.test(String(msg)))).toBe(true)
  })

  test('a clock that is wrong is told from a wrong key', async () => {
    double.clockSkewMs = 400_000
    const storage = await client()
    await expect(ociCall('Object Storage', () => storage.getNamespace({}))).rejects.toThrow(
      'The clock of this machine is 7 minutes behind.',
    )
  })
})

describe('a call', () => {
  test.each([
    ['429', { refuse: { status: 429, code: 'TooManyRequests' } }],
    ['503', { refuse: { status: 503, code: 'ServiceUnavailable' } }],
    ['a page of a proxy', { refuse: { status: 502 } }],
    ['409 of a state that passes', { refuse: { status: 409, code: 'IncorrectState' } }],
    ['a connection that is cut', { reset: 'before' as const }],
  ])('is made again after %s', async (_, fault) => {
    double.faults.add({ operation: 'createBucket', times: 2, ...fault })
    await createBucket(await client())
    expect(double.calls('createBucket')).toBe(3)
  })

  test.each([400, 401, 404, 412])('is not made again after %d', async (status) => {
    double.faults.add({ operation: 'createBucket', times: 2, refuse: { status, code: 'Whatever' } })
    expect(await failureOf(createBucket(await client()))).toMatchObject({ status, serviceCode: 'Whatever' })
    expect(double.calls('createBucket')).toBe(1)
  })

  test('is made a bounded number of times, and once where it must not be done twice', async () => {
    double.faults.add({ times: 99, refuse: { status: 503, code: 'ServiceUnavailable' } })
    expect(await failureOf(createBucket(await client({}, 3)))).toMatchObject({ status: 503 })
    expect(await failureOf(createBucket(await client({}, 1)))).toMatchObject({ status: 503 })
    expect(double.calls('createBucket')).toBe(4)
  })

  test('waits for as long as the service asks', async () => {
    double.faults.add({
      operation: 'getNamespace',
      refuse: { status: 429, code: 'TooManyRequests', headers: { 'retry-after': '1' } },
    })
    const start = performance.now()
    await (await client()).getNamespace({})
    expect(performance.now() - start).toBeGreaterThan(950)
  })

  test('with a stream as its body is sent once: nobody has the bytes a second time', async () => {
    double.faults.add({ operation: 'putObject', refuse: { status: 503, code: 'ServiceUnavailable' } })
    expect(await failureOf(put(await client(), Readable.from(['abc']), 3))).toMatchObject({ status: 503 })
    expect(double.calls('putObject')).toBe(1)
  })

  test('that is refused before its body came leaves the rest of the body unread and whole', async () => {
    double.faults.add({ operation: 'putObject', refuse: { status: 412, code: 'IfNoneMatchFailed' } })
    const source = new PassThrough()
    source.write(Buffer.alloc(1000))
    expect(await failureOf(put(await client(), source, 100_000_000))).toMatchObject({ status: 412 })
    expect(source.destroyed).toBe(false)
    source.destroy()
  })

  test('whose body fails fails with it', async () => {
    // Once it is being read, and not before: on a busy machine that may take long.
    const ending = (error?: Error) =>
      new Readable({
        read() {
          setImmediate(() => this.destroy(error))
        },
      })
    const broken = ending(new Error('the disk is gone'))
    expect(await failureOf(put(await client(), broken, 100))).toMatchObject({ status: null, message: 'the disk is gone' })
    expect(await failureOf(put(await client(), ending(), 100))).toMatchObject({ status: null, networkCode: 'ECLOSED' })
  })

  test.each([
    ['says nothing', { hang: 'before' as const }],
    ['says nothing when it is done', { hang: 'after' as const }],
  ])('ends in time when the service %s', async (_, fault) => {
    double.faults.add({ times: 99, ...fault })
    const storage = await client({ timeoutMs: 300 }, 1)
    expect(await failureOf(storage.getNamespace({}))).toMatchObject({ status: null, networkCode: 'ETIMEDOUT' })
    expect(await failureOf(put(storage, Readable.from([Buffer.alloc(100_000)]), 100_000))).toMatchObject({
      networkCode: 'ETIMEDOUT',
    })
  })

  test('a download fails when it is cut or stalls, and does not while nobody reads it', async () => {
    const storage = await client({ timeoutMs: 300 })
    const drain = async () => {
      let size = 0
      for await (const part of (await get(storage)).value as Readable) size += (part as Buffer).length
      return size
    }
    expect(await drain()).toBe(1_000_000)
    double.faults.add({ operation: 'getObject', cutAnswerAfter: 300_000 })
    await expect(drain()).rejects.toMatchObject({ code: 'ECONNRESET' })
    double.faults.add({ operation: 'getObject', stallAnswerAfter: 300_000 })
    await expect(drain()).rejects.toMatchObject({ code: 'ETIMEDOUT' })
    const slow = (await get(storage)).value as Readable
    await sleep(1_000)
    let size = 0
    for await (const part of slow) size += (part as Buffer).length
    expect(size).toBe(1_000_000)
  })

  test('frees its connection, also when nobody looks at the answer', async () => {
    const storage = await client({ timeoutMs: 3_000 })
    for (let i = 0; i < 200; i++) await put(storage, Readable.from(['abc']), 3)
    expect(lines.every(({ msg }) => msg === 'OCI answered')).toBe(true)
  })

  test('has an id of its own, which the log and the error tell', async () => {
    const storage = await client({}, 1)
    await storage.getNamespace({})
    expect(double.requests.every(({ clientRequestId }) => clientRequestId)).toBe(true)
    const answered = lines.find(({ msg }) => msg === 'OCI answered')
    expect(answered).toMatchObject({ service: 'Object Storage', operation: 'getNamespace', status: 200 })
    expect(answered!['opcRequestId']).toContain(`${double.requests[0]!.clientRequestId}/`)
    double.faults.add({ refuse: { status: 500, code: 'InternalError' } })
    const failure = await ociCall('Object Storage', () => storage.getNamespace({})).catch((error) => error)
    expect(failure.details.opcRequestId).toContain(`${double.requests[1]!.clientRequestId}/`)
  })

  test('never tells a key, a token or a host', async () => {
    double.faults.add({ operation: 'getNamespace', refuse: { status: 400, code: 'InvalidParameter' } })
    const storage = await client({ authentication: 'instance-principal' })
    const told = await ociCall('Object Storage', () => storage.getNamespace({})).catch((error) => error)
    for (const secret of ['PRIVATE KEY', 'ST$', 'Signature version', '127.0.0.1']) {
      expect(JSON.stringify(lines)).not.toContain(secret)
      expect(told.message).not.toContain(secret)
    }
  })
})

describe('the breaker of a service', () => {
  test('lets nobody through after ten failures in a row', async () => {
    const storage = await client({}, 1)
    const ask = () => failureOf(storage.getNamespace({}))
    double.faults.add({ times: 10, refuse: { status: 503, code: 'ServiceUnavailable' } })
    for (let i = 0; i < 10; i++) expect(await ask()).toMatchObject({ status: 503 })
    expect(await ask()).toMatchObject({ networkCode: 'EOPENBREAKER' })
    expect(double.calls('getNamespace')).toBe(10)
    await expect(ociCall('Object Storage', () => storage.getNamespace({}))).rejects.toThrow('left alone')
  })

  test('lets one through after a while; when that fails too, it takes twice as long', () => {
    const breaker = new OciBreaker({ failures: 2, openMs: 100 })
    breaker.failed(0)
    expect(breaker.admits(0)).toBe(true)
    breaker.failed(0)
    breaker.failed(50)
    expect(breaker.admits(99)).toBe(false)
    expect([breaker.admits(100), breaker.admits(100)]).toEqual([true, false])
    breaker.failed(100)
    expect(breaker.admits(299)).toBe(false)
    expect(breaker.admits(1_000)).toBe(true)
    breaker.unknown()
    expect(breaker.admits(1_000)).toBe(true)
    breaker.succeeded()
    breaker.failed(1_000)
    expect(breaker.admits(1_000)).toBe(true)
  })

  test('is not moved by refusals and throttling, and belongs to one service', async () => {
    const connection = await connect()
    const storage = clientOf(connection, 1)
    double.faults.add({ times: 30, refuse: { status: 429, code: 'TooManyRequests' } })
    for (let i = 0; i < 30; i++) expect(await failureOf(storage.getNamespace({}))).toMatchObject({ status: 429 })
    double.faults.add({ times: 12, refuse: { status: 500, code: 'InternalError' } })
    for (let i = 0; i < 11; i++) await failureOf(storage.getNamespace({}))
    expect(await failureOf(storage.getNamespace({}))).toMatchObject({ networkCode: 'EOPENBREAKER' })
    const other = connection.client(ObjectStorageClient, { service: 'Data Flow', attempts: () => 1 })
    expect(await failureOf(other.getNamespace({}))).toMatchObject({ status: 500 })
  })
})
