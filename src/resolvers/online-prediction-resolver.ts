import { performance } from 'node:perf_hooks'
import { Arg, Ctx, FieldResolver, Mutation, Resolver, Root } from 'type-graphql'
import { requireRow } from '../access.js'
import type { Context } from '../context.js'
import type { ModelVersionRow } from '../datasources/catalog/model-rows.js'
import { type OnlineAnswer, predictOnline } from '../operations/predict-online.js'
import { ModelVersion } from '../schema/model-version.js'
import { OnlinePrediction, PredictInput } from '../schema/prediction.js'

@Resolver(() => OnlinePrediction)
export class OnlinePredictionResolver {
  @Mutation(() => OnlinePrediction, {
    description:
      'Asks an ONLINE deployment: what its predict.py says of each row. It keeps nothing; a VIEWER may ask. BAD_USER_INPUT: it refuses the rows. PRECONDITION_FAILED: the deployment is not READY, or its script cannot be loaded. TIMEOUT: it took too long.',
  })
  async predict(
    @Ctx() context: Context,
    @Arg('input', { description: 'The deployment and the rows.' }) input: PredictInput,
  ): Promise<OnlineAnswer & { durationMs: number }> {
    const found = await context.loaders.deployment.load(input.deployment)
    const deployment = await requireRow(context, found, 'VIEWER', 'The deployment', 'input.deployment')
    const startedAt = performance.now()
    const answer = await predictOnline(context.datasources, deployment, input.rows, context.signal)
    return { ...answer, durationMs: performance.now() - startedAt }
  }

  @FieldResolver(() => ModelVersion, { description: 'What predicted.' })
  modelVersion(@Root() { modelVersionId }: OnlineAnswer, @Ctx() { loaders }: Context): Promise<ModelVersionRow | null> {
    return loaders.modelVersion.load(modelVersionId)
  }
}
