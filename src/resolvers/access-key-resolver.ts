import { Arg, Ctx, FieldResolver, ID, Mutation, Resolver, Root } from 'type-graphql'
import { requirePerson, requireProject, requireRevocable, visible } from '../access.js'
import type { Context } from '../context.js'
import { accessKeyPrefix, hashSecret, newSecret } from '../credentials.js'
import { newId } from '../datasources/catalog/node-id.js'
import type { AccessKeyRow, ProjectRow } from '../datasources/catalog/tables.js'
import { badInput } from '../errors.js'
import { Project } from '../schema/project.js'
import { AccessKey, CreateAccessKeyInput, NewAccessKey } from '../schema/user.js'
import { requireText } from '../tracking-rules.js'

@Resolver(() => AccessKey)
export class AccessKeyResolver {
  @Mutation(() => NewAccessKey, { description: 'Makes an access key for yourself. Its secret is shown this once.' })
  async createAccessKey(
    @Ctx() context: Context,
    @Arg('input', { description: 'What the key may do, and for how long.' }) input: CreateAccessKeyInput,
  ): Promise<NewAccessKey> {
    const { user } = requirePerson(context)
    const role = input.role ?? 'EDITOR'
    const project = input.project == null ? null : await requireProject(context, input.project, role, 'input.project')
    const now = new Date().toISOString()
    if (input.name.trim() === '') throw badInput('input.name', 'input.name must have 1 to 100 characters.')
    requireText(input.name, 100, 'input.name')
    if (input.expiresAt != null && input.expiresAt <= now)
      throw badInput('input.expiresAt', 'input.expiresAt must be in the future.')

    const secret = newSecret(accessKeyPrefix)
    const accessKey: AccessKeyRow = {
      id: newId('accessKey'),
      userId: user.id,
      name: input.name,
      secretHash: hashSecret(secret),
      projectId: project?.id ?? null,
      role,
      createdAt: now,
      expiresAt: input.expiresAt ?? null,
      lastUsedAt: null,
      revokedAt: null,
      pipelineStepId: null,
    }
    await context.datasources.catalog.accessKeys.insert(accessKey)
    context.forgetLoaded()
    return { secret, accessKey }
  }

  @Mutation(() => AccessKey, {
    description:
      "Ends a key at once: one's own, one of a project that one is OWNER of, and for administrators any. Ending it again changes nothing.",
  })
  async revokeAccessKey(
    @Ctx() context: Context,
    @Arg('id', () => ID, { description: 'The id of the key.' }) id: string,
  ): Promise<AccessKeyRow> {
    const key = await requireRevocable(context, await context.loaders.accessKey.load(id))
    await context.datasources.catalog.accessKeys.revoke(key.id, new Date().toISOString())
    context.forgetLoaded()
    return (await context.loaders.accessKey.load(id))!
  }

  @FieldResolver(() => Project, { nullable: true, description: 'The only project it can reach; null: all of its person.' })
  async project(@Root() key: AccessKeyRow, @Ctx() context: Context): Promise<ProjectRow | null> {
    const inProject = key.projectId === null ? null : await visible(context, { projectId: key.projectId })
    return inProject && context.loaders.project.load(inProject.projectId)
  }
}
