// Logs a person in by password: throttled for each account and each address, on all servers together.
import { canonicalEmail, hashSecret, longestPassword, newSecret, sessionTokenPrefix, verifyPassword } from '../credentials.js'
import type { Catalog } from '../datasources/catalog/catalog.js'
import type { UserRow } from '../datasources/catalog/tables.js'
import { DhuoError } from '../errors.js'

/** Failures within the window after which no password is looked at, the right one included. */
const mostFailures = { account: 10, address: 50 }
const windowMinutes = 15

export interface NewSession {
  token: string
  expiresAt: string
  user: UserRow
}

/** @throws UNAUTHENTICATED wrong email or password, without saying which; RATE_LIMITED with `retryAfterSeconds` */
export async function logIn(
  catalog: Catalog,
  attempt: { email: string; password: string; address: string },
  sessionHours: number,
): Promise<NewSession> {
  const email = canonicalEmail(attempt.email) ?? attempt.email
  const now = Date.now()
  const since = new Date(now - windowMinutes * 60_000).toISOString()
  // Accounts that do not exist are counted as well: otherwise the throttle would tell which do.
  const account = `account ${hashSecret(email)}`
  const address = `address ${attempt.address}`

  // Counted before the password is looked at, so that a hundred guesses at once are a hundred counted guesses.
  const accountFailures = await catalog.users.recordLoginFailure(account, new Date(now).toISOString(), since)
  const addressFailures = await catalog.users.recordLoginFailure(address, new Date(now).toISOString(), since)
  const throttled = [
    ...(accountFailures > mostFailures.account ? [account] : []),
    ...(addressFailures > mostFailures.address ? [address] : []),
  ]
  if (throttled.length > 0) throw tooManyFailures(now, await catalog.users.loginFailuresSince(throttled))

  const user = await catalog.users.findByEmail(email)
  // Nobody has a longer one, and what is as long as a whole request would take its time.
  const password = attempt.password.slice(0, longestPassword + 1)
  if (!(await verifyPassword(password, user?.passwordHash ?? null)) || !user)
    throw new DhuoError('UNAUTHENTICATED', 'The email or the password is wrong.')

  const token = newSecret(sessionTokenPrefix)
  const expiresAt = new Date(now + sessionHours * 3_600_000).toISOString()
  await catalog.transaction(async ({ users }) => {
    await users.insertSession({
      tokenHash: hashSecret(token),
      userId: user.id,
      createdAt: new Date(now).toISOString(),
      expiresAt,
    })
    await users.clearLoginFailures(account)
    await users.forgiveLoginFailure(address)
  })
  return { token, expiresAt, user }
}

/** @param since when the window of each count that is full began */
function tooManyFailures(now: number, since: readonly string[]): DhuoError {
  const ends = Math.max(now, ...since.map((start) => Date.parse(start) + windowMinutes * 60_000))
  const retryAfterSeconds = Math.max(1, Math.ceil((ends - now) / 1_000))
  return new DhuoError('RATE_LIMITED', `Too many failed logins: try again in ${retryAfterSeconds} seconds.`, {
    details: { retryAfterSeconds },
  })
}
