import { Arg, Ctx, Extensions, FieldResolver, ID, Int, Mutation, Query, Resolver, Root, Subscription } from 'type-graphql'
import { requireProject, requireRow, signedDownloadUrl, visibleProject, visibleUser } from '../access.js'
import { whileVisible } from '../access-of-streams.js'
import type { Context } from '../context.js'
import type { RunRow } from '../datasources/catalog/experiment-rows.js'
import type { ModelRow, ModelVersionRow, ModelVersionTagRow, StageTransitionRow } from '../datasources/catalog/model-rows.js'
import type { ProjectRow, StoredObjectRow, UserRow } from '../datasources/catalog/tables.js'
import { badInput, notFound } from '../errors.js'
import { canonicalName } from '../naming-policy.js'
import { deleteModelVersion } from '../operations/delete-model-version.js'
import { resolveModelUri } from '../operations/resolve-model-uri.js'
import { saveModel } from '../operations/save-model.js'
import { transitionModelVersion } from '../operations/transition-model-version.js'
import { updateModelVersion } from '../operations/update-model-version.js'
import type { Messages } from '../pubsub/topics.js'
import { KeyValue } from '../schema/key-value.js'
import { Model } from '../schema/model.js'
import {
  ModelVersion,
  SaveModelInput,
  StageTransition,
  TransitionModelVersionInput,
  UpdateModelVersionInput,
} from '../schema/model-version.js'
import { Run } from '../schema/run.js'
import { URLText } from '../schema/scalars.js'
import { StoredObject } from '../schema/stored-object.js'
import { User } from '../schema/user.js'
import { requireObjects } from './require-objects.js'

const mostFiles = 1_000

@Resolver(() => ModelVersion)
export class ModelVersionResolver {
  @Query(() => ModelVersion, {
    nullable: true,
    description: 'The version that a URI means; null when there is none, or you may not see it.',
  })
  async modelVersion(
    @Ctx() context: Context,
    @Arg('project', { description: "The project's name." }) projectName: string,
    @Arg('uri', {
      description:
        'models:/NAME/VERSION, models:/NAME/STAGE, models:/NAME/latest or models:/NAME@ALIAS. Stages in any case; of several versions in a stage, the highest.',
    })
    uri: string,
  ): Promise<ModelVersionRow | null> {
    const project = await visibleProject(context, projectName)
    return project && resolveModelUri(context.datasources.catalog, project.id, uri, 'uri')
  }

  @Mutation(() => ModelVersion, {
    description: 'Registers objects as the next version of a model, which is made when it is new; whole or not at all.',
  })
  async saveModel(
    @Ctx() context: Context,
    @Arg('input', { description: 'The model, the files, and what is known of them.' }) input: SaveModelInput,
  ): Promise<ModelVersionRow> {
    const project = await requireProject(context, input.project, 'EDITOR', 'input.project')
    const run = await requireRun(context, project, input.run ?? null)
    const objects = await requireObjects(context, project.id, input.objects, { field: 'input.objects', most: mostFiles })
    const saved = await saveModel(
      context.datasources,
      context.events,
      {
        project,
        model: input.model,
        objects,
        runId: run?.id ?? null,
        stage: input.stage ?? 'NONE',
        modelType: input.modelType ?? null,
        requirements: input.requirements ?? null,
        description: input.description ?? null,
        tags: input.tags ?? [],
        createdBy: context.viewer!.user.id,
      },
      context.signal,
    )
    return versionNow(context, saved.id)
  }

  @Mutation(() => ModelVersion, { description: 'Changes the description or the tags of a model version.' })
  async updateModelVersion(
    @Ctx() context: Context,
    @Arg('input', { description: 'The version, and what changes.' }) input: UpdateModelVersionInput,
  ): Promise<ModelVersionRow> {
    const version = await requireVersion(context, input.id, 'input.id')
    await updateModelVersion(context.datasources, version, input)
    return versionNow(context, version.id)
  }

  @Mutation(() => ModelVersion, {
    description: 'Moves a model version to a stage, perhaps in place of those that are in it: in one step, seen by all at once.',
  })
  async transitionModelVersion(
    @Ctx() context: Context,
    @Arg('input', { description: 'The version and the stage.' }) input: TransitionModelVersionInput,
  ): Promise<ModelVersionRow> {
    const version = await requireVersion(context, input.id, 'input.id')
    const change = { to: input.stage, archiveExisting: input.archiveExisting ?? false, by: context.viewer!.user.id }
    await transitionModelVersion(context.datasources, context.events, version, change)
    return versionNow(context, version.id)
  }

  @Mutation(() => Boolean, {
    description:
      'Deletes a model version and the aliases that point to it; its number is not used again. True. PRECONDITION_FAILED: something uses it, `extensions.usedBy` says what.',
  })
  async deleteModelVersion(
    @Ctx() context: Context,
    @Arg('id', () => ID, { description: 'The id of the version.' }) id: string,
  ): Promise<boolean> {
    await deleteModelVersion(context.datasources, await requireVersion(context, id, 'id'))
    context.forgetLoaded()
    return true
  }

  @Extensions({ stream: 'live' })
  @Subscription(() => ModelVersion, {
    description:
      'Every model version of a project that is saved or changes stage from now on, as it is then. It ends with BACKEND_UNAVAILABLE when some may have been missed.',
    subscribe: ({ args, context }: { args: { project: string; model?: string | null }; context: Context }) =>
      versionChanges(context, args.project, args.model ?? null),
  })
  modelVersionChanged(
    @Root() version: ModelVersionRow,
    @Arg('project', { description: "The project's name." }) _project: string,
    @Arg('model', () => String, { nullable: true, description: 'Only versions of this model; null: of all.' })
    _model?: string | null,
  ): ModelVersionRow {
    return version
  }

  @FieldResolver(() => Model, { description: 'The model that it is a version of.' })
  model(@Root() version: ModelVersionRow, @Ctx() { loaders }: Context): Promise<ModelRow | null> {
    return loaders.model.load(version.modelId)
  }

  @FieldResolver(() => Run, { nullable: true, description: 'The run that made it.' })
  async run(@Root() version: ModelVersionRow, @Ctx() { loaders }: Context): Promise<RunRow | null> {
    return version.runId === null ? null : loaders.run.load(version.runId)
  }

  @FieldResolver(() => String, { description: 'models:/NAME/VERSION' })
  async uri(@Root() version: ModelVersionRow, @Ctx() { loaders }: Context): Promise<string> {
    return `models:/${(await loaders.model.load(version.modelId))!.name}/${version.version}`
  }

  @FieldResolver(() => [String], { description: 'The aliases that mean it now.' })
  async aliases(@Root() version: ModelVersionRow, @Ctx() { loaders }: Context): Promise<string[]> {
    return (await loaders.aliasesOfModelVersion.load(version.id)).map(({ alias }) => alias)
  }

  @FieldResolver(() => [KeyValue], { description: 'What people noted of it, by key.' })
  tags(@Root() version: ModelVersionRow, @Ctx() { loaders }: Context): Promise<ModelVersionTagRow[]> {
    return loaders.tagsOfModelVersion.load(version.id)
  }

  @FieldResolver(() => [StoredObject], { description: 'Its files, as they were when it was saved.' })
  files(@Root() version: ModelVersionRow, @Ctx() { loaders }: Context): Promise<StoredObjectRow[]> {
    return loaders.filesOfModelVersion.load(version.id)
  }

  @FieldResolver(() => URLText, {
    description: 'Serves its one file, or a ZIP of all of them, for a while. It carries your permission: treat it as a secret.',
  })
  async downloadUrl(
    @Root() version: ModelVersionRow,
    @Ctx() context: Context,
    @Arg('expiresIn', () => Int, { nullable: true, defaultValue: 900, description: 'Seconds: 1 to 86400.' }) expiresIn?:
      | number
      | null,
  ): Promise<string> {
    const files = await context.loaders.filesOfModelVersion.load(version.id)
    const [file] = files
    if (file && files.length === 1) {
      const fileName = file.key.slice(file.key.lastIndexOf('/') + 1)
      return signedDownloadUrl(context, `/files/objects/${file.id}/${encodeURIComponent(fileName)}`, expiresIn ?? 900)
    }
    const { name } = (await context.loaders.model.load(version.modelId))!
    return signedDownloadUrl(context, `/files/models/${version.id}/${name}-v${version.version}.zip`, expiresIn ?? 900)
  }

  @FieldResolver(() => [StageTransition], { description: 'Every move to another stage, the first one first.' })
  stageHistory(@Root() version: ModelVersionRow, @Ctx() { loaders }: Context): Promise<StageTransitionRow[]> {
    return loaders.transitionsOfModelVersion.load(version.id)
  }
}

@Resolver(() => Run)
export class RunModelVersionsResolver {
  @FieldResolver(() => [ModelVersion], { description: 'Model versions that it made, the oldest first.' })
  modelVersions(@Root() run: RunRow, @Ctx() { loaders }: Context): Promise<ModelVersionRow[]> {
    return loaders.modelVersionsOfRun.load(run.id)
  }
}

@Resolver(() => StageTransition)
export class StageTransitionResolver {
  @FieldResolver(() => User, { nullable: true, description: 'Who moved it, or something into its place.' })
  async by(@Root() transition: StageTransitionRow, @Ctx() context: Context): Promise<UserRow | null> {
    return transition.by === null ? null : visibleUser(context, await context.loaders.user.load(transition.by))
  }
}

const requireVersion = async (context: Context, id: string, field: string): Promise<ModelVersionRow> =>
  requireRow(context, await context.loaders.modelVersion.load(id), 'EDITOR', 'The model version', field)

async function requireRun(context: Context, project: ProjectRow, id: string | null): Promise<RunRow | null> {
  if (id === null) return null
  const run = await requireRow(context, await context.loaders.run.load(id), 'VIEWER', 'The run', 'input.run')
  if (run.projectId !== project.id) throw badInput('input.run', 'input.run must be a run of the same project.')
  return run
}

async function versionNow(context: Context, id: string): Promise<ModelVersionRow> {
  context.forgetLoaded()
  return (await context.loaders.modelVersion.load(id))!
}

/** @throws UNAUTHENTICATED, NOT_FOUND before the stream begins */
async function versionChanges(
  context: Context,
  projectName: string,
  modelName: string | null,
): Promise<AsyncIterable<ModelVersionRow>> {
  const project = await requireProject(context, projectName, 'VIEWER')
  const { models } = context.datasources.catalog
  const model = modelName === null ? null : await models.find(project.id, canonicalName('MODEL', modelName))
  if (modelName !== null && !model) throw notFound(`The model "${modelName}"`, 'model')
  const changes = await context.events.subscribe('modelVersionChanged', project.id, context.signal)
  return changedVersions(context, model?.id ?? null, whileVisible(context, project.id, changes))
}

async function* changedVersions(
  context: Context,
  modelId: string | null,
  changes: AsyncIterable<Messages['modelVersionChanged']>,
): AsyncGenerator<ModelVersionRow, void> {
  for await (const change of changes) {
    if (modelId !== null && change.modelId !== modelId) continue
    context.forgetLoaded()
    const version = await context.loaders.modelVersion.load(change.modelVersionId)
    // It may have been deleted since.
    if (version) yield version
  }
}
