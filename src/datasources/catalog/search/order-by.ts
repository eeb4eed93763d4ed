// Gives the entries of `orderBy` their meaning: which fields, in which direction.
import { searchError } from './search-error.js'
import { type Identifier, parseOrdering } from './search-parser.js'
import { type Field, fieldOf, type SearchSubject } from './search-subject.js'

export interface SortKey {
  field: Field
  descending: boolean
}

/** Each key is a look-up for each row that is sorted. */
const maxSortKeys = 10

/**
 * Equal rows are sorted by id, in the direction of the last key, so that one index gives the whole order.
 * @returns the subject's default order where nothing is asked for
 * @throws BAD_USER_INPUT with the position of what is wrong
 */
export function sortKeysOf(subject: SearchSubject, orderBy: readonly string[]): SortKey[] {
  if (orderBy.length === 0) return [subject.defaultOrder]
  if (orderBy.length > maxSortKeys)
    throw searchError('orderBy', `orderBy must not have more than ${maxSortKeys} fields, found ${orderBy.length}.`, 0)
  const seen = new Map<string, string>()
  const keys = orderBy.map((text) => {
    const { identifier, descending } = parseOrdering(text)
    const field = sortable(subject, identifier)
    const earlier = seen.get(JSON.stringify(field))
    if (earlier !== undefined)
      throw searchError('orderBy', `order_by contains a field twice: ${earlier} and ${identifier.text}.`, identifier.index)
    seen.set(JSON.stringify(field), identifier.text)
    return { field, descending }
  })
  // No two rows have one id: nothing behind it can matter.
  const id = keys.findIndex(isId)
  return id < 0 ? keys : keys.slice(0, id + 1)
}

function sortable(subject: SearchSubject, identifier: Identifier): Field {
  const refuse = (message: string) => searchError('orderBy', message, identifier.index)
  const field = fieldOf(subject, identifier, refuse)
  if (field.of === 'dataset' || (field.of === 'log' && !subject.logs[field.log]?.byValue))
    throw refuse(`Invalid order_by entity type '${identifier.entity}': ${subject.kind}s cannot be sorted by it.`)
  return field
}

/** Whether rows may lack it. */
export const isNullable = ({ field }: SortKey): boolean => field.of !== 'column' || field.nullable

export const isId = ({ field }: SortKey): boolean => field.of === 'column' && field.column === 'id'
