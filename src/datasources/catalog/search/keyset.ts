// Places in a sorted list: what a cursor carries, and the rows that come after it.
import { createHash } from 'node:crypto'
import { type RawBuilder, sql } from 'kysely'
import { badInput } from '../../../errors.js'
import { decodeCursor, encodeCursor } from '../page.js'
import { indexedText } from '../sql-dialect.js'
import { isId, isNullable, type SortKey } from './order-by.js'
import { isIndexedByBeginning, logOf, type SearchScope, type Sql } from './search-compiler.js'

/** The value of one sort key: null where the row has none; NaN is a value. */
export type SortValue = string | number | null

export interface Place {
  values: readonly SortValue[]
  id: string
}

/** Values come first, then NaN, then rows without the key, in both directions. */
export const ranks = { value: 0, nan: 1, missing: 2 } as const
export type Rank = (typeof ranks)[keyof typeof ranks]

export const rankOf = (value: SortValue): Rank => (value === null ? ranks.missing : Number.isNaN(value) ? ranks.nan : ranks.value)

/** Equal rows are told apart by their ids, in the direction of the last key. */
export const idDescends = (keys: readonly SortKey[]): boolean => keys.at(-1)!.descending

/** What was asked, in a few characters: a cursor is good for no other list. */
export const digestOf = (asked: unknown): string =>
  createHash('sha256').update(JSON.stringify(asked)).digest('base64url').slice(0, 16)

export const encodePlace = (digest: string, { values, id }: Place): string =>
  encodeCursor([digest, ...values.map((value) => (Number.isFinite(value) ? value : value === null ? null : `${value}`)), id])

/** @throws BAD_USER_INPUT for a cursor of another filter, order or life cycle, or none of ours */
export function decodePlace(digest: string, keys: readonly SortKey[], cursor: string): Place {
  const parts = decodeCursor(cursor, keys.length + 2)
  const id = parts.at(-1)
  const values = keys.map((key, index) => sortValue(key, parts[index + 1]!))
  if (parts[0] !== digest || typeof id !== 'string' || values.some((value) => value === undefined))
    throw badInput('after', 'after must be an endCursor or an edge cursor of the same list: with the same filter and orderBy.')
  return { values: values as SortValue[], id }
}

function sortValue(key: SortKey, part: string | number | null): SortValue | undefined {
  if (part === null) return isNullable(key) ? null : undefined
  if (key.field.of !== 'log' || key.field.log !== 'metric') return typeof part === 'string' ? part : undefined
  if (typeof part === 'number') return part
  return ['NaN', 'Infinity', '-Infinity'].includes(part) ? Number(part) : undefined
}

export const aliasOf = (index: number): string => `k${index}`

/** The tables of the sort keys from `start` on, joined to the row `alias`. */
export const sortJoins = (scope: SearchScope, keys: readonly SortKey[], alias: string, start = 0): Sql =>
  sql.join(
    keys.slice(start).map(({ field }, offset) => {
      const name = aliasOf(start + offset)
      if (field.of === 'user')
        return sql`left join users as ${sql.ref(name)} on ${sql.ref(`${name}.id`)} = ${sql.ref(`${alias}.userId`)}`
      if (field.of !== 'log') return sql``
      const { table, owner } = logOf(scope, field)
      return sql`left join ${sql.table(table)} as ${sql.ref(name)}
        on ${sql.ref(`${name}.${owner}`)} = ${sql.ref(`${alias}.id`)} and ${sql.ref(`${name}.key`)} = ${field.key}`
    }),
    sql` `,
  )

/** What sorts by the key at `index`, once `sortJoins` or `driver` has its table. */
export function sortColumn({ field }: SortKey, index: number, alias: string): RawBuilder<string | number | null> {
  if (field.of === 'column') return sql.ref(`${alias}.${field.column}`)
  return sql.ref(`${aliasOf(index)}.${field.of === 'user' ? 'email' : 'value'}`)
}

/** 0, 1 or 2 as in `ranks`. */
export function rankColumn(key: SortKey, index: number, alias: string): RawBuilder<Rank> {
  if (key.field.of === 'log' && key.field.log === 'metric')
    return sql`coalesce(${sql.ref(`${aliasOf(index)}.isNan`)}, ${sql.lit(ranks.missing)})`
  return sql`case when ${sortColumn(key, index, alias)} is null then ${sql.lit(ranks.missing)} else ${sql.lit(ranks.value)} end`
}

/** For the keys from `start` on, then the id. */
export function orderTerms(
  scope: SearchScope,
  keys: readonly SortKey[],
  alias: string,
  start = 0,
  id: Sql = sql.ref(`${alias}.id`),
): Sql[] {
  const terms = keys.slice(start).flatMap((key, offset) => {
    const index = start + offset
    const column = sortColumn(key, index, alias)
    // First by what the index has: what it gives is in order but for values that begin alike.
    const beginning = isIndexedByBeginning(scope, key.field) ? [directed(indexedText(false, column), key.descending)] : []
    const value = directed(column, key.descending)
    return isNullable(key) ? [rankColumn(key, index, alias), ...beginning, value] : [value]
  })
  return isId(keys.at(-1)!) ? terms : [...terms, directed(id, idDescends(keys))]
}

const directed = (term: Sql, descending: boolean): Sql => (descending ? sql`${term} desc` : sql`${term} asc`)

export const beyond = (descending: boolean): Sql => (descending ? sql`<` : sql`>`)

/** Rows after the place, by the keys from `start` on and the id. */
export function isAfter(keys: readonly SortKey[], place: Place, alias: string, start = 0, id: Sql = sql.ref(`${alias}.id`)): Sql {
  const key = keys[start]
  if (!key) return sql`${id} ${beyond(idDescends(keys))} ${place.id}`
  const value = place.values[start]!
  const rank = rankColumn(key, start, alias)
  const at = rankOf(value)
  const later = isNullable(key) ? sql`${rank} > ${sql.lit(at)}` : sql`1 = 0`
  const rest = isAfter(keys, place, alias, start + 1, id)
  if (at !== ranks.value) return sql`(${later} or ${rank} = ${sql.lit(at)} and ${rest})`
  const column = sortColumn(key, start, alias)
  const here = isNullable(key) ? sql`${rank} = ${sql.lit(at)} and ` : sql``
  return sql`(${later} or ${here}(${column} ${beyond(key.descending)} ${value} or ${column} = ${value} and ${rest}))`
}
