// Sets, pauses or removes the schedule of a deployment.
import { requireCron, requireTimezone } from '../cron-schedule.js'
import type { DeploymentRow } from '../datasources/catalog/deployment-rows.js'
import type { Datasources } from '../datasources/datasources.js'
import { badInput, DhuoError } from '../errors.js'
import { scheduleFrom } from './deploy.js'

export interface WantedSchedule {
  /** Null removes it. */
  cron: string | null
  timezone: string
  isEnabled: boolean
}

/** Ticks before now are no longer missed: it counts from this moment. @throws BAD_USER_INPUT, PRECONDITION_FAILED it was deleted */
export async function setSchedule(
  { catalog }: Pick<Datasources, 'catalog'>,
  { id, name, kind }: DeploymentRow,
  { cron, timezone, isEnabled }: WantedSchedule,
): Promise<void> {
  const zone = requireTimezone(timezone, 'timezone')
  if (cron !== null && kind === 'ONLINE')
    throw badInput('cron', 'cron: an ONLINE deployment runs when it is called, not by a clock.')
  const now = new Date()
  const off = { cron: null, timezone: 'UTC', scheduleEnabled: 0, nextRunAt: null } as const
  const schedule = cron === null ? off : scheduleFrom(requireCron(cron, 'cron'), zone, isEnabled, now)
  if (!(await catalog.deployments.setSchedule(id, schedule, now.toISOString())))
    throw new DhuoError('PRECONDITION_FAILED', `The deployment "${name}" was deleted.`, { field: 'deployment' })
}
