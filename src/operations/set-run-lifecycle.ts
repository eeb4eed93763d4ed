// Deletes or restores a run. What it logged stays either way.
import type { Lifecycle, RunRow } from '../datasources/catalog/experiment-rows.js'
import type { Datasources } from '../datasources/datasources.js'
import { DhuoError, notFound } from '../errors.js'

/** @throws NOT_FOUND, PRECONDITION_FAILED the experiment is deleted: its runs come back with it only */
export async function setRunLifecycle({ catalog }: Datasources, id: string, lifecycle: Lifecycle): Promise<RunRow> {
  return catalog.transaction(async ({ experiments, runs }) => {
    const [run] = await runs.byIds([id])
    if (!run) throw notFound('The run', 'id')
    if (run.lifecycle === lifecycle) return run
    const [experiment] = await experiments.byIds([run.experimentId])
    if (experiment?.lifecycle === 'DELETED')
      throw new DhuoError('PRECONDITION_FAILED', `The experiment "${experiment.name}" is deleted: restore it first.`, {
        field: 'id',
      })
    await runs.update(id, { lifecycle })
    return { ...run, lifecycle }
  })
}
