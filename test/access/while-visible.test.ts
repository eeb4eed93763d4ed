import { setTimeout as sleep } from 'node:timers/promises'
import { whileVisible } from '../../src/access.js'
import { createAuthenticator } from '../../src/authentication.js'
import { readConfig } from '../../src/config.js'
import { type Context, createContext } from '../../src/context.js'
import { createLogger } from '../../src/logger.js'
import { MemoryEvents } from '../../src/pubsub/memory-events.js'
import { UrlSigner } from '../../src/signed-url.js'
import { createTestHub, type TestHub } from '../hub.js'
import { type SeededProject, type SeededUser, seedKey, seedProject, seedUser } from '../seed.js'

let hub: TestHub
let project: SeededProject
let user: SeededUser
const events = new MemoryEvents()
beforeAll(async () => {
  hub = await createTestHub()
  project = await seedProject(hub)
  user = await seedUser(hub)
})
beforeEach(() => setRole('VIEWER'))
afterAll(async () => {
  await events.close()
  await hub.close()
})

const setRole = (role: 'VIEWER' | null) =>
  hub.data(
    'mutation ($project: String!, $email: String!, $role: Role) { setProjectMember(project: $project, email: $email, role: $role) { id } }',
    {
      project: project.name,
      email: user.email,
      role,
    },
  )

const contextOf = (token: string, signal: AbortSignal): Promise<Context> =>
  createContext(
    {
      config: readConfig({ DHUO_HOME: hub.home }),
      datasources: hub.datasources,
      events,
      pipelineEvents: { async *watch() {} },
      authenticate: createAuthenticator(hub.datasources.catalog, null),
      urls: new UrlSigner('for tests only, and long enough for it'),
      publicUrl: hub.url,
    },
    { requestId: 'test', address: '127.0.0.1', authorization: `Bearer ${token}`, signal, log: createLogger('silent') },
  )

/** A stream that looks every 50 ms whether it may go on. */
async function open(token: string) {
  const gone = new AbortController()
  const context = await contextOf(token, gone.signal)
  const stream = whileVisible(context, project.id, await events.subscribe('modelVersionChanged', project.id, gone.signal), 50)
  return { stream, gone }
}
const publish = (id: string) => events.publish('modelVersionChanged', project.id, { modelVersionId: id, modelId: 'model' })

test('messages come in order, for as long as the viewer may see the project', async () => {
  const { stream, gone } = await open(user.token)
  const first = stream.next()
  publish('1')
  publish('2')
  expect((await first).value?.modelVersionId).toBe('1')
  await sleep(120)
  publish('3')
  expect([(await stream.next()).value?.modelVersionId, (await stream.next()).value?.modelVersionId]).toEqual(['2', '3'])
  gone.abort()
  expect((await stream.next()).done).toBe(true)
})

test.each(['idle', 'busy'])('a role that is taken ends a stream that is %s', async (how) => {
  const { stream } = await open(user.token)
  const ended = expect(
    (async () => {
      for await (const _ of stream);
    })(),
  ).rejects.toMatchObject({ code: 'NOT_FOUND' })
  await setRole(null)
  const timer = how === 'busy' ? setInterval(() => publish('more'), 5) : undefined
  await ended
  clearInterval(timer)
})

test('a key that is revoked ends its streams, and not those of its person', async () => {
  const key = await seedKey(hub, user.token)
  const [ofKey, ofPerson] = [await open(key.secret), await open(user.token)]
  // It may end before the mutation has answered.
  const ended = expect(ofKey.stream.next()).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
  const other = ofPerson.stream.next()
  await hub.data('mutation ($id: ID!) { revokeAccessKey(id: $id) { id } }', { id: key.id }, user.token)
  await ended
  publish('after')
  expect((await other).value?.modelVersionId).toBe('after')
  await ofPerson.stream.return(undefined)
})

test('a client that goes away ends its stream at once', async () => {
  const { stream, gone } = await open(user.token)
  const waiting = stream.next()
  gone.abort()
  expect(await waiting).toEqual({ done: true, value: undefined })
})

test('a subscriber that falls behind is told so, also when that happens while nobody waits', async () => {
  const { stream } = await open(user.token)
  const waiting = stream.next()
  for (let i = 0; i < 1_100; i++) publish(String(i))
  const ended = (async () => {
    await waiting
    for await (const _ of stream);
  })()
  await expect(ended).rejects.toMatchObject({ code: 'RATE_LIMITED' })
})
