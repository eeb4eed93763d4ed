import { adminEmail, adminPassword, createTestHub, type TestHub } from '../hub.js'
import { type SeededUser, seedKey, seedUser } from '../seed.js'
import { askSocket } from './socket.js'

const notValid = 'The token or access key is not valid: it is unknown, has expired or was revoked.'
const notBoth = 'Send an Authorization or an X-Dhuo-Access-Key header, not both.'
const notBearer = 'The Authorization header must be "Bearer" and a token.'

let hub: TestHub
let user: SeededUser
let secret: string
beforeAll(async () => {
  hub = await createTestHub()
  user = await seedUser(hub)
  secret = (await seedKey(hub, user.token)).secret
})
afterAll(() => hub.close())

async function ask(query: string, headers: Record<string, string>) {
  const response = await fetch(`${hub.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query }),
  })
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers without spelling out their types
  return { status: response.status, body: (await response.json()) as any }
}

const good = (): Record<string, Record<string, string>> => ({
  'a session token': { authorization: `Bearer ${user.token}` },
  'a session token in any case and spacing': { authorization: `bEARER   ${user.token} ` },
  'an access key as a bearer token': { authorization: `Bearer ${secret}` },
  'an access key in its own header': { 'x-dhuo-access-key': secret },
  'an access key with spaces around': { 'X-DHUO-Access-Key': ` ${secret} ` },
})

const bad = (): Record<string, [Record<string, string>, string]> => ({
  'an unknown token': [{ authorization: 'Bearer nonsense' }, notValid],
  'a token with one character changed': [
    { authorization: `Bearer ${user.token.slice(0, -2)}${user.token.at(-2) === 'A' ? 'B' : 'A'}${user.token.at(-1)}` },
    notValid,
  ],
  'an unknown key': [{ authorization: `Bearer dhuo_key_${'A'.repeat(43)}` }, notValid],
  'an unknown key in its own header': [{ 'x-dhuo-access-key': 'nonsense' }, notValid],
  'a session token where a key belongs': [{ 'x-dhuo-access-key': user.token }, notValid],
  'a password': [{ authorization: `Bearer ${user.password.replaceAll(' ', '-')}` }, notValid],
  'Basic credentials': [
    { authorization: `Basic ${Buffer.from(`${user.email}:${user.password}`).toString('base64')}` },
    notBearer,
  ],
  'a token without Bearer': [{ authorization: user.token }, notBearer],
  'Bearer alone': [{ authorization: 'Bearer' }, notBearer],
  'two tokens': [{ authorization: `Bearer ${user.token} ${user.token}` }, notBearer],
  'both headers, each of them good': [{ authorization: `Bearer ${user.token}`, 'x-dhuo-access-key': secret }, notBoth],
  'a JSON web token, where there is no issuer': [{ authorization: 'Bearer eyJhbGciOiJub25lIn0.e30.' }, notValid],
})

describe('over HTTP', () => {
  test('good credentials tell who asks', async () => {
    for (const headers of Object.values(good()))
      expect(await ask('{ viewer { id } }', headers)).toEqual({ status: 200, body: { data: { viewer: { id: user.id } } } })
  })

  test('without or with bad credentials `viewer` is null, and all is well', async () => {
    for (const headers of [{}, ...Object.values(bad()).map(([wrong]) => wrong)])
      expect(await ask('{ viewer { id } }', headers)).toEqual({ status: 200, body: { data: { viewer: null } } })
  })

  test('without or with bad credentials everything else is refused, and the reason is told', async () => {
    const none: [Record<string, string>, string] = [{}, 'Log in first: send a token or an access key.']
    for (const [name, [headers, reason]] of Object.entries({ none, ...bad() }))
      for (const query of ['{ projects { totalCount } }', '{ node(id: "nothing") { id } }', '{ project(name: "none") { id } }']) {
        const { body } = await ask(query, headers)
        expect({ name, query, errors: body.errors }).toEqual({
          name,
          query,
          errors: [
            { message: reason, locations: expect.anything(), path: expect.anything(), extensions: { code: 'UNAUTHENTICATED' } },
          ],
        })
      }
  })

  test('a public field is answered beside one that is refused', async () => {
    const { body } = await ask('{ viewer { id } namingPolicy { rules { kind } } node(id: "x") { id } }', {})
    expect(body.data).toMatchObject({ viewer: null, namingPolicy: { rules: expect.any(Array) }, node: null })
    expect(body.errors).toHaveLength(1)
  })
})

describe('over a WebSocket', () => {
  test('good credentials in connectionParams tell who asks, whatever the case of their names', async () => {
    for (const params of [
      ...Object.values(good()),
      { Authorization: `Bearer ${user.token}` },
      { 'X-Dhuo-Access-Key': secret },
      { authorization: `Bearer ${user.token}`, 'x-dhuo-access-key': '' },
    ])
      expect(await askSocket(hub, '{ viewer { id } }', params)).toEqual({ data: { viewer: { id: user.id } } })
  })

  test('none make it anonymous', async () => {
    for (const params of [undefined, {}, { authorization: '' }, { authorization: null }])
      expect(await askSocket(hub, '{ viewer { id } }', params)).toEqual({ data: { viewer: null } })
    const { errors } = (await askSocket(hub, '{ projects { totalCount } }')) as unknown as {
      errors: { extensions: { code: string } }[]
    }
    expect(errors[0]!.extensions.code).toBe('UNAUTHENTICATED')
  })

  test('bad ones close it with 4403', async () => {
    const wrong = [...Object.values(bad()).map(([params]) => params), { authorization: 7 }, { 'x-dhuo-access-key': [secret] }]
    for (const params of wrong) expect(await askSocket(hub, '{ viewer { id } }', params)).toEqual({ code: 4403 })
  })
})

describe('a session', () => {
  test('ends after DHUO_SESSION_HOURS, over HTTP and over a WebSocket', async () => {
    const brief = await createTestHub({ DHUO_SESSION_HOURS: String(5 / 3_600) })
    try {
      const login =
        'mutation ($email: String!, $password: String!) { login(email: $email, password: $password) { token expiresAt } }'
      const made = (await brief.data(login, { email: adminEmail, password: adminPassword }, null)).login
      brief.admin = made.token
      const params = { authorization: `Bearer ${brief.admin}` }
      expect((await brief.data('{ viewer { id } }')).viewer).not.toBeNull()
      await new Promise((resolve) => setTimeout(resolve, Date.parse(made.expiresAt) - Date.now() + 50))
      expect((await brief.data('{ viewer { id } }')).viewer).toBeNull()
      expect((await brief.error('{ projects { totalCount } }')).message).toBe(notValid)
      expect(await askSocket(brief, '{ viewer { id } }', params)).toEqual({ code: 4403 })
    } finally {
      await brief.close()
    }
  })

  test('outlives a restart', async () => {
    await hub.restart()
    expect((await hub.data('{ viewer { id } }', {}, user.token)).viewer.id).toBe(user.id)
  })
})
