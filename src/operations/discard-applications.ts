// Removes from the compute backend what it keeps for deployments that were deleted.
import type { Datasources } from '../datasources/datasources.js'
import type { Logger } from '../logger.js'

const atOnce = 100

/** What the backend does not answer to is tried again by the next turn. */
export async function discardApplications({ catalog, compute }: Datasources, log: Logger): Promise<void> {
  for (const { id, applicationId } of await catalog.deployments.discardable(atOnce))
    try {
      await compute.discard({ key: id, applicationId })
      await catalog.deployments.setApplication(id, null)
    } catch (error) {
      log.warn({ err: error, deployment: id }, 'the application of a deleted deployment stays')
    }
}
