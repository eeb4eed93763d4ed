// Tries a pipeline run again: a new run of the same version that begins at the steps that did not succeed.
import type { PipelineRunRow } from '../datasources/catalog/pipeline-rows.js'
import type { Datasources } from '../datasources/datasources.js'
import { DhuoError, notFound } from '../errors.js'
import type { Publisher } from '../pubsub/topics.js'
import { announceDueRun, publishPipelineEvents } from './publish-pipeline-events.js'
import { readPinnedDeployment } from './read-pinned-deployment.js'
import { insertRun, requireRunnable } from './start-pipeline-run.js'

/**
 * A retry that has not ended yet is given instead of another one.
 * @throws PRECONDITION_FAILED it has not ended, or it succeeded, or its deployment is deleted; NOT_FOUND
 */
export async function retryPipelineRun(
  { catalog }: Pick<Datasources, 'catalog'>,
  publisher: Publisher,
  id: string,
  createdBy: string,
): Promise<PipelineRunRow> {
  const { run, events } = await catalog.transaction(async (stores) => {
    const [earlier] = await stores.pipelineRuns.byIds([id])
    if (!earlier) throw notFound('The pipeline run', 'id')
    if (earlier.status !== 'FAILED' && earlier.status !== 'CANCELED')
      throw new DhuoError(
        'PRECONDITION_FAILED',
        `Only a run that is FAILED or CANCELED can be tried again; this one is ${earlier.status}.`,
        { field: 'id' },
      )
    const underWay = await stores.pipelineRuns.findActiveRetry(earlier)
    if (underWay) return { run: underWay, events: [] }
    const { deploymentId, deploymentVersion } = earlier
    const pinned = await readPinnedDeployment(stores, deploymentId, deploymentVersion)
    if (!pinned) throw notFound('The deployment', 'id')
    requireRunnable(pinned)
    const done = (await stores.pipelineSteps.byRuns([id])).filter(({ status }) => status === 'SUCCEEDED')
    const detail = `It succeeded in run ${earlier.number} and was not run again.`
    const carried = new Map(
      done.map((step) => [step.name, { step, detail: step.attempt === 0 ? (step.statusDetail ?? detail) : detail }]),
    )
    const origin = { trigger: 'RETRY', scheduledFor: null, idempotencyKey: null, createdBy, retryOfId: id } as const
    return insertRun(stores, pinned, { ...origin, arguments: earlier.arguments }, carried)
  })
  publishPipelineEvents(publisher, run, events)
  announceDueRun(publisher, run.id)
  return run
}
