import { Field, ID, InputType, Int, ObjectType } from 'type-graphql'
import { KeyValue } from './key-value.js'
import { PageInfo } from './paging.js'
import { RelayNode } from './relay-node.js'
import { BigInteger, DateTime, URLText } from './scalars.js'

@ObjectType({
  implements: RelayNode,
  simpleResolvers: true,
  description:
    'Bytes under a key of a bucket, at one version: its id always means these bytes. Overwriting the key makes another object; what refers to this one goes on reading this one.',
})
export class StoredObject extends RelayNode {
  @Field({ description: 'Any UTF-8 text up to 1024 bytes; "/" has no meaning but for listing.' })
  key!: string

  @Field(() => BigInteger, { description: 'Bytes.' })
  size!: number

  @Field({ description: 'Differs whenever the bytes were written anew; without quotes.' })
  etag!: string

  @Field({ description: 'Media type, as the uploader gave it.' })
  contentType!: string

  @Field(() => String, {
    nullable: true,
    description: 'SHA-256 of the bytes in lower-case hex, where it was checked or computed.',
  })
  sha256!: string | null

  @Field(() => DateTime, { description: 'When the bytes were complete.' })
  lastModified!: string
}

@ObjectType({ simpleResolvers: true, description: 'A page of a bucket, ordered by key, byte by byte.' })
export class ObjectConnection {
  @Field(() => [StoredObject], { description: 'Objects whose key is not rolled up.' })
  nodes!: StoredObject[]

  @Field(() => [String], {
    description: 'With a delimiter: the beginnings, up to the delimiter, that keys share: the "folders".',
  })
  commonPrefixes!: string[]

  @Field(() => PageInfo, { description: 'Whether and where it goes on.' })
  pageInfo!: PageInfo
}

@ObjectType({ simpleResolvers: true, description: 'One request that the uploader sends: the bytes of one part.' })
export class UploadPart {
  @Field(() => Int, { description: 'From 1. Part n holds the bytes from (n-1) × partSize.' })
  number!: number

  @Field({ description: 'The HTTP method.' })
  method!: string

  @Field(() => URLText, {
    description:
      'Of this server, or of the object store itself; valid until the upload expires. It carries the permission: treat it as a secret.',
  })
  url!: string

  @Field(() => [KeyValue], { description: 'Headers to send with it.' })
  headers!: KeyValue[]
}

@ObjectType({
  simpleResolvers: true,
  description:
    'An upload that was begun. PUT every part, in any order, several at once and again after a failure; then `completeUpload`.',
})
export class Upload {
  @Field(() => ID, { description: 'For `completeUpload` and `abandonUpload`.' })
  id!: string

  @Field(() => [UploadPart], { description: 'All of them, by number. An empty object has none.' })
  parts!: UploadPart[]

  @Field(() => BigInteger, { description: 'Bytes of every part but the last.' })
  partSize!: number

  @Field(() => DateTime, { description: 'When what was sent is thrown away, unless it was completed.' })
  expiresAt!: string
}

@InputType({ description: 'Announces the bytes of an object.' })
export class CreateUploadInput {
  @Field({ description: "The bucket's name." })
  bucket!: string

  @Field({ description: 'Any UTF-8 text of 1 to 1024 bytes without line breaks.' })
  key!: string

  @Field(() => BigInteger, { description: 'Bytes, exactly.' })
  size!: number | string

  @Field(() => String, { nullable: true, description: 'Media type; without it, guessed from the key.' })
  contentType?: string | null

  @Field(() => String, { nullable: true, description: 'SHA-256 in hex. When given, the bytes must agree with it.' })
  sha256?: string | null
}
