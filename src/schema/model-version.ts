import { Field, ID, InputType, Int, ObjectType } from 'type-graphql'
import type { ModelStage, ModelVersionStatus } from '../datasources/catalog/model-rows.js'
import { enumOf } from './enum-of.js'
import { KeyValueInput } from './key-value.js'
import { ObjectInput } from './object-input.js'
import { connectionOf } from './paging.js'
import { RelayNode } from './relay-node.js'
import { BigInteger, DateTime } from './scalars.js'

export const ModelStageEnum = enumOf<ModelStage>('ModelStage', 'How far a model version has come.', {
  NONE: 'Just made.',
  STAGING: 'Being tried.',
  PRODUCTION: 'In use.',
  ARCHIVED: 'No longer in use.',
})

const ModelVersionStatusEnum = enumOf<ModelVersionStatus>('ModelVersionStatus', 'Whether a model version can be used.', {
  PENDING: 'Its files are not all there yet.',
  READY: 'It can be used; its files do not change.',
  FAILED: 'It could not be made.',
})

@ObjectType({
  implements: RelayNode,
  simpleResolvers: true,
  description: 'One version of a model: files that never change, and where it stands.',
})
export class ModelVersion extends RelayNode {
  @Field(() => Int, { description: '1, 2, 3 and so on in its model, without gaps; a number is not used again.' })
  version!: number

  @Field(() => ModelStageEnum, { description: 'Where it stands. Several versions may be in one stage.' })
  stage!: ModelStage

  @Field(() => ModelVersionStatusEnum, { description: 'Whether it can be used.' })
  status!: ModelVersionStatus

  @Field(() => String, { nullable: true, description: 'For people.' })
  description!: string | null

  @Field(() => String, { nullable: true, description: 'What made it, for example `lightgbm`.' })
  modelType!: string | null

  @Field(() => String, { nullable: true, description: 'What it needs to be loaded, as a requirements.txt.' })
  requirements!: string | null

  @Field(() => BigInteger, { description: 'Bytes of all files.' })
  size!: number

  @Field(() => String, {
    nullable: true,
    description:
      'SHA-256 in hex: of the one file; of several, of the lines `<sha256>  <key>`, each with a line feed, in the order of the bytes of the keys.',
  })
  sha256!: string | null

  @Field(() => DateTime, { description: 'When it was saved.' })
  createdAt!: string

  @Field(() => DateTime, { description: 'When its stage, description or tags changed last.' })
  updatedAt!: string
}

export const ModelVersionConnection = connectionOf(() => ModelVersion, 'ModelVersion')

@ObjectType({ simpleResolvers: true, description: 'A move of a model version from one stage to another.' })
export class StageTransition {
  @Field(() => ModelStageEnum, { description: 'Where it was.' })
  from!: ModelStage

  @Field(() => ModelStageEnum, { description: 'Where it came.' })
  to!: ModelStage

  @Field(() => DateTime, { description: 'When.' })
  at!: string
}

@InputType({ description: 'The next version of a model; the model is made when it is new.' })
export class SaveModelInput {
  @Field({ description: "The project's name." })
  project!: string

  @Field({ description: 'The model\'s name: lower-case letters, digits, "-" and "_", 4 to 63; capitals are lower-cased.' })
  model!: string

  @Field(() => ID, { nullable: true, description: 'The run that made it, in the same project.' })
  run?: string | null

  @Field(() => [ObjectInput], {
    description:
      'Its files: 1 to 1000, not empty, in buckets of the same project, each once. The version keeps the bytes that they have now.',
  })
  objects!: ObjectInput[]

  @Field(() => ModelStageEnum, { nullable: true, defaultValue: 'NONE', description: 'Where it stands from the start.' })
  stage?: ModelStage | null

  @Field(() => String, { nullable: true, description: 'What made it, for example `lightgbm`; 200 characters at most.' })
  modelType?: string | null

  @Field(() => String, { nullable: true, description: 'What it needs to be loaded, as a requirements.txt; 64 KiB at most.' })
  requirements?: string | null

  @Field(() => String, { nullable: true, description: 'Of this version, for people; 10,000 characters at most.' })
  description?: string | null

  @Field(() => [KeyValueInput], {
    nullable: true,
    description: 'Of this version. Values have up to 5,000 characters.',
  })
  tags?: KeyValueInput[] | null
}

@InputType({ description: 'Changes to a model version. What is absent stays as it is.' })
export class UpdateModelVersionInput {
  @Field(() => ID, { description: 'The id of the version.' })
  id!: string

  @Field(() => String, { nullable: true, description: 'For people, 10,000 characters at most; null takes it away.' })
  description?: string | null

  @Field(() => [KeyValueInput], {
    nullable: true,
    description: 'Set, and put in place of those with the same keys; others stay. Values have up to 5,000 characters.',
  })
  tags?: KeyValueInput[] | null
}

@InputType({ description: 'A move of a model version to a stage.' })
export class TransitionModelVersionInput {
  @Field(() => ID, { description: 'The id of the version.' })
  id!: string

  @Field(() => ModelStageEnum, { description: 'Where it comes. When it is there already, nothing is written down.' })
  stage!: ModelStage

  @Field(() => Boolean, {
    nullable: true,
    defaultValue: false,
    description: 'Also moves every other version in that stage to ARCHIVED, in the same moment. For STAGING and PRODUCTION only.',
  })
  archiveExisting?: boolean | null
}
