import type { PipelineRunRow, PipelineStepRow } from '../datasources/catalog/pipeline-rows.js'
import { badInput } from '../errors.js'
import { isFinal, isUnderWay } from '../operations/plan-pipeline-run.js'

const mostAtOnce = 10_000

/** Milliseconds until it ended, or until now; null before its start. */
export function durationOf({ startedAt, endedAt }: { startedAt: string | null; endedAt: string | null }): number | null {
  if (startedAt === null) return null
  return Math.max(0, (endedAt === null ? Date.now() : Date.parse(endedAt)) - Date.parse(startedAt))
}

/** A status that was not confirmed for so long may be another one by now. */
const staleAfterMs = 60_000

/** When the status of a step was known to be so last, and whether that is too long ago to be relied on. */
export function observationOf(
  step: PipelineStepRow,
  { leaseUntil }: Pick<PipelineRunRow, 'leaseUntil'>,
): { observedAt: string | null; stale: boolean } {
  if (step.attempt === 0 && !isFinal(step.status)) return { observedAt: null, stale: false }
  if (isFinal(step.status)) return { observedAt: step.endedAt, stale: false }
  const now = new Date().toISOString()
  // What the server hears by itself it knows for as long as it lives, and its lease is the sign of that.
  const observedAt = (isUnderWay(step) ? step.observedAt : null) ?? (leaseUntil === null || leaseUntil > now ? now : leaseUntil)
  return { observedAt, stale: Date.parse(now) - Date.parse(observedAt) > staleAfterMs }
}

/** Of events and lines, which are counted: `after` is a number and no cursor. @throws BAD_USER_INPUT */
export function logPageOf(after: number, first: number): { after: number; first: number } {
  if (after < 0) throw badInput('after', `after must not be negative; it is ${after}.`)
  if (first < 1 || first > mostAtOnce) throw badInput('first', `first must be between 1 and ${mostAtOnce}; it is ${first}.`)
  return { after, first }
}
