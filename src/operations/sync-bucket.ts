// Registers what came into a bucket by other ways than this API, and forgets what went.
import { newId } from '../datasources/catalog/node-id.js'
import type { BucketRow, StoredObjectRow } from '../datasources/catalog/tables.js'
import type { Datasources } from '../datasources/datasources.js'
import type { ExistingBuckets, FoundObject } from '../datasources/storage/object-storage.js'
import { badInput, DhuoError } from '../errors.js'
import { checkName } from '../naming-policy.js'
import { contentTypeOf } from './begin-upload.js'

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
      if (row.value.lastModified < began && (await isGone(existing, bucket, row.value)))
        sync.removed += (await datasources.catalog.storedObjects.retireCurrent(bucket.id, row.value.key, began)) ? 1 : 0
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

/** A list is of the moment when it was made: what is not in it may have come since. */
async function isGone(existing: ExistingBuckets, bucket: BucketRow, { key }: StoredObjectRow): Promise<boolean> {
  for await (const found of existing.list(bucket.name, key)) return found.key !== key
  return true
}

interface Registering {
  sync: BucketSync
  createdBy: string
  isNew: boolean
  now: string
}

async function register(
  { catalog, storage }: Datasources,
  existing: ExistingBuckets,
  bucket: BucketRow,
  changes: readonly Change[],
  { sync, createdBy, isNew, now }: Registering,
): Promise<void> {
  if (changes.length === 0) return
  const found = changes.map((change) => change.found)
  const known = await catalog.storedObjects.byEtags(
    bucket.id,
    found.map(({ etag }) => etag),
  )
  const knownOf = new Map(known.map((row) => [`${row.etag} ${row.key}`, row]))
  const unknown = changes.filter(({ found }) => !knownOf.has(`${found.etag} ${found.key}`))
  const described = await describeAll(
    existing,
    bucket,
    unknown.map((change) => change.found),
    isNew,
  )

  for (const { found, before } of changes) {
    const row = knownOf.get(`${found.etag} ${found.key}`)
    if (row && row.isCurrent === 0 && before === null)
      // It was deleted here, and could not be hidden there at the time.
      await storage.hide({ bucket: bucket.name, key: found.key, version: row.version })
  }
  await catalog.transaction(async ({ storedObjects }) => {
    for (const { found, before } of changes) {
      const row = knownOf.get(`${found.etag} ${found.key}`)
      const contentType = described.get(found)
      if (row?.isCurrent === 1 || (row && before === null)) continue
      if (row) await storedObjects.reinstate(row, now)
      else if (contentType !== undefined) await storedObjects.insertCurrent(rowOf(bucket, found, contentType, createdBy))
      else continue
      sync[before ? 'replaced' : 'added']++
    }
  })
}

/** Without those that an upload of this server made: who completes it registers them. */
async function describeAll(
  existing: ExistingBuckets,
  bucket: BucketRow,
  objects: readonly FoundObject[],
  isNew: boolean,
): Promise<Map<FoundObject, string>> {
  if (isNew) return new Map(objects.map((found) => [found, contentTypeOf(found.key)]))
  const described = new Map<FoundObject, string>()
  const left = objects.values()
  const work = async () => {
    for (const found of left) {
      const more = await existing.describe(bucket.name, found)
      if (more) described.set(found, more.contentType)
    }
  }
  await Promise.all(Array.from({ length: describedAtOnce }, work))
  return described
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
