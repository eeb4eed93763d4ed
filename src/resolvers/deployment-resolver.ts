import { Arg, Args, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root } from 'type-graphql'
import { requireProject, requireRow, visibleProject } from '../access.js'
import type { Context } from '../context.js'
import type { DeploymentRow, DeploymentVersionRow } from '../datasources/catalog/deployment-rows.js'
import type { ModelVersionRow } from '../datasources/catalog/model-rows.js'
import type { PipelineRunRow, PipelineStatus } from '../datasources/catalog/pipeline-rows.js'
import type { ProjectRow, StoredObjectRow } from '../datasources/catalog/tables.js'
import { canonicalName } from '../naming-policy.js'
import { deleteDeployment } from '../operations/delete-deployment.js'
import { parseDeployYaml } from '../operations/parse-deploy-yaml.js'
import { readRequirements } from '../operations/read-requirements.js'
import { setSchedule } from '../operations/set-schedule.js'
import { Archive, Cluster, DeployInput, Deployment, Schedule } from '../schema/deployment.js'
import { ModelVersion } from '../schema/model-version.js'
import { type ConnectionSource, PageArgs, pageOf, toConnection } from '../schema/paging.js'
import { PipelineRun, PipelineRunConnection } from '../schema/pipeline-run.js'
import { PipelineStatusEnum } from '../schema/pipeline-status.js'
import { Project } from '../schema/project.js'
import { StoredObject } from '../schema/stored-object.js'
import { deployInput } from './deploy-input.js'
import { requireObjects } from './require-objects.js'

@Resolver(() => Deployment)
export class DeploymentResolver {
  @Query(() => Deployment, {
    nullable: true,
    description: 'The deployment that has a name now; null when there is none, or you may not see it.',
  })
  async deployment(
    @Ctx() context: Context,
    @Arg('project', { description: "The project's name." }) projectName: string,
    @Arg('name', { description: 'In any letter case.' }) name: string,
  ): Promise<DeploymentRow | null> {
    const project = await visibleProject(context, projectName)
    const { deployments } = context.datasources.catalog
    return project && ((await deployments.find(project.id, canonicalName('DEPLOYMENT', name))) ?? null)
  }

  @Mutation(() => Deployment, {
    description:
      'Makes a deployment or its next version, whole or not at all. Its packages are put together afterwards: `status` tells. CONFLICT: the name is that of a deployment of the other kind.',
  })
  deploy(
    @Ctx() context: Context,
    @Arg('input', { description: 'What runs, with what, and when.' }) input: DeployInput,
  ): Promise<DeploymentRow> {
    return deployInput(context, input)
  }

  @Mutation(() => Deployment, { description: 'The same as `deploy`, from a deploy.yaml. Errors name line and column.' })
  async deployYaml(
    @Ctx() context: Context,
    @Arg('project', { description: "The project's name." }) project: string,
    @Arg('yaml', { description: 'The text of the file, 256 KiB at most. docs/deploy-yaml.md says what may be in it.' })
    yaml: string,
  ): Promise<DeploymentRow> {
    const { id: projectId } = await requireProject(context, project, 'EDITOR')
    const { deployment, atItsLine } = parseDeployYaml(yaml)
    try {
      const { requirements: given, isEnabled, ...input } = deployment
      let requirements = given
      if (typeof requirements === 'object' && requirements !== null) {
        const asked = { field: 'input.requirements', most: 1, placeIn: () => 'input.requirements.object' }
        const [object] = await requireObjects(context, projectId, [requirements], asked)
        requirements = await readRequirements(context.datasources, object!)
      }
      return await deployInput(context, { ...input, project, requirements }, isEnabled)
    } catch (error) {
      throw atItsLine(error)
    }
  }

  @Mutation(() => Deployment, {
    description: 'Sets, pauses or removes the schedule of a deployment. PRECONDITION_FAILED: it is deleted.',
  })
  async setSchedule(
    @Ctx() context: Context,
    @Arg('deployment', () => ID, { description: 'Its id.' }) id: string,
    @Arg('cron', () => String, {
      nullable: true,
      description: 'Minute, hour, day of month, month, day of week; null removes the schedule.',
    })
    cron?: string | null,
    @Arg('timezone', () => String, { nullable: true, defaultValue: 'UTC', description: 'An IANA time zone.' })
    timezone?: string | null,
    @Arg('enabled', () => Boolean, { nullable: true, defaultValue: true, description: 'False pauses it.' })
    enabled?: boolean | null,
  ): Promise<DeploymentRow> {
    const row = await context.loaders.deployment.load(id)
    const deployment = await requireRow(context, row, 'EDITOR', 'The deployment', 'deployment')
    const wanted = { cron: cron ?? null, timezone: timezone ?? 'UTC', isEnabled: enabled ?? true }
    await setSchedule(context.datasources, deployment, wanted)
    return deploymentNow(context, id)
  }

  @Mutation(() => Deployment, {
    description:
      'Deletes a deployment: its name is free again, its runs can still be looked at. PRECONDITION_FAILED: one is under way.',
  })
  async deleteDeployment(
    @Ctx() context: Context,
    @Arg('id', () => ID, { description: 'Its id.' }) id: string,
  ): Promise<DeploymentRow> {
    const row = await context.loaders.deployment.load(id)
    await deleteDeployment(context.datasources, await requireRow(context, row, 'EDITOR', 'The deployment', 'id'))
    return deploymentNow(context, id)
  }

  @FieldResolver(() => Project, { description: 'The project that it belongs to.' })
  project(@Root() deployment: DeploymentRow, @Ctx() { loaders }: Context): Promise<ProjectRow | null> {
    return loaders.project.load(deployment.projectId)
  }

  @FieldResolver(() => Cluster, { description: 'The machines that its steps run on.' })
  async cluster(@Root() deployment: DeploymentRow, @Ctx() context: Context): Promise<Cluster> {
    const { cluster } = await newestVersion(context, deployment)
    return { size: cluster, ...context.datasources.compute.clusters[cluster] }
  }

  @FieldResolver(() => String, { nullable: true, description: 'Python packages, as a requirements.txt.' })
  async requirements(@Root() deployment: DeploymentRow, @Ctx() context: Context): Promise<string | null> {
    return (await newestVersion(context, deployment)).requirements
  }

  @FieldResolver(() => Archive, {
    nullable: true,
    description: 'Its packages and libraries; null where it has none, and before they are put together.',
  })
  async archive(@Root() deployment: DeploymentRow, @Ctx() context: Context): Promise<ArchiveSource | null> {
    const version = await newestVersion(context, deployment)
    if (version.archiveObjectId === null) return null
    return {
      objectId: version.archiveObjectId,
      sha256: version.archiveSha256!,
      packages: JSON.parse(version.archivePackages!) as string[],
      builtAt: version.archiveBuiltAt!,
    }
  }

  @FieldResolver(() => Schedule, { nullable: true, description: 'When it runs by itself; null: only when it is asked to.' })
  schedule(@Root() { cron, timezone, scheduleEnabled, nextRunAt }: DeploymentRow): Schedule | null {
    return cron === null ? null : { cron, timezone, enabled: scheduleEnabled === 1, nextRunAt }
  }

  @FieldResolver(() => ModelVersion, { nullable: true, description: 'What its scripts get as DHUO_MODEL_URI.' })
  async modelVersion(@Root() deployment: DeploymentRow, @Ctx() context: Context): Promise<ModelVersionRow | null> {
    const { modelVersionId } = await newestVersion(context, deployment)
    return modelVersionId === null ? null : context.loaders.modelVersion.load(modelVersionId)
  }

  @FieldResolver(() => PipelineRunConnection, { description: 'Its runs, the newest first, of all its versions.' })
  async pipelineRuns(
    @Root() { id: parentId }: DeploymentRow,
    @Ctx() { loaders }: Context,
    @Args() args: PageArgs,
    @Arg('status', () => [PipelineStatusEnum], { nullable: true, description: 'Only those in one of these; null: all.' })
    status?: PipelineStatus[] | null,
  ): Promise<ConnectionSource<PipelineRunRow>> {
    const statuses = status ?? null
    const page = await loaders.pipelineRunsOfDeployment.load({ parentId, statuses, ...pageOf(args) })
    return toConnection(page, () => loaders.pipelineRunCountOfDeployment.load({ parentId, statuses }))
  }

  @FieldResolver(() => PipelineRun, { nullable: true, description: 'The run that was started last; null before the first.' })
  async latestRun(@Root() { id: parentId }: DeploymentRow, @Ctx() { loaders }: Context): Promise<PipelineRunRow | null> {
    const page = await loaders.pipelineRunsOfDeployment.load({ parentId, statuses: null, first: 1, after: null })
    return page.rows[0] ?? null
  }
}

interface ArchiveSource extends Archive {
  objectId: string
}

@Resolver(() => Archive)
export class ArchiveResolver {
  @FieldResolver(() => StoredObject, { description: 'Its bytes.' })
  object(@Root() { objectId }: ArchiveSource, @Ctx() { loaders }: Context): Promise<StoredObjectRow | null> {
    return loaders.storedObject.load(objectId)
  }
}

const newestVersion = async ({ loaders }: Context, { id, version }: DeploymentRow): Promise<DeploymentVersionRow> =>
  (await loaders.deploymentVersion.load({ deploymentId: id, version }))!

async function deploymentNow(context: Context, id: string): Promise<DeploymentRow> {
  context.forgetLoaded()
  return (await context.loaders.deployment.load(id))!
}
