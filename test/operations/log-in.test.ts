import { hashPassword, hashSecret } from '../../src/credentials.js'
import type { Catalog } from '../../src/datasources/catalog/catalog.js'
import { logIn } from '../../src/operations/log-in.js'
import { insertUser, uniqueName } from '../contracts/catalog-rows.js'
import { type EmbeddedDatasources, openEmbeddedDatasources } from './embedded-datasources.js'

describe('logging in', () => {
  const password = 'correct horse battery'
  let embedded: EmbeddedDatasources
  let catalog: Catalog
  let passwordHash: string
  beforeAll(async () => {
    embedded = await openEmbeddedDatasources()
    catalog = embedded.datasources.catalog
    passwordHash = await hashPassword(password)
  })
  afterAll(() => embedded.close())

  const person = () => insertUser(catalog, { passwordHash })
  const attempt = (email: string, over: { password?: string; address?: string } = {}) =>
    logIn(catalog, { email, password, address: uniqueName('address'), ...over }, 2)
  /** As earlier attempts have left it, without the work of looking at their passwords. */
  const fail = async (subject: string, times: number) => {
    const now = new Date().toISOString()
    for (let i = 0; i < times; i++)
      await catalog.users.recordLoginFailure(subject, now, new Date(Date.now() - 60_000).toISOString())
  }
  const codesOf = async (attempts: Promise<unknown>[]) =>
    (await Promise.allSettled(attempts)).map((result) => (result.status === 'fulfilled' ? 'in' : result.reason.code)).sort()

  test('gives a token that is its person for the time of a session, and is nowhere in the catalog', async () => {
    const user = await person()
    const session = await attempt(` ${user.email.toUpperCase()} `)
    expect(session.user).toEqual(user)
    expect(Date.parse(session.expiresAt) - Date.now()).toBeGreaterThan(2 * 3_600_000 - 10_000)
    expect(await catalog.users.findBySession(hashSecret(session.token), new Date().toISOString())).toEqual(user)
    expect(await catalog.users.findBySession(session.token, new Date().toISOString())).toBeUndefined()
    expect(await catalog.users.findBySession(hashSecret(session.token), session.expiresAt)).toBeUndefined()
  })

  test('does not tell a wrong password from an account that is not there or has no password', async () => {
    const [user, withoutPassword] = [await person(), await insertUser(catalog)]
    const failures = await Promise.all(
      [attempt(user.email, { password: 'wrong' }), attempt('nobody@example.com'), attempt(withoutPassword.email)].map((failing) =>
        failing.catch((error) => ({ code: error.code, message: error.message })),
      ),
    )
    expect(failures[0]).toMatchObject({ code: 'UNAUTHENTICATED' })
    expect(new Set(failures.map((failure) => JSON.stringify(failure))).size).toBe(1)
  })

  test('looks at ten passwords of an account and no more, also when hundreds come at once', async () => {
    const user = await person()
    const codes = await codesOf(Array.from({ length: 100 }, () => attempt(user.email, { password: 'wrong' })))
    expect(codes.filter((code) => code === 'UNAUTHENTICATED')).toHaveLength(10)
    expect(codes.filter((code) => code === 'RATE_LIMITED')).toHaveLength(90)
    await expect(attempt(user.email)).rejects.toMatchObject({
      code: 'RATE_LIMITED',
      details: { retryAfterSeconds: expect.any(Number) },
    })
    expect((await attempt((await person()).email)).token).toBeDefined()
  })

  test('throttles an account that does not exist in the same way', async () => {
    const codes = await codesOf(Array.from({ length: 12 }, () => attempt('no-such@example.com')))
    expect(codes.filter((code) => code === 'RATE_LIMITED')).toHaveLength(2)
  })

  test('throttles an address that tries many accounts, and not those accounts elsewhere', async () => {
    const address = uniqueName('address')
    await fail(`address ${address}`, 47)
    const codes = await codesOf(Array.from({ length: 8 }, () => attempt(`${uniqueName()}@example.com`, { address })))
    expect(codes.filter((code) => code === 'RATE_LIMITED')).toHaveLength(5)
    const user = await person()
    await expect(attempt(user.email, { address })).rejects.toMatchObject({ code: 'RATE_LIMITED' })
    expect((await attempt(user.email)).user).toEqual(user)
  })

  test('in the right way clears the failures of the account and counts none for the address', async () => {
    const user = await person()
    const address = uniqueName('address')
    for (let round = 0; round < 3; round++) {
      await fail(`account ${hashSecret(user.email)}`, 9)
      await attempt(user.email, { address })
    }
    expect(
      await catalog.users.recordLoginFailure(`address ${address}`, new Date().toISOString(), new Date(0).toISOString()),
    ).toBe(1)
  })
})
