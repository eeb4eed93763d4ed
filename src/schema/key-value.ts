import { Field, ObjectType } from 'type-graphql'

@ObjectType({ simpleResolvers: true, description: 'A name and its text.' })
export class KeyValue {
  @Field({ description: 'The name.' })
  key!: string

  @Field({ description: 'The text.' })
  value!: string
}
