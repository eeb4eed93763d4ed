import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readdir, rm, stat, truncate } from 'node:fs/promises'
import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import compress from '@fastify/compress'
import Fastify, { type FastifyInstance } from 'fastify'
import type { ExportedResult } from '../../src/datasources/lakehouse/lakehouse.js'
import { openLocalObjectStorage } from '../../src/datasources/storage/local-object-storage.js'
import type { BegunUpload, ObjectStorage } from '../../src/datasources/storage/object-storage.js'
import { extentOfPart, partCountOf } from '../../src/datasources/storage/upload-parts.js'
import { DhuoError } from '../../src/errors.js'
import { type DownloadableObject, registerFileRoutes } from '../../src/http/file-routes.js'
import { type SignedMethod, UrlSigner } from '../../src/signed-url.js'
import { bytesInUse } from '../bytes-in-use.js'

const partSize = 1024 * 1024
const bucket = 'iris-raw'
// More than a busy machine takes between two chunks.
const idleMs = { upload: 1_500, download: 1_500 }

describe('the file routes', () => {
  const signer = new UrlSigner('a secret of at least thirty-two characters')
  const uploads = new Map<string, BegunUpload>()
  const objects = new Map<string, DownloadableObject>()
  const tickets = new Map<string, (signal: AbortSignal) => Promise<{ exported: ExportedResult; filename: string }>>()
  const revoked = new Set<string>()
  let directory: string
  let storage: ObjectStorage
  let app: FastifyInstance
  let origin: string

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'dhuo-file-routes-'))
    storage = await openLocalObjectStorage({ scheme: 'file', directory }, { partSize })
    await storage.createBucket(bucket, { project: 'iris', purpose: 'RAW' })
    app = Fastify({ forceCloseConnections: true })
    await app.register(compress, { global: true, threshold: 0 })
    registerFileRoutes(app, {
      storage,
      idleMs,
      verify: async (method, url) => {
        const grant = signer.verify(method, url)
        if (revoked.has(grant.by)) throw new DhuoError('FORBIDDEN', 'You may no longer do this.')
        return grant
      },
      findUpload: async (id) => uploads.get(id) ?? null,
      findObject: async (id) => objects.get(id) ?? null,
      openModelArchive: () => Promise.reject(new Error('see test/graphql/models-download.test.ts')),
      exportTicket: async (id, signal) => {
        const ticket = tickets.get(id)
        if (!ticket) throw new DhuoError('NOT_FOUND', 'The result does not exist, or you may not see it.')
        return ticket(signal)
      },
    })
    origin = await app.listen({ port: 0, host: '127.0.0.1' })
  })
  afterAll(async () => {
    await app.close()
    await rm(directory, { recursive: true })
  })

  const sign = (method: SignedMethod, path: string, expiresInSeconds = 60, by = 'usr_1'): string =>
    origin + signer.sign({ method, path, expiresInSeconds, by })

  const begin = async (size: number): Promise<BegunUpload> => {
    const upload = await storage.beginUpload({
      id: randomUUID(),
      bucket,
      key: 'k',
      size,
      contentType: 'text/plain',
      expiresAt: new Date(Date.now() + 60_000).toISOString(),
    })
    uploads.set(upload.id, upload)
    return upload
  }
  const partUrl = (upload: BegunUpload, part: number): string => sign('PUT', `/files/uploads/${upload.id}/${part}`)
  const put = (
    url: string,
    body: string | Uint8Array | ReadableStream | null,
    headers?: Record<string, string>,
  ): Promise<Response> =>
    fetch(url, { method: 'PUT', body, headers: headers ?? {}, ...(body instanceof ReadableStream && { duplex: 'half' }) })
  const missingParts = async (upload: BegunUpload): Promise<number[]> =>
    storage.completeUpload(upload, null).then(
      () => [],
      (error) => error.details.missingParts,
    )
  const sendAll = async (upload: BegunUpload, bytes: Buffer): Promise<void> => {
    for (let part = 1; part <= partCountOf(upload); part++) {
      const { offset, size } = extentOfPart(upload, part)
      const response = await put(partUrl(upload, part), new Uint8Array(bytes.subarray(offset, offset + size)))
      expect([response.status, await jsonOf(response)]).toEqual([200, { part, size }])
    }
  }

  const store = async (bytes: Buffer, over: Partial<DownloadableObject> = {}): Promise<string> => {
    const id = randomUUID()
    const stored = await storage.write({ id, bucket, key: 'k', contentType: 'text/plain' }, Readable.from([bytes]))
    objects.set(id, {
      location: { bucket, key: 'k', version: stored.version },
      key: 'folder/relatório 1.csv',
      size: stored.size,
      etag: stored.etag,
      contentType: 'text/csv',
      lastModified: '2026-01-02T03:04:05.678Z',
      ...over,
    })
    return id
  }
  const objectUrl = (id: string): string => sign('GET', `/files/objects/${id}`)
  const get = (url: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Response> =>
    fetch(url, { method, headers })

  const jsonOf = async (response: Response): Promise<{ error: Record<string, unknown> }> =>
    (await response.json()) as { error: Record<string, unknown> }

  /** A request whose body the test writes by itself. */
  const openPut = (url: string, headers: Record<string, string | number | undefined>): ClientRequest => {
    const request = httpRequest(url, { method: 'PUT', headers })
    request.on('error', () => {})
    request.flushHeaders()
    return request
  }
  const responseTo = async (request: ClientRequest): Promise<{ status: number; body: { error: Record<string, unknown> } }> => {
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    return { status: response.statusCode!, body: JSON.parse(await text(response)) }
  }
  const eventually = async (isSo: () => boolean | Promise<boolean>): Promise<void> => {
    const deadline = Date.now() + 5_000
    while (!(await isSo())) {
      if (Date.now() > deadline) throw new Error('it did not come to be so')
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }

  describe('PUT of a part', () => {
    test('stores an object in parts, as it came', async () => {
      const bytes = randomBytes(2 * partSize + 77)
      const upload = await begin(bytes.length)
      await sendAll(upload, bytes)
      const { sha256 } = await storage.completeUpload(upload, createHash('sha256').update(bytes).digest('hex'))
      expect(sha256).toMatch(/^[0-9a-f]{64}$/)
    })

    test('takes a body without a content type, with any, and with an encoding, and changes none', async () => {
      for (const headers of [
        {},
        { 'content-type': 'application/json' },
        { 'content-type': 'nonsense' },
        { 'content-encoding': 'gzip' },
      ]) {
        const upload = await begin(5)
        const request = openPut(partUrl(upload, 1), { ...headers, 'content-length': 5 })
        request.end('{"a":')
        expect((await responseTo(request)).status).toBe(200)
        const stored = await storage.completeUpload(upload, null)
        expect(await text(await storage.read({ bucket, key: 'k', version: stored.version }))).toBe('{"a":')
      }
    })

    test('takes an empty part of an empty upload', async () => {
      const upload = await begin(0)
      expect((await put(partUrl(upload, 1), null)).status).toBe(200)
      expect((await storage.completeUpload(upload, null)).size).toBe(0)
    })

    test('takes a body of unknown length that turns out right, and refuses one that does not', async () => {
      const upload = await begin(100)
      const chunked = (size: number): ReadableStream => Readable.toWeb(Readable.from([randomBytes(size)])) as ReadableStream
      for (const wrong of [99, 101, 3_000_000]) {
        const response = await put(partUrl(upload, 1), chunked(wrong))
        expect(response.status).toBe(400)
        expect((await jsonOf(response)).error).toMatchObject({ code: 'BAD_USER_INPUT', field: 'part' })
        expect(await missingParts(upload)).toEqual([1])
      }
      expect((await put(partUrl(upload, 1), chunked(100))).status).toBe(200)
    })

    test('refuses a length that is not the part’s before a byte is read', async () => {
      const upload = await begin(2 * partSize)
      for (const length of [10e9, partSize - 1, partSize + 1, 0]) {
        const request = openPut(partUrl(upload, 1), { 'content-length': length })
        if (length > 0) request.write('x')
        else request.end()
        const { status, body } = await responseTo(request)
        expect(status).toBe(400)
        expect(body.error).toMatchObject({
          code: 'BAD_USER_INPUT',
          field: 'part',
          message: expect.stringContaining(String(partSize)),
        })
        request.destroy()
      }
      expect(await readdir(join(directory, '.uploads', upload.id))).toEqual(['bytes'])
    })

    test('does not count a part whose sender goes away, and takes it from the next one', async () => {
      const upload = await begin(partSize)
      const request = openPut(partUrl(upload, 1), { 'content-length': partSize })
      request.write(randomBytes(partSize / 2))
      await eventually(async () => (await put(partUrl(upload, 1), randomBytes(partSize))).status === 409)
      request.destroy()
      expect(await missingParts(upload)).toEqual([1])
      await eventually(async () => (await put(partUrl(upload, 1), randomBytes(partSize))).status === 200)
      expect(await missingParts(upload)).toEqual([])
    })

    test('gives up a sender that falls silent, so that the part can be sent again', async () => {
      const upload = await begin(partSize)
      const request = openPut(partUrl(upload, 1), { 'content-length': partSize })
      request.write('x')
      const closed = new Promise((resolve) => request.once('close', resolve))
      const statusOfRetry = async (): Promise<number> => (await put(partUrl(upload, 1), randomBytes(partSize))).status
      await eventually(async () => (await stat(join(directory, '.uploads', upload.id, 'bytes'))).size === 1)
      expect(await statusOfRetry()).toBe(409)
      await closed
      await eventually(async () => (await statusOfRetry()) === 200)
    })

    test('does not give up a sender that is slow', async () => {
      const upload = await begin(10)
      const request = openPut(partUrl(upload, 1), { 'content-length': 10 })
      const answered = responseTo(request)
      for (let i = 0; i < 10; i++) {
        request.write('x')
        await new Promise((resolve) => setTimeout(resolve, idleMs.upload / 4))
      }
      request.end()
      expect((await answered).status).toBe(200)
    })

    test('turns away a second sender of the same part, who may keep the connection', async () => {
      const upload = await begin(partSize)
      const first = openPut(partUrl(upload, 1), { 'content-length': partSize })
      first.write(randomBytes(1000))
      let second: Response | undefined
      await eventually(async () => {
        second = await put(partUrl(upload, 1), randomBytes(partSize))
        return second.status === 409
      })
      expect((await jsonOf(second!)).error.code).toBe('CONFLICT')
      first.end(randomBytes(partSize - 1000))
      expect((await responseTo(first)).status).toBe(200)
    })

    test('takes a part twice, and the second counts', async () => {
      const bytes = randomBytes(partSize)
      const upload = await begin(partSize)
      await sendAll(upload, randomBytes(partSize))
      await sendAll(upload, bytes)
      await storage.completeUpload(upload, createHash('sha256').update(bytes).digest('hex'))
      const late = await put(partUrl(upload, 1), randomBytes(partSize))
      expect([late.status, (await jsonOf(late)).error.code]).toEqual([409, 'CONFLICT'])
    })

    test.each(['0', '3', '-1', '1.5', '1e0', 'x', '99999999999'])('knows no part %s of two', async (part) => {
      const upload = await begin(2 * partSize)
      const response = await put(sign('PUT', `/files/uploads/${upload.id}/${part}`), 'x')
      expect([response.status, (await jsonOf(response)).error.field]).toEqual([400, 'part'])
    })

    test('knows no upload that was abandoned or never was', async () => {
      const upload = await begin(1)
      await storage.abandonUpload(upload)
      expect((await put(partUrl(upload, 1), 'x')).status).toBe(404)
      expect((await put(sign('PUT', '/files/uploads/unknown/1'), 'x')).status).toBe(404)
    })

    test('refuses URLs that are expired, forged, of another method or path, or of someone who may no more', async () => {
      const upload = await begin(1)
      const path = `/files/uploads/${upload.id}/1`
      const refused = [
        origin + path,
        sign('PUT', path, -1),
        partUrl(upload, 1).replace('/1?', '/2?'),
        partUrl(upload, 1).replace('by=usr_1', 'by=usr_2'),
        partUrl(upload, 1).replace(/expires=\d/, 'expires=9'),
        sign('GET', path),
        sign('PUT', path, 60, 'usr_revoked'),
      ]
      revoked.add('usr_revoked')
      for (const url of refused) {
        const response = await put(url, 'x')
        expect([response.status, (await jsonOf(response)).error.code]).toEqual([403, 'FORBIDDEN'])
      }
      const expired = await put(sign('PUT', path, -1), 'x')
      expect((await jsonOf(expired)).error.message).toMatch(/expired .* ask for a new one/)
      expect(await missingParts(upload)).toEqual([1])
    })

    test('lets pages of other origins send, without credentials', async () => {
      const upload = await begin(1)
      const preflight = await fetch(partUrl(upload, 1), { method: 'OPTIONS' })
      expect(preflight.status).toBe(204)
      expect(preflight.headers.get('access-control-allow-methods')).toContain('PUT')
      const response = await put(partUrl(upload, 1), 'x')
      expect(response.headers.get('access-control-allow-origin')).toBe('*')
      expect(response.headers.get('access-control-allow-credentials')).toBeNull()
    })
  })

  describe('GET of an object', () => {
    const bytes = randomBytes(3_000_000)
    let id: string
    beforeAll(async () => {
      id = await store(bytes)
    })

    test('gives the bytes with all that a client may want to know of them', async () => {
      const response = await get(objectUrl(id), { 'accept-encoding': 'gzip, br' })
      expect(response.status).toBe(200)
      expect(Object.fromEntries(response.headers)).toMatchObject({
        'content-type': 'text/csv',
        'content-length': '3000000',
        'accept-ranges': 'bytes',
        etag: `"${id}"`,
        'last-modified': 'Fri, 02 Jan 2026 03:04:05 GMT',
        'cache-control': expect.stringMatching(/^private, max-age=(59|60)$/),
        'content-disposition': `attachment; filename="relat_rio 1.csv"; filename*=UTF-8''relat%C3%B3rio%201.csv`,
      })
      expect(response.headers.get('content-encoding')).toBeNull()
      expect(Buffer.from(await response.arrayBuffer()).equals(bytes)).toBe(true)
    })

    test('HEAD tells the same and reads nothing', async () => {
      const [full, head] = await Promise.all([get(objectUrl(id)), get(objectUrl(id), {}, 'HEAD')])
      const told = (response: Response): Record<string, string> => {
        const { date: _, connection: __, 'keep-alive': ___, ...headers } = Object.fromEntries(response.headers)
        return headers
      }
      expect(head.status).toBe(200)
      expect(told(head)).toEqual(told(full))
      await full.arrayBuffer()
      expect((await head.arrayBuffer()).byteLength).toBe(0)
    })

    test.each([
      ['bytes=0-0', 0, 0],
      ['bytes=0-', 0, 2_999_999],
      ['bytes=2999999-', 2_999_999, 2_999_999],
      ['bytes=100-199', 100, 199],
      ['bytes=-5', 2_999_995, 2_999_999],
      ['bytes=-9999999', 0, 2_999_999],
      ['bytes=10-99999999999999999999999', 10, 2_999_999],
      ['BYTES = 1 - 2', 1, 2],
    ])('%s gives bytes %d to %d', async (range, start, end) => {
      const response = await get(objectUrl(id), { range })
      expect(response.status).toBe(206)
      expect(response.headers.get('content-range')).toBe(`bytes ${start}-${end}/3000000`)
      expect(response.headers.get('content-length')).toBe(String(end - start + 1))
      expect(Buffer.from(await response.arrayBuffer()).equals(bytes.subarray(start, end + 1))).toBe(true)
    })

    test.each(['bytes=0-1,5-6', 'bytes=5-4', 'bytes=', 'bytes=-', 'lines=0-1', 'bytes=a-b', 'bytes=1-2-3', '0-1'])(
      '%s is passed over',
      async (range) => {
        const response = await get(objectUrl(id), { range })
        expect([response.status, response.headers.get('content-range')]).toEqual([200, null])
        expect((await response.arrayBuffer()).byteLength).toBe(3_000_000)
      },
    )

    test.each(['bytes=3000000-', 'bytes=3000000-3000001', 'bytes=-0', 'bytes=99999999999999999999-'])(
      '%s cannot be had',
      async (range) => {
        const response = await get(objectUrl(id), { range })
        expect([response.status, response.headers.get('content-range')]).toEqual([416, 'bytes */3000000'])
        expect((await jsonOf(response)).error.code).toBe('BAD_USER_INPUT')
      },
    )

    test('a range is for GET alone', async () => {
      const response = await get(objectUrl(id), { range: 'bytes=0-1' }, 'HEAD')
      expect([response.status, response.headers.get('content-length')]).toEqual([200, '3000000'])
    })

    const tag = (): string => `"${id}"`
    const date = 'Fri, 02 Jan 2026 03:04:05 GMT'
    const before = 'Fri, 02 Jan 2026 03:04:04 GMT'
    test.each<[number, string, () => Record<string, string>]>([
      [304, 'If-None-Match fits', () => ({ 'if-none-match': tag() })],
      [304, 'one of several fits, weakly', () => ({ 'if-none-match': `"x", W/${tag()}` })],
      [304, 'If-None-Match is *', () => ({ 'if-none-match': '*' })],
      [200, 'If-None-Match differs, whatever the date', () => ({ 'if-none-match': '"x"', 'if-modified-since': date })],
      [304, 'it was not modified since', () => ({ 'if-modified-since': date })],
      [200, 'it was modified since', () => ({ 'if-modified-since': before })],
      [200, 'the date is none', () => ({ 'if-modified-since': 'yesterday' })],
      [200, 'If-Match fits', () => ({ 'if-match': tag() })],
      [200, 'If-Match is *', () => ({ 'if-match': '*' })],
      [412, 'If-Match differs', () => ({ 'if-match': '"x"' })],
      [412, 'If-Match fits only weakly', () => ({ 'if-match': `W/${tag()}` })],
      [412, 'it was modified since the time it must not be', () => ({ 'if-unmodified-since': before })],
      [200, 'it was not modified since that time', () => ({ 'if-unmodified-since': date })],
      [412, 'If-Match differs, before If-None-Match is looked at', () => ({ 'if-match': '"x"', 'if-none-match': tag() })],
      [206, 'If-Range fits', () => ({ range: 'bytes=0-1', 'if-range': tag() })],
      [206, 'If-Range has its date', () => ({ range: 'bytes=0-1', 'if-range': date })],
      [200, 'If-Range differs', () => ({ range: 'bytes=0-1', 'if-range': '"x"' })],
      [200, 'If-Range is weak', () => ({ range: 'bytes=0-1', 'if-range': `W/${tag()}` })],
      [200, 'If-Range has another date', () => ({ range: 'bytes=0-1', 'if-range': before })],
      [304, 'both a range and If-None-Match that fits', () => ({ range: 'bytes=0-1', 'if-none-match': tag() })],
    ])('answers %d when %s', async (status, _, headers) => {
      // Written by hand: fetch adds no-cache headers of its own to conditional requests.
      const request = httpRequest(objectUrl(id), { headers: headers() }).end()
      const [response] = (await once(request, 'response')) as [IncomingMessage]
      expect(response.statusCode).toBe(status)
      if (status !== 412) expect(response.headers.etag).toBe(tag())
      const body = await text(response)
      if (status === 304) expect([body, response.headers['content-length']]).toEqual(['', undefined])
    })

    test('an empty object has no ranges', async () => {
      const empty = objectUrl(await store(Buffer.alloc(0)))
      const whole = await get(empty)
      expect([whole.status, whole.headers.get('content-length'), await whole.text()]).toEqual([200, '0', ''])
      expect((await get(empty, { range: 'bytes=0-' })).status).toBe(416)
      expect((await get(empty, { range: 'bytes=-5' })).status).toBe(200)
    })

    test('a stored page is saved and runs nothing here', async () => {
      const page = await store(Buffer.from('<script>alert(1)</script>'), { contentType: 'text/html', key: 'x.html' })
      const response = await get(objectUrl(page))
      expect(response.headers.get('content-disposition')).toMatch(/^attachment;/)
      expect(response.headers.get('content-security-policy')).toMatch(/^sandbox/)
      expect(response.headers.get('x-content-type-options')).toBe('nosniff')
      expect(response.headers.get('set-cookie')).toBeNull()
      await response.text()
    })

    test.each([
      ['a "quoted" 100%.csv', `attachment; filename="a _quoted_ 100_.csv"; filename*=UTF-8''a%20%22quoted%22%20100%25.csv`],
      ['数据 🦆.csv', `attachment; filename="__ _.csv"; filename*=UTF-8''%E6%95%B0%E6%8D%AE%20%F0%9F%A6%86.csv`],
      ["it's (1)*.csv", `attachment; filename="it's (1)*.csv"; filename*=UTF-8''it%27s%20%281%29%2A.csv`],
      ['a/b\\..', `attachment; filename="download"; filename*=UTF-8''download`],
      ['evil\r\nset-cookie: a=b', `attachment; filename="evilset-cookie: a=b"; filename*=UTF-8''evilset-cookie%3A%20a%3Db`],
      ['fdp.\u202etxt', `attachment; filename="fdp.txt"; filename*=UTF-8''fdp.txt`],
      ['\ud800.csv', `attachment; filename="_.csv"; filename*=UTF-8''%EF%BF%BD.csv`],
      ['', `attachment; filename="download"; filename*=UTF-8''download`],
    ])('the key %j is saved under a safe name', async (key, expected) => {
      const response = await get(objectUrl(await store(Buffer.from('x'), { key })))
      expect(response.headers.get('content-disposition')).toBe(expected)
      expect(await response.text()).toBe('x')
    })

    test('the name in the URL goes before the key', async () => {
      const response = await get(sign('GET', `/files/objects/${id}/${encodeURIComponent('meu relatório/2.csv')}`))
      expect(response.headers.get('content-disposition')).toBe(`attachment; filename="2.csv"; filename*=UTF-8''2.csv`)
      await response.arrayBuffer()
    })

    test('a content type that is no header becomes bytes', async () => {
      const response = await get(objectUrl(await store(Buffer.from('x'), { contentType: 'text/csv\r\nset-cookie: a=b' })))
      expect([response.headers.get('content-type'), response.headers.get('set-cookie')]).toEqual([
        'application/octet-stream',
        null,
      ])
      await response.text()
    })

    test('what is not there, or no longer, is 404 in JSON', async () => {
      expect((await get(objectUrl('unknown'))).status).toBe(404)
      const gone = await store(Buffer.from('x'))
      await storage.remove(objects.get(gone)!.location)
      const response = await get(objectUrl(gone))
      expect([response.status, response.headers.get('content-type')]).toEqual([404, 'application/json; charset=utf-8'])
      expect(response.headers.get('content-disposition')).toBeNull()
      expect(response.headers.get('etag')).toBeNull()
      expect((await jsonOf(response)).error.code).toBe('NOT_FOUND')
    })

    test('URLs that are expired, forged or of a PUT are refused', async () => {
      const path = `/files/objects/${id}`
      for (const url of [
        origin + path,
        sign('GET', path, -1),
        sign('PUT', path),
        `${objectUrl(id)}&x=1`,
        objectUrl(id).replace(id, 'other'),
      ])
        for (const method of ['GET', 'HEAD']) expect((await get(url, {}, method)).status).toBe(403)
    })

    test('a slow reader gets all of it, and memory does not hold it', async () => {
      const large = randomBytes(40_000_000)
      const url = new URL(objectUrl(await store(large)))
      const rss = process.memoryUsage().rss
      const socket = connect(Number(url.port), url.hostname)
      socket.write(`GET ${url.pathname}${url.search} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`)
      const hash = createHash('sha256')
      let received = 0
      let headerEnd = -1
      let head = Buffer.alloc(0)
      let peak = 0
      for await (const chunk of socket) {
        if (headerEnd < 0) {
          head = Buffer.concat([head, chunk])
          headerEnd = head.indexOf('\r\n\r\n')
          if (headerEnd < 0) continue
          hash.update(head.subarray(headerEnd + 4))
          received = head.length - headerEnd - 4
        } else {
          hash.update(chunk)
          received += chunk.length
        }
        peak = Math.max(peak, process.memoryUsage().rss - rss)
        if (received % 50 === 0) await new Promise((resolve) => setTimeout(resolve, 10))
      }
      expect(received).toBe(large.length)
      expect(hash.digest('hex')).toBe(createHash('sha256').update(large).digest('hex'))
      expect(peak).toBeLessThan(64 * 2 ** 20)
    })

    test('sending makes no garbage: how large an object is does not show in the memory', async () => {
      const large = randomBytes(64 * 2 ** 20)
      const url = new URL(objectUrl(await store(large)))
      const hash = createHash('sha256')
      let received = 0
      let most = 0
      const before = bytesInUse()
      // Into one buffer: what the client would make is not of interest.
      const callback = (count: number, bytes: Uint8Array): boolean => {
        if (received === 0) received -= Buffer.from(bytes.buffer).indexOf('\r\n\r\n') + 4
        hash.update(bytes.subarray(Math.max(0, -received), count))
        received += count
        most = Math.max(most, process.memoryUsage().arrayBuffers)
        return true
      }
      const onread = { buffer: Buffer.alloc(2 ** 20), callback }
      const socket = connect({ port: Number(url.port), host: url.hostname, onread })
      socket.write(`GET ${url.pathname}${url.search} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`)
      await once(socket, 'close')
      expect(received).toBe(large.length)
      expect(hash.digest('hex')).toBe(createHash('sha256').update(large).digest('hex'))
      expect(most - before).toBeLessThan(8 * 2 ** 20)
    })

    test('a file that is shorter than it was cuts the connection, and the next request is answered', async () => {
      const id = await store(randomBytes(5_000_000))
      await truncate(join(directory, bucket, id), 2_000_000)
      const response = await get(objectUrl(id))
      expect(response.status).toBe(200)
      await expect(response.arrayBuffer()).rejects.toThrow()
      expect((await get(objectUrl(id), { range: 'bytes=0-9' })).status).toBe(206)
    })

    test('a reader that takes nothing any more is cut off', async () => {
      const url = new URL(objectUrl(await store(randomBytes(40_000_000))))
      const socket = connect(Number(url.port), url.hostname)
      const [served] = (await once(app.server, 'connection')) as [Socket]
      socket.write(`GET ${url.pathname}${url.search} HTTP/1.1\r\nhost: x\r\n\r\n`)
      await once(socket, 'readable')
      await once(served, 'close')
      expect(served.bytesWritten).toBeLessThan(40_000_000)
      socket.destroy()
    })
  })

  describe('GET of a result', () => {
    const ticket = (make: (signal: AbortSignal) => ExportedResult | Promise<ExportedResult>, filename = 'result.csv'): string => {
      const id = randomUUID()
      tickets.set(id, async (signal) => ({ exported: await make(signal), filename }))
      return sign('GET', `/files/results/${id}`)
    }
    const csv = (bytes: Readable, size: number | null = null): ExportedResult => ({
      contentType: 'text/csv; charset=utf-8',
      fileExtension: 'csv',
      size,
      bytes,
    })

    test('streams it under its name, not to be kept', async () => {
      const response = await get(
        ticket(() => csv(Readable.from(['a,b\n', '1,2\n']))),
        { 'accept-encoding': 'gzip' },
      )
      expect(Object.fromEntries(response.headers)).toMatchObject({
        'content-type': 'text/csv; charset=utf-8',
        'content-disposition': `attachment; filename="result.csv"; filename*=UTF-8''result.csv`,
        'cache-control': 'private, no-store',
        'x-content-type-options': 'nosniff',
      })
      expect(response.headers.get('content-encoding')).toBeNull()
      expect(await response.text()).toBe('a,b\n1,2\n')
      const sized = await get(ticket(() => csv(Readable.from(['a\n']), 2)))
      expect([sized.headers.get('content-length'), await sized.text()]).toEqual(['2', 'a\n'])
    })

    test('an error before the first byte is told', async () => {
      const timeout = () => new DhuoError('TIMEOUT', 'The query took more than 30 s.')
      const failing = [
        ticket(() => Promise.reject(timeout())),
        ticket(() =>
          csv(
            new Readable({
              read() {
                this.destroy(timeout())
              },
            }),
            100,
          ),
        ),
      ]
      for (const url of failing) {
        const response = await get(url)
        expect([response.status, response.headers.get('content-disposition')]).toEqual([504, null])
        expect(await jsonOf(response)).toEqual({ error: { code: 'TIMEOUT', message: 'The query took more than 30 s.' } })
      }
    })

    test('an error that is none of ours is masked', async () => {
      const response = await get(ticket(() => Promise.reject(new Error('/home/secret'))))
      expect(response.status).toBe(500)
      const { error } = await jsonOf(response)
      expect(error).toEqual({ code: 'INTERNAL_SERVER_ERROR', message: 'Internal server error', requestId: expect.any(String) })
    })

    test('a failure midway is no whole file to the client', async () => {
      const response = await get(
        ticket(() =>
          csv(
            Readable.from(
              (async function* () {
                yield 'a,b\n'
                await new Promise((resolve) => setTimeout(resolve, 50))
                throw new Error('the disk is gone')
              })(),
            ),
          ),
        ),
      )
      expect(response.status).toBe(200)
      await expect(response.text()).rejects.toThrow()
    })

    test('the rest is not made before the client takes it', async () => {
      let made = 0
      const chunk = Buffer.alloc(64 * 1024)
      const endless = new Readable({
        read() {
          made += chunk.length
          this.push(chunk)
        },
      })
      const request = httpRequest(ticket(() => csv(endless))).end()
      const [response] = (await once(request, 'response')) as [IncomingMessage]
      await new Promise((resolve) => setTimeout(resolve, 200))
      const soFar = made
      expect(soFar).toBeLessThan(32 * 2 ** 20)
      response.destroy()
      await eventually(() => endless.destroyed)
    })

    test('the query is stopped when the client goes away, whether it had begun to send or not', async () => {
      let aborted = 0
      const never = ticket((signal) => new Promise(() => signal.addEventListener('abort', () => aborted++)))
      const early = httpRequest(never)
      early.on('error', () => {})
      early.end()
      await new Promise((resolve) => setTimeout(resolve, 50))
      early.destroy()
      await eventually(() => aborted === 1)

      const bytes = new Readable({ read() {} })
      bytes.push('a,b\n')
      let signalled = false
      const started = httpRequest(
        ticket((signal) => {
          signal.addEventListener('abort', () => {
            signalled = true
          })
          return csv(bytes)
        }),
      ).end()
      await once(started, 'response')
      started.destroy()
      await eventually(() => bytes.destroyed && signalled)
    })

    test('a result that is ready only after the client went away is let go', async () => {
      const bytes = new Readable({ read() {} })
      let ready = () => {}
      const request = httpRequest(
        ticket(
          () =>
            new Promise((resolve) => {
              ready = () => resolve(csv(bytes))
            }),
        ),
      )
      request.on('error', () => {})
      request.end()
      await new Promise((resolve) => setTimeout(resolve, 50))
      request.destroy()
      await new Promise((resolve) => setTimeout(resolve, 50))
      ready()
      await eventually(() => bytes.destroyed)
    })

    test('a signal does not fire for a result that was taken whole', async () => {
      let signalled = false
      const response = await get(
        ticket((signal) => {
          signal.addEventListener('abort', () => {
            signalled = true
          })
          return csv(Readable.from(['x']))
        }),
      )
      await response.text()
      await new Promise((resolve) => setTimeout(resolve, 50))
      expect(signalled).toBe(false)
    })

    test('HEAD does not run the query', async () => {
      let runs = 0
      const url = ticket(() => {
        runs++
        return csv(Readable.from(['x']))
      })
      expect((await get(url, {}, 'HEAD')).status).toBe(404)
      expect(runs).toBe(0)
    })

    test('a ticket that is not there, and a forged URL, get nothing', async () => {
      expect((await get(sign('GET', '/files/results/unknown'))).status).toBe(404)
      expect(
        (await get(ticket(() => csv(Readable.from(['x']))).replace(/.$/, (last) => (last === 'A' ? 'Q' : 'A')))).status,
      ).toBe(403)
    })
  })
})
