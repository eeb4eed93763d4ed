// What is known of an upload to OCI, kept beside its bytes as a small object that several servers change one after the other.
import { randomUUID } from 'node:crypto'
import { text } from 'node:stream/consumers'
import { DhuoError, notFound } from '../../errors.js'
import type { StoredBytes } from './object-storage.js'
import { uploadPrefix } from './oci-object-names.js'
import type { OciObjects } from './oci-objects.js'

export interface OciUploadState {
  /** Of the multipart upload at work; null where there are no parts to come. */
  multipartId: string | null
  /** Parts that were sent again and did not come whole: what is there of them does not count. */
  spoiled: number[]
  /** What the upload became. */
  result: StoredBytes | null
}

export interface ReadState extends OciUploadState {
  etag: string
}

interface Upload {
  id: string
  bucket: string
}

/** An id is used once: whoever writes the first state of it has it. The state stays when the upload is complete, and says so. */
export class OciUploadStates {
  readonly #objects: OciObjects

  constructor(objects: OciObjects) {
    this.#objects = objects
  }

  /** @throws CONFLICT (`field: id`), NOT_FOUND (`field: bucket`) */
  async create(upload: Upload, state: OciUploadState): Promise<ReadState> {
    const written = await this.#write(upload, state, { ifNew: true }).catch((error) => {
      throw error.code === 'NOT_FOUND' ? notFound(`The bucket ${upload.bucket}`, 'bucket') : error
    })
    if (written === null) throw new DhuoError('CONFLICT', `The id ${upload.id} was used before.`, { field: 'id' })
    return written
  }

  async read(upload: Upload): Promise<ReadState | null> {
    const { nonce: _, ...state } = (await this.#read(upload)) ?? {}
    return 'etag' in state ? (state as ReadState) : null
  }

  /**
   * Changes it as `change` says, whoever else is changing it; null from `change` leaves it as it is.
   * @returns what it is then, or null when there is none (any more)
   */
  async update(upload: Upload, change: (state: ReadState) => OciUploadState | null): Promise<ReadState | null> {
    for (;;) {
      const state = await this.read(upload)
      const next = state && change(state)
      if (state === null || next === null) return state
      const written = await this.#write(upload, next, { ifMatch: state.etag })
      if (written) return written
    }
  }

  /** Removes every version of everything below the upload; the newest state too, unless it is to be kept. */
  async clear(upload: Upload, keep: { stateEtag: string } | null): Promise<void> {
    const prefix = uploadPrefix(upload.id)
    for await (const { name, versionId, etag } of this.#objects.versions(upload.bucket, prefix))
      if (etag !== keep?.stateEtag) await this.#objects.remove(upload.bucket, name, { versionId: versionId ?? undefined })
  }

  async #write(
    upload: Upload,
    state: OciUploadState,
    condition: { ifNew?: boolean; ifMatch?: string },
  ): Promise<ReadState | null> {
    const { multipartId, spoiled, result } = state
    const nonce = randomUUID()
    const body = Buffer.from(JSON.stringify({ multipartId, spoiled, result, nonce }))
    const written = await this.#objects.put(upload.bucket, nameOf(upload), body, {
      contentType: 'application/json',
      ...condition,
    })
    if (written) return { multipartId, spoiled, result, etag: written.etag }
    // A request that was made again because its answer was lost meets its own first try.
    const there = await this.#read(upload)
    return there?.nonce === nonce ? there : null
  }

  async #read(upload: Upload): Promise<(ReadState & { nonce: string }) | null> {
    const found = await this.#objects.get(upload.bucket, nameOf(upload))
    return found && { ...JSON.parse(await text(found.body)), etag: found.object.etag }
  }
}

const nameOf = ({ id }: Upload): string => `${uploadPrefix(id)}state`
