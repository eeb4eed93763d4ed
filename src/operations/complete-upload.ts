// Turns an upload whose parts are all there into an object: from one moment to the next, once, whoever asks how often.
import type { StoredObjectRow, UploadRow } from '../datasources/catalog/tables.js'
import type { Datasources } from '../datasources/datasources.js'
import type { BegunUpload, BytesLocation } from '../datasources/storage/object-storage.js'
import { badInput, DhuoError, notFound } from '../errors.js'
import { digestIn } from './begin-upload.js'

/**
 * @param sha256 of the bytes, where it was not known before
 * @throws BAD_USER_INPUT (`field: sha256`) it is none, or not the one that was announced; PRECONDITION_FAILED parts are missing, the
 * digest differs, or the upload has expired; NOT_FOUND it was abandoned
 */
export async function completeUpload(
  { catalog, storage }: Datasources,
  upload: UploadRow,
  sha256: string | null = null,
): Promise<StoredObjectRow> {
  const digest = digestIn(sha256, 'sha256') ?? upload.sha256
  if (upload.sha256 !== null && digest !== upload.sha256) throw badInput('sha256', 'createUpload was told another SHA-256.')
  const objectId = objectIdOf(upload.id)
  let bytes: BytesLocation | null = null
  if (upload.objectId === null) {
    if (upload.expiresAt <= new Date().toISOString())
      throw new DhuoError('PRECONDITION_FAILED', 'The upload has expired: begin it again.', { field: 'id' })
    const bucket = (await catalog.buckets.byIds([upload.bucketId]))[0]!
    const stored = await storage.completeUpload(begunUpload(upload, bucket.name), digest)
    bytes = { bucket: bucket.name, key: upload.key, version: stored.version }
    await catalog.transaction(async ({ uploads, storedObjects }) => {
      if (!(await uploads.complete(upload.id, objectId))) return
      await storedObjects.insertCurrent({
        id: objectId,
        projectId: upload.projectId,
        bucketId: upload.bucketId,
        key: upload.key,
        isCurrent: 1,
        version: stored.version,
        size: stored.size,
        etag: stored.etag,
        sha256: stored.sha256,
        contentType: upload.contentType,
        lastModified: new Date().toISOString(),
        replacedAt: null,
        createdBy: upload.createdBy,
      })
    })
  }
  const [object] = await catalog.storedObjects.byIds([objectId])
  if (object) return object
  // Abandoned while the bytes were made whole: no row will ever name them.
  if (bytes) await storage.remove(bytes)
  throw notFound('The upload', 'id')
}

/** The same object for each of several calls: two at once, or one that is repeated after a crash. */
export const objectIdOf = (uploadId: string): string => uploadId.replace(/^[a-z]+/, 'obj')

export const begunUpload = (upload: UploadRow, bucket: string): BegunUpload => ({
  id: upload.id,
  bucket,
  key: upload.key,
  size: upload.size,
  contentType: upload.contentType,
  expiresAt: upload.expiresAt,
  partSize: upload.partSize,
  token: upload.token,
})
