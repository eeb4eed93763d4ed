import { Field, InputType, ObjectType } from 'type-graphql'
import { connectionOf } from './paging.js'
import { RelayNode } from './relay-node.js'
import { DateTime } from './scalars.js'

@ObjectType({
  implements: RelayNode,
  simpleResolvers: true,
  description:
    'What people work on together: its buckets, datasets, experiments, models and deployments, and a lakehouse schema of its own.',
})
export class Project extends RelayNode {
  @Field({ description: 'Unique, in lower case.' })
  name!: string

  @Field(() => String, { nullable: true, description: 'For people.' })
  description!: string | null

  @Field(() => DateTime, { description: 'When it was made.' })
  createdAt!: string
}

export const ProjectConnection = connectionOf(() => Project, 'Project')

@InputType({ description: 'A new project; you become its OWNER.' })
export class CreateProjectInput {
  @Field({ description: 'Lower-case letters, digits, "-" and "_", 4 to 63, starting with a letter; capitals are lower-cased.' })
  name!: string

  @Field(() => String, { nullable: true, description: 'For people.' })
  description?: string | null
}
