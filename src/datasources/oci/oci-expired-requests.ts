// Deletes pre-authenticated requests of ours that have expired: they stay in a bucket's list until somebody does.
import type { ObjectStorageClient } from 'oci-objectstorage'
import type { Logger } from '../../logger.js'
import { isOciAnswer, ociError } from './oci-errors.js'

/** The names of ours begin with it. */
export const requestPrefix = 'dhuo-'

/** Those of a server that was killed before it could delete them. That it fails is logged. */
export async function deleteExpiredRequests(
  client: ObjectStorageClient,
  place: { namespaceName: string; bucketName: string },
  log: Logger,
): Promise<void> {
  try {
    const now = Date.now()
    // Dates come as text, whatever their type.
    for await (const { name, id, timeExpires } of client.listPreauthenticatedRequestsRecordIterator(place))
      if (name.startsWith(requestPrefix) && Date.parse(String(timeExpires)) < now) await deleteRequest(client, place, id)
  } catch (error) {
    log.warn({ err: ociError('Object Storage', error), bucket: place.bucketName }, 'expired pre-authenticated requests stay')
  }
}

/** Idempotent. */
export async function deleteRequest(
  client: ObjectStorageClient,
  place: { namespaceName: string; bucketName: string },
  parId: string,
): Promise<void> {
  await client.deletePreauthenticatedRequest({ ...place, parId }).catch((error: unknown) => {
    if (!isOciAnswer(error, 404)) throw ociError('Object Storage', error)
  })
}
