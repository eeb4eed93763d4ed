import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import WebSocket, { WebSocketServer } from 'ws'
import {
  type ClientOptions,
  type ConnectionChange,
  CreateExperiment,
  CreateRun,
  createClient,
  type DhuoClient,
  isDhuoGraphError,
  LogBatch,
  type PipelineEventFieldsFragment,
  RunDeployment,
  WatchMetrics,
  WatchPipelineRun,
} from '../../codegen/typescript/src/node.js'
import { readEvents, runWhen, seedDeployment, startRun } from '../graphql/pipeline-seed.js'
import { eventually } from '../http/test-server.js'
import { createTestHub, type TestHub } from '../hub.js'
import { seedKey, seedProject, uniqueName } from '../seed.js'
import { startTcpProxy, type TcpProxy } from './tcp-proxy.js'

let hub: TestHub
let proxy: TcpProxy
const clients: DhuoClient[] = []
beforeAll(async () => {
  hub = await createTestHub()
})
beforeEach(async () => {
  proxy = await startTcpProxy(() => hub.url)
})
afterEach(async () => {
  for (const client of clients.splice(0)) client.close()
  await proxy.close()
})
afterAll(() => hub.close())

const quick = { retry: { firstDelayMs: 5, longestDelayMs: 50, giveUpAfterMs: 10_000 } }
function clientOf(options: Partial<ClientOptions> = {}): DhuoClient {
  const credentials = options.token || options.accessKey ? {} : { token: hub.admin }
  const client = createClient({ url: proxy.url, ...credentials, ...quick, ...options })
  clients.push(client)
  return client
}

/** Prints lines for about half a second. */
const talkative = 'import time\nfor i in range(80):\n  print(i, flush=True)\n  time.sleep(0.004)'
/** A run that stays as it is until somebody ends it: its packages are never ready. */
const waitingRun = async () => startRun(hub, await seedDeployment(hub, [{ script: '' }], { status: 'PACKAGING' }))
/** One of which every event so far is past. */
const seenRun = async () => {
  const id = await waitingRun()
  return { id, after: (await readEvents(hub, id)).length }
}
const cancel = (id: string) => hub.data('mutation ($id: ID!) { cancelPipelineRun(id: $id) { id } }', { id })
const sequencesOf = (events: readonly { sequence: number }[]) => events.map(({ sequence }) => sequence)
const all = async <Item>(items: AsyncIterable<Item>): Promise<Item[]> => {
  const got: Item[] = []
  for await (const item of items) got.push(item)
  return got
}
const failureOf = async (work: Promise<unknown>) => {
  const error = await work.catch((thrown: unknown) => thrown)
  if (!isDhuoGraphError(error)) throw new Error(`an error of the client was expected: ${error}`)
  return error
}

describe.each([
  ['ws', WebSocket],
  ['Node itself', globalThis.WebSocket],
])('with the WebSocket of %s', (_, webSocket) => {
  test('every event comes once and in order, however often the connection is cut', async () => {
    const id = await startRun(hub, await seedDeployment(hub, [{ script: talkative }]))
    const changes: ConnectionChange[] = []
    // In the middle of frames, and between them.
    let next = 2_000
    proxy.onChunk = (direction) => {
      if (direction === 'up' || proxy.bytes.down < next) return 'pass'
      next = proxy.bytes.down + 2_000
      return { cutAfter: 1_500 }
    }
    const client = clientOf({ webSocket })
    const events = await all(client.watchPipelineRun(id, { onConnection: (change) => changes.push(change) }))
    const written = await readEvents(hub, id)
    expect(written.length).toBeGreaterThan(80)
    expect(sequencesOf(events)).toEqual(sequencesOf(written))
    expect(events.map(({ message }) => message)).toEqual(written.map(({ message }) => message))
    expect(proxy.connections).toBeGreaterThan(3)
    expect(changes.filter(({ state }) => state === 'lost').length).toBeGreaterThan(2)
    // Nothing is held open afterwards.
    await eventually('the socket is closed', () => proxy.open === 0)
    const later = await all(client.watchPipelineRun(id, { after: written.length - 2 }))
    expect(sequencesOf(later)).toEqual([written.length - 1, written.length])
  })

  test('a network that is gone without a word is noticed', async () => {
    const id = await waitingRun()
    const events = clientOf({ webSocket, pingAfterMs: 60 }).watchPipelineRun(id)
    const first = await events.next()
    await sleep(150)
    expect(proxy.connections).toBe(1)
    proxy.freeze()
    await cancel(id)
    const rest = await all(events)
    expect(proxy.connections).toBe(2)
    expect(sequencesOf([first.value, ...rest])).toEqual(sequencesOf(await readEvents(hub, id)))
  })
})

test('a subscription outlives its server', async () => {
  const id = await waitingRun()
  const events = clientOf().watchPipelineRun(id)
  const got = [(await events.next()).value as PipelineEventFieldsFragment]
  const rest = all(events)
  await hub.restart()
  await cancel(id)
  got.push(...(await rest))
  expect(sequencesOf(got)).toEqual(sequencesOf(await readEvents(hub, id)))
  expect(got.at(-1)?.runStatus).toBe('CANCELED')
  expect(proxy.connections).toBeGreaterThan(1)
})

test('a reader who is slower than the server gets all of it, and holds little', async () => {
  const id = await startRun(hub, await seedDeployment(hub, [{ script: 'for i in range(200): print(i)' }]))
  await runWhen(hub, id)
  const got: number[] = []
  for await (const { sequence } of clientOf({ mostWaiting: 10 }).watchPipelineRun(id)) {
    got.push(sequence)
    if (sequence % 100 === 1) await sleep(30)
  }
  expect(got).toEqual(sequencesOf(await readEvents(hub, id)))
})

test('many subscriptions share one connection', async () => {
  const client = clientOf()
  const ids = await Promise.all([waitingRun(), waitingRun(), waitingRun()])
  const streams = ids.map((id) => client.watchPipelineRun(id))
  await Promise.all(streams.map((stream) => stream.next()))
  expect(proxy.connections).toBe(1)
  await Promise.all(ids.map(cancel))
  for (const stream of streams) expect((await all(stream)).at(-1)?.runStatus).toBe('CANCELED')
})

test('who leaves the loop ends the subscription, also while nothing comes', async () => {
  const client = clientOf()
  const { id, after } = await seenRun()
  for await (const event of client.watchPipelineRun(id)) {
    expect(event.sequence).toBe(1)
    break
  }
  await eventually('the socket is closed', () => proxy.open === 0)
  const events = client.watchPipelineRun(id, { after })
  const waiting = events.next()
  await eventually('a socket is there', () => proxy.open === 1)
  expect(await events.return!()).toEqual({ done: true, value: undefined })
  expect(await waiting).toEqual({ done: true, value: undefined })
  await eventually('the socket is closed', () => proxy.open === 0)
})

test('who leaves before the connection is there leaves none behind', async () => {
  const events = clientOf().watchPipelineRun(await waitingRun())
  const waiting = events.next()
  await events.return!()
  expect(await waiting).toEqual({ done: true, value: undefined })
  await eventually('the socket is closed', () => proxy.open === 0)
})

test('a client that is closed ends its subscriptions, and can be used again', async () => {
  const client = clientOf()
  const { id, after } = await seenRun()
  const waiting = all(client.watchPipelineRun(id, { after }))
  await eventually('a socket is there', () => proxy.open === 1)
  client.close()
  expect(await waiting).toEqual([])
  await eventually('the socket is closed', () => proxy.open === 0)
  expect((await client.watchPipelineRun(id).next()).value.sequence).toBe(1)
})

test('an aborted subscription throws the reason, whatever it is doing', async () => {
  const reason = new Error('enough')
  const { id, after } = await seenRun()
  const aborted = (signal: AbortSignal, options = {}) => all(clientOf(options).watchPipelineRun(id, { after, signal }))
  await expect(aborted(AbortSignal.abort(reason))).rejects.toBe(reason)
  const controller = new AbortController()
  setTimeout(() => controller.abort(reason), 50)
  await expect(aborted(controller.signal)).rejects.toBe(reason)
  proxy.refuse()
  const later = new AbortController()
  setTimeout(() => later.abort(reason), 50)
  await expect(aborted(later.signal, { retries: 1_000 })).rejects.toBe(reason)
})

test('a run that does not exist is NOT_FOUND; a bad token UNAUTHENTICATED; a server that is not there UNREACHABLE', async () => {
  expect((await failureOf(all(clientOf().watchPipelineRun('nothing')))).code).toBe('NOT_FOUND')
  const refused = await failureOf(all(clientOf({ token: 'nonsense' }).watchPipelineRun(await waitingRun())))
  expect(refused.code).toBe('UNAUTHENTICATED')
  proxy.refuse()
  const error = await failureOf(all(clientOf().watchPipelineRun('nothing')))
  expect(error.code).toBe('UNREACHABLE')
  expect(error.message).toContain(proxy.url.replace('http', 'ws'))
})

test('a key that is revoked ends its subscriptions; one that can be asked for anew lets them go on', async () => {
  const id = await waitingRun()
  const key = await seedKey(hub, hub.admin)
  const better = await seedKey(hub, hub.admin)
  const ended = clientOf({ accessKey: key.secret }).watchPipelineRun(id)
  let asked = 0
  const lasting = clientOf({ accessKey: () => (asked++ === 0 ? key.secret : better.secret) }).watchPipelineRun(id)
  await Promise.all([ended.next(), lasting.next()])
  await hub.data('mutation ($id: ID!) { revokeAccessKey(id: $id) { id } }', { id: key.id })
  proxy.cut()
  await cancel(id)
  expect((await failureOf(all(ended))).code).toBe('UNAUTHENTICATED')
  expect((await all(lasting)).at(-1)?.runStatus).toBe('CANCELED')
  expect(asked).toBe(2)
})

describe('what cannot be resumed', () => {
  async function begun(client: DhuoClient) {
    const { name } = await seedProject(hub)
    const { createExperiment } = await client.request(CreateExperiment, { input: { project: name, name: uniqueName('made') } })
    const { createRun } = await client.request(CreateRun, { input: { experiment: createExperiment.id } })
    const log = (value: number) => client.request(LogBatch, { input: { run: createRun.id, metrics: [{ key: 'loss', value }] } })
    return { run: createRun.id, log }
  }

  test('ends with CONNECTION_LOST when it is cut: nothing is lost in silence', async () => {
    const client = clientOf()
    const { run, log } = await begun(client)
    const points = client.subscribe(WatchMetrics, { run })
    const first = points.next()
    await sleep(100)
    await log(0.5)
    expect((await first).value.metricLogged).toMatchObject({ key: 'loss', value: 0.5 })
    const next = points.next()
    proxy.cut()
    expect((await failureOf(next)).code).toBe('CONNECTION_LOST')
  })

  test('begins anew where somebody wants to hear of the gap', async () => {
    const client = clientOf()
    const { run, log } = await begun(client)
    let gaps = 0
    const points = client.subscribe(WatchMetrics, { run }, { onGap: () => void gaps++ })
    const first = points.next()
    await sleep(100)
    await log(1)
    await first
    const next = points.next()
    proxy.cut()
    await eventually('it is told of the gap', () => gaps === 1)
    await sleep(100)
    await log(2)
    expect((await next).value.metricLogged.value).toBe(2)
    await points.return!()
  })
})

describe('against a server that says anything', () => {
  let server: WebSocketServer
  let url: string
  let sockets = 0
  let opened: (socket: WebSocket, id: string) => void
  beforeAll(async () => {
    server = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: () => 'graphql-transport-ws' })
    server.on('connection', (socket) => {
      sockets += 1
      socket.on('message', (data) => {
        const message = JSON.parse(String(data)) as { type: string; id: string }
        if (message.type === 'connection_init') socket.send('{"type":"connection_ack"}')
        if (message.type === 'subscribe') opened(socket, message.id)
      })
    })
    await once(server, 'listening')
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  beforeEach(() => {
    sockets = 0
  })
  afterAll(() => void server.close())

  const next = (id: string, sequence: number) =>
    JSON.stringify({ id, type: 'next', payload: { data: { pipelineEvents: { sequence } } } })
  const complete = (id: string) => JSON.stringify({ id, type: 'complete' })

  test.each([1000, 1001, 1006, 1012, 1013, 4408, 4500, 4999])(
    'a close with %i is followed by another connection',
    async (code) => {
      opened = (socket, id) => {
        socket.send(next(id, sockets))
        if (sockets === 2) socket.send(complete(id))
        else if (code === 1006) socket.terminate()
        else socket.close(code)
      }
      expect(sequencesOf(await all(clientOf({ url }).watchPipelineRun('x')))).toEqual([1, 2])
    },
  )

  test.each([
    [4400, 'BAD_RESPONSE'],
    [4401, 'BAD_RESPONSE'],
    [4403, 'UNAUTHENTICATED'],
    [4406, 'BAD_RESPONSE'],
    [1009, 'BAD_RESPONSE'],
  ])('a close with %i is %s', async (code, expected) => {
    opened = (socket) => socket.close(code, 'because')
    const error = await failureOf(all(clientOf({ url }).watchPipelineRun('x')))
    expect(error).toMatchObject({ code: expected, message: expect.stringContaining('because'), details: { closeCode: code } })
    // Credentials are shown once more: the server may have closed for an operation's sake.
    expect(sockets).toBe(code === 4403 ? 2 : 1)
  })

  test('what comes twice is given once, and what is missing is asked for again', async () => {
    const asked: unknown[] = []
    server.once('connection', (socket) => socket.on('message', () => {}))
    opened = (socket, id) => {
      for (const sequence of sockets === 1 ? [1, 2, 2, 1, 4] : [3, 4]) socket.send(next(id, sequence))
      if (sockets === 2) socket.send(complete(id))
      asked.push(id)
    }
    expect(sequencesOf(await all(clientOf({ url }).watchPipelineRun('x')))).toEqual([1, 2, 3, 4])
  })

  test('an error of the operation that passes is waited for, another is thrown', async () => {
    const fail = (code: string) => (socket: WebSocket, id: string) =>
      socket.send(JSON.stringify({ id, type: 'error', payload: [{ message: 'No.', extensions: { code } }] }))
    let tries = 0
    opened = (socket, id) => {
      if (++tries < 3) return fail('BACKEND_UNAVAILABLE')(socket, id)
      socket.send(next(id, 1))
      socket.send(complete(id))
    }
    expect(await all(clientOf({ url }).watchPipelineRun('x'))).toHaveLength(1)
    opened = fail('BAD_USER_INPUT')
    expect((await failureOf(all(clientOf({ url }).watchPipelineRun('x')))).code).toBe('BAD_USER_INPUT')
  })

  test('what is no protocol is BAD_RESPONSE', async () => {
    opened = (socket) => socket.send('hello')
    expect((await failureOf(all(clientOf({ url }).watchPipelineRun('x')))).code).toBe('BAD_RESPONSE')
  })

  test('a connection that stays has worked, though nothing came', async () => {
    opened = (socket, id) => {
      if (sockets === 8) socket.send(complete(id))
      else setTimeout(() => socket.close(1001), 60)
    }
    const retry = { firstDelayMs: 5, longestDelayMs: 30, giveUpAfterMs: 200 }
    expect(await all(clientOf({ url, retry }).watchPipelineRun('x'))).toEqual([])
    expect(sockets).toBe(8)
  })

  test('it is given up in the end', async () => {
    opened = (socket, id) => {
      socket.send(next(id, sockets))
      socket.terminate()
    }
    const retry = { firstDelayMs: 5, longestDelayMs: 10, giveUpAfterMs: 100 }
    const events = clientOf({ url, retry }).watchPipelineRun('x')
    await events.next()
    server.options.verifyClient = () => false
    try {
      expect((await failureOf(all(events))).code).toBe('UNREACHABLE')
    } finally {
      delete server.options.verifyClient
    }
  })
})

test('a document of one’s own can be resumed too', async () => {
  const client = clientOf()
  const deployment = await seedDeployment(hub, [{ script: talkative }])
  const { runDeployment } = await client.request(RunDeployment, { input: { deployment: deployment.id } })
  setTimeout(() => proxy.cut(), 150)
  const resume = { variable: 'after', cursor: (event: { pipelineEvents: { sequence: number } }) => event.pipelineEvents.sequence }
  const results = await all(client.subscribe(WatchPipelineRun, { pipelineRun: runDeployment.id }, { resume }))
  const written = await readEvents(hub, runDeployment.id)
  expect(sequencesOf(results.map(({ pipelineEvents }) => pipelineEvents))).toEqual(sequencesOf(written))
})
