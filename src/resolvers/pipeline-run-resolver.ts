import { Arg, Ctx, Extensions, FieldResolver, ID, Int, Mutation, Resolver, Root, Subscription } from 'type-graphql'
import { requireProject, requireRow, visibleUser } from '../access.js'
import { whileVisible } from '../access-of-streams.js'
import type { Context } from '../context.js'
import type { PipelineEventRow, PipelineRunRow, PipelineStepRow } from '../datasources/catalog/pipeline-rows.js'
import type { ProjectRow, Role, UserRow } from '../datasources/catalog/tables.js'
import { cancelPipelineRun } from '../operations/cancel-pipeline-run.js'
import { retryPipelineRun } from '../operations/retry-pipeline-run.js'
import { startPipelineRun } from '../operations/start-pipeline-run.js'
import { KeyValue } from '../schema/key-value.js'
import { PipelineEvent } from '../schema/pipeline-event.js'
import { PipelineRun, RunDeploymentInput } from '../schema/pipeline-run.js'
import { PipelineStep } from '../schema/pipeline-step.js'
import { Project } from '../schema/project.js'
import { BigInteger } from '../schema/scalars.js'
import { User } from '../schema/user.js'
import { changedIds } from './changed-ids.js'
import { durationOf, logPageOf } from './pipeline-fields.js'

@Resolver(() => PipelineRun)
export class PipelineRunResolver {
  @Mutation(() => PipelineRun, {
    description:
      'Starts a run of the newest version of a deployment. Follow it with `pipelineEvents`. PRECONDITION_FAILED: it is ONLINE, deleted, or could not be packaged.',
  })
  async runDeployment(
    @Ctx() context: Context,
    @Arg('input', { description: 'The deployment, and what its scripts get.' }) input: RunDeploymentInput,
  ): Promise<PipelineRunRow> {
    const found = await context.loaders.deployment.load(input.deployment)
    const deployment = await requireRow(context, found, 'EDITOR', 'The deployment', 'input.deployment')
    return startPipelineRun(context.datasources, context.events, {
      deploymentId: deployment.id,
      arguments: input.arguments ?? [],
      trigger: 'MANUAL',
      scheduledFor: null,
      idempotencyKey: input.idempotencyKey ?? null,
      createdBy: context.viewer!.user.id,
    })
  }

  @Mutation(() => PipelineRun, {
    description:
      'Ends a run: what runs is ended, what has not begun is not. Ending it again changes nothing. PRECONDITION_FAILED: it has ended otherwise.',
  })
  async cancelPipelineRun(
    @Ctx() context: Context,
    @Arg('id', () => ID, { description: 'The id of the run.' }) id: string,
  ): Promise<PipelineRunRow> {
    await requireRun(context, id, 'EDITOR')
    await cancelPipelineRun(context.datasources, context.events, id)
    context.forgetLoaded()
    return (await context.loaders.pipelineRun.load(id))!
  }

  @Mutation(() => PipelineRun, {
    description:
      'Tries a run that FAILED or was CANCELED again: a new run of the same version that begins at the steps that did not succeed. A retry that has not ended is given instead of another one. PRECONDITION_FAILED: it succeeded, or has not ended.',
  })
  async retryPipelineRun(
    @Ctx() context: Context,
    @Arg('id', () => ID, { description: 'The id of the run.' }) id: string,
  ): Promise<PipelineRunRow> {
    await requireRun(context, id, 'EDITOR')
    return retryPipelineRun(context.datasources, context.events, id, context.viewer!.user.id)
  }

  @Extensions({ stream: 'live' })
  @Subscription(() => PipelineRun, {
    description:
      'Each pipeline run of a project as it is, whenever something of it has changed from now on. Changes that follow each other faster than you read are one. It ends with BACKEND_UNAVAILABLE when some may have been missed.',
    subscribe: ({ args, context }: { args: { project: string }; context: Context }) => changedRuns(context, args.project),
  })
  pipelineRunChanged(
    @Root() run: PipelineRunRow,
    @Arg('project', { description: "The project's name." }) _project: string,
  ): PipelineRunRow {
    return run
  }

  @FieldResolver(() => Project, { description: 'The project that it belongs to.' })
  project(@Root() run: PipelineRunRow, @Ctx() { loaders }: Context): Promise<ProjectRow | null> {
    return loaders.project.load(run.projectId)
  }

  @FieldResolver(() => User, {
    nullable: true,
    description: 'Who started it; null for a schedule, and when you may not see them.',
  })
  async createdBy(@Root() run: PipelineRunRow, @Ctx() context: Context): Promise<UserRow | null> {
    return run.createdBy === null ? null : visibleUser(context, await context.loaders.user.load(run.createdBy))
  }

  @FieldResolver(() => BigInteger, {
    nullable: true,
    description: 'From its start to its end, or until now; null before its start.',
  })
  durationMs(@Root() run: PipelineRunRow): number | null {
    return durationOf(run)
  }

  @FieldResolver(() => [KeyValue], { description: 'What its scripts got behind their own arguments.' })
  arguments(@Root() run: PipelineRunRow): KeyValue[] {
    return Object.entries(JSON.parse(run.arguments) as Record<string, string>).map(([key, value]) => ({ key, value }))
  }

  @FieldResolver(() => PipelineRun, { nullable: true, description: 'The run that it tries again.' })
  async retryOf(@Root() run: PipelineRunRow, @Ctx() { loaders }: Context): Promise<PipelineRunRow | null> {
    return run.retryOfId === null ? null : loaders.pipelineRun.load(run.retryOfId)
  }

  @FieldResolver(() => [PipelineStep], { description: 'Its steps, in the order of the deployment.' })
  steps(@Root() run: PipelineRunRow, @Ctx() { loaders }: Context): Promise<PipelineStepRow[]> {
    return loaders.stepsOfPipelineRun.load(run.id)
  }

  @FieldResolver(() => PipelineStep, { nullable: true, description: 'One step; null when there is none of that name.' })
  async step(
    @Root() run: PipelineRunRow,
    @Ctx() { loaders }: Context,
    @Arg('name', { description: 'In any letter case.' }) name: string,
  ): Promise<PipelineStepRow | null> {
    return (await loaders.stepsOfPipelineRun.load(run.id)).find((step) => step.name === name.toLowerCase()) ?? null
  }

  @FieldResolver(() => [PipelineEvent], { description: 'What happened, in order.' })
  events(
    @Root() run: PipelineRunRow,
    @Ctx() { loaders }: Context,
    @Arg('after', () => Int, { nullable: true, defaultValue: 0, description: 'The sequence of the last event that you have.' })
    after?: number | null,
    @Arg('first', () => Int, { nullable: true, defaultValue: 500, description: 'How many at most: 1 to 10000.' })
    first?: number | null,
  ): Promise<PipelineEventRow[]> {
    return loaders.eventsOfPipelineRun.load({ parentId: run.id, ...logPageOf(after ?? 0, first ?? 500) })
  }
}

const requireRun = async (context: Context, id: string, role: Role): Promise<PipelineRunRow> =>
  requireRow(context, await context.loaders.pipelineRun.load(id), role, 'The pipeline run', 'id')

/** @throws UNAUTHENTICATED, NOT_FOUND before the stream begins */
async function changedRuns(context: Context, projectName: string): Promise<AsyncGenerator<PipelineRunRow>> {
  const project = await requireProject(context, projectName, 'VIEWER')
  const changes = await context.events.subscribe('pipelineRunChanged', project.id, context.signal)
  return newestOf(
    context,
    whileVisible(
      context,
      project.id,
      changedIds(changes, ({ pipelineRunId }) => pipelineRunId),
    ),
  )
}

async function* newestOf(context: Context, ids: AsyncGenerator<string>): AsyncGenerator<PipelineRunRow> {
  for await (const id of ids) {
    context.forgetLoaded()
    const run = await context.loaders.pipelineRun.load(id)
    if (run) yield run
  }
}
