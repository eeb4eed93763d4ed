// Pre-authenticated requests: URLs of Object Storage itself that let a client do one thing to one object for a while.
import type http from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ObjectStorageClient } from 'oci-objectstorage'
import type { Logger } from '../../logger.js'
import { ociCall, ociError } from '../oci/oci-errors.js'
import { loggedExchange, ociAgent } from '../oci/oci-exchange.js'
import { deleteExpiredRequests, deleteRequest, requestPrefix } from '../oci/oci-expired-requests.js'
import { service } from './oci-objects.js'

export interface OciPreauthenticatedOptions {
  client: ObjectStorageClient
  namespace: string
  /** Where clients reach Object Storage. No slash at the end. */
  endpoint: string
  idleMs: number
  log: Logger
}

interface Access {
  id: string
  /** Path, which is a secret. */
  uri: string
}

interface Reading {
  bucket: string
  access: Promise<Access>
  freshUntil: number
  timer: NodeJS.Timeout | undefined
}

/** From its making on. What has begun then goes on. */
const readMs = 120_000
const attempts = 4

/**
 * An expired request stays in the bucket's list until somebody deletes it, so each is deleted when it has served its time. Those
 * of a server that was killed meanwhile are found by name when the next one makes its first in a bucket.
 * https://docs.oracle.com/iaas/Content/Object/Tasks/usingpreauthenticatedrequests.htm
 */
export class OciPreauthenticatedRequests {
  readonly #options: OciPreauthenticatedOptions
  readonly #agent: http.Agent
  readonly #tidied = new Map<string, Promise<void>>()
  /** The newest one for reading an object; and all of them, until they have expired. */
  readonly #reading = new Map<string, Reading>()
  readonly #all = new Set<Reading>()

  constructor(options: OciPreauthenticatedOptions) {
    this.#options = options
    this.#agent = ociAgent(new URL(options.endpoint), 16)
  }

  /**
   * Begins an upload in parts as the holder of the URL would, so that parts may be sent to URLs below it.
   * @returns the id of the request, which the caller deletes, that of the upload, and the URL that a part's number is put after
   */
  async beginUpload(
    bucket: string,
    objectName: string,
    options: { contentType: string; meta: Record<string, string>; expires: Date },
  ): Promise<{ requestId: string; multipartId: string; partsUrl: string }> {
    const access = await this.#create(bucket, objectName, 'ObjectWrite', options.expires)
    const headers = new Headers({ 'opc-multipart': 'true', 'content-type': options.contentType, 'content-length': '0' })
    for (const [name, value] of Object.entries(options.meta)) headers.set(`opc-meta-${name}`, value)
    const { uploadId, accessUri } = await this.#put(access.uri, headers)
    return { requestId: access.id, multipartId: uploadId, partsUrl: this.#options.endpoint + accessUri }
  }

  /**
   * A URL that gives the object as it is now, for a minute at least. It is the same one for a while: clients that fetch an object in
   * many ranges ask for each.
   */
  async urlToRead(bucket: string, objectName: string): Promise<string> {
    const key = JSON.stringify([bucket, objectName])
    const out = this.#reading.get(key)
    if (out && out.freshUntil > Date.now()) return this.#options.endpoint + (await out.access).uri
    const access = this.#create(bucket, objectName, 'ObjectRead', new Date(Date.now() + readMs))
    const reading: Reading = { bucket, access, freshUntil: Date.now() + readMs / 2, timer: undefined }
    this.#reading.set(key, reading)
    reading.timer = setTimeout(() => this.#endReading(key, reading), readMs).unref()
    this.#all.add(reading)
    try {
      return this.#options.endpoint + (await access).uri
    } catch (error) {
      this.#forget(key, reading)
      throw error
    }
  }

  /** A URL of its own that gives the object as it is at any time until then, or until `delete`. Expired ones of a server that was killed are found by name. */
  async lend(bucket: string, objectName: string, expires: Date): Promise<{ id: string; url: string }> {
    const { id, uri } = await this.#create(bucket, objectName, 'ObjectRead', expires)
    return { id, url: this.#options.endpoint + uri }
  }

  /** Idempotent. */
  async delete(bucketName: string, parId: string): Promise<void> {
    await deleteRequest(this.#options.client, { namespaceName: this.#options.namespace, bucketName }, parId)
  }

  /** Deletes those that are out for reading: what was begun with them goes on. */
  async close(): Promise<void> {
    await Promise.all(
      [...this.#all].map(async ({ bucket, access, timer }) => {
        clearTimeout(timer)
        await this.delete(bucket, (await access).id).catch(() => {})
      }),
    )
    await Promise.all(this.#tidied.values())
    this.#agent.destroy()
  }

  #forget(key: string, reading: Reading): void {
    clearTimeout(reading.timer)
    this.#all.delete(reading)
    if (this.#reading.get(key) === reading) this.#reading.delete(key)
  }

  async #endReading(key: string, reading: Reading): Promise<void> {
    this.#forget(key, reading)
    const { bucket, access } = reading
    await this.delete(bucket, (await access).id).catch((error: unknown) =>
      this.#options.log.warn({ err: error, bucket }, 'an expired pre-authenticated request stays'),
    )
  }

  async #create(
    bucketName: string,
    objectName: string,
    accessType: 'ObjectRead' | 'ObjectWrite',
    expires: Date,
  ): Promise<Access> {
    const { client, namespace, log } = this.#options
    if (!this.#tidied.has(bucketName))
      this.#tidied.set(bucketName, deleteExpiredRequests(client, { namespaceName: namespace, bucketName }, log))
    const createPreauthenticatedRequestDetails = {
      name: `${requestPrefix}${accessType}`,
      objectName,
      accessType: accessType as never,
      timeExpires: expires,
    }
    const { preauthenticatedRequest } = await ociCall(service, () =>
      client.createPreauthenticatedRequest({ namespaceName: namespace, bucketName, createPreauthenticatedRequestDetails }),
    )
    return { id: preauthenticatedRequest.id, uri: preauthenticatedRequest.accessUri }
  }

  /** Whoever holds the URL needs no signature, and the SDK has no operation for it. */
  async #put(uri: string, headers: Headers): Promise<{ uploadId: string; accessUri: string }> {
    const { endpoint, idleMs, log } = this.#options
    for (let attempt = 1; ; attempt++) {
      const isLast = attempt === attempts
      try {
        const url = new URL(endpoint + uri)
        const request = { method: 'PUT', url, headers, body: '', agent: this.#agent, idleMs }
        const answer = await loggedExchange(request, { log, service, operation: 'beginUploadByRequest', attempt })
        if (answer.status === 200) return (await answer.json()) as { uploadId: string; accessUri: string }
        answer.body.resume()
        const refusal = { statusCode: answer.status, serviceCode: 'None', message: 'The upload could not be begun.' }
        if (isLast || (answer.status < 500 && answer.status !== 429)) throw ociError(service, refusal)
      } catch (error) {
        if (isLast || !('code' in (error as object)) || (error as { name?: string }).name === 'DhuoError')
          throw ociError(service, error)
      }
      await sleep(Math.random() * 200 * 2 ** attempt)
    }
  }
}
