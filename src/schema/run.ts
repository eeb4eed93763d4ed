import { Field, ID, InputType, Int, ObjectType } from 'type-graphql'
import type { Lifecycle, RunStatus } from '../datasources/catalog/experiment-rows.js'
import { enumOf } from './enum-of.js'
import { KeyValueInput } from './key-value.js'
import { LifecycleEnum } from './lifecycle.js'
import { MetricInput } from './metric-input.js'
import { connectionOf } from './paging.js'
import { RelayNode } from './relay-node.js'
import { DateTime } from './scalars.js'

export const RunStatusEnum = enumOf<RunStatus>('RunStatus', 'How a run is getting on.', {
  RUNNING: 'Under way.',
  SCHEDULED: 'Not yet begun.',
  FINISHED: 'Done.',
  FAILED: 'Broken off by an error.',
  KILLED: 'Broken off by somebody.',
})

@ObjectType({
  implements: RelayNode,
  simpleResolvers: true,
  description: 'One execution of code that learns: what went in, what was measured, what came out.',
})
export class Run extends RelayNode {
  @Field({ description: 'For people; need not be unique.' })
  name!: string

  @Field(() => RunStatusEnum, { description: 'How it is getting on, or ended.' })
  status!: RunStatus

  @Field(() => LifecycleEnum, { description: 'Whether it is deleted. A deleted one can be restored.' })
  lifecycle!: Lifecycle

  @Field(() => DateTime, { description: 'When it began.' })
  startedAt!: string

  @Field(() => DateTime, { nullable: true, description: 'When it ended; null while it has not.' })
  endedAt!: string | null
}

export const RunConnection = connectionOf(() => Run, 'Run')

@ObjectType({ simpleResolvers: true, description: 'A dataset that a run read.' })
export class RunInput {
  @Field(() => Int, { description: 'The version of the dataset when it was logged.' })
  version!: number
}

@InputType({ description: 'A new run.' })
export class CreateRunInput {
  @Field(() => ID, { description: 'The id of the experiment that it belongs to.' })
  experiment!: string

  @Field(() => String, {
    nullable: true,
    description: 'At most 250 characters; without it, something like `enchanting-shrew-742`.',
  })
  name?: string | null

  @Field(() => DateTime, { nullable: true, description: 'When it began; now when it is not given.' })
  startedAt?: string | null

  @Field(() => [KeyValueInput], {
    nullable: true,
    description: 'What it is called with: at most 100, of at most 6000 characters each. They do not change any more.',
  })
  params?: KeyValueInput[] | null

  @Field(() => [KeyValueInput], { nullable: true, description: 'At most 100, of at most 8000 characters each.' })
  tags?: KeyValueInput[] | null

  @Field(() => [ID], { nullable: true, description: 'Ids of the datasets that it reads, at most 100.' })
  inputs?: string[] | null

  @Field(() => ID, { nullable: true, description: 'The id of the run that it is a part of, in the same project.' })
  parent?: string | null
}

@InputType({
  description:
    'What a run has to tell: applied whole or not at all. At most 1000 metrics, 100 params and 100 tags, and 1000 of all three together.',
})
export class LogBatchInput {
  @Field(() => ID, { description: 'The id of the run.' })
  run!: string

  @Field(() => [MetricInput], { nullable: true, description: 'Points of metrics. Equal points are one.' })
  metrics?: MetricInput[] | null

  @Field(() => [KeyValueInput], {
    nullable: true,
    description: 'Of at most 6000 characters each. One that is there with another value is a CONFLICT.',
  })
  params?: KeyValueInput[] | null

  @Field(() => [KeyValueInput], {
    nullable: true,
    description: 'Of at most 8000 characters each. One that is there gets the new value.',
  })
  tags?: KeyValueInput[] | null

  @Field(() => [ID], { nullable: true, description: 'Ids of datasets that the run reads, at most 100.' })
  inputs?: string[] | null
}
