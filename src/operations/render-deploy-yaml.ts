// Writes a deployment as deploy.yaml: deploying that gives the same again.
import { stringify } from 'yaml'
import type { DeploymentRow, DeploymentStepRow, DeploymentVersionRow } from '../datasources/catalog/deployment-rows.js'

export interface RenderedDeployment {
  deployment: DeploymentRow
  version: DeploymentVersionRow
  /** Each with `bucket/key` of its script. */
  steps: readonly (DeploymentStepRow & { script: string })[]
  /** `bucket/key` */
  libraries: readonly string[]
  /** models:/NAME/VERSION */
  modelUri: string | null
}

export function renderDeployYaml({ deployment, version, steps, libraries, modelUri }: RenderedDeployment): string {
  const { name, kind, cron, timezone, scheduleEnabled } = deployment
  const schedule = cron === null ? null : { cron, timezone, ...(scheduleEnabled === 0 && { enabled: false }) }
  const content = {
    name,
    kind,
    cluster: version.cluster,
    ...(modelUri !== null && { model: modelUri }),
    ...(schedule && { schedule }),
    ...(version.requirements !== null && { requirements: version.requirements }),
    ...(libraries.length > 0 && { libraries }),
    steps: steps.map((step, index) => renderStep(step, index === 0 ? [] : [steps[index - 1]!.name])),
  }
  return stringify(content, { lineWidth: 0, version: '1.2' })
}

function renderStep(step: DeploymentStepRow & { script: string }, usualNeeds: readonly string[]) {
  const { name, kind, script, maxAttempts, timeoutSeconds } = step
  const args = JSON.parse(step.arguments) as string[]
  const needs = JSON.parse(step.needs) as string[]
  return {
    name,
    kind,
    script,
    ...(args.length > 0 && { arguments: args }),
    ...(JSON.stringify(needs) !== JSON.stringify(usualNeeds) && { needs }),
    ...(maxAttempts > 1 && { maxAttempts }),
    ...(timeoutSeconds !== null && { timeoutSeconds }),
  }
}
