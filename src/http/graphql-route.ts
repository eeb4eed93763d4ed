import { type ApolloServer, HeaderMap, type HTTPGraphQLRequest } from '@apollo/server'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { GraphQLError } from 'graphql'
import type { Context, RequestInfo } from '../context.js'
import { DhuoError, httpStatusOf, isDhuoError } from '../errors.js'
import type { ClientAddress } from './client-address.js'
import { isCrossSite } from './cross-site.js'
import { HttpOperation } from './graphql-server.js'
import type { Metrics } from './metrics.js'
import { sendError } from './request-log.js'

interface GraphqlRouteOptions {
  apollo: ApolloServer<Context>
  createContext(request: RequestInfo): Promise<Context>
  clientAddress: ClientAddress
  metrics: Metrics
  publicUrl: string | null
  /** Of a request's body, variables included. */
  maxBodyBytes: number
  /** What a browser that opens the address gets to see. */
  sendPage(reply: FastifyReply): FastifyReply
}

/** GraphQL over HTTP as https://graphql.github.io/graphql-over-http has it; `graphql-http`'s audit holds it to that. */
export async function registerGraphqlRoute(parent: FastifyInstance, options: GraphqlRouteOptions): Promise<void> {
  await parent.register(async (app) => {
    // JSON only. What a browser's form can send without asking first (text/plain, urlencoded, multipart) is a 415.
    app.removeAllContentTypeParsers()
    app.addContentTypeParser('application/json', { parseAs: 'string' }, app.getDefaultJsonParser('error', 'error'))

    app.get('/graphql', async (request, reply) =>
      wantsPage(request) ? options.sendPage(reply) : answer(request, reply, options),
    )
    app.post('/graphql', { bodyLimit: options.maxBodyBytes }, async (request, reply) => answer(request, reply, options))
    app.route({
      method: ['PUT', 'PATCH', 'DELETE', 'OPTIONS'],
      url: '/graphql',
      handler: async (request, reply) => {
        const error = new DhuoError('BAD_USER_INPUT', 'GraphQL is served by GET and POST.')
        return sendError(error, request, reply.header('allow', 'GET, POST'), 405)
      },
    })
  })
}

const wantsPage = (request: FastifyRequest): boolean => {
  const accept = request.headers.accept ?? ''
  return accept.includes('text/html') && !accept.includes('json')
}

async function answer(request: FastifyRequest, reply: FastifyReply, options: GraphqlRouteOptions): Promise<FastifyReply> {
  const gone = new AbortController()
  reply.raw.on('close', () => {
    if (!reply.raw.writableFinished) gone.abort()
  })
  const operation = new HttpOperation(request.id, request.log)
  const response = await options.apollo.executeHTTPGraphQLRequest({
    httpGraphQLRequest: Object.assign(toApollo(request, options.publicUrl), { operation }),
    context: async () => {
      refuseBatch(request.body)
      return createContext(request, gone.signal, options)
    },
  })

  const { label, codes } = operation
  const contentType = response.headers.get('content-type') ?? ''
  // Under application/json a request that is well-formed is answered with 200, whatever is wrong with its document: a
  // client that knows no better could not tell our 400 from that of a proxy. application/graphql-response+json has no such doubt.
  const status =
    response.status === 400 && operation.isWellFormed && contentType.startsWith('application/json') ? 200 : response.status
  request.logged = { operation: `${label.type} ${label.field}`.trim(), ...(codes.length > 0 && { codes }) }
  options.metrics.countOperation('http', label, reply.elapsedTime / 1000, codes)
  for (const [name, value] of response.headers) reply.header(name, value)
  reply.code(status ?? 200).header('cache-control', 'no-store')
  if (status === 401) reply.header('www-authenticate', 'Bearer')
  if (response.body.kind === 'chunked') throw new Error('graphql 16 has no incremental delivery')
  return reply.send(response.body.string)
}

/** Only the headers that Apollo Server reads. */
const readByApollo = ['accept', 'content-type', 'apollo-require-preflight', 'x-apollo-operation-name'] as const

function toApollo(request: FastifyRequest, publicUrl: string | null): HTTPGraphQLRequest {
  const headers = new HeaderMap()
  for (const name of readByApollo) {
    const value = request.headers[name]
    if (typeof value === 'string') headers.set(name, value)
  }
  // Apollo lets a GET pass only with a header that makes browsers ask first, which the specification's own GETs do not
  // have. Browsers say themselves what another site made them send, so for the rest we vouch.
  if (request.method === 'GET' && !isCrossSite(request.headers, publicUrl)) headers.set('apollo-require-preflight', 'true')
  const query = request.url.indexOf('?')
  return { method: request.method, headers, search: query < 0 ? '' : request.url.slice(query), body: request.body }
}

function refuseBatch(body: unknown): void {
  if (Array.isArray(body))
    throw withStatus(new DhuoError('BAD_USER_INPUT', 'Send one operation in a request: a list of operations is not accepted.'))
}

async function createContext(request: FastifyRequest, signal: AbortSignal, options: GraphqlRouteOptions): Promise<Context> {
  const accessKey = request.headers['x-dhuo-access-key']
  try {
    return await options.createContext({
      requestId: request.id,
      address: options.clientAddress(request.raw),
      authorization: request.headers.authorization,
      accessKey: typeof accessKey === 'string' ? accessKey : undefined,
      signal,
      log: request.log as RequestInfo['log'],
    })
  } catch (error) {
    throw isDhuoError(error) ? withStatus(error) : error
  }
}

/** Apollo takes the status of a request that fails as a whole from here. */
const withStatus = (error: DhuoError): GraphQLError =>
  new GraphQLError(error.message, {
    originalError: error,
    extensions: { code: error.code, http: { status: httpStatusOf[error.code] } },
  })
