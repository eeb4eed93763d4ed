import { setTimeout as sleep } from 'node:timers/promises'
import { buildSchema, type GraphQLObjectType, type GraphQLScalarType, type GraphQLSchema } from 'graphql'
import WebSocket from 'ws'
import type { Context } from '../../src/context.js'
import { DhuoError } from '../../src/errors.js'
import type { ServerLimits } from '../../src/http/server-limits.js'
import { createLogger } from '../../src/logger.js'
import { EventStreams } from '../../src/pubsub/event-stream.js'
import { MemoryEvents } from '../../src/pubsub/memory-events.js'
import { type Server, startServer } from '../../src/server.js'
import { bytesInUse } from '../bytes-in-use.js'
import { eventually } from '../eventually.js'

const sdl = `
  scalar Counted
  type Query { nothing: Int }
  type Subscription {
    log(id: ID!, after: Int = 0): Event!
    live(id: ID!): Event!
    alone(id: ID!): Event!
  }
  type Event {
    sequence: Int!
    counted: Counted!
    viewer: String!
    later(ms: Int = 0): String!
    fails: Int
  }
`

interface Event {
  sequence: number
  counted: string
  isLast: boolean
}

/** A server with logs in memory: what is executed is counted, and messages get lost as the test wants. */
class World {
  readonly logs = new Map<string, Event[]>()
  readonly messages = new MemoryEvents()
  /** Calls of the resolver of `viewer`, and values of `counted` that were serialised. */
  executed = 0
  serialised = 0
  /** Sources of streams that were opened, and those that have ended. */
  opened = 0
  ended = 0
  contexts = 0
  private readonly streams = new EventStreams<Event>(
    this.messages,
    {
      read: async (id, after, limit) => {
        await sleep(Math.random() * 3)
        return (this.logs.get(id) ?? []).filter(({ sequence }) => sequence > after).slice(0, limit)
      },
      heads: async (ids) => new Map(ids.map((id) => [id, this.logs.get(id)?.length ?? 0])),
      isLast: ({ isLast }) => isLast,
    },
    createLogger('silent'),
    { pollMs: 20, keep: 50 },
  )
  server!: Server
  readonly followers: Follower[] = []

  async start(limits: Partial<ServerLimits> = {}): Promise<this> {
    this.server = await startServer({
      port: 0,
      host: '127.0.0.1',
      publicUrl: null,
      schema: this.schema(),
      createContext: async (request) => {
        this.contexts++
        if (request.authorization === 'Bearer nobody') throw new DhuoError('UNAUTHENTICATED', 'Nobody knows you.')
        return { ...request, credentialProblem: null } as unknown as Context
      },
      checkHealth: async () => [],
      droppedMessages: () => 0,
      registerFileRoutes: () => {},
      log: createLogger('silent'),
      limits,
    })
    return this
  }

  async close(): Promise<void> {
    for (const { socket } of this.followers) socket.terminate()
    await this.server.close()
    await this.streams.close()
    await this.messages.close()
  }

  private schema(): GraphQLSchema {
    const schema = buildSchema(sdl)
    const { log, live, alone } = schema.getSubscriptionType()!.getFields()
    const opening = (context: Context): void => {
      this.opened++
      context.signal.addEventListener('abort', () => this.ended++)
    }
    log!.extensions = { stream: { after: 'after', place: 'sequence' } }
    log!.subscribe = (root: { after: number } | undefined, args, context: Context) => {
      if (args['id'] === 'hidden') throw new DhuoError('NOT_FOUND', 'There is no such log.')
      opening(context)
      return this.streams.watch(args['id'], root?.after ?? args['after'], context.signal)
    }
    live!.extensions = { stream: 'live' }
    for (const field of [live!, alone!])
      field.subscribe = async (_root, args, context: Context) => {
        opening(context)
        return this.liveEvents(args['id'], context.signal)
      }
    for (const field of [log!, live!, alone!]) field.resolve = (event) => event
    const fields = (schema.getType('Event') as GraphQLObjectType).getFields()
    fields['viewer']!.resolve = (_event, _args, context: Context & { authorization: string }) => {
      this.executed++
      return context.authorization
    }
    fields['later']!.resolve = async (event: Event, { ms }) => {
      await sleep(ms)
      return event.counted
    }
    fields['fails']!.resolve = () => {
      throw new DhuoError('CONFLICT', 'As wanted.')
    }
    ;(schema.getType('Counted') as GraphQLScalarType).serialize = (value) => {
      this.serialised++
      return value
    }
    return schema
  }

  private async *liveEvents(id: string, signal: AbortSignal): AsyncGenerator<Event> {
    for await (const { events } of await this.messages.subscribe('logEvents', id, signal)) yield* events as Event[]
  }

  /** @param announced false: the message is lost */
  write(count: number, { id = 'log', last = false, announced = true, size = 10 } = {}): void {
    const log = this.logs.get(id) ?? []
    this.logs.set(id, log)
    const events = Array.from({ length: count }, (_, i) => {
      const sequence = log.length + i + 1
      return { sequence, counted: `${sequence} ${'x'.repeat(size)}`, isLast: last && i === count - 1 }
    })
    log.push(...events)
    if (announced) this.messages.publish('logEvents', id, { events })
  }

  async follow(...options: ConstructorParameters<typeof Follower>[1][]): Promise<Follower[]> {
    const some = options.map((each) => new Follower(this.server.url, each))
    this.followers.push(...some)
    await Promise.all(some.map(({ acknowledged }) => acknowledged))
    return some
  }
}

const properties = 'sequence counted'

/** One subscription on a socket of its own. */
class Follower {
  readonly socket: WebSocket
  readonly sequences: number[] = []
  readonly messages: {
    id: string
    type: string
    payload: { data: Record<string, Record<string, unknown>>; errors?: unknown[] }
  }[] = []
  readonly acknowledged: Promise<void>
  /** Resolves with the code when the socket closes, or with 0 when the subscription is over. */
  readonly over: Promise<number>
  /** What of it says which events it wants. */
  readonly after: number

  constructor(
    url: string,
    {
      after = 0,
      id = '1',
      log = 'log',
      viewer = 'ada',
      select = properties,
      field = 'log',
    }: { after?: number; id?: string; log?: string; viewer?: string; select?: string; field?: 'log' | 'live' | 'alone' } = {},
  ) {
    this.after = after
    this.socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws')
    const query =
      field === 'log'
        ? `subscription ($id: ID!, $after: Int) { log(id: $id, after: $after) { ${select} } }`
        : `subscription ($id: ID!) { ${field}(id: $id) { ${select} } }`
    const acknowledged = Promise.withResolvers<void>()
    const over = Promise.withResolvers<number>()
    this.acknowledged = acknowledged.promise
    this.over = over.promise
    this.socket.on('open', () => this.send({ type: 'connection_init', payload: { authorization: `Bearer ${viewer}` } }))
    this.socket.on('error', () => {})
    this.socket.on('close', (code) => {
      over.resolve(code)
      acknowledged.resolve()
    })
    this.socket.on('message', (data) => {
      const message = JSON.parse(String(data))
      if (message.type === 'connection_ack') {
        const variables = field === 'log' ? { id: log, after } : { id: log }
        this.send({ id, type: 'subscribe', payload: { query, variables } })
        acknowledged.resolve()
        return
      }
      this.messages.push(message)
      if (message.payload?.data) this.sequences.push(message.payload.data[field].sequence)
      else if (message.type !== 'next') over.resolve(0)
    })
  }

  send(message: unknown): void {
    this.socket.send(JSON.stringify(message))
  }
}

const upTo = (n: number, from = 1): number[] => Array.from({ length: Math.max(0, n - from + 1) }, (_, i) => from + i)

let world: World
afterEach(() => world.close())

describe('sockets that ask the same', () => {
  test('are one execution for each event, and each gets it under its own id', async () => {
    world = await new World().start()
    const ids = ['1', 'b', '"quoted" \\ é 🎉', 'x'.repeat(200), ...Array.from({ length: 30 }, (_, i) => `socket ${i}`)]
    const all = await world.follow(...ids.map((id) => ({ id, select: 'sequence viewer' })))
    await eventually(() => world.opened === ids.length)
    world.write(1)
    await eventually(() => all.every(({ sequences }) => sequences.length === 1))
    world.write(20)
    await eventually(() => all.every(({ sequences }) => sequences.length === 21))
    world.write(1, { last: true })
    for (const { over } of all) expect(await over).toBe(0)
    for (const [index, { sequences, messages }] of all.entries()) {
      expect(sequences).toEqual(upTo(22))
      expect(new Set(messages.map(({ id }) => id))).toEqual(new Set([ids[index]]))
      expect(messages.at(-1)).toEqual({ id: ids[index], type: 'complete' })
    }
    // Those who came while the first one was reading have their own execution of the first event at most.
    expect(world.executed).toBeLessThan(22 + ids.length)
    await eventually(() => world.ended === world.opened)
  })

  test('are one with those that come later, once these have read what is past', async () => {
    world = await new World().start()
    world.write(120)
    const [first] = await world.follow({ select: 'sequence viewer' })
    await eventually(() => first!.sequences.length === 120)
    const late = await world.follow(...[0, 60, 119, 120].map((after) => ({ after, select: 'sequence viewer' })))
    await eventually(() => late.every(({ sequences, after }) => sequences.length === 120 - after))
    const before = world.executed
    for (let i = 0; i < 10; i++) {
      world.write(1)
      await eventually(() => [first!, ...late].every(({ sequences }) => sequences.at(-1) === 121 + i))
    }
    expect(world.executed).toBe(before + 10)
    world.write(1, { last: true })
    for (const follower of [first!, ...late]) {
      expect(await follower.over).toBe(0)
      expect(follower.sequences).toEqual(upTo(131, follower.after + 1))
    }
  })

  test('go on when the one who came first leaves, and the stream ends with the last', async () => {
    world = await new World().start()
    const [first, second, third] = await world.follow({}, {}, {})
    await eventually(() => world.opened === 3)
    world.write(1)
    await eventually(() => [first!, second!, third!].every(({ sequences }) => sequences.length === 1))
    first!.socket.terminate()
    await sleep(20)
    world.write(1)
    await eventually(() => [second!, third!].every(({ sequences }) => sequences.length === 2))
    second!.send({ id: '1', type: 'complete' })
    await sleep(20)
    world.write(1)
    await eventually(() => third!.sequences.length === 3)
    expect(second!.sequences).toEqual([1, 2])
    expect(world.ended).toBe(2)
    third!.send({ id: '1', type: 'complete' })
    await eventually(() => world.ended === 3)
  })

  test('get an error of an event in its place, with code and path', async () => {
    world = await new World().start()
    const all = await world.follow(...Array.from({ length: 3 }, () => ({ select: 'sequence fails' })))
    world.write(1, { last: true })
    for (const { over, messages } of all) {
      await over
      const { payload } = messages[0]!
      expect(payload).toMatchObject({ data: { log: { sequence: 1, fails: null } }, errors: [{ path: ['log', 'fails'] }] })
      expect(payload.errors).toMatchObject([{ message: 'As wanted.', extensions: { code: 'CONFLICT' } }])
    }
  })

  test('are refused each by itself', async () => {
    world = await new World().start()
    const [hidden, unknown] = await world.follow({ log: 'hidden' }, { viewer: 'nobody' })
    await hidden!.over
    expect(hidden!.messages[0]).toMatchObject({ payload: { errors: [{ extensions: { code: 'NOT_FOUND' } }] } })
    expect(await unknown!.over).toBe(4403)
  })

  test('of what is live get everything from then on, whoever came first', async () => {
    world = await new World().start()
    const early = await world.follow({ field: 'live', select: 'sequence viewer' }, { field: 'live', select: 'sequence viewer' })
    await eventually(() => world.opened === 2)
    world.write(1)
    await eventually(() => early.every(({ sequences }) => sequences.length === 1))
    const [late] = await world.follow({ field: 'live', select: 'sequence viewer' })
    await eventually(() => world.opened === 3)
    world.write(5)
    await eventually(() => [...early, late!].every(({ sequences }) => sequences.at(-1) === 6))
    expect(late!.sequences).toEqual(upTo(6, 2))
    expect(world.executed).toBe(6)
  })

  test('of what nothing is said about have a stream each', async () => {
    world = await new World().start()
    const all = await world.follow(...Array.from({ length: 3 }, () => ({ field: 'alone' as const, select: 'sequence viewer' })))
    await eventually(() => world.opened === 3)
    world.write(1)
    await eventually(() => all.every(({ sequences }) => sequences.length === 1))
    expect(world.executed).toBe(3)
  })
})

describe('sockets that ask otherwise, or are somebody else', () => {
  test('get their own answers', async () => {
    world = await new World().start()
    const viewers = ['ada', 'bob', 'eve']
    const all = await world.follow(
      ...viewers.flatMap((viewer) => [
        { viewer, select: 'sequence viewer' },
        { viewer, select: 'viewer sequence counted' },
      ]),
    )
    world.write(30, { last: true })
    await Promise.all(all.map(({ over }) => over))
    for (const [index, { messages }] of all.entries()) {
      const seen = messages.filter(({ type }) => type === 'next').map(({ payload }) => payload.data['log']!['viewer'])
      expect(seen).toEqual(Array(30).fill(`Bearer ${viewers[Math.floor(index / 2)]}`))
    }
  })

  test('share what is the same for everybody: properties of the event', async () => {
    world = await new World().start()
    const all = await world.follow(...Array.from({ length: 12 }, (_, i) => ({ viewer: `viewer ${i}` })))
    await eventually(() => world.opened === 12)
    world.write(1)
    await eventually(() => all.every(({ sequences }) => sequences.length === 1))
    const before = world.serialised
    for (let i = 0; i < 10; i++) {
      world.write(1)
      await eventually(() => all.every(({ sequences }) => sequences.length === 2 + i))
    }
    expect(world.serialised).toBe(before + 10)
    expect(new Set(all.flatMap(({ messages }) => messages.map(({ payload }) => JSON.stringify(payload)))).size).toBe(11)
  })
})

describe('a socket that is not read', () => {
  /** Nothing is taken from the network until it is resumed. */
  const stopReading = ({ socket }: Follower) => socket.pause()

  test('holds up nobody, costs a bounded memory, and has everything once it is read', async () => {
    world = await new World().start({ mostUnreadBytes: 100_000 })
    const [slow, fast] = await world.follow({}, {})
    world.write(1)
    await eventually(() => slow!.sequences.length + fast!.sequences.length === 2)
    stopReading(slow!)
    const before = bytesInUse()
    for (let i = 0; i < 400; i++) {
      world.write(10, { size: 10_000 })
      if (i % 10 === 0) await eventually(() => fast!.sequences.length >= i * 10)
    }
    await eventually(() => fast!.sequences.length === 4_001)
    // 40 MB were written. What is collected is given back on another thread, which may come late.
    await eventually(() => bytesInUse() - before < 4 * 2 ** 20)
    expect(slow!.sequences.length).toBeLessThan(2_000)
    slow!.socket.resume()
    await eventually(() => slow!.sequences.length === 4_001)
    // Together again.
    world.write(3, { last: true })
    expect(await slow!.over).toBe(0)
    expect(await fast!.over).toBe(0)
    for (const { sequences } of [slow!, fast!]) expect(sequences).toEqual(upTo(4_004))
  }, 30_000)

  test('is closed with 4413 when it reads nothing at all, and goes on behind what it has', async () => {
    world = await new World().start({ pingMs: 200 })
    const [stuck] = await world.follow({})
    await eventually(() => world.opened === 1)
    stopReading(stuck!)
    for (let i = 0; i < 40; i++) {
      world.write(100, { size: 5_000 })
      await sleep(5)
    }
    const socketsOpen = async () =>
      /dhuo_websocket_unread_total (\d+)/.exec(await (await fetch(`${world.server.url}/metrics`)).text())?.[1]
    await eventually(async () => (await socketsOpen()) === '1')
    stuck!.socket.resume()
    expect(await stuck!.over).toBe(4413)
    const seen = stuck!.sequences
    expect(seen).toEqual(upTo(seen.length))
    expect(seen.length).toBeLessThan(4_000)
    const [again] = await world.follow({ after: seen.length })
    world.write(1, { last: true })
    await again!.over
    expect([...seen, ...again!.sequences]).toEqual(upTo(4_001))
  }, 30_000)

  test('is closed with 4413 by what is live, for nothing of that can be read later', async () => {
    world = await new World().start({ mostUnreadBytes: 100_000 })
    const [stuck, fast] = await world.follow({ field: 'live' }, { field: 'live' })
    await eventually(() => world.opened === 2)
    stopReading(stuck!)
    for (let i = 0; i < 100; i++) {
      world.write(20, { size: 10_000 })
      await eventually(() => fast!.sequences.length === 20 * (i + 1))
    }
    stuck!.socket.resume()
    expect(await stuck!.over).toBe(4413)
    expect(fast!.socket.readyState).toBe(WebSocket.OPEN)
  }, 30_000)
})

test('whatever comes, goes, is cut, is slow or is lost, each socket has every event once and in order', async () => {
  world = await new World().start({ mostUnreadBytes: 20_000 })
  const random = (n: number) => Math.floor(Math.random() * n)
  const selects = [properties, 'sequence viewer', 'sequence later', 'sequence later(ms: 2) counted']
  const logs = ['one', 'two']
  /** What one client has seen, over all its sockets. */
  const clients = Array.from({ length: 40 }, () => ({
    log: logs[random(2)]!,
    viewer: ['ada', 'bob'][random(2)]!,
    select: selects[random(4)]!,
    from: random(3) === 0 ? random(100) : 0,
    seen: [] as number[],
    over: false,
  }))
  const total = 600
  let writing = true
  const write = async (id: string): Promise<void> => {
    while ((world.logs.get(id)?.length ?? 0) < total) {
      const size = random(20) === 0 ? 20_000 : random(200)
      world.write(1 + random(8), { id, size, announced: random(10) > 0 })
      if (random(3) === 0) await sleep(random(6))
    }
    world.write(1, { id, last: true, announced: random(2) === 0 })
    writing = false
  }
  const follow = async (client: (typeof clients)[number]): Promise<void> => {
    await sleep(random(400))
    while (!client.over) {
      const after = client.from + client.seen.length
      const { log, viewer, select } = client
      const [follower] = await world.follow({ log, viewer, select, after, id: 'x'.repeat(1 + random(3)) })
      const end = follower!.over.then((code) => {
        client.over = code === 0
      })
      while (!client.over && follower!.socket.readyState === WebSocket.OPEN) {
        await Promise.race([end, sleep(random(200))])
        const chance = random(12)
        if (writing && chance === 0) follower!.socket.terminate()
        else if (writing && chance === 1) follower!.socket.close()
        else if (chance < 4) {
          follower!.socket.pause()
          await sleep(random(150))
          follower!.socket.resume()
        }
      }
      await end
      client.seen.push(...follower!.sequences)
    }
  }
  await Promise.all([...logs.map(write), ...clients.map(follow)])
  for (const { log, from, seen } of clients) expect(seen).toEqual(upTo(world.logs.get(log)!.length, from + 1))
  await eventually(() => world.ended === world.opened)
}, 60_000)
