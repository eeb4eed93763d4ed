import { Field, InputType, ObjectType } from 'type-graphql'
import type { AccessKeyRow, Role } from '../datasources/catalog/tables.js'
import { enumOf } from './enum-of.js'
import { RelayNode } from './relay-node.js'
import { DateTime } from './scalars.js'

export const RoleEnum = enumOf<Role>('Role', 'What somebody may do in a project.', {
  VIEWER: 'Reads everything.',
  EDITOR: 'Reads and changes everything but members.',
  OWNER: 'Does everything; manages members and their keys.',
})

@ObjectType({ implements: RelayNode, simpleResolvers: true, description: 'A person.' })
export class User extends RelayNode {
  @Field({ description: 'Unique, in lower case.' })
  email!: string

  @Field(() => String, { nullable: true, description: 'For display.' })
  name!: string | null

  @Field(() => Boolean, { description: 'Administrators make users and are OWNER of every project.' })
  isAdmin!: boolean

  @Field(() => DateTime, { description: 'When the account was made.' })
  createdAt!: string
}

@ObjectType({ simpleResolvers: true, description: 'A login. Send the token as `Authorization: Bearer <token>`.' })
export class Session {
  @Field({ description: 'The secret that stands for the person. Kept on the server only as a hash.' })
  token!: string

  @Field(() => DateTime, { description: 'When it ends.' })
  expiresAt!: string
}

@ObjectType({ simpleResolvers: true, description: 'A person in a project.' })
export class ProjectMember {
  @Field(() => RoleEnum, { description: 'What they may do in it.' })
  role!: Role
}

@ObjectType({
  implements: RelayNode,
  simpleResolvers: true,
  description:
    'A secret for a program: `X-Dhuo-Access-Key: <secret>` or `Authorization: Bearer <secret>`. It can never do more than its person.',
})
export class AccessKey extends RelayNode {
  @Field({ description: 'For its person to tell it from others.' })
  name!: string

  @Field(() => RoleEnum, { description: 'The most it may do in a project.' })
  role!: Role

  @Field(() => DateTime, { description: 'When it was made.' })
  createdAt!: string

  @Field(() => DateTime, { nullable: true, description: 'When it ends by itself; null: never.' })
  expiresAt!: string | null

  @Field(() => DateTime, { nullable: true, description: 'When it was last used, to the minute; null: never.' })
  lastUsedAt!: string | null

  @Field(() => DateTime, { nullable: true, description: 'When it was revoked; null: it was not.' })
  revokedAt!: string | null
}

@ObjectType({ simpleResolvers: true, description: 'An access key that was just made.' })
export class NewAccessKey {
  @Field({ description: 'The secret: shown this once, kept only as a hash.' })
  secret!: string

  @Field(() => AccessKey, { description: 'The key without its secret.' })
  accessKey!: AccessKeyRow
}

@InputType({ description: 'A new person.' })
export class CreateUserInput {
  @Field({ description: 'What they log in with; lower-cased.' })
  email!: string

  @Field({ description: '8 to 1024 characters.' })
  password!: string

  @Field(() => String, { nullable: true, description: 'For display.' })
  name?: string | null

  @Field(() => Boolean, { nullable: true, defaultValue: false, description: 'Whether they are an administrator.' })
  isAdmin?: boolean | null
}

@InputType({ description: 'A new access key, for yourself.' })
export class CreateAccessKeyInput {
  @Field({ description: 'To tell it from your others: 1 to 100 characters.' })
  name!: string

  @Field(() => String, { nullable: true, description: 'The only project it can reach; without one, all of yours.' })
  project?: string | null

  @Field(() => RoleEnum, { nullable: true, defaultValue: 'EDITOR', description: 'The most it may do.' })
  role?: Role | null

  @Field(() => DateTime, { nullable: true, description: 'When it ends by itself; without it, never.' })
  expiresAt?: string | null
}
