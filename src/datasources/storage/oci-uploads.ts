// Uploads in parts to OCI: bytes wait under a name of their own until they are whole and checked, and are then renamed.
import type { Readable } from 'node:stream'
import { badInput, DhuoError, isDhuoError, notFound } from '../../errors.js'
import type { BegunUpload, PartTarget, StoredBytes, UploadRequest } from './object-storage.js'
import { OciExactBytes } from './oci-exact-bytes.js'
import { objectNameOf, uploadBytesName } from './oci-object-names.js'
import type { OciObjects } from './oci-objects.js'
import type { OciPreauthenticatedRequests } from './oci-preauthenticated.js'
import { describeUpload, OciUploadCompletion, type OciUploadCompletionOptions } from './oci-upload-completion.js'
import type { OciUploadStates, ReadState } from './oci-upload-state.js'
import { extentOfPart, partSizeFor } from './upload-parts.js'

interface OciUploadsOptions extends OciUploadCompletionOptions {
  /** Null: clients send through this server. */
  preauthenticated: OciPreauthenticatedRequests | null
  /** Bytes of a part, unless the upload is so large that parts must grow. */
  partSize: number
  /** Bytes from which on clients send by themselves. */
  directFrom: number
}

/** What `BegunUpload.token` says: the pre-authenticated request that parts are sent with. */
interface Token {
  requestId?: string
  partsUrl?: string
}

const idPattern = /^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$/

/*
 * .dhuo/uploads/<id>/state   see OciUploadStates
 * .dhuo/uploads/<id>/bytes   the parts, and from the commit to the renaming the object
 *
 * Nobody sees an object under its key before it is whole and its digest was checked, and whoever holds the URL of the parts
 * can write nothing else.
 */
export class OciUploads {
  readonly #options: OciUploadsOptions
  readonly #objects: OciObjects
  readonly #states: OciUploadStates
  readonly #completion: OciUploadCompletion
  /** Parts that are being received, by upload. */
  readonly #receiving = new Map<string, Set<number>>()
  readonly #completing = new Map<string, Promise<StoredBytes>>()

  constructor(options: OciUploadsOptions) {
    this.#options = options
    this.#objects = options.objects
    this.#states = options.states
    this.#completion = new OciUploadCompletion(options)
  }

  async begin(request: UploadRequest): Promise<BegunUpload> {
    const { id, key, size } = request
    requireId(id)
    objectNameOf(key)
    if (!Number.isSafeInteger(size) || size < 0) throw badInput('size', `The size must be a whole number of bytes, not ${size}.`)
    const { multipartId, ...token } = size === 0 ? { multipartId: null } : await this.#openMultipart(request)
    try {
      await this.#states.create(request, { multipartId, spoiled: [], result: null })
    } catch (error) {
      await this.#close(request, multipartId, token)
      throw error
    }
    return { ...request, partSize: partSizeFor(size, this.#options.partSize), token: JSON.stringify(token satisfies Token) }
  }

  /** Null where the part has to come through this server. */
  targetOf(upload: BegunUpload, partNumber: number): PartTarget | null {
    extentOfPart(upload, partNumber)
    const { partsUrl } = tokenOf(upload)
    return partsUrl === undefined ? null : { url: `${partsUrl}${partNumber}`, headers: {} }
  }

  async writePart(upload: BegunUpload, partNumber: number, bytes: Readable): Promise<void> {
    requireId(upload.id)
    const { size } = extentOfPart(upload, partNumber)
    const stopReceiving = this.#startReceiving(upload, partNumber)
    const exact = new OciExactBytes(size)
    try {
      const { multipartId } = await this.#openState(upload)
      const part = { number: partNumber, body: exact, size }
      const sending =
        multipartId === null
          ? nothingFrom(exact)
          : this.#objects.uploadPart(upload.bucket, uploadBytesName(upload.id), multipartId, part)
      lead(bytes, exact)
      if ((await sending) === null) throw await this.#whyGone(upload)
      await this.#setSpoiled(upload, partNumber, false)
    } catch (error) {
      bytes.unpipe(exact)
      // A source that broke or had another size is what the call of the service failed of.
      if (!exact.errored) throw error
      await this.#setSpoiled(upload, partNumber, true)
      throw wrongSize(partNumber, size, exact)
    } finally {
      exact.destroy()
      stopReceiving()
    }
  }

  async complete(upload: BegunUpload, expectedSha256: string | null): Promise<StoredBytes> {
    requireId(upload.id)
    while (this.#completing.has(upload.id)) await this.#completing.get(upload.id)?.catch(() => {})
    const completing = this.#complete(upload, expectedSha256)
    this.#completing.set(upload.id, completing)
    try {
      return await completing
    } finally {
      this.#completing.delete(upload.id)
    }
  }

  async abandon(upload: BegunUpload): Promise<void> {
    requireId(upload.id)
    const state = await this.#states.read(upload)
    const isOpen = state !== null && state.result === null
    await this.#close(upload, isOpen ? state.multipartId : null, tokenOf(upload))
    if (isOpen) await this.#states.clear(upload, null)
  }

  async #complete(upload: BegunUpload, expectedSha256: string | null): Promise<StoredBytes> {
    const stored = await this.#completion.complete(upload, expectedSha256, this.#receiving.get(upload.id) ?? new Set())
    // It ends by itself too, and can do no harm any more.
    await this.#close(upload, null, tokenOf(upload)).catch(() => {})
    return stored
  }

  /** @throws NOT_FOUND (`field: bucket`) */
  async #openMultipart(request: UploadRequest): Promise<Token & { multipartId: string }> {
    const { bucket, id, size, expiresAt } = request
    const { preauthenticated, directFrom } = this.#options
    const name = uploadBytesName(id)
    try {
      return preauthenticated === null || size < directFrom
        ? { multipartId: await this.#objects.createUpload(bucket, name, describeUpload(request)) }
        : await preauthenticated.beginUpload(bucket, name, { ...describeUpload(request), expires: new Date(expiresAt) })
    } catch (error) {
      throw isDhuoError(error) && error.code === 'NOT_FOUND' ? notFound(`The bucket ${bucket}`, 'bucket') : error
    }
  }

  async #close(upload: { id: string; bucket: string }, multipartId: string | null, { requestId }: Token): Promise<void> {
    if (requestId) await this.#options.preauthenticated?.delete(upload.bucket, requestId)
    if (multipartId) await this.#objects.abort(upload.bucket, uploadBytesName(upload.id), multipartId)
  }

  /** @throws NOT_FOUND it was abandoned; CONFLICT it is complete */
  async #openState(upload: BegunUpload): Promise<ReadState> {
    const state = await this.#states.read(upload)
    if (state === null) throw notFound('The upload')
    if (state.result !== null) throw new DhuoError('CONFLICT', 'The upload is complete.')
    return state
  }

  /** Of an upload that was there when a part began to come. */
  async #whyGone(upload: BegunUpload): Promise<DhuoError> {
    return this.#openState(upload).then(
      () => new DhuoError('CONFLICT', 'The upload is being completed.'),
      (error) => error,
    )
  }

  async #setSpoiled(upload: BegunUpload, partNumber: number, isSpoiled: boolean): Promise<void> {
    await this.#states.update(upload, (state) => {
      if (state.spoiled.includes(partNumber) === isSpoiled) return null
      const others = state.spoiled.filter((number) => number !== partNumber)
      return { ...state, spoiled: isSpoiled ? [...others, partNumber] : others }
    })
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
}

/** An id becomes part of a name. @throws BAD_USER_INPUT (`field: id`) */
export function requireId(id: string): void {
  if (!idPattern.test(id)) throw badInput('id', `The id of an upload must match ${idPattern.source}.`)
}

const tokenOf = ({ token }: BegunUpload): Token => JSON.parse(token)

/** Like `pipe`, and passes on that the source failed or was closed. A failed target leaves the source paused and open. */
function lead(source: Readable, target: OciExactBytes): void {
  const broken = (error?: Error | null): void => void target.destroy(error ?? new Error('The source was closed.'))
  source.once('error', broken)
  source.once('close', () => {
    if (!source.readableEnded && !target.writableEnded) broken(source.errored)
  })
  if (source.destroyed) broken(source.errored)
  else source.pipe(target)
}

/** The one part of an empty upload. */
async function nothingFrom(empty: OciExactBytes): Promise<string> {
  for await (const _ of empty) break
  return ''
}

const wrongSize = (partNumber: number, size: number, exact: OciExactBytes): DhuoError =>
  badInput(
    'part',
    `Part ${partNumber} must have ${size} bytes; ${exact.overflowed ? 'more came' : `it ended after ${exact.received}`}.`,
    exact.errored,
  )
