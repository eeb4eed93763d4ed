import { createHash } from 'node:crypto'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { ObjectStorageClient } from 'oci-objectstorage'
import { type OciConnection, openOciConnection } from '../../src/datasources/oci/oci-connection.js'
import { ociFailureOf } from '../../src/datasources/oci/oci-errors.js'
import { createLogger } from '../../src/logger.js'
import { type ObjectStorageService, objectStorageService } from './object-storage-service.js'
import { type OciDouble, startOciDouble } from './oci-double.js'
import { settingsFor } from './oci-settings.js'

let service: ObjectStorageService
let double: OciDouble
let connection: OciConnection
let client: ObjectStorageClient
const compartmentId = 'ocid1.compartment.oc1..a'
const versioned = { namespaceName: 'tenant', bucketName: 'versioned' }
const plain = { namespaceName: 'tenant', bucketName: 'plain' }

beforeAll(async () => {
  service = objectStorageService('tenant')
  double = await startOciDouble(service)
  connection = await openOciConnection(await settingsFor(double), createLogger('silent'))
  client = connection.client(ObjectStorageClient, { service: 'Object Storage', attempts: () => 1 })
  for (const [{ bucketName }, versioning] of [
    [versioned, 'Enabled'],
    [plain, 'Disabled'],
  ] as const)
    await client.createBucket({
      namespaceName: 'tenant',
      createBucketDetails: { name: bucketName, compartmentId, versioning: versioning as never },
    })
})
afterAll(async () => {
  connection.close()
  await double.close()
})

const nothing = { blobs: [], contentType: 'text/plain', meta: {} }
const put = (where: typeof plain, objectName: string, body = 'x', more = {}) =>
  client.putObject({ ...where, objectName, putObjectBody: Buffer.from(body), contentLength: body.length, ...more })
const read = async (where: typeof plain, objectName: string, more = {}) =>
  text((await client.getObject({ ...where, objectName, ...more })).value as Readable)
const refused = (work: Promise<unknown>) => work.then(() => null, ociFailureOf)

describe('the double of Object Storage', () => {
  test('lists names in byte order, a thousand at a time, the name alone unless more is asked for; the end is not in it', async () => {
    const names = Array.from({ length: 1005 }, (_, i) => `list/${String(i).padStart(4, '0')}`)
    // Behind the back of the API, which would take a while.
    for (const name of names.toReversed()) service.state.add(service.state.buckets.get('plain')!, { ...nothing, name })
    for (const name of ['list/ü', 'list/Z']) await put(plain, name)
    const first = (await client.listObjects({ ...plain, prefix: 'list/' })).listObjects
    expect(first.objects).toHaveLength(1000)
    expect(first.objects[0]).toEqual({ name: 'list/0000' })
    expect(first.nextStartWith).toBe('list/1000')
    const rest = (await client.listObjects({ ...plain, prefix: 'list/', start: 'list/1000', fields: 'name,size,etag' }))
      .listObjects
    expect(rest.objects.map(({ name }) => name).slice(-3)).toEqual(['list/1004', 'list/Z', 'list/ü'])
    expect(rest.objects.at(-1)).toMatchObject({ size: 1, etag: expect.stringMatching(/^[0-9a-f-]{36}$/) })
    expect(rest.nextStartWith).toBeUndefined()
    const some = (await client.listObjects({ ...plain, start: 'list/0001', end: 'list/0003' })).listObjects
    expect(some.objects.map(({ name }) => name)).toEqual(['list/0001', 'list/0002'])
    const folders = (await client.listObjects({ ...plain, delimiter: '/' })).listObjects
    expect(folders.prefixes).toEqual(['list/'])
  })

  test('writes on condition, to the byte, and to one of several who race', async () => {
    const { eTag } = await put(plain, 'cond', 'one')
    expect(await refused(put(plain, 'cond', 'two', { ifNoneMatch: '*' }))).toMatchObject({
      status: 412,
      serviceCode: 'IfNoneMatchFailed',
    })
    expect(await refused(put(plain, 'cond', 'two', { ifMatch: 'other' }))).toMatchObject({
      status: 412,
      serviceCode: 'IfMatchFailed',
    })
    await put(plain, 'cond', 'two', { ifMatch: eTag, contentMD5: createHash('md5').update('two').digest('base64') })
    const wrong = createHash('md5').update('else').digest('base64')
    expect(await refused(put(plain, 'cond', 'bad', { contentMD5: wrong }))).toMatchObject({
      status: 400,
      serviceCode: 'UnmatchedContentMD5',
    })
    expect(await read(plain, 'cond')).toBe('two')
    const race = await Promise.all(
      Array.from({ length: 8 }, (_, i) => refused(put(plain, 'race', String(i), { ifNoneMatch: '*' }))),
    )
    expect(race.filter((failure) => failure === null)).toHaveLength(1)
  })

  test('says what is missing: namespace, bucket, object; to HEAD without a body', async () => {
    const at = (namespaceName: string, bucketName: string) => ({ namespaceName, bucketName, objectName: 'nothing' })
    expect(await refused(client.getObject(at('other', 'plain')))).toMatchObject({ status: 404, serviceCode: 'NamespaceNotFound' })
    expect(await refused(client.getObject(at('tenant', 'other')))).toMatchObject({ status: 404, serviceCode: 'BucketNotFound' })
    expect(await refused(client.getObject(at('tenant', 'plain')))).toMatchObject({ status: 404, serviceCode: 'ObjectNotFound' })
    expect(await refused(client.headObject(at('tenant', 'plain')))).toMatchObject({ status: 404, serviceCode: null })
    expect(await refused(client.deleteObject(at('tenant', 'plain')))).toMatchObject({ status: 404 })
    expect(
      await refused(client.createBucket({ namespaceName: 'tenant', createBucketDetails: { name: 'plain', compartmentId } })),
    ).toMatchObject({ status: 409, serviceCode: 'BucketAlreadyExists' })
    expect(await refused(client.deleteBucket(plain))).toMatchObject({ status: 409, serviceCode: 'BucketNotEmpty' })
  })

  test('keeps versions where it is told to, hides them below a marker, and deletes them for ever by their id', async () => {
    const first = await put(versioned, 'v', 'first')
    const second = await put(versioned, 'v', 'second')
    expect(await read(versioned, 'v')).toBe('second')
    expect(await read(versioned, 'v', { versionId: first.versionId })).toBe('first')
    await client.deleteObject({ ...versioned, objectName: 'v' })
    expect(await refused(read(versioned, 'v'))).toMatchObject({ status: 404 })
    const { items } = (await client.listObjectVersions({ ...versioned, prefix: 'v' })).objectVersionCollection
    expect(items.map(({ isDeleteMarker }) => isDeleteMarker)).toEqual([true, false, false])
    await client.deleteObject({ ...versioned, objectName: 'v', versionId: items[0]!.versionId })
    expect(await read(versioned, 'v')).toBe('second')
    await client.deleteObject({ ...versioned, objectName: 'v', versionId: second.versionId })
    expect(await read(versioned, 'v')).toBe('first')
    expect((await put(plain, 'v', 'only')).versionId).toBeUndefined()
  })

  test('renames, in place of what has the new name, unless the source has changed', async () => {
    const { eTag } = await put(versioned, 'from', 'renamed')
    await put(versioned, 'to', 'replaced')
    const details = { sourceName: 'from', newName: 'to' }
    const rename = (srcObjIfMatchETag: string) =>
      client.renameObject({ ...versioned, renameObjectDetails: { ...details, srcObjIfMatchETag } })
    expect(await refused(rename('other'))).toMatchObject({ status: 412 })
    expect((await rename(eTag)).versionId).toBeTruthy()
    expect(await read(versioned, 'to')).toBe('renamed')
    expect(await refused(rename(eTag))).toMatchObject({ status: 404 })
  })

  test('puts parts together in the order of their numbers, and every part must be named', async () => {
    const create = { object: 'parts', metadata: { 'opc-meta-k': 'v' } }
    const { uploadId } = (await client.createMultipartUpload({ ...plain, createMultipartUploadDetails: create })).multipartUpload
    const at = { ...plain, objectName: 'parts', uploadId }
    const part = async (uploadPartNum: number, uploadPartBody: string) =>
      (await client.uploadPart({ ...at, uploadPartNum, uploadPartBody, contentLength: uploadPartBody.length })).eTag
    const [b, a] = [await part(7, 'b'), await part(2, 'a')]
    expect(await refused(read(plain, 'parts'))).toMatchObject({ status: 404 })
    const commit = (partsToCommit: { partNum: number; etag: string }[]) =>
      client.commitMultipartUpload({ ...at, commitMultipartUploadDetails: { partsToCommit } })
    expect(await refused(commit([{ partNum: 2, etag: a }]))).toMatchObject({ status: 400 })
    expect(
      await refused(
        commit([
          { partNum: 2, etag: b },
          { partNum: 7, etag: b },
        ]),
      ),
    ).toMatchObject({ status: 400 })
    const { opcMultipartMd5 } = await commit([
      { partNum: 7, etag: b },
      { partNum: 2, etag: a },
    ])
    expect(opcMultipartMd5).toMatch(/^[A-Za-z0-9+/]{22}==-2$/)
    expect(await read(plain, 'parts')).toBe('ab')
    expect((await client.headObject({ ...plain, objectName: 'parts' })).opcMeta).toEqual({ 'opc-meta-k': 'v' })
    expect(await refused(commit([{ partNum: 2, etag: a }]))).toMatchObject({ status: 404, serviceCode: 'NoSuchUpload' })
  })

  test('lets whoever has the URL do one thing with one object until its time is over', async () => {
    await put(plain, 'shared/a b', '0123456789')
    const request = async (accessType: string, seconds: number) => {
      const timeExpires = new Date(Date.now() + seconds * 1000)
      const details = { name: 'n', objectName: 'shared/a b', accessType: accessType as never, timeExpires }
      return (await client.createPreauthenticatedRequest({ ...plain, createPreauthenticatedRequestDetails: details }))
        .preauthenticatedRequest
    }
    const reading = await request('ObjectRead', 1)
    const url = double.url + reading.accessUri
    const range = await fetch(url, { headers: { range: 'bytes=2-4' } })
    expect([range.status, range.headers.get('content-range'), await range.text()]).toEqual([206, 'bytes 2-4/10', '234'])
    expect((await fetch(url, { headers: { range: 'bytes=10-' } })).status).toBe(416)
    expect((await fetch(url, { method: 'PUT', body: 'x' })).status).toBe(404)
    expect((await fetch(url.replace('shared%2Fa%20b', 'cond'))).status).toBe(404)
    double.clockSkewMs = 2_000
    expect((await fetch(url)).status).toBe(404)
    double.clockSkewMs = 0
    const [listed] = (await client.listPreauthenticatedRequests({ ...plain, objectNamePrefix: 'shared' })).items
    expect(listed).not.toHaveProperty('accessUri')
    await client.deletePreauthenticatedRequest({ ...plain, parId: reading.id })
    expect((await fetch(url)).status).toBe(404)
    expect(await refused(request('ObjectRead', -1))).toMatchObject({ status: 400 })
  })

  test('stores nothing of a body that is cut off', async () => {
    double.faults.add({ operation: 'putObject', cutRequestAfter: 1_000 })
    expect(await refused(put(plain, 'cut', 'x'.repeat(100_000)))).toMatchObject({ status: null })
    expect(await refused(read(plain, 'cut'))).toMatchObject({ status: 404 })
  })
})
