import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setPasswordCost } from '../../src/credentials.js'
import { openStream } from '../access/socket.js'
import { adminEmail, adminPassword, createTestHub, type TestHub } from '../hub.js'
import { seedUser } from '../seed.js'

const login =
  'mutation ($email: String!, $password: String!) { login(email: $email, password: $password) { token expiresAt user { id email } } }'

// Each password that is looked at takes its time, on purpose.
const timeoutMs = 60_000

let hub: TestHub
beforeAll(async () => {
  // The address of a client is believed from a proxy on this machine: so one machine can have many.
  hub = await createTestHub({ DHUO_TRUSTED_PROXIES: '127.0.0.1' })
})
afterAll(() => hub.close())

let addresses = 0
const newAddress = (): string => `192.0.2.${++addresses}`

async function logIn(email: string, password: string, address = newAddress()) {
  const response = await fetch(`${hub.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-forwarded-for': address },
    body: JSON.stringify({ query: login, variables: { email, password } }),
  })
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers without spelling out their types
  return (await response.json()) as any
}
/** At once: they count the same, and take less time. */
const failTimes = (count: number, email: string) => Promise.all(Array.from({ length: count }, () => logIn(email, 'wrong')))
const codeOf = (answer: { errors?: { extensions: { code: string } }[] }) => answer.errors?.[0]?.extensions.code ?? 'success'

/** Moves what was counted into the past, as waiting would. */
function letPass(seconds: number): void {
  const db = new DatabaseSync(join(hub.home, 'catalog.db'))
  for (const { subject, since } of db.prepare('select subject, since from login_failures').all() as {
    subject: string
    since: string
  }[])
    db.prepare('update login_failures set since = ? where subject = ?').run(
      new Date(Date.parse(since) - seconds * 1_000).toISOString(),
      subject,
    )
  db.close()
}

describe('a login', () => {
  test(
    'gives a token that stands for the person; the email in any case, spaces around it aside',
    async () => {
      const { data } = await logIn(`  ${adminEmail.toUpperCase()} `, adminPassword)
      expect(data.login.user.email).toBe(adminEmail)
      expect((await hub.data('{ viewer { id } }', {}, data.login.token)).viewer.id).toBe(data.login.user.id)
    },
    timeoutMs,
  )

  test(
    'ends after DHUO_SESSION_HOURS',
    async () => {
      const { data } = await logIn(adminEmail, adminPassword)
      const hours = (Date.parse(data.login.expiresAt) - Date.now()) / 3_600_000
      expect(hours).toBeGreaterThan(11.99)
      expect(hours).toBeLessThanOrEqual(12)
    },
    timeoutMs,
  )

  test(
    'takes a password as Unicode means it, not as it was typed',
    async () => {
      const user = await seedUser(hub)
      const input = { email: `nfc-${user.email}`, password: 'senha-coração' }
      await hub.data('mutation ($input: CreateUserInput!) { createUser(input: $input) { id } }', { input })
      expect(codeOf(await logIn(input.email, input.password.normalize('NFD')))).toBe('success')
    },
    timeoutMs,
  )

  test(
    'that fails says the same for a wrong password, an unknown account, and what is no email or endless',
    async () => {
      const user = await seedUser(hub)
      const wrong = [
        [user.email, 'wrong'],
        ['nobody@example.com', 'wrong'],
        ['no email', 'wrong'],
        ['', ''],
        [user.email, 'x'.repeat(100_000)],
        [user.email, `${user.password} `],
        ['a'.repeat(10_000), 'wrong'],
      ] as const
      for (const [email, password] of wrong)
        expect((await logIn(email, password)).errors).toEqual([
          {
            message: 'The email or the password is wrong.',
            locations: expect.anything(),
            path: ['login'],
            extensions: { code: 'UNAUTHENTICATED' },
          },
        ])
    },
    timeoutMs,
  )

  test(
    'takes as long for an unknown account as for a wrong password',
    async () => {
      // Dear enough that little else counts.
      setPasswordCost(14)
      const user = await seedUser(hub)
      const spent: Record<'known' | 'unknown', number[]> = { known: [], unknown: [] }
      for (let round = 0; round < 5; round++)
        for (const kind of ['known', 'unknown'] as const) {
          // Of this process alone: on a busy machine the clock tells what others do.
          const before = process.cpuUsage()
          await logIn(kind === 'known' ? user.email : `unknown-${round}@example.com`, 'wrong')
          const { user: own, system } = process.cpuUsage(before)
          spent[kind].push(own + system)
        }
      setPasswordCost(10)
      // The least of each: what else this process does comes on top.
      const ratio = Math.min(...spent.known) / Math.min(...spent.unknown)
      expect(ratio).toBeGreaterThan(0.6)
      expect(ratio).toBeLessThan(1.7)
    },
    timeoutMs,
  )

  test(
    'that succeeds is no failure, however often',
    async () => {
      const user = await seedUser(hub)
      const address = newAddress()
      for (let i = 0; i < 11; i++) expect(codeOf(await logIn(user.email, user.password, address))).toBe('success')
    },
    timeoutMs,
  )
})

describe('failed logins', () => {
  test(
    'of one account are throttled after ten, from wherever they come, the right password included',
    async () => {
      const user = await seedUser(hub)
      const other = await seedUser(hub)
      expect(new Set((await failTimes(10, user.email)).map(codeOf))).toEqual(new Set(['UNAUTHENTICATED']))
      const { errors } = await logIn(user.email.toUpperCase(), user.password)
      expect(errors[0].extensions).toEqual({ code: 'RATE_LIMITED', retryAfterSeconds: expect.any(Number) })
      expect(errors[0].message).toBe(`Too many failed logins: try again in ${errors[0].extensions.retryAfterSeconds} seconds.`)
      expect(codeOf(await logIn(other.email, other.password))).toBe('success')
    },
    timeoutMs,
  )

  test(
    'of an account that does not exist are throttled alike',
    async () => {
      expect(new Set((await failTimes(10, 'ghost@example.com')).map(codeOf))).toEqual(new Set(['UNAUTHENTICATED']))
      expect((await failTimes(2, 'ghost@example.com')).map(codeOf)).toEqual(['RATE_LIMITED', 'RATE_LIMITED'])
    },
    timeoutMs,
  )

  test(
    'that come all at once are counted all',
    async () => {
      const user = await seedUser(hub)
      const answers = await Promise.all(Array.from({ length: 40 }, (_, i) => logIn(user.email, `guess ${i}`)))
      expect(answers.filter((answer) => codeOf(answer) === 'UNAUTHENTICATED')).toHaveLength(10)
      expect(answers.filter((answer) => codeOf(answer) === 'RATE_LIMITED')).toHaveLength(30)
      expect(codeOf(await logIn(user.email, user.password))).toBe('RATE_LIMITED')
    },
    timeoutMs,
  )

  test(
    'say truly how long to wait: not a second earlier, and then no longer; tries meanwhile change nothing',
    async () => {
      const user = await seedUser(hub)
      await failTimes(10, user.email)
      const refused = async () => (await logIn(user.email, user.password)).errors[0].extensions.retryAfterSeconds as number
      const first = await refused()
      expect(first).toBeGreaterThan(15 * 60 - 15)
      expect(first).toBeLessThanOrEqual(15 * 60)
      letPass(600)
      const second = await refused()
      expect(first - second).toBeGreaterThanOrEqual(600)
      expect(first - second).toBeLessThan(610)
      letPass(second - 3)
      expect(await refused()).toBeLessThanOrEqual(3)
      letPass(3)
      expect(codeOf(await logIn(user.email, user.password))).toBe('success')
    },
    timeoutMs,
  )

  test(
    'are forgotten after a success',
    async () => {
      const user = await seedUser(hub)
      await failTimes(9, user.email)
      expect(codeOf(await logIn(user.email, user.password))).toBe('success')
      await failTimes(9, user.email)
      expect(codeOf(await logIn(user.email, user.password))).toBe('success')
    },
    timeoutMs,
  )

  test(
    'from one address are throttled after fifty, for every account; other addresses go on',
    async () => {
      const user = await seedUser(hub)
      const address = newAddress()
      const guess = (i: number) => logIn(`victim-${i}@example.com`, 'wrong', address)
      const answers = await Promise.all(Array.from({ length: 50 }, (_, i) => guess(i)))
      expect(new Set(answers.map(codeOf))).toEqual(new Set(['UNAUTHENTICATED']))
      const { errors } = await logIn(user.email, user.password, address)
      expect(errors[0].extensions.code).toBe('RATE_LIMITED')
      expect(errors[0].extensions.retryAfterSeconds).toBeGreaterThan(15 * 60 - 60)
      expect(codeOf(await logIn(user.email, user.password))).toBe('success')
    },
    timeoutMs,
  )

  test(
    'outlive a restart',
    async () => {
      const user = await seedUser(hub)
      await failTimes(10, user.email)
      await hub.restart()
      expect(codeOf(await logIn(user.email, user.password))).toBe('RATE_LIMITED')
    },
    timeoutMs,
  )

  test(
    'do not stop the server while they are checked',
    async () => {
      // As dear as in production: otherwise all of them are checked before anybody could wait.
      setPasswordCost(15)
      let checked = 0
      const guesses = Array.from({ length: 30 }, async (_, i) => {
        await logIn(`crowd-${i}@example.com`, 'wrong')
        checked++
      })
      await hub.data('{ viewer { id } }')
      // Somebody who came after thirty guesses is answered before most of them: they are checked beside the event loop.
      expect(checked).toBeLessThan(15)
      await Promise.all(guesses)
      setPasswordCost(10)
    },
    timeoutMs,
  )
})

describe('several logins in one document are refused before any is tried', () => {
  const one = (alias: string) => `${alias}: login(email: "${adminEmail}", password: "${adminPassword}") { token }`
  const documents = {
    aliases: `mutation { ${one('a')} ${one('b')} }`,
    'a fragment': `mutation { ${one('a')} ...More } fragment More on Mutation { ${one('b')} }`,
    'a fragment twice':
      'mutation { ...More ... on Mutation { ...More } } fragment More on Mutation { login(email: "a", password: "b") { token } }',
    'inline fragments': `mutation { ... on Mutation { ${one('a')} } ... { ${one('b')} } }`,
    'two operations': `mutation One { ${one('a')} } mutation Two { ${one('b')} }`,
  }

  test.each(Object.entries(documents))('by %s', async (_, query) => {
    const over = await fetch(`${hub.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query, operationName: query.includes('One') ? 'One' : undefined }),
    })
    const { data, errors } = (await over.json()) as { data?: unknown; errors: { extensions: { code: string } }[] }
    expect(data ?? null).toBeNull()
    expect(errors.map(({ extensions }) => extensions.code)).toEqual(['QUERY_TOO_COMPLEX'])

    const stream = openStream(hub, query)
    const end = (await stream.ended) as unknown as { errors: { extensions: { code: string } }[] }
    await stream.close()
    expect(end.errors.map(({ extensions }) => extensions.code)).toEqual(['QUERY_TOO_COMPLEX'])
    expect(stream.results).toEqual([])
  })
})
