import { badInput } from '../errors.js'

const mostAtOnce = 10_000

/** Milliseconds until it ended, or until now; null before its start. */
export function durationOf({ startedAt, endedAt }: { startedAt: string | null; endedAt: string | null }): number | null {
  if (startedAt === null) return null
  return Math.max(0, (endedAt === null ? Date.now() : Date.parse(endedAt)) - Date.parse(startedAt))
}

/** Of events and lines, which are counted: `after` is a number and no cursor. @throws BAD_USER_INPUT */
export function logPageOf(after: number, first: number): { after: number; first: number } {
  if (after < 0) throw badInput('after', `after must not be negative; it is ${after}.`)
  if (first < 1 || first > mostAtOnce) throw badInput('first', `first must be between 1 and ${mostAtOnce}; it is ${first}.`)
  return { after, first }
}
