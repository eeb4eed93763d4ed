// Pages of rows in the order of their names: keyset paging, so that a page stays where it is when rows are inserted.
import { type Kysely, sql } from 'kysely'
import { badInput } from '../../errors.js'
import { joinPage, parentsOf } from './child-pages.js'
import type { Tables } from './tables.js'

export interface PageRequest {
  first: number
  /** A cursor that an earlier page gave, or null for the start. */
  after: string | null
}

export interface Page<Row> {
  rows: Row[]
  hasNextPage: boolean
  /** The place of a row of this page, for `after`. */
  cursorOf(row: Row): string
}

/** Opaque to clients: the sort key of a row. */
export const encodeCursor = (key: readonly (string | number | null)[]): string =>
  Buffer.from(JSON.stringify(key)).toString('base64url')

/** @throws BAD_USER_INPUT on anything that `encodeCursor` could not have made with that many parts */
export function decodeCursor(cursor: string, parts: number): (string | number | null)[] {
  try {
    const key: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString())
    if (
      Array.isArray(key) &&
      key.length === parts &&
      key.every((part) => part === null || typeof part === 'number' || isText(part))
    )
      return key
  } catch {
    // not base64 of JSON: the same complaint
  }
  throw notOfThisList()
}

/** The one text of a cursor that `encodeCursor([text])` made. @throws BAD_USER_INPUT */
export function decodeTextCursor(cursor: string): string {
  const [text] = decodeCursor(cursor, 1)
  if (typeof text !== 'string') throw notOfThisList()
  return text
}

/** The one whole number of a cursor that `encodeCursor([number])` made. @throws BAD_USER_INPUT */
export function decodeNumberCursor(cursor: string): number {
  const [number] = decodeCursor(cursor, 1)
  if (!Number.isInteger(number) || Math.abs(Number(number)) > 2 ** 31 - 1) throw notOfThisList()
  return number as number
}

const notOfThisList = () => badInput('after', 'after must be an endCursor or an edge cursor of the same list.')

/** What both databases can hold: PostgreSQL takes no NUL, and text that is not well-formed becomes another one on its way. */
export const isText = (value: unknown): value is string =>
  typeof value === 'string' && value.isWellFormed() && !value.includes('\0')

/** Cuts the one row too many that tells whether there is a next page. */
export function toPage<Row>(rows: Row[], first: number, cursorOf: (row: Row) => string): Page<Row> {
  return { rows: rows.slice(0, first), hasNextPage: rows.length > first, cursorOf }
}

export const nameCursor = (row: { name: string }): string => encodeCursor([row.name])

/** The name after which a page begins; '' sorts before every name. */
export const nameAfter = (request: PageRequest): string => (request.after === null ? '' : decodeTextCursor(request.after))

/**
 * The same page of each of several projects, in one statement: every project costs one range of the index (projectId, name).
 * @returns one page for each id, in the order of the ids
 */
export async function namedPagesByProject<Row extends { name: string; projectId: string }>(
  db: Kysely<Tables>,
  table: 'buckets' | 'datasets',
  projectIds: readonly string[],
  request: PageRequest,
): Promise<Page<Row>[]> {
  const name = nameAfter(request)
  if (projectIds.length === 0) return []
  const page = sql`from ${sql.table(table)} as candidate where candidate."projectId" = parents.id and candidate.name > ${name}
      order by candidate.name limit ${request.first + 1}`
  const { rows } = await sql<Row>`
    ${parentsOf(db, projectIds)} select child.* from parents ${joinPage(db, table, ['id'], page)}
    order by child."projectId", child.name`.execute(db)
  const byProject = Map.groupBy(rows, (row) => row.projectId)
  return projectIds.map((id) => toPage(byProject.get(id) ?? [], request.first, nameCursor))
}

/** How many rows each of several projects has, in the order of the ids. */
export async function countByProject(
  db: Kysely<Tables>,
  table: 'buckets' | 'datasets',
  projectIds: readonly string[],
): Promise<number[]> {
  const rows = await db
    .selectFrom(table)
    .select(({ fn }) => ['projectId', fn.countAll<number>().as('count')])
    .where('projectId', 'in', projectIds)
    .groupBy('projectId')
    .execute()
  const counts = new Map(rows.map((row) => [row.projectId, Number(row.count)]))
  return projectIds.map((id) => counts.get(id) ?? 0)
}
