import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import type { ObjectStorage } from '../../src/datasources/storage/object-storage.js'
import { openOciObjectStorage } from '../../src/datasources/storage/oci-object-storage.js'
import { extentOfPart, partCountOf } from '../../src/datasources/storage/upload-parts.js'
import { createLogger } from '../../src/logger.js'
import { compileProgram } from '../compile-sources.js'
import { type ObjectStorageService, objectStorageService } from '../oci/object-storage-service.js'
import { type OciDouble, startOciDouble } from '../oci/oci-double.js'
import { settingsFor } from '../oci/oci-settings.js'
import { runAndKill } from './killed-writer.js'

const partSize = 64 * 1024
const size = 3 * partSize - 1000
const bucket = 'iris-raw'
const rounds = 10
const config = {
  scheme: 'oci',
  namespace: 'tenant',
  compartment: 'ocid1.compartment.oc1..a',
  address: { region: null, endpoint: null },
  directTransfer: false,
} as const
const sizes = { partSize, pieceSize: partSize, directFrom: 0 }

/** The bytes of an upload follow from its id, so that both processes know them. */
const bytesFor = (id: string): Buffer => Buffer.alloc(size, createHash('sha256').update(id).digest())

/** Stores one object after the other, in both ways, and tells what it begins and what was promised. */
const writer = `
import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { openOciObjectStorage } from './src/datasources/storage/oci-object-storage.js'
import { createLogger } from './src/logger.js'
const [config, oci, sizes, round] = process.argv.slice(2).map((text) => JSON.parse(text))
const storage = await openOciObjectStorage(config, oci, createLogger('silent'), sizes)
const say = (what, value) => new Promise((resolve) => process.stdout.write(JSON.stringify({ what, value }) + '\\n', resolve))
for (let i = 0; ; i++) {
  const id = 'round-' + round + '-' + i
  const bytes = Buffer.alloc(${size}, createHash('sha256').update(id).digest())
  const expiresAt = new Date(Date.now() + 3600000).toISOString()
  const request = { id, bucket: '${bucket}', key: id, size: bytes.length, contentType: 'text/plain', expiresAt }
  if (i % 3 === 2) {
    await say('writes', request)
    const stored = await storage.write(request, Readable.from([bytes.subarray(0, 70_000), bytes.subarray(70_000)]))
    await say('stored', { id, version: stored.version })
  } else {
    const upload = await storage.beginUpload(request)
    await say('begun', upload)
    for (const part of [3, 1, 2])
      await storage.writePart(upload, part, Readable.from([bytes.subarray((part - 1) * ${partSize}, part * ${partSize})]))
    const stored = await storage.completeUpload(upload, i % 2 ? createHash('sha256').update(bytes).digest('hex') : null)
    await say('stored', { id, version: stored.version })
  }
}
`

describe('a server that is killed while it stores objects in OCI', () => {
  let directory: string
  let service: ObjectStorageService
  let double: OciDouble
  let storage: ObjectStorage
  let settings: Awaited<ReturnType<typeof settingsFor>>

  beforeAll(async () => {
    service = objectStorageService('tenant')
    double = await startOciDouble(service)
    settings = await settingsFor(double)
    storage = await openOciObjectStorage(config, settings, createLogger('silent'), sizes)
    await storage.createBucket(bucket, { project: 'iris', purpose: 'RAW' })
    directory = await mkdtemp(join(tmpdir(), 'dhuo-kill-oci-'))
    const sources = ['src/errors.ts', 'src/logger.ts', 'src/datasources/storage', 'src/datasources/oci']
    await compileProgram(directory, 'writer.js', writer, sources)
  }, 60_000)
  afterAll(async () => {
    await storage.close()
    await double.close()
    await rm(directory, { recursive: true, force: true })
  })

  const read = async (key: string, version: string): Promise<Buffer> => buffer(await storage.read({ bucket, key, version }))

  test('has stored each object whole or not at all, and what it had promised; another server goes on with the rest', async () => {
    const outcomes = { promised: 0, resumed: 0, completedAnew: 0 }
    for (let round = 0; round < rounds; round++) {
      const given = [config, settings, sizes, round].map((value) => JSON.stringify(value))
      const { begun, stored } = await runAndKill(directory, given, 500)
      const { objects } = service.state.buckets.get(bucket)!
      for (const [name, versions] of objects)
        if (name.startsWith(`round-${round}-`)) {
          expect(versions).toHaveLength(1)
          expect((await read(name, versions[0]!.versionId!)).equals(bytesFor(name))).toBe(true)
        }
      for (const [id, version] of stored) expect(objects.get(id)?.[0]?.versionId).toBe(version)
      outcomes.promised += stored.size

      for (const upload of begun) {
        const completed = await storage.completeUpload(upload, null).catch((error) => error)
        if (completed.code === 'PRECONDITION_FAILED') {
          for (const part of completed.details.missingParts) {
            const { offset, size } = extentOfPart(upload, part)
            await storage.writePart(upload, part, Readable.from([bytesFor(upload.id).subarray(offset, offset + size)]))
          }
          outcomes.resumed += completed.details.missingParts.length < partCountOf(upload) ? 1 : 0
          await storage.completeUpload(upload, createHash('sha256').update(bytesFor(upload.id)).digest('hex'))
        } else {
          expect(completed).toMatchObject({ size })
          outcomes.completedAnew += stored.has(upload.id) ? 0 : 1
        }
        expect(objects.get(upload.id)).toHaveLength(1)
        expect((await read(upload.id, objects.get(upload.id)![0]!.versionId!)).equals(bytesFor(upload.id))).toBe(true)
      }
    }
    expect(outcomes.promised).toBeGreaterThan(0)
    expect(outcomes.resumed + outcomes.completedAnew).toBeGreaterThan(0)
  }, 120_000)
})
