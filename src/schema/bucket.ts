import { Field, InputType, ObjectType } from 'type-graphql'
import type { BucketPurpose } from '../datasources/catalog/tables.js'
import { enumOf } from './enum-of.js'
import { connectionOf } from './paging.js'
import { RelayNode } from './relay-node.js'
import { BigInteger, DateTime } from './scalars.js'

const BucketPurposeEnum = enumOf<BucketPurpose>('BucketPurpose', 'What a bucket is for. Its name says so too.', {
  RAW: 'Data as it came.',
  FEATURES: 'Data made ready for training.',
  MODELS: 'Files of models.',
  DEPLOYMENTS: 'Scripts, libraries and dependency archives.',
  PREDICTIONS: 'Results.',
  TEMP: 'What may be lost.',
})

@ObjectType({
  implements: RelayNode,
  simpleResolvers: true,
  description: 'A named place for objects, of one project and for one purpose.',
})
export class Bucket extends RelayNode {
  @Field({ description: 'Unique: `<project>-<purpose>`, or with more behind it.' })
  name!: string

  @Field(() => BucketPurposeEnum, { description: 'What it is for.' })
  purpose!: BucketPurpose

  @Field(() => DateTime, { description: 'When it was made.' })
  createdAt!: string
}

@ObjectType({ simpleResolvers: true, description: 'What was found in a bucket that others fill as well.' })
export class BucketSyncResult {
  @Field(() => BigInteger, { description: 'Objects that are new here.' })
  added!: number

  @Field(() => BigInteger, { description: 'Objects whose key means other bytes now.' })
  replaced!: number

  @Field(() => BigInteger, { description: 'Objects that are not there any more.' })
  removed!: number

  @Field(() => BigInteger, { description: 'Objects that cannot be here, for no key may be called so.' })
  skipped!: number

  @Field(() => [String], { description: 'What those are called; a hundred at most.' })
  skippedKeys!: string[]
}

@InputType({ description: 'A bucket that the storage has already.' })
export class ImportBucketInput {
  @Field({ description: "The project's name." })
  project!: string

  @Field({ description: "The bucket's name, exactly as the storage has it. It need not follow the naming policy." })
  name!: string

  @Field(() => BucketPurposeEnum, { description: 'What it is for.' })
  purpose!: BucketPurpose

  @Field(() => String, {
    nullable: true,
    description:
      'Looks only for keys that begin with it; without it, for all. The whole bucket is the project’s all the same: its people can look for the rest, and write there.',
  })
  prefix?: string | null
}

export const BucketConnection = connectionOf(() => Bucket, 'Bucket')

@InputType({ description: 'A new bucket.' })
export class CreateBucketInput {
  @Field({ description: "The project's name." })
  project!: string

  @Field(() => BucketPurposeEnum, { description: 'What it is for.' })
  purpose!: BucketPurpose

  @Field(() => String, { nullable: true, description: 'Must begin with `<project>-<purpose>`; without a name, it is just that.' })
  name?: string | null
}
