// Writes down what a script says of its own step: what it prints, how far it is, and whether it has failed.

import { blank } from '../datasources/catalog/pipeline-event-store.js'
import type { LogStream, StepStatus } from '../datasources/catalog/pipeline-rows.js'
import type { StepChange } from '../datasources/catalog/pipeline-step-store.js'
import type { JobLine, JobMark } from '../datasources/compute/job-runner.js'
import { harmlessLine, longestLine } from '../datasources/compute/line-text.js'
import type { Datasources } from '../datasources/datasources.js'
import { badInput, DhuoError, notFound } from '../errors.js'
import type { Publisher } from '../pubsub/topics.js'
import { isUnderWay } from './plan-pipeline-run.js'
import { publishPipelineEvents } from './publish-pipeline-events.js'
import { changeBy, takeOutput } from './take-output.js'

interface Said {
  /** RUNNING, SUCCEEDED or FAILED; null says nothing of it. */
  status: StepStatus | null
  /** 0 to 1. */
  progress: number | null
  message: string | null
}

export interface StepReport extends Said {
  /** Null: whichever is the newest. */
  attempt: number | null
  lines: readonly { number: number; at: string; stream: LogStream; text: string }[]
  marks: readonly (Said & { number: number; at: string })[]
  /** Nothing more comes of this attempt. */
  isFinal: boolean
}

/** What can be written down of a report. */
export interface CheckedReport extends Pick<JobMark, 'status' | 'progress' | 'message'> {
  attempt: number | null
  /** In the order of their places. */
  output: (JobLine | JobMark)[]
}

const reportable: readonly StepStatus[] = ['RUNNING', 'SUCCEEDED', 'FAILED']
const longestMessage = 2_000
const mostEntries = 1_000
const highestNumber = 1_000_001

/** What can be said of a report without looking at its step. @throws BAD_USER_INPUT */
export function requireReport(report: StepReport): CheckedReport {
  const { attempt, lines, marks, isFinal, progress, message } = report
  const entries = lines.length + marks.length
  if (report.status === null && progress === null && message === null && entries === 0 && !isFinal)
    throw badInput('input', 'Say at least one of input.status, progress, message, lines, marks and final.')
  if (entries > mostEntries)
    throw badInput(
      'input.lines',
      `input.lines and input.marks have at most ${mostEntries} entries together; they have ${entries}.`,
    )
  const status = requireSaid(report, 'input')
  const output = [
    ...lines.map(
      ({ number, at, stream, text }, index): JobLine => ({
        stream,
        text: harmlessLine(text, longestLine),
        at,
        place: placeOf(number, `input.lines[${index}].number`),
      }),
    ),
    ...marks.map(
      (mark, index): JobMark => ({
        at: mark.at,
        progress: mark.progress,
        message: mark.message,
        status: requireSaid(mark, `input.marks[${index}]`),
        place: placeOf(mark.number, `input.marks[${index}].number`),
      }),
    ),
  ].sort((a, b) => a.place!.number - b.place!.number)
  return { attempt, output, status, progress, message }
}

function requireSaid({ status, progress, message }: Said, field: string): JobMark['status'] {
  if (status !== null && !reportable.includes(status))
    throw badInput(`${field}.status`, `${field}.status must be one of ${reportable.join(', ')}; it is ${status}.`)
  if (progress !== null && !(progress >= 0 && progress <= 1))
    throw badInput(`${field}.progress`, `${field}.progress must be between 0 and 1; it is ${progress}.`)
  if (message !== null && (message.length > longestMessage || !message.isWellFormed() || message.includes('\0')))
    throw badInput(`${field}.message`, `${field}.message is valid Unicode without NUL, of at most ${longestMessage} characters.`)
  return status as JobMark['status']
}

function placeOf(number: number, field: string): { source: string; number: number } {
  if (number < 1 || number > highestNumber)
    throw badInput(
      field,
      `${field} must be between 1 and ${highestNumber}; it is ${number}. An attempt has no more lines than that.`,
    )
  return { source: 'script', number }
}

/**
 * The end of its process ends a step, not its word: only that it has failed is believed, for it may still have to exit with 0.
 * Lines and marks that are written down already are passed over.
 * @throws PRECONDITION_FAILED the step, or this attempt of it, is not under way; NOT_FOUND
 */
export async function reportStep(
  { catalog }: Pick<Datasources, 'catalog'>,
  publisher: Publisher,
  stepId: string,
  { attempt, output, status, progress, message }: CheckedReport,
): Promise<void> {
  const written = await catalog.transaction(async (stores) => {
    const [step] = await stores.pipelineSteps.byIds([stepId])
    if (!step) throw notFound('The step', 'input.step')
    // A script may be quicker than the news that it runs.
    if (!isUnderWay(step))
      throw new DhuoError('PRECONDITION_FAILED', `The step "${step.name}" is ${step.status}: only one that runs can report.`, {
        field: 'input.step',
      })
    if (attempt !== null && attempt !== step.attempt)
      throw new DhuoError(
        'PRECONDITION_FAILED',
        `The step "${step.name}" is in its attempt ${step.attempt}: ${attempt} is over.`,
        {
          field: 'input.attempt',
        },
      )
    const { events, change } = takeOutput(step, output)
    const at = new Date().toISOString()
    if (status !== null || progress !== null || message !== null) {
      const said = { stepId, stepName: step.name, stepStatus: status, progress, message }
      events.push({ ...blank, ...said, type: 'STEP_PROGRESS', at })
      Object.assign(change, changeBy({ status, progress, message }))
    }
    // Who speaks, lives.
    const seen: StepChange = step.observedAt === null ? {} : { observedAt: at }
    if (events.length === 0) return null
    await stores.pipelineSteps.move(step, { ...change, ...seen })
    const appended = await stores.pipelineEvents.append(step.pipelineRunId, events, null)
    if (!appended) throw new DhuoError('PRECONDITION_FAILED', 'The run has ended.', { field: 'input.pipelineRun' })
    return { run: { id: step.pipelineRunId, projectId: step.projectId }, events: appended }
  })
  if (written) publishPipelineEvents(publisher, written.run, written.events)
}
