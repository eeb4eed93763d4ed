import { Args, Ctx, FieldResolver, Resolver, Root } from 'type-graphql'
import type { Context } from '../context.js'
import type { DeploymentRow } from '../datasources/catalog/deployment-rows.js'
import type { ModelVersionRow } from '../datasources/catalog/model-rows.js'
import type { PipelineRunRow } from '../datasources/catalog/pipeline-rows.js'
import type { ProjectRow } from '../datasources/catalog/tables.js'
import { Deployment, DeploymentConnection } from '../schema/deployment.js'
import { ModelVersion } from '../schema/model-version.js'
import { type ConnectionSource, PageArgs, pageOf, toConnection } from '../schema/paging.js'
import { PipelineRun } from '../schema/pipeline-run.js'
import { Project } from '../schema/project.js'

@Resolver(() => Project)
export class ProjectDeploymentsResolver {
  @FieldResolver(() => DeploymentConnection, { description: 'Its deployments that are not deleted, by name.' })
  async deployments(
    @Root() { id }: ProjectRow,
    @Ctx() { loaders }: Context,
    @Args() args: PageArgs,
  ): Promise<ConnectionSource<DeploymentRow>> {
    const page = await loaders.deploymentsOfProject.load({ parentId: id, ...pageOf(args) })
    return toConnection(page, () => loaders.deploymentCountOfProject.load(id))
  }
}

@Resolver(() => ModelVersion)
export class ModelVersionDeploymentsResolver {
  @FieldResolver(() => DeploymentConnection, { description: 'Deployments whose newest version uses it, by name.' })
  async deployments(
    @Root() { id }: ModelVersionRow,
    @Ctx() { loaders }: Context,
    @Args() args: PageArgs,
  ): Promise<ConnectionSource<DeploymentRow>> {
    const page = await loaders.deploymentsOfModelVersion.load({ parentId: id, ...pageOf(args) })
    return toConnection(page, () => loaders.deploymentCountOfModelVersion.load(id))
  }
}

@Resolver(() => PipelineRun)
export class PipelineRunDeploymentResolver {
  @FieldResolver(() => Deployment, { description: 'What runs. A run keeps the version that it was started with.' })
  deployment(@Root() run: PipelineRunRow, @Ctx() { loaders }: Context): Promise<DeploymentRow | null> {
    return loaders.deployment.load(run.deploymentId)
  }
}
