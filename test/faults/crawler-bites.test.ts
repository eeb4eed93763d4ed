import { type GraphQLFieldResolver, type GraphQLObjectType, graphql } from 'graphql'
import { createAuthenticator } from '../../src/authentication.js'
import { readConfig } from '../../src/config.js'
import { type Context, createContext, type ServerState } from '../../src/context.js'
import { kindOfId } from '../../src/datasources/catalog/node-id.js'
import { badInput } from '../../src/errors.js'
import { createGraphQLSchema } from '../../src/graphql-schema.js'
import { formatError } from '../../src/http/format-error.js'
import { createLogger } from '../../src/logger.js'
import { MemoryEvents } from '../../src/pubsub/memory-events.js'
import { toConnection } from '../../src/schema/paging.js'
import { SharedLooks } from '../../src/shared-looks.js'
import { UrlSigner } from '../../src/signed-url.js'
import { attack, crawlerFor, differences, probe, sendAs } from '../access/crawl-worlds.js'
import type { Knowledge } from '../access/knowledge.js'
import { type Given, SchemaCrawler, type Send } from '../access/schema-crawler.js'
import { createTestHub, type TestHub } from '../hub.js'
import { type SeededProject, type SeededUser, seedEverything, seedProject } from '../seed.js'

/* The crawler is worth what it finds: each of these schemas has one hole, and the crawler falls into it. */

type Resolve = GraphQLFieldResolver<never, Context, never>

const everybody = { memberId: null, projectId: null }

/** `Type.field` and what it does wrong; `proper` is what it did before. */
const holes: Record<string, { field: string; resolve: (proper: Resolve) => Resolve }> = {
  'a look-up by id without a check': {
    field: 'Query.node',
    resolve: (proper) => (source, args, context, info) => {
      const { id } = args as { id: string }
      return kindOfId(id) === 'bucket' ? context.loaders.bucket.load(id) : proper(source, args, context, info)
    },
  },
  'a count of what one may not see': {
    field: 'ProjectConnection.totalCount',
    resolve: () => (_source, _args, context) => context.datasources.catalog.projects.count(everybody),
  },
  'a list of what one may not see': {
    field: 'Query.projects',
    resolve:
      () =>
      async (_source, _args, { datasources }) =>
        toConnection(await datasources.catalog.projects.page(everybody, { first: 50, after: null }), async () => 1),
  },
  'an error that tells that a name is taken': {
    field: 'Query.bucket',
    resolve: (proper) => async (source, args, context, info) => {
      const found = await proper(source, args, context, info)
      const { name } = args as { name: string }
      if (!found && (await context.loaders.bucketByName.load(name))) throw badInput('name', 'Not yours.')
      return found
    },
  },
  'a relation that leads to people of other projects': {
    field: 'Project.members',
    resolve:
      () =>
      async (source, _args, { datasources }) => {
        const page = await datasources.catalog.projects.page(everybody, { first: 50, after: null })
        const members = await datasources.catalog.projects.members(page.rows.map(({ id }) => id))
        return members.map((member) => ({ ...member, projectId: (source as SeededProject).id }))
      },
  },
  'an argument below the root that reaches further': {
    field: 'Bucket.object',
    resolve:
      () =>
      async (_source, args, { datasources }) => {
        const projects = await datasources.catalog.projects.page(everybody, { first: 50, after: null })
        const buckets = await datasources.catalog.buckets.pagesByProject(
          projects.rows.map(({ id }) => id),
          { first: 50, after: null },
        )
        for (const bucket of buckets.flatMap(({ rows }) => rows)) {
          const object = await datasources.catalog.storedObjects.findCurrent(bucket.id, (args as { key: string }).key)
          if (object) return object
        }
        return null
      },
  },
}

let hub: TestHub
let user: SeededUser
let state: ServerState
let foreign: Knowledge
const before = new Map<string, { crawler: SchemaCrawler; answers: Map<string, Given>; known: Knowledge }>()

beforeAll(async () => {
  hub = await createTestHub()
  state = {
    config: readConfig({ DHUO_HOME: hub.home }),
    datasources: hub.datasources,
    events: new MemoryEvents(),
    pipelineEvents: { async *watch() {} },
    authenticate: createAuthenticator(hub.datasources.catalog, null),
    looks: new SharedLooks(),
    urls: new UrlSigner('for tests only, and long enough for it'),
    publicUrl: hub.url,
  }
  const a = await seedProject(hub)
  user = (await seedEverything(hub, a)).owner
  for (const name of [...Object.keys(holes), 'no hole']) {
    const crawler = await crawlerWith(name)
    before.set(name, { crawler, ...(await crawler.explore()) })
  }
  const admin = await crawlerFor(hub, sendAs(hub, hub.admin))
  const withoutB = await admin.explore()
  await seedEverything(hub, await seedProject(hub))
  foreign = (await admin.explore()).known.without(withoutB.known)
}, 120_000)
afterAll(() => hub.close())

/** Asks in process, for a schema cannot be given to a whole server. */
const sendTo =
  (schema: Awaited<ReturnType<typeof createGraphQLSchema>>): Send =>
  async (source) => {
    const log = createLogger('silent')
    const request = { requestId: 'test', address: '127.0.0.1', signal: new AbortController().signal, log }
    const contextValue = await createContext(state, { ...request, authorization: `Bearer ${user.token}` })
    const { data, errors } = await graphql({ schema, source, contextValue })
    const plain = JSON.parse(
      JSON.stringify({ data: data ?? null, ...(errors && { errors: errors.map((error) => formatError(error)) }) }),
    )
    return plain as Awaited<ReturnType<Send>>
  }

async function crawlerWith(hole: string): Promise<SchemaCrawler> {
  const schema = await createGraphQLSchema()
  const wrong = holes[hole]
  if (wrong) {
    const [type, name] = wrong.field.split('.') as [string, string]
    const field = (schema.getType(type) as GraphQLObjectType).getFields()[name]!
    field.resolve = wrong.resolve(field.resolve as Resolve) as never
  }
  return new SchemaCrawler(schema, sendTo(schema))
}

async function found(name: string): Promise<string[]> {
  const { crawler, answers, known } = before.get(name)!
  const now = await crawler.explore()
  const noticed = differences(answers, now.answers)
  return noticed.length > 0 ? noticed : (await probe(crawler, foreign, known)).leaks
}

test.each(Object.keys(holes))(
  'the crawler finds %s',
  async (name) => {
    expect(await found(name)).not.toEqual([])
  },
  60_000,
)

test('without a hole it finds nothing', async () => {
  expect(await found('no hole')).toEqual([])
}, 60_000)

test('a mutation without a check shows in what it changed', async () => {
  const schema = await createGraphQLSchema()
  schema.getMutationType()!.getFields()['deleteDataset']!.resolve = async (_source, { id }, { datasources }) => {
    await datasources.catalog.datasets.delete(id)
    return true
  }
  const admin = await crawlerFor(hub, sendAs(hub, hub.admin))
  const snapshot = () => admin.ask(admin.nodeQuestions(foreign, foreign, { only: 'plain' }))
  const untouched = await snapshot()
  const { crawler, known } = before.get('no hole')!
  await attack(crawler, foreign, known)
  expect(differences(untouched, await snapshot())).toEqual([])
  await attack(new SchemaCrawler(schema, sendTo(schema)), foreign, known)
  expect(differences(untouched, await snapshot())).not.toEqual([])
}, 60_000)
