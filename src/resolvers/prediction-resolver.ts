import { Arg, Ctx, FieldResolver, Int, Mutation, Resolver, Root } from 'type-graphql'
import { requireProject, requireRow, requireViewer, visibleUser } from '../access.js'
import { actorOf } from '../authentication.js'
import type { Context } from '../context.js'
import type { DeploymentRow } from '../datasources/catalog/deployment-rows.js'
import type { ModelVersionRow } from '../datasources/catalog/model-rows.js'
import type { PipelineRunRow, PipelineStepRow, PredictionRow } from '../datasources/catalog/pipeline-rows.js'
import type { DatasetRow, ProjectRow, UserRow } from '../datasources/catalog/tables.js'
import { badInput, DhuoError, notFound } from '../errors.js'
import { formatOf } from '../operations/object-table.js'
import { type PredictionSource, savePredictions } from '../operations/save-predictions.js'
import { rowLimit, type TableResult, tableResult } from '../operations/table-result.js'
import { Dataset } from '../schema/dataset.js'
import { Deployment } from '../schema/deployment.js'
import { ModelVersion } from '../schema/model-version.js'
import { PipelineRun } from '../schema/pipeline-run.js'
import { PipelineStep } from '../schema/pipeline-step.js'
import { Prediction, SavePredictionsInput } from '../schema/prediction.js'
import { Project } from '../schema/project.js'
import { Table } from '../schema/table.js'
import { User } from '../schema/user.js'
import { requireObjects } from './require-objects.js'

@Resolver(() => Prediction)
export class PredictionResolver {
  @Mutation(() => Prediction, {
    description: 'Adds predictions to their table as its next VERSION, whole or not at all. What is there stays.',
  })
  async savePredictions(
    @Ctx() context: Context,
    @Arg('input', { description: 'The rows, and what they came of.' }) input: SavePredictionsInput,
  ): Promise<PredictionRow> {
    const project = await requireProject(context, input.project, 'EDITOR', 'input.project')
    const source = await sourceOf(context, project, input)
    const origin = await originOf(context, project, input)
    const from = await requireInput(context, project, input.input ?? null)
    const saved = await savePredictions(
      context.datasources,
      {
        project,
        modelUri: input.modelUri,
        table: input.table,
        source,
        inputDatasetId: from?.id ?? null,
        ...origin,
        idempotencyKey: input.idempotencyKey ?? null,
        createdBy: context.viewer!.user.id,
      },
      context.signal,
    )
    context.forgetLoaded()
    return saved
  }

  @FieldResolver(() => Project, { description: 'The project that it belongs to.' })
  project(@Root() { projectId }: PredictionRow, @Ctx() { loaders }: Context): Promise<ProjectRow | null> {
    return loaders.project.load(projectId)
  }

  @FieldResolver(() => ModelVersion, { description: 'What predicted.' })
  modelVersion(@Root() { modelVersionId }: PredictionRow, @Ctx() { loaders }: Context): Promise<ModelVersionRow | null> {
    return loaders.modelVersion.load(modelVersionId)
  }

  @FieldResolver(() => Deployment, { nullable: true, description: 'The deployment whose run saved it.' })
  async deployment(@Root() { deploymentId }: PredictionRow, @Ctx() { loaders }: Context): Promise<DeploymentRow | null> {
    return deploymentId === null ? null : loaders.deployment.load(deploymentId)
  }

  @FieldResolver(() => PipelineRun, { nullable: true, description: 'The pipeline run that saved it.' })
  async pipelineRun(@Root() { pipelineRunId }: PredictionRow, @Ctx() { loaders }: Context): Promise<PipelineRunRow | null> {
    return pipelineRunId === null ? null : loaders.pipelineRun.load(pipelineRunId)
  }

  @FieldResolver(() => PipelineStep, { nullable: true, description: 'The step whose script saved it.' })
  async pipelineStep(@Root() { stepId }: PredictionRow, @Ctx() { loaders }: Context): Promise<PipelineStepRow | null> {
    return stepId === null ? null : loaders.pipelineStep.load(stepId)
  }

  @FieldResolver(() => Dataset, {
    description: 'Where its rows are: a table with the columns PREDICT, VERSION and CREATED_AT beside the features.',
  })
  output(@Root() { outputDatasetId }: PredictionRow, @Ctx() { loaders }: Context): Promise<DatasetRow | null> {
    return loaders.dataset.load(outputDatasetId)
  }

  @FieldResolver(() => Dataset, { nullable: true, description: 'What was predicted from.' })
  async input(@Root() { inputDatasetId }: PredictionRow, @Ctx() { loaders }: Context): Promise<DatasetRow | null> {
    return inputDatasetId === null ? null : loaders.dataset.load(inputDatasetId)
  }

  @FieldResolver(() => User, { nullable: true, description: 'Who saved it; null when you may not see them.' })
  async createdBy(@Root() { createdBy }: PredictionRow, @Ctx() context: Context): Promise<UserRow | null> {
    return createdBy === null ? null : visibleUser(context, await context.loaders.user.load(createdBy))
  }

  @FieldResolver(() => Table, { description: 'Rows of this VERSION only.' })
  async preview(
    @Root() prediction: PredictionRow,
    @Ctx() context: Context,
    @Arg('limit', () => Int, { nullable: true, defaultValue: 20, description: 'Rows at most: 0 to `Limits.tableRows`.' }) limit?:
      | number
      | null,
  ): Promise<TableResult> {
    const { loaders, datasources, config, signal } = context
    const [project, output] = await Promise.all([
      loaders.project.load(prediction.projectId),
      loaders.dataset.load(prediction.outputDatasetId),
    ])
    const sql = `select * from ${datasources.lakehouse.nameInSql(output!.tableName)} where VERSION = ?`
    const select = { schema: project!.name, sql, params: [prediction.version] }
    const page = { limit: rowLimit(limit, 20, config.sql.maxRows) }
    return tableResult(await datasources.lakehouse.select(select, page, signal), project!.id, { select })
  }
}

/** @throws BAD_USER_INPUT unless there is exactly one source */
async function sourceOf(context: Context, project: ProjectRow, input: SavePredictionsInput): Promise<PredictionSource> {
  const given = [input.rows, input.object, input.sql].filter((source) => source != null)
  if (given.length !== 1)
    throw badInput('input', `Give exactly one of input.rows, input.object and input.sql; there are ${given.length}.`)
  if (input.rows == null && input.columns != null)
    throw badInput('input.columns', 'input.columns names the values of input.rows; other sources have names of their own.')
  if (input.sql != null) return { sql: input.sql }
  if (input.rows != null) return { given: { columns: input.columns ?? [], rows: input.rows as unknown[][] } }
  const asked = { field: 'input.object', most: 1, placeIn: () => 'input.object' }
  const [object] = await requireObjects(context, project.id, [input.object!], asked)
  return { object: object!, format: formatOf(object!.key, input.object!.format, 'input.object.format') }
}

interface Origin {
  run: PipelineRunRow | null
  step: PipelineStepRow | null
}

/** The run and the step that are said, or whose script's key speaks. @throws BAD_USER_INPUT, NOT_FOUND, FORBIDDEN */
async function originOf(context: Context, project: ProjectRow, input: SavePredictionsInput): Promise<Origin> {
  const { loaders } = context
  const name = input.step?.toLowerCase() ?? null
  const { pipelineStepId } = actorOf(requireViewer(context))
  if (pipelineStepId !== null) {
    const step = (await loaders.pipelineStep.load(pipelineStepId))!
    for (const [field, said, own] of [
      ['input.pipelineRun', input.pipelineRun ?? null, step.pipelineRunId],
      ['input.step', name, step.name],
    ] as const)
      if (said !== null && said !== own)
        throw new DhuoError('FORBIDDEN', 'The key of a script saves for its own step only.', { field })
    return { run: await loaders.pipelineRun.load(step.pipelineRunId), step }
  }
  if (input.pipelineRun == null) {
    if (name !== null) throw badInput('input.step', 'input.step is a step of input.pipelineRun: give that too.')
    return { run: null, step: null }
  }
  const found = await loaders.pipelineRun.load(input.pipelineRun)
  const run = await requireRow(context, found, 'EDITOR', 'The pipeline run', 'input.pipelineRun')
  if (run.projectId !== project.id)
    throw badInput('input.pipelineRun', 'input.pipelineRun must be a pipeline run of the same project.')
  if (name === null) return { run, step: null }
  const step = (await loaders.stepsOfPipelineRun.load(run.id)).find((each) => each.name === name)
  if (!step) throw notFound(`The step "${input.step}"`, 'input.step')
  return { run, step }
}

async function requireInput(context: Context, project: ProjectRow, id: string | null): Promise<DatasetRow | null> {
  if (id === null) return null
  const dataset = await requireRow(context, await context.loaders.dataset.load(id), 'VIEWER', 'The dataset', 'input.input')
  if (dataset.projectId !== project.id) throw badInput('input.input', 'input.input must be a dataset of the same project.')
  return dataset
}
