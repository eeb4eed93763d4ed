import { Field, ID, InputType, Int, ObjectType } from 'type-graphql'
import type { PipelineStatus, Trigger } from '../datasources/catalog/pipeline-rows.js'
import { enumOf } from './enum-of.js'
import { KeyValueInput } from './key-value.js'
import { connectionOf } from './paging.js'
import { PipelineStatusEnum } from './pipeline-status.js'
import { RelayNode } from './relay-node.js'
import { DateTime } from './scalars.js'

const TriggerEnum = enumOf<Trigger>('Trigger', 'What started a pipeline run.', {
  MANUAL: 'Somebody.',
  SCHEDULE: 'A tick of the schedule of its deployment.',
  RETRY: 'Somebody who tried an earlier run again.',
})

@ObjectType({
  implements: RelayNode,
  simpleResolvers: true,
  description:
    'One execution of a deployment, step by step. It keeps the version of the deployment, its scripts, packages and model that it began with.',
})
export class PipelineRun extends RelayNode {
  @Field(() => Int, { description: '1, 2, 3 … within its deployment.' })
  number!: number

  @Field(() => Int, { description: 'The version of the deployment that it runs.' })
  deploymentVersion!: number

  @Field(() => PipelineStatusEnum, { description: 'How it is getting on.' })
  status!: PipelineStatus

  @Field(() => String, { nullable: true, description: 'Why it failed or was canceled.' })
  statusDetail!: string | null

  @Field(() => TriggerEnum, { description: 'What started it.' })
  trigger!: Trigger

  @Field(() => DateTime, { description: 'When it was made.' })
  createdAt!: string

  @Field(() => DateTime, { nullable: true, description: 'When its first step was begun; null while none was.' })
  startedAt!: string | null

  @Field(() => DateTime, { nullable: true, description: 'When it ended; null while it has not.' })
  endedAt!: string | null

  @Field(() => DateTime, { nullable: true, description: 'When somebody asked to cancel it.' })
  cancelRequestedAt!: string | null

  @Field(() => Int, { description: 'The sequence of its newest event: subscribe to `pipelineEvents` with `after` from there.' })
  lastSequence!: number
}

export const PipelineRunConnection = connectionOf(() => PipelineRun, 'PipelineRun')

@InputType({ description: 'A new run of a deployment.' })
export class RunDeploymentInput {
  @Field(() => ID, { description: 'The id of the deployment. A BATCH one; while it is PACKAGING the run stays QUEUED.' })
  deployment!: string

  @Field(() => [KeyValueInput], {
    nullable: true,
    description:
      'Given to every step behind its own arguments, as `--key value`: at most 50. A key is a letter and up to 62 letters, digits, "_" and "-".',
  })
  arguments?: KeyValueInput[] | null

  @Field(() => String, {
    nullable: true,
    description: 'Yours to choose, unique in the deployment: the same call with the same key gives the same run.',
  })
  idempotencyKey?: string | null
}
