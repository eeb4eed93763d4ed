// Puts together what the compute backend gets for one attempt of a step: all of it pinned by the run.
import type { PipelineRunRow, PipelineStepRow } from '../datasources/catalog/pipeline-rows.js'
import type { JobFile, JobSubmission } from '../datasources/compute/job-runner.js'
import type { Datasources } from '../datasources/datasources.js'
import { DhuoError } from '../errors.js'
import type { PinnedDeployment } from './read-pinned-deployment.js'

/** @param url where the script reaches this server */
export async function describeJob(
  datasources: Datasources,
  run: PipelineRunRow,
  pinned: PinnedDeployment,
  step: PipelineStepRow,
  { secret, url, mayBeKnown }: { secret: string | null; url: string; mayBeKnown: boolean },
): Promise<JobSubmission> {
  const { deployment, version, steps } = pinned
  const [project] = await datasources.catalog.projects.byIds([run.projectId])
  const projectName = project!.name
  const rule = steps.find(({ name }) => name === step.name)
  if (!rule) throw new Error(`The deployment of ${run.id} has no step ${step.name}.`)
  const modelUri = await modelUriOf(datasources, version.modelVersionId)
  const given = JSON.parse(run.arguments) as Record<string, string>
  return {
    key: `${run.id}/${step.id}/${step.attempt}`,
    mayBeKnown,
    displayName: `${projectName}/${deployment.name}#${run.number}/${step.name}`,
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
      DHUO_ATTEMPT: String(step.attempt),
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
