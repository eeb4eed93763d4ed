// The same schema over the same datasources as type-graphql and Apollo Server serve it when nobody sets anything: the baseline of
// nested-page.ts. One argument, the home; sends its address to its parent.
import 'reflect-metadata'
import { randomUUID } from 'node:crypto'
import { ApolloServer } from '@apollo/server'
import { startStandaloneServer } from '@apollo/server/standalone'
import { buildSchema, getMetadataStorage } from 'type-graphql'
import { createAuthenticator } from '../src/authentication.js'
import { readConfig } from '../src/config.js'
import { type Context, createContext, type ServerState } from '../src/context.js'
import { openDatasources } from '../src/datasources/datasources.js'
import { schemaOptions } from '../src/graphql-schema.js'
import { createLogger } from '../src/logger.js'
import { MemoryEvents } from '../src/pubsub/memory-events.js'
import { SharedLooks } from '../src/shared-looks.js'
import { UrlSigner } from '../src/signed-url.js'

const config = readConfig({
  DHUO_HOME: process.argv[2],
  PORT: '0',
  DHUO_LOG_LEVEL: 'error',
  DHUO_ADMIN_PASSWORD: 'not used here',
})
const log = createLogger(config.logLevel)
const datasources = await openDatasources(config, createLogger('silent'))
const state: ServerState = {
  config,
  datasources,
  events: new MemoryEvents(),
  // For subscriptions only.
  pipelineEvents: undefined as never,
  authenticate: createAuthenticator(datasources.catalog, null),
  looks: new SharedLooks(),
  urls: new UrlSigner('a secret of the benchmark'),
  publicUrl: '',
}

// By default every field has a resolver of type-graphql's own.
for (const type of getMetadataStorage().objectTypes) type.simpleResolvers = undefined

const apollo = new ApolloServer<Context>({ schema: await buildSchema(schemaOptions) })
const { url } = await startStandaloneServer(apollo, {
  listen: { port: 0, host: '127.0.0.1' },
  context: ({ req }) =>
    createContext(state, {
      requestId: randomUUID(),
      address: '127.0.0.1',
      authorization: req.headers.authorization,
      accessKey: undefined,
      signal: new AbortController().signal,
      log,
    }),
})
process.send!(url.replace(/\/$/, ''))
