import { Arg, Ctx, ID, Query, Resolver } from 'type-graphql'
import { canSee, canSeeKey, requireViewer, visible, visibleUser } from '../access.js'
import type { Context } from '../context.js'
import { kindOfId } from '../datasources/catalog/node-id.js'
import { badInput } from '../errors.js'
import { RelayNode } from '../schema/relay-node.js'

const mostIds = 500

@Resolver()
export class NodeResolver {
  @Query(() => RelayNode, {
    nullable: true,
    description: 'Anything by its id; null when it does not exist or you may not see it.',
  })
  node(
    @Ctx() context: Context,
    @Arg('id', () => ID, { description: 'As it was in any `id` field.' }) id: string,
  ): Promise<RelayNode | null> {
    return findNode(context, id)
  }

  @Query(() => [RelayNode], {
    nullable: 'items',
    description: 'Several by their ids, in the order asked for: at most 500. Null for what does not exist or you may not see.',
  })
  async nodes(
    @Ctx() context: Context,
    @Arg('ids', () => [ID], { description: 'As they were in any `id` field.' }) ids: string[],
  ): Promise<(RelayNode | null)[]> {
    if (ids.length > mostIds) throw badInput('ids', `ids has at most ${mostIds} entries; it has ${ids.length}.`)
    return Promise.all(ids.map((id) => findNode(context, id)))
  }
}

async function findNode(context: Context, id: string): Promise<RelayNode | null> {
  requireViewer(context)
  const { loaders } = context
  switch (kindOfId(id)) {
    case 'user':
      return (await visibleUser(context, await loaders.user.load(id))) as RelayNode | null
    case 'accessKey': {
      const key = await loaders.accessKey.load(id)
      return key && canSeeKey(context, key) ? key : null
    }
    case 'project':
      return (await canSee(context, id)) ? loaders.project.load(id) : null
    case 'bucket':
      return visible(context, await loaders.bucket.load(id))
    case 'object':
      return visible(context, await loaders.storedObject.load(id))
    case 'dataset':
      return visible(context, await loaders.dataset.load(id))
    case 'experiment':
      return visible(context, await loaders.experiment.load(id))
    case 'run':
      return visible(context, await loaders.run.load(id))
    case 'model':
      return visible(context, await loaders.model.load(id))
    case 'modelVersion':
      return visible(context, await loaders.modelVersion.load(id))
    case 'pipelineRun':
      return visible(context, await loaders.pipelineRun.load(id))
    case 'pipelineStep':
      return visible(context, await loaders.pipelineStep.load(id))
    case 'deployment':
      return visible(context, await loaders.deployment.load(id))
    case 'prediction':
      return visible(context, await loaders.prediction.load(id))
    default:
      return null
  }
}
