import { Field, InputType, ObjectType } from 'type-graphql'

@ObjectType({ simpleResolvers: true, description: 'A name and its text.' })
export class KeyValue {
  @Field({ description: 'The name.' })
  key!: string

  @Field({ description: 'The text.' })
  value!: string
}

@InputType({ description: 'A name and its text.' })
export class KeyValueInput {
  @Field({ description: 'Letters, digits and "_-. :/"; 250 characters at most.' })
  key!: string

  @Field({ description: 'The text.' })
  value!: string
}
