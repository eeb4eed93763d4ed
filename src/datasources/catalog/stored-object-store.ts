// Objects: one row for each version of the bytes at a key, of which at most one is current.
import { type Kysely, type RawBuilder, sql } from 'kysely'
import { badInput } from '../../errors.js'
import type { Timestamp } from './column-types.js'
import { decodeTextCursor, encodeCursor, isText } from './page.js'
import { positionOf } from './sql-dialect.js'
import type { StoredObjectRow, Tables } from './tables.js'

export interface ObjectListRequest {
  prefix: string
  /** One character; keys that hold it after the prefix are rolled up into common prefixes. */
  delimiter: string | null
  first: number
  after: string | null
}

export interface ObjectListing {
  objects: StoredObjectRow[]
  commonPrefixes: string[]
  /** Null when the page is empty. */
  endCursor: string | null
  hasNextPage: boolean
}

/** Columns that hold ids of objects: bytes that stand in one of them are kept. */
const pins = [
  'datasets.objectId',
  'dataset_versions.objectId',
  'model_version_files.objectId',
  'deployment_steps.scriptObjectId',
  'deployment_libraries.objectId',
  'deployment_versions.archiveObjectId',
] as const

/** The least text that sorts after `key`: keys hold no NUL. */
const justAfter = '\u0001'

/** Written out in the SQL: a partial index is used for certain only where its condition stands in the statement. */
const current = sql.lit(1 as const)
const replaced = sql.lit(0 as const)

export class StoredObjectStore {
  constructor(private readonly db: Kysely<Tables>) {}

  /** The new current version of its key. Call it in a transaction: the version before it steps down first. */
  async insertCurrent(object: StoredObjectRow): Promise<void> {
    let inserted: { id: string }[]
    do {
      await this.retireCurrent(object.bucketId, object.key, object.lastModified)
      inserted = await this.db
        .insertInto('stored_objects')
        .values(object)
        // Where others write at the same time, one of them may have become current since; it steps down as well.
        .onConflict((c) => c.columns(['bucketId', 'key']).where('isCurrent', '=', current).doNothing())
        .returning('id')
        .execute()
    } while (inserted.length === 0)
  }

  /** The key means nothing from now on; true when it did. */
  async retireCurrent(bucketId: string, key: string, now: Timestamp): Promise<boolean> {
    if (!isText(key)) return false
    const retired = await this.db
      .updateTable('stored_objects')
      .set({ isCurrent: 0, replacedAt: now })
      .where('bucketId', '=', bucketId)
      .where('key', '=', key)
      .where('isCurrent', '=', current)
      .returning('id')
      .execute()
    return retired.length === 1
  }

  /** One version, which means nothing from now on; false when it was not current. */
  async retire(id: string, now: Timestamp): Promise<boolean> {
    const retired = await this.db
      .updateTable('stored_objects')
      .set({ isCurrent: 0, replacedAt: now })
      .where('id', '=', id)
      .where('isCurrent', '=', current)
      .returning('id')
      .execute()
    return retired.length === 1
  }

  byIds(ids: readonly string[]): Promise<StoredObjectRow[]> {
    return this.db.selectFrom('stored_objects').selectAll().where('id', 'in', ids).execute()
  }

  /** What is under each of these keys now, in any order. */
  currentByKeys(bucketId: string, keys: readonly string[]): Promise<StoredObjectRow[]> {
    return this.db
      .selectFrom('stored_objects')
      .selectAll()
      .where('bucketId', '=', bucketId)
      .where('key', 'in', keys.filter(isText))
      .where('isCurrent', '=', current)
      .execute()
  }

  async findCurrent(bucketId: string, key: string): Promise<StoredObjectRow | undefined> {
    if (!isText(key)) return undefined
    return this.db
      .selectFrom('stored_objects')
      .selectAll()
      .where('bucketId', '=', bucketId)
      .where('key', '=', key)
      .where('isCurrent', '=', current)
      .executeTakeFirst()
  }

  /**
   * Current objects whose key begins with the prefix, and common prefixes, by key, byte by byte. One statement; with a
   * delimiter it skips over what a common prefix rolls up, so that a folder of a million keys costs one step.
   * @throws BAD_USER_INPUT
   */
  async list(bucketId: string, request: ObjectListRequest): Promise<ObjectListing> {
    const { prefix, delimiter } = request
    // There is nothing after U+10FFFF to go on from.
    if (delimiter && !(isText(delimiter) && successorOf(delimiter)))
      throw badInput('delimiter', 'delimiter must be a character, other than NUL and U+10FFFF.')
    // The cursor of a list with another prefix must not lead out of this one.
    const start = request.after === null ? prefix : laterOf(prefix, decodeTextCursor(request.after))
    if (!isText(prefix)) return { objects: [], commonPrefixes: [], endCursor: null, hasNextPage: false }
    const items = delimiter
      ? await this.listFolded(bucketId, prefix, delimiter, start, request.first + 1)
      : (await this.listFlat(bucketId, prefix, start, request.first + 1)).map((object) => ({ object, commonPrefix: null }))
    const page = items.slice(0, request.first)
    const last = page.at(-1)
    return {
      objects: page.flatMap(({ object }) => object ?? []),
      commonPrefixes: page.flatMap(({ commonPrefix }) => commonPrefix ?? []),
      endCursor: last
        ? encodeCursor([last.commonPrefix === null ? last.object!.key + justAfter : successorOf(last.commonPrefix)!])
        : null,
      hasNextPage: items.length > request.first,
    }
  }

  /** What is current under keys that begin with the prefix, by key, after one of them. */
  currentAfter(bucketId: string, prefix: string, after: string | null, limit: number): Promise<StoredObjectRow[]> {
    return this.listFlat(bucketId, prefix, after === null ? prefix : after + justAfter, limit)
  }

  /** Versions, current or not, by the etags of their bytes; in any order. */
  byEtags(bucketId: string, etags: readonly string[]): Promise<StoredObjectRow[]> {
    return this.db.selectFrom('stored_objects').selectAll().where('bucketId', '=', bucketId).where('etag', 'in', etags).execute()
  }

  /** Makes a version that was replaced the current one of its key again. Call it in a transaction. */
  async reinstate(object: StoredObjectRow, now: Timestamp): Promise<void> {
    await this.retireCurrent(object.bucketId, object.key, now)
    await this.db.updateTable('stored_objects').set({ isCurrent: 1, replacedAt: null }).where('id', '=', object.id).execute()
  }

  private listFlat(bucketId: string, prefix: string, start: string, limit: number): Promise<StoredObjectRow[]> {
    const end = successorOf(prefix)
    return this.db
      .selectFrom('stored_objects')
      .selectAll()
      .where('bucketId', '=', bucketId)
      .where('isCurrent', '=', current)
      .where('key', '>=', start)
      .$if(end !== null, (query) => query.where('key', '<', end!))
      .orderBy('key')
      .limit(limit)
      .execute()
  }

  private async listFolded(bucketId: string, prefix: string, delimiter: string, start: string, limit: number) {
    const end = successorOf(prefix)
    const beforeEnd = end === null ? sql`` : sql`and o.key < ${end}`
    const least = (from: RawBuilder<string>) => sql`(
      select o.key from stored_objects as o
      where o."bucketId" = ${bucketId} and o."isCurrent" = 1 and o.key >= ${from} ${beforeEnd} order by o.key limit 1)`
    const rest = sql<string>`substr(walk.key, ${codePoints(prefix) + 1})`
    const place = positionOf(this.db, rest, delimiter)
    const folded = sql<string>`substr(walk.key, 1, ${codePoints(prefix)} + ${place} - 1)`
    const { rows } = await sql<{ commonPrefix: string | null } & StoredObjectRow>`
      with recursive walk(key, number) as (
        select ${least(sql`${start}`)}, 1
        union all
        select ${least(sql`case when ${place} > 0 then ${folded} || ${successorOf(delimiter)!} else walk.key || ${justAfter} end`)}, number + 1
        from walk where walk.key is not null and number < ${limit})
      select object.*, case when ${place} > 0 then ${folded} || ${delimiter} end as "commonPrefix"
      from walk left join stored_objects as object
        on ${place} = 0 and object."bucketId" = ${bucketId} and object."isCurrent" = 1 and object.key = walk.key
      where walk.key is not null order by number`.execute(this.db)
    return rows.map(({ commonPrefix, ...object }) => ({ object: commonPrefix === null ? object : null, commonPrefix }))
  }

  /** Versions that nothing refers to and that were replaced before then. */
  replacedBefore(time: Timestamp, limit: number): Promise<StoredObjectRow[]> {
    return this.db
      .selectFrom('stored_objects')
      .selectAll()
      .where('isCurrent', '=', replaced)
      .where('replacedAt', '<', time)
      .where(({ and, not, exists, ref }) =>
        and(
          pins.map((column) => {
            const table = sql.table(column.slice(0, column.indexOf('.')))
            return not(exists(sql`(select 1 from ${table} where ${sql.ref(column)} = ${ref('stored_objects.id')})`))
          }),
        ),
      )
      .orderBy('replacedAt')
      .limit(limit)
      .execute()
  }

  /** Once it is known: bytes never change, and neither does their digest. */
  async setSha256(id: string, sha256: string): Promise<void> {
    await this.db.updateTable('stored_objects').set({ sha256 }).where('id', '=', id).where('sha256', 'is', null).execute()
  }

  /** Fails on the foreign key when something came to refer to it. @returns false when it was gone */
  async delete(id: string): Promise<boolean> {
    return (await this.db.deleteFrom('stored_objects').where('id', '=', id).returning('id').execute()).length === 1
  }

  /** Takes back a `delete`. */
  async restore(object: StoredObjectRow): Promise<void> {
    await this.db.insertInto('stored_objects').values(object).execute()
  }
}

/** The least text that sorts after everything that begins with `text`, by code point; null for '' and the like. */
export function successorOf(text: string): string | null {
  const points = Array.from(text, (char) => char.codePointAt(0)!)
  while (points.length > 0) {
    const last = points.pop()!
    if (last < 0x10ffff) return String.fromCodePoint(...points, last === 0xd7ff ? 0xe000 : last + 1)
  }
  return null
}

/** In the order of the bytes of UTF-8; `<` of JavaScript has another one above U+FFFF. */
const laterOf = (a: string, b: string): string => (Buffer.compare(Buffer.from(a), Buffer.from(b)) < 0 ? b : a)

const codePoints = (text: string): number => Array.from(text).length
