// Reads what a pipeline run keeps from its start to its end: one version of a deployment.
import type { Stores } from '../datasources/catalog/catalog.js'
import type { DeploymentRow, DeploymentStepRow, DeploymentVersionRow } from '../datasources/catalog/deployment-rows.js'
import type { StepRule } from './plan-pipeline-run.js'

export interface PinnedDeployment {
  deployment: DeploymentRow
  version: DeploymentVersionRow
  /** In their order: what a step needs comes before it. */
  steps: readonly DeploymentStepRow[]
}

/** @param wanted null: the newest version. @returns null when there is no such deployment or version */
export async function readPinnedDeployment(
  { deployments, deploymentVersions }: Pick<Stores, 'deployments' | 'deploymentVersions'>,
  deploymentId: string,
  wanted: number | null,
): Promise<PinnedDeployment | null> {
  const [deployment] = await deployments.byIds([deploymentId])
  if (!deployment) return null
  const key = { deploymentId, version: wanted ?? deployment.version }
  const [version] = await deploymentVersions.byKeys([key])
  return version ? { deployment, version, steps: await deploymentVersions.steps([key]) } : null
}

export const ruleOf = ({ needs, maxAttempts }: { needs: string; maxAttempts: number }): StepRule => ({
  needs: JSON.parse(needs) as string[],
  maxAttempts,
})

export const isDeleted = ({ deployment }: PinnedDeployment): boolean => deployment.status === 'DELETED'

/** Why nothing of it can run; null when it can, or may once it is packaged. */
export function refusalOf(pinned: PinnedDeployment): string | null {
  const { version } = pinned
  if (version.status === 'FAILED') return `The deployment could not be packaged: ${version.statusDetail ?? 'no reason is known.'}`
  return isDeleted(pinned) && version.status === 'PACKAGING' ? 'The deployment was deleted before it was packaged.' : null
}
