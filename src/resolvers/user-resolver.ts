import { Arg, Ctx, FieldResolver, Mutation, Query, Resolver, Root } from 'type-graphql'
import { canSeeKey, requireAdmin } from '../access.js'
import type { Context } from '../context.js'
import type { AccessKeyRow, UserRow } from '../datasources/catalog/tables.js'
import { createUser } from '../operations/create-user.js'
import { logIn, type NewSession } from '../operations/log-in.js'
import { AccessKey, CreateUserInput, Session, User } from '../schema/user.js'

@Resolver(() => User)
export class UserResolver {
  @Query(() => User, { nullable: true, description: 'Who is asking; null when the request carries no valid credentials.' })
  viewer(@Ctx() { viewer }: Context): UserRow | null {
    return viewer?.user ?? null
  }

  @Mutation(() => Session, {
    description:
      'Logs in with a password; at most one in a document. UNAUTHENTICATED: email and password do not belong together. RATE_LIMITED: too many tries of this account or this address, `extensions.retryAfterSeconds` says how long to wait.',
  })
  login(
    @Ctx() { datasources, config, address }: Context,
    @Arg('email', { description: 'In any letter case.' }) email: string,
    @Arg('password', { description: 'The password.' }) password: string,
  ): Promise<NewSession> {
    return logIn(datasources.catalog, { email, password, address }, config.sessionHours)
  }

  @Mutation(() => User, {
    description: 'Makes a person who can log in with a password. For administrators. CONFLICT: the email is known.',
  })
  createUser(@Ctx() context: Context, @Arg('input', { description: 'Who it is.' }) input: CreateUserInput): Promise<UserRow> {
    requireAdmin(context)
    return createUser(context.datasources.catalog, { ...input, name: input.name ?? null, isAdmin: input.isAdmin ?? false })
  }

  @FieldResolver(() => Boolean)
  isAdmin(@Root() user: UserRow): boolean {
    return user.isAdmin === 1
  }

  @FieldResolver(() => [AccessKey], {
    description: 'Keys that were made for the person, the newest first. Empty for everybody but themselves and administrators.',
  })
  async accessKeys(@Root() user: UserRow, @Ctx() context: Context): Promise<AccessKeyRow[]> {
    const keys = await context.loaders.accessKeysOfUser.load(user.id)
    return keys.filter((key) => canSeeKey(context, key))
  }
}

@Resolver(() => Session)
export class SessionResolver {
  @FieldResolver(() => User, { description: 'Who logged in.' })
  user(@Root() session: NewSession): UserRow {
    return session.user
  }
}
