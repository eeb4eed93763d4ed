// Makes an object of an upload to OCI, whoever else is at it and whoever died on the way.
import { setTimeout as sleep } from 'node:timers/promises'
import { DhuoError, isDhuoError, notFound } from '../../errors.js'
import type { BegunUpload, StoredBytes } from './object-storage.js'
import { objectNameOf, pinOf, uploadBytesName, uploadMark, versionOf } from './oci-object-names.js'
import type { OciObject, OciObjects } from './oci-objects.js'
import type { OciUploadStates, ReadState } from './oci-upload-state.js'
import { extentOfPart, partCountOf, partsAreMissing } from './upload-parts.js'

export interface OciUploadCompletionOptions {
  objects: OciObjects
  states: OciUploadStates
  /** Hashes a version; lower-case hex. @throws NOT_FOUND */
  hash(bucket: string, objectName: string, version: string): Promise<string>
}

type Made = Pick<OciObject, 'etag' | 'versionId' | 'size'> & { sha256: string | null }

/** How long another server may take for what it has begun. */
const settleMs = 15_000

export class OciUploadCompletion {
  readonly #objects: OciObjects
  readonly #states: OciUploadStates
  readonly #hash: OciUploadCompletionOptions['hash']

  constructor({ objects, states, hash }: OciUploadCompletionOptions) {
    this.#objects = objects
    this.#states = states
    this.#hash = hash
  }

  /**
   * Goes from what is there to the end: parts → bytes → checked → under the key → said in the state. Two who go at once meet at the
   * renaming, which one of them wins.
   * @param receiving parts that are coming right now: they count as missing
   */
  async complete(upload: BegunUpload, expectedSha256: string | null, receiving: ReadonlySet<number>): Promise<StoredBytes> {
    const { bucket } = upload
    const name = uploadBytesName(upload.id)
    for (const deadline = Date.now() + settleMs; ; ) {
      const state = await this.#states.read(upload)
      if (state === null) throw notFound('The upload')
      if (state.result !== null) return this.#withDigest(upload, state.result, expectedSha256)
      const bytes = (await this.#objects.head(bucket, name)) ?? (await this.#commit(upload, state, receiving))
      const checked = bytes && (await this.#check(upload, bytes, expectedSha256, state))
      const renamed = checked && (await this.#objects.rename(bucket, name, objectNameOf(upload.key), bytes.etag))
      // Otherwise somebody else was faster. If they died before they could say so, their object is found by its mark.
      const made = renamed ? { ...renamed, size: upload.size, ...checked } : await this.#madeOf(upload)
      if (made) return this.#withDigest(upload, await this.#finish(upload, made), expectedSha256)
      if (Date.now() > deadline) throw new DhuoError('BACKEND_UNAVAILABLE', 'The upload is being completed elsewhere; try again.')
      await sleep(50 + Math.random() * 200)
    }
  }

  /** @returns null when somebody else has done it meanwhile */
  async #commit(upload: BegunUpload, state: ReadState, receiving: ReadonlySet<number>): Promise<OciObject | null> {
    const { bucket } = upload
    const name = uploadBytesName(upload.id)
    if (state.multipartId === null) {
      await this.#objects.put(bucket, name, Buffer.alloc(0), { ...describeUpload(upload), ifNew: true })
      return this.#objects.head(bucket, name)
    }
    const parts = await this.#objects.parts(bucket, name, state.multipartId)
    if (parts === null) return null
    const numbers = Array.from({ length: partCountOf(upload) }, (_, index) => index + 1)
    const isThere = (number: number): boolean =>
      !receiving.has(number) && !state.spoiled.includes(number) && parts.get(number)?.size === extentOfPart(upload, number).size
    const missing = numbers.filter((number) => !isThere(number))
    if (missing.length > 0) throw partsAreMissing(missing)
    const wanted = numbers.map((partNum) => ({ partNum, etag: parts.get(partNum)!.etag }))
    const others = [...parts.keys()].filter((number) => number > numbers.length)
    const committed = await this.#objects.commit(bucket, name, state.multipartId, wanted, others)
    return committed && this.#objects.head(bucket, name)
  }

  /**
   * @returns null when somebody else has renamed the bytes meanwhile
   * @throws PRECONDITION_FAILED; the bytes are thrown away then, and may be sent again
   */
  async #check(
    upload: BegunUpload,
    bytes: OciObject,
    expected: string | null,
    state: ReadState,
  ): Promise<{ sha256: string | null } | null> {
    const isWhole = bytes.size === upload.size
    const sha256 = expected === null || !isWhole ? null : await this.#hashIfThere(upload, bytes)
    if (sha256 === undefined) return null
    if (isWhole && sha256 === expected) return { sha256 }
    await this.#startAnew(upload, bytes, state)
    if (!isWhole) throw new DhuoError('PRECONDITION_FAILED', `The store holds ${bytes.size} bytes instead of ${upload.size}.`)
    throw otherDigest(sha256, expected)
  }

  async #hashIfThere({ id, bucket }: BegunUpload, bytes: OciObject): Promise<string | undefined> {
    try {
      return await this.#hash(bucket, uploadBytesName(id), versionOf(bytes))
    } catch (error) {
      if (isDhuoError(error) && error.code === 'NOT_FOUND') return undefined
      throw error
    }
  }

  async #startAnew(upload: BegunUpload, bytes: OciObject, before: ReadState): Promise<void> {
    const { bucket } = upload
    const name = uploadBytesName(upload.id)
    await this.#objects.remove(bucket, name, { versionId: bytes.versionId ?? undefined })
    if (before.multipartId === null) return
    const multipartId = await this.#objects.createUpload(bucket, name, describeUpload(upload))
    const state = await this.#states.update(upload, (state) =>
      state.multipartId === before.multipartId ? { ...state, multipartId, spoiled: [] } : null,
    )
    if (state?.multipartId !== multipartId) await this.#objects.abort(bucket, name, multipartId)
  }

  async #finish(upload: BegunUpload, made: Made): Promise<StoredBytes> {
    const { etag, size, sha256 } = made
    const own = { version: versionOf(made), size, etag, sha256 }
    const state = await this.#states.update(upload, (state) =>
      state.result === null ? { multipartId: null, spoiled: [], result: own } : null,
    )
    const result = state?.result ?? own
    // What is left behind costs a little and does no harm: an object is not refused for it.
    await Promise.allSettled([
      state && this.#states.clear(upload, { stateEtag: state.etag }),
      // Of an empty upload two may have made an object each.
      result.version !== own.version && this.#objects.remove(upload.bucket, objectNameOf(upload.key), pinOf(own.version)),
    ])
    return result.version === own.version ? { ...result, sha256: result.sha256 ?? sha256 } : result
  }

  async #withDigest(upload: BegunUpload, result: StoredBytes, expected: string | null): Promise<StoredBytes> {
    if (expected === null) return result
    const sha256 = result.sha256 ?? (await this.#hash(upload.bucket, objectNameOf(upload.key), result.version))
    if (sha256 !== expected) throw otherDigest(sha256, expected)
    return { ...result, sha256 }
  }

  async #madeOf(upload: BegunUpload): Promise<Made | null> {
    const name = objectNameOf(upload.key)
    for await (const version of this.#objects.versions(upload.bucket, name)) {
      if (version.name !== name) break
      if (version.isDeleteMarker || version.size !== upload.size) continue
      const object = await this.#objects.head(upload.bucket, name, version.versionId ?? undefined)
      if (object?.meta[uploadMark] === upload.id) return { ...object, sha256: null }
    }
    return null
  }
}

/** What an object that is made of an upload is created with. */
export const describeUpload = ({ contentType, id }: { contentType: string; id: string }) => ({
  contentType,
  meta: { [uploadMark]: id },
})

const otherDigest = (sha256: string | null, expected: string | null): DhuoError =>
  new DhuoError('PRECONDITION_FAILED', `The SHA-256 of the bytes is ${sha256}, not ${expected}.`, { field: 'sha256' })
