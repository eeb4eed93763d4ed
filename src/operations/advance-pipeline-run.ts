// Takes one step in the life of a pipeline run: what was heard of its jobs, and what follows from it, in one transaction.
import { accessKeyPrefix, hashSecret, newSecret } from '../credentials.js'
import type { Stores } from '../datasources/catalog/catalog.js'
import { newId } from '../datasources/catalog/node-id.js'
import type { PipelineEventRow, PipelineRunRow, PipelineStepRow } from '../datasources/catalog/pipeline-rows.js'
import type { StepChange } from '../datasources/catalog/pipeline-step-store.js'
import { isFinal, type PlanInput, planPipelineRun } from './plan-pipeline-run.js'

export interface Advance extends Omit<PlanInput, 'run' | 'steps' | 'now'> {
  runId: string
  /** The server that has the lease. */
  owner: string
  /** For whom the scripts speak; null: they get no key. */
  userId: string | null
}

/** An attempt that was committed, and now has to be submitted: once. */
export interface BegunAttempt {
  step: PipelineStepRow
  /** Of the access key of this attempt. */
  secret: string | null
}

export interface Advanced {
  run: PipelineRunRow
  steps: readonly PipelineStepRow[]
  events: readonly PipelineEventRow[]
  begun: readonly BegunAttempt[]
  canceled: readonly PipelineStepRow[]
  wakeAt: number | null
  isOver: boolean
}

/** Call it in a transaction. @returns null when this server no longer has the lease, and then nothing was written */
export async function advancePipelineRun(stores: Stores, advance: Advance): Promise<Advanced | null> {
  const { runId, owner, userId } = advance
  const [run] = await stores.pipelineRuns.byIds([runId])
  if (run?.leaseOwner !== owner || isFinal(run.status)) return null
  const steps = await stores.pipelineSteps.byRuns([runId])
  const plan = planPipelineRun({ ...advance, run, steps, now: Date.now() })

  const events = plan.events.length === 0 ? [] : await stores.pipelineEvents.append(runId, plan.events, owner)
  if (events === null) return null
  for (const [index, step] of steps.entries()) {
    const change = changeOf(step, plan.steps[index]!)
    if (change && !(await stores.pipelineSteps.move(step, change)))
      throw new Error(`The step ${step.id} was moved by another server.`)
  }
  const { status, statusDetail, startedAt, endedAt, leaseOwner, leaseUntil } = plan.run
  const runChange = { status, statusDetail, startedAt, endedAt, ...(endedAt !== null && { leaseOwner, leaseUntil }) }
  if (plan.run !== run && !(await stores.pipelineRuns.move(runId, [run.status], runChange)))
    throw new Error(`The run ${runId} was moved by another server.`)

  const stepOf = new Map(plan.steps.map((step) => [step.id, step]))
  if (plan.ended.length > 0) await stores.accessKeys.deleteOfSteps(plan.ended)
  const begun: BegunAttempt[] = []
  for (const id of plan.begun) {
    const step = stepOf.get(id)!
    begun.push({ step, secret: userId === null ? null : await mintStepKey(stores, step, userId) })
  }
  return {
    run: plan.run,
    steps: plan.steps,
    events,
    begun,
    canceled: plan.canceled.map((id) => stepOf.get(id)!),
    wakeAt: plan.wakeAt,
    isOver: isFinal(plan.run.status),
  }
}

/** A key that can do in its project what an EDITOR may and no more, and ends with the attempt. @returns its secret */
export async function mintStepKey({ accessKeys }: Stores, step: PipelineStepRow, userId: string): Promise<string> {
  const secret = newSecret(accessKeyPrefix)
  await accessKeys.insert({
    id: newId('accessKey'),
    userId,
    name: `${step.name} (attempt ${step.attempt})`,
    secretHash: hashSecret(secret),
    projectId: step.projectId,
    role: 'EDITOR',
    createdAt: new Date().toISOString(),
    expiresAt: null,
    lastUsedAt: null,
    revokedAt: null,
    pipelineStepId: step.id,
  })
  return secret
}

function changeOf(before: PipelineStepRow, after: PipelineStepRow): StepChange | null {
  if (before === after) return null
  const entries = Object.entries(after).filter(([name, value]) => before[name as keyof PipelineStepRow] !== value)
  return entries.length === 0 ? null : (Object.fromEntries(entries) as StepChange)
}
