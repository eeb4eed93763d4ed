// Starts a run of a deployment: its row, its steps and its first events in one transaction. Whoever advances runs does the rest.
import type { Stores } from '../datasources/catalog/catalog.js'
import { newId } from '../datasources/catalog/node-id.js'
import { blank, type NewPipelineEvent } from '../datasources/catalog/pipeline-event-store.js'
import type { PipelineEventRow, PipelineRunRow, PipelineStepRow, Trigger } from '../datasources/catalog/pipeline-rows.js'
import type { Datasources } from '../datasources/datasources.js'
import { badInput, DhuoError, notFound } from '../errors.js'
import type { Publisher } from '../pubsub/topics.js'
import { announceDueRun, publishPipelineEvents } from './publish-pipeline-events.js'
import { type PinnedDeployment, readPinnedDeployment } from './read-pinned-deployment.js'

export interface NewPipelineRun {
  deploymentId: string
  arguments: readonly { key: string; value: string }[]
  trigger: Extract<Trigger, 'MANUAL' | 'SCHEDULE'>
  /** The tick that fires it. ISO 8601. */
  scheduledFor: string | null
  idempotencyKey: string | null
  createdBy: string | null
}

/**
 * The same idempotency key, or the same tick, gives the run that is there. While the deployment is being packaged the run
 * stays QUEUED.
 * @throws BAD_USER_INPUT, NOT_FOUND, PRECONDITION_FAILED the deployment is deleted, could not be packaged, or is ONLINE
 */
export async function startPipelineRun(
  { catalog }: Pick<Datasources, 'catalog'>,
  publisher: Publisher,
  given: NewPipelineRun,
): Promise<PipelineRunRow> {
  const values = requireArguments(given.arguments)
  if (given.idempotencyKey !== null) requireIdempotencyKey(given.idempotencyKey)
  const { run, events } = await catalog.transaction(async (stores) => {
    const there = await findStarted(stores, given)
    if (there) return { run: there, events: [] }
    const pinned = await readPinnedDeployment(stores, given.deploymentId, null)
    if (!pinned) throw notFound('The deployment', 'input.deployment')
    requireRunnable(pinned)
    const { trigger, scheduledFor, idempotencyKey, createdBy } = given
    const origin = { trigger, scheduledFor, idempotencyKey, createdBy, retryOfId: null }
    return insertRun(stores, pinned, { ...origin, arguments: JSON.stringify(values) }, new Map())
  })
  publishPipelineEvents(publisher, run, events)
  announceDueRun(publisher, run.id)
  return run
}

const findStarted = async ({ pipelineRuns }: Stores, given: NewPipelineRun): Promise<PipelineRunRow | undefined> =>
  (given.idempotencyKey === null
    ? undefined
    : await pipelineRuns.findByIdempotencyKey(given.deploymentId, given.idempotencyKey)) ??
  (given.scheduledFor === null ? undefined : await pipelineRuns.findByTick(given.deploymentId, given.scheduledFor))

type Origin = Pick<PipelineRunRow, 'trigger' | 'arguments' | 'scheduledFor' | 'idempotencyKey' | 'createdBy' | 'retryOfId'>

/**
 * Call it in a transaction.
 * @param carried steps of an earlier run that succeeded and need not run again, by name
 */
export async function insertRun(
  stores: Stores,
  { deployment, version, steps }: PinnedDeployment,
  origin: Origin,
  carried: ReadonlyMap<string, { step: PipelineStepRow; detail: string }>,
): Promise<{ run: PipelineRunRow; events: PipelineEventRow[] }> {
  const now = new Date().toISOString()
  const run: PipelineRunRow = {
    id: newId('pipelineRun'),
    projectId: deployment.projectId,
    deploymentId: deployment.id,
    deploymentVersion: version.version,
    number: await stores.pipelineRuns.takeNumber(deployment.id),
    status: 'QUEUED',
    statusDetail: null,
    createdAt: now,
    startedAt: null,
    endedAt: null,
    lastSequence: 0,
    leaseOwner: null,
    leaseUntil: now,
    cancelRequestedAt: null,
    ...origin,
  }
  const rows = steps.map(({ position, name, kind }): PipelineStepRow => {
    const done = carried.get(name)
    return {
      id: newId('pipelineStep'),
      projectId: deployment.projectId,
      pipelineRunId: run.id,
      position,
      name,
      kind,
      status: done ? 'SUCCEEDED' : 'PENDING',
      statusDetail: done?.detail ?? null,
      attempt: 0,
      progress: null,
      message: null,
      startedAt: done?.step.startedAt ?? null,
      endedAt: done?.step.endedAt ?? null,
      computeRunId: null,
      retryAt: null,
      reportedFailure: null,
      lastLogNumber: 0,
      observedAt: null,
      outputCursors: null,
    }
  })
  await stores.pipelineRuns.insert(run)
  await stores.pipelineSteps.insert(rows)
  const first: NewPipelineEvent[] = [
    { ...blank, type: 'RUN_STATUS', at: now, runStatus: 'QUEUED' },
    ...rows.map(({ id, name, status, statusDetail }): NewPipelineEvent => {
      return { ...blank, type: 'STEP_STATUS', at: now, stepId: id, stepName: name, stepStatus: status, message: statusDetail }
    }),
  ]
  const events = (await stores.pipelineEvents.append(run.id, first, null))!
  return { run: { ...run, lastSequence: events.length }, events }
}

/** @throws PRECONDITION_FAILED */
export function requireRunnable({ deployment, version }: PinnedDeployment): void {
  const refused = (why: string): DhuoError =>
    new DhuoError('PRECONDITION_FAILED', `The deployment "${deployment.name}" ${why}`, { field: 'input.deployment' })
  if (deployment.status === 'DELETED') throw refused('is deleted.')
  if (deployment.kind === 'ONLINE') throw refused('is ONLINE: it has no runs; ask it with predict.')
  if (version.status === 'FAILED')
    throw refused(`could not be packaged: ${version.statusDetail ?? 'no reason is known.'} Deploy it again.`)
}

const mostArguments = 50
const longestValue = 4_000
const longestIdempotencyKey = 200

/** In the order in which they were given. @throws BAD_USER_INPUT */
function requireArguments(given: NewPipelineRun['arguments']): Record<string, string> {
  const field = 'input.arguments'
  if (given.length > mostArguments)
    throw badInput(field, `${field} has at most ${mostArguments} entries; it has ${given.length}.`)
  const values = new Map<string, string>()
  for (const [index, { key, value }] of given.entries()) {
    if (!/^[A-Za-z][\w-]{0,62}$/.test(key))
      throw badInput(`${field}[${index}].key`, `${field}: a key is a letter and up to 62 letters, digits, "_" and "-".`)
    if (values.has(key)) throw badInput(`${field}[${index}].key`, `${field}: the key "${key}" is there more than once.`)
    if (value.length > longestValue || !value.isWellFormed() || value.includes('\0'))
      throw badInput(
        `${field}[${index}].value`,
        `${field}: a value is valid Unicode without NUL, of at most ${longestValue} characters.`,
      )
    values.set(key, value)
  }
  return Object.fromEntries(values)
}

function requireIdempotencyKey(key: string): void {
  if (key === '' || key.length > longestIdempotencyKey || !key.isWellFormed() || key.includes('\0'))
    throw badInput('input.idempotencyKey', `input.idempotencyKey is valid Unicode of 1 to ${longestIdempotencyKey} characters.`)
}
