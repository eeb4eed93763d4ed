import { Field, Int, ObjectType } from 'type-graphql'
import type { BackendRole } from '../datasources/datasources.js'
import type { ErrorCode } from '../errors.js'
import { enumOf } from './enum-of.js'
import { ErrorCodeEnum } from './error-code.js'
import { BigInteger, DateTime } from './scalars.js'

const BackendRoleEnum = enumOf<BackendRole>('BackendRole', 'What a backend does for this server.', {
  CATALOG: 'Keeps the rows of every entity.',
  OBJECT_STORE: 'Keeps the bytes of objects.',
  LAKEHOUSE: 'Keeps tables and runs SQL.',
  TRACKING: 'Keeps experiments and runs; part of the catalog.',
  COMPUTE: 'Runs the steps of pipelines.',
  FUNCTIONS: 'Answers online predictions.',
  PUBSUB: 'Carries events between servers.',
})

@ObjectType({ simpleResolvers: true, description: 'One backend and how it is.' })
export class Backend {
  @Field(() => BackendRoleEnum, { description: 'What it does.' })
  role!: BackendRole

  @Field({ description: 'Which one it is: the scheme of the URL that chose it, for example `sqlite`.' })
  kind!: string

  @Field({ description: 'True when it answered just now.' })
  healthy!: boolean

  @Field(() => String, { nullable: true, description: 'What is wrong; null when nothing is.' })
  detail!: string | null
}

@ObjectType({ simpleResolvers: true, description: 'The largest things this server accepts.' })
export class Limits {
  @Field(() => Int, { description: 'Milliseconds that one SQL statement may take.' })
  sqlTimeoutMs!: number

  @Field(() => Int, { description: 'Rows of a `Table` at most; whole results come through its `downloadUrl`.' })
  tableRows!: number

  @Field(() => BigInteger, { description: 'Bytes of one object.' })
  objectBytes!: number
}

@ObjectType({ simpleResolvers: true, description: 'The server that answers.' })
export class ServerInfo {
  @Field({ description: 'The version of DHuO Graph.' })
  version!: string

  @Field(() => [Backend], { description: 'The backends it runs on. Each is asked when this field is.' })
  backends!: Backend[]

  @Field(() => DateTime, { description: 'When this process started.' })
  startedAt!: string

  @Field(() => Limits, { description: 'The largest things it accepts.' })
  limits!: Limits

  @Field(() => [ErrorCodeEnum], { description: 'Every code that an error can have.' })
  errorCodes!: ErrorCode[]
}
