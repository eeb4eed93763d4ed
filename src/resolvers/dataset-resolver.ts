import { Arg, Args, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql'
import { requireBucket, requireProject, requireRow, requireViewer, visible } from '../access.js'
import { actorOf } from '../authentication.js'
import type { Context } from '../context.js'
import type { RunRow } from '../datasources/catalog/experiment-rows.js'
import type { BucketRow, DatasetRow, ProjectRow, StoredObjectRow } from '../datasources/catalog/tables.js'
import type { Column as ColumnShape, TableShape } from '../datasources/lakehouse/lakehouse.js'
import { badInput, DhuoError, notFound } from '../errors.js'
import { canonicalName } from '../naming-policy.js'
import { createDataset, type DatasetSource } from '../operations/create-dataset.js'
import { deleteDataset } from '../operations/delete-dataset.js'
import { formatOf } from '../operations/object-table.js'
import { rowLimit, type TableResult, tableResult } from '../operations/table-result.js'
import { CreateDatasetInput, Dataset } from '../schema/dataset.js'
import type { ObjectInput } from '../schema/object-input.js'
import { type ConnectionSource, PageArgs, pageOf, toConnection } from '../schema/paging.js'
import { Project } from '../schema/project.js'
import { RunConnection } from '../schema/run.js'
import { BigInteger } from '../schema/scalars.js'
import { StoredObject } from '../schema/stored-object.js'
import { Column, Table } from '../schema/table.js'

@Resolver(() => Dataset)
export class DatasetResolver {
  @Query(() => Dataset, { nullable: true, description: 'A dataset by name; null when it does not exist or you may not see it.' })
  async dataset(
    @Ctx() context: Context,
    @Arg('project', { description: "The project's name." }) projectName: string,
    @Arg('name', { description: 'In any letter case.' }) name: string,
  ): Promise<DatasetRow | null> {
    const project = await context.loaders.projectByName.load(canonicalName('PROJECT', projectName))
    const dataset = project && (await context.datasources.catalog.datasets.find(project.id, canonicalName('DATASET', name)))
    return visible(context, dataset)
  }

  @Mutation(() => Dataset, {
    description:
      'Makes a dataset, or the next version of one, whole or not at all. CONFLICT: what `mode` says does not fit what is there.',
  })
  async createDataset(
    @Ctx() context: Context,
    @Arg('input', { description: 'The name, and one source of rows.' }) input: CreateDatasetInput,
  ): Promise<DatasetRow> {
    const project = await requireProject(context, input.project, 'EDITOR', 'input.project')
    const { name, description = null } = input
    const source = await sourceOf(context, project, input)
    const mode = input.mode ?? 'CREATE'
    const actor = actorOf(requireViewer(context))
    return createDataset(context.datasources, { project, name, description, source, mode, actor }, context.signal)
  }

  @Mutation(() => Boolean, {
    description:
      'Deletes a dataset, and its table unless that was there before it. True. PRECONDITION_FAILED: runs or predictions refer to it, `extensions.usedBy` says which.',
  })
  async deleteDataset(
    @Ctx() context: Context,
    @Arg('id', () => ID, { description: 'The id of the dataset.' }) id: string,
  ): Promise<boolean> {
    const dataset = await requireRow(context, await context.loaders.dataset.load(id), 'EDITOR', 'The dataset', 'id')
    await deleteDataset(context.datasources, await projectOf(context, dataset), dataset)
    return true
  }

  @FieldResolver(() => Project, { description: 'The project that it belongs to.' })
  project(@Root() dataset: DatasetRow, @Ctx() context: Context): Promise<ProjectRow> {
    return projectOf(context, dataset)
  }

  @FieldResolver(() => String, { nullable: true, description: "Its table in the project's lakehouse schema, for SQL." })
  table(@Root() dataset: DatasetRow): string {
    return dataset.tableName
  }

  @FieldResolver(() => StoredObject, { nullable: true, description: 'The bytes it was last loaded from; null for other kinds.' })
  async object(@Root() dataset: DatasetRow, @Ctx() { loaders }: Context): Promise<StoredObjectRow | null> {
    return dataset.objectId === null ? null : loaders.storedObject.load(dataset.objectId)
  }

  @FieldResolver(() => [Column], { description: 'The columns of its table now.' })
  async columns(@Root() dataset: DatasetRow, @Ctx() context: Context): Promise<ColumnShape[]> {
    return (await shapeOf(context, dataset)).columns
  }

  @FieldResolver(() => BigInteger, { description: 'The rows of its table now.' })
  async rowCount(@Root() dataset: DatasetRow, @Ctx() context: Context): Promise<number> {
    return (await shapeOf(context, dataset)).rowCount
  }

  @FieldResolver(() => Table, { description: 'The first rows.' })
  async preview(
    @Root() dataset: DatasetRow,
    @Ctx() context: Context,
    @Arg('limit', () => Int, { nullable: true, defaultValue: 20, description: 'Rows at most: 0 to `Limits.tableRows`.' }) limit?:
      | number
      | null,
  ): Promise<TableResult> {
    const { lakehouse } = context.datasources
    const project = await projectOf(context, dataset)
    const select = { schema: project.name, sql: `select * from ${lakehouse.nameInSql(dataset.tableName)}` }
    const page = await lakehouse.select(select, { limit: rowLimit(limit, 20, context.config.sql.maxRows) }, context.signal)
    return tableResult(page, project.id, { select })
  }

  @FieldResolver(() => RunConnection, { description: 'The active runs that logged it as an input, the newest first.' })
  async usedBy(
    @Root() { id }: DatasetRow,
    @Ctx() { loaders }: Context,
    @Args() args: PageArgs,
  ): Promise<ConnectionSource<RunRow>> {
    const page = await loaders.runsOfDataset.load({ parentId: id, ...pageOf(args) })
    return toConnection(page, () => loaders.runCountOfDataset.load(id))
  }
}

const projectOf = async ({ loaders }: Context, dataset: DatasetRow): Promise<ProjectRow> =>
  (await loaders.project.load(dataset.projectId))!

async function shapeOf(context: Context, dataset: DatasetRow): Promise<TableShape> {
  const project = await projectOf(context, dataset)
  const shape = await context.loaders.tableShape.load({ schema: project.name, table: dataset.tableName })
  if (!shape)
    throw new DhuoError('PRECONDITION_FAILED', `The table "${dataset.tableName}" of the dataset "${dataset.name}" is gone.`)
  return shape
}

/** @throws BAD_USER_INPUT unless there is exactly one source */
async function sourceOf(context: Context, project: ProjectRow, input: CreateDatasetInput): Promise<DatasetSource> {
  const given = [input.object, input.sql, input.table].filter((source) => source != null)
  if (given.length !== 1)
    throw badInput('input', `Give exactly one of input.object, input.sql and input.table; there are ${given.length}.`)
  if (input.sql != null) return { sql: input.sql }
  if (input.table != null) return { table: input.table }
  const { object, bucket } = await requireObject(context, input.object!, 'input.object')
  if (bucket.projectId !== project.id)
    throw badInput('input.object.bucket', 'input.object.bucket must be a bucket of the same project.')
  return { object, format: formatOf(object.key, input.object!.format, 'input.object.format') }
}

async function requireObject(
  context: Context,
  input: ObjectInput,
  field: string,
): Promise<{ object: StoredObjectRow; bucket: BucketRow }> {
  const bucket = await requireBucket(context, input.bucket, 'VIEWER', `${field}.bucket`)
  const object = await context.datasources.catalog.storedObjects.findCurrent(bucket.id, input.key)
  if (!object) throw notFound(`The object "${input.key}" in ${bucket.name}`, `${field}.key`)
  return { object, bucket }
}
