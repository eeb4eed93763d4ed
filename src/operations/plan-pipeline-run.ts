// Works out what happens next in a pipeline run, from its rows and from what has just been heard. Changes nothing by itself.
import { blank, type NewPipelineEvent } from '../datasources/catalog/pipeline-event-store.js'
import type { PipelineRunRow, PipelineStatus, PipelineStepRow, StepStatus } from '../datasources/catalog/pipeline-rows.js'
import type { JobLine, JobMark, JobState } from '../datasources/compute/job-runner.js'
import { takeOutput } from './take-output.js'

/** What the deployment's version says of a step. */
export interface StepRule {
  needs: readonly string[]
  maxAttempts: number
}

/** Something that was heard of one attempt of a step. What is said of an earlier attempt counts no more. */
export type Happening = { stepId: string; attempt: number } & (
  | { type: 'submitted'; jobId: string }
  | { type: 'lines'; lines: readonly JobLine[] }
  | { type: 'mark'; mark: JobMark }
  /** @property isFutile it would fail again */
  | { type: 'state'; state: JobState; detail: string | null; isFutile?: boolean }
)

export interface PlanInput {
  run: PipelineRunRow
  /** In their order: what a step needs comes before it. */
  steps: readonly PipelineStepRow[]
  /** By the name of the step. */
  rules: ReadonlyMap<string, StepRule>
  happenings: readonly Happening[]
  /** Why nothing of it can run; null as a rule. */
  refusal: string | null
  /** Whether this server takes up new work. */
  mayBegin: boolean
  /** Whether the backend has to be asked for states; otherwise they are heard as they happen, and never old. */
  isAsked: boolean
  /** Milliseconds since 1970. */
  now: number
  /** Between 0 and 1: spreads what is tried again. */
  random: () => number
}

export interface Plan {
  run: PipelineRunRow
  /** As they become; those that stay are the same objects. */
  steps: readonly PipelineStepRow[]
  events: NewPipelineEvent[]
  /** Ids of steps whose new attempt must be submitted. */
  begun: string[]
  /** Ids of steps whose attempt is over: what their scripts were allowed is theirs no more. */
  ended: string[]
  /** Ids of steps whose job must be asked to end. */
  canceled: string[]
  /** When to plan again if nothing is heard. Milliseconds since 1970. */
  wakeAt: number | null
}

const finalStatuses: readonly string[] = ['SUCCEEDED', 'FAILED', 'CANCELED', 'SKIPPED']

export const isFinal = (status: StepStatus | PipelineStatus): boolean => finalStatuses.includes(status)

/** An attempt was given to the compute backend, or is about to be, and nobody knows yet how it ends. */
export const isUnderWay = ({ status, attempt, retryAt }: PipelineStepRow): boolean =>
  status === 'RUNNING' || (status === 'QUEUED' && attempt > 0 && retryAt === null)

const firstPauseMs = 1_000
const longestPauseMs = 60_000

/** Twice as long each time, by up to half less, so that what failed together is not tried again together. */
const pauseAfter = (attempt: number, random: () => number): number =>
  Math.min(longestPauseMs, firstPauseMs * 2 ** (attempt - 1)) * (1 - random() / 2)

export function planPipelineRun(input: PlanInput): Plan {
  return new Planner(input).plan()
}

class Planner {
  private readonly events: NewPipelineEvent[] = []
  private readonly begun: string[] = []
  private readonly ended: string[] = []
  private readonly canceled: string[] = []
  private readonly at: string
  private readonly steps: Map<string, PipelineStepRow>
  private run: PipelineRunRow

  constructor(private readonly input: PlanInput) {
    this.at = new Date(input.now).toISOString()
    this.run = input.run
    this.steps = new Map(input.steps.map((step) => [step.id, step]))
  }

  plan(): Plan {
    for (const happening of this.input.happenings) this.hear(happening)
    for (const { id } of this.input.steps) this.advance(this.steps.get(id)!)
    const steps = [...this.steps.values()]
    if (!isFinal(this.run.status) && steps.every(({ status }) => isFinal(status))) this.endRun(steps)
    const { run, events, begun, ended, canceled } = this
    return { run, steps, events, begun, ended, canceled, wakeAt: wakeAtOf(steps) }
  }

  private hear(happening: Happening): void {
    const step = this.steps.get(happening.stepId)
    if (!step || step.attempt !== happening.attempt || !isUnderWay(step)) return
    if (happening.type === 'lines') this.take(step, happening.lines)
    else if (happening.type === 'mark') this.take(step, [happening.mark])
    else {
      const observedAt = this.input.isAsked ? this.at : null
      if (happening.type === 'submitted') this.change(step, { computeRunId: happening.jobId, observedAt })
      else this.hearState(this.change(step, { observedAt }), happening)
    }
  }

  private hearState(step: PipelineStepRow, happening: Extract<Happening, { type: 'state' }>): void {
    if (happening.state === 'RUNNING') {
      if (step.status !== 'RUNNING') this.move(step, 'RUNNING', happening.detail, { startedAt: this.at })
    } else if (happening.state !== 'QUEUED') this.endAttempt(step, happening.state, happening)
    else if (step.status === 'QUEUED' && step.statusDetail !== happening.detail)
      this.change(step, { statusDetail: happening.detail })
  }

  private take(step: PipelineStepRow, output: readonly (JobLine | JobMark)[]): void {
    const { events, change } = takeOutput(step, output)
    this.events.push(...events)
    this.change(step, change)
  }

  private endAttempt(
    step: PipelineStepRow,
    state: Exclude<JobState, 'QUEUED' | 'RUNNING'>,
    { detail, isFutile = false }: { detail: string | null; isFutile?: boolean },
  ): void {
    this.ended.push(step.id)
    const isReported = state === 'SUCCEEDED' && step.reportedFailure !== null
    const outcome = isReported ? 'FAILED' : state
    const reason = [step.reportedFailure, state === 'SUCCEEDED' ? null : detail].filter((text) => text !== null).join(' ') || null
    const endedAt = this.at
    const startedAt = step.startedAt ?? (outcome === 'SUCCEEDED' ? this.at : null)
    const { maxAttempts } = this.input.rules.get(step.name) ?? { maxAttempts: 1 }
    if (outcome === 'SUCCEEDED') this.move(step, 'SUCCEEDED', null, { startedAt, endedAt })
    else if (this.run.cancelRequestedAt !== null) this.move(step, 'CANCELED', 'The run was canceled.', { endedAt })
    else if (outcome === 'FAILED' && step.attempt < maxAttempts && !isFutile) {
      const pause = pauseAfter(step.attempt, this.input.random)
      const words = `Attempt ${step.attempt} of ${maxAttempts} failed${reason === null ? '' : `: ${reason}`}`
      this.move(step, 'QUEUED', words, { retryAt: new Date(this.input.now + pause).toISOString() })
    } else this.move(step, outcome, reason, { endedAt })
  }

  private advance(step: PipelineStepRow): void {
    if (isFinal(step.status)) return
    const { cancelRequestedAt } = this.run
    if (isUnderWay(step)) {
      if (cancelRequestedAt !== null) this.canceled.push(step.id)
      return
    }
    if (cancelRequestedAt !== null) {
      this.move(step, 'CANCELED', 'The run was canceled.', { endedAt: this.at, retryAt: null })
      return
    }
    if (this.input.refusal !== null) {
      this.move(step, 'SKIPPED', this.input.refusal, { endedAt: this.at, retryAt: null })
      return
    }
    const needed = this.neededBy(step)
    const lost = needed.find(({ status }) => isFinal(status) && status !== 'SUCCEEDED')
    if (lost) {
      this.move(step, 'SKIPPED', `It needs "${lost.name}", which ${words[lost.status] ?? 'did not succeed'}.`, {
        endedAt: this.at,
        retryAt: null,
      })
      return
    }
    const isDue = step.retryAt === null || step.retryAt <= this.at
    if (isDue && this.input.mayBegin && needed.every(({ status }) => status === 'SUCCEEDED')) this.begin(step)
  }

  private neededBy(step: PipelineStepRow): PipelineStepRow[] {
    const needs = this.input.rules.get(step.name)?.needs ?? []
    return [...this.steps.values()].filter(({ name }) => needs.includes(name))
  }

  private begin(step: PipelineStepRow): void {
    if (this.run.status === 'QUEUED') this.moveRun('RUNNING', null, { startedAt: this.at })
    const fresh = { progress: null, message: null, computeRunId: null, retryAt: null, reportedFailure: null, startedAt: null }
    const next = { ...fresh, observedAt: null, outputCursors: null, attempt: step.attempt + 1 }
    if (step.status === 'QUEUED') this.change(step, next)
    else this.move(step, 'QUEUED', null, next)
    this.begun.push(step.id)
  }

  private endRun(steps: readonly PipelineStepRow[]): void {
    const failed = steps.find(({ status }) => status === 'FAILED')
    const canceled = steps.some(({ status }) => status === 'CANCELED')
    const end = { endedAt: this.at, leaseOwner: null, leaseUntil: null }
    if (this.input.refusal !== null && !canceled) this.moveRun('FAILED', this.input.refusal, end)
    else if (this.run.cancelRequestedAt !== null && canceled) this.moveRun('CANCELED', 'It was canceled.', end)
    else if (failed)
      this.moveRun('FAILED', `The step "${failed.name}" failed${failed.statusDetail ? `: ${failed.statusDetail}` : '.'}`, end)
    else if (canceled) this.moveRun('CANCELED', 'A step was canceled on the compute backend.', end)
    else this.moveRun('SUCCEEDED', null, end)
  }

  private change(step: PipelineStepRow, change: Partial<PipelineStepRow>): PipelineStepRow {
    const changed = { ...step, ...change }
    this.steps.set(step.id, changed)
    return changed
  }

  private move(step: PipelineStepRow, status: StepStatus, detail: string | null, change: Partial<PipelineStepRow>): void {
    // What was logged in this plan has changed the row that `step` was read from.
    this.change(this.steps.get(step.id)!, { ...change, status, statusDetail: detail })
    this.events.push({
      ...blank,
      type: 'STEP_STATUS',
      at: this.at,
      stepId: step.id,
      stepName: step.name,
      stepStatus: status,
      message: detail,
    })
  }

  private moveRun(status: PipelineStatus, detail: string | null, change: Partial<PipelineRunRow>): void {
    this.run = { ...this.run, ...change, status, statusDetail: detail }
    this.events.push({ ...blank, type: 'RUN_STATUS', at: this.at, runStatus: status, message: detail })
  }
}

const words: Partial<Record<StepStatus, string>> = { FAILED: 'failed', CANCELED: 'was canceled', SKIPPED: 'was skipped' }

function wakeAtOf(steps: readonly PipelineStepRow[]): number | null {
  const times = steps.flatMap(({ status, retryAt }) => (status === 'QUEUED' && retryAt !== null ? [Date.parse(retryAt)] : []))
  return times.length === 0 ? null : Math.min(...times)
}
