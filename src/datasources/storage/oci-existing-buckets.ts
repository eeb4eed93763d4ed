// Finds out what lies in a bucket of OCI, whoever put it there.
import { isDhuoError, notFound } from '../../errors.js'
import type { BucketLabels, ExistingBuckets, FoundDescription, FoundObject } from './object-storage.js'
import type { OciBuckets } from './oci-buckets.js'
import { foundVersionOf, keyOf, objectNameOf, uploadMark } from './oci-object-names.js'
import type { OciObjects, OciVersion } from './oci-objects.js'

export class OciExistingBuckets implements ExistingBuckets {
  readonly #buckets: OciBuckets
  readonly #objects: OciObjects

  constructor(buckets: OciBuckets, objects: OciObjects) {
    this.#buckets = buckets
    this.#objects = objects
  }

  adopt(bucket: string, labels: BucketLabels): Promise<void> {
    return this.#buckets.adopt(bucket, labels)
  }

  /**
   * Two lists, side by side: one says what is there now, the other how its version is called. Asking for each object would take a
   * call for each.
   */
  async *list(bucket: string, prefix: string): AsyncGenerator<FoundObject> {
    const versions = new VersionsByName(this.#objects.versions(bucket, prefix))
    try {
      for await (const { name, size, etag, lastModified } of this.#objects.list(bucket, prefix)) {
        const key = keyOf(name)
        // The console marks folders with empty objects.
        if (key === null || (size === 0 && name.endsWith('/')) || !isKey(key)) continue
        const version = (await versions.of(name)).find((version) => version.etag === etag && !version.isDeleteMarker)
        // It changed between the two lists: the next look will see it.
        if (version) yield { key, version: foundVersionOf(version), isKept: version.versionId !== null, size, etag, lastModified }
      }
    } catch (error) {
      throw isDhuoError(error) && error.code === 'NOT_FOUND' ? notFound(`The bucket ${bucket} of OCI`, 'bucket') : error
    } finally {
      await versions.close()
    }
  }

  async describe(bucket: string, key: string): Promise<FoundDescription | null> {
    const object = await this.#objects.head(bucket, objectNameOf(key))
    // Who copies an object, or renames it, with the console of OCI copies its metadata as well.
    return object && { etag: object.etag, contentType: object.contentType, uploadId: object.meta[uploadMark] ?? null }
  }
}

/** Walks along a list of versions with somebody who asks for names in the same order. */
class VersionsByName {
  readonly #versions: AsyncGenerator<OciVersion>
  #next: OciVersion | null | undefined

  constructor(versions: AsyncGenerator<OciVersion>) {
    this.#versions = versions
  }

  async of(name: string): Promise<OciVersion[]> {
    const found: OciVersion[] = []
    for (;;) {
      if (this.#next === undefined) this.#next = (await this.#versions.next()).value ?? null
      const order = this.#next === null ? 1 : Buffer.compare(Buffer.from(this.#next!.name), Buffer.from(name))
      if (order > 0) return found
      if (order === 0) found.push(this.#next!)
      this.#next = undefined
    }
  }

  async close(): Promise<void> {
    await this.#versions.return(undefined)
  }
}

/** What its name leads back to. */
function isKey(key: string): boolean {
  try {
    return objectNameOf(key) !== ''
  } catch {
    return false
  }
}
