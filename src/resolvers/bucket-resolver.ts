import { Arg, Args, Ctx, FieldResolver, Mutation, Query, Resolver, Root } from 'type-graphql'
import { findBucket, requireAdmin, requireBucket, requireProject, visible } from '../access.js'
import type { Context } from '../context.js'
import type { BucketRow, ProjectRow, StoredObjectRow } from '../datasources/catalog/tables.js'
import { badInput } from '../errors.js'
import { checkName } from '../naming-policy.js'
import { createBucket } from '../operations/create-bucket.js'
import { importBucket } from '../operations/import-bucket.js'
import { inTermsOf } from '../operations/in-terms-of.js'
import { type BucketSync, syncBucket } from '../operations/sync-bucket.js'
import { Bucket, BucketSyncResult, CreateBucketInput, ImportBucketInput } from '../schema/bucket.js'
import { PageArgs, pageOf } from '../schema/paging.js'
import { Project } from '../schema/project.js'
import { ObjectConnection, StoredObject } from '../schema/stored-object.js'

/** What OCI Object Storage lists in one call. */
const mostObjects = 1000

@Resolver(() => Bucket)
export class BucketResolver {
  @Query(() => Bucket, { nullable: true, description: 'A bucket by name; null when it does not exist or you may not see it.' })
  async bucket(
    @Ctx() context: Context,
    @Arg('name', { description: 'Unique among all projects.' }) name: string,
  ): Promise<BucketRow | null> {
    return visible(context, await findBucket(context, name))
  }

  @Mutation(() => Bucket, { description: 'Makes a bucket. CONFLICT: it exists.' })
  async createBucket(
    @Ctx() context: Context,
    @Arg('input', { description: 'The project, the purpose, and perhaps a name.' }) input: CreateBucketInput,
  ): Promise<BucketRow> {
    const project = await requireProject(context, input.project, 'EDITOR', 'input.project')
    return createBucket(context.datasources, project, input.purpose, input.name ?? null)
  }

  @Mutation(() => BucketSyncResult, {
    description:
      "Takes a bucket that the storage has already into a project, with what lies in it; from then on it keeps every version. For administrators: the server may see buckets that are nobody's business here.",
  })
  async importBucket(
    @Ctx() context: Context,
    @Arg('input', { description: 'The project, the bucket, and what it is for.' }) input: ImportBucketInput,
  ): Promise<BucketSync> {
    const { user } = requireAdmin(context)
    const project = await requireProject(context, input.project, 'OWNER', 'input.project')
    const { name, purpose, prefix } = input
    context.forgetLoaded()
    const wanted = { project, name, purpose, prefix: prefix ?? '', createdBy: user.id }
    return inTermsOf({ prefix: 'input.prefix' }, importBucket(context.datasources, context.config.ownBuckets, wanted))
  }

  @Mutation(() => BucketSyncResult, {
    description:
      'Looks for what came into a bucket by other ways than this API, and went: a job that wrote files there, a person with the console of OCI.',
  })
  async syncBucket(
    @Ctx() context: Context,
    @Arg('bucket', { description: "The bucket's name." }) bucketName: string,
    @Arg('prefix', () => String, { nullable: true, defaultValue: '', description: 'Only keys that begin with it.' }) prefix?:
      | string
      | null,
  ): Promise<BucketSync> {
    const bucket = await requireBucket(context, bucketName, 'EDITOR')
    return syncBucket(context.datasources, bucket, prefix ?? '', context.viewer!.user.id)
  }

  @FieldResolver(() => Project, { description: 'The project that it belongs to.' })
  project(@Root() bucket: BucketRow, @Ctx() { loaders }: Context): Promise<ProjectRow | null> {
    return loaders.project.load(bucket.projectId)
  }

  @FieldResolver(() => String, {
    nullable: true,
    description: 'Which rule of the naming policy its name breaks, as that of an imported one may; null when it breaks none.',
  })
  namingProblem(@Root() bucket: BucketRow): string | null {
    return checkName('BUCKET', bucket.name).reason
  }

  @FieldResolver(() => StoredObject, { nullable: true, description: 'What is under a key now; null when nothing is.' })
  async object(
    @Root() bucket: BucketRow,
    @Ctx() { datasources }: Context,
    @Arg('key', { description: 'Exactly.' }) key: string,
  ): Promise<StoredObjectRow | null> {
    return (await datasources.catalog.storedObjects.findCurrent(bucket.id, key)) ?? null
  }

  @FieldResolver(() => ObjectConnection, { description: 'What is in it, by key, byte by byte. `first` may be up to 1000 here.' })
  async objects(
    @Root() bucket: BucketRow,
    @Ctx() { datasources }: Context,
    @Args() args: PageArgs,
    @Arg('prefix', () => String, { nullable: true, defaultValue: '', description: 'Only keys that begin with it.' }) prefix?:
      | string
      | null,
    @Arg('delimiter', () => String, {
      nullable: true,
      description: 'One character, usually "/": keys that hold it after the prefix are rolled up into `commonPrefixes`.',
    })
    delimiter?: string | null,
  ): Promise<ObjectConnection> {
    if (delimiter != null && Array.from(delimiter).length !== 1) throw badInput('delimiter', 'delimiter must be one character.')
    const request = { ...pageOf(args, mostObjects), prefix: prefix ?? '', delimiter: delimiter ?? null }
    const { objects, commonPrefixes, endCursor, hasNextPage } = await datasources.catalog.storedObjects.list(bucket.id, request)
    return { nodes: objects, commonPrefixes, pageInfo: { endCursor, hasNextPage } }
  }
}

@Resolver(() => BucketSyncResult)
export class BucketSyncResolver {
  @FieldResolver(() => Bucket, { description: 'The bucket that was looked at.' })
  bucket(@Root() sync: BucketSync, @Ctx() { loaders }: Context): Promise<BucketRow | null> {
    return loaders.bucket.load(sync.bucketId)
  }
}
