import { Arg, Args, Ctx, FieldResolver, Mutation, Query, Resolver, Root } from 'type-graphql'
import { requireProject, requireRow, visibleProject } from '../access.js'
import type { Context } from '../context.js'
import type { ExperimentRow, ExperimentTagRow, Lifecycle, RunRow } from '../datasources/catalog/experiment-rows.js'
import type { ProjectRow } from '../datasources/catalog/tables.js'
import { canonicalName } from '../naming-policy.js'
import { createExperiment } from '../operations/create-experiment.js'
import { updateExperiment } from '../operations/update-experiment.js'
import { CreateExperimentInput, Experiment, type Goal, GoalEnum, UpdateExperimentInput } from '../schema/experiment.js'
import { KeyValue } from '../schema/key-value.js'
import { LifecycleEnum } from '../schema/lifecycle.js'
import { type ConnectionSource, PageArgs, pageOf, toConnection } from '../schema/paging.js'
import { Project } from '../schema/project.js'
import { Run, RunConnection } from '../schema/run.js'

@Resolver(() => Experiment)
export class ExperimentResolver {
  @Query(() => Experiment, {
    nullable: true,
    description: 'An active experiment by name; null when there is none or you may not see it.',
  })
  async experiment(
    @Ctx() context: Context,
    @Arg('project', { description: "The project's name." }) projectName: string,
    @Arg('name', { description: 'In any letter case.' }) name: string,
  ): Promise<ExperimentRow | null> {
    const project = await visibleProject(context, projectName)
    const { experiments } = context.datasources.catalog
    return (project && (await experiments.findActive(project.id, canonicalName('EXPERIMENT', name)))) ?? null
  }

  @Mutation(() => Experiment, {
    description: 'Makes an experiment, or returns the active one that has the name: however many ask at once, there is one.',
  })
  async createExperiment(
    @Ctx() context: Context,
    @Arg('input', { description: 'The project, the name, and perhaps tags.' }) input: CreateExperimentInput,
  ): Promise<ExperimentRow> {
    const { id } = await requireProject(context, input.project, 'EDITOR', 'input.project')
    return createExperiment(context.datasources, { projectId: id, name: input.name, tags: input.tags ?? [] })
  }

  @Mutation(() => Experiment, {
    description:
      'Renames, tags, deletes or restores an experiment. CONFLICT: another active one has the name. PRECONDITION_FAILED: it is deleted, and is not restored by this.',
  })
  async updateExperiment(
    @Ctx() context: Context,
    @Arg('input', { description: 'Which, and what to change.' }) input: UpdateExperimentInput,
  ): Promise<ExperimentRow> {
    const { id, name = null, tags, lifecycle = null } = input
    await requireRow(context, await context.loaders.experiment.load(id), 'EDITOR', 'The experiment', 'input.id')
    const experiment = await updateExperiment(context.datasources, { id, name, tags: tags ?? [], lifecycle })
    context.forgetLoaded()
    return experiment
  }

  @FieldResolver(() => Project, { description: 'The project that it belongs to.' })
  project(@Root() experiment: ExperimentRow, @Ctx() { loaders }: Context): Promise<ProjectRow | null> {
    return loaders.project.load(experiment.projectId)
  }

  @FieldResolver(() => [KeyValue], { description: 'What people noted of it, by key.' })
  tags(@Root() experiment: ExperimentRow, @Ctx() { loaders }: Context): Promise<ExperimentTagRow[]> {
    return loaders.tagsOfExperiment.load(experiment.id)
  }

  @FieldResolver(() => RunConnection, { description: 'Its runs; the newest first unless you order them.' })
  async runs(
    @Root() { id: parentId }: ExperimentRow,
    @Ctx() { loaders }: Context,
    @Args() args: PageArgs,
    @Arg('filter', () => String, {
      nullable: true,
      description: "MLflow's search language: `metrics.rmse < 1 and params.depth = '3'`.",
    })
    filter?: string | null,
    @Arg('orderBy', () => [String], { nullable: true, description: 'For example `metrics.rmse ASC`; the first counts most.' })
    orderBy?: string[] | null,
    @Arg('lifecycle', () => LifecycleEnum, {
      nullable: true,
      defaultValue: 'ACTIVE',
      description: 'Which runs: those in use, or those that are deleted.',
    })
    lifecycle?: Lifecycle | null,
  ): Promise<ConnectionSource<RunRow>> {
    const wanted = { parentId, filter: filter ?? null, lifecycle: lifecycle ?? 'ACTIVE' }
    const page = await loaders.runsOfExperiment.load({ ...wanted, orderBy: orderBy ?? [], ...pageOf(args) })
    return toConnection(page, () => loaders.runCountOfExperiment.load(wanted))
  }

  @FieldResolver(() => Run, {
    nullable: true,
    description: 'The active run whose latest value of a metric is best; null when none has the metric. NaN is never best.',
  })
  bestRun(
    @Root() { id: parentId }: ExperimentRow,
    @Ctx() { loaders }: Context,
    @Arg('metric', { description: 'The key of the metric.' }) metric: string,
    @Arg('goal', () => GoalEnum, { nullable: true, defaultValue: 'MAXIMIZE', description: 'Which values are better.' })
    goal?: Goal | null,
  ): Promise<RunRow | null> {
    return loaders.bestRunOfExperiment.load({ parentId, metric, goal: goal ?? 'MAXIMIZE' })
  }
}
