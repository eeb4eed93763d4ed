import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import type { BegunUpload, ObjectStorage } from '../../src/datasources/storage/object-storage.js'
import { openOciObjectStorage } from '../../src/datasources/storage/oci-object-storage.js'
import { extentOfPart, partCountOf } from '../../src/datasources/storage/upload-parts.js'
import { createLogger } from '../../src/logger.js'
import { objectStorageContract } from '../contracts/object-storage-contract.js'
import { type ObjectStorageService, objectStorageService } from '../oci/object-storage-service.js'
import { type OciDouble, startOciDouble } from '../oci/oci-double.js'
import { settingsFor } from '../oci/oci-settings.js'

const log = createLogger('silent')
const address = { region: null, endpoint: null }
const config = { scheme: 'oci', namespace: 'tenant', compartment: 'ocid1.compartment.oc1..a', address } as const
const sizes = { partSize: 256 * 1024, pieceSize: 256 * 1024, directFrom: 0 }
const inAnHour = (): string => new Date(Date.now() + 3_600_000).toISOString()

for (const directTransfer of [true, false])
  objectStorageContract(`the object storage of OCI, ${directTransfer ? 'with' : 'without'} direct transfer,`, async () => {
    const double = await startOciDouble(objectStorageService('tenant'))
    const settings = await settingsFor(double)
    const storage = await openOciObjectStorage({ ...config, directTransfer }, settings, log, sizes)
    const another = await openOciObjectStorage({ ...config, directTransfer }, settings, log, sizes)
    return {
      storage,
      another,
      async close() {
        await storage.close()
        await another.close()
        await double.close()
      },
    }
  })

describe('the object storage of OCI', () => {
  let double: OciDouble
  let service: ObjectStorageService
  let storage: ObjectStorage
  let bucket = ''
  const labels = { project: 'iris', purpose: 'RAW' }
  const held = () => service.state.buckets.get(bucket)!

  beforeAll(async () => {
    service = objectStorageService('tenant')
    double = await startOciDouble(service)
  })
  beforeEach(async () => {
    double.faults.clear()
    // With a breaker of its own: that of the test before may be open.
    storage = await openOciObjectStorage({ ...config, directTransfer: true }, await settingsFor(double), log, sizes)
    bucket = `iris-raw-${randomUUID()}`
    await storage.createBucket(bucket, labels)
  })
  afterEach(() => storage.close())
  afterAll(() => double.close())

  const begin = (size: number, key = 'some/key.bin') =>
    storage.beginUpload({ id: randomUUID(), bucket, key, size, contentType: 'text/csv', expiresAt: inAnHour() })
  const send = async (upload: BegunUpload, bytes: Buffer) => {
    for (let part = 1; part <= partCountOf(upload); part++) {
      const { offset, size } = extentOfPart(upload, part)
      await storage.writePart(upload, part, Readable.from([bytes.subarray(offset, offset + size)]))
    }
  }
  const write = (bytes: Buffer, source = Readable.from([bytes])) =>
    storage.write({ id: randomUUID(), bucket, key: 'written', contentType: 'text/plain' }, source)
  const readAll = async (key: string, version: string) => buffer(await storage.read({ bucket, key, version }))
  const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')

  test('an upload is one object under its own key, and leaves nothing but word of it', async () => {
    const bytes = randomBytes(600_000)
    const upload = await begin(bytes.length)
    await send(upload, bytes)
    await storage.completeUpload(upload, sha256(bytes))
    const names = [...held().objects].map(([name, versions]) => [name, versions.length])
    expect(names).toEqual([
      [`.dhuo/uploads/${upload.id}/state`, 1],
      ['some/key.bin', 1],
    ])
    expect(held().objects.get('some/key.bin')![0]).toMatchObject({ contentType: 'text/csv' })
    expect([held().uploads.size, held().pars.size]).toEqual([0, 0])
  })

  test.each([
    'putObject',
    'listMultipartUploadParts',
    'commitMultipartUpload',
    'renameObject',
    'headObject',
    'getObject',
    'deleteObject',
  ])('an upload is completed once when the answer to %s is lost, or it fails for a while', async (operation) => {
    const bytes = randomBytes(300_000)
    const upload = await begin(bytes.length)
    await send(upload, bytes)
    double.faults.add(
      { operation, reset: 'after' },
      { operation, refuse: { status: 503, code: 'ServiceUnavailable' } },
      { operation, after: 1, reset: 'after' },
    )
    const stored = await storage.completeUpload(upload, sha256(bytes))
    expect(stored).toMatchObject({ size: bytes.length, sha256: sha256(bytes) })
    expect(held().objects.get('some/key.bin')).toHaveLength(1)
    expect((await readAll('some/key.bin', stored.version)).equals(bytes)).toBe(true)
    expect(await storage.completeUpload(upload, sha256(bytes))).toEqual(stored)
  })

  test.each(['createPreauthenticatedRequest', 'putByPar', 'putObject'])(
    'an upload is begun when the answer to %s is lost',
    async (operation) => {
      double.faults.add({ operation, reset: 'after' })
      const upload = await begin(10)
      await send(upload, Buffer.from('0123456789'))
      await storage.completeUpload(upload, null)
    },
  )

  test('a server that died after it had renamed has its object found', async () => {
    const bytes = randomBytes(1000)
    const upload = await begin(bytes.length)
    await send(upload, bytes)
    // What comes after the renaming fails for as long as this server tries.
    double.faults.add({ operation: 'renameObject', reset: 'after' })
    double.faults.add({ operation: 'putObject', times: 99, refuse: { status: 403, code: 'NotAuthorized' } })
    await expect(storage.completeUpload(upload, null)).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' })
    expect(held().objects.get('some/key.bin')).toHaveLength(1)
    double.faults.clear()
    const stored = await storage.completeUpload(upload, sha256(bytes))
    expect(held().objects.get('some/key.bin')).toHaveLength(1)
    expect((await readAll('some/key.bin', stored.version)).equals(bytes)).toBe(true)
  })

  test('a read goes on where it was when connections break, stall or are refused, and ends when there is no end to it', async () => {
    const bytes = randomBytes(1_000_000)
    const { version } = await write(bytes)
    const before = double.calls('getObject')
    double.faults.add(
      { operation: 'getObject', cutAnswerAfter: 100_000 },
      { operation: 'getObject', cutAnswerAfter: 0 },
      { operation: 'getObject', refuse: { status: 429, code: 'TooManyRequests' } },
      { operation: 'getObject', cutAnswerAfter: 333_333 },
    )
    expect((await readAll('written', version)).equals(bytes)).toBe(true)
    expect(double.calls('getObject') - before).toBe(5)
    double.faults.add({ operation: 'getObject', cutAnswerAfter: 10 }, { operation: 'getObject', times: 99, cutAnswerAfter: 0 })
    await expect(readAll('written', version)).rejects.toMatchObject({ code: 'ECONNRESET' })
  })

  test('what the server writes is stored piece by piece, each again when it fails, and is whole or not there', async () => {
    const bytes = randomBytes(1_000_000)
    double.faults.add(
      { operation: 'uploadPart', refuse: { status: 503, code: 'ServiceUnavailable' } },
      { operation: 'uploadPart', reset: 'before' },
      { operation: 'uploadPart', cutRequestAfter: 50_000 },
    )
    const stored = await write(
      bytes,
      Readable.from([bytes.subarray(0, 10), bytes.subarray(10, 700_000), bytes.subarray(700_000)]),
    )
    expect(stored).toMatchObject({ size: bytes.length, sha256: sha256(bytes) })
    expect((await readAll('written', stored.version)).equals(bytes)).toBe(true)
    double.faults.add({ operation: 'uploadPart', times: 99, after: 1, refuse: { status: 403, code: 'NotAuthorized' } })
    const source = Readable.from([bytes])
    await expect(write(bytes, source)).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' })
    expect(source.destroyed).toBe(true)
    expect(held().objects.get('written')).toHaveLength(1)
    expect(held().uploads.size).toBe(0)
  })

  test('a part that OCI does not take is told as such, and the source is left as it is', async () => {
    const upload = await begin(100)
    double.faults.add({ operation: 'uploadPart', refuse: { status: 429, code: 'TooManyRequests' } })
    const source = Readable.from([Buffer.alloc(100)])
    await expect(storage.writePart(upload, 1, source)).rejects.toMatchObject({ code: 'RATE_LIMITED' })
    double.faults.add({ operation: 'uploadPart', reset: 'before' })
    await expect(storage.writePart(upload, 1, Readable.from([Buffer.alloc(100)]))).rejects.toMatchObject({
      code: 'BACKEND_UNAVAILABLE',
    })
    await storage.writePart(upload, 1, Readable.from([Buffer.alloc(100)]))
    await storage.completeUpload(upload, null)
  })

  test('a bucket without versions is read by its etags, and what was overwritten there is not found', async () => {
    held().versioning = 'Disabled'
    const first = await write(Buffer.from('first'))
    expect(first.version).toBe(`etag-${first.etag}`)
    expect((await readAll('written', first.version)).toString()).toBe('first')
    const second = await write(Buffer.from('second'))
    await expect(readAll('written', first.version)).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await storage.remove({ bucket, key: 'written', version: first.version })
    expect((await readAll('written', second.version)).toString()).toBe('second')
  })

  test.each([
    ['another compartment', { compartmentId: 'ocid1.compartment.oc1..b' }],
    ['another project', { freeformTags: { 'dhuo-project': 'other', 'dhuo-purpose': 'RAW' } }],
    ['nobody we know', { freeformTags: {} }],
  ])('a bucket of %s is not taken for ours', async (_, other) => {
    Object.assign(held(), other)
    await expect(storage.createBucket(bucket, labels)).rejects.toMatchObject({ code: 'CONFLICT', field: 'bucket' })
  })

  test('a bucket of ours that lost its versions gets them again', async () => {
    held().versioning = 'Suspended'
    await storage.createBucket(bucket, labels)
    expect(held().versioning).toBe('Enabled')
  })

  test('a bucket is made where the service may not tidy up', async () => {
    double.faults.add({ operation: 'putObjectLifecyclePolicy', refuse: { status: 400, code: 'InsufficientServicePermissions' } })
    const models = `iris-models-${randomUUID()}`
    await storage.createBucket(models, { project: 'iris', purpose: 'MODELS' })
    expect(service.state.buckets.get(models)!.lifecycle).toBeNull()
  })

  test.each(['../evil', '', 'A', 'a/b', 'é', 'x'.repeat(300)])('a bucket cannot be called %j', async (name) => {
    await expect(storage.createBucket(name, labels)).rejects.toMatchObject({ code: 'BAD_USER_INPUT', field: 'bucket' })
  })

  test.each(['../evil', '.', '', 'a/b', 'a\0', 'a.b'])('an upload cannot be called %j', async (id) => {
    const upload = { id, bucket, key: 'k', size: 1, contentType: 'a/b', expiresAt: inAnHour(), partSize: 1, token: '{}' }
    for (const work of [
      () => storage.beginUpload(upload),
      () => storage.writePart(upload, 1, Readable.from(['x'])),
      () => storage.completeUpload(upload, null),
      () => storage.abandonUpload(upload),
      () => storage.write(upload, Readable.from(['x'])),
    ])
      await expect(work()).rejects.toMatchObject({ code: 'BAD_USER_INPUT', field: 'id' })
  })

  test.each(['a\nb', '\0', '\ud800', 'x'.repeat(1025)])('a key cannot be %j', async (key) => {
    await expect(begin(1, key)).rejects.toMatchObject({ code: 'BAD_USER_INPUT', field: 'key' })
  })

  test('a ping tells what is wrong: the namespace, the clock', async () => {
    await storage.ping()
    const settings = await settingsFor(double)
    const other = await openOciObjectStorage({ ...config, namespace: 'other', directTransfer: true }, settings, log)
    await expect(other.ping()).rejects.toMatchObject({ code: 'NOT_FOUND', message: expect.stringContaining('namespace other') })
    double.clockSkewMs = 600_000
    await expect(other.ping()).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE', message: expect.stringContaining('clock') })
    double.clockSkewMs = 0
    await other.close()
  })
})
