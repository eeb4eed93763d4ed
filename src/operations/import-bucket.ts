// Takes a bucket that the storage has already into a project, with what lies in it.
import { newId } from '../datasources/catalog/node-id.js'
import type { BucketPurpose, BucketRow, ProjectRow } from '../datasources/catalog/tables.js'
import type { Datasources } from '../datasources/datasources.js'
import { DhuoError } from '../errors.js'
import { inTermsOf } from './in-terms-of.js'
import { type BucketSync, requireExisting, requirePrefix, syncBucket } from './sync-bucket.js'

export interface BucketImport {
  project: ProjectRow
  /** As the storage has it. */
  name: string
  purpose: BucketPurpose
  prefix: string
  createdBy: string
}

/**
 * When it breaks off halfway the project has the bucket, and `syncBucket` goes on.
 * @param ownBuckets those that the server keeps work of all projects in
 * @throws PRECONDITION_FAILED, NOT_FOUND, CONFLICT
 */
export async function importBucket(
  datasources: Datasources,
  ownBuckets: readonly string[],
  input: BucketImport,
): Promise<BucketSync> {
  const { project, name, purpose, prefix, createdBy } = input
  const existing = requireExisting(datasources)
  requirePrefix(prefix)
  const conflict = (why: string) => new DhuoError('CONFLICT', `The bucket "${name}" ${why}.`, { field: 'input.name' })
  if (ownBuckets.includes(name)) throw conflict("is this server's own: what all projects run passes through it")
  const taken = conflict('belongs to a project already')
  if ((await datasources.catalog.buckets.byNames([name])).length > 0) throw taken
  await inTermsOf({ bucket: 'input.name' }, existing.adopt(name, { project: project.name, purpose }))
  const bucket: BucketRow = { id: newId('bucket'), projectId: project.id, name, purpose, createdAt: new Date().toISOString() }
  if (!(await datasources.catalog.buckets.insert(bucket))) throw taken
  return syncBucket(datasources, bucket, prefix, createdBy, { isNew: true })
}
