import 'reflect-metadata'
import type { GraphQLSchema } from 'graphql'
import { buildSchema } from 'type-graphql'
import { resolvers } from './resolvers/index.js'

/** The public schema, code first. Used by the server, by the script that emits `schema.graphql`, and by tests. */
export const createGraphQLSchema = (): Promise<GraphQLSchema> => buildSchema({ resolvers, validate: false })
