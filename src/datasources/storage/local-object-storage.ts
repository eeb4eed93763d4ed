// Object storage in a directory of this machine: one file per version, never written again once it is there.
import { createHash, randomUUID } from 'node:crypto'
import { constants } from 'node:fs'
import { access, type FileHandle, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import type { LocalStorageConfig } from '../../config/storage-config.js'
import { badInput, DhuoError, notFound } from '../../errors.js'
import { LocalFileSink, pour } from './local-file-sink.js'
import { attempt, exists, hashFile, openIfThere, readBootId, removeTree, syncDirectory, unavailable } from './local-files.js'
import { LocalUploads } from './local-uploads.js'
import type { BegunUpload, ByteRange, BytesLocation, ObjectStorage, StoredBytes, UploadRequest } from './object-storage.js'
import { defaultPartSize, extentOfPart } from './upload-parts.js'

const readChunk = 512 * 1024
const dayMs = 24 * 3600 * 1000
const bucketPattern = /^[a-z0-9][a-z0-9._-]{0,254}$/
const idPattern = /^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$/

/**
 * Opens the object store in a directory, which is made when it is not there. The directory belongs to one machine; parts of
 * one upload are to be received by one process at a time, everything else may be done by several.
 * @param options.partSize bytes of a part, for tests
 * @throws BACKEND_UNAVAILABLE the directory cannot be made, read or written
 */
export async function openLocalObjectStorage(
  config: LocalStorageConfig,
  { partSize = defaultPartSize }: { partSize?: number } = {},
): Promise<ObjectStorage> {
  const storage = new LocalObjectStorage(config.directory, partSize, await readBootId())
  await storage.prepare()
  return storage
}

/*
 * <directory>/<bucket>/<version>    the bytes of a version
 * <directory>/.uploads/<id>/        an upload (see LocalUploads)
 * <directory>/.writes/<random>      what the server itself is writing
 *
 * Keys are no paths: of what a user names, only the bucket is part of one, and that must fit a pattern without room for
 * separators and dots at its start.
 */
class LocalObjectStorage implements ObjectStorage {
  readonly kind = 'file'
  readonly supports = { directTransfer: false }
  readonly existing = null
  readonly #directory: string
  readonly #writes: string
  readonly #uploads: LocalUploads

  constructor(directory: string, partSize: number, bootId: string | null) {
    this.#directory = directory
    this.#writes = join(directory, '.writes')
    this.#uploads = new LocalUploads({ directory: join(directory, '.uploads'), versionPath: this.#versionPath, partSize, bootId })
  }

  async prepare(): Promise<void> {
    await attempt(async () => {
      for (const name of ['.uploads', '.writes']) await mkdir(join(this.#directory, name), { recursive: true, mode: 0o700 })
      await removeOlderThan(this.#writes, dayMs)
      // Uploads are the caller's to abandon; but nobody knows one whose server was killed before it could say that it began it.
      await removeOlderThan(join(this.#directory, '.uploads'), 30 * dayMs)
    })
    await this.ping()
  }

  async ping(): Promise<void> {
    await attempt(async () => {
      for (const name of ['', '.uploads', '.writes'])
        await access(join(this.#directory, name), constants.R_OK | constants.W_OK | constants.X_OK)
    })
  }

  async createBucket(bucket: string): Promise<void> {
    await attempt(async () => {
      await mkdir(this.#bucketPath(bucket), { recursive: true })
      await syncDirectory(this.#directory)
    })
  }

  async beginUpload(request: UploadRequest): Promise<BegunUpload> {
    await this.#requireBucket(request.bucket)
    return this.#uploads.begin(request)
  }

  /** Everything comes and goes through this server. */
  partTarget(upload: BegunUpload, partNumber: number): null {
    extentOfPart(upload, partNumber)
    return null
  }

  async readUrl(): Promise<null> {
    return null
  }

  async lend(): Promise<null> {
    return null
  }

  async writePart(upload: BegunUpload, partNumber: number, bytes: Readable): Promise<void> {
    await this.#uploads.writePart(upload, partNumber, bytes)
  }

  async completeUpload(upload: BegunUpload, expectedSha256: string | null): Promise<StoredBytes> {
    return this.#uploads.complete(upload, expectedSha256)
  }

  async abandonUpload(upload: BegunUpload): Promise<void> {
    await this.#uploads.abandon(upload)
  }

  async write(request: { id: string; bucket: string; key: string; contentType: string }, bytes: Readable): Promise<StoredBytes> {
    const temporary = join(this.#writes, randomUUID())
    // It may fail before anybody reads it, and must find a listener then.
    bytes.once('error', () => {})
    try {
      const target = this.#versionPath(request.bucket, request.id)
      await this.#requireBucket(request.bucket)
      if (await attempt(() => exists(target)))
        throw new DhuoError('CONFLICT', `The id ${request.id} was used before.`, { field: 'id' })
      const stored = await this.#writeTemporary(temporary, bytes)
      await attempt(async () => {
        await rename(temporary, target)
        await syncDirectory(dirname(target))
      })
      return { version: request.id, etag: request.id, ...stored }
    } catch (error) {
      bytes.destroy()
      await rm(temporary, { force: true }).catch(() => {})
      throw error
    }
  }

  async read(location: BytesLocation, range?: ByteRange): Promise<Readable> {
    const file = await this.#openVersion(location)
    try {
      const { size } = await attempt(() => file.stat())
      if (range && !(range.start >= 0 && range.start <= range.end && range.end < size))
        throw badInput('range', `The object has ${size} bytes; ${range.start} to ${range.end} is not within.`)
      return file.createReadStream({ ...range, highWaterMark: readChunk })
    } catch (error) {
      await file.close()
      throw error
    }
  }

  async localFile(location: BytesLocation): Promise<string | null> {
    const path = this.#pathOf(location)
    return path !== null && (await attempt(() => exists(path))) ? path : null
  }

  async sha256(location: BytesLocation): Promise<string> {
    await using file = await this.#openVersion(location)
    return await attempt(() => hashFile(file))
  }

  /** Nobody else reads this directory. */
  async hide(): Promise<void> {}

  async remove(location: BytesLocation): Promise<void> {
    const path = this.#pathOf(location)
    if (path !== null) await attempt(() => rm(path, { force: true }))
  }

  async close(): Promise<void> {}

  async #writeTemporary(path: string, bytes: Readable): Promise<{ size: number; sha256: string }> {
    const hash = createHash('sha256')
    await using file = await attempt(() => open(path, 'wx'))
    const sink = new LocalFileSink(file, { offset: 0, limit: Number.MAX_SAFE_INTEGER, hash })
    await pour(bytes, sink).catch((error) => {
      throw sink.failure ? unavailable(sink.failure) : error
    })
    await attempt(() => file.sync())
    return { size: sink.written, sha256: hash.digest('hex') }
  }

  async #openVersion(location: BytesLocation): Promise<FileHandle> {
    const path = this.#pathOf(location)
    const file = path === null ? null : await attempt(() => openIfThere(path))
    if (file === null) throw notFound('This version of the object')
    return file
  }

  async #requireBucket(bucket: string): Promise<void> {
    const path = this.#bucketPath(bucket)
    if (!(await attempt(() => exists(path)))) throw notFound(`The bucket ${bucket}`, 'bucket')
  }

  #bucketPath(bucket: string): string {
    if (!bucketPattern.test(bucket)) throw badInput('bucket', `A bucket's name must match ${bucketPattern.source}.`)
    return join(this.#directory, bucket)
  }

  readonly #versionPath = (bucket: string, version: string): string => {
    if (!idPattern.test(version)) throw badInput('id', `The id of an upload must match ${idPattern.source}.`)
    return join(this.#bucketPath(bucket), version)
  }

  /** Null for what no version can be called: there is nothing there. */
  #pathOf({ bucket, version }: BytesLocation): string | null {
    return bucketPattern.test(bucket) && idPattern.test(version) ? this.#versionPath(bucket, version) : null
  }
}

/** Removes what a killed server left. Only what nobody has touched for so long: another server may be at work here. */
async function removeOlderThan(directory: string, ageMs: number): Promise<void> {
  for (const name of await readdir(directory)) {
    const path = join(directory, name)
    const touched = await stat(path).catch(() => null)
    if (touched && Date.now() - touched.mtimeMs > ageMs) await removeTree(path)
  }
}
