import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { type CryptoKey, exportJWK, exportSPKI, generateKeyPair, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose'
import { createOidcVerifier } from '../../src/oidc.js'
import { createTestHub, type TestHub } from '../hub.js'
import { seedProject, seedUser } from '../seed.js'
import { askSocket } from './socket.js'

interface Pair {
  kid: string
  publicKey: CryptoKey
  privateKey: CryptoKey
}
let made = 0
const newPair = async (): Promise<Pair> => ({ kid: `key-${++made}`, ...(await generateKeyPair('RS256', { extractable: true })) })

/** An issuer on loopback: discovery and keys, and a count of who asks for them. */
class TestIssuer {
  keys: Pair[] = []
  asked = { discovery: 0, keys: 0 }
  status = 200
  keysStatus = 200
  /** Like OCI IAM: the document names the issuer otherwise than it is reached, and its keys by a path. */
  name: string | null = null
  #server: Server | null = null
  port = 0

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  async start(): Promise<void> {
    this.#server = createServer(async (request, response) => {
      const isDiscovery = request.url === '/.well-known/openid-configuration'
      this.asked[isDiscovery ? 'discovery' : 'keys']++
      const body = isDiscovery
        ? { issuer: this.name ?? this.url, jwks_uri: this.name ? '/keys' : `${this.url}/keys` }
        : {
            keys: await Promise.all(
              this.keys.map(async ({ kid, publicKey }) => ({ ...(await exportJWK(publicKey)), kid, alg: 'RS256', use: 'sig' })),
            ),
          }
      const status = isDiscovery ? this.status : this.keysStatus
      response.writeHead(status, { 'content-type': 'application/json', connection: 'close' }).end(JSON.stringify(body))
    })
    await new Promise<void>((resolve) => this.#server!.listen(this.port, '127.0.0.1', resolve))
    this.port = (this.#server.address() as AddressInfo).port
  }

  async stop(): Promise<void> {
    this.#server!.closeAllConnections()
    await new Promise((resolve) => this.#server!.close(resolve))
  }

  sign(claims: JWTPayload, pair = this.keys[0]!): Promise<string> {
    const now = Math.floor(Date.now() / 1000)
    const whole = { iss: this.name ?? this.url, aud: 'dhuo', iat: now, exp: now + 300, sub: 'subject', ...claims }
    return new SignJWT(whole).setProtectedHeader({ alg: 'RS256', kid: pair.kid }).sign(pair.privateKey)
  }
}

let issuer: TestIssuer
let hub: TestHub
beforeAll(async () => {
  issuer = new TestIssuer()
  issuer.keys = [await newPair()]
  await issuer.start()
  hub = await createTestHub({ DHUO_OIDC_ISSUER: issuer.url, DHUO_OIDC_AUDIENCE: 'dhuo' })
})
afterAll(async () => {
  await hub.close()
  await issuer.stop()
})

const who = '{ viewer { id email name isAdmin } projects { totalCount } }'
const now = () => Math.floor(Date.now() / 1000)

describe('a token of the issuer', () => {
  test('makes its person on the first visit: who sees nothing, and is the same the next time', async () => {
    const token = await issuer.sign({ email: 'Maria@Example.com', email_verified: true, name: 'Maria' })
    const first = await hub.data(who, {}, token)
    expect(first).toEqual({
      viewer: { id: expect.stringMatching(/^usr_/), email: 'maria@example.com', name: 'Maria', isAdmin: false },
      projects: { totalCount: 0 },
    })
    expect(await hub.data(who, {}, await issuer.sign({ email: 'maria@example.com', iat: now() - 5 }))).toEqual(first)
    expect(await askSocket(hub, who, { authorization: `Bearer ${token}` })).toEqual({ data: first })
  })

  test('makes one person, when the first visits come at once', async () => {
    const token = await issuer.sign({ email: 'crowd@example.com' })
    const seen = await Promise.all(Array.from({ length: 8 }, () => hub.data(who, {}, token)))
    expect(new Set(seen.map(({ viewer }) => viewer.id)).size).toBe(1)
  })

  test('makes nobody who could log in with a password', async () => {
    await hub.data(who, {}, await issuer.sign({ email: 'nopassword@example.com' }))
    for (const password of ['', 'null', 'undefined'])
      expect(
        (
          await hub.error(
            'mutation ($password: String!) { login(email: "nopassword@example.com", password: $password) { token } }',
            { password },
            null,
          )
        ).message,
      ).toBe('The email or the password is wrong.')
  })

  test('speaks for the account that has its email, with its roles', async () => {
    const project = await seedProject(hub)
    const user = await seedUser(hub, { [project.name]: 'EDITOR' })
    const seen = await hub.data(who, {}, await issuer.sign({ email: user.email.toUpperCase() }))
    expect(seen).toMatchObject({ viewer: { id: user.id }, projects: { totalCount: 1 } })
  })

  test('names the person by `sub`, where that is an address and there is no email', async () => {
    expect((await hub.data(who, {}, await issuer.sign({ sub: 'joana@example.com' }))).viewer.email).toBe('joana@example.com')
  })

  test('is a login: it makes access keys', async () => {
    const token = await issuer.sign({ email: 'maker@example.com' })
    const { createAccessKey } = await hub.data('mutation { createAccessKey(input: { name: "mine" }) { secret } }', {}, token)
    expect((await hub.data(who, {}, createAccessKey.secret)).viewer.email).toBe('maker@example.com')
  })
})

describe('a token is refused', () => {
  const email = 'refused@example.com'
  const invalid = 'The token is not valid here.'
  const noPerson = 'The token names no person by a verified email address.'
  const cases: Record<string, [() => Promise<string>, string]> = {
    'of another issuer': [() => issuer.sign({ email, iss: 'https://elsewhere.example' }), invalid],
    'without an issuer': [() => issuer.sign({ email, iss: undefined as never }), invalid],
    'for another audience': [() => issuer.sign({ email, aud: 'other' }), invalid],
    'without an audience': [() => issuer.sign({ email, aud: undefined as never }), invalid],
    'that has expired': [() => issuer.sign({ email, exp: now() - 60 }), 'The token has expired.'],
    'that never expires': [() => issuer.sign({ email, exp: undefined as never }), invalid],
    'that is not yet valid': [() => issuer.sign({ email, nbf: now() + 120 }), invalid],
    'that is not signed': [
      async () => new UnsecuredJWT({ email }).setIssuer(issuer.url).setAudience('dhuo').setExpirationTime('5m').encode(),
      invalid,
    ],
    'signed with the public key as a secret': [
      async () =>
        new SignJWT({ email, iss: issuer.url, aud: 'dhuo', exp: now() + 300 })
          .setProtectedHeader({ alg: 'HS256', kid: issuer.keys[0]!.kid })
          .sign(new TextEncoder().encode(await exportSPKI(issuer.keys[0]!.publicKey))),
      invalid,
    ],
    'signed with a key that the issuer does not have': [async () => issuer.sign({ email }, await newPair()), invalid],
    'signed with another key under a known name': [
      async () => issuer.sign({ email }, { ...(await newPair()), kid: issuer.keys[0]!.kid }),
      invalid,
    ],
    'with a changed payload': [
      async () => {
        const [header, , signature] = (await issuer.sign({ email })).split('.')
        return `${header}.${Buffer.from(JSON.stringify({ email: 'admin@example.com', iss: issuer.url, aud: 'dhuo', exp: now() + 300 })).toString('base64url')}.${signature}`
      },
      invalid,
    ],
    'whose email is not verified': [() => issuer.sign({ email, email_verified: false }), noPerson],
    'whose email is not verified, in a text': [() => issuer.sign({ email, email_verified: 'false' }), noPerson],
    'without an email': [() => issuer.sign({ name: 'Nobody' }), noPerson],
    'with a name that people choose themselves': [() => issuer.sign({ preferred_username: 'admin@example.com' }), noPerson],
    'with something else for an email': [() => issuer.sign({ email: { toString: 'admin@example.com' } as never }), noPerson],
  }

  test.each(Object.entries(cases))('%s', async (_, [make, reason]) => {
    const token = await make()
    expect(await hub.data('{ viewer { id } }', {}, token)).toEqual({ viewer: null })
    const { message, extensions } = await hub.error('{ projects { totalCount } }', {}, token)
    expect({ message, code: extensions.code }).toEqual({ message: reason, code: 'UNAUTHENTICATED' })
    expect(await askSocket(hub, '{ viewer { id } }', { authorization: `Bearer ${token}` })).toEqual({ code: 4403 })
    expect(await hub.datasources.catalog.users.findByEmail(email)).toBeUndefined()
  })

  test('as an access key', async () => {
    const token = await issuer.sign({ email: 'maria@example.com' })
    expect(await askSocket(hub, '{ viewer { id } }', { 'x-dhuo-access-key': token })).toEqual({ code: 4403 })
  })
})

describe('keys', () => {
  test('that rotate are found, those that are gone are no longer good, and unknown ones do not make us ask each time', async () => {
    const verify = createOidcVerifier({ issuer: issuer.url, audience: 'dhuo' }, 300)
    const [old, fresh] = [issuer.keys[0]!, await newPair()]
    const email = 'rotated@example.com'
    await verify(await issuer.sign({ email }, old))
    issuer.keys = [fresh]
    await sleep(350)
    expect(await verify(await issuer.sign({ email }, fresh))).toEqual({ email, name: null })
    await expect(verify(await issuer.sign({ email }, old))).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })

    await sleep(350)
    const { keys } = issuer.asked
    const stranger = await newPair()
    for (let i = 0; i < 10; i++)
      await expect(verify(await issuer.sign({ email }, stranger))).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
    expect(issuer.asked.keys - keys).toBeLessThanOrEqual(2)
    issuer.keys = [old]
  })

  test('are asked for once, however many tokens come at the start', async () => {
    const { discovery, keys } = issuer.asked
    const verify = createOidcVerifier({ issuer: issuer.url, audience: 'dhuo' })
    const token = await issuer.sign({ email: 'many@example.com' })
    await Promise.all(Array.from({ length: 20 }, () => verify(token)))
    expect([issuer.asked.discovery - discovery, issuer.asked.keys - keys]).toEqual([1, 1])
  })

  test('of an issuer that is named otherwise than it is reached, and names their path only, are found (OCI IAM)', async () => {
    issuer.name = 'https://identity.oraclecloud.com/'
    try {
      const verify = createOidcVerifier({ issuer: `${issuer.url}/`, audience: 'dhuo' })
      for (const iss of ['https://identity.oraclecloud.com/', 'https://identity.oraclecloud.com'])
        expect(await verify(await issuer.sign({ iss, sub: 'ana@example.com' }))).toEqual({ email: 'ana@example.com', name: null })
      await expect(verify(await issuer.sign({ iss: issuer.url, sub: 'ana@example.com' }))).rejects.toMatchObject({
        code: 'UNAUTHENTICATED',
      })
    } finally {
      issuer.name = null
    }
  })
})

describe('an issuer that is down', () => {
  test.each([
    ['for discovery', { status: 500, keysStatus: 200 }],
    ['for its keys', { status: 200, keysStatus: 500 }],
  ])('%s is BACKEND_UNAVAILABLE, is not asked by every token, and is found again', async (_, failing) => {
    const verify = createOidcVerifier({ issuer: issuer.url, audience: 'dhuo' }, 300)
    const token = await issuer.sign({ email: 'down@example.com' })
    Object.assign(issuer, failing)
    issuer.asked = { discovery: 0, keys: 0 }
    for (let i = 0; i < 20; i++) await expect(verify(token)).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' })
    expect(issuer.asked.discovery).toBeLessThanOrEqual(2)
    expect(issuer.asked.keys).toBeLessThanOrEqual(2)
    Object.assign(issuer, { status: 200, keysStatus: 200 })
    await sleep(350)
    expect((await verify(token)).email).toBe('down@example.com')
  })

  test('is BACKEND_UNAVAILABLE over HTTP and WebSockets, leaves other credentials alone, and works when it is back', async () => {
    const late = new TestIssuer()
    late.keys = [await newPair()]
    await late.start()
    await late.stop()
    const waiting = await createTestHub({ DHUO_OIDC_ISSUER: late.url, DHUO_OIDC_AUDIENCE: 'dhuo' })
    try {
      const token = await late.sign({ email: 'early@example.com' })
      for (let i = 0; i < 3; i++)
        expect((await waiting.error('{ viewer { id } }', {}, token)).extensions.code).toBe('BACKEND_UNAVAILABLE')
      expect(await askSocket(waiting, '{ viewer { id } }', { authorization: `Bearer ${token}` })).toEqual({ code: 1013 })
      expect((await waiting.data('{ viewer { isAdmin } }')).viewer.isAdmin).toBe(true)
      await late.start()
      await sleep(5_100)
      expect((await waiting.data('{ viewer { email } }', {}, token)).viewer.email).toBe('early@example.com')
    } finally {
      await waiting.close()
      await late.stop()
    }
  }, 40_000)
})
