// Throws away what was sent for an upload that no object was made of.
import type { UploadRow } from '../datasources/catalog/tables.js'
import type { Datasources } from '../datasources/datasources.js'
import type { BegunUpload, ObjectStorage } from '../datasources/storage/object-storage.js'
import { isDhuoError } from '../errors.js'
import { begunUpload } from './complete-upload.js'

/**
 * The row goes first: a completion at the same moment then finds none and makes no object of bytes that are about to go.
 * It comes back when the bytes cannot be removed: without it nobody would ever try again.
 * @returns false when an object was made of it, or it is gone already
 */
export async function abandonUpload({ catalog, storage }: Datasources, upload: UploadRow): Promise<boolean> {
  if (!(await catalog.uploads.deleteOpen(upload.id))) return false
  const bucket = (await catalog.buckets.byIds([upload.bucketId]))[0]!
  const begun = begunUpload(upload, bucket.name)
  try {
    await removeWholeBytes(storage, begun)
    await storage.abandonUpload(begun)
  } catch (error) {
    await catalog.uploads.insert(upload)
    throw error
  }
  return true
}

/** Those of a completion that died before it made an object of them. Abandoning does not touch them, and no row names them. */
async function removeWholeBytes(storage: ObjectStorage, upload: BegunUpload): Promise<void> {
  try {
    const { version } = await storage.completeUpload(upload, null)
    await storage.remove({ bucket: upload.bucket, key: upload.key, version })
  } catch (error) {
    // The usual case: parts are missing, and nothing is whole.
    if (!isDhuoError(error) || !['PRECONDITION_FAILED', 'NOT_FOUND'].includes(error.code)) throw error
  }
}
