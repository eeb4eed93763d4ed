import { Arg, Args, Ctx, FieldResolver, Mutation, Query, Resolver, Root } from 'type-graphql'
import { requireProject, visible } from '../access.js'
import type { Context } from '../context.js'
import type { BucketRow, ProjectRow, StoredObjectRow } from '../datasources/catalog/tables.js'
import { badInput } from '../errors.js'
import { canonicalName } from '../naming-policy.js'
import { createBucket } from '../operations/create-bucket.js'
import { Bucket, CreateBucketInput } from '../schema/bucket.js'
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
    return visible(context, await context.loaders.bucketByName.load(canonicalName('BUCKET', name)))
  }

  @Mutation(() => Bucket, { description: 'Makes a bucket.' })
  async createBucket(
    @Ctx() context: Context,
    @Arg('input', { description: 'The project, the purpose, and perhaps a name.' }) input: CreateBucketInput,
  ): Promise<BucketRow> {
    const project = await requireProject(context, input.project, 'EDITOR', 'input.project')
    return createBucket(context.datasources, project, input.purpose, input.name ?? null)
  }

  @FieldResolver(() => Project, { description: 'The project that it belongs to.' })
  project(@Root() bucket: BucketRow, @Ctx() { loaders }: Context): Promise<ProjectRow | null> {
    return loaders.project.load(bucket.projectId)
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
