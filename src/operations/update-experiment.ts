// Changes the name, the tags or the lifecycle of an experiment; its runs are deleted and restored with it.
import type { ExperimentRow, Lifecycle } from '../datasources/catalog/experiment-rows.js'
import { isUniqueViolation } from '../datasources/catalog/sql-dialect.js'
import type { Datasources } from '../datasources/datasources.js'
import { DhuoError, notFound } from '../errors.js'
import { requireName } from '../naming-policy.js'
import { type KeyValue, requireExperimentTags } from '../tracking-rules.js'

/**
 * Restoring restores all its runs, also those that were deleted one by one before, as in MLflow.
 * @throws BAD_USER_INPUT, NOT_FOUND, CONFLICT another active experiment has the name, PRECONDITION_FAILED it is deleted and
 * the change does not restore it
 */
export async function updateExperiment(
  { catalog }: Datasources,
  input: { id: string; name: string | null; tags: readonly KeyValue[]; lifecycle: Lifecycle | null },
): Promise<ExperimentRow> {
  const wantedName = input.name === null ? null : requireName('EXPERIMENT', input.name, 'input.name')
  const tags = requireExperimentTags(input.tags, 'input.tags')
  let name = wantedName
  try {
    return await catalog.transaction(async ({ experiments, runs }) => {
      const [experiment] = await experiments.byIds([input.id])
      if (!experiment) throw notFound('The experiment', 'input.id')
      name = wantedName ?? experiment.name
      const lifecycle = input.lifecycle ?? experiment.lifecycle
      const isOtherwise = name !== experiment.name || tags.length > 0
      if (experiment.lifecycle === 'DELETED' && lifecycle === 'DELETED' && isOtherwise) throw isDeleted(experiment)

      await experiments.setTags(experiment.id, tags)
      if (name === experiment.name && lifecycle === experiment.lifecycle) return experiment
      const change = { name, lifecycle, updatedAt: new Date().toISOString() }
      await experiments.update(experiment.id, change)
      if (lifecycle !== experiment.lifecycle) await runs.setLifecycleOfAll(experiment.id, lifecycle)
      return { ...experiment, ...change }
    })
  } catch (error) {
    if (!isUniqueViolation(error)) throw error
    const field = wantedName === null ? 'input.lifecycle' : 'input.name'
    throw new DhuoError('CONFLICT', `Another active experiment is named "${name}": give another name.`, { field, cause: error })
  }
}

const isDeleted = ({ name }: ExperimentRow): DhuoError =>
  new DhuoError('PRECONDITION_FAILED', `The experiment "${name}" is deleted: restore it first, with the lifecycle ACTIVE.`, {
    field: 'input.id',
  })
