import { createHash, randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { createOciHub, type OciHub } from '../oci-hub.js'
import { seedBucket, seedProject } from '../seed.js'

/** A minute, so to speak. */
const outageMs = 6_000
const uploaders = 12

let oci: OciHub
let bucket: string
beforeAll(async () => {
  oci = await createOciHub({ DHUO_OCI_TIMEOUT_SECONDS: '1' })
  bucket = (await seedBucket(oci.hub, (await seedProject(oci.hub)).name)).name
})
afterAll(() => oci.close())

const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/** As a client does that does not give up: only what says that something is not available now is tried again. */
async function patiently<T>(work: () => Promise<T>): Promise<T> {
  for (const deadline = Date.now() + 45_000; ; ) {
    try {
      return await work()
    } catch (error) {
      const passing =
        /BACKEND_UNAVAILABLE|RATE_LIMITED|TIMEOUT|being completed|fetch failed|terminated|status (404|429|5\d\d)|ECONN/
      if (!passing.test(String(error) + String((error as Error).cause)) || Date.now() > deadline) throw error
      await sleep(200 + Math.random() * 300)
    }
  }
}

async function ask(query: string, variables: Record<string, unknown>) {
  const answer = await oci.hub.execute(query, variables)
  if (answer.errors) throw new Error(answer.errors.map(({ message, extensions }) => `${extensions.code} ${message}`).join())
  return answer.data as never
}

async function upload(key: string, bytes: Buffer): Promise<void> {
  const input = { bucket, key, size: bytes.length, sha256: sha256Of(bytes) }
  const { createUpload } = await patiently<{ createUpload: { id: string; parts: { url: string }[] } }>(() =>
    ask('mutation ($input: CreateUploadInput!) { createUpload(input: $input) { id parts { url } } }', { input }),
  )
  for (const { url } of createUpload.parts)
    await patiently(async () => {
      const response = await fetch(url, { method: 'PUT', body: new Uint8Array(bytes) })
      await response.arrayBuffer()
      if (!response.ok) throw new Error(`status ${response.status}`)
    })
  await patiently(() => ask('mutation ($id: ID!) { completeUpload(id: $id) { id } }', { id: createUpload.id }))
}

async function download(key: string): Promise<string> {
  return patiently(async () => {
    const query = 'query ($b: String!, $k: String!) { bucket(name: $b) { object(key: $k) { downloadUrl } } }'
    const { bucket: found } = (await ask(query, { b: bucket, k: key })) as { bucket: { object: { downloadUrl: string } } }
    const response = await fetch(found.object.downloadUrl)
    const bytes = new Uint8Array(await response.arrayBuffer())
    if (!response.ok) throw new Error(`status ${response.status}`)
    return sha256Of(bytes)
  })
}

test('uploads and downloads in the middle of which OCI throttles, hangs, cuts connections and is down lose nothing and store nothing twice', async () => {
  const sent = new Map<string, Buffer>()
  let isOver = false
  const sending = Array.from({ length: uploaders }, async (_, i) => {
    for (let n = 0; !isOver; n++) {
      const key = `from-${i}-${n}`
      // Some through the server, some straight to OCI.
      const bytes = randomBytes(i % 2 ? 200_000 : 4 * 2 ** 20 + 1000)
      await upload(key, bytes)
      sent.set(key, bytes)
      expect(await download(key)).toBe(sha256Of(bytes))
      await sleep(300)
    }
  })
  const everything = Promise.all(sending)
  everything.catch(() => {})
  const { faults } = oci.double
  while (sent.size < 3) await sleep(50)
  faults.add({ times: 40, refuse: { status: 429, code: 'TooManyRequests' } })
  await sleep(1_000)
  faults.add({ times: 3, hang: 'before' }, { times: 3, hang: 'after' })
  await sleep(1_500)
  for (const operation of ['uploadPart', 'uploadPartByPar']) faults.add({ operation, times: 2, cutRequestAfter: 100_000 })
  for (const operation of ['getObject', 'getByPar']) faults.add({ operation, times: 2, cutAnswerAfter: 50_000 })
  for (const operation of ['commitMultipartUpload', 'renameObject', 'putObject'])
    faults.add({ operation, times: 2, reset: 'after' })
  await sleep(1_000)
  const before = sent.size
  await oci.double.goDown()
  await sleep(outageMs)
  await oci.double.goUp()
  await sleep(2_000)
  isOver = true
  await everything
  expect(before).toBeGreaterThan(0)
  expect(sent.size).toBeGreaterThan(before)

  const held = oci.objectStorage.state.buckets.get(bucket)!
  for (const [key, bytes] of sent) {
    const versions = held.objects.get(key)!
    expect([key, versions.length, versions[0]!.size]).toEqual([key, 1, bytes.length])
  }
  const names = [...held.objects.keys()].filter((name) => !name.startsWith('.dhuo/'))
  expect(names.sort()).toEqual([...sent.keys()].sort())
}, 120_000)
