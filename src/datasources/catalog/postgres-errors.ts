// Says of an error of PostgreSQL or of the way to it what it means: the database is not to be had, or a transaction collided with another.
import { DhuoError } from '../../errors.js'

/** https://www.postgresql.org/docs/current/errcodes-appendix.html, by code or by class: what is wrong with the database, and not with the statement. */
const unavailable: Record<string, string> = {
  '08': 'cut the connection',
  '28': 'does not take the user or the password',
  '53': 'has no connection, memory or disk left',
  '57': 'is being stopped or started',
  '58': 'fails at its disk',
  XX: 'is damaged',
  '3D000': 'does not exist',
  '25006': 'can only be read',
  '25P03': 'did not wait for the next statement of a transaction',
  '42501': 'does not let its user do what a server needs',
  '55P03': 'is locked by another',
  '57014': 'did not answer in time',
  ECONNREFUSED: 'refuses connections',
  ENOTFOUND: 'has a host that nobody knows',
  EAI_AGAIN: 'has a host that cannot be looked up now',
  ENOENT: 'refuses connections',
  EACCES: 'refuses connections',
}
const silent = 'did not answer in time'
const cut = 'cut the connection'
const untrusted = 'has a certificate that is not trusted, or not of its name'

/** What pg says without a code. */
const saidByPg: [RegExp, string][] = [
  [
    /^(Query read timeout|timeout exceeded when trying to connect|timeout expired|Connection terminated due to connection timeout)$/,
    silent,
  ],
  [/^Connection terminated|is not queryable$|after calling end on the pool$|^Client network socket disconnected/, cut],
  [/does not support SSL connections$/, 'does not offer TLS'],
  [/password must be a|^SASL|SCRAM/, 'does not take the user or the password'],
]

export function translated(error: unknown): unknown {
  const what = whatIsWrong(error)
  return what ? new DhuoError('BACKEND_UNAVAILABLE', `The catalog's database ${what}.`, { cause: error }) : error
}

function whatIsWrong(error: unknown): string | undefined {
  const { code = '', message = '', severity, syscall, errors } = (error ?? {}) as PgError
  // Each address of a name was tried: https://nodejs.org/api/net.html#netsetdefaultautoselectfamilyattempttimeoutvalue
  if (errors?.length) return whatIsWrong(errors[0])
  if (severity !== undefined) return unavailable[code] ?? unavailable[code.slice(0, 2)]
  if (syscall !== undefined) return unavailable[code] ?? cut
  if (/CERT|SELF_SIGNED|UNABLE_TO_|^ERR_TLS|^ERR_SSL/.test(code)) return untrusted
  return saidByPg.find(([pattern]) => pattern.test(message))?.[1]
}

/** The connection ends with it: whatever was asked last may have been done. */
export function isOfConnection(error: unknown): boolean {
  const { severity, code = '' } = (error ?? {}) as PgError
  return severity === undefined || /^(08|57P|25P03)/.test(code)
}

interface PgError {
  code?: string
  message?: string
  /** Of what the database itself says. */
  severity?: string
  routine?: string
  syscall?: string
  errors?: unknown[]
}

/** https://www.postgresql.org/docs/current/mvcc-serialization-failure-handling.html: nothing was done, and may be tried again. */
export function isCollision(error: unknown): boolean {
  const { code } = (error ?? {}) as PgError
  return code === '40001' || code === '40P01' || isStalePlan(error)
}

export const tooManyOthers = (cause: unknown): DhuoError =>
  new DhuoError('BACKEND_UNAVAILABLE', 'Too many others change the same in the catalog. Nothing was changed; try again.', {
    cause,
  })

/** A migration changed a table since the statement was prepared on this connection: another server is of a newer version. */
export const isStalePlan = (error: unknown): boolean =>
  (error as PgError | undefined)?.code === '0A000' && (error as PgError).routine === 'RevalidateCachedQuery'
