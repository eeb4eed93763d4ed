// Makes a deployment or its next version: what runs, pinned to the bytes and the model version of this moment.
import { requireCron, requireTimezone, tickAfter } from '../cron-schedule.js'
import type { ClusterSize, DeploymentKind, DeploymentRow, DeploymentVersionRow } from '../datasources/catalog/deployment-rows.js'
import type { ScheduleChange } from '../datasources/catalog/deployment-store.js'
import { newId } from '../datasources/catalog/node-id.js'
import type { ProjectRow, StoredObjectRow } from '../datasources/catalog/tables.js'
import type { Datasources } from '../datasources/datasources.js'
import { badInput, DhuoError, notFound } from '../errors.js'
import { requireName } from '../naming-policy.js'
import { requireRequirements } from '../requirements-text.js'
import { requireText } from '../tracking-rules.js'
import { requireLibraries } from './check-libraries.js'
import { type NewStep, requireSteps } from './check-steps.js'
import { resolveModelUri } from './resolve-model-uri.js'

export interface NewDeployment {
  project: ProjectRow
  name: string
  kind: DeploymentKind
  cluster: ClusterSize
  steps: readonly NewStep[]
  requirements: string | null
  libraries: readonly StoredObjectRow[]
  modelUri: string | null
  /** Null: the schedule that it has stays as it is. */
  cron: string | null
  timezone: string
  /** Whether the schedule fires. */
  isEnabled: boolean
  idempotencyKey: string | null
  createdBy: string
}

const longestIdempotencyKey = 200

/**
 * With an idempotency key that made a version of this deployment before: that deployment, and nothing is made.
 * @throws BAD_USER_INPUT, NOT_FOUND the model version, CONFLICT the deployment is of the other kind
 */
export async function deploy(
  { catalog, compute }: Pick<Datasources, 'catalog' | 'compute'>,
  input: NewDeployment,
): Promise<DeploymentRow> {
  const { project, kind, modelUri, idempotencyKey } = input
  const name = requireName('DEPLOYMENT', input.name, 'input.name')
  const steps = requireSteps(input.steps, kind)
  const requirements = input.requirements === null ? null : requireRequirements(input.requirements, 'input.requirements')
  requireLibraries(input.libraries)
  const now = new Date()
  const schedule = scheduleOf(input, now)
  if (idempotencyKey !== null) requireText(idempotencyKey, longestIdempotencyKey, 'input.idempotencyKey')
  if (idempotencyKey === '') throw badInput('input.idempotencyKey', 'input.idempotencyKey must not be empty.')

  const createdAt = now.toISOString()
  const isPackaged =
    requirements === null && input.libraries.length === 0 && (kind === 'ONLINE' || !compute.supports.applications)
  return catalog.transaction(async (stores) => {
    const { deployments, deploymentVersions } = stores
    const existing = await deployments.find(project.id, name)
    if (existing && idempotencyKey !== null)
      if (await deploymentVersions.findByIdempotencyKey(existing.id, idempotencyKey)) return existing
    if (existing && existing.kind !== kind)
      throw new DhuoError('CONFLICT', `The deployment "${name}" is ${existing.kind} and stays so: take another name.`, {
        field: 'input.kind',
      })
    const model = modelUri === null ? null : await resolveModelUri(stores, project.id, modelUri, 'input.modelUri')
    if (modelUri !== null && !model) throw notFound(`The model version ${modelUri}`, 'input.modelUri')

    const status = isPackaged ? 'READY' : 'PACKAGING'
    const made = { id: newId('deployment'), projectId: project.id, name, kind, createdAt }
    const deployment = await deployments.takeVersion(made, status)
    const { id: deploymentId, version } = deployment
    const row: DeploymentVersionRow = {
      deploymentId,
      version,
      status,
      statusDetail: null,
      cluster: input.cluster,
      requirements,
      archiveObjectId: null,
      archiveSha256: null,
      archivePackages: null,
      archiveBuiltAt: null,
      archiveKey: null,
      packagingUntil: null,
      modelVersionId: model?.id ?? null,
      idempotencyKey,
      createdBy: input.createdBy,
      createdAt,
    }
    await deploymentVersions.insert(
      row,
      steps.map((step, position) => ({ ...step, deploymentId, version, position })),
      input.libraries.map(({ id: objectId }, position) => ({ deploymentId, version, position, objectId })),
    )
    if (schedule) await deployments.setSchedule(deploymentId, schedule, createdAt)
    return { ...deployment, ...schedule }
  })
}

function scheduleOf({ cron, timezone, kind, isEnabled }: NewDeployment, now: Date): ScheduleChange | null {
  const zone = requireTimezone(timezone, 'input.timezone')
  if (cron === null) return null
  if (kind === 'ONLINE') throw badInput('input.cron', 'input.cron: an ONLINE deployment runs when it is called, not by a clock.')
  return scheduleFrom(requireCron(cron, 'input.cron'), zone, isEnabled, now)
}

export const scheduleFrom = (cron: string, timezone: string, isEnabled: boolean, now: Date): ScheduleChange => ({
  cron,
  timezone,
  scheduleEnabled: isEnabled ? 1 : 0,
  nextRunAt: isEnabled ? tickAfter({ cron, timezone }, now) : null,
})
