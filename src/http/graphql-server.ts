import {
  ApolloServer,
  type ApolloServerPlugin,
  type GraphQLRequestContext,
  HeaderMap,
  type HTTPGraphQLRequest,
} from '@apollo/server'
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginInlineTraceDisabled,
  ApolloServerPluginLandingPageDisabled,
  ApolloServerPluginSchemaReportingDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from '@apollo/server/plugin/disabled'
import type { FastifyBaseLogger } from 'fastify'
import type { GraphQLFormattedError, GraphQLSchema } from 'graphql'
import type { Context } from '../context.js'
import { DhuoError, type ErrorCode } from '../errors.js'
import type { Logger } from '../logger.js'
import type { DocumentStore } from './document-store.js'
import { codeOf, formatError } from './format-error.js'
import { labelOf, type OperationLabel, unknownOperation } from './operation-label.js'
import type { Executor } from './query-executor.js'

/** What is known of one GraphQL request over HTTP; travels with Apollo's request object, for Apollo copies the context. */
export class HttpOperation {
  label: OperationLabel = unknownOperation
  /** Of the errors in the answer. */
  codes: ErrorCode[] = []
  /** The request is a GraphQL request; its document may still be wrong. */
  isWellFormed = false
  readonly log: Logger

  constructor(
    readonly requestId: string,
    log: FastifyBaseLogger,
  ) {
    this.log = log as Logger
  }

  format(errors: readonly unknown[]): GraphQLFormattedError[] {
    const formatted = errors.map((error) => formatError(error, this))
    this.codes = formatted.map(codeOf)
    return formatted
  }
}

/** Apollo Server as the executor of requests over HTTP: no landing page, nothing that calls home, one way of validating. */
export async function startApolloServer(
  schema: GraphQLSchema,
  documents: DocumentStore,
  execute: Executor,
  log: Logger,
): Promise<ApolloServer<Context>> {
  const apollo = new ApolloServer<Context>({
    schema,
    introspection: true,
    csrfPrevention: true,
    allowBatchedHttpRequests: false,
    persistedQueries: false,
    parseOptions: documents.parseOptions,
    documentStore: documents,
    // Not without validation: `checkFirst` validates, after the guards. Apollo would do it before them.
    dangerouslyDisableValidation: true,
    includeStacktraceInErrorResponses: false,
    // Apollo's own handler raises the signal again when it is done, and ends the process before the server has drained.
    stopOnTerminationSignals: false,
    // For requests that fail before there is an operation; the others are formatted in `operationPlugin`, with their id.
    formatError: (_formatted, error) => formatError(error),
    stringifyResult: (result) => JSON.stringify(result),
    logger: {
      debug: (message) => log.debug(String(message)),
      info: (message) => log.info(String(message)),
      warn: (message) => log.warn(String(message)),
      error: (message) => log.error(String(message)),
    },
    plugins: [
      operationPlugin(schema, documents, execute),
      ApolloServerPluginCacheControlDisabled(),
      ApolloServerPluginInlineTraceDisabled(),
      ApolloServerPluginLandingPageDisabled(),
      ApolloServerPluginSchemaReportingDisabled(),
      ApolloServerPluginUsageReportingDisabled(),
    ],
  })
  await apollo.start()
  return apollo
}

/** Without data nothing was executed: the request itself is at fault. */
const answerOf = ({ errors, data }: { errors?: readonly GraphQLFormattedError[]; data?: Record<string, unknown> | null }) => ({
  http: { status: data === undefined ? 400 : undefined, headers: new HeaderMap() },
  body: { kind: 'single' as const, singleResult: { errors, data } },
})

const operationOf = (context: GraphQLRequestContext<Context>): HttpOperation =>
  (context.request.http as HTTPGraphQLRequest & { operation: HttpOperation }).operation

function operationPlugin(schema: GraphQLSchema, documents: DocumentStore, execute: Executor): ApolloServerPlugin<Context> {
  // One listener for all requests: a closure for each would be made anew for each.
  const listener = {
    /**
     * Guards, validation and execution. Not through Apollo's own place for an executor (`gateway`): it makes an object with
     * accessors for each request, whose hidden class V8 keeps, and with it all that the request has read, until the next
     * collection of the old generation.
     */
    async responseForOperation(context: GraphQLRequestContext<Context>) {
      const operation = operationOf(context)
      const errors = checkFirst(context)
      operation.isWellFormed = true
      if (errors.length > 0) return answerOf({ errors: operation.format(errors) })
      const { request, document, contextValue } = context
      operation.label = labelOf(document!, request.operationName)
      // Apollo says that there is no operation of that name.
      if (!context.operation) return null
      const result = await execute({
        schema,
        document: document!,
        contextValue,
        operationName: request.operationName ?? null,
        variableValues: request.variables ?? null,
      })
      return answerOf(result.errors ? { ...result, errors: operation.format(result.errors) } : result)
    },
    async willSendResponse(context: GraphQLRequestContext<Context>) {
      const { errors, response } = context
      if (!errors || response.body?.kind !== 'single') return
      const operation = operationOf(context)
      response.body.singleResult.errors = operation.format(errors)
      operation.isWellFormed = errors.every((error) => error.extensions['code'] !== 'BAD_REQUEST')
      // Apollo answers a persisted query with 200 though it executes nothing.
      if (response.body.singleResult.data === undefined && (response.http.status ?? 200) < 400) response.http.status = 400
    },
  }
  const checkFirst = ({ document, operation, request }: GraphQLRequestContext<Context>) => {
    const errors = documents.check(document!, request.operationName, request.variables)
    if (errors.length > 0 || operation?.operation !== 'subscription') return errors
    return [
      new DhuoError(
        'BAD_USER_INPUT',
        'Subscriptions run over a WebSocket at this address, by the protocol graphql-transport-ws.',
      ),
    ]
  }
  return {
    async requestDidStart() {
      return listener
    },
  }
}
