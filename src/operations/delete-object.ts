// Deletes what is under a key: it means nothing from then on, here and for those who look at the storage by other means.
import type { BucketRow } from '../datasources/catalog/tables.js'
import type { Datasources } from '../datasources/datasources.js'

/** @returns false when there was nothing. @throws BACKEND_UNAVAILABLE nothing was deleted */
export async function deleteObject({ catalog, storage }: Datasources, bucket: BucketRow, key: string): Promise<boolean> {
  for (;;) {
    const object = await catalog.storedObjects.findCurrent(bucket.id, key)
    if (!object) return false
    // The storage first: what it went on showing would be taken for something new by whoever looks what came into the bucket.
    await storage.hide({ bucket: bucket.name, key, version: object.version })
    // Somebody may have replaced it meanwhile: then that is what has to go.
    if (await catalog.storedObjects.retire(object.id, new Date().toISOString())) return true
  }
}
