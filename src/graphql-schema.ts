import 'reflect-metadata'
import type { GraphQLSchema } from 'graphql'
import { buildSchema, type PubSub } from 'type-graphql'
import { resolvers } from './resolvers/index.js'
import { MetricInput, metricInputType } from './schema/metric-input.js'

/** type-graphql allows no subscription without one, also where each brings its stream from the context's events. */
const noPubSub: PubSub = {
  publish() {},
  subscribe() {
    throw new Error('A subscription takes its stream from context.events: give it `subscribe`.')
  },
}

/** The public schema, code first. Used by the server, by the script that emits `schema.graphql`, and by tests. */
export const createGraphQLSchema = (): Promise<GraphQLSchema> =>
  buildSchema({
    resolvers,
    validate: false,
    pubSub: noPubSub,
    // Declared for scalars, but any type goes.
    scalarsMap: [{ type: MetricInput, scalar: metricInputType as never }],
  })
