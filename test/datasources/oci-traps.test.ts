import { randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { ObjectStorageClient } from 'oci-objectstorage'
import { type OciConnection, openOciConnection } from '../../src/datasources/oci/oci-connection.js'
import { ociError, ociFailureOf } from '../../src/datasources/oci/oci-errors.js'
import type { ObjectStorage } from '../../src/datasources/storage/object-storage.js'
import { openOciObjectStorage } from '../../src/datasources/storage/oci-object-storage.js'
import { OciObjects } from '../../src/datasources/storage/oci-objects.js'
import { createLogger } from '../../src/logger.js'
import { type ObjectStorageService, objectStorageService } from '../oci/object-storage-service.js'
import { type OciDouble, startOciDouble } from '../oci/oci-double.js'
import { settingsFor } from '../oci/oci-settings.js'

// What the OCI SDK for TypeScript does that nobody expects, and that it does no harm here. The double checks signatures over what
// comes, so each of these would be refused or would answer something else.

/** In place before the first connection, so that what gets through to it is what would be written. */
const warned: unknown[][] = []
console.warn = (...values) => void warned.push(values)

const log = createLogger('silent')
const bucket = 'traps-raw'
const compartment = 'ocid1.compartment.oc1..a'
const odd = "a&limit=1#+ 'ü/%41"

let service: ObjectStorageService
let double: OciDouble
let connection: OciConnection
let client: ObjectStorageClient
let objects: OciObjects
let storage: ObjectStorage

beforeAll(async () => {
  service = objectStorageService('tenant')
  double = await startOciDouble(service)
  const settings = await settingsFor(double)
  connection = await openOciConnection(settings, log)
  client = connection.client(ObjectStorageClient, { service: 'Object Storage' })
  objects = new OciObjects(client, 'tenant')
  const address = { region: null, endpoint: null }
  const config = { scheme: 'oci', namespace: 'tenant', compartment, address, directTransfer: true } as const
  storage = await openOciObjectStorage(config, settings, log, { partSize: 64 * 1024, directFrom: 0 })
  await storage.createBucket(bucket, { project: 'traps', purpose: 'RAW' })
})
afterEach(() => double.faults.clear())
afterAll(async () => {
  await storage.close()
  connection.close()
  await double.close()
})

const write = async (bytes: Buffer, key = 'k') => {
  const id = `w${randomBytes(8).toString('hex')}`
  const { version } = await storage.write({ id, bucket, key, contentType: 'text/plain' }, Readable.from([bytes]))
  return { bucket, key, version }
}

test('1. query parameters are not encoded by the SDK: they are here', async () => {
  for (const name of [`${odd}1`, `${odd}2`, 'a', 'other']) await objects.put(bucket, name, Buffer.from('x'))
  const found: string[] = []
  for await (const { name } of objects.versions(bucket, odd)) found.push(name)
  expect(found).toEqual([`${odd}1`, `${odd}2`])
  // The name that the next page begins with goes into a query as well.
  const { state } = service
  const numbers = Array.from({ length: 1_002 }, (_, i) => String(i).padStart(4, '0'))
  for (const number of numbers)
    state.add(state.buckets.get(bucket)!, { name: `${odd}-${number}&x`, blobs: [], contentType: 'text/plain', meta: {} })
  const listed: string[] = []
  for await (const { name } of objects.list(bucket, `${odd}-`)) listed.push(name)
  expect(listed).toEqual(numbers.map((number) => `${odd}-${number}&x`))
})

test('2. names and parameters with any character are signed as they are sent', async () => {
  const location = await write(Buffer.from('odd'), odd)
  expect((await buffer(await storage.read(location))).toString()).toBe('odd')
  expect(double.requests.every(({ status }) => status !== 401)).toBe(true)
})

test('3. connections are kept, with the breaker on', async () => {
  const sockets = new Set<number>()
  const before = double.requests.length
  for (let i = 0; i < 20; i++) await client.getNamespace({})
  for (const { port } of double.requests.slice(before)) sockets.add(port)
  expect(sockets.size).toBe(1)
})

test('4. dates in headers of answers are none: nothing looks at them', async () => {
  await objects.put(bucket, 'dated', Buffer.from('x'))
  const { lastModified } = await client.headObject({ namespaceName: 'tenant', bucketName: bucket, objectName: 'dated' })
  expect(lastModified).not.toBeInstanceOf(Date)
  expect(JSON.stringify(await objects.head(bucket, 'dated'))).not.toMatch(/\d{4}-\d\d-\d\dT/)
  // Those of a list are whole, also in the small hours.
  service.state.buckets.get(bucket)!.objects.get('dated')![0]!.modified = new Date('2026-01-02T03:04:05Z')
  for await (const { lastModified } of objects.list(bucket, 'dated')) expect(lastModified).toBe('2026-01-02T03:04:05.000Z')
})

test('5. dates are sent in bodies alone, where they are whole', async () => {
  const expiresAt = new Date(Date.now() + 60_000).toISOString()
  const upload = await storage.beginUpload({ id: 'dates', bucket, key: 'k', size: 10, contentType: 'text/plain', expiresAt })
  const [par] = [...service.state.buckets.get(bucket)!.pars.values()]
  expect(par!.expires.toISOString()).toBe(expiresAt)
  await storage.abandonUpload(upload)
  expect(double.requests.filter(({ url }) => /\d{4}-\d\d-\d\dT/.test(url))).toEqual([])
})

test('6. dates in bodies of answers are texts: what has expired is found all the same', async () => {
  const { pars } = service.state.buckets.get(bucket)!
  const par = { secret: 's', accessType: 'ObjectRead', objectName: 'x', bucketListingAction: 'Deny', created: new Date() }
  for (const [id, name, seconds] of [
    ['old', 'dhuo-ObjectRead', -1],
    ['new', 'dhuo-ObjectRead', 3600],
    ['foreign', 'somebody-elses', -1],
  ] as const)
    pars.set(id, { ...par, id, name, expires: new Date(Date.now() + seconds * 1000) })
  const again = await openOciObjectStorage(
    { scheme: 'oci', namespace: 'tenant', compartment, address: { region: null, endpoint: null }, directTransfer: true },
    await settingsFor(double),
    log,
    { directFrom: 0 },
  )
  const location = await write(Buffer.from('x'), 'expiring')
  await again.readUrl(location, { size: 1, contentType: 'text/plain', filename: 'x' })
  await again.close()
  expect([...pars.keys()].sort()).toEqual(['foreign', 'new'])
  pars.clear()
})

test('7. bytes come as a stream of Node, not of the Web', async () => {
  const stream = await storage.read(await write(Buffer.from('stream')))
  expect(stream).toBeInstanceOf(Readable)
  expect((await buffer(stream)).toString()).toBe('stream')
})

test('8. what is thrown need not be an Error: it is told by its shape, and its cause is one', async () => {
  double.faults.add({ operation: 'getNamespace', times: 9, reset: 'before' })
  const thrown = await client.getNamespace({}).catch((error) => error)
  expect(thrown).not.toBeInstanceOf(Error)
  expect(ociFailureOf(thrown)).toMatchObject({ status: null, networkCode: 'ECONNRESET' })
  expect(ociError('Object Storage', thrown).cause).toBeInstanceOf(Error)
})

test('9. a range is sent closed, and its answer is what was asked for', async () => {
  const bytes = randomBytes(200_000)
  const location = await write(bytes)
  double.faults.add({ operation: 'getObject', cutAnswerAfter: 70_000 })
  expect((await buffer(await storage.read(location))).equals(bytes)).toBe(true)
  expect((await buffer(await storage.read(location, { start: 199_999, end: 199_999 }))).equals(bytes.subarray(199_999))).toBe(
    true,
  )
})

test('10. throttling and refusals do not turn everybody away for half a minute', async () => {
  const impatient = connection.client(ObjectStorageClient, { service: 'Object Storage', attempts: () => 1 })
  double.faults.add({ times: 15, refuse: { status: 429, code: 'TooManyRequests' } })
  for (let i = 0; i < 15; i++) await impatient.getNamespace({}).catch(() => {})
  double.faults.add({ times: 15, refuse: { status: 409, code: 'IncorrectState' } })
  for (let i = 0; i < 15; i++) await impatient.getNamespace({}).catch(() => {})
  expect((await impatient.getNamespace({})).value).toBe('tenant')
})

test('a Buffer as a body is not walked through byte by byte: 32 MiB held the loop for five seconds', async () => {
  const start = performance.now()
  await objects.put(bucket, 'buffer', Buffer.alloc(32 * 2 ** 20))
  expect(performance.now() - start).toBeLessThan(3_000)
})

test('what the SDK writes to the console goes to the log', async () => {
  await client.headBucket({ namespaceName: 'tenant', bucketName: 'nowhere' }).catch(() => {})
  console.warn('something else')
  expect(warned).toEqual([['something else']])
})
