// Makes a bucket of a project, named after its project and purpose.
import { newId } from '../datasources/catalog/node-id.js'
import type { BucketPurpose, BucketRow, ProjectRow } from '../datasources/catalog/tables.js'
import type { Datasources } from '../datasources/datasources.js'
import { badInput, DhuoError } from '../errors.js'
import { defaultBucketName, requireName } from '../naming-policy.js'
import { inTermsOf } from './in-terms-of.js'

/** @throws BAD_USER_INPUT, CONFLICT when the name is taken */
export async function createBucket(
  { catalog, storage }: Datasources,
  project: ProjectRow,
  purpose: BucketPurpose,
  wantedName: string | null,
): Promise<BucketRow> {
  const prefix = defaultBucketName(project.name, purpose)
  const name = requireName('BUCKET', wantedName ?? prefix, 'input.name')
  if (name !== prefix && !name.startsWith(`${prefix}-`))
    throw badInput(
      'input.name',
      `input.name: A bucket of this project for this purpose is named "${prefix}" or "${prefix}-<more>".`,
    )
  const taken = new DhuoError('CONFLICT', `The bucket "${name}" exists.`, { field: 'input.name' })
  if ((await catalog.buckets.byNames([name])).length > 0) throw taken

  await inTermsOf({ bucket: 'input.name' }, storage.createBucket(name, { project: project.name, purpose }))
  const bucket: BucketRow = { id: newId('bucket'), projectId: project.id, name, purpose, createdAt: new Date().toISOString() }
  if (!(await catalog.buckets.insert(bucket))) throw taken
  return bucket
}
