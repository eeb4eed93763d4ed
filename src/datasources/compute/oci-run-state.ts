// Says in the terms of the port what Data Flow tells of a run.
import type { models } from 'oci-dataflow'
import type { JobState } from './job-runner.js'
import { harmlessLine } from './line-text.js'
import type { ScriptEnd } from './numbered-lines.js'

/** What was seen of a run at one moment. */
export interface SeenRun {
  state: JobState
  /** `lifecycleDetails`, in the service's words. */
  detail: string | null
  /** When the service was asked. ISO 8601. */
  at: string
  /** When it was made, on the clock of the service. Milliseconds since 1970. */
  createdAt: number
  /** Whether its driver was there at any time, as far as is known. */
  hasBegun: boolean
  /** Below which it puts what it prints; null where it is none of ours. */
  folder: string | null
  /** Of the pre-authenticated request for that. */
  doorId: string | null
}

export const folderTag = 'dhuo-job'
export const doorTag = 'dhuo-door'

const finalStates: readonly JobState[] = ['SUCCEEDED', 'FAILED', 'CANCELED']
export const isFinalState = (state: JobState): boolean => finalStates.includes(state)

/**
 * https://docs.oracle.com/iaas/api/#/en/data-flow/20200129/datatypes/Run. What is on its way to an end, and what nobody knows yet, is
 * as it was before.
 */
const stateOf: Readonly<Record<string, JobState>> = {
  ACCEPTED: 'QUEUED',
  IN_PROGRESS: 'RUNNING',
  SUCCEEDED: 'SUCCEEDED',
  FAILED: 'FAILED',
  CANCELED: 'CANCELED',
  // Of streams and sessions; a batch is stopped by a hand.
  STOPPED: 'CANCELED',
}

const longestDetail = 2_000

/** @param at when the service was asked: what it answered was so then, or later */
export function seenRunOf(run: models.Run | models.RunSummary, at: string, before: SeenRun | null): SeenRun {
  const { lifecycleState, lifecycleDetails, freeformTags, timeCreated, runDurationInMilliseconds } = run
  const state = stateOf[lifecycleState] ?? before?.state ?? 'QUEUED'
  const isBack = before !== null && (isFinalState(before.state) || (before.state === 'RUNNING' && state === 'QUEUED'))
  return {
    state: isBack ? before.state : state,
    detail: lifecycleDetails ? harmlessLine(lifecycleDetails, longestDetail) : null,
    at,
    // The SDK's type says Date; it is text.
    createdAt: Date.parse(String(timeCreated)),
    hasBegun: before?.hasBegun || (state !== 'QUEUED' && state !== 'CANCELED') || (runDurationInMilliseconds ?? 0) > 0,
    folder: freeformTags?.[folderTag] ?? null,
    doorId: freeformTags?.[doorTag] ?? null,
  }
}

/** How a run ended, by what the service and what the wrapper of the script say. */
export function endOf(
  { state, detail }: SeenRun,
  script: ScriptEnd | null,
  lastError: string | null,
): { state: JobState; detail: string | null } {
  if (script?.reason) return { state: state === 'CANCELED' ? state : 'FAILED', detail: script.reason }
  if (state === 'SUCCEEDED') return { state, detail: null }
  if (state === 'CANCELED') return { state, detail: detail ?? 'It was canceled.' }
  const code = script?.exitCode ?? null
  const said = lastError?.trim() ?? ''
  const parts = [
    code === null ? null : `It ended with exit code ${code}.`,
    said === '' || code === null ? null : `Its last line on standard error: ${[...said].slice(0, 500).join('')}`,
    detail,
  ].filter((part) => part !== null)
  return { state, detail: parts.length === 0 ? 'Data Flow does not say why.' : parts.join(' ') }
}
