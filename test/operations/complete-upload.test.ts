import { createHash } from 'node:crypto'
import { text } from 'node:stream/consumers'
import type { StoredObjectRow } from '../../src/datasources/catalog/tables.js'
import { abandonUpload } from '../../src/operations/abandon-upload.js'
import { begunUpload, completeUpload } from '../../src/operations/complete-upload.js'
import { locationOf } from '../../src/operations/object-table.js'
import { type EmbeddedDatasources, openEmbeddedDatasources } from './embedded-datasources.js'

describe('completing an upload', () => {
  let embedded: EmbeddedDatasources
  beforeEach(async () => {
    embedded = await openEmbeddedDatasources()
  })
  afterEach(() => embedded.close())

  const complete = (upload: Parameters<typeof completeUpload>[1]) => completeUpload(embedded.datasources, upload)
  const read = async (object: StoredObjectRow) =>
    text(await embedded.datasources.storage.read(await locationOf(embedded.datasources, object)))
  const current = (key: string) => embedded.datasources.catalog.storedObjects.findCurrent(embedded.bucket.id, key)
  const nothing = { versions: [], uploads: [] }

  test('makes an object of the bytes, under any key', async () => {
    const sha256 = createHash('sha256').update('olá').digest('hex')
    const upload = await embedded.sent('../a b//😀\u0001', 'olá', sha256.toUpperCase())
    expect(await current(upload.key)).toBeUndefined()
    const object = await complete(upload)
    expect(object).toMatchObject({ key: upload.key, size: 4, sha256, isCurrent: 1, contentType: 'application/octet-stream' })
    expect(await current(upload.key)).toEqual(object)
    expect(await read(object)).toBe('olá')
    expect((await embedded.held()).uploads).toEqual([])
  })

  test('checks a digest that is told only now, and none that is another than was announced', async () => {
    const digest = (text: string) => createHash('sha256').update(text).digest('hex')
    const upload = await embedded.sent('k', 'bytes')
    const told = (sha256: string) => completeUpload(embedded.datasources, upload, sha256)
    await expect(told('a'.repeat(63))).rejects.toMatchObject({ code: 'BAD_USER_INPUT', field: 'sha256' })
    await expect(told(digest('other'))).rejects.toMatchObject({ code: 'PRECONDITION_FAILED', field: 'sha256' })
    expect(await current('k')).toBeUndefined()
    expect((await told(digest('bytes').toUpperCase())).sha256).toBe(digest('bytes'))
    const announced = await embedded.sent('l', 'bytes', digest('bytes'))
    const another = completeUpload(embedded.datasources, announced, digest('other'))
    await expect(another).rejects.toMatchObject({ code: 'BAD_USER_INPUT', field: 'sha256' })
    expect((await completeUpload(embedded.datasources, announced, digest('bytes'))).sha256).toBe(digest('bytes'))
  })

  test('by many at once, and again later, gives one and the same object', async () => {
    const upload = await embedded.sent('k', 'bytes')
    const objects = await Promise.all(Array.from({ length: 10 }, () => complete(upload)))
    const later = await complete((await embedded.datasources.catalog.uploads.find(upload.id))!)
    expect(new Set([...objects, later].map(({ id }) => id)).size).toBe(1)
    expect((await embedded.held()).versions).toHaveLength(1)
    expect(await read(later)).toBe('bytes')
  })

  test('replaces what was under the key, and the old id still reads the old bytes', async () => {
    const old = await complete(await embedded.sent('k', 'old'))
    const fresh = await complete(await embedded.sent('k', 'fresh'))
    expect([await read(old), await read(fresh)]).toEqual(['old', 'fresh'])
    expect(await current('k')).toEqual(fresh)
  })

  test('of several uploads to one key at once leaves each of them, and one of them current', async () => {
    const uploads = await Promise.all(Array.from({ length: 8 }, (_, i) => embedded.sent('k', `bytes ${i}`)))
    const objects = await Promise.all(uploads.map(complete))
    expect(await Promise.all(objects.map(read))).toEqual(objects.map((_, i) => `bytes ${i}`))
    const rows = await embedded.datasources.catalog.storedObjects.byIds(objects.map(({ id }) => id))
    expect(rows.filter((row) => row.isCurrent).map(({ id }) => id)).toEqual([(await current('k'))!.id])
  })

  test('is refused while parts are missing, and succeeds when they have come', async () => {
    const upload = await embedded.begun('k', 3)
    await expect(complete(upload)).rejects.toMatchObject({ code: 'PRECONDITION_FAILED', details: { missingParts: [1] } })
    expect(await current('k')).toBeUndefined()
  })

  test('is refused when the digest differs, and nothing is replaced', async () => {
    const old = await complete(await embedded.sent('k', 'old'))
    const upload = await embedded.sent('k', 'other', '0'.repeat(64))
    await expect(complete(upload)).rejects.toMatchObject({ code: 'PRECONDITION_FAILED', field: 'sha256' })
    expect(await current('k')).toEqual(old)
  })

  test('is refused when the upload has expired or was abandoned', async () => {
    const upload = await embedded.sent('k', 'bytes')
    await expect(complete({ ...upload, expiresAt: new Date().toISOString() })).rejects.toMatchObject({
      code: 'PRECONDITION_FAILED',
    })
    expect(await abandonUpload(embedded.datasources, upload)).toBe(true)
    expect(await abandonUpload(embedded.datasources, upload)).toBe(false)
    await expect(complete(upload)).rejects.toMatchObject({ code: 'NOT_FOUND' })
    expect(await embedded.held()).toEqual(nothing)
  })

  test('goes on where a server died between the bytes and the row', async () => {
    const upload = await embedded.sent('k', 'bytes')
    await embedded.datasources.storage.completeUpload(begunUpload(upload, embedded.bucket.name), null)
    const object = await complete(upload)
    expect(await read(object)).toBe('bytes')
  })

  test('and abandoning it at once ends in an object with bytes, or in neither', async () => {
    for (let round = 0; round < 20; round++) {
      const upload = await embedded.sent('k', `bytes ${round}`)
      const [completed, abandoned] = await Promise.allSettled([complete(upload), abandonUpload(embedded.datasources, upload)])
      const object = await current('k')
      if (completed.status === 'fulfilled') {
        expect(abandoned).toMatchObject({ value: false })
        expect(await read(object!)).toBe(`bytes ${round}`)
        await embedded.datasources.storage.remove(await locationOf(embedded.datasources, object!))
        await embedded.datasources.catalog.storedObjects.retireCurrent(embedded.bucket.id, 'k', new Date().toISOString())
      } else {
        expect(completed.reason).toMatchObject({ code: 'NOT_FOUND' })
        expect(object).toBeUndefined()
      }
      expect(await embedded.held()).toEqual(nothing)
    }
  })
})
