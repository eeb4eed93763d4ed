// Decides what of a step's output is new: each line and mark of a source is written down once, whichever way and however often it comes.
import { blank, type NewPipelineEvent } from '../datasources/catalog/pipeline-event-store.js'
import type { PipelineStepRow } from '../datasources/catalog/pipeline-rows.js'
import type { StepChange } from '../datasources/catalog/pipeline-step-store.js'
import type { JobLine, JobMark, OutputPlace } from '../datasources/compute/job-runner.js'

/** How far the output of one source is written down. */
interface Cursor {
  /** The highest number. */
  last: number
  /** Numbers below it that did not come, from and to: they may come later by another way. */
  gaps: [number, number][]
}
type Cursors = Record<string, Cursor>

/** Beyond them the oldest is given up. */
const mostGaps = 100

/**
 * Of one attempt of a step, in the order in which it came. What is missing before a line is said in its place; when it comes
 * after all, by another way, it is written down then.
 */
export function takeOutput(
  step: PipelineStepRow,
  output: readonly (JobLine | JobMark)[],
): { events: NewPipelineEvent[]; change: StepChange } {
  const cursors = step.outputCursors === null ? {} : (JSON.parse(step.outputCursors) as Cursors)
  const events: NewPipelineEvent[] = []
  const change: StepChange = {}
  const of = { ...blank, stepId: step.id, stepName: step.name }
  let number = step.lastLogNumber
  const log = (line: Pick<JobLine, 'at' | 'stream' | 'text'>): void => {
    const { at, stream, text } = line
    events.push({ ...of, type: 'LOG', at, message: text, stream, number: ++number })
  }
  let wasLate = false
  for (const entry of output) {
    const taken = entry.place ? takePlace(cursors, entry.place) : 'next'
    if (taken === 'known') continue
    if (typeof taken === 'number') log({ at: entry.at, stream: 'SYSTEM', text: missingText(taken) })
    if (taken === 'late' && !wasLate) log({ at: entry.at, stream: 'SYSTEM', text: 'What follows was missing before.' })
    wasLate = taken === 'late'
    if ('stream' in entry) log(entry)
    else {
      const { at, progress, message, status } = entry
      events.push({ ...of, type: 'STEP_PROGRESS', at, progress, message, stepStatus: status })
      Object.assign(change, changeBy(entry))
    }
  }
  if (events.length === 0) return { events, change }
  change.lastLogNumber = number
  if (Object.keys(cursors).length > 0) change.outputCursors = JSON.stringify(cursors)
  return { events, change }
}

/** Of the row, by what a script says of its step: the end of its process ends a step, but that it has failed is believed. */
export const changeBy = ({ progress, message, status }: Pick<JobMark, 'progress' | 'message' | 'status'>): StepChange => ({
  ...(progress !== null && { progress }),
  ...(message !== null && { message }),
  ...(status === 'FAILED' && { reportedFailure: message ?? 'The script said that it has failed.' }),
})

const missingText = (count: number): string =>
  `${count === 1 ? 'A line is' : `${count.toLocaleString('en')} lines are`} missing here: nobody could take more at that time.`

/** `late`: was said to be missing. A number: so many are missing before it. */
function takePlace(cursors: Cursors, { source, number }: OutputPlace): 'known' | 'next' | 'late' | number {
  cursors[source] ??= { last: 0, gaps: [] }
  const cursor = cursors[source]
  if (number > cursor.last) {
    const before = cursor.last
    cursor.last = number
    if (number === before + 1) return 'next'
    cursor.gaps.push([before + 1, number - 1])
    if (cursor.gaps.length > mostGaps) cursor.gaps.shift()
    return number - before - 1
  }
  const index = cursor.gaps.findIndex(([from, to]) => from <= number && number <= to)
  if (index === -1) return 'known'
  const [from, to] = cursor.gaps[index]!
  const left: [number, number][] = [
    [from, number - 1],
    [number + 1, to],
  ]
  cursor.gaps.splice(index, 1, ...left.filter(([start, end]) => start <= end))
  return 'late'
}
