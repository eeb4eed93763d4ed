import { Arg, Args, Ctx, FieldResolver, ID, Mutation, Resolver, Root } from 'type-graphql'
import { requireRow, requireViewer, visibleUser } from '../access.js'
import { actorOf } from '../authentication.js'
import type { Context } from '../context.js'
import type {
  ExperimentRow,
  Lifecycle,
  RunInputRow,
  RunParamRow,
  RunRow,
  RunStatus,
  RunTagRow,
} from '../datasources/catalog/experiment-rows.js'
import type { ModelVersionRow } from '../datasources/catalog/model-rows.js'
import type { DatasetRow, StoredObjectRow, UserRow } from '../datasources/catalog/tables.js'
import { createRun } from '../operations/create-run.js'
import { finishRun } from '../operations/finish-run.js'
import { checkBatch, logBatch } from '../operations/log-batch.js'
import { setRunLifecycle } from '../operations/set-run-lifecycle.js'
import { Dataset } from '../schema/dataset.js'
import { Experiment } from '../schema/experiment.js'
import { KeyValue } from '../schema/key-value.js'
import { LifecycleEnum } from '../schema/lifecycle.js'
import { ModelVersion } from '../schema/model-version.js'
import { type ConnectionSource, PageArgs, pageOf, toConnection } from '../schema/paging.js'
import { CreateRunInput, LogBatchInput, Run, RunConnection, RunInput, RunStatusEnum } from '../schema/run.js'
import { StoredObject } from '../schema/stored-object.js'
import { User } from '../schema/user.js'

const mostArtifacts = 1_000

@Resolver(() => Run)
export class RunResolver {
  @Mutation(() => Run, { description: 'Begins a run. PRECONDITION_FAILED: the experiment is deleted.' })
  async createRun(
    @Ctx() context: Context,
    @Arg('input', { description: 'The experiment, and what is known at the start.' }) input: CreateRunInput,
  ): Promise<RunRow> {
    const { name = null, startedAt = null, parent = null, params, tags, inputs } = input
    const found = await context.loaders.experiment.load(input.experiment)
    const experiment = await requireRow(context, found, 'EDITOR', 'The experiment', 'input.experiment')
    const entries = { params: params ?? [], tags: tags ?? [], inputs: inputs ?? [] }
    const actor = actorOf(requireViewer(context))
    return createRun(context.datasources, experiment, { ...entries, name, startedAt, parentId: parent, actor })
  }

  @Mutation(() => Run, {
    description:
      'Logs metrics, params, tags and inputs of a run, all of them or nothing. A run that is finished takes more. CONFLICT: a param is there with another value. PRECONDITION_FAILED: the run is deleted.',
  })
  async logBatch(
    @Ctx() context: Context,
    @Arg('input', { description: 'The run, and what it has to tell.' }) input: LogBatchInput,
  ): Promise<RunRow> {
    requireViewer(context)
    const { metrics, params, tags, inputs } = input
    const entries = checkBatch({ metrics: metrics ?? [], params: params ?? [], tags: tags ?? [], inputs: inputs ?? [] })
    await requireRun(context, input.run, 'input.run')
    const run = await logBatch(context.datasources, context.events, input.run, entries)
    context.forgetLoaded()
    return run
  }

  @Mutation(() => Run, { description: 'Says how a run ended. Saying the same again changes nothing.' })
  async finishRun(
    @Ctx() context: Context,
    @Arg('id', () => ID, { description: 'The id of the run.' }) id: string,
    @Arg('status', () => RunStatusEnum, {
      nullable: true,
      defaultValue: 'FINISHED',
      description: 'FINISHED, FAILED or KILLED.',
    })
    status?: RunStatus | null,
  ): Promise<RunRow> {
    await requireRun(context, id, 'id')
    const run = await finishRun(context.datasources, id, status ?? 'FINISHED')
    context.forgetLoaded()
    return run
  }

  @Mutation(() => Run, {
    description:
      'Deletes or restores a run. Nothing of it is lost. PRECONDITION_FAILED: its experiment is deleted, and comes back with all its runs.',
  })
  async setRunLifecycle(
    @Ctx() context: Context,
    @Arg('id', () => ID, { description: 'The id of the run.' }) id: string,
    @Arg('lifecycle', () => LifecycleEnum, { description: 'DELETED deletes it, ACTIVE restores it.' }) lifecycle: Lifecycle,
  ): Promise<RunRow> {
    await requireRun(context, id, 'id')
    const run = await setRunLifecycle(context.datasources, id, lifecycle)
    context.forgetLoaded()
    return run
  }

  @FieldResolver(() => Experiment, { description: 'The experiment that it belongs to.' })
  experiment(@Root() run: RunRow, @Ctx() { loaders }: Context): Promise<ExperimentRow | null> {
    return loaders.experiment.load(run.experimentId)
  }

  @FieldResolver(() => User, { nullable: true, description: 'Who began it; null when you may not see them.' })
  async user(@Root() run: RunRow, @Ctx() context: Context): Promise<UserRow | null> {
    return run.userId === null ? null : visibleUser(context, await context.loaders.user.load(run.userId))
  }

  @FieldResolver(() => [KeyValue], { description: 'What it was called with, by key.' })
  params(@Root() run: RunRow, @Ctx() { loaders }: Context): Promise<RunParamRow[]> {
    return loaders.paramsOfRun.load(run.id)
  }

  @FieldResolver(() => String, { nullable: true, description: 'One parameter; null when it was not logged.' })
  async param(
    @Root() run: RunRow,
    @Ctx() { loaders }: Context,
    @Arg('key', { description: 'Exactly.' }) key: string,
  ): Promise<string | null> {
    return (await loaders.paramOfRun.load({ runId: run.id, key }))?.value ?? null
  }

  @FieldResolver(() => [KeyValue], { description: 'What people noted of it, by key.' })
  tags(@Root() run: RunRow, @Ctx() { loaders }: Context): Promise<RunTagRow[]> {
    return loaders.tagsOfRun.load(run.id)
  }

  @FieldResolver(() => [StoredObject], {
    description:
      'What it left: the objects with keys `runs/<id of the run>/…` in any bucket of the project, by key, 1000 at most. Upload them there.',
  })
  artifacts(
    @Root() run: RunRow,
    @Ctx() { loaders }: Context,
    @Arg('path', () => String, {
      nullable: true,
      defaultValue: '',
      description: 'Only keys that go on with it: `plots/` for a folder.',
    })
    path?: string | null,
  ): Promise<StoredObjectRow[]> {
    return loaders.artifactsOfRun.load({ parentId: run.id, path: path ?? '', limit: mostArtifacts })
  }

  @FieldResolver(() => [Dataset], { description: 'The datasets that it read, as they are now.' })
  async inputs(@Root() run: RunRow, @Ctx() { loaders }: Context): Promise<(DatasetRow | Error | null)[]> {
    const inputs = await loaders.inputsOfRun.load(run.id)
    return loaders.dataset.loadMany(inputs.map(({ datasetId }) => datasetId))
  }

  @FieldResolver(() => [RunInput], { description: 'The datasets that it read, with the version that each had then.' })
  inputVersions(@Root() run: RunRow, @Ctx() { loaders }: Context): Promise<RunInputRow[]> {
    return loaders.inputsOfRun.load(run.id)
  }

  @FieldResolver(() => [ModelVersion], { description: 'The versions of models that were saved from it.' })
  modelVersions(@Root() run: RunRow, @Ctx() { loaders }: Context): Promise<ModelVersionRow[]> {
    return loaders.modelVersionsOfRun.load(run.id)
  }

  @FieldResolver(() => Run, { nullable: true, description: 'The run that it is a part of.' })
  async parent(@Root() run: RunRow, @Ctx() { loaders }: Context): Promise<RunRow | null> {
    return run.parentId === null ? null : loaders.run.load(run.parentId)
  }

  @FieldResolver(() => RunConnection, { description: 'The active runs that are parts of it, the first first.' })
  async children(@Root() { id }: RunRow, @Ctx() { loaders }: Context, @Args() args: PageArgs): Promise<ConnectionSource<RunRow>> {
    const page = await loaders.childrenOfRun.load({ parentId: id, ...pageOf(args) })
    return toConnection(page, () => loaders.childCountOfRun.load(id))
  }
}

@Resolver(() => RunInput)
export class RunInputResolver {
  @FieldResolver(() => Dataset, { description: 'The dataset as it is now.' })
  dataset(@Root() input: RunInputRow, @Ctx() { loaders }: Context): Promise<DatasetRow | null> {
    return loaders.dataset.load(input.datasetId)
  }

  @FieldResolver({ description: 'The version of the dataset when it was logged.' })
  version(@Root() input: RunInputRow): number {
    return input.datasetVersion
  }
}

const requireRun = async (context: Context, id: string, field: string): Promise<RunRow> =>
  requireRow(context, await context.loaders.run.load(id), 'EDITOR', 'The run', field)
