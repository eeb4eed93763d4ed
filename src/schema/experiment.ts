import { Field, ID, InputType, ObjectType } from 'type-graphql'
import type { Lifecycle } from '../datasources/catalog/experiment-rows.js'
import { enumOf } from './enum-of.js'
import { KeyValueInput } from './key-value.js'
import { LifecycleEnum } from './lifecycle.js'
import { connectionOf } from './paging.js'
import { RelayNode } from './relay-node.js'
import { DateTime } from './scalars.js'

export type Goal = 'MAXIMIZE' | 'MINIMIZE'

export const GoalEnum = enumOf<Goal>('Goal', 'Which values of a metric are better.', {
  MAXIMIZE: 'Larger ones, as with accuracy.',
  MINIMIZE: 'Smaller ones, as with a loss.',
})

@ObjectType({
  implements: RelayNode,
  simpleResolvers: true,
  description: 'A question that runs are made to answer, and the runs.',
})
export class Experiment extends RelayNode {
  @Field({ description: 'Unique among the active experiments of its project.' })
  name!: string

  @Field(() => LifecycleEnum, { description: 'Whether it is deleted. A deleted one can be restored.' })
  lifecycle!: Lifecycle

  @Field(() => DateTime, { description: 'When it was made.' })
  createdAt!: string

  @Field(() => DateTime, { description: 'When its name or lifecycle changed last.' })
  updatedAt!: string
}

export const ExperimentConnection = connectionOf(() => Experiment, 'Experiment')

@InputType({ description: 'An experiment to find or to make.' })
export class CreateExperimentInput {
  @Field({ description: "The project's name." })
  project!: string

  @Field({ description: 'Lower-case letters, digits, "-" and "_", 4 to 63, starting with a letter; capitals are lower-cased.' })
  name!: string

  @Field(() => [KeyValueInput], {
    nullable: true,
    description: 'Tags of the new experiment; one that is there keeps its own. Values have at most 5000 characters.',
  })
  tags?: KeyValueInput[] | null
}

@InputType({ description: 'Changes of an experiment; what is not given stays.' })
export class UpdateExperimentInput {
  @Field(() => ID, { description: 'The id of the experiment.' })
  id!: string

  @Field(() => String, { nullable: true, description: 'Its new name.' })
  name?: string | null

  @Field(() => [KeyValueInput], {
    nullable: true,
    description: 'Tags to set; those of other keys stay. Values have at most 5000 characters.',
  })
  tags?: KeyValueInput[] | null

  @Field(() => LifecycleEnum, {
    nullable: true,
    description:
      'DELETED deletes it with all its runs, and its name is free again. ACTIVE restores it with all its runs; where the name was taken meanwhile, give another.',
  })
  lifecycle?: Lifecycle | null
}
