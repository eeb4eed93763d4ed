// Starts the runs whose time has come: each tick one run, however many servers look, and one for all ticks that were missed.
import { tickAfter, tickUntil } from '../cron-schedule.js'
import type { DeploymentRow } from '../datasources/catalog/deployment-rows.js'
import type { Datasources } from '../datasources/datasources.js'
import { isDhuoError } from '../errors.js'
import type { Logger } from '../logger.js'
import type { Publisher } from '../pubsub/topics.js'
import { startPipelineRun } from './start-pipeline-run.js'

const batch = 100

/** Fires all that is due; what fails for a reason that may pass is tried again by the next call. */
export async function fireSchedules(
  datasources: Pick<Datasources, 'catalog'>,
  publisher: Publisher,
  log: Logger,
  now = new Date(),
): Promise<void> {
  for (const deployment of await datasources.catalog.deployments.due(now.toISOString(), batch)) {
    const fields = { deployment: deployment.id, tick: deployment.nextRunAt }
    await fire(datasources, publisher, deployment, now).catch((error: unknown) => {
      log.warn({ err: error, ...fields }, 'a schedule did not fire')
    })
  }
}

/**
 * The run first, then the next tick: a server that dies in between leaves the tick due, and whoever fires it again gets the
 * run that is there, for a tick has one run.
 */
async function fire(
  datasources: Pick<Datasources, 'catalog'>,
  publisher: Publisher,
  deployment: DeploymentRow,
  now: Date,
): Promise<void> {
  const schedule = { cron: deployment.cron!, timezone: deployment.timezone }
  const latest = tickUntil(schedule, now)
  // The tick that it waited for, unless others have passed since.
  const scheduledFor = latest !== null && latest > deployment.nextRunAt! ? latest : deployment.nextRunAt!
  try {
    await startPipelineRun(datasources, publisher, {
      deploymentId: deployment.id,
      arguments: [],
      trigger: 'SCHEDULE',
      scheduledFor,
      idempotencyKey: null,
      createdBy: null,
    })
  } catch (error) {
    // Of a deployment that cannot run (it could not be packaged), the tick passes; anything else may pass itself.
    if (!isDhuoError(error) || !['PRECONDITION_FAILED', 'NOT_FOUND'].includes(error.code)) throw error
    await datasources.catalog.deployments.advanceTick(deployment, tickAfter(schedule, now))
    throw error
  }
  await datasources.catalog.deployments.advanceTick(deployment, tickAfter(schedule, now))
}
