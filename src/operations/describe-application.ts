// Puts together what the compute backend keeps for a version of a deployment: its scripts and its archive, all of it pinned.
import type { JobApplication, JobFile } from '../datasources/compute/job-runner.js'
import type { Datasources } from '../datasources/datasources.js'
import { DhuoError } from '../errors.js'
import type { PinnedDeployment } from './read-pinned-deployment.js'

type Stored = Pick<Datasources, 'catalog' | 'storage'>

/** @throws PRECONDITION_FAILED a file is gone */
export async function describeApplication(
  datasources: Stored,
  { deployment, version, steps }: PinnedDeployment,
): Promise<{ application: JobApplication; projectName: string; scriptOf(step: string): JobFile }> {
  const [project] = await datasources.catalog.projects.byIds([deployment.projectId])
  const projectName = project!.name
  const { archiveObjectId, archiveSha256, cluster } = version
  const objectIds = new Set([...steps.map(({ scriptObjectId }) => scriptObjectId), ...(archiveObjectId ? [archiveObjectId] : [])])
  const files = await filesOf(datasources, [...objectIds])
  const scripts = new Map(steps.map(({ name, scriptObjectId }) => [name, files.get(scriptObjectId)!]))
  return {
    projectName,
    scriptOf: (step) => scripts.get(step)!,
    application: {
      key: deployment.id,
      displayName: `${projectName}/${deployment.name}`,
      applicationId: deployment.applicationId,
      scripts: [...scripts.values()],
      archive: archiveObjectId === null ? null : { ...files.get(archiveObjectId)!, sha256: archiveSha256! },
      cluster,
    },
  }
}

/** It may be another one than before: somebody has removed that. */
export async function noteApplication(
  { catalog }: Stored,
  application: JobApplication | null,
  applicationId: string | null,
): Promise<void> {
  if (application !== null && application.applicationId !== applicationId)
    await catalog.deployments.setApplication(application.key, applicationId)
}

async function filesOf({ catalog, storage }: Stored, objectIds: readonly string[]): Promise<Map<string, JobFile>> {
  const objects = await catalog.storedObjects.byIds(objectIds)
  const buckets = new Map(
    (await catalog.buckets.byIds([...new Set(objects.map(({ bucketId }) => bucketId))])).map((bucket) => [
      bucket.id,
      bucket.name,
    ]),
  )
  const files = new Map<string, JobFile>()
  for (const { id, bucketId, key, version, sha256 } of objects) {
    const bucket = buckets.get(bucketId)
    if (bucket === undefined) continue
    const location = { bucket, key, version }
    files.set(id, {
      name: key.slice(key.lastIndexOf('/') + 1),
      localFile: await storage.localFile(location),
      sha256,
      open: () => storage.read(location),
    })
  }
  if (objectIds.some((id) => !files.has(id))) throw new DhuoError('PRECONDITION_FAILED', 'A file of the deployment is gone.')
  return files
}
