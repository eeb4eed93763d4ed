// The operations of OCI Object Storage that the adapter needs, without what is odd about them.
import type { Readable } from 'node:stream'
import { Range } from 'oci-common'
import type { ObjectStorageClient } from 'oci-objectstorage'
import { isOciAnswer, ociError } from '../oci/oci-errors.js'

export const service = 'Object Storage'

/** One version of an object. */
export interface OciObject {
  /** Bytes. */
  size: number
  etag: string
  /** Null in a bucket that never had versioning. */
  versionId: string | null
  contentType: string
  /** User metadata, by its name without `opc-meta-`. */
  meta: Record<string, string>
}

/** As lists tell it. */
export interface OciListed {
  name: string
  size: number
  etag: string
  /** ISO 8601. */
  lastModified: string
}

export interface OciVersion {
  name: string
  versionId: string | null
  size: number
  etag: string
  isDeleteMarker: boolean
}

interface Written {
  etag: string
  versionId: string | null
}

export interface PutOptions {
  contentType?: string
  meta?: Record<string, string>
  /** Only when nothing is there under the name. */
  ifNew?: boolean
  /** Only in place of what has this etag. */
  ifMatch?: string
}

/** Which bytes of which version. */
export interface GetOptions {
  versionId?: string | undefined
  ifMatch?: string | undefined
  range?: { start: number; end: number } | undefined
}

/**
 * Every method throws a DhuoError, or says null or false where nothing is there. What is sent as a `Buffer` is tried again by the
 * transport, what is a stream is not. https://docs.oracle.com/iaas/api/#/en/objectstorage/20160918/
 */
export class OciObjects {
  readonly #client: ObjectStorageClient
  readonly #namespace: string

  constructor(client: ObjectStorageClient, namespace: string) {
    this.#client = client
    this.#namespace = namespace
  }

  async head(bucket: string, objectName: string, versionId?: string): Promise<OciObject | null> {
    return this.#unlessMissing(async () => {
      const request = { ...this.#in(bucket), objectName, ...(versionId && { versionId: encodeURIComponent(versionId) }) }
      return objectOf(await this.#client.headObject(request))
    })
  }

  /** @returns null when there is no such version. @throws BAD_USER_INPUT (416) the range starts behind the end */
  async get(bucket: string, objectName: string, options: GetOptions = {}): Promise<{ object: OciObject; body: Readable } | null> {
    const { versionId, ifMatch, range } = options
    return this.#unlessMissing(async () => {
      const response = await this.#client.getObject({
        ...this.#in(bucket),
        objectName,
        ...(versionId && { versionId: encodeURIComponent(versionId) }),
        ...(ifMatch && { ifMatch }),
        // The SDK writes an open end as the word null: it must be closed.
        ...(range && { range: new Range(range.start, range.end, null) }),
      })
      // `size` is that of what was asked for. The transport gives a stream of Node, whatever the type says.
      return { object: objectOf(response), body: response.value as Readable }
    })
  }

  /** @returns null when `ifNew` or `ifMatch` does not hold. @throws NOT_FOUND there is no such bucket */
  async put(bucket: string, objectName: string, body: Buffer, options: PutOptions = {}): Promise<Written | null> {
    const { contentType, meta, ifNew, ifMatch } = options
    try {
      const response = await this.#client.putObject({
        ...this.#in(bucket),
        objectName,
        putObjectBody: body,
        contentLength: body.length,
        contentType: contentType ?? 'application/octet-stream',
        ...(meta && { opcMeta: meta }),
        ...(ifNew && { ifNoneMatch: '*' }),
        ...(ifMatch && { ifMatch }),
      })
      return { etag: response.eTag, versionId: response.versionId ?? null }
    } catch (error) {
      if (isOciAnswer(error, 412)) return null
      throw ociError(service, error)
    }
  }

  /** Without a version: where there are versions, it only hides the newest. @returns false when there was nothing */
  async remove(
    bucket: string,
    objectName: string,
    version: { versionId?: string | undefined; ifMatch?: string | undefined } = {},
  ): Promise<boolean> {
    const { versionId, ifMatch } = version
    const removed = await this.#unlessMissing(async () => {
      await this.#client.deleteObject({
        ...this.#in(bucket),
        objectName,
        ...(versionId && { versionId: encodeURIComponent(versionId) }),
        ...(ifMatch && { ifMatch }),
      })
      return true
    })
    return removed ?? false
  }

  /** In place of what is there. @returns null when the source is not there, or is another by now */
  async rename(bucket: string, sourceName: string, newName: string, sourceEtag: string): Promise<Written | null> {
    return this.#unlessMissing(async () => {
      const renameObjectDetails = { sourceName, newName, srcObjIfMatchETag: sourceEtag }
      const response = await this.#client.renameObject({ ...this.#in(bucket), renameObjectDetails })
      return { etag: response.eTag, versionId: response.versionId ?? null }
    })
  }

  /** What is there now, by name. @throws NOT_FOUND there is no such bucket */
  async *list(bucket: string, prefix: string): AsyncGenerator<OciListed> {
    let start: string | undefined
    do {
      const { listObjects } = await this.#call(() =>
        this.#client.listObjects({
          ...this.#in(bucket),
          prefix: encodeURIComponent(prefix),
          fields: 'name,size,etag,timeModified',
          ...(start !== undefined && { start: encodeURIComponent(start) }),
        }),
      )
      // The date is a text, whatever its type says.
      for (const { name, size, etag, timeModified } of listObjects.objects)
        yield { name, size: size ?? 0, etag: etag ?? '', lastModified: new Date(String(timeModified)).toISOString() }
      start = listObjects.nextStartWith || undefined
    } while (start !== undefined)
  }

  /** Versions of every object whose name starts with the prefix, those of one name together. */
  async *versions(bucket: string, prefix: string): AsyncGenerator<OciVersion> {
    let page: string | undefined
    do {
      const found = await this.#call(() =>
        this.#client.listObjectVersions({
          ...this.#in(bucket),
          // The SDK does not encode what it puts into a query.
          prefix: encodeURIComponent(prefix),
          fields: 'name,size,etag',
          ...(page && { page: encodeURIComponent(page) }),
        }),
      )
      for (const { name, versionId, size, etag, isDeleteMarker } of found.objectVersionCollection.items)
        yield { name, versionId: versionId ?? null, size: size ?? 0, etag: etag ?? '', isDeleteMarker }
      page = found.opcNextPage || undefined
    } while (page)
  }

  async createUpload(
    bucket: string,
    object: string,
    options: { contentType: string; meta: Record<string, string> },
  ): Promise<string> {
    const metadata = Object.fromEntries(Object.entries(options.meta).map(([name, value]) => [`opc-meta-${name}`, value]))
    const createMultipartUploadDetails = { object, contentType: options.contentType, metadata }
    const response = await this.#call(() =>
      this.#client.createMultipartUpload({ ...this.#in(bucket), createMultipartUploadDetails }),
    )
    return response.multipartUpload.uploadId
  }

  /** @returns its etag; null when there is no such upload */
  async uploadPart(
    bucket: string,
    objectName: string,
    uploadId: string,
    part: { number: number; body: Readable | Buffer; size: number; md5?: string },
  ): Promise<string | null> {
    return this.#unlessMissing(async () => {
      const response = await this.#client.uploadPart({
        ...this.#in(bucket),
        objectName,
        uploadId: encodeURIComponent(uploadId),
        uploadPartNum: part.number,
        uploadPartBody: part.body,
        contentLength: part.size,
        ...(part.md5 && { contentMD5: part.md5 }),
      })
      return response.eTag
    })
  }

  /** By number. Null when there is no such upload. */
  async parts(bucket: string, objectName: string, uploadId: string): Promise<Map<number, { etag: string; size: number }> | null> {
    const parts = new Map<number, { etag: string; size: number }>()
    let page: string | undefined
    do {
      const found = await this.#unlessMissing(() =>
        this.#client.listMultipartUploadParts({
          ...this.#in(bucket),
          objectName,
          uploadId: encodeURIComponent(uploadId),
          ...(page && { page: encodeURIComponent(page) }),
        }),
      )
      if (found === null) return null
      for (const { partNumber, etag, size } of found.items) parts.set(partNumber, { etag, size })
      page = found.opcNextPage || undefined
    } while (page)
    return parts
  }

  /** @returns null when there is no such upload (any more) */
  async commit(
    bucket: string,
    objectName: string,
    uploadId: string,
    partsToCommit: { partNum: number; etag: string }[],
    partsToExclude: number[],
  ): Promise<Written | null> {
    return this.#unlessMissing(async () => {
      const response = await this.#client.commitMultipartUpload({
        ...this.#in(bucket),
        objectName,
        uploadId: encodeURIComponent(uploadId),
        commitMultipartUploadDetails: { partsToCommit, ...(partsToExclude.length > 0 && { partsToExclude }) },
      })
      return { etag: response.eTag, versionId: response.versionId ?? null }
    })
  }

  async abort(bucket: string, objectName: string, uploadId: string): Promise<void> {
    await this.#unlessMissing(() =>
      this.#client.abortMultipartUpload({ ...this.#in(bucket), objectName, uploadId: encodeURIComponent(uploadId) }),
    )
  }

  #in(bucketName: string): { namespaceName: string; bucketName: string } {
    return { namespaceName: this.#namespace, bucketName }
  }

  async #call<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      throw ociError(service, error)
    }
  }

  /** A 404, also of the bucket; and a 412, where a version was asked for that is not this one. */
  async #unlessMissing<T>(work: () => Promise<T>): Promise<T | null> {
    try {
      return await work()
    } catch (error) {
      if (isOciAnswer(error, 404) || isOciAnswer(error, 412)) return null
      throw ociError(service, error)
    }
  }
}

interface ObjectHeaders {
  contentLength: number
  eTag: string
  versionId?: string
  contentType?: string
  opcMeta?: Record<string, string>
}

const objectOf = ({ contentLength, eTag, versionId, contentType, opcMeta }: ObjectHeaders): OciObject => ({
  size: contentLength,
  etag: eTag,
  versionId: versionId ?? null,
  contentType: contentType ?? 'application/octet-stream',
  // Its names come with the prefix that they are sent without.
  meta: Object.fromEntries(Object.entries(opcMeta ?? {}).map(([name, value]) => [name.replace(/^opc-meta-/, ''), value])),
})
