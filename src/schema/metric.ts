import { Field, ObjectType } from 'type-graphql'
import { connectionOf } from './paging.js'
import { BigInteger, DateTime } from './scalars.js'

/** A point as it is stored and as it is published. */
export interface PointRow {
  key: string
  /** 0 for NaN; the infinities may be text. */
  value: number | string
  isNan: 0 | 1
  step: number | string
  /** Milliseconds since 1970. */
  timestamp: number
}

/** A view of a row: pages have thousands of them, and nothing is worked out that is not asked for. */
@ObjectType({ simpleResolvers: true, description: 'One measured value.' })
export class Metric<Row extends PointRow = PointRow> {
  constructor(readonly row: Row) {}

  @Field(() => String, { description: 'Which metric.' })
  get key(): string {
    return this.row.key
  }

  @Field(() => Number, { nullable: true, description: 'Null for NaN and the infinities: `text` tells which.' })
  get value(): number | null {
    return numberOf(this.row)
  }

  @Field(() => String, {
    description: 'The exact value: the shortest decimal that is this number, "NaN", "Infinity" or "-Infinity".',
  })
  get text(): string {
    return this.row.isNan ? 'NaN' : String(this.row.value)
  }

  @Field(() => BigInteger, { description: 'Of the training, counted by the client.' })
  get step(): number | string {
    return this.row.step
  }

  @Field(() => DateTime, { description: 'When it was measured.' })
  get timestamp(): string {
    return instantOf(this.row.timestamp)
  }
}

let lastInstant = { timestamp: Number.NaN, text: '' }

/** What is logged together has one timestamp, and writing it out takes longer than all else of a point. */
function instantOf(timestamp: number): string {
  if (timestamp !== lastInstant.timestamp) lastInstant = { timestamp, text: new Date(timestamp).toISOString() }
  return lastInstant.text
}

export const MetricConnection = connectionOf(() => Metric, 'Metric')

/** What a Float of GraphQL can say of it: null for NaN and the infinities. */
export const numberOf = ({ value, isNan }: PointRow): number | null =>
  typeof value === 'number' && isNan === 0 && Number.isFinite(value) ? value : null
