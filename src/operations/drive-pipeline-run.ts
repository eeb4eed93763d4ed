// Advances one pipeline run from where it is to its end, for as long as this server has its lease.
import { setTimeout as sleep } from 'node:timers/promises'
import type { PipelineRunRow, PipelineStepRow } from '../datasources/catalog/pipeline-rows.js'
import type { JobEvent, JobSubmission } from '../datasources/compute/job-runner.js'
import type { Datasources } from '../datasources/datasources.js'
import { type ErrorCode, isDhuoError } from '../errors.js'
import type { Logger } from '../logger.js'
import type { Publisher } from '../pubsub/topics.js'
import { type Advance, type Advanced, advancePipelineRun, mintStepKey } from './advance-pipeline-run.js'
import { noteApplication } from './describe-application.js'
import { describeJob } from './describe-job.js'
import type { GroupedWrites } from './group-writes.js'
import { HeardHappenings } from './heard-happenings.js'
import { type Happening, isUnderWay } from './plan-pipeline-run.js'
import { publishPipelineEvents } from './publish-pipeline-events.js'
import { isDeleted, type PinnedDeployment, readPinnedDeployment, refusalOf, ruleOf } from './read-pinned-deployment.js'

export interface DriveContext {
  datasources: Datasources
  writes: GroupedWrites
  publisher: Publisher
  log: Logger
  /** This server, for as long as it runs. */
  owner: string
  /** Where scripts reach this server. */
  url: string
  /** Takes note that the backend has confirmed the status of a step. */
  seen(stepId: string, at: string): void
}

/** How driving ended: the run is over, it has to wait for its packages, the server stops, or another one has the lease. */
export type DriveEnd = 'OVER' | 'WAITING' | 'STOPPED' | 'LOST'

const writePauses = [100, 250, 500, 1_000, 2_000]
const submitPauses = [1_000, 2_000, 4_000, 8_000, 15_000]
/** Of a backend on this machine. What is far away may be down for hours, and then the run waits. */
const mostSubmitTries = 4
const watchPauses = [500, 1_000, 2_000, 5_000, 15_000, 30_000]

/** It goes over by itself: the same may be submitted again. */
const passing: readonly ErrorCode[] = ['BACKEND_UNAVAILABLE', 'RATE_LIMITED', 'TIMEOUT']

const stopped = { state: 'FAILED', detail: 'The server was stopped before it ended.' } as const
const lost = {
  state: 'FAILED',
  detail: 'The server ended it: it could not tell the catalog for too long that it was still at it.',
} as const
const notKnown = 'The server ended before it was known whether this attempt had begun.'

interface Job {
  /** On the compute backend; null while it is being submitted. */
  jobId: string | null
  isCanceled: boolean
}

export class RunDriver {
  readonly #heard = new HeardHappenings(() => this.#wake.resolve())
  #wake = Promise.withResolvers<void>()
  readonly #gone = new AbortController()
  #isStopping = false
  #isLost = false
  /** Attempts that are being submitted or watched, `<step>/<attempt>`, and what the backend calls them. */
  readonly #jobs = new Map<string, Job>()

  constructor(
    private readonly context: DriveContext,
    private run: PipelineRunRow,
  ) {}

  get runId(): string {
    return this.run.id
  }

  get #survivesServer(): boolean {
    return this.context.datasources.compute.supports.survivesServer
  }

  /** What was heard of jobs of this process, and could not be written down while the run was this server's. */
  get legacy(): readonly Happening[] {
    return this.#survivesServer ? [] : this.#heard.notWritten
  }

  /** Before `drive`. What is no longer true of a step is not heard. */
  inherit(legacy: readonly Happening[]): void {
    for (const happening of legacy) this.#hear(happening)
  }

  /** Looks again: somebody asked to cancel it, say. */
  notify(): void {
    this.#wake.resolve()
  }

  /** Submits nothing more. Jobs that would die with the server are ended now, and that is written down; others go on. */
  stop(): void {
    this.#isStopping = true
    if (this.#survivesServer) this.#leave()
    else for (const job of this.#jobs.values()) this.#cancel(job)
    this.notify()
  }

  /** Another server has the run: nothing more is written, and what runs here must not run twice. */
  abandon(): void {
    this.#isLost = true
    this.#leave()
    if (!this.#survivesServer) for (const job of this.#jobs.values()) this.#cancel(job)
    this.notify()
  }

  #leave(): void {
    this.#gone.abort()
    this.#heard.release()
  }

  async drive(): Promise<DriveEnd> {
    const { deploymentId, deploymentVersion } = this.run
    const pinned = await readPinnedDeployment(this.context.datasources.catalog, deploymentId, deploymentVersion)
    if (!pinned) throw new Error(`The deployment of ${this.run.id} is gone.`)
    const { status, createdBy } = pinned.version
    if (status === 'PACKAGING' && !isDeleted(pinned) && this.run.cancelRequestedAt === null) return 'WAITING'
    const refusal = refusalOf(pinned)
    const rules = new Map(pinned.steps.map((step) => [step.name, ruleOf(step)]))
    await this.#takeOver(pinned)

    while (!this.#isLost) {
      this.#wake = Promise.withResolvers()
      const advanced = await this.#advance({ rules, refusal, userId: this.run.createdBy ?? createdBy })
      if (!advanced) break
      this.run = advanced.run
      publishPipelineEvents(this.context.publisher, advanced.run, advanced.events)
      this.#follow(advanced, pinned)
      if (advanced.isOver) return 'OVER'
      if (this.#heard.length > 0) continue
      if (this.#isStopping && (this.#gone.signal.aborted || this.#jobs.size === 0)) return 'STOPPED'
      await this.#woken(advanced.wakeAt)
    }
    this.abandon()
    return 'LOST'
  }

  /** What was heard is written, however long the catalog cannot take it; null when the run is no longer this server's. */
  async #advance(advance: Pick<Advance, 'rules' | 'refusal' | 'userId'>): Promise<Advanced | null> {
    const { happenings, written } = this.#heard.take()
    for (let tries = 0; !this.#isLost; tries++) {
      const { owner, writes, log } = this.context
      const may = { mayBegin: !this.#isStopping, isAsked: this.#survivesServer }
      const now = { ...advance, ...may, runId: this.run.id, owner, happenings, random: Math.random }
      try {
        const advanced = await writes.write((stores) => advancePipelineRun(stores, now))
        if (advanced) written()
        return advanced
      } catch (error) {
        log.error({ err: error, pipelineRun: this.run.id }, 'a pipeline run could not be advanced; it is tried again')
        await sleep(writePauses[Math.min(tries, writePauses.length - 1)])
      }
    }
    return null
  }

  /** What another server, or this one before it ended, has left under way. */
  async #takeOver(pinned: PinnedDeployment): Promise<void> {
    const { catalog } = this.context.datasources
    for (const step of (await catalog.pipelineSteps.byRuns([this.run.id])).filter(isUnderWay)) {
      if (step.computeRunId !== null) void this.#watch(step, step.computeRunId)
      // The backend knows by the key whether it has taken the job already.
      else if (this.#survivesServer)
        void this.#submit(step, await this.#newKeyOf(step, this.run.createdBy ?? pinned.version.createdBy), pinned, true)
      else this.#hear({ type: 'state', stepId: step.id, attempt: step.attempt, state: 'FAILED', detail: notKnown })
    }
  }

  #newKeyOf(step: PipelineStepRow, userId: string | null): Promise<string | null> {
    return this.context.writes.write(async (stores) => (userId === null ? null : mintStepKey(stores, step, userId)))
  }

  #follow({ begun, canceled }: Advanced, pinned: PinnedDeployment): void {
    for (const { step, secret } of begun) void this.#submit(step, secret, pinned, false)
    for (const step of canceled) {
      const job = this.#jobs.get(nameOf(step))
      if (job) this.#cancel(job)
    }
  }

  /** @param mayBeKnown a server that died may have submitted it */
  async #submit(step: PipelineStepRow, secret: string | null, pinned: PinnedDeployment, mayBeKnown: boolean): Promise<void> {
    const { datasources, url } = this.context
    const of = { stepId: step.id, attempt: step.attempt }
    const job: Job = { jobId: null, isCanceled: this.#isStopping }
    this.#jobs.set(nameOf(step), job)
    try {
      let submission: JobSubmission | null = null
      for (let tries = 0; ; tries++) {
        if (this.#gone.signal.aborted) return
        // Nothing was submitted, so there is nothing to end.
        if (job.isCanceled)
          return this.#hear({ ...of, type: 'state', ...(this.#isStopping ? stopped : { state: 'CANCELED', detail: null }) })
        try {
          submission ??= await describeJob(datasources, this.run, pinned, step, { secret, url, mayBeKnown })
          const submitted = await datasources.compute.submit(submission)
          job.jobId = submitted.jobId
          await noteApplication(datasources, submission.application, submitted.applicationId)
          break
        } catch (error) {
          const isPassing = isDhuoError(error) && passing.includes(error.code)
          if (!isPassing || (tries >= mostSubmitTries && !this.#survivesServer)) throw error
          this.context.log.warn({ err: error, step: nameOf(step) }, 'a job could not be submitted; it is tried again')
          if (this.#survivesServer)
            this.#hear({ ...of, type: 'state', state: 'QUEUED', detail: `Not submitted yet: ${error.message}` })
          await this.#pause(submitPauses[Math.min(tries, submitPauses.length - 1)]! * (0.75 + Math.random() / 2), job)
        }
      }
      this.#hear({ ...of, type: 'submitted', jobId: job.jobId })
      if (job.isCanceled) this.#askToEnd(job)
    } catch (error) {
      const isExpected = isDhuoError(error)
      if (!isExpected) this.context.log.error({ err: error, step: step.id }, 'a job could not be submitted')
      const detail = isExpected ? error.message : 'It could not be submitted: the log of the server says why.'
      this.#hear({ ...of, type: 'state', state: 'FAILED', detail, isFutile: isExpected && error.code === 'PRECONDITION_FAILED' })
      return
    } finally {
      if (job.jobId === null) this.#jobs.delete(nameOf(step))
    }
    await this.#watch(step, job.jobId)
  }

  /** Until the job is in a final state; a backend that does not answer is asked again. */
  async #watch(step: PipelineStepRow, jobId: string): Promise<void> {
    const of = { stepId: step.id, attempt: step.attempt }
    const job = this.#jobs.get(nameOf(step)) ?? { jobId, isCanceled: false }
    this.#jobs.set(nameOf(step), job)
    for (let tries = 0; !this.#gone.signal.aborted; tries++) {
      try {
        for await (const event of this.context.datasources.compute.watch(jobId, this.#gone.signal)) {
          tries = 0
          if (event.type === 'seen') this.context.seen(step.id, event.at)
          else if (event.type !== 'status') {
            if (!(await this.#keep(of, event))) return
          } else {
            const { state, detail } = event.status
            const isOver = state !== 'QUEUED' && state !== 'RUNNING'
            if (isOver) this.#jobs.delete(nameOf(step))
            // Ended by this server, and not because somebody wanted the run to end.
            const isLost = state === 'CANCELED' && !this.#survivesServer && !job.isCanceled
            const isStopped = state === 'CANCELED' && this.#isStopping
            this.#hear({ ...of, type: 'state', ...(isStopped ? stopped : isLost ? lost : { state, detail }) })
            if (isOver) return
          }
        }
      } catch (error) {
        if (!this.#gone.signal.aborted)
          this.context.log.warn({ err: error, job: jobId }, 'a job could not be watched; it is tried again')
      }
      await sleep(watchPauses[Math.min(tries, watchPauses.length - 1)], undefined, { signal: this.#gone.signal }).catch(() => {})
    }
    this.#jobs.delete(nameOf(step))
  }

  /** Of what the runner forgets when it is asked for more. @returns false when it may not be asked: another server goes on here */
  async #keep(of: { stepId: string; attempt: number }, event: Exclude<JobEvent, { type: 'status' | 'seen' }>): Promise<boolean> {
    const written =
      event.type === 'mark' ? this.#heard.add({ ...of, ...event }) : (await this.#heard.addLines(of, event.lines)).written
    if (this.#survivesServer) await written
    return !(this.#survivesServer && this.#gone.signal.aborted)
  }

  /** Not for longer than anybody wants the job. */
  async #pause(ms: number, job: Job): Promise<void> {
    const { signal } = this.#gone
    for (const end = Date.now() + ms; Date.now() < end && !job.isCanceled && !signal.aborted; )
      await sleep(Math.min(500, end - Date.now() + 1), undefined, { signal }).catch(() => {})
  }

  #hear(happening: Happening): void {
    void this.#heard.add(happening)
  }

  #cancel(job: Job): void {
    if (job.isCanceled) return
    job.isCanceled = true
    // One that is being submitted is ended as soon as it has a name.
    if (job.jobId !== null) this.#askToEnd(job)
  }

  #askToEnd(job: Job): void {
    this.context.datasources.compute.cancel(job.jobId!).catch((error: unknown) => {
      this.context.log.warn({ err: error, job: job.jobId }, 'a job could not be canceled; it is tried again')
      job.isCanceled = false
      setTimeout(() => this.notify(), 2_000).unref()
    })
  }

  async #woken(wakeAt: number | null): Promise<void> {
    const timer = wakeAt === null ? null : setTimeout(() => this.#wake.resolve(), Math.max(1, wakeAt - Date.now()))
    await this.#wake.promise
    if (timer) clearTimeout(timer)
  }
}

const nameOf = ({ id, attempt }: PipelineStepRow): string => `${id}/${attempt}`
