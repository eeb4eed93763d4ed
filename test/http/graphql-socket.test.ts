import { setTimeout as sleep } from 'node:timers/promises'
import { type Client, createClient, type FormattedExecutionResult } from 'graphql-ws'
import WebSocket from 'ws'
import { eventually, startTestServer, type TestServer } from './test-server.js'

let server: TestServer
const clients: Client[] = []
const sockets: WebSocket[] = []
beforeAll(async () => {
  server = await startTestServer({ limits: { initTimeoutMs: 300, operationsPerSocket: 3 } })
})
afterEach(async () => {
  for (const client of clients.splice(0)) await client.dispose()
  for (const socket of sockets.splice(0)) socket.terminate()
})
afterAll(() => server.close())

const address = (of: TestServer = server) => `${of.url.replace('http', 'ws')}/graphql`

function clientWith(connectionParams?: Record<string, unknown>, of: TestServer = server): Client {
  const client = createClient({ url: address(of), webSocketImpl: WebSocket, connectionParams, retryAttempts: 0, lazy: true })
  clients.push(client)
  return client
}

/** All results of an operation; what ends it otherwise is thrown. */
async function run(
  client: Client,
  query: string,
  variables?: Record<string, unknown>,
): Promise<FormattedExecutionResult<Record<string, unknown>, unknown>[]> {
  const results: FormattedExecutionResult<Record<string, unknown>, unknown>[] = []
  for await (const result of client.iterate<Record<string, unknown>>({ query, variables })) results.push(result)
  return results
}

/** A socket without a client library, for what no library would send. */
async function openSocket(headers: Record<string, string> = {}, protocol = 'graphql-transport-ws', of: TestServer = server) {
  const socket = new WebSocket(address(of), protocol, { headers })
  sockets.push(socket)
  const received: Record<string, unknown>[] = []
  const closed = new Promise<{ code: number; reason: string }>((resolve) =>
    socket.on('close', (code, reason) => resolve({ code, reason: String(reason) })),
  )
  socket.on('message', (data) => received.push(JSON.parse(String(data)) as Record<string, unknown>))
  await new Promise((resolve, reject) => socket.on('open', resolve).on('error', reject))
  const send = (message: unknown) => socket.send(typeof message === 'string' ? message : JSON.stringify(message))
  return { socket, received, closed, send }
}
async function openAcknowledged(payload?: unknown, of: TestServer = server) {
  const opened = await openSocket({}, 'graphql-transport-ws', of)
  opened.send({ type: 'connection_init', payload })
  await eventually('the acknowledgement', () => opened.received.some(({ type }) => type === 'connection_ack'))
  return opened
}
const subscribe = (id: string, query: string, rest: Record<string, unknown> = {}) => ({
  type: 'subscribe',
  id,
  payload: { query, ...rest },
})

describe('operations', () => {
  test('queries, mutations and subscriptions run', async () => {
    const client = clientWith()
    expect(await run(client, '{ hello }')).toEqual([{ data: { hello: 'hello world' } }])
    expect(await run(client, 'mutation ($input: RenameInput!) { rename(input: $input) }', { input: { name: 'new' } })).toEqual([
      { data: { rename: 'new' } },
    ])
    expect(await run(client, 'subscription { ticks(count: 3) }')).toEqual([1, 2, 3].map((ticks) => ({ data: { ticks } })))
  })

  test('errors look as they do over HTTP: of a field, of an event, of a stream', async () => {
    const client = clientWith()
    const masked = {
      message: 'Internal server error',
      extensions: { code: 'INTERNAL_SERVER_ERROR', requestId: expect.any(String) },
    }
    const conflict = { message: 'It exists.', extensions: { code: 'CONFLICT', field: 'how', existing: 7 } }
    expect(await run(client, '{ fail(how: "conflict") }')).toMatchObject([{ data: { fail: null }, errors: [conflict] }])
    expect(await run(client, '{ fail(how: "crash") }')).toMatchObject([{ errors: [masked] }])
    expect(await run(client, 'subscription { broken(how: "conflict") }')).toMatchObject([{ errors: [conflict] }])
    expect(await run(client, 'subscription { broken(how: "crash") }')).toMatchObject([{ errors: [masked] }])
    await expect(run(client, 'subscription { broken(how: "at once") }')).rejects.toMatchObject([masked])
    expect(server.rawLog()).toContain('select * from secret_table')
  })

  test.each([
    ['a syntax error', '{', 'BAD_USER_INPUT'],
    ['an unknown field', '{ helo }', 'BAD_USER_INPUT'],
    ['two logins', 'mutation { a: login(email: "", password: "") b: login(email: "", password: "") }', 'QUERY_TOO_COMPLEX'],
    ['a document too deep', `${'{ items { nodes '.repeat(20)}{ id }${' } }'.repeat(20)}`, 'QUERY_TOO_COMPLEX'],
    ['a document too long', `# ${'a'.repeat(200_000)}\n{ hello }`, 'QUERY_TOO_COMPLEX'],
    ['brackets without end', `{ a(x: ${'['.repeat(3_900)}`, 'QUERY_TOO_COMPLEX'],
    ['a page too large', '{ items(first: 9999999) { nodes { id } } }', 'QUERY_TOO_COMPLEX'],
  ])('%s is refused by the guards and rules of HTTP', async (_name, query, code) => {
    await expect(run(clientWith(), query)).rejects.toMatchObject([{ extensions: { code } }])
  })

  test('a wrong variable is BAD_USER_INPUT with its field', async () => {
    const result = await run(clientWith(), 'mutation ($input: RenameInput!) { rename(input: $input) }', { input: { name: 5 } })
    expect(result).toMatchObject([{ errors: [{ extensions: { code: 'BAD_USER_INPUT', field: 'input.name' } }] }])
  })

  test('more operations at once than allowed are refused one by one; the others run on', async () => {
    const { send, received, socket } = await openAcknowledged()
    for (let n = 1; n <= 4; n++) send(subscribe(`s${n}`, 'subscription { ticks(count: 1000, everyMs: 20) }'))
    await eventually('the fourth is refused', () => received.some(({ id, type }) => id === 's4' && type === 'error'))
    expect(received.find(({ id }) => id === 's4')).toMatchObject({ payload: [{ extensions: { code: 'RATE_LIMITED' } }] })
    send({ type: 'complete', id: 's1' })
    send(subscribe('s5', '{ hello }'))
    await eventually('there is room again', () => received.some(({ id, type }) => id === 's5' && type === 'next'))
    expect(socket.readyState).toBe(WebSocket.OPEN)
  })

  test('an id can be used again as soon as its operation is completed', async () => {
    const { send, received } = await openAcknowledged()
    for (let round = 0; round < 5; round++) {
      send(subscribe('same', 'subscription { ticks(count: 1000, everyMs: 20) }'))
      send({ type: 'complete', id: 'same' })
    }
    send(subscribe('other', '{ hello }'))
    await eventually('an answer', () => received.some(({ id, type }) => id === 'other' && type === 'next'))
  })
})

describe('credentials', () => {
  const me = async (params?: Record<string, unknown>) => (await run(clientWith(params), '{ me }'))[0]!.data
  test('come in connectionParams under the names of the headers, in any case', async () => {
    expect(await me({ authorization: 'Bearer good' })).toEqual({ me: 'ada' })
    expect(await me({ Authorization: 'Bearer good' })).toEqual({ me: 'ada' })
    expect(await me({ 'x-dhuo-access-key': 'good' })).toEqual({ me: 'ada' })
    expect(await me({ 'X-Dhuo-Access-Key': 'good' })).toEqual({ me: 'ada' })
  })

  test('none are none, as over HTTP', async () => {
    expect(await me()).toEqual({ me: null })
    expect(await me({ authorization: null, 'x-dhuo-access-key': '' })).toEqual({ me: null })
  })

  test('come in headers where a program can send them', async () => {
    const { send, received } = await openSocket({ authorization: 'Bearer good' })
    send({ type: 'connection_init' })
    await eventually('the acknowledgement', () => received.length === 1)
    send(subscribe('1', '{ me }'))
    await eventually('the answer', () => received.some(({ type }) => type === 'next'))
    expect(received).toContainEqual({ id: '1', type: 'next', payload: { data: { me: 'ada' } } })
  })

  test.each([
    ['wrong', { authorization: 'Bearer wrong' }, 4403],
    ['of a wrong type', { authorization: { token: 'good' } }, 4403],
    ['refused', { authorization: 'Bearer refused' }, 4403],
    ['that cannot be checked now', { authorization: 'Bearer down' }, 1013],
  ])('%s close the socket with the code that says so', async (_name, payload, code) => {
    const { send, closed, received } = await openSocket()
    send({ type: 'connection_init', payload })
    expect((await closed).code).toBe(code)
    expect(received).toEqual([])
  })

  test('a key that was revoked since opens nothing more, and closes the socket', async () => {
    server.tokens.set('short-lived', 'eve')
    const { send, received, closed } = await openAcknowledged({ authorization: 'Bearer short-lived' })
    send(subscribe('1', '{ me }'))
    await eventually('the answer', () => received.some(({ id, type }) => id === '1' && type === 'next'))
    send(subscribe('stream', 'subscription { ticks(count: 100000, everyMs: 20) }'))
    await eventually('the stream', () => received.some(({ id }) => id === 'stream'))
    server.tokens.delete('short-lived')
    send(subscribe('2', '{ me }'))
    expect((await closed).code).toBe(4403)
    expect(received.filter(({ id }) => id === '2')).toMatchObject([
      { type: 'error', payload: [{ extensions: { code: 'UNAUTHENTICATED' } }] },
    ])
  })
})

describe('the protocol', () => {
  test('a socket that says nothing is closed', async () => {
    const started = Date.now()
    const { closed } = await openSocket()
    expect((await closed).code).toBe(4408)
    expect(Date.now() - started).toBeLessThan(3_000)
  })

  test.each([
    ['an operation before connection_init', subscribe('1', '{ hello }'), 4401],
    ['something that is no JSON', 'hello', 4400],
    ['a message of no known type', { type: 'hello' }, 4400],
    ['a message too large', 'x'.repeat(5 * 2 ** 20), 1009],
  ])('%s closes the socket', async (_name, message, code) => {
    const { send, closed } = await openSocket()
    send(message)
    expect((await closed).code).toBe(code)
  })

  test('the same id twice, and a second connection_init, close the socket', async () => {
    const twice = await openAcknowledged()
    twice.send(subscribe('1', 'subscription { ticks(count: 100, everyMs: 20) }'))
    twice.send(subscribe('1', '{ hello }'))
    expect((await twice.closed).code).toBe(4409)
    const again = await openAcknowledged()
    again.send({ type: 'connection_init' })
    expect((await again.closed).code).toBe(4429)
  })

  test('another subprotocol is refused', async () => {
    const outdated = new WebSocket(address(), 'graphql-ws')
    sockets.push(outdated)
    const code = await new Promise((resolve) => outdated.on('close', resolve).on('error', () => resolve('refused')))
    expect([4406, 'refused']).toContain(code)
  })

  test('a ping of the client is answered', async () => {
    const { send, received } = await openAcknowledged()
    send({ type: 'ping', payload: { n: 1 } })
    await eventually('the pong', () => received.some(({ type }) => type === 'pong'))
    expect(received).toContainEqual({ type: 'pong', payload: { n: 1 } })
  })

  test('the server pings, and ends a socket that does not answer', async () => {
    const quick = await startTestServer({ limits: { pingMs: 50 } })
    try {
      const answering = await openAcknowledged(undefined, quick)
      let pings = 0
      answering.socket.on('ping', () => pings++)
      const silent = await openAcknowledged(undefined, quick)
      silent.socket.pause()
      const before = quick.lines().length
      await eventually('the silent one is gone', () =>
        quick
          .lines()
          .slice(before)
          .some(({ msg, code }) => msg === 'websocket closed' && code === 1006),
      )
      expect(pings).toBeGreaterThan(1)
      expect(answering.socket.readyState).toBe(WebSocket.OPEN)
      answering.socket.terminate()
      silent.socket.terminate()
    } finally {
      await quick.close()
    }
  })

  test('only /graphql can be upgraded, and not from another site', async () => {
    const statusOf = (url: string, headers: Record<string, string> = {}) =>
      new Promise((resolve) => {
        const socket = new WebSocket(url, 'graphql-transport-ws', { headers })
        socket.on('unexpected-response', (_request, response) => {
          resolve(response.statusCode)
          socket.on('error', () => {}).terminate()
        })
        socket.on('open', () => {
          resolve('open')
          socket.terminate()
        })
      })
    expect(await statusOf(address().replace('/graphql', '/files'))).toBe(404)
    expect(await statusOf(address(), { origin: 'https://elsewhere.example' })).toBe(403)
    expect(await statusOf(address(), { origin: 'null' })).toBe(403)
    expect(await statusOf(address(), { origin: server.url })).toBe('open')
    expect(await statusOf(`${address()}?x=1`)).toBe('open')
  })
})

describe('a client that goes away', () => {
  test.each([
    ['completes a query', (opened: Awaited<ReturnType<typeof openAcknowledged>>) => opened.send({ type: 'complete', id: '1' })],
    ['closes the socket', (opened: Awaited<ReturnType<typeof openAcknowledged>>) => opened.socket.close()],
    ['is cut off', (opened: Awaited<ReturnType<typeof openAcknowledged>>) => opened.socket.terminate()],
  ])('and %s aborts the signal of what runs', async (_name, goAway) => {
    const before = server.events.length
    const opened = await openAcknowledged()
    opened.send(subscribe('1', '{ slow(ms: 30000) }'))
    await eventually('the resolver runs', () => server.events.slice(before).includes('slow started'))
    goAway(opened)
    await eventually('it is aborted', () => server.events.slice(before).includes('slow aborted'))
    expect(opened.received.filter(({ id }) => id === '1')).toEqual([])
  })

  test('ends its subscriptions even while they wait for an event', async () => {
    const before = server.events.length
    const opened = await openAcknowledged()
    opened.send(subscribe('1', 'subscription { ticks(count: 2, everyMs: 30000) }'))
    await eventually('the stream waits', () => server.events.slice(before).includes('ticks started'))
    opened.send({ type: 'complete', id: '1' })
    await eventually('it has ended', () => server.events.slice(before).includes('ticks ended'))
  })

  test('leaves nothing behind in the metrics', async () => {
    const opened = await openAcknowledged()
    opened.send(subscribe('1', 'subscription { ticks(count: 100000, everyMs: 10) }'))
    const metric = async (name: string) =>
      Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(await (await fetch(`${server.url}/metrics`)).text())?.[1])
    await eventually('it is counted', async () => (await metric('dhuo_graphql_subscriptions_active')) === 1)
    expect(await metric('dhuo_websocket_open')).toBe(1)
    opened.socket.terminate()
    await eventually(
      'nothing is left',
      async () => (await metric('dhuo_graphql_subscriptions_active')) + (await metric('dhuo_websocket_open')) === 0,
    )
  })
})

test('each operation has a line in the log, with an id of its own and no secret', async () => {
  const { send, received } = await (async () => {
    const opened = await openSocket({ 'x-request-id': 'socket-7' })
    opened.send({ type: 'connection_init', payload: { authorization: 'Bearer good' } })
    await eventually('the acknowledgement', () => opened.received.length === 1)
    return opened
  })()
  const login = 'mutation ($p: String!) { login(email: "a", password: $p) }'
  send(subscribe('1', login, { variables: { p: 's3cr3t-socket' } }))
  send(subscribe('2', login, { variables: { p: ['s3cr3t-socket'] } }))
  send(subscribe('3', 'mutation { login(email: "a", password: "s3cr3t-socket" }'))
  await eventually('the answers', () => new Set(received.map(({ id }) => id)).size === 4)
  await sleep(20)
  const lines = server.lines().filter(({ requestId, operation }) => String(requestId).startsWith('socket-7-') && operation)
  expect(lines).toMatchObject([{ requestId: expect.anything() }, {}, {}])
  expect(lines.map(({ operation }) => operation).sort()).toEqual(['mutation login', 'mutation login', 'unknown'])
  expect(server.rawLog()).not.toContain('s3cr3t')
  expect(server.rawLog()).not.toContain('Bearer')
})
