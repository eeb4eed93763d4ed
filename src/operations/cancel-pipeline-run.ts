// Asks for the end of a pipeline run: whoever advances it ends its jobs and then the run.
import type { Datasources } from '../datasources/datasources.js'
import { DhuoError, notFound } from '../errors.js'
import type { Publisher } from '../pubsub/topics.js'
import { announceDueRun } from './publish-pipeline-events.js'

/** Asking again changes nothing. @throws PRECONDITION_FAILED it has ended otherwise, NOT_FOUND */
export async function cancelPipelineRun(
  { catalog }: Pick<Datasources, 'catalog'>,
  publisher: Publisher,
  id: string,
): Promise<void> {
  if (!(await catalog.pipelineRuns.requestCancel(id, new Date().toISOString()))) {
    const [run] = await catalog.pipelineRuns.byIds([id])
    if (!run) throw notFound('The pipeline run', 'id')
    if (run.status !== 'CANCELED')
      throw new DhuoError('PRECONDITION_FAILED', `The run has ended: it is ${run.status}.`, { field: 'id' })
  }
  announceDueRun(publisher, id)
}
