// Deletes what is under a key: it means nothing from then on, here and for those who look at the storage by other means.
import type { BucketRow } from '../datasources/catalog/tables.js'
import type { Datasources } from '../datasources/datasources.js'

/** @returns false when there was nothing */
export async function deleteObject({ catalog, storage }: Datasources, bucket: BucketRow, key: string): Promise<boolean> {
  const object = await catalog.storedObjects.findCurrent(bucket.id, key)
  if (!(await catalog.storedObjects.retireCurrent(bucket.id, key, new Date().toISOString()))) return false
  // A storage that does not answer now goes on showing it to others until it is swept: it is deleted all the same.
  if (object) await storage.hide({ bucket: bucket.name, key, version: object.version }).catch(() => {})
  return true
}
