import { Field, InputType, Int, ObjectType } from 'type-graphql'
import type { DatasetKind } from '../datasources/catalog/tables.js'
import type { WriteMode } from '../datasources/lakehouse/lakehouse.js'
import { enumOf } from './enum-of.js'
import { ObjectInput } from './object-input.js'
import { connectionOf } from './paging.js'
import { RelayNode } from './relay-node.js'
import { DateTime } from './scalars.js'

const DatasetKindEnum = enumOf<DatasetKind>('DatasetKind', 'What a dataset was made from.', {
  TABLE: 'A statement, or a table that was there.',
  OBJECT: 'An object, whose bytes stay what they were.',
})

const WriteModeEnum = enumOf<WriteMode>('WriteMode', 'What happens to rows that are there.', {
  CREATE: 'There must be none: the name must be free.',
  REPLACE: 'They go, and the new ones take their place in one step. Makes the dataset where there is none.',
  APPEND: 'They stay, and the new ones are added, by column name. The dataset must exist.',
})

@ObjectType({
  implements: RelayNode,
  simpleResolvers: true,
  description: "Rows with a name: a table in the project's lakehouse schema, and where they came from.",
})
export class Dataset extends RelayNode {
  @Field({ description: 'Unique in its project.' })
  name!: string

  @Field(() => DatasetKindEnum, { description: 'What it was last made from.' })
  kind!: DatasetKind

  @Field(() => String, { nullable: true, description: 'For people.' })
  description!: string | null

  @Field(() => Int, { description: '1 when it was made, one more with each `createDataset` that replaced or appended.' })
  version!: number

  @Field(() => DateTime, { description: 'When it was made.' })
  createdAt!: string

  @Field(() => DateTime, { description: 'When its newest version was made.' })
  updatedAt!: string
}

export const DatasetConnection = connectionOf(() => Dataset, 'Dataset')

@InputType({ description: 'A new dataset, or the next version of one. Exactly one of `object`, `sql` and `table`.' })
export class CreateDatasetInput {
  @Field({ description: "The project's name." })
  project!: string

  @Field({ description: 'Unique in the project. Its table has the same name, with "_" for "-".' })
  name!: string

  @Field(() => String, { nullable: true, description: 'For people; without it, a description that is there stays.' })
  description?: string | null

  @Field(() => ObjectInput, { nullable: true, description: 'Loads this object: CSV, NDJSON, JSON, Parquet or Arrow.' })
  object?: ObjectInput | null

  @Field(() => String, { nullable: true, description: 'Keeps the result of this SELECT.' })
  sql?: string | null

  @Field(() => String, {
    nullable: true,
    description: "Gives a table of the project's schema a name as a dataset; nothing is copied.",
  })
  table?: string | null

  @Field(() => WriteModeEnum, { nullable: true, defaultValue: 'CREATE', description: 'What happens to rows that are there.' })
  mode?: WriteMode | null
}
