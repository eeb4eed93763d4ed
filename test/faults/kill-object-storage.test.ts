import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { openLocalObjectStorage } from '../../src/datasources/storage/local-object-storage.js'
import { extentOfPart, partCountOf } from '../../src/datasources/storage/upload-parts.js'
import { compileProgram } from '../compile-sources.js'
import { runAndKill } from './killed-writer.js'

const partSize = 128 * 1024
const size = 3 * partSize - 1000
const bucket = 'iris-raw'
const rounds = 100

/** The bytes of an upload follow from its id, so that both processes know them. */
const bytesFor = (id: string): Buffer => {
  const seed = createHash('sha256').update(id).digest()
  return Buffer.alloc(size, seed)
}

/** Stores one object after the other, in both ways, and tells what it begins and what was promised. */
const writer = `
import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { openLocalObjectStorage } from './src/datasources/storage/local-object-storage.js'
const [directory, round] = process.argv.slice(2)
const storage = await openLocalObjectStorage({ scheme: 'file', directory }, { partSize: ${partSize} })
const say = (what, value) => new Promise((resolve) => process.stdout.write(JSON.stringify({ what, value }) + '\\n', resolve))
await storage.createBucket('${bucket}', { project: 'iris', purpose: 'RAW' })
for (let i = 0; ; i++) {
  const id = 'round-' + round + '-' + i
  const bytes = Buffer.alloc(${size}, createHash('sha256').update(id).digest())
  const request = { id, bucket: '${bucket}', key: id, size: bytes.length, contentType: 'text/plain' }
  if (i % 3 === 2) {
    await say('writes', request)
    await storage.write(request, Readable.from([bytes.subarray(0, 70_000), bytes.subarray(70_000)]))
  } else {
    const upload = await storage.beginUpload(request)
    await say('begun', upload)
    for (const part of [3, 1, 2])
      await storage.writePart(upload, part, Readable.from([bytes.subarray((part - 1) * ${partSize}, part * ${partSize})]))
    await storage.completeUpload(upload, i % 2 ? createHash('sha256').update(bytes).digest('hex') : null)
  }
  await say('stored', { id })
}
`

describe('a server that is killed while it stores objects', () => {
  let directory: string
  let program: string

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'dhuo-kill-'))
    program = join(directory, 'program')
    await compileProgram(program, 'writer.js', writer, ['src/errors.ts', 'src/datasources/storage'])
  })
  afterAll(() => rm(directory, { recursive: true, force: true }))

  test(`has stored each object whole or not at all, and what it had promised, ${rounds} times`, async () => {
    const buckets = join(directory, 'buckets')
    const outcomes = { kept: 0, promised: 0, resumed: 0, completedAnew: 0 }
    for (let round = 0; round < rounds; round++) {
      const { begun, stored, writing } = await runAndKill(program, [buckets, String(round)], 40)
      const storage = await openLocalObjectStorage({ scheme: 'file', directory: buckets }, { partSize })
      const read = async (id: string): Promise<Buffer> => buffer(await storage.read({ bucket, key: id, version: id }))

      const versions = await readdir(join(buckets, bucket))
      for (const id of versions) expect((await read(id)).equals(bytesFor(id))).toBe(true)
      for (const id of stored.keys()) expect(versions).toContain(id)
      outcomes.kept += versions.length
      outcomes.promised += stored.size

      for (const upload of begun) {
        const completed = await storage.completeUpload(upload, null).catch((error) => error)
        if (completed.code === 'PRECONDITION_FAILED') {
          for (const part of completed.details.missingParts) {
            const { offset, size } = extentOfPart(upload, part)
            await storage.writePart(upload, part, Readable.from([bytesFor(upload.id).subarray(offset, offset + size)]))
          }
          outcomes.resumed += completed.details.missingParts.length < partCountOf(upload) ? 1 : 0
          await storage.completeUpload(upload, null)
        } else {
          expect(completed).toMatchObject({ version: upload.id, size })
          outcomes.completedAnew += stored.has(upload.id) ? 0 : 1
        }
        expect((await read(upload.id)).equals(bytesFor(upload.id))).toBe(true)
      }
      // Killed inside beginUpload: nobody was told of it, and it holds no bytes.
      for (const id of await readdir(join(buckets, '.uploads'))) {
        expect(begun.map((upload) => upload.id)).not.toContain(id)
        expect(await readdir(join(buckets, '.uploads', id))).not.toContainEqual(expect.stringMatching(/^\d/))
      }
      for (const id of versions) await storage.remove({ bucket, key: id, version: id })
      for (const upload of begun) await storage.remove({ bucket, key: upload.key, version: upload.id })
      for (const id of writing) await storage.remove({ bucket, key: id, version: id })
    }
    expect(outcomes.promised).toBeGreaterThan(0)
  }, 180_000)

  test('what it held for an object that it was writing itself is no version', async () => {
    for (const name of await readdir(join(directory, 'buckets', '.writes')))
      expect((await readFile(join(directory, 'buckets', '.writes', name))).length).toBeLessThanOrEqual(size)
    expect(await readdir(join(directory, 'buckets', bucket))).toEqual([])
  })
})
