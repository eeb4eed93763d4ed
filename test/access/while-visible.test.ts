import { setTimeout as sleep } from 'node:timers/promises'
import { whileVisible } from '../../src/access-of-streams.js'
import { createAuthenticator } from '../../src/authentication.js'
import { readConfig } from '../../src/config.js'
import { createContext, type ServerState } from '../../src/context.js'
import { DhuoError } from '../../src/errors.js'
import { createLogger } from '../../src/logger.js'
import { MemoryEvents } from '../../src/pubsub/memory-events.js'
import { SharedLooks } from '../../src/shared-looks.js'
import { UrlSigner } from '../../src/signed-url.js'
import { eventually } from '../eventually.js'
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

/** How the catalog is when it is asked who somebody is. */
let catalog: 'well' | 'away' | 'frozen'
/** How often it was. */
let asked: number
let state: ServerState
beforeEach(() => {
  catalog = 'well'
  asked = 0
  const really = createAuthenticator(hub.datasources.catalog, null)
  state = {
    config: readConfig({ DHUO_HOME: hub.home }),
    datasources: hub.datasources,
    events,
    pipelineEvents: { async *watch() {} },
    authenticate: async (credentials) => {
      asked++
      if (catalog === 'away') throw new DhuoError('BACKEND_UNAVAILABLE', 'The catalog is away.')
      if (catalog === 'frozen') await new Promise(() => {})
      return really(credentials)
    },
    looks: new SharedLooks(),
    urls: new UrlSigner('for tests only, and long enough for it'),
    publicUrl: hub.url,
  }
})

/** A stream that looks every 50 ms whether it may go on, and waits half a second for a catalog that is away. */
async function open(token: string) {
  const gone = new AbortController()
  const context = await createContext(state, {
    ...{ requestId: 'test', address: '127.0.0.1', authorization: `Bearer ${token}`, log: createLogger('silent') },
    signal: gone.signal,
  })
  const messages = await events.subscribe('modelVersionChanged', project.id, gone.signal)
  const stream = whileVisible(context, project.id, messages, { everyMs: 50, patienceMs: 500, retryMs: 20 })
  return { stream, gone }
}
const publish = (id: string) => events.publish('modelVersionChanged', project.id, { modelVersionId: id, modelId: 'model' })
/** What a stream gives, as it comes, and its end. */
function drain({ stream }: Awaited<ReturnType<typeof open>>) {
  const seen: string[] = []
  const ended = (async () => {
    for await (const { modelVersionId } of stream) seen.push(modelVersionId)
  })()
  ended.catch(() => {})
  return { seen, ended }
}

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

test('all streams of one viewer look together, however many there are; those of another look for themselves', async () => {
  const other = await seedUser(hub, { [project.name]: 'VIEWER' })
  const streams = [...(await Promise.all(Array.from({ length: 40 }, () => open(user.token)))), await open(other.token)]
  const all = streams.map(drain)
  asked = 0
  await sleep(520)
  // Two viewers, ten times; a busy machine looks less often.
  expect(asked).toBeGreaterThan(4)
  expect(asked).toBeLessThanOrEqual(22)
  await setRole(null)
  for (const { ended } of all.slice(0, 40)) await expect(ended).rejects.toMatchObject({ code: 'NOT_FOUND' })
  publish('still')
  await eventually(() => all[40]!.seen.includes('still'))
  streams[40]!.gone.abort()
})

describe.each(['away', 'frozen'] as const)('while the catalog is %s', (how) => {
  test('a stream stays open and gives nothing, and then what has come meanwhile', async () => {
    const stream = await open(user.token)
    const { seen } = drain(stream)
    publish('before')
    await eventually(() => seen.length === 1)
    catalog = how
    await sleep(80)
    for (const id of ['1', '2', '3']) publish(id)
    await sleep(120)
    expect(seen).toEqual(['before'])
    catalog = 'well'
    await eventually(() => seen.length === 4)
    expect(seen).toEqual(['before', '1', '2', '3'])
    stream.gone.abort()
  })

  test('for too long, a stream ends with a code that says to come back', async () => {
    const { seen, ended } = drain(await open(user.token))
    catalog = how
    await sleep(80)
    publish('not to be seen')
    const began = performance.now()
    await expect(ended).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' })
    expect(performance.now() - began).toBeGreaterThan(300)
    expect(seen).toEqual([])
  })

  test('a client that goes away ends its stream at once', async () => {
    const stream = await open(user.token)
    const { ended } = drain(stream)
    catalog = how
    await sleep(80)
    publish('to nobody')
    const began = performance.now()
    stream.gone.abort()
    await ended
    expect(performance.now() - began).toBeLessThan(200)
  })

  test('a role is taken: nothing more is given, and the stream ends when that is known', async () => {
    const { seen, ended } = drain(await open(user.token))
    catalog = how
    await setRole(null)
    await sleep(80)
    publish('not to be seen')
    catalog = 'well'
    await expect(ended).rejects.toMatchObject({ code: 'NOT_FOUND' })
    expect(seen).toEqual([])
  })
})

test.each([
  ['whose session is over', "update sessions set expiresAt = '2020-01-01T00:00:00.000Z' where userId = ?", 'UNAUTHENTICATED'],
  ['who has logged out everywhere', 'delete from sessions where userId = ?', 'UNAUTHENTICATED'],
  ['who is an administrator no longer', 'update users set isAdmin = 0 where id = ?', 'NOT_FOUND'],
])('ends for one %s', async (_, statement, code) => {
  const someone = await seedUser(hub)
  await hub.change('update users set isAdmin = 1 where id = ?', someone.id)
  const { ended } = drain(await open(someone.token))
  await sleep(80)
  await hub.change(statement, someone.id)
  await expect(ended).rejects.toMatchObject({ code })
})

test.each([
  ['that has expired', "update access_keys set expiresAt = '2020-01-01T00:00:00.000Z' where id = ?"],
  ['that is gone', 'delete from access_keys where id = ?'],
])('ends for a key %s', async (_, statement) => {
  const key = await seedKey(hub, user.token)
  const { ended } = drain(await open(key.secret))
  await sleep(80)
  await hub.change(statement, key.id)
  await expect(ended).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
})
