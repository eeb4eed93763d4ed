// Writes down what a script says of its own step: how far it is, and whether it has failed.
import type { PipelineStepRow, StepStatus } from '../datasources/catalog/pipeline-rows.js'
import type { StepChange } from '../datasources/catalog/pipeline-step-store.js'
import type { Datasources } from '../datasources/datasources.js'
import { badInput, DhuoError, notFound } from '../errors.js'
import type { Publisher } from '../pubsub/topics.js'
import { blank } from './plan-pipeline-run.js'
import { publishPipelineEvents } from './publish-pipeline-events.js'

export interface StepReport {
  /** RUNNING, SUCCEEDED or FAILED; null says nothing of it. */
  status: StepStatus | null
  /** 0 to 1. */
  progress: number | null
  message: string | null
}

const reportable: readonly StepStatus[] = ['RUNNING', 'SUCCEEDED', 'FAILED']
const longestMessage = 2_000

/** What can be said of a report without looking at its step. @throws BAD_USER_INPUT */
export function requireReport(report: StepReport): StepReport {
  const { status, progress, message } = report
  if (status === null && progress === null && message === null)
    throw badInput('input', 'Say at least one of input.status, input.progress and input.message.')
  if (status !== null && !reportable.includes(status))
    throw badInput('input.status', `input.status must be one of ${reportable.join(', ')}; it is ${status}.`)
  if (progress !== null && !(progress >= 0 && progress <= 1))
    throw badInput('input.progress', `input.progress must be between 0 and 1; it is ${progress}.`)
  if (message !== null && (message.length > longestMessage || !message.isWellFormed() || message.includes('\0')))
    throw badInput('input.message', `input.message is valid Unicode without NUL, of at most ${longestMessage} characters.`)
  return report
}

/**
 * The end of its process ends a step, not its word: only that it has failed is believed, for it may still have to exit with 0.
 * @throws PRECONDITION_FAILED the step is not RUNNING, NOT_FOUND
 */
export async function reportStep(
  { catalog }: Pick<Datasources, 'catalog'>,
  publisher: Publisher,
  stepId: string,
  { status, progress, message }: StepReport,
): Promise<PipelineStepRow> {
  const { step, events } = await catalog.transaction(async (stores) => {
    const [found] = await stores.pipelineSteps.byIds([stepId])
    if (!found) throw notFound('The step', 'input.step')
    // A script may be quicker than the news that it runs.
    const isUnderWay = found.status === 'RUNNING' || (found.status === 'QUEUED' && found.attempt > 0 && found.retryAt === null)
    if (!isUnderWay)
      throw new DhuoError('PRECONDITION_FAILED', `The step "${found.name}" is ${found.status}: only one that runs can report.`, {
        field: 'input.step',
      })
    const change: StepChange = {
      ...(progress !== null && { progress }),
      ...(message !== null && { message }),
      ...(status === 'FAILED' && { reportedFailure: message ?? 'The script said that it has failed.' }),
    }
    if (Object.keys(change).length > 0) await stores.pipelineSteps.move(found, change)
    const said = { stepId, stepName: found.name, stepStatus: status, progress, message }
    const event = { ...blank, ...said, type: 'STEP_PROGRESS', at: new Date().toISOString() } as const
    const written = await stores.pipelineEvents.append(found.pipelineRunId, [event], null)
    if (!written) throw new DhuoError('PRECONDITION_FAILED', 'The run has ended.', { field: 'input.pipelineRun' })
    return { step: { ...found, ...change }, events: written }
  })
  publishPipelineEvents(publisher, { id: step.pipelineRunId, projectId: step.projectId }, events)
  return step
}
