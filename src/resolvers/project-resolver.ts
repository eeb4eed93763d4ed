import { Arg, Args, Ctx, FieldResolver, Mutation, Query, Resolver, Root } from 'type-graphql'
import { requireProject, requireUnscoped, requireViewer, roleIn, visibleProject } from '../access.js'
import { projectScope } from '../authentication.js'
import type { Context } from '../context.js'
import type { ExperimentRow } from '../datasources/catalog/experiment-rows.js'
import type { ModelRow } from '../datasources/catalog/model-rows.js'
import type { PipelineRunRow, PipelineStatus } from '../datasources/catalog/pipeline-rows.js'
import type { BucketRow, DatasetRow, ProjectMemberRow, ProjectRow, Role, UserRow } from '../datasources/catalog/tables.js'
import { createProject } from '../operations/create-project.js'
import { setProjectMember } from '../operations/set-project-member.js'
import { BucketConnection } from '../schema/bucket.js'
import { DatasetConnection } from '../schema/dataset.js'
import { ExperimentConnection } from '../schema/experiment.js'
import { ModelConnection } from '../schema/model.js'
import { type ConnectionSource, PageArgs, pageOf, toConnection } from '../schema/paging.js'
import { PipelineRunConnection } from '../schema/pipeline-run.js'
import { PipelineStatusEnum } from '../schema/pipeline-status.js'
import { CreateProjectInput, Project, ProjectConnection } from '../schema/project.js'
import { ProjectMember, RoleEnum, User } from '../schema/user.js'

@Resolver(() => Project)
export class ProjectResolver {
  @Query(() => Project, { nullable: true, description: 'A project by name; null when it does not exist or you may not see it.' })
  project(
    @Ctx() context: Context,
    @Arg('name', { description: 'In any letter case.' }) name: string,
  ): Promise<ProjectRow | null> {
    return visibleProject(context, name)
  }

  @Query(() => ProjectConnection, { description: 'Your projects, by name.' })
  async projects(@Ctx() context: Context, @Args() args: PageArgs): Promise<ConnectionSource<ProjectRow>> {
    const scope = projectScope(requireViewer(context))
    const { projects } = context.datasources.catalog
    return toConnection(await projects.page(scope, pageOf(args)), () => projects.count(scope))
  }

  @Mutation(() => Project, { description: 'Makes a project; you become its OWNER. CONFLICT: the name is taken.' })
  createProject(
    @Ctx() context: Context,
    @Arg('input', { description: 'Its name.' }) input: CreateProjectInput,
  ): Promise<ProjectRow> {
    const { user } = requireUnscoped(context)
    return createProject(context.datasources, { name: input.name, description: input.description ?? null, ownerId: user.id })
  }

  @Mutation(() => Project, {
    description:
      'Makes somebody a member, changes their role, or without a role removes them. For OWNERs. PRECONDITION_FAILED: nobody would be OWNER any more.',
  })
  async setProjectMember(
    @Ctx() context: Context,
    @Arg('project', { description: "The project's name." }) name: string,
    @Arg('email', { description: 'Of somebody who has an account.' }) email: string,
    @Arg('role', () => RoleEnum, { nullable: true, description: 'Their role from now on; null: none.' }) role?: Role | null,
  ): Promise<ProjectRow> {
    const project = await requireProject(context, name, 'OWNER')
    await setProjectMember(context.datasources.catalog, project, email, role ?? null)
    context.forgetLoaded()
    return project
  }

  @FieldResolver(() => RoleEnum, { nullable: true, description: 'What you may do here.' })
  viewerRole(@Root() project: ProjectRow, @Ctx() context: Context): Promise<Role | null> {
    return roleIn(context, project.id)
  }

  @FieldResolver(() => [ProjectMember], { description: 'Everybody who has a role here.' })
  members(@Root() project: ProjectRow, @Ctx() { loaders }: Context): Promise<ProjectMemberRow[]> {
    return loaders.membersOfProject.load(project.id)
  }

  @FieldResolver(() => BucketConnection, { description: 'Its buckets, by name.' })
  async buckets(
    @Root() { id }: ProjectRow,
    @Ctx() { loaders }: Context,
    @Args() args: PageArgs,
  ): Promise<ConnectionSource<BucketRow>> {
    const page = await loaders.bucketsOfProject.load({ parentId: id, ...pageOf(args) })
    return toConnection(page, () => loaders.bucketCountOfProject.load(id))
  }

  @FieldResolver(() => DatasetConnection, { description: 'Its datasets, by name.' })
  async datasets(
    @Root() { id }: ProjectRow,
    @Ctx() { loaders }: Context,
    @Args() args: PageArgs,
  ): Promise<ConnectionSource<DatasetRow>> {
    const page = await loaders.datasetsOfProject.load({ parentId: id, ...pageOf(args) })
    return toConnection(page, () => loaders.datasetCountOfProject.load(id))
  }

  @FieldResolver(() => ExperimentConnection, { description: 'Its active experiments; the newest first unless you order them.' })
  async experiments(
    @Root() { id: parentId }: ProjectRow,
    @Ctx() { loaders }: Context,
    @Args() args: PageArgs,
    @Arg('filter', () => String, {
      nullable: true,
      description: "MLflow's search language: `name LIKE 'iris%' and tags.team = 'a'`.",
    })
    filter?: string | null,
    @Arg('orderBy', () => [String], { nullable: true, description: 'For example `name ASC`; the first counts most.' })
    orderBy?: string[] | null,
  ): Promise<ConnectionSource<ExperimentRow>> {
    const wanted = { parentId, filter: filter ?? null }
    const page = await loaders.experimentsOfProject.load({ ...wanted, orderBy: orderBy ?? [], ...pageOf(args) })
    return toConnection(page, () => loaders.experimentCountOfProject.load(wanted))
  }

  @FieldResolver(() => ModelConnection, { description: 'Its models; by name unless you order them.' })
  async models(
    @Root() { id: parentId }: ProjectRow,
    @Ctx() { loaders }: Context,
    @Args() args: PageArgs,
    @Arg('filter', () => String, {
      nullable: true,
      description: "MLflow's search language: `name LIKE 'iris%' and tags.team = 'a'`.",
    })
    filter?: string | null,
    @Arg('orderBy', () => [String], {
      nullable: true,
      description: 'For example `last_updated_timestamp DESC`; the first counts most.',
    })
    orderBy?: string[] | null,
  ): Promise<ConnectionSource<ModelRow>> {
    const wanted = { parentId, filter: filter ?? null }
    const page = await loaders.modelsOfProject.load({ ...wanted, orderBy: orderBy ?? [], ...pageOf(args) })
    return toConnection(page, () => loaders.modelCountOfProject.load(wanted))
  }

  @FieldResolver(() => PipelineRunConnection, { description: 'The runs of its deployments, the newest first.' })
  async pipelineRuns(
    @Root() { id: parentId }: ProjectRow,
    @Ctx() { loaders }: Context,
    @Args() args: PageArgs,
    @Arg('status', () => [PipelineStatusEnum], { nullable: true, description: 'Only runs in one of these; without it, all.' })
    status?: PipelineStatus[] | null,
  ): Promise<ConnectionSource<PipelineRunRow>> {
    const statuses = status ?? null
    const page = await loaders.pipelineRunsOfProject.load({ parentId, statuses, ...pageOf(args) })
    return toConnection(page, () => loaders.pipelineRunCountOfProject.load({ parentId, statuses }))
  }
}

@Resolver(() => ProjectMember)
export class ProjectMemberResolver {
  @FieldResolver(() => User, { description: 'Who it is.' })
  user(@Root() member: ProjectMemberRow, @Ctx() { loaders }: Context): Promise<UserRow | null> {
    return loaders.user.load(member.userId)
  }
}
