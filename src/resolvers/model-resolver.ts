import { Arg, Args, Ctx, FieldResolver, Int, Mutation, Query, Resolver, Root } from 'type-graphql'
import { requireProject, visibleProject } from '../access.js'
import type { Context } from '../context.js'
import type { ModelAliasRow, ModelRow, ModelStage, ModelTagRow, ModelVersionRow } from '../datasources/catalog/model-rows.js'
import type { ProjectRow, Role } from '../datasources/catalog/tables.js'
import { notFound } from '../errors.js'
import { canonicalName } from '../naming-policy.js'
import { setModelAlias } from '../operations/set-model-alias.js'
import { updateModel } from '../operations/update-model.js'
import { KeyValue } from '../schema/key-value.js'
import { Model, ModelAlias, UpdateModelInput } from '../schema/model.js'
import { ModelStageEnum, ModelVersion, ModelVersionConnection } from '../schema/model-version.js'
import { type ConnectionSource, PageArgs, pageOf, toConnection } from '../schema/paging.js'
import { Project } from '../schema/project.js'

@Resolver(() => Model)
export class ModelResolver {
  @Query(() => Model, { nullable: true, description: 'A model by name; null when it does not exist or you may not see it.' })
  async model(
    @Ctx() context: Context,
    @Arg('project', { description: "The project's name." }) projectName: string,
    @Arg('name', { description: 'In any letter case.' }) name: string,
  ): Promise<ModelRow | null> {
    const project = await visibleProject(context, projectName)
    return project && ((await context.datasources.catalog.models.find(project.id, canonicalName('MODEL', name))) ?? null)
  }

  @Mutation(() => Model, { description: 'Changes the description or the tags of a model.' })
  async updateModel(
    @Ctx() context: Context,
    @Arg('input', { description: 'The model, and what changes.' }) input: UpdateModelInput,
  ): Promise<ModelRow> {
    const model = await requireModel(context, input, 'EDITOR', 'input.')
    await updateModel(context.datasources, model, input)
    return modelNow(context, model.id)
  }

  @Mutation(() => Model, {
    description:
      'Points an alias to a version, in place of the one before, in one step; without a version it takes the alias away.',
  })
  async setModelAlias(
    @Ctx() context: Context,
    @Arg('project', { description: "The project's name." }) project: string,
    @Arg('model', { description: "The model's name." }) name: string,
    @Arg('alias', { description: '1 to 255 letters, digits, "_" and "-"; not "latest", nor "v" and a number.' }) alias: string,
    @Arg('version', () => Int, { nullable: true, description: 'The number of the version; null: the alias goes.' })
    version?: number | null,
  ): Promise<ModelRow> {
    const model = await requireModel(context, { project, model: name }, 'EDITOR')
    await setModelAlias(context.datasources, model, alias, version ?? null)
    return modelNow(context, model.id)
  }

  @FieldResolver(() => Project, { description: 'The project that it belongs to.' })
  project(@Root() model: ModelRow, @Ctx() { loaders }: Context): Promise<ProjectRow | null> {
    return loaders.project.load(model.projectId)
  }

  @FieldResolver(() => [KeyValue], { description: 'What people noted of it, by key.' })
  tags(@Root() model: ModelRow, @Ctx() { loaders }: Context): Promise<ModelTagRow[]> {
    return loaders.tagsOfModel.load(model.id)
  }

  @FieldResolver(() => ModelVersionConnection, { description: 'Its versions, the highest number first.' })
  async versions(
    @Root() { id }: ModelRow,
    @Ctx() { loaders }: Context,
    @Args() args: PageArgs,
    @Arg('stage', () => [ModelStageEnum], { nullable: true, description: 'Only those in one of these; null: all.' })
    stage?: ModelStage[] | null,
  ): Promise<ConnectionSource<ModelVersionRow>> {
    const stages = stage ?? null
    const page = await loaders.versionsOfModel.load({ parentId: id, ...pageOf(args), stages })
    return toConnection(page, () => loaders.versionCountOfModel.load({ parentId: id, stages }))
  }

  @FieldResolver(() => ModelVersion, { nullable: true, description: 'One version by its number; null when there is none.' })
  version(
    @Root() { id }: ModelRow,
    @Ctx() { loaders }: Context,
    @Arg('number', () => Int, { description: '1 for the first.' }) number: number,
  ): Promise<ModelVersionRow | null> {
    return loaders.modelVersionByNumber.load({ modelId: id, version: number })
  }

  @FieldResolver(() => ModelVersion, {
    nullable: true,
    description: 'The version with the highest number, of those in a stage or of all; null when there is none.',
  })
  async latestVersion(
    @Root() { id }: ModelRow,
    @Ctx() { loaders }: Context,
    @Arg('stage', () => ModelStageEnum, { nullable: true, description: 'Only versions in it; null: all.' })
    stage?: ModelStage | null,
  ): Promise<ModelVersionRow | null> {
    const page = await loaders.versionsOfModel.load({ parentId: id, first: 1, after: null, stages: stage ? [stage] : null })
    return page.rows[0] ?? null
  }

  @FieldResolver(() => [ModelAlias], { description: 'Names of single versions, by alias.' })
  aliases(@Root() model: ModelRow, @Ctx() { loaders }: Context): Promise<ModelAliasRow[]> {
    return loaders.aliasesOfModel.load(model.id)
  }
}

@Resolver(() => ModelAlias)
export class ModelAliasResolver {
  @FieldResolver(() => ModelVersion, { description: 'The version that it means now.' })
  version(@Root() alias: ModelAliasRow, @Ctx() { loaders }: Context): Promise<ModelVersionRow | null> {
    return loaders.modelVersion.load(alias.modelVersionId)
  }
}

/** @param prefix before the names of the arguments at fault @throws UNAUTHENTICATED, NOT_FOUND, FORBIDDEN */
async function requireModel(
  context: Context,
  { project: projectName, model: name }: { project: string; model: string },
  role: Role,
  prefix = '',
): Promise<ModelRow> {
  const project = await requireProject(context, projectName, role, `${prefix}project`)
  const model = await context.datasources.catalog.models.find(project.id, canonicalName('MODEL', name))
  if (!model) throw notFound(`The model "${name}"`, `${prefix}model`)
  return model
}

async function modelNow(context: Context, id: string): Promise<ModelRow> {
  context.forgetLoaded()
  return (await context.loaders.model.load(id))!
}
