// Registers what came into a bucket by other ways than this API, and forgets what went.
import { newId } from '../datasources/catalog/node-id.js'
import type { BucketRow, StoredObjectRow } from '../datasources/catalog/tables.js'
import type { Datasources } from '../datasources/datasources.js'
import type { ExistingBuckets, FoundDescription, FoundObject } from '../datasources/storage/object-storage.js'
import { badInput, DhuoError } from '../errors.js'
import { checkName } from '../naming-policy.js'
import { contentTypeOf } from './begin-upload.js'
import { objectIdOf } from './complete-upload.js'

/** Of objects under a prefix of a bucket. */
export interface BucketSync {
  bucketId: string
  added: number
  replaced: number
  removed: number
  /** Objects whose keys no object may have here; a hundred of them by name. */
  skipped: number
  skippedKeys: string[]
}

interface Change {
  found: FoundObject
  before: StoredObjectRow | null
}

const batchSize = 200
const describedAtOnce = 8
const namedAtMost = 100
const ownWritingMs = 600_000

/**
 * Two lists in the same order, that of the storage and that of the catalog, are walked side by side; memory does not grow with them.
 * What was changed through the API since this began is left alone, whatever the storage's list said before that.
 * @param isNew of a bucket that nothing was ever uploaded to through the API: then nothing in it can be an upload under way
 */
export async function syncBucket(
  datasources: Datasources,
  bucket: BucketRow,
  prefix: string,
  createdBy: string,
  { isNew = false }: { isNew?: boolean } = {},
): Promise<BucketSync> {
  const existing = requireExisting(datasources)
  requirePrefix(prefix)
  const began = new Date().toISOString()
  const sync: BucketSync = { bucketId: bucket.id, added: 0, replaced: 0, removed: 0, skipped: 0, skippedKeys: [] }
  const rows = currentRows(datasources, bucket, prefix)
  let row = await rows.next()
  let changes: Change[] = []
  const flush = async () => {
    await register(datasources, existing, bucket, changes, { sync, createdBy, isNew, now: began })
    changes = []
  }
  /** Rows before `key`: the storage has none of them. */
  const removeBefore = async (key: string | null) => {
    for (; !row.done && (key === null || compare(row.value.key, key) < 0); row = await rows.next())
      // A list is of the moment when it was made: what is not in it may have come since.
      if (row.value.lastModified < began && (await existing.describe(bucket.name, row.value.key)) === null)
        sync.removed += (await datasources.catalog.storedObjects.retire(row.value.id, began)) ? 1 : 0
  }

  for await (const found of existing.list(bucket.name, prefix)) {
    if (!checkName('OBJECT_KEY', found.key).ok) {
      if (++sync.skipped <= namedAtMost) sync.skippedKeys.push(found.key)
      continue
    }
    await removeBefore(found.key)
    const before = !row.done && row.value.key === found.key ? row.value : null
    if (before) row = await rows.next()
    if (before === null || (before.etag !== found.etag && before.lastModified < began)) changes.push({ found, before })
    if (changes.length === batchSize) await flush()
  }
  await flush()
  await removeBefore(null)
  return sync
}

/** @throws BAD_USER_INPUT (`field: prefix`) no key begins with it */
export function requirePrefix(prefix: string): void {
  const { ok, reason } = checkName('OBJECT_KEY', `${prefix}x`)
  if (!ok) throw badInput('prefix', `prefix: no key begins with it. ${reason}`)
}

/** @throws PRECONDITION_FAILED */
export function requireExisting({ storage }: Datasources): ExistingBuckets {
  if (storage.existing) return storage.existing
  throw new DhuoError(
    'PRECONDITION_FAILED',
    'Nobody but this server fills the buckets of this storage: there is nothing to look for.',
  )
}

async function* currentRows(
  { catalog }: Datasources,
  bucket: BucketRow,
  prefix: string,
): AsyncGenerator<StoredObjectRow, undefined> {
  for (let after: string | null = null; ; ) {
    const rows: StoredObjectRow[] = await catalog.storedObjects.currentAfter(bucket.id, prefix, after, 1_000)
    yield* rows
    if (rows.length < 1_000) return
    after = rows.at(-1)!.key
  }
}

interface Registering {
  sync: BucketSync
  createdBy: string
  isNew: boolean
  now: string
}

async function register(
  datasources: Datasources,
  existing: ExistingBuckets,
  bucket: BucketRow,
  changes: readonly Change[],
  { sync, createdBy, isNew, now }: Registering,
): Promise<void> {
  if (changes.length === 0) return
  const { catalog } = datasources
  const found = changes.map((change) => change.found)
  const known = await catalog.storedObjects.byEtags(
    bucket.id,
    found.map(({ etag }) => etag),
  )
  const knownOf = new Map(known.map((row) => [`${row.etag} ${row.key}`, row]))
  const contentTypes = isNew
    ? new Map(found.map((each) => [each, contentTypeOf(each.key)]))
    : await describeAll(datasources, existing, bucket, found)

  // It may be carried out more than once: it counts for itself.
  const done = await catalog.transaction(async ({ storedObjects }) => {
    const done = { added: 0, replaced: 0 }
    for (const { found, before } of changes) {
      const row = knownOf.get(`${found.etag} ${found.key}`)
      const contentType = contentTypes.get(found)
      if (contentType === undefined || row?.isCurrent === 1) continue
      // Deleted here, where it could not be hidden from others.
      if (row && before === null && !found.isKept) continue
      // Somebody took an older version back, or one that had been deleted.
      if (row) await storedObjects.reinstate(row, now)
      else await storedObjects.insertCurrent(rowOf(bucket, found, contentType, createdBy))
      done[before ? 'replaced' : 'added']++
    }
    return done
  })
  sync.added += done.added
  sync.replaced += done.replaced
}

/** The content types of those that are still there, and that nobody is about to register. */
async function describeAll(
  datasources: Datasources,
  existing: ExistingBuckets,
  bucket: BucketRow,
  objects: readonly FoundObject[],
): Promise<Map<FoundObject, string>> {
  const described: [FoundObject, FoundDescription][] = []
  const left = objects.values()
  const work = async () => {
    for (const found of left) {
      const description = await existing.describe(bucket.name, found.key)
      if (description?.etag === found.etag) described.push([found, description])
    }
  }
  await Promise.all(Array.from({ length: describedAtOnce }, work))
  const isUnderWay = await uploadsUnderWay(
    datasources,
    described.flatMap(([, { uploadId }]) => uploadId ?? []),
  )
  return new Map(
    described
      .filter(([found, { uploadId }]) => uploadId === null || !isUnderWay(uploadId, found))
      .map(([found, { contentType }]) => [found, contentType]),
  )
}

/** What an upload has put under its key and not registered yet. A copy of an object looks as if the same upload had made it. */
async function uploadsUnderWay(
  { catalog }: Datasources,
  ids: readonly string[],
): Promise<(uploadId: string, found: FoundObject) => boolean> {
  if (ids.length === 0) return () => false
  const begun = new Map((await catalog.uploads.byIds(ids)).map((upload) => [upload.id, upload]))
  const done = new Set((await catalog.storedObjects.byIds(ids.map(objectIdOf))).map(({ id }) => id))
  return (uploadId, { key, lastModified }) => {
    const upload = begun.get(uploadId)
    if (upload) return upload.objectId === null && upload.key === key
    // The server's own writing is no upload that the catalog knows of, and takes no longer than this from the bytes to the row.
    return !done.has(objectIdOf(uploadId)) && Date.now() - Date.parse(lastModified) < ownWritingMs
  }
}

const rowOf = (bucket: BucketRow, found: FoundObject, contentType: string, createdBy: string): StoredObjectRow => ({
  id: newId('object'),
  projectId: bucket.projectId,
  bucketId: bucket.id,
  key: found.key,
  isCurrent: 1,
  version: found.version,
  size: found.size,
  etag: found.etag,
  sha256: null,
  contentType,
  lastModified: found.lastModified,
  replacedAt: null,
  createdBy,
})

/** In the order of the bytes of UTF-8, as both lists are. */
const compare = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))
