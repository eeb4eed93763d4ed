import { Field, InputType, ObjectType } from 'type-graphql'
import { KeyValueInput } from './key-value.js'
import { connectionOf } from './paging.js'
import { RelayNode } from './relay-node.js'
import { DateTime } from './scalars.js'

@ObjectType({
  implements: RelayNode,
  simpleResolvers: true,
  description: 'A registered model: a name, under which versions are saved.',
})
export class Model extends RelayNode {
  @Field({ description: 'Unique in its project, in lower case.' })
  name!: string

  @Field(() => String, { nullable: true, description: 'For people.' })
  description!: string | null

  @Field(() => DateTime, { description: 'When its first version was saved.' })
  createdAt!: string

  @Field(() => DateTime, { description: 'When it was changed, or a version was saved, moved to a stage or deleted, last.' })
  updatedAt!: string
}

export const ModelConnection = connectionOf(() => Model, 'Model')

@ObjectType({ simpleResolvers: true, description: 'A name for one version of a model, which can be moved to another one.' })
export class ModelAlias {
  @Field({ description: 'Unique in its model. `models:/NAME@ALIAS` means the version.' })
  alias!: string
}

@InputType({ description: 'Changes to a model. What is absent stays as it is.' })
export class UpdateModelInput {
  @Field({ description: "The project's name." })
  project!: string

  @Field({ description: "The model's name." })
  model!: string

  @Field(() => String, { nullable: true, description: 'For people, 10,000 characters at most; null takes it away.' })
  description?: string | null

  @Field(() => [KeyValueInput], {
    nullable: true,
    description: 'Set, and put in place of those with the same keys; others stay. Values have up to 5,000 characters.',
  })
  tags?: KeyValueInput[] | null
}
