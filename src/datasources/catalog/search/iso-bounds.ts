// Turns milliseconds of a filter into the texts that compare with stored timestamps as the numbers would.
import type { Operator } from './search-parser.js'

const earliest = Date.parse('0000-01-01T00:00:00.000Z')
const latest = Date.parse('9999-12-31T23:59:59.999Z')
/** What sorts before and behind every timestamp, in any collation. */
const beforeAll = ''
const behindAll = 'z'

/** For `>` and `<=`: the last stored timestamp that is not later than the instant. */
export const isoAtMost = (instant: number): string => bounded(Math.floor(instant))

/**
 * For `>=` and `<`: the first stored timestamp that is not earlier. For `=` and `!=`: the timestamp itself, or, between two
 * milliseconds, what equals none.
 */
export const isoAtLeast = (instant: number, operator: Operator): string =>
  (operator === '=' || operator === '!=') && !Number.isInteger(instant) ? behindAll : bounded(Math.ceil(instant))

const bounded = (milliseconds: number): string =>
  milliseconds < earliest ? beforeAll : milliseconds > latest ? behindAll : new Date(milliseconds).toISOString()

/** Milliseconds since 1970; null where the text is no ISO 8601 date, or a time without a zone. */
export function instantOf(text: string): number | null {
  const isDate = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d))?$/.test(text)
  const instant = isDate ? Date.parse(text.replace(' ', 'T')) : Number.NaN
  return Number.isNaN(instant) ? null : instant
}
