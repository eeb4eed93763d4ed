// What every ObjectStorage promises, run against each adapter.
import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { PassThrough, Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import type { BegunUpload, BytesLocation, ObjectStorage } from '../../src/datasources/storage/object-storage.js'
import { extentOfPart, partCountOf } from '../../src/datasources/storage/upload-parts.js'

export interface ObjectStorageFixture {
  storage: ObjectStorage
  /** The same backend, as a second server has it open. */
  another: ObjectStorage
  close(): Promise<void>
}

const labels = { project: 'contract', purpose: 'RAW' }
const expiresAt = new Date(Date.now() + 3_600_000).toISOString()

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')

/** Small pieces, so that bytes do not come in one chunk. */
const streamOf = (bytes: Buffer, pieceSize = 10_000): Readable =>
  Readable.from(
    (function* () {
      for (let at = 0; at < bytes.length; at += pieceSize) yield bytes.subarray(at, at + pieceSize)
    })(),
    { objectMode: false },
  )

const newId = (): string => `upl_${randomUUID().replaceAll('-', '')}`

/** @param open a fresh, empty backend; part sizes should be small where they can be chosen: several parts are sent often */
export function objectStorageContract(name: string, open: () => Promise<ObjectStorageFixture>): void {
  describe(`${name} keeps the promises of ObjectStorage`, () => {
    let fixture: ObjectStorageFixture
    let storage: ObjectStorage
    /** The smallest part size of the backend. */
    let partSize: number
    const bucket = 'contract-raw'

    beforeAll(async () => {
      fixture = await open()
      storage = fixture.storage
      await storage.createBucket(bucket, labels)
      partSize = (await begin(1)).partSize
    })
    afterAll(() => fixture.close())

    const begin = (size: number, key = 'some/key.bin', id = newId()): Promise<BegunUpload> =>
      storage.beginUpload({ id, bucket, key, size, contentType: 'application/octet-stream', expiresAt })

    const bytesOf = (bytes: Buffer, upload: BegunUpload, part: number): Buffer => {
      const { offset, size } = extentOfPart(upload, part)
      return bytes.subarray(offset, offset + size)
    }

    const send = (upload: BegunUpload, part: number, bytes: Buffer): Promise<void> =>
      storage.writePart(upload, part, streamOf(bytesOf(bytes, upload, part)))

    const sendAll = async (upload: BegunUpload, bytes: Buffer): Promise<void> => {
      for (let part = 1; part <= partCountOf(upload); part++) await send(upload, part, bytes)
    }

    const locationOf = (upload: { bucket: string; key: string }, version: string): BytesLocation => ({
      bucket: upload.bucket,
      key: upload.key,
      version,
    })

    const store = async (bytes: Buffer, key?: string): Promise<BytesLocation> => {
      const upload = await begin(bytes.length, key)
      await sendAll(upload, bytes)
      return locationOf(upload, (await storage.completeUpload(upload, null)).version)
    }

    const readAll = async (location: BytesLocation, range?: { start: number; end: number }): Promise<Buffer> =>
      buffer(await storage.read(location, range))

    const threeParts = (): Buffer => randomBytes(2 * partSize + 1234)

    test('it answers a ping', async () => {
      await storage.ping()
    })

    test('a bucket is created twice without harm to what is in it', async () => {
      const bytes = randomBytes(10)
      const location = await store(bytes)
      await storage.createBucket(bucket, labels)
      expect(await readAll(location)).toEqual(bytes)
    })

    test('an upload into a bucket that does not exist is refused', async () => {
      const request = { id: newId(), bucket: 'no-such-bucket', key: 'k', size: 1, contentType: 'text/plain', expiresAt }
      await expect(storage.beginUpload(request)).rejects.toMatchObject({ code: 'NOT_FOUND', field: 'bucket' })
      await expect(storage.write(request, Readable.from(['x']))).rejects.toMatchObject({ code: 'NOT_FOUND', field: 'bucket' })
    })

    test.each([-1, 1.5, Number.NaN, 2 ** 53])('a size of %p is refused', async (size) => {
      await expect(begin(size)).rejects.toMatchObject({ code: 'BAD_USER_INPUT', field: 'size' })
    })

    test('an id is used once', async () => {
      const upload = await begin(3)
      await expect(begin(3, 'other', upload.id)).rejects.toMatchObject({ code: 'CONFLICT' })
      await sendAll(upload, Buffer.from('abc'))
      const { version } = await storage.completeUpload(upload, null)
      await expect(begin(3, 'other', upload.id)).rejects.toMatchObject({ code: 'CONFLICT' })
      const request = { ...upload, id: upload.id }
      await expect(storage.write(request, Readable.from(['xyz']))).rejects.toMatchObject({ code: 'CONFLICT' })
      expect((await readAll(locationOf(upload, version))).toString()).toBe('abc')
    })

    test('parts are at most 10,000, whatever the size', async () => {
      for (const size of [partSize * 10_000, partSize * 10_000 + 1, 10 * 2 ** 40]) {
        const upload = await begin(size)
        expect(partCountOf(upload)).toBeLessThanOrEqual(10_000)
        const last = extentOfPart(upload, partCountOf(upload))
        expect(last.offset + last.size).toBe(size)
        await storage.abandonUpload(upload)
      }
    })

    test.each([
      ['one byte', () => 1],
      ['one byte less than a part', () => partSize - 1],
      ['exactly a part', () => partSize],
      ['one byte more than a part', () => partSize + 1],
      ['several parts', () => 2 * partSize + 1234],
    ])('%s is read back as it was sent', async (_, size) => {
      const bytes = randomBytes(size())
      const upload = await begin(bytes.length)
      await sendAll(upload, bytes)
      const stored = await storage.completeUpload(upload, sha256(bytes))
      expect(stored).toMatchObject({ size: bytes.length, sha256: sha256(bytes) })
      expect(stored.etag).not.toMatch(/"/)
      const location = locationOf(upload, stored.version)
      expect((await readAll(location)).equals(bytes)).toBe(true)
      expect(await storage.sha256(location)).toBe(sha256(bytes))
    })

    test('an empty object has no parts, and takes an empty one', async () => {
      const bare = await begin(0)
      expect(partCountOf(bare)).toBe(0)
      const stored = await storage.completeUpload(bare, sha256(Buffer.alloc(0)))
      expect(stored.size).toBe(0)
      expect(await readAll(locationOf(bare, stored.version))).toHaveLength(0)

      const withPart = await begin(0)
      await storage.writePart(withPart, 1, Readable.from([]))
      expect((await storage.completeUpload(withPart, null)).size).toBe(0)
      await expect(storage.writePart(await begin(0), 1, Readable.from(['x']))).rejects.toMatchObject({ code: 'BAD_USER_INPUT' })
    })

    test.each([
      'with space',
      'a/b//c',
      '../../etc/passwd',
      '..',
      '/',
      'Ação — ü/数据 🦆.csv',
      '%2e%2e%2f',
      'a\\b',
      'x'.repeat(900),
      '\u0001',
    ])('a key may be %j', async (key) => {
      const bytes = randomBytes(20)
      const location = await store(bytes, key)
      expect(await readAll(location)).toEqual(bytes)
    })

    test('the same key written again is another version, and the first stays', async () => {
      const first = await store(Buffer.from('first'), 'same')
      const second = await store(Buffer.from('second'), 'same')
      expect(second.version).not.toBe(first.version)
      expect((await readAll(first)).toString()).toBe('first')
      expect((await readAll(second)).toString()).toBe('second')
    })

    test('parts come at the same time and in any order', async () => {
      const bytes = threeParts()
      const upload = await begin(bytes.length)
      await Promise.all([3, 1, 2].map((part) => send(upload, part, bytes)))
      await storage.completeUpload(upload, sha256(bytes))
    })

    test('a part sent again replaces the first', async () => {
      const bytes = threeParts()
      const upload = await begin(bytes.length)
      await sendAll(upload, randomBytes(bytes.length))
      await sendAll(upload, bytes)
      await storage.completeUpload(upload, sha256(bytes))
    })

    test.each([0, -1, 4, 1.5, Number.NaN])('there is no part %p of three', async (part) => {
      const upload = await begin(2 * partSize + 1)
      await expect(storage.writePart(upload, part, Readable.from(['x']))).rejects.toMatchObject({
        code: 'BAD_USER_INPUT',
        field: 'part',
      })
    })

    test('a part with a byte too few or too many does not count and leaves its neighbours alone', async () => {
      const bytes = threeParts()
      const upload = await begin(bytes.length)
      await send(upload, 1, bytes)
      await send(upload, 3, bytes)
      const part = bytesOf(bytes, upload, 2)
      for (const wrong of [Buffer.concat([part, Buffer.from('!')]), part.subarray(1), Buffer.alloc(0)]) {
        await expect(storage.writePart(upload, 2, streamOf(wrong))).rejects.toMatchObject({
          code: 'BAD_USER_INPUT',
          field: 'part',
        })
        await expect(storage.completeUpload(upload, null)).rejects.toMatchObject({
          code: 'PRECONDITION_FAILED',
          details: { missingParts: [2] },
        })
      }
      await send(upload, 2, bytes)
      await storage.completeUpload(upload, sha256(bytes))
    })

    test('a good part that is sent again badly counts no more', async () => {
      const bytes = threeParts()
      const upload = await begin(bytes.length)
      await sendAll(upload, bytes)
      await expect(storage.writePart(upload, 1, Readable.from(['short']))).rejects.toMatchObject({ code: 'BAD_USER_INPUT' })
      await expect(storage.completeUpload(upload, null)).rejects.toMatchObject({ details: { missingParts: [1] } })
    })

    test('a sender that breaks off leaves no part, and its error finds a listener', async () => {
      const bytes = threeParts()
      const upload = await begin(bytes.length)
      const source = new PassThrough()
      const writing = storage.writePart(upload, 1, source)
      source.write(randomBytes(5000))
      setTimeout(() => source.destroy(new Error('the network is gone')), 20)
      await expect(writing).rejects.toMatchObject({ code: 'BAD_USER_INPUT', field: 'part' })
      await sendAll(upload, bytes)
      await storage.completeUpload(upload, sha256(bytes))
    })

    test('a second sender of a part that is being received is turned away', async () => {
      const bytes = threeParts()
      const upload = await begin(bytes.length)
      await send(upload, 2, bytes)
      await send(upload, 3, bytes)
      const source = new PassThrough()
      const first = storage.writePart(upload, 1, source)
      await expect(send(upload, 1, bytes)).rejects.toMatchObject({ code: 'CONFLICT' })
      await expect(storage.completeUpload(upload, null)).rejects.toMatchObject({ details: { missingParts: [1] } })
      source.end(bytesOf(bytes, upload, 1))
      await first
      await storage.completeUpload(upload, sha256(bytes))
    })

    test('no object is there before its upload is complete', async () => {
      const bytes = randomBytes(100)
      const upload = await begin(bytes.length)
      await sendAll(upload, bytes)
      await expect(storage.read(locationOf(upload, upload.id))).rejects.toMatchObject({ code: 'NOT_FOUND' })
      expect(await storage.localFile(locationOf(upload, upload.id))).toBeNull()
    })

    test('another server goes on with an upload', async () => {
      const bytes = threeParts()
      const upload: BegunUpload = JSON.parse(JSON.stringify(await begin(bytes.length)))
      await send(upload, 1, bytes)
      await fixture.another.writePart(upload, 2, streamOf(bytesOf(bytes, upload, 2)))
      await send(upload, 3, bytes)
      const stored = await fixture.another.completeUpload(upload, sha256(bytes))
      expect((await readAll(locationOf(upload, stored.version))).equals(bytes)).toBe(true)
    })

    test('completing twice, at once and from two servers, gives one version', async () => {
      for (let round = 0; round < 10; round++) {
        const bytes = randomBytes(partSize + 1)
        const upload = await begin(bytes.length)
        await sendAll(upload, bytes)
        const servers = [storage, fixture.another, storage, fixture.another]
        const all = await Promise.all(servers.map((server) => server.completeUpload(upload, sha256(bytes))))
        expect(new Set(all.map((stored) => JSON.stringify(stored))).size).toBe(1)
        expect(await storage.completeUpload(upload, sha256(bytes))).toEqual(all[0])
        expect((await readAll(locationOf(upload, all[0]!.version))).equals(bytes)).toBe(true)
      }
    })

    test('a part that comes after the upload is complete changes nothing', async () => {
      const bytes = threeParts()
      const upload = await begin(bytes.length)
      await sendAll(upload, bytes)
      const stored = await storage.completeUpload(upload, null)
      await expect(send(upload, 1, randomBytes(bytes.length))).rejects.toMatchObject({ code: 'CONFLICT' })
      expect(await storage.sha256(locationOf(upload, stored.version))).toBe(sha256(bytes))
    })

    test('bytes with another digest do not become an object, and can be sent again', async () => {
      const bytes = threeParts()
      const upload = await begin(bytes.length)
      await sendAll(upload, randomBytes(bytes.length))
      await expect(storage.completeUpload(upload, sha256(bytes))).rejects.toMatchObject({
        code: 'PRECONDITION_FAILED',
        field: 'sha256',
      })
      await expect(storage.read(locationOf(upload, upload.id))).rejects.toMatchObject({ code: 'NOT_FOUND' })
      await sendAll(upload, bytes)
      const stored = await storage.completeUpload(upload, sha256(bytes))
      await expect(storage.completeUpload(upload, sha256(Buffer.from('other')))).rejects.toMatchObject({
        code: 'PRECONDITION_FAILED',
      })
      expect((await readAll(locationOf(upload, stored.version))).equals(bytes)).toBe(true)
    })

    test('missing parts are all named', async () => {
      const upload = await begin(3 * partSize)
      await expect(storage.completeUpload(upload, null)).rejects.toMatchObject({
        code: 'PRECONDITION_FAILED',
        details: { missingParts: [1, 2, 3] },
      })
    })

    test('an abandoned upload is gone, abandoned twice or not', async () => {
      const bytes = threeParts()
      const upload = await begin(bytes.length)
      await sendAll(upload, bytes)
      await storage.abandonUpload(upload)
      await storage.abandonUpload(upload)
      await expect(storage.completeUpload(upload, null)).rejects.toMatchObject({ code: 'NOT_FOUND' })
      await expect(send(upload, 1, bytes)).rejects.toMatchObject({ code: 'NOT_FOUND' })
    })

    test('an upload that is abandoned while a part comes is gone', async () => {
      const upload = await begin(10)
      const source = new PassThrough()
      const writing = storage.writePart(upload, 1, source)
      source.write('12345')
      await new Promise((resolve) => setTimeout(resolve, 20))
      await storage.abandonUpload(upload)
      source.end('67890')
      await expect(writing).rejects.toMatchObject({ code: 'NOT_FOUND' })
      await expect(storage.completeUpload(upload, null)).rejects.toMatchObject({ code: 'NOT_FOUND' })
    })

    test('abandoning does not touch bytes that were completed', async () => {
      const bytes = randomBytes(50)
      const upload = await begin(bytes.length)
      await sendAll(upload, bytes)
      const stored = await storage.completeUpload(upload, null)
      await storage.abandonUpload(upload)
      expect(await readAll(locationOf(upload, stored.version))).toEqual(bytes)
    })

    test('what the server writes is hashed and read back', async () => {
      const bytes = threeParts()
      const request = { id: newId(), bucket, key: 'made here', contentType: 'text/plain' }
      const stored = await storage.write(request, streamOf(bytes))
      expect(stored).toMatchObject({ size: bytes.length, sha256: sha256(bytes) })
      expect((await readAll(locationOf(request, stored.version))).equals(bytes)).toBe(true)
      const empty = { ...request, id: newId() }
      expect(await storage.write(empty, Readable.from([]))).toMatchObject({ size: 0, sha256: sha256(Buffer.alloc(0)) })
    })

    test('a source that fails leaves nothing of what the server was writing, and its error is told', async () => {
      const request = { id: newId(), bucket, key: 'broken', contentType: 'text/plain' }
      const source = new PassThrough()
      const writing = storage.write(request, source)
      source.write(randomBytes(100_000))
      setTimeout(() => source.destroy(new Error('the query was stopped')), 20)
      await expect(writing).rejects.toThrow('the query was stopped')
      await expect(storage.read(locationOf(request, request.id))).rejects.toMatchObject({ code: 'NOT_FOUND' })
      const early = new PassThrough()
      const begun = storage.write({ ...request, id: newId() }, early)
      early.destroy(new Error('before anybody read it'))
      await expect(begun).rejects.toThrow('before anybody read it')
    })

    /** As a client does it: straight to the backend where that takes it, otherwise through a server. */
    const sendAsClient = async (upload: BegunUpload, part: number, bytes: Buffer): Promise<void> => {
      const target = storage.partTarget(upload, part)
      if (target === null) return storage.writePart(upload, part, streamOf(bytes))
      const { status } = await fetch(target.url, { method: 'PUT', headers: target.headers, body: new Uint8Array(bytes) })
      if (status !== 200) throw new Error(`the part was answered with ${status}`)
    }

    const readAsClient = async (
      location: BytesLocation,
      size: number,
      range?: { start: number; end: number },
    ): Promise<Buffer> => {
      const url = await storage.readUrl(location, { size, contentType: 'text/csv', filename: 'Ação 1.csv' })
      if (url === null) return readAll(location, range)
      const response = await fetch(url, { headers: range ? { range: `bytes=${range.start}-${range.end}` } : {} })
      expect(response.status).toBe(range ? 206 : 200)
      expect(response.headers.get('content-type')).toBe('text/csv')
      expect(response.headers.get('content-disposition')).toContain("attachment; filename*=UTF-8''A%C3%A7%C3%A3o%201.csv")
      return Buffer.from(await response.arrayBuffer())
    }

    test('bytes are lent to another machine until they are taken back, these and no others; or not at all', async () => {
      const bytes = randomBytes(1_000)
      const location = await store(bytes, 'Ação — ü/数据, 1?.csv')
      const lent = await storage.lend(location, 60_000)
      if (lent === null) {
        expect(storage.supports.directTransfer).toBe(false)
        return
      }
      expect(lent.url).not.toMatch(/[?*,\s]/)
      const whole = await fetch(lent.url)
      expect(Buffer.from(await whole.arrayBuffer()).equals(bytes)).toBe(true)
      const part = await fetch(lent.url, { headers: { range: 'bytes=10-19' } })
      expect([part.status, Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(10, 20))]).toEqual([206, true])
      expect(await lent.isStill()).toBe(true)
      await store(randomBytes(10), 'Ação — ü/数据, 1?.csv')
      expect(await lent.isStill()).toBe(false)
      expect(await storage.lend(location, 60_000)).toBe(null)
      await lent.takeBack()
      await lent.takeBack()
      expect((await fetch(lent.url)).ok).toBe(false)
    })

    test('a client sends parts and reads ranges where it is led', async () => {
      const bytes = threeParts()
      const upload: BegunUpload = JSON.parse(JSON.stringify(await begin(bytes.length, 'Ação — ü/数据 1.csv')))
      await Promise.all([3, 1, 2].map((part) => sendAsClient(upload, part, bytesOf(bytes, upload, part))))
      const stored = await fixture.another.completeUpload(upload, sha256(bytes))
      const location = locationOf(upload, stored.version)
      expect((await readAsClient(location, bytes.length)).equals(bytes)).toBe(true)
      expect(
        (await readAsClient(location, bytes.length, { start: 5, end: partSize + 5 })).equals(bytes.subarray(5, partSize + 6)),
      ).toBe(true)
    })

    test('a part that a client sends again replaces the first; one that it sends in part does not count', async () => {
      const bytes = threeParts()
      const upload = await begin(bytes.length)
      for (const part of [1, 2]) await sendAsClient(upload, part, randomBytes(partSize))
      await sendAsClient(upload, 2, bytesOf(bytes, upload, 2))
      await sendAsClient(upload, 1, bytesOf(bytes, upload, 1).subarray(1)).catch(() => {})
      await expect(storage.completeUpload(upload, null)).rejects.toMatchObject({ details: { missingParts: [1, 3] } })
      for (const part of [1, 3]) await sendAsClient(upload, part, bytesOf(bytes, upload, part))
      await storage.completeUpload(upload, sha256(bytes))
    })

    test('a client can send no part of an upload that is complete, abandoned or expired', async () => {
      const bytes = randomBytes(100)
      const complete = await begin(bytes.length)
      await sendAsClient(complete, 1, bytes)
      const { version } = await storage.completeUpload(complete, sha256(bytes))
      const abandoned = await begin(bytes.length)
      await storage.abandonUpload(abandoned)
      for (const upload of [complete, abandoned]) await expect(sendAsClient(upload, 1, randomBytes(100))).rejects.toThrow()
      expect(await readAll(locationOf(complete, version))).toEqual(bytes)
      const { contentType } = complete
      const soon = new Date(Date.now() + 300).toISOString()
      const expired = await storage.beginUpload({ id: newId(), bucket, key: 'k', size: 100, contentType, expiresAt: soon })
      await new Promise((resolve) => setTimeout(resolve, 400))
      // Without a target it is the server that looks at the time.
      if (storage.partTarget(expired, 1)) await expect(sendAsClient(expired, 1, bytes)).rejects.toThrow()
      await storage.abandonUpload(expired)
    })

    test('a client reads the version that it asked for, whatever came after it', async () => {
      const first = await store(Buffer.from('first'), 'read by clients')
      const second = await store(Buffer.from('second'), 'read by clients')
      expect((await readAsClient(first, 5)).toString()).toBe('first')
      expect((await readAsClient(second, 6)).toString()).toBe('second')
    })

    test('there are targets for the parts that there are', async () => {
      const upload = await begin(2 * partSize + 1)
      for (const part of [0, 4, 1.5]) expect(() => storage.partTarget(upload, part)).toThrow('there is no part')
    })

    test('ranges are exact at every edge', async () => {
      const bytes = randomBytes(partSize + 100)
      const location = await store(bytes)
      const last = bytes.length - 1
      for (const [start, end] of [
        [0, 0],
        [last, last],
        [0, last],
        [1, last - 1],
        [partSize - 1, partSize],
        [5, 5],
      ] as const)
        expect((await readAll(location, { start, end })).equals(bytes.subarray(start, end + 1))).toBe(true)
      for (const [start, end] of [
        [0, last + 1],
        [last + 1, last + 1],
        [-1, 0],
        [5, 4],
      ] as const)
        await expect(storage.read(location, { start, end })).rejects.toMatchObject({ code: 'BAD_USER_INPUT', field: 'range' })
    })

    test('a version that is hidden is read as before, as often as it is hidden; what replaced it stays in sight', async () => {
      const [first, second] = [await store(Buffer.from('first'), 'hidden'), await store(Buffer.from('second'), 'hidden')]
      for (const location of [first, second, second]) await storage.hide(location)
      expect((await readAll(first)).toString()).toBe('first')
      expect((await readAll(second)).toString()).toBe('second')
      const third = await store(Buffer.from('third'), 'hidden')
      await storage.hide(second)
      expect((await readAsClient(third, 5)).toString()).toBe('third')
    })

    test('versions that never were are not found', async () => {
      for (const version of [newId(), '..', '../contract-raw', '', 'a/b', '.uploads', '\0'])
        for (const location of [
          { bucket, key: 'k', version },
          { bucket: '..', key: 'k', version },
        ]) {
          await expect(storage.read(location)).rejects.toMatchObject({ code: 'NOT_FOUND' })
          await expect(storage.sha256(location)).rejects.toMatchObject({ code: 'NOT_FOUND' })
          expect(await storage.localFile(location)).toBeNull()
          await storage.remove(location)
        }
    })

    test('an open read goes on to its end when its version is removed', async () => {
      const bytes = randomBytes(3_000_000)
      const location = await store(bytes)
      const reading = await storage.read(location)
      const iterator = reading[Symbol.asyncIterator]()
      const pieces = [(await iterator.next()).value as Buffer]
      await storage.remove(location)
      await storage.remove(location)
      for await (const piece of { [Symbol.asyncIterator]: () => iterator }) pieces.push(piece as Buffer)
      expect(Buffer.concat(pieces).equals(bytes)).toBe(true)
      await expect(storage.read(location)).rejects.toMatchObject({ code: 'NOT_FOUND' })
    })

    test('a read that nobody finishes is closed by destroying it', async () => {
      const location = await store(randomBytes(3_000_000))
      for (let round = 0; round < 50; round++) {
        const reading = await storage.read(location)
        await reading[Symbol.asyncIterator]().next()
        reading.destroy()
        await new Promise((resolve) => reading.once('close', resolve))
      }
      await storage.remove(location)
    })
  })
}
