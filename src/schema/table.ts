import { Field, Float, InputType, Int, ObjectType } from 'type-graphql'
import type { ColumnType, Value } from '../datasources/lakehouse/lakehouse.js'
import { enumOf } from './enum-of.js'
import { BigInteger, JSONValue } from './scalars.js'

const ColumnTypeEnum = enumOf<ColumnType>('ColumnType', 'The type of the values of a column, the same for every backend.', {
  BOOLEAN: 'true and false.',
  INTEGER: 'Whole numbers; a string above 2^53.',
  FLOAT: 'Floating point; NaN and the infinities as strings.',
  DECIMAL: 'Exact decimals; a string beyond 15 digits.',
  STRING: 'Text; also enums and UUIDs.',
  BINARY: 'Bytes, as base64.',
  DATE: 'A day, as YYYY-MM-DD.',
  TIMESTAMP: 'An instant, as ISO 8601 in UTC.',
  JSON: 'Nested values: JSON documents, lists, structs, maps.',
  OTHER: 'Anything else, as text.',
})

@ObjectType({ simpleResolvers: true, description: 'A column of a table.' })
export class Column {
  @Field({ description: 'Its name.' })
  name!: string

  @Field(() => ColumnTypeEnum, { description: 'How its values look in JSON.' })
  type!: ColumnType

  @Field({ description: "The backend's own name of the type, for example `DECIMAL(18,3)`." })
  databaseType!: string

  @Field({ description: 'Whether it can hold nulls.' })
  nullable!: boolean
}

@ObjectType({
  simpleResolvers: true,
  description:
    'Rows and what they are made of. Integers are exact (a string above 2^53), decimals beyond 15 digits strings, timestamps ISO 8601 in UTC, NaN and infinities strings.',
})
export class Table {
  @Field(() => [Column], { description: 'In the order of the values of each row.' })
  columns!: Column[]

  @Field(() => [JSONValue], { description: 'Each row is an array in the order of the columns.' })
  rows!: Value[][]

  @Field(() => Int, { description: 'How many rows are here.' })
  rowCount!: number

  @Field({ description: 'True when there is more than `limit` let through.' })
  truncated!: boolean
}

@ObjectType({ simpleResolvers: true, description: 'What a statement that writes did.' })
export class DmlResult {
  @Field(() => BigInteger, { description: 'Rows inserted, updated or deleted, by all parameter sets together.' })
  rowsAffected!: number

  @Field(() => Float, { description: 'Milliseconds.' })
  durationMs!: number
}

@InputType({ description: 'One INSERT, UPDATE, DELETE or MERGE, run as one transaction.' })
export class ExecuteDmlInput {
  @Field({ description: "The project's name; unqualified tables are those of its schema." })
  project!: string

  @Field({ description: 'One statement. Parameters are `?` or `$name`.' })
  sql!: string

  @Field(() => JSONValue, { nullable: true, description: 'An array for `?`, an object for `$name`.' })
  params?: unknown

  @Field(() => [JSONValue], {
    nullable: true,
    description: 'The same statement for each of these parameter sets, all or nothing. Not together with `params`.',
  })
  batch?: unknown[] | null
}
