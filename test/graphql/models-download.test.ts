import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readlink, rm, writeFile } from 'node:fs/promises'
import { get, type IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { createTestHub, type TestHub } from '../hub.js'
import { seedBucket, seedObject, seedUser } from '../seed.js'
import { type ModelSeeder, seedModels } from './model-seed.js'

const run = promisify(execFile)
const hasPython = await run('python3', ['--version']).then(
  () => true,
  () => false,
)
if (!hasPython) console.warn('There is no python3 here: that its zipfile reads the archives is not tested.')

let hub: TestHub
let models: ModelSeeder
let directory: string
beforeAll(async () => {
  hub = await createTestHub()
  models = await seedModels(hub)
  directory = await mkdtemp(join(tmpdir(), 'dhuo-zip-'))
})
afterAll(async () => {
  await hub.close()
  await rm(directory, { recursive: true })
})

let saved = 0
/** A version of these files; the keys are put under a prefix that no other test has. */
async function saveFiles(contents: Record<string, string | Uint8Array>, bucket = models.bucket): Promise<string> {
  const prefix = `run-${++saved}/`
  for (const [key, content] of Object.entries(contents)) await seedObject(hub, bucket, prefix + key, content)
  const objects = Object.keys(contents).map((key) => ({ bucket, key: prefix + key }))
  return (await models.save('zipped', { objects })).id
}

const urlOf = async (id: string, as?: string): Promise<string> =>
  (await hub.data('query ($id: ID!) { node(id: $id) { ... on ModelVersion { downloadUrl } } }', { id }, as)).node.downloadUrl

const download = async (id: string): Promise<Buffer> => {
  const response = await fetch(await urlOf(id))
  expect(response.status).toBe(200)
  return Buffer.from(await response.arrayBuffer())
}

const readZip = `
import hashlib, json, sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as z:
    assert z.testzip() is None
    print(json.dumps([[i.filename, hashlib.sha256(z.read(i)).hexdigest(), i.compress_type, list(i.date_time), i.external_attr >> 16] for i in z.infolist()]))
`

interface Entry {
  name: string
  sha256: string
  isStored: boolean
  date: number[]
  mode: number
}

/** What Python's zipfile finds in an archive, having checked every checksum. */
async function entriesOf(zip: Buffer): Promise<Entry[]> {
  const file = join(directory, 'model.zip')
  await writeFile(file, zip)
  const { stdout } = await run('python3', ['-c', readZip, file], { maxBuffer: 64 * 2 ** 20 })
  const rows = JSON.parse(stdout) as [string, string, number, number[], number][]
  return rows.map(([name, sha256, compression, date, mode]) => ({ name, sha256, isStored: compression === 0, date, mode }))
}

const sha256 = (content: string | Uint8Array): string => createHash('sha256').update(content).digest('hex')
const ifPython = hasPython ? test : test.skip

describe('the download of a model version', () => {
  test('of one file is the file, under its name', async () => {
    const response = await fetch(await urlOf(await saveFiles({ 'dir/único.pkl': 'only' })))
    expect(response.headers.get('content-disposition')).toContain("filename*=UTF-8''%C3%BAnico.pkl")
    expect(await response.text()).toBe('only')
  })

  ifPython('of several is a ZIP that others read, with names of any language', async () => {
    const contents = {
      'model/MLmodel': 'flavors:\n',
      'model/data/weights.safetensors': Buffer.alloc(100_000, 'w'),
      'model/data/vocabulário.txt': 'olá\n'.repeat(1000),
      'model/データ/模型.json': '{}',
      'model/\u{1f980}.bin': Buffer.from([0, 255, 1]),
    }
    const id = await saveFiles(contents)
    const response = await fetch(await urlOf(id))
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'application/zip',
      'content-disposition': expect.stringMatching(/^attachment; filename="zipped-v\d+\.zip"/),
      'cache-control': 'private, no-store',
      'x-content-type-options': 'nosniff',
    })
    const entries = await entriesOf(Buffer.from(await response.arrayBuffer()))
    expect(Object.fromEntries(entries.map(({ name, sha256 }) => [name, sha256]))).toEqual(
      Object.fromEntries(Object.entries(contents).map(([key, content]) => [key.replace('model/', ''), sha256(content)])),
    )
    expect(Object.fromEntries(entries.map(({ name, isStored }) => [name, isStored]))).toMatchObject({
      'data/weights.safetensors': true,
      'data/vocabulário.txt': false,
    })
    expect(new Set(entries.map(({ date, mode }) => `${date} ${mode.toString(8)}`))).toEqual(new Set(['1980,1,1,0,0,0 100644']))
  })

  test('is the same to the byte, whenever and in whatever time zone it is made', async () => {
    const id = await saveFiles({ 'a/one.txt': 'one'.repeat(5_000), 'a/two.txt': 'two', 'b.parquet': 'three' })
    const first = await download(id)
    await sleep(2_100)
    const zone = process.env['TZ']
    process.env['TZ'] = 'Asia/Tokyo'
    try {
      expect(sha256(await download(id))).toBe(sha256(first))
    } finally {
      if (zone === undefined) delete process.env['TZ']
      else process.env['TZ'] = zone
    }
  })

  ifPython('of files of several buckets keeps them apart', async () => {
    const other = (await seedBucket(hub, models.project, 'FEATURES')).name
    await seedObject(hub, models.bucket, 'same/key.txt', 'of one')
    await seedObject(hub, other, 'same/key.txt', 'of the other')
    const objects = [models.bucket, other].map((bucket) => ({ bucket, key: 'same/key.txt' }))
    const entries = await entriesOf(await download((await models.save('zipped', { objects })).id))
    expect(entries.map(({ name, sha256 }) => [name, sha256])).toEqual([
      [`${other}/same/key.txt`, sha256('of the other')],
      [`${models.bucket}/same/key.txt`, sha256('of one')],
    ])
  })

  ifPython('has no name that leads out of the directory where it is unpacked, and none twice', async () => {
    const keys = [
      '../../etc/passwd',
      '../__/etc/passwd',
      '/absolute',
      'absolute',
      'a',
      'a/b',
      'a//b',
      'a/./b',
      'C:/windows.txt',
      'C:windows.txt',
      'C_/windows.txt',
      'back\\slash\\..\\..\\x',
      'tab\there',
      '.. /x',
      'turned\u202etxt.exe',
      'trailing/',
    ]
    for (const key of keys) await seedObject(hub, models.bucket, key, key)
    const objects = keys.map((key) => ({ bucket: models.bucket, key }))
    const entries = await entriesOf(await download((await models.save('zipped', { objects })).id))
    const names = entries.map(({ name }) => name)
    expect(entries.map((entry) => entry.sha256).sort()).toEqual(keys.map(sha256).sort())
    for (const name of names) expect(name).not.toMatch(/^\/|^\w:|\\|(^|\/)\.*\s*(\/|$)|[\p{Cc}\u202e]/u)
    // A file must not be where another needs a directory.
    const places = names.flatMap((name) => [name, ...name.split('/').map((_, i, parts) => `${parts.slice(0, i).join('/')}/`)])
    expect(new Set(names).size).toBe(names.length)
    for (const name of names) expect(places).not.toContain(`${name}/`)
    const target = join(directory, 'unpacked')
    await run('python3', ['-m', 'zipfile', '-e', join(directory, 'model.zip'), target])
    const unpacked = (await readdir(target, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile())
    expect(unpacked).toHaveLength(keys.length)
  })

  ifPython(
    'of hundreds of files has them all',
    async () => {
      const contents = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`part-${i}.txt`, `${i}`]))
      const { catalog, storage } = hub.datasources
      const [bucket] = await catalog.buckets.byNames([models.bucket])
      for (const [key, text] of Object.entries(contents)) {
        const id = `obj_${createHash('md5').update(key).digest('hex')}`
        const contentType = 'text/plain'
        const stored = await storage.write({ id, bucket: models.bucket, key, contentType }, Readable.from([Buffer.from(text)]))
        await catalog.transaction(({ storedObjects }) =>
          storedObjects.insertCurrent({
            ...stored,
            id,
            projectId: bucket!.projectId,
            bucketId: bucket!.id,
            key,
            isCurrent: 1,
            contentType,
            lastModified: new Date().toISOString(),
            replacedAt: null,
            createdBy: null,
          }),
        )
      }
      const objects = Object.keys(contents).map((key) => ({ bucket: models.bucket, key }))
      const entries = await entriesOf(await download((await models.save('zipped', { objects })).id))
      expect(Object.fromEntries(entries.map(({ name, sha256 }) => [name, sha256]))).toEqual(
        Object.fromEntries(Object.entries(contents).map(([key, text]) => [key, sha256(text)])),
      )
    },
    60_000,
  )
})

/** Files of the object store that this process has open. */
async function openFiles(): Promise<string[]> {
  const links = await Promise.all((await readdir('/proc/self/fd')).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')))
  return links.filter((link) => link.startsWith(join(hub.home, 'buckets')))
}

const eventually = async (isSo: () => Promise<boolean> | boolean): Promise<void> => {
  for (const deadline = Date.now() + 5_000; !(await isSo()); await sleep(20))
    if (Date.now() > deadline) throw new Error('it did not come to be so')
}

/** The head of an answer, whose body nobody reads yet. */
const begin = (url: string): Promise<IncomingMessage> => new Promise((resolve, reject) => get(url, resolve).on('error', reject))

describe('a ZIP that is under way', () => {
  const size = 24 * 2 ** 20

  test('waits for its client, and holds no more than a few megabytes meanwhile', async () => {
    const id = await saveFiles({ 'big.safetensors': Buffer.alloc(size, 1), 'next.txt': 'next' })
    const before = process.memoryUsage().external
    const response = await begin(await urlOf(id))
    await sleep(500)
    // Client and server are this process: both sides' buffers are in it.
    const held = process.memoryUsage().external - before
    let bytes = 0
    for await (const chunk of response) bytes += (chunk as Buffer).length
    expect(bytes).toBeGreaterThan(size)
    expect(held).toBeLessThan(size / 2)
  })

  const ifLinux = process.platform === 'linux' ? test : test.skip

  ifLinux('closes its files when the client goes away', async () => {
    const id = await saveFiles({ 'big.safetensors': Buffer.alloc(size, 2), 'next.txt': 'next' })
    const response = await begin(await urlOf(id))
    await eventually(async () => (await openFiles()).length > 0)
    response.destroy()
    await eventually(async () => (await openFiles()).length === 0)
  })

  test('is cut off where a file cannot be read: nobody takes it for whole', async () => {
    const id = await saveFiles({ 'a.safetensors': Buffer.alloc(size, 3), 'b.safetensors': Buffer.alloc(size, 4) })
    const files = await hub.datasources.catalog.modelVersions.files([id])
    const second = files.find((file) => file.key.endsWith('b.safetensors'))!
    const response = await begin(await urlOf(id))
    await hub.datasources.storage.remove({ bucket: models.bucket, key: second.key, version: second.version })
    const read = async () => {
      for await (const _ of response);
    }
    await expect(read()).rejects.toMatchObject({ code: 'ECONNRESET' })
    expect(response.complete).toBe(false)
  })

  test('is an error from the start where the first file cannot be read', async () => {
    const id = await saveFiles({ 'a.bin': 'a', 'b.bin': 'b' })
    for (const { key, version } of await hub.datasources.catalog.modelVersions.files([id]))
      await hub.datasources.storage.remove({ bucket: models.bucket, key, version })
    const response = await fetch(await urlOf(id))
    expect(response.status).toBe(404)
    expect(response.headers.get('content-type')).toMatch(/^application\/json/)
    expect(await response.json()).toMatchObject({ error: { code: 'NOT_FOUND' } })
  })
})

describe('the URL of a ZIP', () => {
  test('ends with the rights of its person, and with the version', async () => {
    const viewer = await seedUser(hub, { [models.project]: 'VIEWER' })
    const id = await saveFiles({ 'a.bin': 'a', 'b.bin': 'b' })
    const url = await urlOf(id, viewer.token)
    const mine = await urlOf(id)
    expect((await fetch(url)).status).toBe(200)
    await hub.data(
      'mutation ($project: String!, $email: String!) { setProjectMember(project: $project, email: $email) { id } }',
      {
        project: models.project,
        email: viewer.email,
      },
    )
    expect((await fetch(url)).status).toBe(404)
    expect((await fetch(mine.replace(/signature=.{4}/, 'signature=AAAA'))).status).toBe(403)
    expect((await fetch(mine)).status).toBe(200)
    await hub.data('mutation ($id: ID!) { deleteModelVersion(id: $id) }', { id })
    expect((await fetch(mine)).status).toBe(404)
  })

  test('is valid for as long as was asked, within a day', async () => {
    const id = await saveFiles({ 'a.bin': 'a', 'b.bin': 'b' })
    const query = 'query ($id: ID!, $s: Int) { node(id: $id) { ... on ModelVersion { downloadUrl(expiresIn: $s) } } }'
    for (const s of [0, -1, 86_401]) {
      const { extensions } = await hub.error(query, { id, s })
      expect(extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: 'expiresIn' })
    }
    const { node } = await hub.data(query, { id, s: 86_400 })
    const expires = Number(new URL(node.downloadUrl).searchParams.get('expires'))
    expect(Math.abs(expires - Date.now() / 1000 - 86_400)).toBeLessThan(10)
  })
})
