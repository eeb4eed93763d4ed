import { Field, InputType } from 'type-graphql'
import type { TableFormat } from '../datasources/lakehouse/lakehouse.js'
import { TableFormatEnum } from './table-format.js'

@InputType({ description: 'An object, by bucket and key.' })
export class ObjectInput {
  @Field({ description: "The bucket's name." })
  bucket!: string

  @Field({ description: 'The key in the bucket.' })
  key!: string

  @Field(() => TableFormatEnum, {
    nullable: true,
    description: 'Where it is read as a table: how. Without it, by the extension of the key.',
  })
  format?: TableFormat | null
}
