import { Field, InputType, Int, ObjectType } from 'type-graphql'
import type { ClusterSize, DeploymentKind, DeploymentStatus, StepKind } from '../datasources/catalog/deployment-rows.js'
import { enumOf } from './enum-of.js'
import { ObjectInput } from './object-input.js'
import { connectionOf } from './paging.js'
import { RelayNode } from './relay-node.js'
import { DateTime } from './scalars.js'
import { StepKindEnum } from './step-kind.js'

const DeploymentKindEnum = enumOf<DeploymentKind>('DeploymentKind', 'How a deployment is used.', {
  BATCH: 'Its steps run as a pipeline, on demand or by a clock.',
  ONLINE: 'It answers: `predict` asks it.',
})

const DeploymentStatusEnum = enumOf<DeploymentStatus>('DeploymentStatus', 'Whether a deployment can be used.', {
  PACKAGING: 'Its requirements and libraries are being put together. Runs that are started wait for that.',
  READY: 'It can be used.',
  FAILED: 'It could not be packaged; `statusDetail` says why. Deploy it again.',
  DELETED: 'It is gone: its runs can be looked at, its name is free.',
})

const ClusterSizeEnum = enumOf<ClusterSize>('ClusterSize', 'How large the machines are: 1, 2 and 3 of DHuOlib.', {
  SMALL: 'One executor, unless the server is set otherwise.',
  MEDIUM: 'Two executors, unless the server is set otherwise.',
  LARGE: 'Four executors, unless the server is set otherwise.',
})

@ObjectType({
  implements: RelayNode,
  simpleResolvers: true,
  description: 'Scripts, and what they need to run. What it tells of itself is its newest version; runs keep theirs.',
})
export class Deployment extends RelayNode {
  @Field({ description: 'In lower case; unique among those of its project that are not deleted.' })
  name!: string

  @Field(() => DeploymentKindEnum, { description: 'How it is used; for ever.' })
  kind!: DeploymentKind

  @Field(() => DeploymentStatusEnum, { description: 'Whether it can be used.' })
  status!: DeploymentStatus

  @Field(() => String, { nullable: true, description: 'Why it FAILED.' })
  statusDetail!: string | null

  @Field(() => Int, { description: 'The number of its newest version: 1, 2, 3 and so on.' })
  version!: number

  @Field(() => DateTime, { description: 'When its first version was deployed.' })
  createdAt!: string

  @Field(() => DateTime, { description: 'When it was deployed, packaged, scheduled or deleted last.' })
  updatedAt!: string

  @Field(() => String, {
    nullable: true,
    description: 'The id of the application on the compute backend (an OCID of Data Flow); null where it has no such thing.',
  })
  applicationId!: string | null
}

export const DeploymentConnection = connectionOf(() => Deployment, 'Deployment')

@ObjectType({
  simpleResolvers: true,
  description: 'The machines that steps run on. Where steps run on the server, nothing of it counts.',
})
export class Cluster {
  @Field(() => ClusterSizeEnum, { description: 'As it was asked for.' })
  size!: ClusterSize

  @Field({ description: 'The OCI Compute shape of the machine that runs the script.' })
  driverShape!: string

  @Field({ description: 'The shape of the machines that Spark gives work to.' })
  executorShape!: string

  @Field(() => Int, { description: 'How many of those.' })
  executors!: number
}

@ObjectType({ simpleResolvers: true, description: 'A step as it was deployed: a script and how it runs.' })
export class StepSpec {
  @Field({ description: 'Unique in its deployment.' })
  name!: string

  @Field(() => StepKindEnum, { description: 'What it is for.' })
  kind!: StepKind

  @Field(() => Int, { description: 'How often it is tried before it has failed.' })
  maxAttempts!: number

  @Field(() => Int, { nullable: true, description: 'An attempt that takes longer is ended; null: none is.' })
  timeoutSeconds!: number | null
}

@ObjectType({
  simpleResolvers: true,
  description: 'The packages and libraries of a deployment as one ZIP, in the layout of OCI Data Flow.',
})
export class Archive {
  @Field({ description: 'Of the ZIP, in hex. The same input gives the same.' })
  sha256!: string

  @Field(() => [String], { description: 'Python packages in it: `name==version`, by name.' })
  packages!: string[]

  @Field(() => DateTime, { description: 'When it was built; for a version that reuses it, that is before its time.' })
  builtAt!: string
}

@ObjectType({ simpleResolvers: true, description: 'When a deployment runs by itself.' })
export class Schedule {
  @Field({ description: 'Minute, hour, day of month, month, day of week.' })
  cron!: string

  @Field({ description: 'The IANA time zone in which the fields are meant.' })
  timezone!: string

  @Field({ description: 'False: it is paused.' })
  enabled!: boolean

  @Field(() => DateTime, { nullable: true, description: 'The next time; null while it is paused.' })
  nextRunAt!: string | null
}

@InputType({ description: 'A deployment, or its next version when there is one of that name.' })
export class DeployInput {
  @Field({ description: "The project's name." })
  project!: string

  @Field({ description: 'Lower-case letters, digits, "-" and "_", 4 to 63; capitals are lower-cased.' })
  name!: string

  @Field(() => DeploymentKindEnum, { nullable: true, defaultValue: 'BATCH', description: 'A deployment keeps its kind.' })
  kind?: DeploymentKind | null

  @Field(() => ClusterSizeEnum, { nullable: true, defaultValue: 'SMALL', description: 'How large the machines are.' })
  cluster?: ClusterSize | null

  @Field(() => [StepInput], {
    description: '1 to 100, each with a name of its own. ONLINE: one step, of kind PREDICTION, with a script named predict.py.',
  })
  steps!: StepInput[]

  @Field(() => String, {
    nullable: true,
    description:
      'Python packages, as a requirements.txt of 64 KiB at most. Wheels only. No files of the server, no version control, no passwords.',
  })
  requirements?: string | null

  @Field(() => [ObjectInput], {
    nullable: true,
    description:
      'What travels with the scripts, 100 at most: wheels (.whl), .zip files of Python modules, modules (.py), and .jar files. The deployment keeps the bytes that they have now.',
  })
  libraries?: ObjectInput[] | null

  @Field(() => String, {
    nullable: true,
    description:
      'The model version that scripts get as DHUO_MODEL_URI: models:/NAME/VERSION, /STAGE, /latest or @ALIAS, as it is now.',
  })
  modelUri?: string | null

  @Field(() => String, {
    nullable: true,
    description: 'When it runs by itself: five fields of cron. Without it, the schedule that there is stays.',
  })
  cron?: string | null

  @Field(() => String, { nullable: true, defaultValue: 'UTC', description: 'An IANA time zone: what the fields of `cron` mean.' })
  timezone?: string | null

  @Field(() => String, {
    nullable: true,
    description: 'Up to 200 characters. The same key for the same deployment makes one version, however often it is sent.',
  })
  idempotencyKey?: string | null
}

@InputType({ description: 'One step of a deployment.' })
export class StepInput {
  @Field({ description: 'Lower-case letters, digits, "-" and "_", 4 to 63; capitals are lower-cased.' })
  name!: string

  @Field(() => StepKindEnum, { nullable: true, defaultValue: 'CUSTOM', description: 'What it is for.' })
  kind?: StepKind | null

  @Field(() => ObjectInput, {
    description: 'The script: .py, .js or .mjs, in a bucket of the project. The deployment keeps the bytes that it has now.',
  })
  script!: ObjectInput

  @Field(() => [String], { nullable: true, description: 'What the script is called with: 100 at most, of 4 KiB each.' })
  arguments?: string[] | null

  @Field(() => [String], {
    nullable: true,
    description: 'Names of steps before it that must have succeeded. Null: the step just before it; []: none.',
  })
  needs?: string[] | null

  @Field(() => Int, { nullable: true, defaultValue: 1, description: 'How often it is tried before it has failed: 1 to 10.' })
  maxAttempts?: number | null

  @Field(() => Int, {
    nullable: true,
    description: 'An attempt that takes longer is ended: 1 to 604800 (7 days); null: none is.',
  })
  timeoutSeconds?: number | null
}
