import { Field, Float, ID, InputType, Int, ObjectType } from 'type-graphql'
import type { StepKind } from '../datasources/catalog/deployment-rows.js'
import type { LogStream, StepStatus } from '../datasources/catalog/pipeline-rows.js'
import { LogStreamEnum, StepStatusEnum } from './pipeline-status.js'
import { RelayNode } from './relay-node.js'
import { DateTime } from './scalars.js'
import { StepKindEnum } from './step-kind.js'

@ObjectType({
  implements: RelayNode,
  simpleResolvers: true,
  description: 'A step of a pipeline run: one script, and how it went.',
})
export class PipelineStep extends RelayNode {
  @Field({ description: 'Unique in its run.' })
  name!: string

  @Field(() => StepKindEnum, { description: 'What it is for.' })
  kind!: StepKind

  @Field(() => StepStatusEnum, { description: 'How it is getting on.' })
  status!: StepStatus

  @Field(() => String, { nullable: true, description: 'Why it failed, was skipped, or is tried again.' })
  statusDetail!: string | null

  @Field(() => Int, { description: 'How often its script was begun: 0 before the first time.' })
  attempt!: number

  @Field(() => Float, { nullable: true, description: '0 to 1, as its script says; null when it says nothing.' })
  progress!: number | null

  @Field(() => String, { nullable: true, description: 'What its script said last.' })
  message!: string | null

  @Field(() => DateTime, { nullable: true, description: 'When the newest attempt began to run.' })
  startedAt!: string | null

  @Field(() => DateTime, { nullable: true, description: 'When it ended; null while it has not.' })
  endedAt!: string | null

  @Field(() => String, {
    nullable: true,
    description: 'What the compute backend calls the newest attempt (a Data Flow run, a local job).',
  })
  computeRunId!: string | null
}

@InputType({ description: 'A line that a script printed, with its number.' })
export class ReportedLineInput {
  @Field(() => Int, {
    description:
      '1, 2, 3 … within the attempt, marks included. A line or mark whose number is known already is passed over: it may be sent again.',
  })
  number!: number

  @Field(() => DateTime, { description: 'When it was printed.' })
  at!: string

  @Field(() => LogStreamEnum, { nullable: true, defaultValue: 'STDOUT', description: 'Where it comes from.' })
  stream?: LogStream | null

  @Field({ description: "Without the line's end. Beyond 8192 characters it is cut." })
  text!: string
}

@InputType({ description: 'What a script says of its step among its lines, with its number.' })
export class ReportedMarkInput {
  @Field(() => Int, { description: 'Its place among the lines: see `ReportedLineInput.number`.' })
  number!: number

  @Field(() => DateTime, { description: 'When it was said.' })
  at!: string

  @Field(() => StepStatusEnum, { nullable: true, description: 'As `ReportStepInput.status`.' })
  status?: StepStatus | null

  @Field(() => Float, { nullable: true, description: 'How far it is: 0 to 1.' })
  progress?: number | null

  @Field(() => String, { nullable: true, description: 'For people; at most 2000 characters.' })
  message?: string | null
}

@ObjectType({ simpleResolvers: true, description: 'A line that a step printed.' })
export class LogLine {
  @Field(() => Int, { description: '1, 2, 3 … within the step, over all attempts.' })
  number!: number

  @Field(() => DateTime, { description: 'When it was printed.' })
  at!: string

  @Field(() => LogStreamEnum, { description: 'Where it comes from.' })
  stream!: LogStream

  @Field({ description: "Without the line's end. What is no Unicode is replaced, and what is too long cut." })
  text!: string
}

@InputType({
  description:
    'What a script says of its step: at least one of the fields behind `attempt`. Lines and marks are written down in the order of their numbers, then the rest.',
})
export class ReportStepInput {
  @Field(() => ID, { description: 'The id of the pipeline run: scripts find it in `DHUO_PIPELINE_RUN`.' })
  pipelineRun!: string

  @Field({ description: 'The name of the step: scripts find it in `DHUO_STEP`.' })
  step!: string

  @Field(() => Int, {
    nullable: true,
    description: 'The attempt that speaks: scripts find it in `DHUO_ATTEMPT`. Without it the newest one.',
  })
  attempt?: number | null

  @Field(() => StepStatusEnum, {
    nullable: true,
    description:
      'RUNNING, SUCCEEDED or FAILED. The end of its process ends a step, not its word; but after FAILED the attempt has failed, also when the process ends well.',
  })
  status?: StepStatus | null

  @Field(() => Float, { nullable: true, description: 'How far it is: 0 to 1.' })
  progress?: number | null

  @Field(() => String, { nullable: true, description: 'For people; at most 2000 characters.' })
  message?: string | null

  @Field(() => [ReportedLineInput], {
    nullable: true,
    description:
      'What it printed: at most 1000 lines and marks at once. Where numbers are missing the log says how many; they may still come later. Only for what the server does not hear otherwise.',
  })
  lines?: ReportedLineInput[] | null

  @Field(() => [ReportedMarkInput], { nullable: true, description: 'What it said among those lines.' })
  marks?: ReportedMarkInput[] | null

  @Field(() => Boolean, { nullable: true, defaultValue: false, description: 'Nothing more comes of this attempt.' })
  final?: boolean | null
}
