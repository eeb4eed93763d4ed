import { Arg, Ctx, FieldResolver, Int, Mutation, Resolver, Root } from 'type-graphql'
import { requireRow } from '../access.js'
import type { Context } from '../context.js'
import type { RunRow } from '../datasources/catalog/experiment-rows.js'
import type { PipelineRunRow, PipelineStepRow } from '../datasources/catalog/pipeline-rows.js'
import type { DatasetRow } from '../datasources/catalog/tables.js'
import { DhuoError, notFound } from '../errors.js'
import { reportStep, requireReport, type StepReport } from '../operations/report-step.js'
import { Dataset } from '../schema/dataset.js'
import { PipelineRun } from '../schema/pipeline-run.js'
import { LogLine, PipelineStep, ReportStepInput } from '../schema/pipeline-step.js'
import { Run } from '../schema/run.js'
import { BigInteger, DateTime } from '../schema/scalars.js'
import { durationOf, logPageOf, observationOf } from './pipeline-fields.js'

@Resolver(() => PipelineStep)
export class PipelineStepResolver {
  @Mutation(() => PipelineStep, {
    description:
      'What a script says of its own step, from wherever it runs; or an EDITOR for it. PRECONDITION_FAILED: the step does not run, or another attempt of it does.',
  })
  async reportStep(
    @Ctx() context: Context,
    @Arg('input', { description: 'The step, and what is to be said of it.' }) input: ReportStepInput,
  ): Promise<PipelineStepRow> {
    const found = await context.loaders.pipelineRun.load(input.pipelineRun)
    const run = await requireRow(context, found, 'EDITOR', 'The pipeline run', 'input.pipelineRun')
    const name = input.step.toLowerCase()
    const step = (await context.loaders.stepsOfPipelineRun.load(run.id)).find((each) => each.name === name)
    if (!step) throw notFound(`The step "${input.step}"`, 'input.step')
    const own = context.viewer!.key?.pipelineStepId ?? step.id
    if (own !== step.id)
      throw new DhuoError('FORBIDDEN', 'The key of a script reports on its own step only.', { field: 'input.step' })
    await reportStep(context.datasources, context.events, step.id, requireReport(reportOf(input)))
    context.forgetLoaded()
    return (await context.loaders.pipelineStep.load(step.id))!
  }

  @FieldResolver(() => PipelineRun, { description: 'The run that it is a step of.' })
  pipelineRun(@Root() step: PipelineStepRow, @Ctx() { loaders }: Context): Promise<PipelineRunRow | null> {
    return loaders.pipelineRun.load(step.pipelineRunId)
  }

  @FieldResolver(() => BigInteger, {
    nullable: true,
    description: 'From its start to its end, or until now; null before its start.',
  })
  durationMs(@Root() step: PipelineStepRow): number | null {
    return durationOf(step)
  }

  @FieldResolver(() => DateTime, {
    nullable: true,
    description:
      'When the status was last known to be so: now, where the server hears of every change by itself; on a backend that has to be asked (OCI Data Flow), when it last answered. Null before the first attempt.',
  })
  async observedAt(@Root() step: PipelineStepRow, @Ctx() { loaders }: Context): Promise<string | null> {
    return observationOf(step, (await loaders.pipelineRun.load(step.pipelineRunId))!).observedAt
  }

  @FieldResolver(() => Boolean, {
    description: 'Whether the status may be out of date: it is not final, and nobody could confirm it for more than 60 s.',
  })
  async stale(@Root() step: PipelineStepRow, @Ctx() { loaders }: Context): Promise<boolean> {
    return observationOf(step, (await loaders.pipelineRun.load(step.pipelineRunId))!).stale
  }

  @FieldResolver(() => [LogLine], { description: 'What it printed, in order, over all attempts.' })
  async logs(
    @Root() step: PipelineStepRow,
    @Ctx() { loaders }: Context,
    @Arg('after', () => Int, { nullable: true, defaultValue: 0, description: 'The number of the last line that you have.' })
    after?: number | null,
    @Arg('first', () => Int, { nullable: true, defaultValue: 1_000, description: 'How many at most: 1 to 10000.' })
    first?: number | null,
  ): Promise<LogLine[]> {
    const lines = await loaders.linesOfPipelineStep.load({ parentId: step.id, ...logPageOf(after ?? 0, first ?? 1_000) })
    return lines.map(({ number, at, stream, message }) => ({ number: number!, at, stream: stream!, text: message! }))
  }

  @FieldResolver(() => [Run], { description: 'The active runs of experiments that its script began, the first first.' })
  runs(@Root() step: PipelineStepRow, @Ctx() { loaders }: Context): Promise<RunRow[]> {
    return loaders.runsOfPipelineStep.load(step.id)
  }

  @FieldResolver(() => [Dataset], { description: 'The datasets whose newest version its script made, by name.' })
  datasets(@Root() step: PipelineStepRow, @Ctx() { loaders }: Context): Promise<DatasetRow[]> {
    return loaders.datasetsOfPipelineStep.load(step.id)
  }
}

const reportOf = ({ attempt, lines, marks, final, ...said }: ReportStepInput): StepReport => ({
  ...saidBy(said),
  attempt: attempt ?? null,
  lines: (lines ?? []).map(({ stream, ...line }) => ({ ...line, stream: stream ?? 'STDOUT' })),
  marks: (marks ?? []).map(({ number, at, ...mark }) => ({ number, at, ...saidBy(mark) })),
  isFinal: final ?? false,
})

const saidBy = ({ status, progress, message }: Pick<ReportStepInput, 'status' | 'progress' | 'message'>) => ({
  status: status ?? null,
  progress: progress ?? null,
  message: message ?? null,
})

@Resolver(() => Run)
export class RunOriginResolver {
  @FieldResolver(() => PipelineStep, { nullable: true, description: 'The step of a pipeline whose script began it.' })
  async pipelineStep(@Root() run: RunRow, @Ctx() { loaders }: Context): Promise<PipelineStepRow | null> {
    return run.pipelineStepId === null ? null : loaders.pipelineStep.load(run.pipelineStepId)
  }
}

@Resolver(() => Dataset)
export class DatasetOriginResolver {
  @FieldResolver(() => PipelineStep, {
    nullable: true,
    description: 'The step of a pipeline whose script made its newest version.',
  })
  async producedBy(@Root() dataset: DatasetRow, @Ctx() { loaders }: Context): Promise<PipelineStepRow | null> {
    return dataset.pipelineStepId === null ? null : loaders.pipelineStep.load(dataset.pipelineStepId)
  }
}
