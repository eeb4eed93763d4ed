// Finds pages and counts of what meets a filter, each of several parents' rows, in a number of statements that no number of parents changes.
import { type Kysely, sql } from 'kysely'
import { parentsOf } from '../child-pages.js'
import type { Lifecycle } from '../experiment-rows.js'
import { type Page, toPage } from '../page.js'
import { isSqlite } from '../sql-dialect.js'
import type { Tables } from '../tables.js'
import {
  decodePlace,
  digestOf,
  encodePlace,
  isAfter,
  orderTerms,
  type Place,
  type Rank,
  rankColumn,
  ranks,
  type SortValue,
  sortColumn,
  sortJoins,
} from './keyset.js'
import { isNullable, type SortKey, sortKeysOf } from './order-by.js'
import { all, belongs, holds, join, parentId, type SearchScope, type Sql, source } from './search-compiler.js'
import { conditionsOf } from './search-conditions.js'
import type { Condition, SearchSubject } from './search-subject.js'
import { segmentRows, segmentsFrom } from './sorted-segments.js'

/** Up to so many rows are read one by one and sorted, in some milliseconds; more are read in the order of an index. */
export interface SearchTuning {
  fewRows?: number
}

export interface SearchRequest extends SearchTuning {
  filter: string | null
  /** MLflow's `order_by`: `metrics.rmse DESC`, one field an entry. */
  orderBy: readonly string[]
  first: number
  after: string | null
}

/** What is asked of each parent. */
interface Search extends SearchScope {
  db: Kysely<Tables>
  conditions: readonly Condition[]
  fewRows: number
}

const defaultFewRows = 4_000

/**
 * @returns one page for each parent, in their order
 * @throws BAD_USER_INPUT a filter, an order or a cursor that does not fit
 */
export async function searchPages<Row extends { id: string }>(
  db: Kysely<Tables>,
  subject: SearchSubject,
  parentIds: readonly string[],
  { filter, orderBy, first, after, fewRows }: SearchRequest,
  lifecycle: Lifecycle | null = null,
): Promise<Page<Row>[]> {
  const search = searchFor(db, subject, filter, lifecycle, fewRows)
  const keys = sortKeysOf(subject, orderBy)
  const digest = digestOf([subject.kind, search.conditions, keys, lifecycle])
  const place = after === null ? null : decodePlace(digest, keys, after)
  const found = new Map([...new Set(parentIds)].map((id) => [id, [] as Found<Row>[]]))
  // Without a filter, and in the order of a column, no row is read that is not on the page.
  const isPlain = search.conditions.length === 0 && keys.length === 1 && keys[0]!.field.of === 'column'
  for (const [leader, ids] of await leadersOf(search, [...found.keys()], isPlain)) {
    const rounds = leader
      ? [matchesOf(search, keys, leader, place, first + 1)]
      : segmentsFrom(keys, search.conditions, place).map((segment) =>
          segmentRows(search, keys, search.conditions, segment, place, first + 1),
        )
    for (const rows of rounds) {
      const unfilled = ids.filter((id) => found.get(id)!.length <= first)
      if (unfilled.length === 0) break
      for (const row of await fetchRows<Row>(search, keys, unfilled, rows)) found.get(row.parentId)!.push(row)
    }
  }
  return parentIds.map((id) => {
    const page = found.get(id)!
    const places = new Map(page.map(({ row, place }) => [row.id, place]))
    const rows = page.map(({ row }) => row)
    return toPage(rows, first, (row) => encodePlace(digest, places.get(row.id)!))
  })
}

/** How many rows of each parent meet the filter, in the order of the ids. @throws BAD_USER_INPUT as `searchPages` */
export async function countMatches(
  db: Kysely<Tables>,
  subject: SearchSubject,
  parentIds: readonly string[],
  { filter, fewRows }: Pick<SearchRequest, 'filter' | 'fewRows'>,
  lifecycle: Lifecycle | null = null,
): Promise<number[]> {
  const search = searchFor(db, subject, filter, lifecycle, fewRows)
  const counts = new Map<string, number>()
  // All that match are counted, in whatever order: the entries of one index are fewer than the rows.
  const [otherwise = null] = leadingConditions(search)
  for (const [leader, ids] of await leadersOf(search, [...new Set(parentIds)], otherwise === null)) {
    const { rows } = await sql<{ id: string; count: number | string }>`
      ${parentsOf(db, ids)} select parents.id, (select count(*) from ${matches(search, leader ?? otherwise, 'candidate')}) as count
      from parents`.execute(db)
    for (const { id, count } of rows) counts.set(id, Number(count))
  }
  return parentIds.map((id) => counts.get(id) ?? 0)
}

function searchFor(
  db: Kysely<Tables>,
  subject: SearchSubject,
  filter: string | null,
  lifecycle: Lifecycle | null,
  fewRows = defaultFewRows,
): Search {
  const conditions = conditionsOf(subject, filter)
  return { db, subject, lifecycle, isSqlite: isSqlite(db), conditions: subject.complete?.(conditions) ?? conditions, fewRows }
}

/** A set of few rows, among which all that match are: the first to be read. `condition`: the one that it spares. */
interface Leader {
  rows: Sql
  condition: Condition | null
}

/**
 * For each parent what few of its rows meet; null where there is nothing, and the order leads. One statement counts index
 * entries, up to the bound, for every condition.
 * @param isPlain when nothing can be better than the order
 */
async function leadersOf(search: Search, ids: string[], isPlain: boolean): Promise<Map<Leader | null, string[]>> {
  if (ids.length === 0) return new Map()
  if (isPlain) return new Map([[null, ids]])
  const everything = sql`select c.id as id from ${sql.table(search.subject.table)} as c where ${belongs(search, 'c')}`
  const leaders = [{ rows: everything, condition: null }, ...leadingConditions(search)]
  const counts = leaders.map(
    ({ rows }, index) =>
      sql`(select count(*) from (${rows} limit ${search.fewRows + 1}) as found) as ${sql.ref(`count${index}`)}`,
  )
  const { rows } = await sql<Record<string, string | number>>`
    ${parentsOf(search.db, ids)} select parents.id, ${sql.join(counts)} from parents`.execute(search.db)
  const sizes = new Map(rows.map((row) => [String(row['id']), leaders.map((_, index) => Number(row[`count${index}`]))]))
  const isFew = (size: number) => size <= search.fewRows
  // One that is good for every parent: the fewer leaders, the fewer statements.
  const largest = leaders.map((_, index) => Math.max(...ids.map((id) => sizes.get(id)![index]!)))
  const common = Math.min(...largest)
  if (isFew(common)) return new Map([[leaders[largest.indexOf(common)]!, ids]])
  return Map.groupBy(ids, (id) => {
    const least = Math.min(...sizes.get(id)!)
    return isFew(least) ? leaders[sizes.get(id)!.indexOf(least)]! : null
  })
}

/** What an index finds; equality first, which most often finds the least. */
const leadingConditions = (search: Search): Leader[] =>
  search.conditions
    .toSorted((one, other) => Number(other.operator === '=') - Number(one.operator === '='))
    .flatMap((condition) => {
      const rows = source(search, condition)
      return rows ? [{ rows, condition }] : []
    })

/** Rows that meet all conditions: those that meet `leader`, each then held to the others. */
function matches(search: Search, leader: Leader | null, alias: string, joins: Sql = sql``, more: readonly Sql[] = []): Sql {
  const { subject, conditions } = search
  const row = sql`${sql.table(subject.table)} as ${sql.ref(alias)}`
  const others = conditions
    .filter((condition) => condition !== leader?.condition)
    .map((condition) => holds(search, condition, alias))
  const from = leader ? sql`(${leader.rows}) as few ${join(search)} ${row} on ${sql.ref(`${alias}.id`)} = few.id` : row
  return sql`${from} ${joins} where ${all([belongs(search, alias), ...others, ...more])}`
}

/** `select id` of the first of these rows after the place, sorted. */
function matchesOf(search: Search, keys: readonly SortKey[], leader: Leader, place: Place | null, limit: number): Sql {
  const alias = 'candidate'
  const after = place ? [isAfter(keys, place, alias)] : []
  return sql`select ${sql.ref(`${alias}.id`)} as id from ${matches(search, leader, alias, sortJoins(search, keys, alias), after)}
    order by ${sql.join(orderTerms(search, keys, alias))} limit ${limit}`
}

interface Found<Row> {
  row: Row
  parentId: string
  place: Place
}

/** Whole rows of what `chosen` selects for each parent, in order, with what their cursors need. */
async function fetchRows<Row extends { id: string }>(
  search: Search,
  keys: readonly SortKey[],
  ids: readonly string[],
  chosen: Sql,
): Promise<Found<Row>[]> {
  const { subject, db } = search
  const table = sql`${sql.table(subject.table)} as item`
  // SQLite has no lateral join, and PostgreSQL would try every row against every parent without one.
  const items = search.isSqlite
    ? sql`cross join ${table} on item.id in (${chosen})`
    : sql`cross join lateral (${chosen}) as chosen join ${table} on item.id = chosen.id`
  const sortColumns = keys.flatMap((key, index) => [
    sql`${sortColumn(key, index, 'item')} as ${sql.ref(`sort${index}`)}`,
    sql`${isNullable(key) ? rankColumn(key, index, 'item') : sql.lit(ranks.value)} as ${sql.ref(`rank${index}`)}`,
  ])
  const { rows } = await sql<Record<string, unknown>>`
    ${parentsOf(db, ids)} select item.*, ${sql.join(sortColumns)} from parents ${items} ${sortJoins(search, keys, 'item')}
    order by ${sql.join([parentId, ...orderTerms(search, keys, 'item')])}`.execute(db)
  const columns = Object.keys(rows[0] ?? {}).filter((column) => !/^(rank|sort)\d+$/.test(column))
  return rows.map((found) => {
    // Not by deleting what is for the cursor: an object that was deleted from is a table of its properties, large and slow to read.
    const row = Object.fromEntries(columns.map((column) => [column, found[column]]))
    const values = keys.map((_, index) => sortValueOf(found, index))
    return { row: row as unknown as Row, parentId: row[subject.parent] as string, place: { values, id: row['id'] as string } }
  })
}

function sortValueOf(row: Record<string, unknown>, index: number): SortValue {
  const rank = row[`rank${index}`] as Rank
  const value = row[`sort${index}`] as SortValue
  return rank === ranks.missing ? null : rank === ranks.nan ? Number.NaN : value
}
