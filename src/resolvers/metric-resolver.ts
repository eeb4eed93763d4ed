import { Arg, Args, Ctx, Extensions, FieldResolver, Float, ID, Resolver, Root, Subscription } from 'type-graphql'
import { requireRow } from '../access.js'
import { whileVisible } from '../access-of-streams.js'
import type { Context } from '../context.js'
import type { RunRow } from '../datasources/catalog/experiment-rows.js'
import type { ReadMetricRow } from '../datasources/catalog/metric-store.js'
import type { LoggedMetric } from '../pubsub/topics.js'
import { Metric, MetricConnection, numberOf } from '../schema/metric.js'
import { type ConnectionSource, PageArgs, pageOf, toConnection } from '../schema/paging.js'
import { Run } from '../schema/run.js'

/** A point is a small thing, and a chart wants thousands. */
const mostPoints = 10_000

@Resolver(() => Run)
export class MetricResolver {
  @FieldResolver(() => [Metric], {
    description: 'The latest point of each metric, by key: the highest step, then the newest timestamp, then the largest value.',
  })
  async metrics(@Root() run: RunRow, @Ctx() { loaders }: Context): Promise<Metric[]> {
    return (await loaders.metricsOfRun.load(run.id)).map((row) => new Metric(row))
  }

  @FieldResolver(() => Float, {
    nullable: true,
    description: 'The latest value of one metric; null when it was not logged, and for NaN and the infinities.',
  })
  async metric(
    @Root() run: RunRow,
    @Ctx() { loaders }: Context,
    @Arg('key', { description: 'Exactly.' }) key: string,
  ): Promise<number | null> {
    const row = await loaders.metricOfRun.load({ runId: run.id, key })
    return row && numberOf(row)
  }

  @FieldResolver(() => MetricConnection, {
    description: 'Every point of one metric, by timestamp, step and value. `first` may be up to 10000 here.',
  })
  async metricHistory(
    @Root() { id }: RunRow,
    @Ctx() { loaders }: Context,
    @Arg('key', { description: 'Exactly.' }) key: string,
    @Args() args: PageArgs,
  ): Promise<ConnectionSource<Metric>> {
    const { rows, hasNextPage, cursorOf } = await loaders.metricHistory.load({ parentId: id, key, ...pageOf(args, mostPoints) })
    const page = {
      rows: rows.map((row) => new Metric(row)),
      hasNextPage,
      cursorOf: ({ row }: Metric<ReadMetricRow>) => cursorOf(row),
    }
    return toConnection(page, async () => (await loaders.pointCount.load({ runId: id, key }))?.count ?? 0)
  }

  @Extensions({ stream: 'live' })
  @Subscription(() => Metric, {
    description:
      'The points of a run as they are logged, in that order; those logged before are in `metricHistory`. It ends with BACKEND_UNAVAILABLE when some may have been missed.',
    subscribe: ({ args, context }) => loggedPoints(context, args['run'], args['keys'] ?? null),
  })
  metricLogged(
    @Root() point: LoggedMetric,
    @Arg('run', () => ID, { description: 'The id of the run.' }) _run: string,
    @Arg('keys', () => [String], { nullable: true, description: 'Only these metrics; without it, all.' })
    _keys?: string[] | null,
  ): Metric {
    return new Metric(point)
  }
}

/** @throws UNAUTHENTICATED, NOT_FOUND */
async function loggedPoints(context: Context, runId: string, keys: string[] | null): Promise<AsyncGenerator<LoggedMetric>> {
  const run = await requireRow(context, await context.loaders.run.load(runId), 'VIEWER', 'The run', 'run')
  // From here on nothing is missed: the acknowledgement of the subscription comes after.
  const batches = await context.events.subscribe('metricsLogged', runId, context.signal)
  return pointsIn(whileVisible(context, run.projectId, batches), keys && new Set(keys))
}

async function* pointsIn(
  batches: AsyncGenerator<{ points: LoggedMetric[] }>,
  keys: ReadonlySet<string> | null,
): AsyncGenerator<LoggedMetric> {
  for await (const { points } of batches) for (const point of points) if (!keys || keys.has(point.key)) yield point
}
