// Puts together what the compute backend gets for one attempt of a step: all of it pinned by the run.
import type { PipelineRunRow, PipelineStepRow } from '../datasources/catalog/pipeline-rows.js'
import type { JobSubmission } from '../datasources/compute/job-runner.js'
import type { Datasources } from '../datasources/datasources.js'
import { describeApplication } from './describe-application.js'
import type { PinnedDeployment } from './read-pinned-deployment.js'

/**
 * @param url where the script reaches this server
 * @param mayBeKnown a server that died may have submitted it
 */
export async function describeJob(
  datasources: Datasources,
  run: PipelineRunRow,
  pinned: PinnedDeployment,
  step: PipelineStepRow,
  { secret, url, mayBeKnown }: { secret: string | null; url: string; mayBeKnown: boolean },
): Promise<JobSubmission> {
  const { deployment, version, steps } = pinned
  const rule = steps.find(({ name }) => name === step.name)
  if (!rule) throw new Error(`The deployment of ${run.id} has no step ${step.name}.`)
  const { application, projectName, scriptOf } = await describeApplication(datasources, pinned)
  const modelUri = await modelUriOf(datasources, version.modelVersionId)
  const given = JSON.parse(run.arguments) as Record<string, string>
  return {
    key: `${run.id}/${step.id}/${step.attempt}`,
    mayBeKnown,
    displayName: `${projectName}/${deployment.name}#${run.number}/${step.name}`,
    script: scriptOf(step.name),
    arguments: [
      ...(JSON.parse(rule.arguments) as string[]),
      ...Object.entries(given).flatMap(([name, value]) => [`--${name}`, value]),
    ],
    archive: application.archive,
    application,
    environment: {
      DHUO_URL: url,
      DHUO_PROJECT: projectName,
      DHUO_PIPELINE_RUN: run.id,
      DHUO_STEP: step.name,
      DHUO_ATTEMPT: String(step.attempt),
      ...(secret !== null && { DHUO_ACCESS_KEY: secret }),
      ...(modelUri !== null && { DHUO_MODEL_URI: modelUri }),
    },
    cluster: version.cluster,
    timeoutSeconds: rule.timeoutSeconds,
  }
}

async function modelUriOf({ catalog }: Datasources, modelVersionId: string | null): Promise<string | null> {
  if (modelVersionId === null) return null
  const [version] = await catalog.modelVersions.byIds([modelVersionId])
  const [model] = version ? await catalog.models.byIds([version.modelId]) : []
  return version && model ? `models:/${model.name}/${version.version}` : null
}
