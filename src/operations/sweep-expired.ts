// Removes what time has ended: uploads nobody completed, bytes nothing refers to, sessions, tickets.
import type { Datasources } from '../datasources/datasources.js'
import type { Logger } from '../logger.js'
import { abandonUpload } from './abandon-upload.js'

const batch = 1_000
/** A completion that began in time may still be at work. */
const uploadGraceMs = 3_600_000
/** Downloads of a version that was replaced go on, and so does what is about to pin it. */
const replacedGraceMs = 24 * 3_600_000

/** Does what is due now; what fails is logged, left, and tried again by the next sweep. */
export async function sweepExpired(datasources: Datasources, log: Logger, now = Date.now()): Promise<void> {
  const { catalog, storage } = datasources
  const ago = (ms: number): string => new Date(now - ms).toISOString()
  await catalog.users.deleteExpiredSessions(ago(0))
  await catalog.users.deleteOldLoginFailures(ago(replacedGraceMs))
  await catalog.exportTickets.deleteExpired(ago(0))
  await catalog.uploads.deleteCompleted(ago(uploadGraceMs))

  for (const upload of await catalog.uploads.expired(ago(uploadGraceMs), batch))
    await abandonUpload(datasources, upload).catch((error: unknown) =>
      log.warn({ err: error, upload: upload.id }, 'an expired upload stays'),
    )

  const replaced = await catalog.storedObjects.replacedBefore(ago(replacedGraceMs), batch)
  const buckets = new Map(
    (await catalog.buckets.byIds([...new Set(replaced.map((object) => object.bucketId))])).map((b) => [b.id, b.name]),
  )
  for (const object of replaced) {
    try {
      // The row first: when something has come to refer to it meanwhile, this fails, and the bytes stay. Who deletes it removes them.
      if (!(await catalog.storedObjects.delete(object.id))) continue
      await storage
        .remove({ bucket: buckets.get(object.bucketId)!, key: object.key, version: object.version })
        .catch(async (error) => {
          await catalog.storedObjects.restore(object)
          throw error
        })
    } catch (error) {
      log.warn({ err: error, object: object.id }, 'the bytes of a replaced object stay')
    }
  }
}
