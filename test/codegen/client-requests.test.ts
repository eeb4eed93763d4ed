import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  CreateProject,
  createClient,
  DhuoGraphError,
  errorCodes,
  FinishRun,
  GetProject,
  GetViewer,
  isDhuoGraphError,
  ListProjects,
} from '../../codegen/typescript/src/node.js'
import { errorCodes as codesOfServer } from '../../src/errors.js'
import { createTestHub, type TestHub } from '../hub.js'
import { seedKey, seedProject, uniqueName } from '../seed.js'
import { startTcpProxy } from './tcp-proxy.js'

const quick = { retry: { firstDelayMs: 5, longestDelayMs: 20, giveUpAfterMs: 2_000 } }

const failureOf = async (work: Promise<unknown>): Promise<DhuoGraphError> => {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  )
  if (!isDhuoGraphError(error)) throw new Error(`an error of the client was expected: ${error}`)
  return error
}

describe('against a hub', () => {
  let hub: TestHub
  beforeAll(async () => {
    hub = await createTestHub()
  })
  afterAll(() => hub.close())

  test('a document gives what its type says; variables that are not needed may be left out', async () => {
    const client = createClient({ url: `${hub.url}/graphql/`, token: hub.admin })
    const { createProject } = await client.request(CreateProject, { input: { name: uniqueName('made') } })
    const { project } = await client.request(GetProject, { name: createProject.name })
    const role: 'EDITOR' | 'OWNER' | 'VIEWER' | null | undefined = project?.viewerRole
    expect([project?.name, role, project?.members[0]?.role]).toEqual([createProject.name, 'OWNER', 'OWNER'])
    const { projects } = await client.request(ListProjects)
    expect(projects.nodes.map(({ name }) => name)).toContain(createProject.name)
    expect((await client.request(GetProject, { name: 'nothing-of-that-name' })).project).toBeNull()
  })

  test('a text of one’s own is answered with what nobody knows', async () => {
    const client = createClient({ url: hub.url, token: hub.admin })
    const answer = await client.request<unknown, Record<string, unknown>>(
      'query ($n: Int) { projects(first: $n) { totalCount } }',
      {
        n: 1,
      },
    )
    expect(answer).toEqual({ projects: { totalCount: expect.any(Number) } })
  })

  test('an access key and a token both say who asks; together they are a mistake', async () => {
    const { secret } = await seedKey(hub, hub.admin)
    const viewer = await createClient({ url: hub.url, accessKey: secret }).request(GetViewer)
    expect(viewer.viewer?.email).toBe('admin@example.com')
    expect(() => createClient({ url: hub.url, accessKey: secret, token: 'x' })).toThrow('not both')
  })

  test('an error has the code, the field, the path and the details of the server', async () => {
    const client = createClient({ url: hub.url, token: hub.admin })
    const { name } = await seedProject(hub)
    const twice = await failureOf(client.request(CreateProject, { input: { name } }))
    expect(twice).toMatchObject({ code: 'CONFLICT', field: 'input.name', path: ['createProject'] })
    const bad = await failureOf(client.request(FinishRun, { id: 'run_x', status: 'DONE' as never }))
    expect(bad).toMatchObject({ code: 'BAD_USER_INPUT', field: 'status' })
    const narrowed: unknown = twice
    if (isDhuoGraphError(narrowed, 'CONFLICT', 'NOT_FOUND')) {
      const code: 'CONFLICT' | 'NOT_FOUND' = narrowed.code
      expect(code).toBe('CONFLICT')
    }
    expect(isDhuoGraphError(twice, 'NOT_FOUND')).toBe(false)
  })

  test('a bad token is UNAUTHENTICATED, and not tried again', async () => {
    const proxy = await startTcpProxy(() => hub.url)
    const error = await failureOf(createClient({ url: proxy.url, token: 'nonsense', ...quick }).request(ListProjects))
    expect(error.code).toBe('UNAUTHENTICATED')
    expect(proxy.connections).toBe(1)
    await proxy.close()
  })

  test('a token that is refused is asked for anew: once for all that are refused together', async () => {
    let asked = 0
    const token = async () => {
      asked += 1
      await sleep(5)
      return asked === 1 ? 'expired' : hub.admin
    }
    const client = createClient({ url: hub.url, token, ...quick })
    const answers = await Promise.all(Array.from({ length: 5 }, () => client.request(GetProject, { name: 'nothing' })))
    expect([answers.length, asked]).toEqual([5, 2])
    const never = createClient({ url: hub.url, token: () => `wrong ${++asked}`, ...quick })
    expect((await failureOf(never.request(ListProjects))).code).toBe('UNAUTHENTICATED')
    expect(asked).toBe(4)
  })

  test('a query that was cut off is sent again; a mutation is not, unless it says that it may be', async () => {
    const proxy = await startTcpProxy(() => hub.url)
    const client = createClient({ url: proxy.url, token: hub.admin, ...quick })
    let cuts = 0
    const cutTwice = () => {
      cuts = 2
      proxy.onChunk = (direction) => (direction === 'down' && cuts-- > 0 ? 'cut' : 'pass')
    }
    cutTwice()
    expect((await client.request(ListProjects)).projects.totalCount).toEqual(expect.any(Number))
    cutTwice()
    const input = { name: uniqueName('cut-off') }
    expect(await failureOf(client.request(CreateProject, { input }))).toMatchObject({ code: 'UNREACHABLE' })
    cutTwice()
    // It was made at the first try, whose answer was lost.
    expect(await failureOf(client.request(CreateProject, { input }, { idempotent: true }))).toMatchObject({ code: 'CONFLICT' })
    await proxy.close()
  })

  test('a server that is away for a moment is waited for; one that stays away is UNREACHABLE', async () => {
    const proxy = await startTcpProxy(() => hub.url)
    const client = createClient({ url: proxy.url, token: hub.admin, retries: 6, ...quick })
    proxy.refuse()
    setTimeout(() => proxy.accept(), 30)
    expect((await client.request(ListProjects)).projects.nodes).toEqual(expect.any(Array))
    proxy.cut()
    proxy.refuse()
    const error = await failureOf(client.request(ListProjects, {}, { retries: 1 }))
    expect(error.code).toBe('UNREACHABLE')
    expect(error.message).toContain(proxy.url)
    await proxy.close()
  })

  test('a request that takes too long is a TIMEOUT, one that is aborted throws the reason', async () => {
    const proxy = await startTcpProxy(() => hub.url)
    const client = createClient({ url: proxy.url, token: hub.admin, ...quick })
    proxy.onChunk = () => {
      proxy.freeze()
      return 'pass'
    }
    const error = await failureOf(client.request(ListProjects, {}, { timeoutMs: 50 }))
    expect(error).toMatchObject({ code: 'TIMEOUT', details: { timeoutMs: 50 } })
    const controller = new AbortController()
    const reason = new Error('changed my mind')
    setTimeout(() => controller.abort(reason), 20)
    await expect(client.request(ListProjects, {}, { signal: controller.signal })).rejects.toBe(reason)
    await expect(client.request(ListProjects, {}, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    await proxy.close()
  })
})

describe('against a server that says anything', () => {
  let server: Server
  let url: string
  let requests: IncomingMessage[] = []
  let answer: (request: IncomingMessage, response: ServerResponse) => void = () => {}
  beforeAll(async () => {
    server = createServer((request, response) => {
      requests.push(request)
      request.resume().on('end', () => answer(request, response))
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  beforeEach(() => {
    requests = []
  })
  afterAll(() => {
    server.closeAllConnections()
    server.close()
  })

  const says = (status: number, body: string | object, headers: Record<string, string> = {}) => {
    answer = (_, response) => response.writeHead(status, headers).end(typeof body === 'string' ? body : JSON.stringify(body))
  }
  const saysError = (extensions: object, status = 200, headers = {}) =>
    says(status, { data: null, errors: [{ message: 'No.', path: ['x', 0], extensions }] }, headers)

  test.each([...errorCodes])('%s is an error of that code', async (code) => {
    saysError({ code, field: 'input.name', more: [1], retryAfterSeconds: 40 }, 200, { 'x-request-id': 'r1' })
    const error = await failureOf(createClient({ url, ...quick }).request(FinishRun, { id: 'x' }))
    expect(error).toBeInstanceOf(DhuoGraphError)
    const facts = { code, message: 'No.', field: 'input.name', path: ['x', 0], requestId: 'r1', retryAfterMs: 40_000 }
    expect(error).toMatchObject({ ...facts, details: { more: [1] } })
  })

  test('the codes are those of the server', () => {
    expect([...errorCodes].sort()).toEqual([...codesOfServer].sort())
  })

  test('a code that a newer server has is INTERNAL_SERVER_ERROR, and not lost', async () => {
    saysError({ code: 'TEAPOT' })
    const error = await failureOf(createClient({ url }).request(ListProjects))
    expect(error).toMatchObject({ code: 'INTERNAL_SERVER_ERROR', details: { serverCode: 'TEAPOT' } })
  })

  test('what was answered beside an error can be read', async () => {
    says(200, {
      data: { a: 1, b: null },
      errors: [{ message: 'No b.', path: ['b'], extensions: { code: 'TIMEOUT' } }, { message: 'x' }],
    })
    const error = await failureOf(createClient({ url }).request(ListProjects))
    expect(error).toMatchObject({ code: 'TIMEOUT', data: { a: 1, b: null }, entries: [{ message: 'No b.' }, { message: 'x' }] })
  })

  test('RATE_LIMITED is waited for as long as the server asks, for mutations too', async () => {
    const begun = performance.now()
    answer = (_, response) => {
      if (requests.length > 1) response.end('{"data":{"finishRun":{"id":"1"}}}')
      else
        response
          .writeHead(429, { 'retry-after': '1' })
          .end('{"errors":[{"message":"Slowly.","extensions":{"code":"RATE_LIMITED"}}]}')
    }
    await createClient({ url, ...quick }).request(FinishRun, { id: 'x' })
    expect(performance.now() - begun).toBeGreaterThan(290)
    expect(requests).toHaveLength(2)
  })

  test('a wait that is longer than one would stay is an error at once', async () => {
    saysError({ code: 'RATE_LIMITED' }, 429, { 'retry-after': '60' })
    const error = await failureOf(createClient({ url, ...quick }).request(ListProjects))
    expect([error.code, error.retryAfterMs, requests.length]).toEqual(['RATE_LIMITED', 60_000, 1])
  })

  test('BACKEND_UNAVAILABLE is tried again for queries, and for nothing that would be done twice', async () => {
    saysError({ code: 'BACKEND_UNAVAILABLE' })
    await failureOf(createClient({ url, ...quick }).request(ListProjects))
    expect(requests).toHaveLength(4)
    await failureOf(createClient({ url, ...quick }).request(FinishRun, { id: 'x' }))
    expect(requests).toHaveLength(5)
    await failureOf(createClient({ url, ...quick }).request('fragment F on Run { id }\nmutation { finishRun(id: 1) { ...F } }'))
    expect(requests).toHaveLength(6)
  })

  test.each([
    [200, '<html>Welcome to the café</html>', 'BAD_RESPONSE', 'no GraphQL'],
    [404, 'not here', 'BAD_RESPONSE', '404'],
    [200, '{"some":"JSON"}', 'BAD_RESPONSE', 'no GraphQL'],
    [200, 'null', 'BAD_RESPONSE', 'no GraphQL'],
    [502, '<h1>Bad Gateway</h1>', 'UNREACHABLE', '502'],
    [503, '', 'UNREACHABLE', '503'],
  ])('%i %s is %s', async (status, body, code, words) => {
    says(status, body)
    const error = await failureOf(createClient({ url, ...quick, retries: 0 }).request(ListProjects))
    expect(error.code).toBe(code)
    expect(error.message).toContain(words)
  })

  test('a redirect is not followed: the credentials stay here', async () => {
    says(301, '', { location: 'https://elsewhere.example/graphql' })
    const error = await failureOf(createClient({ url, accessKey: 'secret' }).request(ListProjects))
    expect(error).toMatchObject({ code: 'BAD_RESPONSE', message: expect.stringContaining('https://elsewhere.example/graphql') })
  })

  test('an address that is none is refused at once, credentials in it too', () => {
    for (const bad of ['dhuo.example.com', 'ftp://x', 'http://ada:secret@x'])
      expect(() => createClient({ url: bad })).toThrow(TypeError)
  })

  test('an answer that ends in the middle is UNREACHABLE', async () => {
    answer = (_, response) => {
      response.writeHead(200, { 'content-length': '500' }).write('{"data":')
      setTimeout(() => response.destroy(), 10)
    }
    const error = await failureOf(createClient({ url, ...quick, retries: 0 }).request(ListProjects))
    expect(error).toMatchObject({ code: 'UNREACHABLE', message: expect.stringContaining('cut off') })
  })
})
