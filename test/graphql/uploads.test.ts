import { createHash } from 'node:crypto'
import { request } from 'node:http'
import { createLogger } from '../../src/logger.js'
import { sweepExpired } from '../../src/operations/sweep-expired.js'
import { createTestHub, type TestHub } from '../hub.js'
import { seedBucket, seedProject, seedUser, uniqueName } from '../seed.js'

let hub: TestHub
let project: string
let bucket: string
beforeAll(async () => {
  hub = await createTestHub({ DHUO_SESSION_HOURS: '100' })
  project = (await seedProject(hub)).name
  bucket = (await seedBucket(hub, project)).name
})
afterAll(() => hub.close())

interface Upload {
  id: string
  key: string
  partSize: number
  expiresAt: string
  parts: { number: number; method: string; url: string }[]
}

const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

async function begin(size: number | string, more: object = {}): Promise<Upload> {
  const key = uniqueName('key')
  const { createUpload } = await hub.data(
    'mutation ($input: CreateUploadInput!) { createUpload(input: $input) { id partSize expiresAt parts { number method url } } }',
    { input: { bucket, key, size, ...more } },
  )
  return { key, ...more, ...createUpload }
}
const put = (upload: Upload, part: number, bytes: Uint8Array | string) =>
  fetch(upload.parts[part - 1]!.url, { method: 'PUT', body: bytes })
const completion = 'mutation ($id: ID!) { completeUpload(id: $id) { id size sha256 } }'
const complete = ({ id }: Upload) => hub.execute(completion, { id })
const abandon = ({ id }: Upload) => hub.execute('mutation ($id: ID!) { abandonUpload(id: $id) }', { id })
const current = async ({ key }: Upload) =>
  (
    await hub.data('query ($b: String!, $k: String!) { bucket(name: $b) { object(key: $k) { id size downloadUrl } } }', {
      b: bucket,
      k: key,
    })
  ).bucket.object
const refusal = (answer: Awaited<ReturnType<typeof complete>>) => answer.errors?.[0]

/** More than two parts of 64 MiB, of which hardly a byte is like the next one. */
const large = Buffer.alloc(2 * 64 * 2 ** 20 + 12_345)
for (let i = 0; i < large.length; i += 4096) large.writeUInt32LE(i, i)
const partOf = (upload: Upload, number: number) => large.subarray((number - 1) * upload.partSize, number * upload.partSize)

test('parts come in any order, at once, twice and again after a failure; the object is whole and has its digest', async () => {
  const upload = await begin(large.length, { sha256: sha256Of(large).toUpperCase() })
  expect(upload.parts.map(({ number, method }) => [number, method])).toEqual([
    [1, 'PUT'],
    [2, 'PUT'],
    [3, 'PUT'],
  ])
  expect((await put(upload, 3, partOf(upload, 3))).status).toBe(200)
  const early = refusal(await complete(upload))
  expect(early!.extensions).toMatchObject({ code: 'PRECONDITION_FAILED', missingParts: [1, 2] })
  // Wrong bytes at first, then a sender that is cut off, then the right ones.
  expect((await put(upload, 1, Buffer.alloc(upload.partSize))).status).toBe(200)
  await new Promise<void>((resolve) => {
    const cut = request(upload.parts[1]!.url, { method: 'PUT', headers: { 'content-length': upload.partSize } })
    cut.on('error', () => resolve())
    cut.write(Buffer.alloc(100_000), () => setTimeout(() => cut.destroy(), 20))
  })
  expect(refusal(await complete(upload))!.extensions['missingParts']).toEqual([2])
  const sent = await Promise.all([2, 1].map((part) => put(upload, part, partOf(upload, part))))
  expect(sent.map(({ status }) => status)).toEqual([200, 200])
  const { data } = await complete(upload)
  expect(data.completeUpload).toMatchObject({ size: large.length, sha256: sha256Of(large) })
  const { downloadUrl } = await current(upload)
  const hash = createHash('sha256')
  for await (const chunk of (await fetch(downloadUrl)).body!) hash.update(chunk)
  expect(hash.digest('hex')).toBe(sha256Of(large))
}, 60_000)

test('a part that is shorter or longer than announced is refused, and does not count', async () => {
  const upload = await begin(10)
  for (const bytes of ['123456789', '12345678901', '']) {
    const response = await put(upload, 1, bytes)
    expect([response.status, ((await response.json()) as { error: object }).error]).toEqual([
      400,
      expect.objectContaining({ code: 'BAD_USER_INPUT', message: expect.stringContaining('10 bytes') }),
    ])
  }
  expect(refusal(await complete(upload))!.extensions['missingParts']).toEqual([1])
  expect(await current(upload)).toBeNull()
})

test('10 GB that were announced and one byte of them is no object: what is missing is told', async () => {
  const upload = await begin(10_000_000_000)
  expect(upload.parts).toHaveLength(Math.ceil(10_000_000_000 / upload.partSize))
  expect((await put(upload, 1, 'x')).status).toBe(400)
  const { extensions, message } = refusal(await complete(upload))!
  expect(extensions).toMatchObject({ code: 'PRECONDITION_FAILED', missingParts: upload.parts.map(({ number }) => number) })
  expect(message.length).toBeLessThan(200)
  expect(await current(upload)).toBeNull()
  expect((await abandon(upload)).data).toEqual({ abandonUpload: true })
})

test('the largest object has its parts; one byte more is refused', async () => {
  const { server } = await hub.data('{ server { limits { objectBytes } } }')
  const upload = await begin(server.limits.objectBytes)
  expect(upload.parts.length).toBeLessThanOrEqual(10_000)
  expect(upload.partSize * upload.parts.length).toBeGreaterThanOrEqual(server.limits.objectBytes)
})

test('an empty object has no parts', async () => {
  const upload = await begin(0, { sha256: sha256Of(Buffer.alloc(0)) })
  expect(upload.parts).toEqual([])
  expect((await complete(upload)).data.completeUpload.size).toBe(0)
})

test('bytes with another digest are no object, and the upload can be mended', async () => {
  const upload = await begin(4, { sha256: sha256Of(Buffer.from('good')) })
  await put(upload, 1, 'evil')
  const error = refusal(await complete(upload))!
  expect(error.extensions).toMatchObject({ code: 'PRECONDITION_FAILED', field: 'id' })
  expect(error.message).toMatch(/SHA-256/)
  expect(await current(upload)).toBeNull()
  expect((await put(upload, 1, 'good')).status).toBe(200)
  expect((await complete(upload)).data.completeUpload.sha256).toBe(sha256Of(Buffer.from('good')))
})

test('many completions at once, and later ones, give one object; it takes no more parts and cannot be abandoned', async () => {
  const upload = await begin(4)
  await put(upload, 1, 'once')
  const answers = [...(await Promise.all(Array.from({ length: 8 }, () => complete(upload)))), await complete(upload)]
  expect(new Set(answers.map(({ data }) => data?.completeUpload.id)).size).toBe(1)
  expect(await current(upload)).toMatchObject({ id: answers[0]!.data.completeUpload.id })
  expect((await put(upload, 1, 'more')).status).toBeGreaterThanOrEqual(400)
  expect(await (await fetch((await current(upload)).downloadUrl)).text()).toBe('once')
  expect(refusal(await abandon(upload))!.extensions).toMatchObject({ code: 'PRECONDITION_FAILED', field: 'id' })
})

test('an upload that was abandoned takes nothing and becomes nothing; abandoning it again finds nothing', async () => {
  const upload = await begin(4)
  await put(upload, 1, 'gone')
  expect((await abandon(upload)).data).toEqual({ abandonUpload: true })
  expect((await put(upload, 1, 'gone')).status).toBe(404)
  expect(refusal(await complete(upload))!.extensions).toMatchObject({ code: 'NOT_FOUND', field: 'id' })
  expect(refusal(await abandon(upload))!.extensions.code).toBe('NOT_FOUND')
  expect(await current(upload)).toBeNull()
})

test('completing and abandoning at once ends in an object that is whole, or in none', async () => {
  for (let round = 0; round < 10; round++) {
    const upload = await begin(4)
    await put(upload, 1, 'race')
    const [completed, abandoned] = await Promise.all([complete(upload), abandon(upload)])
    const object = await current(upload)
    expect(object !== null).toBe(completed.errors === undefined)
    expect(abandoned.data?.abandonUpload === true).toBe(object === null)
    if (object) expect(await (await fetch(object.downloadUrl)).text()).toBe('race')
  }
})

test('several uploads to one key are several objects, and the last one completed is current', async () => {
  const uploads = await Promise.all(['a', 'b', 'c'].map(() => begin(1, { key: 'contended' })))
  await Promise.all(uploads.map((upload, i) => put(upload, 1, 'abc'[i]!)))
  const ids: string[] = []
  for (const upload of uploads) ids.push((await complete(upload)).data.completeUpload.id)
  expect(new Set(ids).size).toBe(3)
  expect((await current(uploads[0]!)).id).toBe(ids[2])
})

test('an upload that has expired takes no part, is not completed, and is swept', async () => {
  const upload = await begin(4)
  await put(upload, 1, 'late')
  const row = (await hub.datasources.catalog.uploads.find(upload.id))!
  expect(Date.parse(upload.expiresAt) - Date.now()).toBeGreaterThan(23 * 3_600_000)
  // As if a day had passed: the row says so.
  await hub.datasources.catalog.uploads.deleteOpen(upload.id)
  await hub.datasources.catalog.uploads.insert({ ...row, expiresAt: new Date(Date.now() - 1_000).toISOString() })
  expect((await put(upload, 1, 'late')).status).toBe(404)
  expect(refusal(await complete(upload))!.extensions).toMatchObject({ code: 'PRECONDITION_FAILED', field: 'id' })
  await sweepExpired(hub.datasources, createLogger('silent'), Date.now() + 2 * 3_600_000)
  expect(refusal(await complete(upload))!.extensions.code).toBe('NOT_FOUND')
  expect(await current(upload)).toBeNull()
})

test('is for EDITORs; to strangers an upload does not exist, and a role that is taken ends its URLs', async () => {
  const [viewer, editor, stranger] = [
    await seedUser(hub, { [project]: 'VIEWER' }),
    await seedUser(hub, { [project]: 'EDITOR' }),
    await seedUser(hub),
  ]
  const create = 'mutation ($input: CreateUploadInput!) { createUpload(input: $input) { id parts { url } } }'
  const input = { bucket, key: uniqueName('key'), size: 1 }
  expect((await hub.error(create, { input }, viewer!.token)).extensions.code).toBe('FORBIDDEN')
  expect((await hub.error(create, { input }, stranger!.token)).extensions.code).toBe('NOT_FOUND')
  const { createUpload } = await hub.data(create, { input }, editor!.token)
  expect((await hub.error(completion, { id: createUpload.id }, viewer!.token)).extensions.code).toBe('FORBIDDEN')
  expect((await hub.error(completion, { id: createUpload.id }, stranger!.token)).extensions.code).toBe('NOT_FOUND')
  const [{ url }] = createUpload.parts
  expect((await fetch(url, { method: 'GET' })).status).toBeGreaterThanOrEqual(400)
  expect((await fetch(url.replace(/\/1\?/, '/2?'), { method: 'PUT', body: 'x' })).status).toBeGreaterThanOrEqual(400)
  await hub.data(`mutation { setProjectMember(project: "${project}", email: "${editor!.email}", role: VIEWER) { id } }`)
  expect((await fetch(url, { method: 'PUT', body: 'x' })).status).toBe(403)
})
