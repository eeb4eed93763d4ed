import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import WebSocket from 'ws'
import { DhuoError } from '../../src/errors.js'
import { eventually, startTestServer, type TestServer } from './test-server.js'

const chunk = Buffer.alloc(64 * 1024, 'x')

/** Routes like those that serve files: a slow download, an upload that is read to its end, two ways to fail. */
function fileRoutes(app: FastifyInstance): void {
  app.addContentTypeParser('*', (_request, payload, done) => done(null, payload))
  app.get<{ Params: { chunks: string } }>('/download/:chunks', async (request, reply) => {
    const chunks = Number(request.params.chunks)
    async function* slowly() {
      for (let n = 0; n < chunks; n++) {
        yield chunk
        await sleep(10)
      }
    }
    return reply
      .type('application/json')
      .header('content-length', chunks * chunk.length)
      .send(Readable.from(slowly(), { objectMode: false }))
  })
  app.put('/upload', { bodyLimit: Number.MAX_SAFE_INTEGER }, async (request) => {
    let size = 0
    for await (const part of request.body as Readable) size += (part as Buffer).length
    return { size }
  })
  app.get('/fails/:how', async (request) => {
    if ((request.params as { how: string }).how === 'ours')
      throw new DhuoError('PRECONDITION_FAILED', 'The file has changed.', { details: { etag: 'b' } })
    throw new Error('EACCES: /var/lib/dhuo/secret')
  })
}

const servers: TestServer[] = []
async function start(options: Parameters<typeof startTestServer>[0] = {}): Promise<TestServer> {
  const server = await startTestServer({ registerFileRoutes: fileRoutes, ...options })
  servers.push(server)
  return server
}
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close()
})

const get = async (url: string) => {
  const response = await fetch(url)
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

describe('health', () => {
  test('/healthz says that the process runs, whatever the backends do', async () => {
    const server = await start()
    server.health.backends = [{ role: 'CATALOG', kind: 'sqlite', healthy: false, detail: 'disk full' }]
    expect(await get(`${server.url}/healthz`)).toEqual({ status: 200, body: { status: 'alive' } })
  })

  test('/readyz is 200 when every backend answers, and 503 with which does not', async () => {
    const server = await start()
    expect(await get(`${server.url}/readyz`)).toMatchObject({ status: 200, body: { status: 'ready' } })
    server.health.backends = [
      { role: 'CATALOG', kind: 'sqlite', healthy: true, detail: null },
      { role: 'LAKEHOUSE', kind: 'duckdb', healthy: false, detail: 'does not open' },
    ]
    expect(await get(`${server.url}/readyz`)).toEqual({
      status: 503,
      body: { status: 'unavailable', backends: server.health.backends },
    })
  })

  test('/readyz is degraded, and still 200, while only pub/sub is away: every server would be', async () => {
    const server = await start()
    server.health.backends = [
      { role: 'CATALOG', kind: 'postgres', healthy: true, detail: null },
      { role: 'PUBSUB', kind: 'redis', healthy: false, detail: 'does not answer' },
    ]
    expect(await get(`${server.url}/readyz`)).toEqual({
      status: 200,
      body: { status: 'degraded', backends: server.health.backends },
    })
  })

  test('/readyz does not wait for a backend that hangs', async () => {
    const server = await start({ limits: { readyTimeoutMs: 100 } })
    server.health.delayMs = 3_000
    const started = Date.now()
    expect(await get(`${server.url}/readyz`)).toMatchObject({
      status: 503,
      body: { status: 'not every backend answered within 100 ms' },
    })
    expect(Date.now() - started).toBeLessThan(2_000)
  })
})

describe('/metrics', () => {
  test('counts requests by route, and operations by type and root field, never by what a client calls them', async () => {
    const server = await start()
    await server.graphql({ query: 'query MyOwnName { myAlias: hello }' })
    await server.graphql({ query: '{ hello me }' })
    await server.graphql({ query: '{ fail(how: "conflict") }' })
    await server.graphql({ query: '{ noSuchField }' })
    await fetch(`${server.url}/no/such/path/${Math.random()}`)
    await (await fetch(`${server.url}/download/1`)).arrayBuffer()
    const response = await fetch(`${server.url}/metrics`)
    expect(response.headers.get('content-type')).toMatch(/^text\/plain/)
    const expected = [
      'dhuo_http_request_duration_seconds_count{method="POST",route="/graphql",status="200"} 3',
      'dhuo_http_request_duration_seconds_count{method="POST",route="/graphql",status="400"} 1',
      'dhuo_http_request_duration_seconds_count{method="GET",route="unmatched",status="404"} 1',
      'dhuo_http_request_duration_seconds_count{method="GET",route="/download/:chunks",status="200"} 1',
      'dhuo_graphql_operation_duration_seconds_count{transport="http",type="query",field="hello"} 1',
      'dhuo_graphql_operation_duration_seconds_count{transport="http",type="query",field="several"} 1',
      'dhuo_graphql_operation_duration_seconds_count{transport="http",type="unknown",field=""} 1',
      'dhuo_graphql_errors_total{code="CONFLICT",type="query",field="fail"} 1',
      'dhuo_graphql_errors_total{code="BAD_USER_INPUT",type="unknown",field=""} 1',
    ]
    let text = ''
    // A request is counted when its last byte has left, which may be after the client has it.
    await eventually('all are counted', async () => {
      text = await (await fetch(`${server.url}/metrics`)).text()
      return expected.every((series) => text.includes(series))
    })
    for (const name of ['MyOwnName', 'myAlias', 'noSuchField', '/no/such']) expect(text).not.toContain(name)
    expect(text).toMatch(/^process_resident_memory_bytes /m)
  })
})

describe('file routes', () => {
  test('an answer of theirs is not compressed, and its errors have the shape of GraphQL', async () => {
    const server = await start()
    const response = await fetch(`${server.url}/download/2`, { headers: { 'accept-encoding': 'gzip' } })
    expect(response.headers.get('content-encoding')).toBeNull()
    expect((await response.arrayBuffer()).byteLength).toBe(2 * chunk.length)
    expect(await get(`${server.url}/fails/ours`)).toEqual({
      status: 412,
      body: { errors: [{ message: 'The file has changed.', extensions: { code: 'PRECONDITION_FAILED', etag: 'b' } }] },
    })
    expect(await get(`${server.url}/fails/otherwise`)).toMatchObject({
      status: 500,
      body: { errors: [{ message: 'Internal server error', extensions: { requestId: expect.any(String) } }] },
    })
  })

  test('an upload may take longer than any time limit, as long as bytes come', async () => {
    const server = await start({ limits: { bodyTimeoutMs: 100, bodyIdleMs: 200, headersTimeoutMs: 100 } })
    const request = httpRequest(`${server.url}/upload`, { method: 'PUT' })
    const answer = once(request, 'response') as Promise<[IncomingMessage]>
    for (let n = 0; n < 10; n++) {
      request.write(chunk)
      await sleep(60)
    }
    request.end()
    const [response] = await answer
    expect(JSON.parse(String(Buffer.concat(await response.toArray())))).toEqual({ size: 10 * chunk.length })
  })
})

describe('the address of a client', () => {
  const addressSeen = async (trustedProxies: string[], forwarded: string) => {
    const seen: string[] = []
    const server = await start({
      trustedProxies,
      createContext: async (request) => {
        seen.push(request.address)
        return { ...request, credentialProblem: null } as never
      },
    })
    await server.graphql({ query: '{ hello }' }, { 'x-forwarded-for': forwarded })
    const socket = new WebSocket(`${server.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws', {
      headers: { 'x-forwarded-for': forwarded },
    })
    await once(socket, 'open')
    socket.send('{"type":"connection_init"}')
    await once(socket, 'message')
    socket.terminate()
    expect(seen[1]).toBe(seen[0])
    return seen[0]
  }

  test('is that of the connection, whatever it claims', async () => {
    expect(await addressSeen([], '203.0.113.9')).toBe('127.0.0.1')
    expect(await addressSeen(['10.0.0.0/8'], '203.0.113.9')).toBe('127.0.0.1')
  })

  test('is what a trusted proxy saw, and no more than that', async () => {
    expect(await addressSeen(['127.0.0.1'], '203.0.113.9')).toBe('203.0.113.9')
    expect(await addressSeen(['127.0.0.0/8', '10.0.0.0/8'], '198.51.100.1, 203.0.113.9, 10.1.2.3')).toBe('203.0.113.9')
    expect(await addressSeen(['127.0.0.1'], 'rubbish')).toBe('127.0.0.1')
  })
})

describe('a graceful stop', () => {
  test('lets a running download and a running mutation finish, and takes nothing new', async () => {
    const server = await start()
    const download = await fetch(`${server.url}/download/40`)
    const mutation = server.graphql({ query: 'mutation { slowly(ms: 300) }' })
    await eventually('the mutation runs', () => server.events.includes('slowly started'))
    const closed = server.close()
    await sleep(50)
    await expect(fetch(`${server.url}/healthz`)).rejects.toThrow()
    expect((await mutation).body).toEqual({ data: { slowly: 'done' } })
    expect((await download.arrayBuffer()).byteLength).toBe(40 * chunk.length)
    await closed
  })

  test('is quick when nothing runs, with connections kept alive too', async () => {
    const server = await start()
    await server.graphql({ query: '{ hello }' })
    const started = Date.now()
    await server.close()
    expect(Date.now() - started).toBeLessThan(1_000)
  })

  test('does not wait for the keep-alive of a connection that was busy', async () => {
    const server = await start()
    const busy = server.graphql({ query: '{ slow(ms: 200) }' })
    await eventually('it runs', () => server.events.includes('slow started'))
    const started = Date.now()
    await Promise.all([server.close(), busy])
    expect(Date.now() - started).toBeLessThan(2_000)
  })

  test('does not wait for connections that were opened in advance, or whose headers are not complete', async () => {
    const server = await start()
    const port = Number(new URL(server.url).port)
    const unused = connect(port, '127.0.0.1')
    const partial = connect(port, '127.0.0.1')
    await Promise.all([once(unused, 'connect'), once(partial, 'connect')])
    partial.write('GET / HTTP/1.1\r\nHost:')
    await sleep(20)
    const started = Date.now()
    await server.close()
    expect(Date.now() - started).toBeLessThan(1_000)
  })

  test('/readyz says 503 before connections are refused', async () => {
    const server = await start({ limits: { drainDelayMs: 300 } })
    const closed = server.close()
    expect(await get(`${server.url}/readyz`)).toEqual({ status: 503, body: { status: 'draining', backends: [] } })
    expect((await get(`${server.url}/healthz`)).status).toBe(200)
    await closed
    await expect(fetch(`${server.url}/readyz`)).rejects.toThrow()
  })

  const socketOf = async (server: TestServer, query?: string) => {
    const socket = new WebSocket(`${server.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws')
    const received: { type: string; payload?: unknown }[] = []
    socket.on('message', (data) => received.push(JSON.parse(String(data)) as { type: string }))
    const closed = new Promise<number>((resolve) => socket.on('close', resolve))
    await once(socket, 'open')
    socket.send('{"type":"connection_init"}')
    await eventually('the acknowledgement', () => received.length === 1)
    if (query) socket.send(JSON.stringify({ type: 'subscribe', id: '1', payload: { query } }))
    return { socket, received, closed }
  }

  test('tells sockets to connect again: at once those with subscriptions, after its answer one with a mutation', async () => {
    const server = await start()
    const idle = await socketOf(server)
    const subscribed = await socketOf(server, 'subscription { ticks(count: 100000, everyMs: 20) }')
    await eventually('the stream runs', () => subscribed.received.length > 1)
    const busy = await socketOf(server, 'mutation { slowly(ms: 300) }')
    await eventually('the mutation runs', () => server.events.includes('slowly started'))
    const closed = server.close()
    expect(await Promise.all([idle.closed, subscribed.closed])).toEqual([1001, 1001])
    expect(server.events).not.toContain('slowly finished')
    expect(await busy.closed).toBe(1001)
    expect(busy.received).toContainEqual({ id: '1', type: 'next', payload: { data: { slowly: 'done' } } })
    await closed
    expect(server.events).toContain('ticks ended')
  })

  test('cuts off what does not finish within the grace', async () => {
    const server = await start({ limits: { shutdownGraceMs: 300 } })
    const endless = server.graphql({ query: '{ slow(ms: 60000) }' })
    const failed = expect(endless).rejects.toThrow()
    const socket = await socketOf(server, 'mutation { slowly(ms: 60000) }')
    // Never answers the close frame.
    const dead = await socketOf(server)
    dead.socket.pause()
    await eventually('both run', () => server.events.length === 2)
    const started = Date.now()
    await server.close()
    expect(Date.now() - started).toBeLessThan(3_000)
    await failed
    expect(await socket.closed).toBe(1006)
    expect(server.events).toEqual(expect.arrayContaining(['slow aborted', 'slowly aborted']))
    dead.socket.terminate()
  })

  test('may be asked for twice', async () => {
    const server = await start()
    await Promise.all([server.close(), server.close()])
  })
})

test('a port that is taken is an error of the start', async () => {
  const server = await start()
  const { startServer } = await import('../../src/server.js')
  const { testSchema } = await import('./test-server.js')
  const { pino } = await import('pino')
  await expect(
    startServer({
      port: Number(new URL(server.url).port),
      host: '127.0.0.1',
      publicUrl: null,
      schema: testSchema(),
      createContext: async () => ({}) as never,
      checkHealth: async () => [],
      droppedMessages: () => 0,
      registerFileRoutes: () => {},
      log: pino({ level: 'silent' }),
    }),
  ).rejects.toMatchObject({ code: 'EADDRINUSE' })
})
