// Turns what Oracle and its driver throw into errors a client may see: the right code, the database's own words, no host or account.
import { DhuoError, type ErrorCode, isDhuoError } from '../../errors.js'

interface OracleError {
  /** `ORA-00942`, `NJS-500`. */
  code: string
  message: string
  /** Where in the statement, from 0; in a batch the set. */
  offset?: number
}

/** What a statement was doing, for the field and the words of its error. */
export interface OracleErrorContext {
  /** `sql` for a user's statement, `file` where a file is loaded, `columns` for rows that were given. */
  field: 'sql' | 'file' | 'columns'
  /** The accounts of the project: they do not belong into messages. */
  accounts: readonly string[]
  /** The place in what the user wrote of a place in what was sent; null where the statement is not the user's. */
  sourceOffset: ((offset: number) => number) | null
}

/** Codes in a few words each: `NJS-500` or the number alone for ORA. */
const listOf = (text: string): ReadonlySet<string> =>
  new Set(text.split(/\s+/).map((code) => (/^\d/.test(code) ? `ORA-${code.padStart(5, '0')}` : code)))

/** The connection is of no use any more; nothing of an open transaction is there. */
const lost = listOf(
  'NJS-003 NJS-103 NJS-500 NJS-501 NJS-509 NJS-513 NJS-521 28 1012 1033 1034 1089 1092 2396 2399 3113 3114 3135 3150 12537 12547 12570 25408',
)
/** Nobody answers, or not as a database. */
const unreachable = listOf('NJS-503 NJS-504 NJS-510 NJS-511 NJS-518 NJS-519 NJS-530 12154 12505 12514 12541 12545')
/** The settings, the wallet or an account are not as the database wants them. */
const refused = listOf(
  'NJS-101 NJS-116 NJS-125 NJS-136 NJS-138 NJS-173 NJS-505 NJS-506 NJS-507 NJS-508 NJS-512 NJS-514 NJS-515 NJS-516 NJS-517 NJS-520 NJS-522 NJS-529 1005 1017 1045 1918 28000 28001 28002 28003 28150 28151 28183 28365',
)
const busy = listOf('NJS-040 NJS-076 18 20 2391 12516 12519 12520')
const tookTooLong = listOf('NJS-123 40 1013 2392 2393 2394 2395 56735')
/** A table was replaced between two looks at it. */
const outdated = listOf('1466 8103 4061 4065 4068')
/** Another transaction was faster: nothing of this one is there, and it may be run again. */
const conflicts = listOf('54 60 1410 1466 1555 4020 4021 4061 4065 4068 8103 8176 8177 30006')
const full = listOf('1536 1653 1654 1658 1691 1950 30036 257')
const tooLarge = listOf('1652 4030 4031 4036 10260')
/** They wrap another error, which is the one to tell. */
const wrappers = listOf('12801 604 6512 4088')

const beyondProject = 'A statement reaches the tables of its project only: no other objects, no DDL, files or network.'
const dates = "Dates are written DATE '2026-01-31', or TO_DATE and TO_TIMESTAMP with a format."
/** What the database does not say, and helps. */
const hints: Readonly<Record<string, string>> = {
  'ORA-00904': 'A name with lower-case letters needs double quotes.',
  'ORA-00911': 'A statement is one statement, without a semicolon in it.',
  'ORA-00923': 'Before 23ai a SELECT without a table needs FROM DUAL.',
  'ORA-00933': 'A statement is one statement, without a semicolon in it.',
  'ORA-00942': `Or it is not of this project. ${beyondProject}`,
  'ORA-00990': beyondProject,
  'ORA-01031': beyondProject,
  'ORA-01456': 'Only SELECT is allowed here.',
  'ORA-01722': 'Numbers are written with a point.',
  'ORA-01795': 'Join with a table, or give the list as JSON: IN (SELECT v FROM JSON_TABLE(?, …)).',
  'ORA-01830': dates,
  'ORA-01843': dates,
  'ORA-01858': dates,
  'ORA-01861': dates,
  'ORA-02290': 'A CHECK of the table refuses the value.',
  'ORA-03405': 'A statement is one statement, without a semicolon in it.',
  'ORA-14551': 'A SELECT must not change anything.',
  'ORA-14552': 'A SELECT must not change anything.',
  'ORA-24247': beyondProject,
  'ORA-29280': beyondProject,
  'ORA-29283': beyondProject,
  'ORA-32034': 'Functions declared in WITH cannot be used in a statement that gives dates or JSON: convert these with TO_CHAR.',
  'ORA-41900': beyondProject,
}

/** True when work that changes nothing may be run again. */
export const isPassing = (error: unknown): boolean => isLost(error) || outdated.has(codeOf(error))

/** True when the connection is of no use any more. */
export const isLost = (error: unknown): boolean => lost.has(codeOf(error))

/** True when the connection is as good as before: the database refused something, or we did. After others who knows what of an answer is still to come. */
export const leavesSession = (error: unknown): boolean =>
  isDhuoError(error) || (codeOf(error).startsWith('ORA-') && !isLost(error))

/** True when the transaction lost against another one. */
export const isOracleConflict = (error: unknown): boolean => conflicts.has(codeOf(error))

/** True of what was made of such an error as well. */
export const hasCode = (error: unknown, number: number): boolean =>
  codeOf(isDhuoError(error) ? error.cause : error) === `ORA-${String(number).padStart(5, '0')}`

/** Empty for what is not of Oracle. */
export function codeOf(error: unknown): string {
  const { code, message } = (error ?? {}) as Partial<OracleError>
  if (typeof code !== 'string' || !/^(ORA|NJS|DPI)-\d+$/.test(code)) return ''
  if (!wrappers.has(code)) return code
  return [...String(message).matchAll(/ORA-\d{5}/g)].map(String).find((each) => !wrappers.has(each)) ?? code
}

/** Any error of Oracle as a `DhuoError`. What is not Oracle's stays what it is. */
export function translateOracleError(error: unknown, context: OracleErrorContext): unknown {
  const code = codeOf(error)
  if (isDhuoError(error) || code === '') return error
  const as = (errorCode: ErrorCode, message: string, field?: string) =>
    new DhuoError(errorCode, message, { ...(field && { field }), cause: error })
  if (lost.has(code)) return as('BACKEND_UNAVAILABLE', "The connection to the lakehouse's database was lost. Try again.")
  if (unreachable.has(code)) return as('BACKEND_UNAVAILABLE', "The lakehouse's database cannot be reached.")
  if (refused.has(code))
    return as('BACKEND_UNAVAILABLE', "The lakehouse's database refuses this server. Its operator can see why in the log.")
  if (busy.has(code)) return as('BACKEND_UNAVAILABLE', "The lakehouse's database is busy. Try again later.")
  if (full.has(code)) return as('BACKEND_UNAVAILABLE', 'The lakehouse has no more room for tables.')
  if (tookTooLong.has(code)) return as('TIMEOUT', 'The statement took longer, or worked more, than it may and was stopped.')
  if (conflicts.has(code)) return as('CONFLICT', 'Another statement changed the same rows or table at the same time. Try again.')
  if (tooLarge.has(code))
    return as(
      'BAD_USER_INPUT',
      `The ${context.field === 'file' ? 'file' : 'statement'} needs more memory or temporary space than it may use.`,
      context.field,
    )
  if (code === 'NJS-115' || code === 'NJS-105')
    return as('BAD_USER_INPUT', 'A number among the parameters is larger or finer than the database can hold.', 'params')
  if (!code.startsWith('ORA-')) return as('BACKEND_UNAVAILABLE', "The lakehouse's database could not be used.")
  return as(code === 'ORA-00001' ? 'CONFLICT' : 'BAD_USER_INPUT', wordsOf(error as OracleError, code, context), context.field)
}

/** Of a statement of this server's: that the database refuses it is a fault of the installation and none of the client's. Null for other errors. */
export function installationFault(error: unknown, context: OracleErrorContext): DhuoError | null {
  const translated = translateOracleError(error, context)
  const isClients = isDhuoError(translated) && (translated.code === 'BAD_USER_INPUT' || translated.code === 'CONFLICT')
  if (!isClients || isOracleConflict(error)) return null
  return new DhuoError(
    'BACKEND_UNAVAILABLE',
    `The lakehouse's database is not set up as this server needs it (${codeOf(error)}). Its operator can see why in the log.`,
    { cause: error },
  )
}

/** The database's words with its code, without its address for help, its stack and the accounts; then where, and what may help. */
function wordsOf({ message, offset }: OracleError, code: string, { accounts, sourceOffset }: OracleErrorContext): string {
  const lines = message.split('\n').filter((line) => line.trim() !== '' && !/^(Help:|ORA-06512)|^https?:/.test(line))
  const from = Math.max(
    0,
    lines.findIndex((line) => line.startsWith(code)),
  )
  let text = lines
    .slice(from)
    .join(' ')
    .replace(/\s*https?:\/\/\S+/g, '')
    .trim()
  for (const account of accounts)
    text = text.replaceAll(`"${account}".`, '').replaceAll(`${account}.`, '').replaceAll(account, '…')
  // Without a statement in it that the driver took apart, 0 is no place but the lack of one.
  const place = sourceOffset && offset ? ` (at character ${sourceOffset(offset) + 1})` : ''
  const hint = hints[code] ? ` ${hints[code]}` : ''
  return `${text}${place}${hint && !/[.?!]$/.test(`${text}${place}`) ? '.' : ''}${hint}`
}
