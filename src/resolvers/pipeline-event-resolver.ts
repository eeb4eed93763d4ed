import type { GraphQLResolveInfo } from 'graphql'
import { Arg, Ctx, Extensions, FieldResolver, ID, Info, Int, Resolver, Root, Subscription } from 'type-graphql'
import { requireRow } from '../access.js'
import { whileVisible } from '../access-of-streams.js'
import type { Context } from '../context.js'
import type { PipelineEventRow, PipelineRunRow, PipelineStepRow } from '../datasources/catalog/pipeline-rows.js'
import { badInput } from '../errors.js'
import { PipelineEvent } from '../schema/pipeline-event.js'
import { PipelineRun } from '../schema/pipeline-run.js'
import { PipelineStep } from '../schema/pipeline-step.js'

interface Cursor {
  after?: number | null
}

@Resolver(() => PipelineEvent)
export class PipelineEventResolver {
  @Extensions({ stream: { after: 'after', place: 'sequence' } })
  @Subscription(() => PipelineEvent, {
    description:
      "Every event of one pipeline run with a higher sequence than `after`, first those that are past, then each as it happens: in order, none twice, none missing, across reconnects and restarts of servers. Completes after the run's last event. Whenever the connection ends otherwise (code 4413: too much was waiting to be read), subscribe again with `after`.",
    subscribe: ({ source, args, context }: { source?: Cursor; args: Cursor & { pipelineRun: string }; context: Context }) =>
      eventsAfter(context, args.pipelineRun, source?.after ?? args.after ?? 0),
  })
  pipelineEvents(
    @Root() event: PipelineEventRow,
    @Ctx() context: Context,
    @Info() info: GraphQLResolveInfo,
    @Arg('pipelineRun', () => ID, { description: 'The id of the run.' }) _pipelineRun: string,
    @Arg('after', () => Int, {
      nullable: true,
      defaultValue: 0,
      description: 'The sequence of the last event that you have seen; 0: from the beginning.',
    })
    _after?: number | null,
  ): PipelineEventRow {
    // Thousands of lines a second: only who looks beyond the event pays for it.
    if (looksFurther(info)) context.forgetLoaded()
    return event
  }

  @FieldResolver(() => PipelineRun, { description: 'The run, as it is now.' })
  pipelineRun(@Root() event: PipelineEventRow, @Ctx() { loaders }: Context): Promise<PipelineRunRow | null> {
    return loaders.pipelineRun.load(event.pipelineRunId)
  }

  @FieldResolver(() => PipelineStep, { nullable: true, description: 'The step that it is about, as it is now.' })
  async step(@Root() event: PipelineEventRow, @Ctx() { loaders }: Context): Promise<PipelineStepRow | null> {
    return event.stepId === null ? null : loaders.pipelineStep.load(event.stepId)
  }
}

/** @throws UNAUTHENTICATED, NOT_FOUND, BAD_USER_INPUT before the stream begins */
async function eventsAfter(context: Context, runId: string, after: number): Promise<AsyncGenerator<PipelineEventRow>> {
  if (after < 0) throw badInput('after', `after must not be negative; it is ${after}.`)
  const run = await requireRow(
    context,
    await context.loaders.pipelineRun.load(runId),
    'VIEWER',
    'The pipeline run',
    'pipelineRun',
  )
  if (run.endedAt !== null && after >= run.lastSequence) return nothing()
  return whileVisible(context, run.projectId, context.pipelineEvents.watch(runId, after, context.signal))
}

/** The last event of a run that has ended was seen already: there will be no other. */
async function* nothing(): AsyncGenerator<PipelineEventRow> {}

/** Whether anything is asked for but leaves of the event itself. */
const looksFurther = ({ fieldNodes }: GraphQLResolveInfo): boolean =>
  fieldNodes.some(({ selectionSet }) => selectionSet?.selections.some((each) => each.kind !== 'Field' || each.selectionSet))
