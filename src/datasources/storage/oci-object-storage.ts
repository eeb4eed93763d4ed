// Object storage in OCI: objects under their own keys, every version of them kept, clients sent to Object Storage itself.
import { createHash } from 'node:crypto'
import type { Readable } from 'node:stream'
import { ObjectStorageClient } from 'oci-objectstorage'
import type { OciConfig } from '../../config/oci-config.js'
import type { OciStorageConfig } from '../../config/storage-config.js'
import { badInput, type DhuoError, isDhuoError, notFound } from '../../errors.js'
import type { Logger } from '../../logger.js'
import { type OciConnection, openOciConnection } from '../oci/oci-connection.js'
import { isOciAnswer } from '../oci/oci-errors.js'
import type {
  BegunUpload,
  BucketLabels,
  ByteRange,
  BytesLocation,
  LentBytes,
  ObjectStorage,
  PartTarget,
  ReadUrlOptions,
  StoredBytes,
  UploadRequest,
} from './object-storage.js'
import { OciBuckets } from './oci-buckets.js'
import { OciExistingBuckets } from './oci-existing-buckets.js'
import { isFound, isVersion, objectNameOf, pinOf, uploadMark, versionOf } from './oci-object-names.js'
import { OciObjectRead } from './oci-object-read.js'
import { writeOciObject } from './oci-object-write.js'
import { OciObjects, service } from './oci-objects.js'
import { OciPreauthenticatedRequests } from './oci-preauthenticated.js'
import { OciUploadStates } from './oci-upload-state.js'
import { OciUploads, requireId } from './oci-uploads.js'
import { defaultPartSize } from './upload-parts.js'

/** For tests. */
interface OciSizes {
  /** Bytes of a part of an upload. */
  partSize: number
  /** Bytes of what the server keeps of its own writing until it is stored. */
  pieceSize: number
  /** Bytes from which on a client is sent to Object Storage; less is quicker through this server. */
  directFrom: number
}

const usualSizes: OciSizes = { partSize: defaultPartSize, pieceSize: 16 * 2 ** 20, directFrom: 4 * 2 ** 20 }

/** @throws BACKEND_UNAVAILABLE there are no credentials; that OCI does not answer shows with the first call */
export async function openOciObjectStorage(
  config: OciStorageConfig,
  oci: OciConfig,
  log: Logger,
  sizes: Partial<OciSizes> = {},
): Promise<ObjectStorage> {
  const connection = await openOciConnection(oci, log)
  const client = connection.client(ObjectStorageClient, { service, address: config.address })
  const { namespace } = config
  const endpoint = config.address.endpoint ?? oci.endpoint ?? publicEndpoint(config.address.region ?? connection.regionId)
  const preauthenticated = config.directTransfer
    ? new OciPreauthenticatedRequests({ client, namespace, endpoint, idleMs: oci.timeoutMs, log })
    : null
  const buckets = new OciBuckets({ client, namespace, compartment: config.compartment, log })
  const objects = new OciObjects(client, namespace)
  return new OciObjectStorage({ connection, buckets, objects, preauthenticated, ...usualSizes, ...sizes })
}

/** Not from the client, whose endpoint is a template until its first call. */
const publicEndpoint = (region: string | null): string => `https://objectstorage.${region}.oraclecloud.com`

interface OciObjectStorageParts extends OciSizes {
  connection: OciConnection
  buckets: OciBuckets
  objects: OciObjects
  preauthenticated: OciPreauthenticatedRequests | null
}

class OciObjectStorage implements ObjectStorage {
  readonly kind = 'oci'
  readonly supports: ObjectStorage['supports']
  readonly existing: OciExistingBuckets
  readonly #parts: OciObjectStorageParts
  readonly #states: OciUploadStates
  readonly #uploads: OciUploads

  constructor(parts: OciObjectStorageParts) {
    const { objects, preauthenticated, partSize, directFrom } = parts
    this.#parts = parts
    this.supports = { directTransfer: preauthenticated !== null }
    this.existing = new OciExistingBuckets(parts.buckets, objects)
    const hash = (bucket: string, name: string, version: string) => this.#hash(bucket, name, version)
    this.#states = new OciUploadStates(objects)
    this.#uploads = new OciUploads({ objects, preauthenticated, partSize, directFrom, states: this.#states, hash })
  }

  ping(): Promise<void> {
    return this.#parts.buckets.ping()
  }

  createBucket(bucket: string, labels: BucketLabels): Promise<void> {
    return this.#parts.buckets.create(bucket, labels)
  }

  beginUpload(request: UploadRequest): Promise<BegunUpload> {
    return this.#uploads.begin(request)
  }

  partTarget(upload: BegunUpload, partNumber: number): PartTarget | null {
    return this.#uploads.targetOf(upload, partNumber)
  }

  writePart(upload: BegunUpload, partNumber: number, bytes: Readable): Promise<void> {
    return this.#uploads.writePart(upload, partNumber, bytes)
  }

  completeUpload(upload: BegunUpload, expectedSha256: string | null): Promise<StoredBytes> {
    return this.#uploads.complete(upload, expectedSha256)
  }

  abandonUpload(upload: BegunUpload): Promise<void> {
    return this.#uploads.abandon(upload)
  }

  async write(request: { id: string; bucket: string; key: string; contentType: string }, bytes: Readable): Promise<StoredBytes> {
    const { id, bucket, key, contentType } = request
    const { objects, pieceSize } = this.#parts
    const upload = { id, bucket }
    // It may fail before anybody reads it, and must find a listener then.
    bytes.once('error', () => {})
    try {
      requireId(id)
      const objectName = objectNameOf(key)
      await this.#states.create(upload, { multipartId: null, spoiled: [], result: null })
      try {
        const written = await writeOciObject(objects, {
          bucket,
          objectName,
          contentType,
          meta: { [uploadMark]: id },
          bytes,
          pieceSize,
        })
        return { version: versionOf(written), size: written.size, etag: written.etag, sha256: written.sha256 }
      } catch (error) {
        await this.#states.clear(upload, null).catch(() => {})
        throw error
      }
    } catch (error) {
      bytes.destroy()
      throw error
    }
  }

  async read(location: BytesLocation, range?: ByteRange): Promise<Readable> {
    if (range && !(range.start >= 0 && range.start <= range.end)) throw notWithin(range)
    return this.#read(location.bucket, this.#nameOf(location), location.version, range)
  }

  async readUrl(location: BytesLocation, { size, contentType, filename }: ReadUrlOptions): Promise<string | null> {
    const { preauthenticated, objects, directFrom } = this.#parts
    if (preauthenticated === null || size < directFrom) return null
    const name = this.#nameOf(location)
    // Such a URL gives what is under the name. What is older is read through this server, by its version.
    const current = await objects.head(location.bucket, name)
    if (current === null || !isVersion(current, location.version)) return null
    const url = new URL(await preauthenticated.urlToRead(location.bucket, name))
    const disposition = `attachment; filename*=UTF-8''${encodeURIComponent(filename)}`
    url.search = new URLSearchParams({
      ...(current.versionId !== null && { versionId: current.versionId }),
      httpResponseContentType: contentType,
      httpResponseContentDisposition: disposition,
    }).toString()
    return url.href
  }

  async lend(location: BytesLocation, ms: number): Promise<LentBytes | null> {
    const { preauthenticated, objects } = this.#parts
    const [bucket, name] = [location.bucket, this.#nameOf(location)]
    // As in `readUrl`; and a query, which could name the version, is not understood by all who fetch.
    const isStill = async (): Promise<boolean> => {
      const current = await objects.head(bucket, name)
      return current !== null && versionOf(current) === location.version
    }
    if (preauthenticated === null || !(await isStill())) return null
    const { id, url } = await preauthenticated.lend(bucket, name, new Date(Date.now() + ms))
    return { url, isStill, takeBack: () => preauthenticated.delete(bucket, id).catch(() => {}) }
  }

  async localFile(): Promise<null> {
    return null
  }

  async sha256(location: BytesLocation): Promise<string> {
    return this.#hash(location.bucket, this.#nameOf(location), location.version)
  }

  async hide(location: BytesLocation): Promise<void> {
    const { objects } = this.#parts
    const name = this.#nameOf(location)
    const current = await objects.head(location.bucket, name)
    // What has no version would be gone.
    if (current?.versionId && isVersion(current, location.version))
      await objects.remove(location.bucket, name, { ifMatch: current.etag })
  }

  async remove({ bucket, key, version }: BytesLocation): Promise<void> {
    if (isPossible(key, version) && !isFound(version)) await this.#parts.objects.remove(bucket, objectNameOf(key), pinOf(version))
  }

  async close(): Promise<void> {
    await this.#parts.preauthenticated?.close()
    this.#parts.connection.close()
  }

  async #hash(bucket: string, name: string, version: string): Promise<string> {
    const hash = createHash('sha256')
    for await (const bytes of await this.#read(bucket, name, version)) hash.update(bytes as Buffer)
    return hash.digest('hex')
  }

  async #read(bucket: string, name: string, version: string, range?: ByteRange): Promise<Readable> {
    const open = async (wanted: ByteRange | undefined): Promise<{ body: Readable; size: number }> => {
      const found = await this.#parts.objects.get(bucket, name, { ...pinOf(version), range: wanted }).catch((error) => {
        throw wanted && isDhuoError(error) && isOciAnswer(error.cause, 416) ? notWithin(wanted) : error
      })
      if (found === null) throw notFound('This version of the object')
      return { body: found.body, size: found.object.size }
    }
    const { body, size } = await open(range)
    // The service cuts a range at the end of the object.
    if (range && size < range.end - range.start + 1) {
      body.destroy()
      throw notWithin(range)
    }
    const [start, end] = range ? [range.start, range.end] : [0, size - 1]
    return new OciObjectRead({ first: body, start, end, goOn: async (rest) => (await open(rest)).body })
  }

  /** @throws NOT_FOUND for what no version can be called */
  #nameOf({ key, version }: BytesLocation): string {
    if (!isPossible(key, version)) throw notFound('This version of the object')
    return objectNameOf(key)
  }
}

/** A version goes into a query and a header. */
const isPossible = (key: string, version: string): boolean => key !== '' && /^[\w-]+$/.test(version)

const notWithin = ({ start, end }: ByteRange): DhuoError => badInput('range', `${start} to ${end} is not within the object.`)
