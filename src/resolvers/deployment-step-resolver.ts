import { Arg, Ctx, FieldResolver, Query, Resolver, Root } from 'type-graphql'
import { requireProject } from '../access.js'
import type { Context } from '../context.js'
import type { DeploymentRow, DeploymentStepRow, StepKind } from '../datasources/catalog/deployment-rows.js'
import type { StoredObjectRow } from '../datasources/catalog/tables.js'
import { renderDeployYaml } from '../operations/render-deploy-yaml.js'
import { scriptTemplate } from '../operations/script-template.js'
import { Deployment, StepSpec } from '../schema/deployment.js'
import { StepKindEnum } from '../schema/step-kind.js'
import { StoredObject } from '../schema/stored-object.js'

@Resolver(() => StepSpec)
export class StepSpecResolver {
  @Query(() => String, {
    description:
      'A script to begin with for a kind of step, for this project: predict.py, train.py, features.py and others. It needs Python 3.9 and nothing else.',
  })
  async scriptTemplate(
    @Ctx() context: Context,
    @Arg('project', { description: "The project's name." }) projectName: string,
    @Arg('kind', () => StepKindEnum, { description: 'What the step is for.' }) kind: StepKind,
  ): Promise<string> {
    return scriptTemplate((await requireProject(context, projectName, 'VIEWER')).name, kind)
  }

  @FieldResolver(() => StoredObject, { description: 'The script, as it was when it was deployed.' })
  script(@Root() step: DeploymentStepRow, @Ctx() { loaders }: Context): Promise<StoredObjectRow | null> {
    return loaders.storedObject.load(step.scriptObjectId)
  }

  @FieldResolver(() => [String], { description: 'What the script is called with.' })
  arguments(@Root() step: DeploymentStepRow): string[] {
    return JSON.parse(step.arguments) as string[]
  }

  @FieldResolver(() => [String], { description: 'Names of steps that must have succeeded before it begins.' })
  needs(@Root() step: DeploymentStepRow): string[] {
    return JSON.parse(step.needs) as string[]
  }
}

@Resolver(() => Deployment)
export class DeploymentContentResolver {
  @FieldResolver(() => [StepSpec], { description: 'What runs, in the order in which it was given.' })
  steps(@Root() { id, version }: DeploymentRow, @Ctx() { loaders }: Context): Promise<DeploymentStepRow[]> {
    return loaders.stepsOfDeployment.load({ deploymentId: id, version })
  }

  @FieldResolver(() => [StoredObject], { description: 'What travels with its scripts, as it was when it was deployed.' })
  async libraries(@Root() { id, version }: DeploymentRow, @Ctx() { loaders }: Context): Promise<(StoredObjectRow | null)[]> {
    const libraries = await loaders.librariesOfDeployment.load({ deploymentId: id, version })
    return Promise.all(libraries.map(({ objectId }) => loaders.storedObject.load(objectId)))
  }

  @FieldResolver(() => String, { description: 'The same as deploy.yaml: deploying that gives the same again.' })
  async yaml(@Root() deployment: DeploymentRow, @Ctx() { loaders }: Context): Promise<string> {
    const key = { deploymentId: deployment.id, version: deployment.version }
    const [version, steps, libraries] = await Promise.all([
      loaders.deploymentVersion.load(key),
      loaders.stepsOfDeployment.load(key),
      loaders.librariesOfDeployment.load(key),
    ])
    const placeOf = async (objectId: string): Promise<string> => {
      const { bucketId, key } = (await loaders.storedObject.load(objectId))!
      return `${(await loaders.bucket.load(bucketId))!.name}/${key}`
    }
    const placed = steps.map(async (step) => ({ ...step, script: await placeOf(step.scriptObjectId) }))
    const modelVersion = version!.modelVersionId === null ? null : await loaders.modelVersion.load(version!.modelVersionId)
    const model = modelVersion && (await loaders.model.load(modelVersion.modelId))
    return renderDeployYaml({
      deployment,
      version: version!,
      steps: await Promise.all(placed),
      libraries: await Promise.all(libraries.map(({ objectId }) => placeOf(objectId))),
      modelUri: model && `models:/${model.name}/${modelVersion.version}`,
    })
  }
}
