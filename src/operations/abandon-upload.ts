// Throws away what was sent for an upload that no object was made of.
import type { UploadRow } from '../datasources/catalog/tables.js'
import type { Datasources } from '../datasources/datasources.js'
import { begunUpload } from './complete-upload.js'

/**
 * The row goes first: a completion at the same moment then finds none and makes no object of bytes that are about to go.
 * @returns false when an object was made of it, or it is gone already
 */
export async function abandonUpload({ catalog, storage }: Datasources, upload: UploadRow): Promise<boolean> {
  if (!(await catalog.uploads.deleteOpen(upload.id))) return false
  const bucket = (await catalog.buckets.byIds([upload.bucketId]))[0]!
  await storage.abandonUpload(begunUpload(upload, bucket.name))
  return true
}
