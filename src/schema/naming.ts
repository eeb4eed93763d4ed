import { Field, Int, ObjectType } from 'type-graphql'
import type { NameKind } from '../naming-policy.js'
import { enumOf } from './enum-of.js'

export const NameKindEnum = enumOf<NameKind>('NameKind', 'What a name is for.', {
  PROJECT: 'A project.',
  BUCKET: 'A bucket: begins with its project and purpose.',
  OBJECT_KEY: 'The key of an object in a bucket.',
  DATASET: 'A dataset.',
  TABLE: 'A table in the lakehouse.',
  EXPERIMENT: 'An experiment.',
  MODEL: 'A registered model.',
  DEPLOYMENT: 'A deployment.',
  STEP: 'A step of a pipeline.',
})

@ObjectType({ simpleResolvers: true, description: 'The rule for one kind of name.' })
export class NamingRule {
  @Field(() => NameKindEnum, { description: 'What it is for.' })
  kind!: NameKind

  @Field({ description: 'The regular expression that the whole name must match, after lower-casing where the rule lower-cases.' })
  pattern!: string

  @Field(() => Int, { description: 'Characters at most; for object keys bytes of UTF-8.' })
  maxLength!: number

  @Field({ description: 'A name that complies.' })
  example!: string

  @Field({ description: 'The rule in words.' })
  description!: string
}

@ObjectType({ simpleResolvers: true, description: 'What the naming policy says of one name.' })
export class NameCheck {
  @Field({ description: 'True when it may be used.' })
  ok!: boolean

  @Field(() => String, { nullable: true, description: 'The rule that it breaks; null when it breaks none.' })
  reason!: string | null

  @Field(() => String, { nullable: true, description: 'A name near it that may be used; null where there is none.' })
  suggestion!: string | null
}

@ObjectType({
  simpleResolvers: true,
  description: 'The rules for names. Every name is checked against them before anything is written.',
})
export class NamingPolicy {
  @Field(() => [NamingRule], { description: 'One rule for each kind of name.' })
  rules!: NamingRule[]
}
