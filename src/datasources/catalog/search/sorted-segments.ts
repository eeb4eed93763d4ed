// Cuts a sorted list into stretches that one index each gives in order: values, then NaN, then rows without the key.
import { sql } from 'kysely'
import { indexedBeginning, indexedText, isBeyondIndex } from '../sql-dialect.js'
import {
  aliasOf,
  beyond,
  idDescends,
  isAfter,
  orderTerms,
  type Place,
  type Rank,
  rankOf,
  ranks,
  sortColumn,
  sortJoins,
} from './keyset.js'
import { isNullable, type SortKey } from './order-by.js'
import {
  all,
  belongs,
  holds,
  isIndexedByBeginning,
  join,
  logOf,
  parentId,
  type SearchScope,
  type Sql,
} from './search-compiler.js'
import type { Condition } from './search-subject.js'

/** Rows that lack every key before `at`, and have a value of that rank for the key `at`; past the last key, by id. */
export interface Segment {
  at: number
  rank: Rank
}

/** In the order of the list, from the one with the place on; without those in which no row can meet the conditions. */
export function segmentsFrom(keys: readonly SortKey[], conditions: readonly Condition[], place: Place | null): Segment[] {
  const segments: Segment[] = []
  let at = 0
  for (; at < keys.length; at++) {
    const key = keys[at]!
    const wanted = conditions.filter((condition) => isPresence(condition, key))
    segments.push({ at, rank: ranks.value })
    const isMetric = key.field.of === 'log' && key.field.log === 'metric'
    if (isMetric && wanted.every(({ operator }) => operator === 'IS NOT NULL')) segments.push({ at, rank: ranks.nan })
    if (!isNullable(key) || wanted.length > 0) break
  }
  if (at === keys.length) segments.push({ at, rank: ranks.value })
  if (place === null) return segments
  const present = place.values.findIndex((value) => value !== null)
  const start = present < 0 ? keys.length : present
  const rank = present < 0 ? ranks.value : rankOf(place.values[start]!)
  return segments.filter((segment) => segment.at > start || (segment.at === start && segment.rank >= rank))
}

const isPresence = (condition: Condition, key: SortKey): boolean =>
  condition.operator !== 'IS NULL' && !condition.orMissing && JSON.stringify(condition.field) === JSON.stringify(key.field)

/**
 * `select id` of the first rows of a segment that meet the conditions, read along the segment's own index; perhaps of some that
 * come after them.
 */
export function segmentRows(
  scope: SearchScope,
  keys: readonly SortKey[],
  conditions: readonly Condition[],
  segment: Segment,
  place: Place | null,
  limit: number,
): Sql {
  const alias = 'candidate'
  const { at, rank } = segment
  const lacks = keys.slice(0, at).map(({ field }): Condition => ({ field, operator: 'IS NULL', value: null }))
  const { from, where, id } = leading(scope, keys[at], at, rank, alias)
  const within = place !== null && startsIn(segment, place) ? afterPlace(scope, keys, at, rank, place, alias, id) : []
  const met = [...lacks, ...conditions].map((condition) => holds(scope, condition, alias))
  const terms = orderTerms(scope, keys, alias, rank === ranks.nan ? at + 1 : at, id)
  // Within a segment the first key has one rank: to sort by it would keep the index from being used.
  const order = rank === ranks.value && keys[at] && isNullable(keys[at]) ? terms.slice(1) : terms
  const select = (more: readonly Sql[], terms: readonly Sql[]): Sql =>
    sql`select ${id} as id from ${from} ${sortJoins(scope, keys, alias, at + 1)}
      where ${all([...where, ...within, ...met, ...more])} order by ${sql.join(terms)} limit ${limit}`
  const key = keys[at]
  if (rank !== ranks.value || !key || !isIndexedByBeginning(scope, key.field)) return select([], order)
  // Texts that the index has whole come out of it in order, however many are equal; those that it has not are few, if any.
  const text = sortColumn(key, at, alias)
  const isLong = isBeyondIndex(text)
  const [beginning, , ...further] = order
  const behind = within.length > 0 && at === keys.length - 1 ? behindPlace(keys, place!, indexedText(false, text), id) : []
  return sql`(${select([sql`not ${isLong}`, ...behind], [beginning!, ...further])}) union all (${select([isLong], order)})`
}

/** Enters the index right behind the place, where that is a text which the index has whole. */
function behindPlace(keys: readonly SortKey[], { values, id: last }: Place, text: Sql, id: Sql): Sql[] {
  const value = values.at(-1) as string
  return indexedBeginning(value) === value ? [sql`(${text}, ${id}) ${beyond(idDescends(keys))} (${value}, ${last})`] : []
}

/** The table of the key at `at` first, then the row it belongs to. */
function leading(scope: SearchScope, key: SortKey | undefined, at: number, rank: Rank, alias: string) {
  const row = sql`${sql.table(scope.subject.table)} as ${sql.ref(alias)}`
  const rowId = sql.ref(`${alias}.id`)
  const name = aliasOf(at)
  if (key?.field.of === 'log') {
    const { table, owner } = logOf(scope, key.field)
    const id = sql.ref(`${name}.${owner}`)
    const where = [
      sql`${sql.ref(`${name}.${scope.subject.parent}`)} = ${parentId}`,
      sql`${sql.ref(`${name}.key`)} = ${key.field.key}`,
      ...(key.field.log === 'metric' ? [sql`${sql.ref(`${name}.isNan`)} = ${sql.lit(rank)}`] : []),
      sql`${sql.ref(`${alias}.lifecycle`)} = ${scope.lifecycle}`,
    ]
    return { from: sql`${sql.table(table)} as ${sql.ref(name)} ${join(scope)} ${row} on ${rowId} = ${id}`, where, id }
  }
  if (key?.field.of === 'user') {
    const user = sql`users as ${sql.ref(name)} ${join(scope)}`
    const from = sql`${user} ${row} on ${sql.ref(`${alias}.userId`)} = ${sql.ref(`${name}.id`)}`
    return { from, where: [belongs(scope, alias)], id: rowId }
  }
  const present = key && isNullable(key) ? [sql`${sortColumn(key, at, alias)} is not null`] : []
  return { from: row, where: [belongs(scope, alias), ...present], id: rowId }
}

function startsIn({ at, rank }: Segment, place: Place): boolean {
  const present = place.values.findIndex((value) => value !== null)
  if (present < 0) return at === place.values.length
  return at === present && rank === rankOf(place.values[present]!)
}

function afterPlace(
  scope: SearchScope,
  keys: readonly SortKey[],
  at: number,
  rank: Rank,
  place: Place,
  alias: string,
  id: Sql,
): Sql[] {
  const key = keys[at]
  if (!key || rank === ranks.nan) return [isAfter(keys, place, alias, at + 1, id)]
  const column = sortColumn(key, at, alias)
  const value = place.values[at]!
  const beginning = isIndexedByBeginning(scope, key.field)
    ? [sql`${indexedText(false, column)} ${beyond(key.descending)}= ${indexedBeginning(value as string)}`]
    : []
  // Two columns of one index in one direction: it is entered right behind the place, however many rows have the same value.
  if (at === keys.length - 1) return [...beginning, sql`(${column}, ${id}) ${beyond(idDescends(keys))} (${value}, ${place.id})`]
  const further = sql`${column} ${beyond(key.descending)} ${value}`
  return [
    ...beginning,
    sql`${column} ${beyond(key.descending)}= ${value}`,
    sql`(${further} or ${isAfter(keys, place, alias, at + 1, id)})`,
  ]
}
