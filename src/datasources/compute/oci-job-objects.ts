// Keeps in Object Storage what Data Flow reads, and reads from there what runs have put: one bucket, below one prefix.
import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import type { ObjectStorageClient } from 'oci-objectstorage'
import type { BucketPlace } from '../../config/data-flow-url.js'
import { DhuoError } from '../../errors.js'
import { isOciAnswer, ociCall } from '../oci/oci-errors.js'

const service = 'Object Storage'

/** Bytes that can be read more than once: what was cut off is sent again. */
export interface ReadableBytes {
  size: number
  open(): Promise<Readable>
}

/** Names are without the prefix. */
export class OciJobObjects {
  constructor(
    private readonly client: ObjectStorageClient,
    private readonly place: BucketPlace,
    /** Where runs reach Object Storage. No slash at the end. */
    private readonly endpoint: string,
  ) {}

  /** As Spark writes it. https://docs.oracle.com/iaas/data-flow/using/dfs_data_flow_library.htm */
  uriOf(name: string): string {
    const { bucket, namespace, prefix } = this.place
    return `oci://${bucket}@${namespace}/${prefix}${name}`
  }

  async has(name: string): Promise<boolean> {
    return ociCall(service, async () => {
      try {
        await this.client.headObject({ ...this.#object(name) })
        return true
      } catch (error) {
        if (isOciAnswer(error, 404)) return false
        throw error
      }
    })
  }

  /** Bytes of a server that was killed meanwhile are never there in part: an object is there with its last byte. */
  async put(name: string, { size, open }: ReadableBytes): Promise<void> {
    await ociCall(service, async () => {
      for (let attempt = 1; ; attempt++) {
        const bytes = await open()
        try {
          await this.client.putObject({ ...this.#object(name), putObjectBody: bytes, contentLength: size })
          return
        } catch (error) {
          // The transport sends a stream once, for it cannot be read again.
          if (attempt === 3 || isOciAnswer(error, 400) || isOciAnswer(error, 404)) throw error
        } finally {
          bytes.destroy()
        }
      }
    })
  }

  async putText(name: string, text: string): Promise<void> {
    const bytes = Buffer.from(text)
    await this.put(name, { size: bytes.length, open: async () => Readable.from([bytes]) })
  }

  /** In the order of their names, at most a thousand. */
  async list(prefix: string): Promise<string[]> {
    const { bucket, namespace, prefix: own } = this.place
    const { listObjects } = await ociCall(service, () =>
      // The SDK does not encode what stands in the query.
      this.client.listObjects({
        namespaceName: namespace,
        bucketName: bucket,
        prefix: encodeURIComponent(own + prefix),
        limit: 1_000,
      }),
    )
    return listObjects.objects.map(({ name }) => name.slice(own.length))
  }

  /** Null when it is not there. @throws PRECONDITION_FAILED it is larger than `most` bytes */
  async get(name: string, most: number): Promise<Buffer | null> {
    return ociCall(service, async () => {
      try {
        const { value, contentLength } = await this.client.getObject({ ...this.#object(name) })
        const body = value as Readable
        if (contentLength > most) {
          body.destroy()
          throw new DhuoError('PRECONDITION_FAILED', `${name} has ${contentLength} bytes; ${most} are allowed.`)
        }
        return await buffer(body)
      } catch (error) {
        if (isOciAnswer(error, 404)) return null
        throw error
      }
    })
  }

  /** Idempotent. */
  async remove(name: string): Promise<void> {
    await ociCall(service, async () => {
      try {
        await this.client.deleteObject({ ...this.#object(name) })
      } catch (error) {
        if (!isOciAnswer(error, 404)) throw error
      }
    })
  }

  /** All below it. Idempotent. */
  async removeAll(prefix: string): Promise<void> {
    for (let names = await this.list(prefix); names.length > 0; names = await this.list(prefix))
      for (const name of names) await this.remove(name)
  }

  /**
   * A URL that whoever has it may put objects below, and nothing else.
   * https://docs.oracle.com/iaas/Content/Object/Tasks/usingpreauthenticatedrequests.htm
   */
  async openDoor(prefix: string, expires: Date): Promise<{ id: string; url: string }> {
    const { bucket, namespace, prefix: own } = this.place
    const { preauthenticatedRequest } = await ociCall(service, () =>
      this.client.createPreauthenticatedRequest({
        namespaceName: namespace,
        bucketName: bucket,
        createPreauthenticatedRequestDetails: {
          name: `dhuo-lines-${createHash('sha256').update(prefix).digest('hex').slice(0, 16)}`,
          objectName: own + prefix,
          accessType: 'AnyObjectWrite' as never,
          timeExpires: expires,
        },
      }),
    )
    // It ends with `/o/`, whatever the prefix: the holder of the URL has to write that too.
    return { id: preauthenticatedRequest.id, url: this.endpoint + preauthenticatedRequest.accessUri + own + prefix }
  }

  /** Idempotent. */
  async shutDoor(id: string): Promise<void> {
    const { bucket, namespace } = this.place
    await ociCall(service, async () => {
      try {
        await this.client.deletePreauthenticatedRequest({ namespaceName: namespace, bucketName: bucket, parId: id })
      } catch (error) {
        if (!isOciAnswer(error, 404)) throw error
      }
    })
  }

  #object(name: string): { namespaceName: string; bucketName: string; objectName: string } {
    const { bucket, namespace, prefix } = this.place
    return { namespaceName: namespace, bucketName: bucket, objectName: prefix + name }
  }
}
