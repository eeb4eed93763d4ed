import { Field, Float, Int, ObjectType } from 'type-graphql'
import type { LogStream, PipelineEventType, PipelineStatus, StepStatus } from '../datasources/catalog/pipeline-rows.js'
import { enumOf } from './enum-of.js'
import { LogStreamEnum, PipelineStatusEnum, StepStatusEnum } from './pipeline-status.js'
import { DateTime } from './scalars.js'

const PipelineEventTypeEnum = enumOf<PipelineEventType>('PipelineEventType', 'What an event tells of.', {
  RUN_STATUS: 'The run has another status: `runStatus`, and why in `message`. A final one is the last event of a run.',
  STEP_STATUS:
    'A step has another status: `stepStatus`, and why in `message`. A final one comes after the last line of the step.',
  STEP_PROGRESS: 'A script said something of its step: `progress`, `message`, perhaps `stepStatus`.',
  LOG: 'A script printed a line: `message`, with its `number` and `stream`.',
})

@ObjectType({
  simpleResolvers: true,
  description:
    'Something that happened in a pipeline run. `sequence` counts from 1 without gaps: whoever has seen n goes on with `after: n`.',
})
export class PipelineEvent {
  @Field(() => Int, { description: '1, 2, 3 … within the run.' })
  sequence!: number

  @Field(() => PipelineEventTypeEnum, { description: 'What it tells of.' })
  type!: PipelineEventType

  @Field(() => DateTime, { description: 'When it happened.' })
  at!: string

  @Field(() => String, { nullable: true, description: 'The name of the step that it is about.' })
  stepName!: string | null

  @Field(() => PipelineStatusEnum, { nullable: true, description: 'Of RUN_STATUS: the status from then on.' })
  runStatus!: PipelineStatus | null

  @Field(() => StepStatusEnum, { nullable: true, description: 'Of STEP_STATUS: the status from then on.' })
  stepStatus!: StepStatus | null

  @Field(() => Float, { nullable: true, description: 'Of STEP_PROGRESS: 0 to 1.' })
  progress!: number | null

  @Field(() => String, { nullable: true, description: 'In words: a reason, what the script said, or the line of a log.' })
  message!: string | null

  @Field(() => LogStreamEnum, { nullable: true, description: 'Of LOG: where the line comes from.' })
  stream!: LogStream | null

  @Field(() => Int, { nullable: true, description: 'Of LOG: the number of the line within its step.' })
  number!: number | null
}
