// A bucket through which this server and its functions hand files to each other, each folder by a URL that is good for an hour.
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { type models, ObjectStorageClient, type responses } from 'oci-objectstorage'
import type { OciServiceAddress } from '../../config/oci-config.js'
import { DhuoError } from '../../errors.js'
import type { Logger } from '../../logger.js'
import type { OciConnection } from '../oci/oci-connection.js'
import { isOciAnswer, ociCall } from '../oci/oci-errors.js'
import { deleteExpiredRequests, deleteRequest, requestPrefix } from '../oci/oci-expired-requests.js'

type Access = 'AnyObjectRead' | 'AnyObjectReadWrite'

interface Opening {
  id: string
  url: string
  expiresAt: number
}

const service = 'Object Storage'
const hourMs = 3_600_000
/** A call may begin just before the hour is over, and load for five minutes. */
const leastLeftMs = 10 * 60_000
const attempts = 3
const pageSize = 1_000

export class OciHandoffBucket {
  readonly #client: ObjectStorageClient
  readonly #name: string
  #namespace: Promise<string> | null = null
  readonly #openings = new Map<string, Promise<Opening>>()
  readonly #log: Logger
  /** Expired URLs of servers that were killed: looked for once. */
  #tidied: Promise<void> | null = null

  constructor(connection: OciConnection, name: string, address: OciServiceAddress, log: Logger) {
    this.#log = log
    // The endpoint of a service's URL is that of Functions: Object Storage is where the settings for all of them say.
    this.#client = connection.client(ObjectStorageClient, { service, address: { region: address.region, endpoint: null } })
    this.#name = name
  }

  /** @throws BACKEND_UNAVAILABLE */
  async ping(): Promise<void> {
    const place = await this.#place()
    await this.#client.headBucket(place).catch((error: unknown) => {
      // An answer to HEAD has no words.
      if (isOciAnswer(error, 404))
        throw new DhuoError('BACKEND_UNAVAILABLE', `The bucket ${this.#name} is not there, or this server may not see it.`)
      return ociCall(service, () => Promise.reject(error))
    })
  }

  /** @param open is called again when it has to be sent again */
  async put(object: string, open: () => Readable, size: number): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const body = open()
      try {
        await this.#call((place) =>
          this.#client.putObject({ ...place, objectName: object, putObjectBody: body, contentLength: size }),
        )
        return
      } catch (error) {
        if (attempt === attempts || (error as DhuoError).code !== 'BACKEND_UNAVAILABLE') throw error
      } finally {
        body.destroy()
      }
    }
  }

  async putJson(object: string, value: unknown): Promise<void> {
    const putObjectBody = JSON.stringify(value)
    const contentLength = Buffer.byteLength(putObjectBody)
    await this.#call((place) =>
      this.#client.putObject({ ...place, objectName: object, putObjectBody, contentLength, contentType: 'application/json' }),
    )
  }

  /** Null where there is no such object. */
  async findJson(object: string): Promise<unknown> {
    const found = await this.#find(object)
    return found && JSON.parse(await text(found.value as Readable))
  }

  /** @throws NOT_FOUND */
  async read(object: string): Promise<Readable> {
    const found = await this.#find(object)
    if (!found) throw new DhuoError('NOT_FOUND', `The object ${object} is not in the bucket ${this.#name}.`)
    return found.value as Readable
  }

  /** What stands before the name of an object in the folder. Made anew in time before the old one expires. */
  async urlOf(folder: string, access: Access): Promise<string> {
    // One after the other: of two who find an old one only the first makes another.
    const before = this.#openings.get(folder) ?? Promise.resolve(null)
    const opening = before
      .catch(() => null)
      .then((known) => (known && known.expiresAt - Date.now() > leastLeftMs ? known : this.#replace(known, folder, access)))
    this.#openings.set(folder, opening)
    return (await opening).url
  }

  async revoke(folder: string): Promise<void> {
    const opening = this.#openings.get(folder)
    this.#openings.delete(folder)
    const known = await opening?.catch(() => null)
    if (known) await this.#close(known)
  }

  /** Its objects, and the URL that leads to them. */
  async removeFolder(folder: string): Promise<void> {
    await this.revoke(folder)
    // The SDK does not encode what stands in a query.
    const prefix = encodeURIComponent(folder)
    let start: string | undefined = prefix
    while (start !== undefined) {
      const page: models.ListObjects = await this.#list({ prefix, start })
      for (const { name } of page.objects) await this.#remove(name)
      start = page.nextStartWith && encodeURIComponent(page.nextStartWith)
    }
  }

  /** Ends every URL that it gave out. */
  async close(): Promise<void> {
    await Promise.allSettled([this.#tidied, ...[...this.#openings.keys()].map((folder) => this.revoke(folder))])
  }

  async #list(request: { prefix: string; start: string }): Promise<models.ListObjects> {
    return (await this.#call((place) => this.#client.listObjects({ ...place, ...request, limit: pageSize }))).listObjects
  }

  async #find(object: string): Promise<responses.GetObjectResponse | null> {
    const place = await this.#place()
    return this.#client.getObject({ ...place, objectName: object }).catch((error: unknown) => {
      if (isOciAnswer(error, 404, 'ObjectNotFound')) return null
      return ociCall(service, () => Promise.reject(error))
    })
  }

  async #remove(object: string): Promise<void> {
    const place = await this.#place()
    await this.#client.deleteObject({ ...place, objectName: object }).catch((error: unknown) => {
      // Any other 404 may mean that this server may not delete it.
      if (!isOciAnswer(error, 404, 'ObjectNotFound')) return ociCall(service, () => Promise.reject(error))
    })
  }

  async #replace(known: Opening | null, folder: string, access: Access): Promise<Opening> {
    this.#tidied ??= this.#place().then((place) => deleteExpiredRequests(this.#client, place, this.#log))
    const opening = await this.#open(folder, access, Date.now() + hourMs)
    if (known) await this.#close(known).catch(() => {})
    return opening
  }

  /** https://docs.oracle.com/iaas/Content/Object/Tasks/usingpreauthenticatedrequests.htm */
  async #open(folder: string, accessType: Access, expiresAt: number): Promise<Opening> {
    const details = {
      name: `${requestPrefix}${folder.replaceAll(/[^\w.-]+/g, '-')}`,
      objectName: folder,
      accessType: accessType as models.CreatePreauthenticatedRequestDetails.AccessType,
      timeExpires: new Date(expiresAt),
    }
    const { preauthenticatedRequest: made } = await this.#call((place) =>
      this.#client.createPreauthenticatedRequest({ ...place, createPreauthenticatedRequestDetails: details }),
    )
    // Where the service does not say the whole URL, its endpoint stands before it; that is whole once a call was made.
    const [, start] = /^(.*?\/b\/[^/]+\/o\/)/.exec(made.fullPath ?? this.#client.endpoint + made.accessUri) ?? []
    if (start === undefined)
      throw new DhuoError('BACKEND_UNAVAILABLE', 'OCI Object Storage opened a folder and did not say where.')
    return { id: made.id, url: start + folder, expiresAt }
  }

  async #close({ id }: Opening): Promise<void> {
    await deleteRequest(this.#client, await this.#place(), id)
  }

  async #call<T>(work: (place: { namespaceName: string; bucketName: string }) => Promise<T>): Promise<T> {
    const place = await this.#place()
    return ociCall(service, () => work(place))
  }

  async #place(): Promise<{ namespaceName: string; bucketName: string }> {
    this.#namespace ??= ociCall(service, () => this.#client.getNamespace({})).then(({ value }) => value)
    this.#namespace.catch(() => {
      this.#namespace = null
    })
    return { namespaceName: await this.#namespace, bucketName: this.#name }
  }
}
