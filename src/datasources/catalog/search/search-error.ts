// What a search is refused with: which argument, what was wrong, and where in it.
import { DhuoError } from '../../../errors.js'

export type SearchArgument = 'filter' | 'orderBy'

/** @param index of the offending character, from 0; the client is told the column, from 1 */
export const searchError = (field: SearchArgument, message: string, index: number): DhuoError =>
  new DhuoError('BAD_USER_INPUT', `${message} (column ${index + 1})`, { field, details: { position: index + 1 } })
