import { Args, Ctx, FieldResolver, Resolver, Root } from 'type-graphql'
import type { Context } from '../context.js'
import type { PredictionRow } from '../datasources/catalog/pipeline-rows.js'
import type { PredictionParent } from '../datasources/catalog/prediction-store.js'
import { Dataset } from '../schema/dataset.js'
import { Deployment } from '../schema/deployment.js'
import { ModelVersion } from '../schema/model-version.js'
import { type ConnectionSource, PageArgs, pageOf, toConnection } from '../schema/paging.js'
import { PipelineRun } from '../schema/pipeline-run.js'
import { PipelineStep } from '../schema/pipeline-step.js'
import { Prediction, PredictionConnection } from '../schema/prediction.js'
import { Project } from '../schema/project.js'

async function pageOfPredictions(
  { loaders }: Context,
  of: PredictionParent,
  { id: parentId }: { id: string },
  args: PageArgs,
): Promise<ConnectionSource<PredictionRow>> {
  const page = await loaders.predictionsOf.load({ of, parentId, ...pageOf(args) })
  return toConnection(page, () => loaders.predictionCountOf.load({ of, parentId }))
}

@Resolver(() => Project)
export class ProjectPredictionsResolver {
  @FieldResolver(() => PredictionConnection, { description: 'Predictions that were saved, the newest first.' })
  predictions(@Root() root: Project, @Ctx() context: Context, @Args() args: PageArgs): Promise<ConnectionSource<PredictionRow>> {
    return pageOfPredictions(context, 'projectId', root, args)
  }
}

@Resolver(() => Dataset)
export class DatasetPredictionsResolver {
  @FieldResolver(() => PredictionConnection, { description: 'Predictions that were written to it, the newest first.' })
  predictions(@Root() root: Dataset, @Ctx() context: Context, @Args() args: PageArgs): Promise<ConnectionSource<PredictionRow>> {
    return pageOfPredictions(context, 'outputDatasetId', root, args)
  }

  @FieldResolver(() => PredictionConnection, { description: 'Predictions that were made from it, the newest first.' })
  predictionsFrom(
    @Root() root: Dataset,
    @Ctx() context: Context,
    @Args() args: PageArgs,
  ): Promise<ConnectionSource<PredictionRow>> {
    return pageOfPredictions(context, 'inputDatasetId', root, args)
  }
}

@Resolver(() => ModelVersion)
export class ModelVersionPredictionsResolver {
  @FieldResolver(() => PredictionConnection, { description: 'What it predicted, as far as it was saved; the newest first.' })
  predictions(
    @Root() root: ModelVersion,
    @Ctx() context: Context,
    @Args() args: PageArgs,
  ): Promise<ConnectionSource<PredictionRow>> {
    return pageOfPredictions(context, 'modelVersionId', root, args)
  }
}

@Resolver(() => Deployment)
export class DeploymentPredictionsResolver {
  @FieldResolver(() => PredictionConnection, { description: 'Predictions that its runs saved, the newest first.' })
  predictions(
    @Root() root: Deployment,
    @Ctx() context: Context,
    @Args() args: PageArgs,
  ): Promise<ConnectionSource<PredictionRow>> {
    return pageOfPredictions(context, 'deploymentId', root, args)
  }
}

@Resolver(() => PipelineRun)
export class PipelineRunPredictionsResolver {
  @FieldResolver(() => [Prediction], { description: 'Predictions that it saved, the newest first.' })
  predictions(@Root() { id }: PipelineRun, @Ctx() { loaders }: Context): Promise<PredictionRow[]> {
    return loaders.predictionsOfPipelineRun.load(id)
  }
}

@Resolver(() => PipelineStep)
export class PipelineStepPredictionsResolver {
  @FieldResolver(() => [Prediction], { description: 'Predictions that its script saved, the newest first.' })
  predictions(@Root() { id }: PipelineStep, @Ctx() { loaders }: Context): Promise<PredictionRow[]> {
    return loaders.predictionsOfPipelineStep.load(id)
  }
}
