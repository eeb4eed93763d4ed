import { GraphQLFloat, GraphQLInputObjectType, GraphQLNonNull, GraphQLString } from 'graphql'
import { BigInteger, DateTime } from './scalars.js'

/** One point of a metric, as it comes out of `metricInputType`. */
export class MetricInput {
  key!: string
  value?: number | null
  text?: string | null
  step?: number | string | null
  timestamp?: string | null
}

/**
 * Made with graphql-js itself: type-graphql copies every input object into an instance of its class, which for the thousand
 * points of a batch takes half as long as to write them. graphql-schema.ts tells it to take this one as it is.
 */
export const metricInputType = new GraphQLInputObjectType({
  name: 'MetricInput',
  description: 'One point of a metric: `value`, or `text` for NaN, Infinity and -Infinity.',
  fields: {
    key: {
      type: new GraphQLNonNull(GraphQLString),
      description: 'Which metric: letters, digits and "_-. :/"; 250 characters at most.',
    },
    value: { type: GraphQLFloat, description: 'A number.' },
    text: { type: GraphQLString, description: 'What is no number of JSON: "NaN", "Infinity" or "-Infinity".' },
    step: { type: BigInteger, defaultValue: 0, description: 'Counts epochs or batches; 64 bits, may be negative.' },
    timestamp: { type: DateTime, description: 'When it was measured, not before 1970; now when it is not given.' },
  },
})
