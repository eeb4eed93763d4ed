// What the double of Object Storage holds: buckets, versions of objects, bytes in files.
import { createHash, randomUUID } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { type FileHandle, mkdtemp, open, rm, unlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { OciRefusal } from './oci-service.js'

/** Bytes that came in one request. */
export interface Blob {
  file: string
  size: number
  /** Base64. */
  md5: string
}

export interface ObjectVersion {
  name: string
  /** Null in a bucket that never had versioning. */
  versionId: string | null
  etag: string
  isDeleteMarker: boolean
  /** In the order of their bytes. */
  blobs: Blob[]
  size: number
  /** Of an object of one piece; `multipartMd5` of one that was put together. */
  md5: string | null
  multipartMd5: string | null
  contentType: string
  /** `opc-meta-…` → value. */
  meta: Record<string, string>
  modified: Date
}

export interface MultipartUpload {
  uploadId: string
  object: string
  contentType: string
  meta: Record<string, string>
  created: Date
  parts: Map<number, Blob & { etag: string }>
}

export interface PreauthenticatedRequest {
  id: string
  secret: string
  name: string
  accessType: string
  objectName: string | null
  bucketListingAction: string
  created: Date
  expires: Date
}

export interface Bucket {
  namespace: string
  name: string
  id: string
  compartmentId: string
  freeformTags: Record<string, string>
  publicAccessType: string
  versioning: 'Enabled' | 'Suspended' | 'Disabled'
  etag: string
  created: Date
  lifecycle: unknown
  /** Newest first, by name. */
  objects: Map<string, ObjectVersion[]>
  uploads: Map<string, MultipartUpload>
  pars: Map<string, PreauthenticatedRequest>
}

/** Keeps nothing after `close`. */
export class ObjectStorageState {
  readonly namespace: string
  readonly buckets = new Map<string, Bucket>()
  #directory: Promise<string> | null = null

  readonly #digests: boolean

  constructor(namespace: string, digests: boolean) {
    this.namespace = namespace
    this.#digests = digests
  }

  bucket(namespace: string, name: string): Bucket {
    const bucket = this.buckets.get(name)
    if (namespace !== this.namespace)
      throw new OciRefusal(
        404,
        'NamespaceNotFound',
        `You do not have authorization to perform this request, or the namespace ${namespace} does not exist.`,
      )
    if (!bucket)
      throw new OciRefusal(
        404,
        'BucketNotFound',
        `Either the bucket named '${name}' does not exist or you are not authorized to access it`,
      )
    return bucket
  }

  /** @throws 400 the bytes are not those of `Content-MD5`; nothing is kept when the connection breaks */
  async store(bytes: Readable, expectedMd5: string | undefined, expectedSize: string | undefined): Promise<Blob> {
    this.#directory ??= mkdtemp(join(tmpdir(), 'dhuo-oci-objects-'))
    const file = join(await this.#directory, randomUUID())
    const hasDigests = this.#digests
    const hash = createHash('md5')
    let size = 0
    try {
      await pipeline(
        bytes,
        async function* (source: AsyncIterable<Buffer>) {
          for await (const part of source) {
            if (hasDigests) hash.update(part)
            size += part.length
            yield part
          }
        },
        createWriteStream(file, { highWaterMark: 256 * 1024 }),
      )
      const md5 = hash.digest('base64')
      if (expectedMd5 !== undefined && expectedMd5 !== md5)
        throw new OciRefusal(
          400,
          'UnmatchedContentMD5',
          `The computed MD5 of the request body (${md5}) does not match the Content-MD5 header (${expectedMd5})`,
        )
      if (expectedSize !== undefined && Number(expectedSize) !== size) throw new Error('The body was cut off.')
      return { file, size, md5 }
    } catch (error) {
      await rm(file, { force: true })
      throw error
    }
  }

  /** The newest that is no delete marker, or the one of this id. */
  find(bucket: Bucket, name: string, versionId: string | null): ObjectVersion {
    const versions = bucket.objects.get(name) ?? []
    const found = versionId === null ? versions[0] : versions.find((version) => version.versionId === versionId)
    if (!found || found.isDeleteMarker)
      throw new OciRefusal(404, 'ObjectNotFound', `The object '${name}' was not found in the bucket '${bucket.name}'`)
    return found
  }

  add(bucket: Bucket, content: Pick<ObjectVersion, 'name' | 'blobs' | 'contentType' | 'meta'>): ObjectVersion {
    const { blobs } = content
    const version: ObjectVersion = {
      ...content,
      versionId: bucket.versioning === 'Enabled' ? randomUUID() : null,
      etag: randomUUID(),
      isDeleteMarker: false,
      size: blobs.reduce((sum, { size }) => sum + size, 0),
      md5: blobs.length === 1 ? blobs[0]!.md5 : null,
      multipartMd5: blobs.length === 1 ? null : multipartMd5Of(blobs),
      modified: new Date(),
    }
    this.#push(bucket, version)
    return version
  }

  /** Without an id: a delete marker where there are versions. @returns the id of what was deleted, or of the marker */
  async remove(
    bucket: Bucket,
    name: string,
    versionId: string | null,
  ): Promise<{ versionId: string | null; isDeleteMarker: boolean }> {
    if (versionId === null && bucket.versioning === 'Enabled') {
      this.find(bucket, name, null)
      const marker = { versionId: randomUUID(), isDeleteMarker: true }
      const nothing = { blobs: [], size: 0, md5: null, multipartMd5: null, contentType: '', meta: {} }
      this.#push(bucket, { name, ...marker, etag: randomUUID(), ...nothing, modified: new Date() })
      return marker
    }
    const versions = bucket.objects.get(name) ?? []
    const removed =
      versionId === null ? this.find(bucket, name, null) : versions.find((version) => version.versionId === versionId)
    if (!removed) throw new OciRefusal(404, 'ObjectNotFound', `The object '${name}' was not found in the bucket '${bucket.name}'`)
    await this.#drop(bucket, removed)
    return removed
  }

  async close(): Promise<void> {
    if (this.#directory) await rm(await this.#directory, { recursive: true, force: true, maxRetries: 5 })
  }

  #push(bucket: Bucket, version: ObjectVersion): void {
    const versions = bucket.objects.get(version.name) ?? []
    // Without versioning the bytes that were there are gone; those who read them read on.
    const kept = bucket.versioning === 'Enabled' ? versions : versions.filter(({ versionId }) => versionId !== null)
    bucket.objects.set(version.name, [version, ...kept])
  }

  async #drop(bucket: Bucket, version: ObjectVersion): Promise<void> {
    const left = (bucket.objects.get(version.name) ?? []).filter((other) => other !== version)
    if (left.length > 0) bucket.objects.set(version.name, left)
    else bucket.objects.delete(version.name)
    const inUse = new Set([...bucket.objects.values()].flat().flatMap(({ blobs }) => blobs))
    for (const blob of version.blobs) if (!inUse.has(blob)) await unlink(blob.file).catch(() => {})
  }
}

const multipartMd5Of = (blobs: Blob[]): string =>
  `${createHash('md5')
    .update(Buffer.concat(blobs.map(({ md5 }) => Buffer.from(md5, 'base64'))))
    .digest('base64')}-${blobs.length}`

/** Bytes `start` to `end` of what the blobs make together, both included. What was begun goes on when they are removed. */
export async function readBlobs(blobs: readonly Blob[], start: number, end: number): Promise<Readable> {
  const pieces: { file: FileHandle; start: number; end: number }[] = []
  let offset = 0
  for (const { file, size } of blobs) {
    const [from, to] = [Math.max(0, start - offset), Math.min(size - 1, end - offset)]
    if (from <= to) pieces.push({ file: await open(file), start: from, end: to })
    offset += size
  }
  const streamOf = ({ file, ...range }: (typeof pieces)[number]) => file.createReadStream({ ...range, highWaterMark: 256 * 1024 })
  if (pieces.length === 1) return streamOf(pieces[0]!)
  const joined = Readable.from(
    (async function* () {
      for (const piece of pieces) yield* streamOf(piece)
    })(),
    { objectMode: false },
  )
  // Also when nobody has read a byte of it: then nothing in the generator was ever run.
  joined.once('close', () => void Promise.allSettled(pieces.map(({ file }) => file.close())))
  return joined
}
