import { Field, InputType, ObjectType } from 'type-graphql'
import type { BucketPurpose } from '../datasources/catalog/tables.js'
import { enumOf } from './enum-of.js'
import { connectionOf } from './paging.js'
import { RelayNode } from './relay-node.js'
import { DateTime } from './scalars.js'

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
