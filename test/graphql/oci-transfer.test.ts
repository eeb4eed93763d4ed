import { createHash, randomBytes } from 'node:crypto'
import { createLogger } from '../../src/logger.js'
import { eventually } from '../eventually.js'
import { createOciHub, type OciHub } from '../oci-hub.js'
import { seedBucket, seedObject, seedProject, seedUser, uniqueName } from '../seed.js'

let oci: OciHub
let project: string
let bucket: string
const lines: string[] = []
const log = createLogger('debug', { write: (line) => void lines.push(line) })

beforeAll(async () => {
  oci = await createOciHub({}, log)
  project = (await seedProject(oci.hub)).name
  bucket = (await seedBucket(oci.hub, project)).name
})
afterEach(() => oci.double.faults.clear())
afterAll(() => oci.close())

/** Large enough for clients to be led to OCI. */
const large = randomBytes(5 * 2 ** 20)
const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
const held = () => oci.objectStorage.state.buckets.get(bucket)!
const calls = (operation: string) => oci.double.calls(operation)

const begin = async (key: string, size: number, sha256: string | null = null, as?: string) =>
  (
    await oci.hub.data(
      'mutation ($input: CreateUploadInput!) { createUpload(input: $input) { id parts { number method url headers { key value } } } }',
      { input: { bucket, key, size, sha256 } },
      as,
    )
  ).createUpload
const complete = (id: string) => oci.hub.execute('mutation ($id: ID!) { completeUpload(id: $id) { id size sha256 } }', { id })
const put = (url: string, body: Uint8Array | string) => fetch(url, { method: 'PUT', body })
const downloadUrl = async (key: string): Promise<string> =>
  (
    await oci.hub.data('query ($b: String!, $k: String!) { bucket(name: $b) { object(key: $k) { downloadUrl } } }', {
      b: bucket,
      k: key,
    })
  ).bucket.object.downloadUrl

test('a bucket lies in its compartment, is tagged with project and purpose, keeps versions and tidies up', () => {
  expect(held()).toMatchObject({
    compartmentId: 'ocid1.compartment.oc1..hub',
    freeformTags: { 'dhuo-project': project, 'dhuo-purpose': 'RAW' },
    versioning: 'Enabled',
    publicAccessType: 'NoPublicAccess',
    lifecycle: { items: expect.arrayContaining([expect.objectContaining({ target: 'multipart-uploads', action: 'ABORT' })]) },
  })
})

test('a bucket that somebody else has is not taken over', async () => {
  const { state } = oci.objectStorage
  const name = `${project}-models`
  state.buckets.set(name, { ...held(), name, freeformTags: {}, objects: new Map(), uploads: new Map(), pars: new Map() })
  const error = await oci.hub.error('mutation ($input: CreateBucketInput!) { createBucket(input: $input) { id } }', {
    input: { project, purpose: 'MODELS' },
  })
  expect(error).toMatchObject({
    message: expect.stringContaining('was not made for this'),
    extensions: { code: 'CONFLICT', field: 'input.name' },
  })
  state.buckets.delete(name)
})

test('a large object goes straight to OCI and comes straight from there, with Range; under its own key', async () => {
  const key = 'Ação/large 1.bin'
  const upload = await begin(key, large.length, sha256Of(large))
  expect(upload.parts).toHaveLength(1)
  expect(upload.parts[0].url.startsWith(`${oci.double.url}/p/`)).toBe(true)
  expect((await put(upload.parts[0].url, large)).status).toBe(200)
  expect([...held().objects.keys()]).not.toContain(key)
  expect((await complete(upload.id)).data.completeUpload).toMatchObject({ size: large.length, sha256: sha256Of(large) })
  expect(held().objects.get(key)).toHaveLength(1)

  const url = await downloadUrl(key)
  const response = await fetch(url, { redirect: 'manual' })
  expect(response.status).toBe(307)
  expect(response.headers.get('cache-control')).toBe('private, no-store')
  expect(response.headers.get('location')!.startsWith(`${oci.double.url}/p/`)).toBe(true)
  const whole = await fetch(url)
  expect(whole.headers.get('content-disposition')).toContain('attachment')
  expect(Buffer.from(await whole.arrayBuffer()).equals(large)).toBe(true)
  const part = await fetch(url, { headers: { range: 'bytes=100-299' } })
  expect([part.status, part.headers.get('content-range')]).toEqual([206, `bytes 100-299/${large.length}`])
  expect(Buffer.from(await part.arrayBuffer()).equals(large.subarray(100, 300))).toBe(true)
  const head = await fetch(url, { method: 'HEAD', redirect: 'error' })
  expect(head.headers.get('content-length')).toBe(String(large.length))
  const tag = head.headers.get('etag')!
  expect((await fetch(url, { headers: { 'if-none-match': tag }, redirect: 'error' })).status).toBe(304)
  // What OCI would read in another way is answered here.
  const conditional = await fetch(url, { headers: { 'if-range': tag, range: 'bytes=0-0' }, redirect: 'error' })
  expect(conditional.status).toBe(206)
  // One pre-authenticated request serves for a while; none is left of the upload.
  expect([...held().pars.values()].map(({ accessType }) => accessType)).toEqual(['ObjectRead'])
})

test('the URL of a version that was overwritten still gives its bytes', async () => {
  const key = uniqueName('overwritten')
  const [first, second] = [randomBytes(5 * 2 ** 20), randomBytes(5 * 2 ** 20)]
  await seedObject(oci.hub, bucket, key, first)
  const url = await downloadUrl(key)
  await seedObject(oci.hub, bucket, key, second)
  expect(sha256Of(new Uint8Array(await (await fetch(url)).arrayBuffer()))).toBe(sha256Of(first))
  expect(sha256Of(new Uint8Array(await (await fetch(await downloadUrl(key))).arrayBuffer()))).toBe(sha256Of(second))
})

test('small objects pass through the server, which costs fewer calls', async () => {
  const before = calls('createPreauthenticatedRequest')
  await seedObject(oci.hub, bucket, 'small.csv', 'a\n1\n')
  expect(await (await fetch(await downloadUrl('small.csv'), { redirect: 'error' })).text()).toBe('a\n1\n')
  expect(calls('createPreauthenticatedRequest')).toBe(before)
})

test('bytes with another digest are no object; the upload has to be begun again', async () => {
  const key = uniqueName('wrong')
  const upload = await begin(key, large.length, sha256Of(Buffer.from('other')))
  await put(upload.parts[0].url, large)
  expect((await complete(upload.id)).errors![0]).toMatchObject({
    message: expect.stringContaining('SHA-256'),
    extensions: { code: 'PRECONDITION_FAILED' },
  })
  expect(held().objects.has(key)).toBe(false)
  expect((await put(upload.parts[0].url, large)).status).toBe(404)
  expect(await oci.hub.data('mutation ($id: ID!) { abandonUpload(id: $id) }', { id: upload.id })).toEqual({ abandonUpload: true })
  expect([...held().objects.keys()].filter((name) => name.includes(upload.id))).toEqual([])
})

test('what is not complete is missing, and an upload that is abandoned takes nothing more', async () => {
  const upload = await begin(uniqueName('abandoned'), large.length)
  expect((await put(upload.parts[0].url, large.subarray(1))).status).toBe(200)
  expect((await complete(upload.id)).errors![0]!.extensions).toMatchObject({ missingParts: [1] })
  await oci.hub.data('mutation ($id: ID!) { abandonUpload(id: $id) }', { id: upload.id })
  expect((await put(upload.parts[0].url, large)).status).toBe(404)
  expect(held().uploads.size).toBe(0)
  expect([...held().pars.values()].filter(({ accessType }) => accessType === 'ObjectWrite')).toEqual([])
})

test('the URL of a part can do nothing but that', async () => {
  await seedObject(oci.hub, bucket, 'guarded', 'guarded')
  const upload = await begin('guarded', large.length)
  const url = new URL(upload.parts[0].url)
  const secret = url.pathname.split('/')[2]
  const at = (path: string) => `${url.origin}/p/${secret}/n/tenant/b/${bucket}/${path}`
  expect((await fetch(at('o/guarded'))).status).toBe(404)
  expect((await put(at('o/guarded'), 'x')).status).toBe(404)
  expect((await put(at('o/other'), 'x')).status).toBe(404)
  // Also to the name that its parts wait under it gives nothing but bytes that nobody takes for the object.
  expect((await fetch(url, { method: 'GET' })).status).toBeGreaterThanOrEqual(400)
})

test('whoever lost their role cannot complete what they were sending', async () => {
  const editor = await seedUser(oci.hub, { [project]: 'EDITOR' })
  const upload = await begin(uniqueName('taken'), large.length, null, editor.token)
  await oci.hub.data('mutation ($p: String!, $e: String!) { setProjectMember(project: $p, email: $e, role: VIEWER) { id } }', {
    p: project,
    e: editor.email,
  })
  await put(upload.parts[0].url, large)
  const refused = await oci.hub.error('mutation ($id: ID!) { completeUpload(id: $id) { id } }', { id: upload.id }, editor.token)
  expect(refused.extensions.code).toBe('FORBIDDEN')
})

test('OCI that does not answer is a backend that is not available, and health says so; afterwards it goes on', async () => {
  await oci.double.goDown()
  const error = await oci.hub.error('mutation ($input: CreateUploadInput!) { createUpload(input: $input) { id } }', {
    input: { bucket, key: 'k', size: 10 },
  })
  expect(error).toMatchObject({
    message: expect.stringContaining('OCI Object Storage'),
    extensions: { code: 'BACKEND_UNAVAILABLE' },
  })
  expect(error.message).not.toMatch(/127\.0\.0\.1|ocid1/)
  const { server } = await oci.hub.data('{ server { backends { role healthy detail } } }')
  expect(server.backends.find(({ role }: { role: string }) => role === 'OBJECT_STORE')).toMatchObject({ healthy: false })
  await oci.double.goUp()
  // After many failures in a row it is left alone for some seconds.
  await eventually(() =>
    seedObject(oci.hub, bucket, 'after', 'after').then(
      () => true,
      () => false,
    ),
  )
  expect(await (await fetch(await downloadUrl('after'))).text()).toBe('after')
})

test('no log line tells the secret of a pre-authenticated request, a key or a signature', () => {
  const all = lines.join('')
  expect(all).toContain('OCI answered')
  expect(all).not.toMatch(/\/p\/[\w-]{20,}|PRIVATE KEY|Signature version|keyId=/)
})
