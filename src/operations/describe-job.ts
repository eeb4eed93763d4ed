// Puts together what the compute backend gets for one attempt of a step: all of it pinned by the run.
import type { DeploymentStepRow, DeploymentVersionRow } from '../datasources/catalog/deployment-rows.js'
import type { PipelineRunRow, PipelineStepRow } from '../datasources/catalog/pipeline-rows.js'
import type { JobFile, JobSubmission } from '../datasources/compute/job-runner.js'
import type { Datasources } from '../datasources/datasources.js'
import { DhuoError } from '../errors.js'

/** What does not change in the life of a run. */
export interface PinnedDeployment {
  name: string
  projectName: string
  isDeleted: boolean
  version: DeploymentVersionRow
  /** By name. */
  steps: ReadonlyMap<string, DeploymentStepRow>
}

export async function readPinnedDeployment(
  { catalog }: Pick<Datasources, 'catalog'>,
  { id, projectId, deploymentId, deploymentVersion }: PipelineRunRow,
): Promise<PinnedDeployment> {
  const [pinned, [project]] = await Promise.all([
    catalog.pipelineRuns.findPinned(deploymentId, deploymentVersion),
    catalog.projects.byIds([projectId]),
  ])
  if (!pinned || !project) throw new Error(`The deployment of ${id} is gone.`)
  const { deployment, version, steps } = pinned
  return {
    name: deployment.name,
    projectName: project.name,
    isDeleted: deployment.status === 'DELETED',
    version,
    steps: new Map(steps.map((step) => [step.name, step])),
  }
}

/** @param url where the script reaches this server */
export async function describeJob(
  datasources: Datasources,
  run: PipelineRunRow,
  pinned: PinnedDeployment,
  step: PipelineStepRow,
  { secret, url }: { secret: string | null; url: string },
): Promise<JobSubmission> {
  const { version, projectName } = pinned
  const rule = pinned.steps.get(step.name)
  if (!rule) throw new Error(`The deployment of ${run.id} has no step ${step.name}.`)
  const modelUri = await modelUriOf(datasources, version.modelVersionId)
  const given = JSON.parse(run.arguments) as Record<string, string>
  return {
    key: `${run.id}/${step.id}/${step.attempt}`,
    displayName: `${projectName}/${pinned.name}#${run.number}/${step.name}`,
    script: await fileOf(datasources, rule.scriptObjectId),
    arguments: [
      ...(JSON.parse(rule.arguments) as string[]),
      ...Object.entries(given).flatMap(([name, value]) => [`--${name}`, value]),
    ],
    archive:
      version.archiveObjectId === null
        ? null
        : { ...(await fileOf(datasources, version.archiveObjectId)), sha256: version.archiveSha256! },
    environment: {
      DHUO_URL: url,
      DHUO_PROJECT: projectName,
      DHUO_PIPELINE_RUN: run.id,
      DHUO_STEP: step.name,
      ...(secret !== null && { DHUO_ACCESS_KEY: secret }),
      ...(modelUri !== null && { DHUO_MODEL_URI: modelUri }),
    },
    cluster: version.cluster,
    timeoutSeconds: rule.timeoutSeconds,
  }
}

async function fileOf({ catalog, storage }: Datasources, objectId: string): Promise<JobFile> {
  const [object] = await catalog.storedObjects.byIds([objectId])
  const [bucket] = object ? await catalog.buckets.byIds([object.bucketId]) : []
  if (!object || !bucket) throw new DhuoError('PRECONDITION_FAILED', 'A file of the deployment is gone.')
  const location = { bucket: bucket.name, key: object.key, version: object.version }
  return {
    name: object.key.slice(object.key.lastIndexOf('/') + 1),
    localFile: await storage.localFile(location),
    open: () => storage.read(location),
  }
}

async function modelUriOf({ catalog }: Datasources, modelVersionId: string | null): Promise<string | null> {
  if (modelVersionId === null) return null
  const [version] = await catalog.modelVersions.byIds([modelVersionId])
  const [model] = version ? await catalog.models.byIds([version.modelId]) : []
  return version && model ? `models:/${model.name}/${version.version}` : null
}
