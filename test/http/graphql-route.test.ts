import { request as httpRequest } from 'node:http'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib'
import { errorCodes } from '../../src/errors.js'
import { eventually, startTestServer, type TestServer } from './test-server.js'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer()
})
afterAll(() => server.close())

const post = (body: string, headers: Record<string, string> = {}) =>
  fetch(`${server.url}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body })
const lineOf = async (requestId: string) => {
  await eventually(`the log line of ${requestId}`, () =>
    server.lines().some((line) => line['requestId'] === requestId && 'status' in line),
  )
  return server.lines().find((line) => line['requestId'] === requestId && 'status' in line)!
}

describe('errors', () => {
  test('a DhuoError keeps its message, code, field and details', async () => {
    const { body, status } = await server.graphql({ query: '{ fail(how: "conflict") }' })
    expect(status).toBe(200)
    expect(body.errors).toEqual([
      {
        message: 'It exists.',
        locations: [{ line: 1, column: 3 }],
        path: ['fail'],
        extensions: { code: 'CONFLICT', field: 'how', existing: 7 },
      },
    ])
  })

  test('any other error is masked; the log has it, under the id that the client sees', async () => {
    const { body } = await server.graphql({ query: '{ fail(how: "crash") }' }, { 'x-request-id': 'masked-1' })
    expect(body.errors).toMatchObject([
      { message: 'Internal server error', path: ['fail'], extensions: { code: 'INTERNAL_SERVER_ERROR', requestId: 'masked-1' } },
    ])
    expect(JSON.stringify(body)).not.toContain('secret_table')
    const logged = server.lines().find((line) => line['requestId'] === 'masked-1' && line['level'] === 50)
    expect(logged).toMatchObject({
      path: ['fail'],
      err: { message: 'select * from secret_table', stack: expect.stringContaining('test-server') },
    })
  })

  test('what is thrown and is no error is masked too', async () => {
    const { body } = await server.graphql({ query: '{ fail(how: "not an error") }' })
    expect(body.errors).toMatchObject([{ message: 'Internal server error' }])
    expect(JSON.stringify(body)).not.toContain('hunter2')
  })

  test('a value that a scalar cannot serialise is our fault, and is masked', async () => {
    const { body } = await server.graphql({ query: '{ badLeaf }' })
    expect(body.errors).toMatchObject([{ message: 'Internal server error', extensions: { code: 'INTERNAL_SERVER_ERROR' } }])
    expect(JSON.stringify(body)).not.toContain('secret')
  })

  test("a vendor's words go to the log, not to the client", async () => {
    const { body } = await server.graphql({ query: '{ fail(how: "vendor") }' }, { 'x-request-id': 'vendor-1' })
    expect(body.errors).toMatchObject([
      { message: 'The lake house does not answer.', extensions: { code: 'BACKEND_UNAVAILABLE' } },
    ])
    expect(JSON.stringify(body)).not.toContain('ORA-')
    expect(server.lines().find((line) => line['requestId'] === 'vendor-1' && line['level'] === 40)).toMatchObject({
      err: { message: 'ORA-12541 at 10.0.0.7' },
    })
  })

  const rename = 'mutation ($input: RenameInput!) { rename(input: $input) }'
  const badVariables: [string, string, Record<string, unknown>, string][] = [
    ['a missing field', rename, { input: {} }, 'input'],
    ['a wrong type', rename, { input: { name: 5 } }, 'input.name'],
    ['no such enum value', rename, { input: { name: 'x', color: 'GREEN' } }, 'input.color'],
    ['a wrong item', rename, { input: { name: 'x', sizes: [1, 'two'] } }, 'input.sizes[1]'],
    ['a missing variable', rename, {}, 'input'],
    ['null where none may be', rename, { input: null }, 'input'],
    ['an integer too large', 'query ($n: Int!) { slow(ms: $n) }', { n: 2 ** 40 }, 'n'],
  ]
  test.each(badVariables)('%s in the variables is BAD_USER_INPUT with its field', async (_name, query, variables, field) => {
    const { body, status } = await server.graphql({ query, variables })
    expect(status).toBe(400)
    expect(body.data).toBeUndefined()
    expect(body.errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT', field } }])
  })

  test('the value of a bad variable is not repeated', async () => {
    const { body } = await server.graphql({
      query: 'mutation ($email: String!, $password: String!) { login(email: $email, password: $password) }',
      variables: { email: 'a', password: ['hunter2', '; at "x"; '] },
    })
    expect(body.errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT', field: 'password' } }])
    expect(JSON.stringify(body).match(/hunter2/g)?.length ?? 0).toBeLessThanOrEqual(1)
  })

  test("a resolver's own complaint about its input has the field it names", async () => {
    const { body } = await server.graphql({ query: rename, variables: { input: { name: 'taken' } } })
    expect(body.errors).toMatchObject([
      { message: 'The name "taken" is taken.', extensions: { code: 'BAD_USER_INPUT', field: 'input.name' } },
    ])
  })

  const badRequests: [string, unknown, string][] = [
    ['a syntax error', { query: '{' }, 'BAD_USER_INPUT'],
    ['an unknown field', { query: '{ helo }' }, 'BAD_USER_INPUT'],
    ['an unknown operation name', { query: 'query A { hello }', operationName: 'B' }, 'BAD_USER_INPUT'],
    ['a missing argument', { query: '{ item { id } }' }, 'BAD_USER_INPUT'],
    ['no query', { variables: {} }, 'BAD_USER_INPUT'],
    ['an empty query', { query: '' }, 'BAD_USER_INPUT'],
    ['a persisted query', { extensions: { persistedQuery: { version: 1, sha256Hash: 'x' } } }, 'BAD_USER_INPUT'],
    ['several operations and no name', { query: 'query A { hello } query B { hello }' }, 'BAD_USER_INPUT'],
    ['a subscription', { query: 'subscription { ticks(count: 1) }' }, 'BAD_USER_INPUT'],
    ['a document too deep', { query: `${'{ items { nodes '.repeat(20)}{ id }${' } }'.repeat(20)}` }, 'QUERY_TOO_COMPLEX'],
    ['too many tokens', { query: `{ ${'a '.repeat(5_000)} }` }, 'QUERY_TOO_COMPLEX'],
    ['too long a document', { query: `# ${'a'.repeat(200_000)}\n{ hello }` }, 'QUERY_TOO_COMPLEX'],
    ['brackets without end', { query: '{ a(x: '.concat('['.repeat(3_900)) }, 'QUERY_TOO_COMPLEX'],
    ['a list of operations', [{ query: '{ hello }' }, { query: '{ hello }' }], 'BAD_USER_INPUT'],
    ['an empty list', [], 'BAD_USER_INPUT'],
  ]
  test.each(badRequests)('%s fails with 400 and a code of the closed list', async (_name, body, code) => {
    const answer = await server.graphql(body)
    expect(answer.status).toBe(400)
    expect(answer.body.data).toBeUndefined()
    expect(answer.body.errors!.length).toBeGreaterThan(0)
    for (const error of answer.body.errors!) {
      expect(error.extensions).toMatchObject({ code })
      expect(errorCodes).toContain(error.extensions['code'])
    }
  })

  test('a list of operations is refused in words that say what to do', async () => {
    const { body } = await server.graphql([{ query: '{ hello }' }])
    expect(body.errors).toMatchObject([{ message: expect.stringContaining('one operation in a request') }])
  })

  test('every mistake of a document is named', async () => {
    const { body } = await server.graphql({ query: '{ helo item { id } }' })
    expect(body.errors).toHaveLength(2)
    expect(body.errors![0]!.message).toContain('Did you mean "hello"')
  })

  test('guards run before resolvers: nothing of a refused document happens', async () => {
    const before = server.events.length
    await server.graphql({ query: `mutation { slowly(ms: 1) ${'b: slowly(ms: 1) '.repeat(30)} }` })
    expect(server.events.length).toBe(before)
  })

  test('a body that is no JSON, none at all or too large is refused in the shape of GraphQL', async () => {
    for (const [body, status] of [
      ['{ "query": ', 400],
      ['', 400],
      [JSON.stringify({ query: 'x'.repeat(5 * 2 ** 20) }), 413],
    ] as const) {
      const response = await post(body)
      expect(response.status).toBe(status)
      expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] })
    }
  })

  test('PUT is a 405 that says what is allowed', async () => {
    const response = await fetch(`${server.url}/graphql`, {
      method: 'PUT',
      body: '{}',
      headers: { 'content-type': 'application/json' },
    })
    expect(response.status).toBe(405)
    expect(response.headers.get('allow')).toBe('GET, POST')
  })

  test('a mutation by GET is a 405', async () => {
    const response = await fetch(`${server.url}/graphql?query=${encodeURIComponent('mutation { slowly(ms: 0) }')}`)
    expect(response.status).toBe(405)
  })
})

describe('a request that fails as a whole', () => {
  test.each([
    ['refused', 401, 'UNAUTHENTICATED'],
    ['down', 503, 'BACKEND_UNAVAILABLE'],
    ['crash', 500, 'INTERNAL_SERVER_ERROR'],
  ])('credentials "%s" give %i', async (token, status, code) => {
    const answer = await server.graphql({ query: '{ hello }' }, { authorization: `Bearer ${token}` })
    expect(answer.status).toBe(status)
    expect(answer.headers.get('www-authenticate')).toBe(status === 401 ? 'Bearer' : null)
    expect(answer.body.errors).toMatchObject([{ extensions: { code } }])
    expect(JSON.stringify(answer.body)).not.toContain('a secret of the catalog')
  })

  test('credentials come in either header, and none at all is somebody unknown', async () => {
    const me = async (headers: Record<string, string>) => (await server.graphql({ query: '{ me }' }, headers)).body.data
    expect(await me({ authorization: 'Bearer good' })).toEqual({ me: 'ada' })
    expect(await me({ 'x-dhuo-access-key': 'good' })).toEqual({ me: 'ada' })
    expect(await me({})).toEqual({ me: null })
  })
})

describe('requests that another site makes a browser send', () => {
  const get = (headers: Record<string, string>) => {
    const { port } = new URL(server.url)
    return new Promise<number>((resolve, reject) => {
      // fetch would not let these headers through.
      const request = httpRequest(
        { port, path: '/graphql?query={hello}', headers: { accept: '*/*', ...headers } },
        (response) => {
          response.resume()
          resolve(response.statusCode!)
        },
      )
      request.on('error', reject).end()
    })
  }

  test.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'])(
    'a POST of %s is refused',
    async (type) => {
      const response = await post(JSON.stringify({ query: '{ hello }' }), { 'content-type': type })
      expect(response.status).toBe(415)
    },
  )

  test('a GET from another site is refused, from the same site or by hand it is not', async () => {
    expect(await get({ 'sec-fetch-site': 'cross-site' })).toBe(400)
    expect(await get({ 'sec-fetch-site': 'same-site' })).toBe(400)
    expect(await get({ origin: 'https://elsewhere.example' })).toBe(400)
    expect(await get({ 'sec-fetch-site': 'same-origin' })).toBe(200)
    expect(await get({ 'sec-fetch-site': 'none' })).toBe(200)
    expect(await get({})).toBe(200)
  })

  test('nobody is told that another site may read the answer', async () => {
    const response = await fetch(`${server.url}/graphql`, {
      method: 'OPTIONS',
      headers: { origin: 'https://elsewhere.example', 'access-control-request-method': 'POST' },
    })
    expect(response.status).toBe(405)
    expect([...response.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([])
  })
})

describe('the log', () => {
  test('an id that is harmless is taken over, any other is replaced', async () => {
    const idFor = async (id: string) => (await post('{"query":"{ hello }"}', { 'x-request-id': id })).headers.get('x-request-id')
    expect(await idFor('abc-1_2.3')).toBe('abc-1_2.3')
    expect(await idFor('a'.repeat(128))).toBe('a'.repeat(128))
    for (const id of ['a'.repeat(129), 'a b', 'a"b', 'ä']) expect(await idFor(id)).toMatch(/^[0-9a-f-]{36}$/)
    const { headers } = await server.graphql({ query: '{ hello }' })
    expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
  })

  test('one line for each request: method, path without the query, status, time, operation', async () => {
    await server.graphql({ query: 'query SecretName { hello }' }, { 'x-request-id': 'line-1' })
    expect(await lineOf('line-1')).toMatchObject({
      method: 'POST',
      path: '/graphql',
      status: 200,
      ms: expect.any(Number),
      operation: 'query hello',
    })
    await fetch(`${server.url}/files/a?signature=s3cr3t`, { headers: { 'x-request-id': 'line-2' } })
    expect(await lineOf('line-2')).toMatchObject({ method: 'GET', path: '/files/a', status: 404, codes: ['NOT_FOUND'] })
    expect(server.rawLog()).not.toContain('s3cr3t')
  })

  test('no secret stands in any line, whatever fails', async () => {
    const login = 'mutation ($p: String!) { login(email: "a", password: $p) }'
    await server.graphql({ query: login, variables: { p: 's3cr3t-variable' } })
    await server.graphql({ query: login, variables: { p: { nested: 's3cr3t-wrong' } } })
    await server.graphql({ query: 'mutation { login(email: "a", password: "s3cr3t-literal") }' })
    await server.graphql({ query: 'mutation { login(email: "a", password: "s3cr3t-syntax") ' })
    await server.graphql({ query: 'mutation { login(emai: "a", password: "s3cr3t-invalid") }' })
    await server.graphql({
      query: 'query ($s: String) { fail(how: "crash") hello(name: "s3cr3t-crash") }',
      variables: { s: 's3cr3t-crash' },
    })
    await server.graphql({ query: '{ hello }' }, { authorization: 'Bearer s3cr3t-token' })
    await server.graphql({ query: '{ hello }' }, { 'x-dhuo-access-key': 's3cr3t-key' })
    await post('{ "query": "s3cr3t-json', { 'x-request-id': 's' })
    await fetch(`${server.url}/graphql?query={hello}&signature=s3cr3t-query`)
    await fetch(`${server.url}/nothing?signature=s3cr3t-404`)
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1')
    socket.write('GET /x?signature=s3cr3t-garbage HTTP/9.9\r\nAuthorization: s3cr3t-raw\r\n\r\n')
    await new Promise((resolve) => socket.on('error', resolve).on('close', resolve).resume())
    await sleep(50)
    expect(server.rawLog().match(/.{0,80}s3cr3t-.{0,20}/g)).toBeNull()
  })
})

describe('answers', () => {
  test('a large one is compressed as the client can, a small one is not', async () => {
    const get = (length: number, encoding: string) =>
      new Promise<{ encoding: string | undefined; body: Buffer }>((resolve, reject) => {
        const body = JSON.stringify({ query: `{ large(length: ${length}) }` })
        const headers = { 'content-type': 'application/json', 'accept-encoding': encoding }
        const request = httpRequest(`${server.url}/graphql`, { method: 'POST', headers }, async (response) =>
          resolve({ encoding: response.headers['content-encoding'], body: Buffer.concat(await response.toArray()) }),
        )
        request.on('error', reject).end(body)
      })
    const expected = JSON.stringify({ data: { large: 'x'.repeat(5_000) } })
    for (const [encoding, decompress] of [
      ['zstd', zstdDecompressSync],
      ['br', brotliDecompressSync],
      ['gzip', gunzipSync],
    ] as const) {
      const answer = await get(5_000, encoding)
      expect(answer.encoding).toBe(encoding)
      expect(String(decompress(answer.body))).toBe(expected)
    }
    expect((await get(5_000, 'identity')).encoding).toBeUndefined()
    expect((await get(100, 'gzip')).encoding).toBeUndefined()
  })

  test('are not to be kept by anybody', async () => {
    const { headers } = await server.graphql({ query: '{ hello }' })
    expect(headers.get('cache-control')).toBe('no-store')
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('content-security-policy')).toContain("default-src 'none'")
  })

  test('a request that is compressed is refused, for it could be a thousand times its length', async () => {
    expect((await post('x', { 'content-encoding': 'gzip' })).status).toBeGreaterThanOrEqual(400)
  })
})

describe('a client that goes away or dawdles', () => {
  test('its going away aborts the signal of the operation', async () => {
    const gone = new AbortController()
    const answer = fetch(`${server.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-request-id': 'gone-1' },
      body: JSON.stringify({ query: '{ slow(ms: 30000) }' }),
      signal: gone.signal,
    })
    await eventually('the resolver runs', () => server.events.includes('slow started'))
    gone.abort()
    await expect(answer).rejects.toThrow()
    await eventually('the resolver is aborted', () => server.events.includes('slow aborted'))
    await eventually('the line says so', () =>
      server.lines().some((line) => line['requestId'] === 'gone-1' && /aborted/.test(String(line['msg']))),
    )
  })

  test('an answer that was sent does not abort anything', async () => {
    const aborted = server.events.filter((event) => event === 'slow aborted').length
    await server.graphql({ query: '{ slow(ms: 1) }' })
    await sleep(20)
    expect(server.events.filter((event) => event === 'slow aborted')).toHaveLength(aborted)
  })

  const dawdle = async (limits: Record<string, number>, text: string): Promise<{ answer: string; ms: number }> => {
    const impatient = await startTestServer({ limits })
    try {
      const started = Date.now()
      const socket = connect(Number(new URL(impatient.url).port), '127.0.0.1')
      let answer = ''
      socket.on('data', (chunk) => {
        answer += String(chunk)
      })
      socket.write(text)
      await new Promise((resolve) => socket.on('close', resolve).on('error', resolve))
      return { answer, ms: Date.now() - started }
    } finally {
      await impatient.close()
    }
  }
  const head = 'POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{'

  test('a body that does not arrive in time is a 408', async () => {
    const { answer, ms } = await dawdle({ bodyTimeoutMs: 200 }, head)
    expect(answer).toMatch(/^HTTP\/1.1 408 /)
    expect(ms).toBeLessThan(3_000)
  })

  test('a body that stands still ends the connection', async () => {
    expect((await dawdle({ bodyIdleMs: 200 }, head)).ms).toBeLessThan(3_000)
  })

  test('headers that do not arrive in time end the connection', async () => {
    expect((await dawdle({ headersTimeoutMs: 300 }, 'POST /graphql HTTP/1.1\r\nHost: x\r\n')).ms).toBeLessThan(5_000)
  })
})
