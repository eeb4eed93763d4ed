// A page of rows together with what it takes to read all of them again: what the type `Table` is made from.
import type { ResultPage, SelectQuery, TableFormat } from '../datasources/lakehouse/lakehouse.js'
import { badInput } from '../errors.js'

/** What a table came from. Plain data: it is kept as JSON. */
export type TableSource = { select: SelectQuery } | { objectId: string; format: TableFormat }

export interface TableResult extends ResultPage {
  rowCount: number
  projectId: string
  source: TableSource
}

export const tableResult = (page: ResultPage, projectId: string, source: TableSource): TableResult => ({
  ...page,
  rowCount: page.rows.length,
  projectId,
  source,
})

/**
 * @param byDefault what it is where nobody gives one: then a lower `most` is no mistake of the client
 * @throws BAD_USER_INPUT unless `limit` is between 0 and `most`
 */
export function rowLimit(given: number | null | undefined, byDefault: number, most: number): number {
  const limit = given ?? byDefault
  if (limit === byDefault) return Math.min(limit, most)
  if (limit < 0 || limit > most)
    throw badInput('limit', `limit must be between 0 and ${most}; whole results come through downloadUrl.`)
  return limit
}
