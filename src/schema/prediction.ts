import { Field, Float, ID, InputType, Int, ObjectType } from 'type-graphql'
import { ObjectInput } from './object-input.js'
import { connectionOf } from './paging.js'
import { RelayNode } from './relay-node.js'
import { BigInteger, DateTime, JSONValue } from './scalars.js'

@ObjectType({
  implements: RelayNode,
  simpleResolvers: true,
  description: 'Rows that a model predicted: one VERSION of a table, and all that they came of.',
})
export class Prediction extends RelayNode {
  @Field(() => Int, { description: 'The value of the column VERSION of its rows.' })
  version!: number

  @Field(() => BigInteger, { description: 'How many rows were saved.' })
  rowCount!: number

  @Field(() => DateTime, { description: 'The value of the column CREATED_AT of its rows.' })
  createdAt!: string
}

export const PredictionConnection = connectionOf(() => Prediction, 'Prediction')

@ObjectType({ simpleResolvers: true, description: 'What an ONLINE deployment answered.' })
export class OnlinePrediction {
  @Field(() => [JSONValue], { description: 'One for each row, in their order.' })
  predictions!: unknown[]

  @Field(() => Float, {
    description: 'Milliseconds, from the question to the answer; the first call of a handler loads its model.',
  })
  durationMs!: number
}

@InputType({
  description:
    'Predictions to keep. Exactly one of `rows` (with `columns`), `object` and `sql`, with the features and a column PREDICT (in any case). VERSION and CREATED_AT are added: they must not be among them.',
})
export class SavePredictionsInput {
  @Field({ description: "The project's name." })
  project!: string

  @Field({ description: 'What predicted: models:/NAME/VERSION, models:/NAME/STAGE, models:/NAME/latest or models:/NAME@ALIAS.' })
  modelUri!: string

  @Field({
    description:
      'The output table, in any case. It is made when it is missing; otherwise the rows must have its columns, and values that fit their types.',
  })
  table!: string

  @Field(() => [String], { nullable: true, description: 'The names of the values of each of `rows`.' })
  columns?: string[] | null

  @Field(() => [JSONValue], {
    nullable: true,
    description:
      'Each an array in the order of `columns`; 1 to 100000. Long integers and decimals are strings, as in a `Table`; other strings stay text unless the table says otherwise.',
  })
  rows?: unknown[] | null

  @Field(() => ObjectInput, { nullable: true, description: 'A file with the rows: CSV, NDJSON, JSON, Parquet or Arrow.' })
  object?: ObjectInput | null

  @Field(() => String, { nullable: true, description: 'A SELECT that gives the rows.' })
  sql?: string | null

  @Field(() => ID, { nullable: true, description: 'The id of the dataset that was predicted from.' })
  input?: string | null

  @Field(() => ID, {
    nullable: true,
    description: 'The id of the pipeline run that predicted. The key of a script says it by itself.',
  })
  pipelineRun?: string | null

  @Field(() => String, { nullable: true, description: 'The step of that run.' })
  step?: string | null

  @Field(() => String, {
    nullable: true,
    description:
      'Yours to choose, unique in the project, 1 to 200 characters: the same key again gives what was saved, and saves nothing.',
  })
  idempotencyKey?: string | null
}

@InputType({ description: 'A question to an ONLINE deployment.' })
export class PredictInput {
  @Field(() => ID, { description: 'The id of the deployment.' })
  deployment!: string

  @Field(() => [JSONValue], { description: 'As its predict.py wants them; 1 to 10000. A request has at most 4 MiB.' })
  rows!: unknown[]
}
