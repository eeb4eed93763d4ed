import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import { buildSchema, type GraphQLSchema } from 'graphql'
import { pino } from 'pino'
import type { Context, RequestInfo } from '../../src/context.js'
import { badInput, DhuoError } from '../../src/errors.js'
import type { BackendHealth } from '../../src/http/health-routes.js'
import { type Server, type ServerOptions, startServer } from '../../src/server.js'

/** A schema small enough to reason about: what the server does is the same for every schema. */
const sdl = `
  type Query {
    hello(name: String): String
    me: String
    item(id: ID!): Item
    items(first: Int, after: String): ItemConnection!
    many(ids: [ID!]!): [Item]!
    fail(how: String!): String
    slow(ms: Int!): String
    large(length: Int!): String
    badLeaf: Int
  }
  type Mutation {
    login(email: String!, password: String!): String
    rename(input: RenameInput!): String
    slowly(ms: Int!): String
  }
  type Subscription { ticks(count: Int!, everyMs: Int! = 5): Int! broken(how: String!): String }
  enum Color { RED BLUE }
  input RenameInput { name: String! color: Color sizes: [Int!] }
  type Item { id: ID! name(length: Int): String! items(first: Int): ItemConnection! tags: [Tag!]! }
  type Tag { key: String! value: String! }
  type ItemConnection { nodes: [Item!]! edges: [ItemEdge!]! pageInfo: PageInfo! totalCount: Int! }
  type ItemEdge { cursor: String! node: Item! }
  type PageInfo { hasNextPage: Boolean! endCursor: String }
`

export interface TestServer extends Server {
  /** Every line of the log so far. */
  lines(): Record<string, unknown>[]
  rawLog(): string
  /** What resolvers did, in order: `slow started`, `slow aborted`. */
  events: string[]
  /** Credentials that are good now. */
  tokens: Map<string, string>
  health: { backends: BackendHealth[]; delayMs: number }
  graphql(body: unknown, headers?: Record<string, string>): Promise<{ status: number; headers: Headers; body: GraphqlBody }>
}

interface GraphqlBody {
  data?: Record<string, unknown> | null
  errors?: { message: string; path?: unknown[]; extensions: Record<string, unknown> }[]
}

type Resolver = (args: never, context: Context) => unknown

export const testSchema = (): GraphQLSchema => buildSchema(sdl)

/** The server under test on a free port, with a log that can be read. */
export async function startTestServer(
  options: Partial<Pick<ServerOptions, 'limits' | 'publicUrl' | 'trustedProxies' | 'createContext'>> & {
    registerFileRoutes?: (app: FastifyInstance) => void
  } = {},
): Promise<TestServer> {
  const written: string[] = []
  const events: string[] = []
  const tokens = new Map([['good', 'ada']])
  const health = { backends: [{ role: 'CATALOG', kind: 'sqlite', healthy: true, detail: null }] as BackendHealth[], delayMs: 0 }
  const schema = testSchema()
  resolveWith(schema, events)
  const server = await startServer({
    port: 0,
    host: '127.0.0.1',
    publicUrl: null,
    schema,
    createContext: contextFrom(tokens),
    droppedMessages: () => 0,
    checkHealth: () => sleep(health.delayMs, health.backends),
    registerFileRoutes: () => {},
    log: pino({ level: 'trace', base: null }, { write: (line: string) => void written.push(line) }),
    ...options,
  })
  return {
    ...server,
    events,
    tokens,
    health,
    rawLog: () => written.join(''),
    lines: () => written.map((line) => JSON.parse(line) as Record<string, unknown>),
    async graphql(body, headers = {}) {
      const response = await fetch(`${server.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'application/graphql-response+json', ...headers },
        body: JSON.stringify(body),
      })
      return { status: response.status, headers: response.headers, body: (await response.json()) as GraphqlBody }
    },
  }
}

/** Waits for what is bound to come; fails with what it waited for. */
export async function eventually(what: string, condition: () => boolean | Promise<boolean>, timeoutMs = 5_000): Promise<void> {
  const end = Date.now() + timeoutMs
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`did not happen within ${timeoutMs} ms: ${what}`)
    await sleep(5)
  }
}

const contextFrom =
  (tokens: Map<string, string>) =>
  async (request: RequestInfo): Promise<Context> => {
    const token = request.accessKey ?? request.authorization?.replace(/^Bearer /, '')
    if (token === 'down')
      throw new DhuoError('BACKEND_UNAVAILABLE', 'The catalog does not answer.', { cause: new Error('ECONNREFUSED') })
    if (token === 'crash') throw new Error('a secret of the catalog')
    if (token === 'refused') throw new DhuoError('UNAUTHENTICATED', 'The token is not valid.')
    const user = token === undefined ? undefined : tokens.get(token)
    const credentialProblem = token !== undefined && user === undefined ? 'The token is not valid.' : null
    return { ...request, viewer: user ? { user: { email: user } } : null, credentialProblem } as unknown as Context
  }

function resolveWith(schema: GraphQLSchema, events: string[]): void {
  const waitFor = async (what: string, ms: number, signal: AbortSignal): Promise<string> => {
    events.push(`${what} started`)
    try {
      await sleep(ms, undefined, { signal })
      events.push(`${what} finished`)
      return 'done'
    } catch (error) {
      events.push(`${what} aborted`)
      throw error
    }
  }
  const fail = (how: string): never => {
    if (how === 'conflict') throw new DhuoError('CONFLICT', 'It exists.', { field: 'how', details: { existing: 7 } })
    if (how === 'vendor')
      throw new DhuoError('BACKEND_UNAVAILABLE', 'The lake house does not answer.', { cause: new Error('ORA-12541 at 10.0.0.7') })
    if (how === 'not an error') throw { password: 'hunter2' } as unknown as Error
    throw new Error('select * from secret_table')
  }
  const item = {
    id: '1',
    name: 'one',
    tags: [],
    items: { nodes: [], edges: [], pageInfo: { hasNextPage: false }, totalCount: 0 },
  }
  const queries: Record<string, Resolver> = {
    hello: ({ name }: { name?: string }) => `hello ${name ?? 'world'}`,
    me: (_args, context) => (context.viewer as unknown as { user: { email: string } } | null)?.user.email ?? null,
    item: () => item,
    items: () => ({ nodes: [item], edges: [], pageInfo: { hasNextPage: false }, totalCount: 1 }),
    many: () => [item],
    fail: ({ how }: { how: string }) => fail(how),
    slow: ({ ms }: { ms: number }, { signal }) => waitFor('slow', ms, signal),
    large: ({ length }: { length: number }) => 'x'.repeat(length),
    badLeaf: () => 'not a number, but a secret',
  }
  const mutations: Record<string, Resolver> = {
    login: ({ password }: { password: string }) => (password === 'right' ? 'token' : null),
    rename: ({ input }: { input: { name: string } }) => {
      if (input.name === 'taken') throw badInput('input.name', 'The name "taken" is taken.')
      return input.name
    },
    slowly: ({ ms }: { ms: number }, { signal }) => waitFor('slowly', ms, signal),
  }
  const subscriptions: Record<string, Resolver> = {
    ticks: async function* ({ count, everyMs }: { count: number; everyMs: number }, { signal }: Context) {
      events.push('ticks started')
      try {
        for (let tick = 1; tick <= count; tick++) {
          await sleep(everyMs, undefined, { signal })
          yield { ticks: tick }
        }
      } finally {
        events.push('ticks ended')
      }
    } as unknown as Resolver,
    broken: async function* ({ how }: { how: string }) {
      if (how === 'at once') fail('crash')
      yield { broken: () => fail(how) }
    } as unknown as Resolver,
  }
  const attach = (
    fields: Record<string, { resolve?: unknown; subscribe?: unknown }>,
    resolvers: Record<string, Resolver>,
    as: 'resolve' | 'subscribe',
  ) => {
    for (const [name, resolver] of Object.entries(resolvers))
      fields[name]![as] = (_source: unknown, args: never, context: Context) => resolver(args, context)
  }
  attach(schema.getQueryType()!.getFields(), queries, 'resolve')
  attach(schema.getMutationType()!.getFields(), mutations, 'resolve')
  attach(schema.getSubscriptionType()!.getFields(), subscriptions, 'subscribe')
}
