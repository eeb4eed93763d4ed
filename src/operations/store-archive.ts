// Keeps a dependency archive as an object of its project, under its digest, once.
import type { Readable } from 'node:stream'
import type { DeploymentRow } from '../datasources/catalog/deployment-rows.js'
import { newId } from '../datasources/catalog/node-id.js'
import type { BucketRow, ProjectRow, StoredObjectRow } from '../datasources/catalog/tables.js'
import type { Datasources } from '../datasources/datasources.js'
import { defaultBucketName } from '../naming-policy.js'
import { createBucket } from './create-bucket.js'

type Stored = Pick<Datasources, 'catalog' | 'storage'>

export async function storeArchive(
  datasources: Stored,
  { projectId }: Pick<DeploymentRow, 'projectId'>,
  sha256: string,
  open: () => Readable,
): Promise<StoredObjectRow> {
  const { catalog, storage } = datasources
  const bucket = await deploymentsBucket(datasources, (await catalog.projects.byIds([projectId]))[0]!)
  const key = `archives/${sha256}.zip`
  const there = await catalog.storedObjects.findCurrent(bucket.id, key)
  if (there?.sha256 === sha256) return there
  const contentType = 'application/zip'
  const stored = await storage.write({ id: newId('upload'), bucket: bucket.name, key, contentType }, open())
  const object: StoredObjectRow = {
    id: newId('object'),
    projectId,
    bucketId: bucket.id,
    key,
    isCurrent: 1,
    ...stored,
    contentType,
    lastModified: new Date().toISOString(),
    replacedAt: null,
    createdBy: null,
  }
  try {
    await catalog.transaction(({ storedObjects }) => storedObjects.insertCurrent(object))
  } catch (error) {
    // Where nobody knows whether the row is there, the bytes stay: an object without bytes would be worse than bytes without one.
    const isNamed = await catalog.wasCommitted(error).catch(() => true)
    if (!isNamed) await storage.remove({ bucket: bucket.name, key, version: stored.version })
    throw error
  }
  return object
}

/** `<project>-deployments`; another project may have taken that name as `<project>-<purpose>-<more>` of its own. */
async function deploymentsBucket(datasources: Stored, project: ProjectRow): Promise<BucketRow> {
  const { catalog } = datasources
  const name = defaultBucketName(project.name, 'DEPLOYMENTS')
  for (const wanted of [name, `${name}-archives`]) {
    const [bucket] = await catalog.buckets.byNames([wanted])
    if (bucket?.projectId === project.id) return bucket
    if (bucket) continue
    try {
      return await createBucket(datasources as Datasources, project, 'DEPLOYMENTS', wanted)
    } catch (error) {
      // Somebody made it at the same moment.
      const [made] = await catalog.buckets.byNames([wanted])
      if (made?.projectId === project.id) return made
      if (!made) throw error
    }
  }
  throw new Error(`the buckets ${name} and ${name}-archives belong to other projects`)
}
