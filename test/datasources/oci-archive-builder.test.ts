import { execFileSync } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import type { ArchiveFunctionConfig } from '../../src/config/functions-config.js'
import type { ArchiveBuilder, ArchiveRequest } from '../../src/datasources/functions/archive-builder.js'
import { openOciArchiveBuilder } from '../../src/datasources/functions/oci-archive-builder.js'
import { createLogger } from '../../src/logger.js'
import { fetchArchive } from '../../src/operations/fetch-archive.js'
import { wheelOf } from '../graphql/deployment-seed.js'
import { createBucketIn } from '../oci/create-bucket-in.js'
import { FunctionsService } from '../oci/functions-service.js'
import { objectStorageService } from '../oci/object-storage-service.js'
import { type OciDouble, startOciDouble } from '../oci/oci-double.js'
import { settingsFor } from '../oci/oci-settings.js'
import { type PackageIndex, startPackageIndex } from '../operations/package-index.js'

const python = (program: string): string => execFileSync('python3', ['-c', program], { encoding: 'utf8' }).trim()
const runtime = JSON.parse(
  python(
    'import json, platform, sys; print(json.dumps({"version": sys.version_info[:2], "platform": sys.platform, "machine": platform.machine().lower()}))',
  ),
) as ArchiveRequest['runtime']
const bounds = { bytes: 10e6, unpackedBytes: 20e6 }
const times = { pollMs: 20, firstSignMs: 15_000, signMs: 3_000 }
const never = () => new AbortController().signal

let double: OciDouble
let functions: FunctionsService
const objects = objectStorageService()
let index: PackageIndex
let images: string
const opened: ArchiveBuilder[] = []
beforeAll(async () => {
  images = await mkdtemp(join(tmpdir(), 'dhuo-images-'))
  functions = new FunctionsService({ url: () => double.url, images: { 'gru.ocir.io/double/broken:1': join(images, 'broken') } })
  double = await startOciDouble(functions, objects)
  await createBucketIn(double, 'handoff')
  index = await startPackageIndex(
    new Map([
      ['tiny_lib-2.0-py3-none-any.whl', wheelOf('tiny_lib', '2.0', { 'tiny_lib/__init__.py': 'two = 2\n' })],
      ['other-1.0-py3-none-any.whl', wheelOf('other', '1.0', { 'other.py': '' })],
    ]),
  )
})
beforeEach(() => {
  double.faults.clear()
  double.requests.length = 0
  index.hold = null
})
afterAll(async () => {
  for (const builder of opened) await builder.close()
  await double.close()
  await index.close()
  await rm(images, { recursive: true })
})

async function open(more: Record<string, unknown> = {}): Promise<ArchiveBuilder> {
  const { image = functions.archiveImage, ...details } = more
  const id = functions.add({
    displayName: `archive-${randomUUID()}`,
    image: image as string,
    timeoutInSeconds: 30,
    detachedModeTimeoutInSeconds: 60,
    config: { DHUO_ALIVE_SECONDS: '0.1', PIP_CONFIG_FILE: '/dev/null', PIP_RETRIES: '0' },
    ...details,
  })
  return openOn(id)
}
async function openOn(id: string, settings: Partial<ArchiveFunctionConfig> = {}, more = times): Promise<ArchiveBuilder> {
  const config = { function: id, bucket: 'handoff', address: { region: null, endpoint: null }, ...settings }
  const builder = await openOciArchiveBuilder(config, await settingsFor(double), createLogger('silent'), more)
  opened.push(builder)
  return builder
}
const wanting = (...lines: string[]): ArchiveRequest => ({
  key: randomUUID().replaceAll('-', ''),
  requirements: [`--index-url ${index.url}`, ...lines].join('\n'),
  without: [],
  runtime,
  bounds,
})
const foldersOf = (key: string) => [...objects.state.buckets.get('handoff')!.objects.keys()].filter((name) => name.includes(key))
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')

describe('an archive built by a function of OCI', () => {
  test('comes with what was asked for, the same bytes each time, and is taken again by who asks later', async () => {
    const builder = await open()
    const asked = wanting('tiny-lib', 'other')
    const made = await builder.build(asked, never())
    const bytes = await buffer(await made.open())
    expect(made).toMatchObject({ sha256: sha256(bytes), size: bytes.length, packages: ['other==1.0', 'tiny-lib==2.0'] })
    const again = await builder.build(wanting('tiny-lib', 'other'), never())
    expect(again.sha256).toBe(made.sha256)
    double.requests.length = 0
    expect((await (await open()).build(asked, never())).sha256).toBe(made.sha256)
    expect(double.calls('invokeFunction')).toBe(0)
    await builder.discard(asked.key)
    await builder.discard(asked.key)
    expect(foldersOf(asked.key)).toEqual([])
  })

  test('leaves out what the deployment brings by itself', async () => {
    const made = await (await open()).build({ ...wanting('tiny-lib', 'other'), without: ['tiny-lib'] }, never())
    expect(made.packages).toEqual(['other==1.0'])
    expect((await buffer(await made.open())).includes('tiny_lib')).toBe(false)
  })

  test('what pip refuses is told in its words, without credentials; another time it may succeed', async () => {
    const builder = await open()
    const asked = wanting('not-there')
    const withPassword = { ...asked, requirements: asked.requirements.replace('http://', 'http://me:hunter22@') }
    const refusal = await builder.build(withPassword, never()).catch((error: unknown) => error)
    expect(refusal).toMatchObject({
      code: 'PRECONDITION_FAILED',
      message: expect.stringMatching(/No matching distribution found for not-there.*Only wheels/s),
    })
    expect((refusal as Error).message).not.toContain('hunter22')
    expect((await builder.build({ ...asked, requirements: wanting('other').requirements }, never())).packages).toEqual([
      'other==1.0',
    ])
  })

  test('an image of another platform says so', async () => {
    const other = { ...wanting('other'), runtime: { ...runtime, machine: 'pdp11' } }
    await expect((await open()).build(other, never())).rejects.toMatchObject({
      code: 'PRECONDITION_FAILED',
      message: expect.stringMatching(/its image has Python .*, and scripts run on Python .* pdp11/),
    })
  })

  test('a second server that wants the same while it is built waits for it', async () => {
    const asked = wanting('other')
    let release = () => {}
    index.hold = new Promise((resolve) => {
      release = resolve
    })
    const first = (await open()).build(asked, never())
    while (foldersOf(asked.key).length === 0) await new Promise((resolve) => setTimeout(resolve, 20))
    const second = (await open()).build(asked, never())
    await new Promise((resolve) => setTimeout(resolve, 300))
    release()
    expect((await first).sha256).toBe((await second).sha256)
    expect(double.calls('invokeFunction')).toBe(1)
  })

  test('a function that dies without a word is noticed by its silence', async () => {
    await mkdir(join(images, 'broken'))
    await writeFile(join(images, 'broken', 'func.py'), 'import os\ndef handler(ctx, data=None):\n    os._exit(9)\n')
    const id = functions.add({ displayName: 'broken', image: 'gru.ocir.io/double/broken:1', timeoutInSeconds: 60 })
    const builder = await openOn(id, {}, { ...times, firstSignMs: 800 })
    await expect(builder.build(wanting('other'), never())).rejects.toMatchObject({
      code: 'BACKEND_UNAVAILABLE',
      message: expect.stringContaining('has died'),
    })
  })

  test('who stops waiting stops at once', async () => {
    index.hold = new Promise(() => {})
    const stopping = new AbortController()
    const built = (await open()).build(wanting('other'), stopping.signal)
    setTimeout(() => stopping.abort(), 200)
    await expect(built).rejects.toMatchObject({ name: 'AbortError' })
  })

  test('bytes that are not those of their digest are not taken, and built anew the next time', async () => {
    const builder = await open()
    const asked = wanting('other')
    await builder.build(asked, never())
    const [archive] = objects.state.buckets.get('handoff')!.objects.get(`builds/${asked.key}/archive.zip`)!
    await writeFile(archive!.blobs[0]!.file, Buffer.alloc(archive!.size, 'x'))
    const target = join(images, 'fetched.zip')
    await expect(fetchArchive(builder, asked, target, never())).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' })
    expect(foldersOf(asked.key)).toEqual([])
    expect(await fetchArchive(builder, asked, target, never())).toEqual(['other==1.0'])
  })

  test('it is not well when the function or the bucket is not there', async () => {
    await (await open()).ping()
    await expect((await openOn(`${functions.add({ displayName: 'gone' })}x`)).ping()).rejects.toMatchObject({
      code: 'BACKEND_UNAVAILABLE',
    })
    const id = functions.add({ displayName: 'here' })
    await expect((await openOn(id, { bucket: 'nowhere' })).ping()).rejects.toMatchObject({
      message: expect.stringContaining('nowhere'),
    })
  })
})
