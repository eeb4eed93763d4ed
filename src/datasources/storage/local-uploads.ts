// Uploads of the local object store: parts written in place into one file, which a rename makes a version.
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { IncomingMessage } from 'node:http'
import { basename, dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import { badInput, DhuoError, isDhuoError, notFound } from '../../errors.js'
import { LocalFileSink, pour } from './local-file-sink.js'
import { attempt, exists, hashFile, ifThere, namesIn, openIfThere, removeTree, syncDirectory } from './local-files.js'
import type { BegunUpload, StoredBytes, UploadRequest } from './object-storage.js'
import { extentOfPart, partCountOf, partSizeFor, partsAreMissing } from './upload-parts.js'

interface LocalUploadsOptions {
  /** Where uploads are kept, on the same file system as the versions. */
  directory: string
  /** The file of a version; its directory is the bucket. Throws for what cannot be a name. */
  versionPath(bucket: string, version: string): string
  /** Bytes of a part, unless the upload is so large that parts must grow. */
  partSize: number
  /** Identifies this run of the machine, where it is known. */
  bootId: string | null
}

/*
 * <directory>/<id>/bytes         every part at its own offset
 * <directory>/<id>/<n>.<boot>    part n is in `bytes`, whole
 *
 * A marker counts only in the run of the machine that made it: after a power cut it may be on the disk while its bytes,
 * which are synced once, at the end, are not. Where the machine does not tell its runs apart, every part is synced.
 */
export class LocalUploads {
  readonly #options: LocalUploadsOptions
  readonly #markerSuffix: string
  /** Parts that are being received, by upload. */
  readonly #receiving = new Map<string, Set<number>>()
  readonly #completing = new Map<string, Promise<unknown>>()

  constructor(options: LocalUploadsOptions) {
    this.#options = options
    this.#markerSuffix = `.${options.bootId ?? 'synced'}`
  }

  async begin(request: UploadRequest): Promise<BegunUpload> {
    const { id, size } = request
    if (!Number.isSafeInteger(size) || size < 0) throw badInput('size', `The size must be a whole number of bytes, not ${size}.`)
    const directory = this.#directoryOf(request)
    return attempt(async () => {
      const isUsed = (await exists(this.#targetOf(request))) || !(await makeDirectory(directory))
      if (isUsed) throw new DhuoError('CONFLICT', `The id ${id} was used before.`, { field: 'id' })
      await writeFile(join(directory, 'bytes'), '')
      return { ...request, partSize: partSizeFor(size, this.#options.partSize), token: '' }
    })
  }

  async writePart(upload: BegunUpload, partNumber: number, bytes: Readable): Promise<void> {
    const { offset, size } = extentOfPart(upload, partNumber)
    const marker = join(this.#directoryOf(upload), `${partNumber}${this.#markerSuffix}`)
    const stopReceiving = this.#startReceiving(upload, partNumber)
    try {
      await attempt(async () => {
        await rm(marker, { force: true })
        await using file = await openIfThere(this.#bytesOf(upload), 'r+')
        if (file === null) throw await this.#gone(upload)
        // The body of a request has no other reader.
        const sink = new LocalFileSink(file, { offset, limit: size, ownsBuffers: bytes instanceof IncomingMessage })
        await pour(bytes, sink).catch((error) => {
          throw sink.failure ?? (isDhuoError(error) ? error : wrongSize(partNumber, size, sink, error))
        })
        if (sink.written < size) throw wrongSize(partNumber, size, sink)
        if (this.#options.bootId === null) await file.datasync()
        if (!(await ifThere(writeFile(marker, '')))) throw await this.#gone(upload)
      })
    } finally {
      stopReceiving()
    }
  }

  async complete(upload: BegunUpload, expectedSha256: string | null): Promise<StoredBytes> {
    while (this.#completing.has(upload.id)) await this.#completing.get(upload.id)?.catch(() => {})
    const completing = attempt(() => this.#complete(upload, expectedSha256))
    this.#completing.set(upload.id, completing)
    try {
      return await completing
    } finally {
      this.#completing.delete(upload.id)
    }
  }

  async abandon(upload: BegunUpload): Promise<void> {
    await attempt(() => removeTree(this.#directoryOf(upload)))
  }

  async #complete(upload: BegunUpload, expectedSha256: string | null): Promise<StoredBytes> {
    const target = this.#targetOf(upload)
    const source = this.#bytesOf(upload)
    // The second of two callers at once, or one who comes back after a crash, finds the version in its place already.
    const whole = await openIfThere(target)
    await using file = whole ?? (await openIfThere(source, 'r+'))
    const missing = whole === null ? await this.#missingParts(upload) : []
    if (file === null || missing.length > 0) {
      // Another server may have made it whole since we looked.
      if (await exists(target)) return this.#complete(upload, expectedSha256)
      throw file === null ? notFound('The upload') : partsAreMissing(missing)
    }
    const { size } = await file.stat()
    if (size !== upload.size)
      throw new DhuoError('PRECONDITION_FAILED', `The store holds ${size} bytes instead of ${upload.size}.`)
    const sha256 = expectedSha256 === null ? null : await hashFile(file)
    if (sha256 !== expectedSha256)
      throw new DhuoError('PRECONDITION_FAILED', `The SHA-256 of the bytes is ${sha256}, not ${expectedSha256}.`, {
        field: 'sha256',
      })
    if (whole === null) {
      await file.sync()
      if (!(await ifThere(rename(source, target))) && !(await exists(target))) throw notFound('The upload')
    }
    await syncDirectory(dirname(target))
    await removeTree(this.#directoryOf(upload))
    return { version: upload.id, size, etag: upload.id, sha256 }
  }

  /** Parts that are being received again count as missing: the bytes of a version must not change under its readers. */
  async #missingParts(upload: BegunUpload): Promise<number[]> {
    const names = new Set(await namesIn(this.#directoryOf(upload)))
    const receiving = this.#receiving.get(upload.id)
    const numbers = Array.from({ length: partCountOf(upload) }, (_, index) => index + 1)
    return numbers.filter((number) => receiving?.has(number) || !names.has(`${number}${this.#markerSuffix}`))
  }

  #startReceiving(upload: BegunUpload, partNumber: number): () => void {
    if (this.#completing.has(upload.id)) throw new DhuoError('CONFLICT', 'The upload is being completed.')
    const receiving = this.#receiving.get(upload.id) ?? new Set()
    if (receiving.has(partNumber)) throw new DhuoError('CONFLICT', `Part ${partNumber} is being received from another sender.`)
    this.#receiving.set(upload.id, receiving.add(partNumber))
    return () => {
      receiving.delete(partNumber)
      if (receiving.size === 0) this.#receiving.delete(upload.id)
    }
  }

  async #gone(upload: BegunUpload): Promise<DhuoError> {
    return (await exists(this.#targetOf(upload))) ? new DhuoError('CONFLICT', 'The upload is complete.') : notFound('The upload')
  }

  #directoryOf(upload: { id: string; bucket: string }): string {
    return join(this.#options.directory, basename(this.#targetOf(upload)))
  }

  #bytesOf(upload: BegunUpload): string {
    return join(this.#directoryOf(upload), 'bytes')
  }

  #targetOf(upload: { id: string; bucket: string }): string {
    return this.#options.versionPath(upload.bucket, upload.id)
  }
}

/** False when it was there. */
const makeDirectory = (path: string): Promise<boolean> =>
  mkdir(path).then(
    () => true,
    (error) => {
      if (error.code === 'EEXIST') return false
      throw error
    },
  )

const wrongSize = (partNumber: number, size: number, sink: LocalFileSink, cause?: unknown): DhuoError =>
  badInput(
    'part',
    `Part ${partNumber} must have ${size} bytes; ${sink.overflowed ? 'more came' : `it ended after ${sink.written}`}.`,
    cause,
  )
