// Begins a run of an experiment, with what is known of it at the start.
import type { ExperimentRow, RunRow } from '../datasources/catalog/experiment-rows.js'
import { newId } from '../datasources/catalog/node-id.js'
import type { Datasources } from '../datasources/datasources.js'
import { badInput, DhuoError, notFound } from '../errors.js'
import { randomRunName } from '../random-run-name.js'
import { type KeyValue, requireParams, requireRunName, requireRunTags } from '../tracking-rules.js'
import { type GivenEntries, nameTag, requireActiveRun, requireWithinLimits, writeRunEntries } from './write-run-entries.js'

export interface NewRun extends GivenEntries {
  name: string | null
  /** ISO 8601; now when it is not said. */
  startedAt: string | null
  /** The run that it is a part of. */
  parentId: string | null
  actor: { userId: string; pipelineStepId: string | null }
}

/**
 * Nobody's name is made up as MLflow does it.
 * @throws BAD_USER_INPUT, NOT_FOUND the parent or an input is not in the project, PRECONDITION_FAILED the experiment or the
 * parent is deleted
 */
export async function createRun({ catalog }: Datasources, { id }: ExperimentRow, given: NewRun): Promise<RunRow> {
  const params = requireParams(given.params, 'input.params')
  const tags = requireRunTags(given.tags, 'input.tags')
  requireWithinLimits(given, 0)
  const name = nameOf(given.name, tags)
  const runId = newId('run')
  return catalog.transaction(async (stores) => {
    const [experiment] = await stores.experiments.byIds([id])
    if (!experiment) throw notFound('The experiment', 'input.experiment')
    if (experiment.lifecycle === 'DELETED')
      throw new DhuoError('PRECONDITION_FAILED', `The experiment "${experiment.name}" is deleted: restore it first.`, {
        field: 'input.experiment',
      })
    if (given.parentId !== null) {
      const [parent] = await stores.runs.byIds([given.parentId])
      if (parent?.projectId !== experiment.projectId) throw notFound('The run', 'input.parent')
      requireActiveRun(parent, 'input.parent')
    }
    const run: RunRow = {
      id: runId,
      projectId: experiment.projectId,
      experimentId: experiment.id,
      name,
      status: 'RUNNING',
      lifecycle: 'ACTIVE',
      startedAt: given.startedAt ?? new Date().toISOString(),
      endedAt: null,
      userId: given.actor.userId,
      parentId: given.parentId,
      pipelineStepId: given.actor.pipelineStepId,
    }
    await stores.runs.insert(run)
    return writeRunEntries(stores, run, { params, tags, inputs: given.inputs, points: [] })
  })
}

function nameOf(given: string | null, tags: readonly KeyValue[]): string {
  const tagged = tags.find(({ key }) => key === nameTag)?.value ?? null
  if (given !== null && tagged !== null && given !== tagged)
    throw badInput('input.name', `input.name and the tag ${nameTag} must be the same where both are given.`)
  if (given !== null) return requireRunName(given, 'input.name')
  return tagged === null ? randomRunName() : requireRunName(tagged, 'input.tags')
}
