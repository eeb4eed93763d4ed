import { createHash, createSign, generateKeyPairSync } from 'node:crypto'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { type OciDouble, startOciDouble } from './oci-double.js'
import { matchPath, OciRefusal, pageOf } from './oci-service.js'

let double: OciDouble
beforeAll(async () => {
  double = await startOciDouble({
    routes: [
      { operation: 'getThing', method: 'GET', path: '/things/{name}', handle: ({ params }) => ({ json: params['name'] }) },
      { operation: 'makeThing', method: 'POST', path: '/things', handle: ({ json }) => ({ json }) },
      {
        operation: 'putThing',
        method: 'PUT',
        path: '/things/{name}',
        unsigned: 'body',
        handle: async ({ stream }) => ({ json: (await text(stream)).length }),
      },
      {
        operation: 'openThing',
        method: 'GET',
        path: '/open/{rest*}',
        unsigned: 'nothing',
        handle: ({ params }) => ({ json: params }),
      },
      {
        operation: 'headThing',
        method: 'HEAD',
        path: '/things/{name}',
        handle: () => {
          throw new OciRefusal(404, 'NotFound', 'no')
        },
      },
      {
        operation: 'listThings',
        method: 'GET',
        path: '/things',
        handle: ({ query }) => {
          const { items, headers } = pageOf(['a', 'b', 'c'], query)
          return { json: items, headers }
        },
      },
    ],
  })
})
afterEach(() => {
  double.faults.clear()
  double.clockSkewMs = 0
})
afterAll(() => double.close())

interface Sending {
  method?: string
  path?: string
  body?: string
  /** What is signed of it. */
  headers?: string[]
  date?: Date
  keyId?: string
  privateKey?: string
  /** Changes made on the way, after it was signed. */
  tampered?: { path?: string; body?: string; headers?: Record<string, string> }
  version?: string
}

interface Received {
  status: number
  headers: IncomingMessage['headers']
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers without spelling out their types
  body: any
}

/** Signed by hand: what the double accepts must not follow from how the SDK signs. */
function send(options: Sending = {}): Promise<Received> {
  const { method = 'GET', path = '/things/a', body = '', date = new Date(), keyId = double.keyId } = options
  const hasBody = method === 'POST'
  const names = options.headers ?? [
    'x-date',
    '(request-target)',
    'host',
    ...(hasBody ? ['content-type', 'content-length', 'x-content-sha256'] : []),
  ]
  const headers: Record<string, string> = {
    host: new URL(double.url).host,
    'x-date': date.toUTCString(),
    date: date.toUTCString(),
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(body)),
    'x-content-sha256': createHash('sha256').update(body).digest('base64'),
  }
  const signed = names.map(
    (name) => `${name}: ${name === '(request-target)' ? `${method.toLowerCase()} ${path}` : headers[name]}`,
  )
  const signature = createSign('RSA-SHA256')
    .update(signed.join('\n'))
    .sign(options.privateKey ?? double.privateKey, 'base64')
  headers['authorization'] =
    `Signature version="${options.version ?? '1'}",keyId="${keyId}",algorithm="rsa-sha256",headers="${names.join(' ')}",signature="${signature}"`
  const { tampered } = options
  return new Promise((resolve, reject) => {
    const sending = httpRequest(`${double.url}${tampered?.path ?? path}`, {
      method,
      headers: { ...headers, ...tampered?.headers },
    })
    sending.on('error', reject)
    sending.on('response', async (response) => {
      const said = await text(response)
      resolve({ status: response.statusCode!, headers: response.headers, body: said === '' ? '' : JSON.parse(said) })
    })
    sending.end(tampered?.body ?? body)
  })
}

describe('the double of Oracle Cloud', () => {
  test('takes what is signed, with x-date or date, and with a body', async () => {
    expect(await send()).toMatchObject({ status: 200, body: 'a' })
    expect(await send({ headers: ['date', '(request-target)', 'host'] })).toMatchObject({ status: 200 })
    expect(await send({ method: 'POST', path: '/things', body: '{"a":1}' })).toMatchObject({ status: 200, body: { a: 1 } })
    expect(await send({ method: 'PUT', body: 'abc' })).toMatchObject({ status: 200, body: 3 })
  })

  test.each<[string, Sending]>([
    ['another path', { tampered: { path: '/things/b' } }],
    ['another query', { tampered: { path: '/things/a?b=1' } }],
    ['another host', { tampered: { headers: { host: 'elsewhere' } } }],
    ['another date', { tampered: { headers: { 'x-date': new Date(Date.now() - 1000).toUTCString() } } }],
    ['another body of the same length', { method: 'POST', path: '/things', body: '{"a":1}', tampered: { body: '{"a":2}' } }],
    ['no host', { headers: ['x-date', '(request-target)'] }],
    ['no path', { headers: ['x-date', 'host'] }],
    ['no date', { headers: ['(request-target)', 'host'] }],
    [
      'no digest of the body',
      {
        method: 'POST',
        path: '/things',
        body: '{}',
        headers: ['x-date', '(request-target)', 'host', 'content-type', 'content-length'],
      },
    ],
    ['a date six minutes ago', { date: new Date(Date.now() - 360_000) }],
    ['a date in six minutes', { date: new Date(Date.now() + 360_000) }],
    ['a key that is not known', { keyId: 'ocid1.tenancy.oc1..x/ocid1.user.oc1..y/aa' }],
    [
      'the key of somebody else',
      {
        privateKey: generateKeyPairSync('rsa', { modulusLength: 2048 })
          .privateKey.export({ type: 'pkcs8', format: 'pem' })
          .toString(),
      },
    ],
    ['version 2', { version: '2' }],
    ['no signature at all', { tampered: { headers: { authorization: '' } } }],
  ])('does not take %s', async (_, sending) => {
    expect(await send(sending)).toMatchObject({ status: 401, body: { code: 'NotAuthenticated' } })
  })

  test('has a clock of its own', async () => {
    double.clockSkewMs = 360_000
    const refused = await send()
    expect(refused.status).toBe(401)
    expect(Date.parse(refused.headers.date!)).toBeGreaterThan(Date.now() + 300_000)
    expect(await send({ date: new Date(Date.now() + 360_000) })).toMatchObject({ status: 200 })
  })

  test('gives every answer a request id, also a refusal; errors have code and message, those to HEAD no body', async () => {
    expect((await send()).headers['opc-request-id']).toBeTruthy()
    const missing = await send({ path: '/nowhere' })
    expect(missing).toMatchObject({ status: 404, body: { code: 'NotFound', message: expect.any(String) } })
    expect(missing.headers['opc-request-id']).toBeTruthy()
    expect(await send({ method: 'HEAD' })).toMatchObject({ status: 404, body: '' })
  })

  test('asks for no signature where the path is the secret', async () => {
    const response = await fetch(`${double.url}/open/a/b%2Fc`)
    expect(await response.json()).toEqual({ rest: 'a/b/c' })
  })

  test('gives lists in pages', async () => {
    const first = await send({ path: '/things?limit=2' })
    expect(first.body).toEqual(['a', 'b'])
    const next = first.headers['opc-next-page']
    const second = await send({ path: `/things?limit=2&page=${next}` })
    expect(second.body).toEqual(['c'])
    expect(second.headers['opc-next-page']).toBeUndefined()
  })

  test('tells names in a path apart from slashes in names', () => {
    expect(matchPath('/n/{a}/o/{b}', '/n/x/o/y%2Fz')).toEqual({ a: 'x', b: 'y/z' })
    expect(matchPath('/n/{a}/o/{b}', '/n/x/o/y/z')).toBeNull()
    expect(matchPath('/n/{a}', '/n/')).toBeNull()
  })

  test('counts, and goes wrong as often as it is told to', async () => {
    const before = double.calls('getThing')
    double.faults.add({ operation: 'getThing', after: 1, times: 2, refuse: { status: 429, code: 'TooManyRequests' } })
    expect([await send(), await send(), await send(), await send()].map(({ status }) => status)).toEqual([200, 429, 429, 200])
    expect(double.calls('getThing') - before).toBe(4)
    double.faults.add({ operation: 'getThing', reset: 'before' }, { operation: 'getThing', reset: 'after' })
    await expect(send()).rejects.toMatchObject({ code: 'ECONNRESET' })
    await expect(send()).rejects.toMatchObject({ code: 'ECONNRESET' })
    const start = performance.now()
    double.faults.add({ delayMs: 200 })
    await send()
    expect(performance.now() - start).toBeGreaterThan(190)
  })

  test('goes down and comes back at the same place', async () => {
    const { url } = double
    await double.goDown()
    await expect(send()).rejects.toMatchObject({ code: expect.stringMatching(/ECONNREFUSED|ECONNRESET/) })
    await double.goUp()
    expect(double.url).toBe(url)
    expect(await send()).toMatchObject({ status: 200 })
  })
})
