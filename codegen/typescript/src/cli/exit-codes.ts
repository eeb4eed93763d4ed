import { type DhuoErrorCode, isDhuoGraphError } from '../graphql-error.js'

/** What the command line ends with. docs/clients/cli.md lists them for scripts: they do not change. */
export const exitCodes = {
  ok: 0,
  /** The run, the packaging or one of the checks failed; the command itself did its work. */
  failed: 1,
  usage: 2,
  unauthenticated: 3,
  notFound: 4,
  unavailable: 5,
  refused: 6,
  internal: 7,
  interrupted: 130,
} as const

const exitCodeOf: Record<DhuoErrorCode, number> = {
  BAD_USER_INPUT: exitCodes.usage,
  UNAUTHENTICATED: exitCodes.unauthenticated,
  FORBIDDEN: exitCodes.unauthenticated,
  NOT_FOUND: exitCodes.notFound,
  UNREACHABLE: exitCodes.unavailable,
  CONNECTION_LOST: exitCodes.unavailable,
  BACKEND_UNAVAILABLE: exitCodes.unavailable,
  TIMEOUT: exitCodes.unavailable,
  RATE_LIMITED: exitCodes.unavailable,
  CONFLICT: exitCodes.refused,
  PRECONDITION_FAILED: exitCodes.refused,
  QUERY_TOO_COMPLEX: exitCodes.refused,
  BAD_RESPONSE: exitCodes.internal,
  INTERNAL_SERVER_ERROR: exitCodes.internal,
}

/** A failure that the command line itself finds. */
export class CommandError extends Error {
  override readonly name = 'CommandError'
  constructor(
    readonly exitCode: number,
    message: string,
    /** What to do. */
    readonly hint: string | null = null,
  ) {
    super(message)
  }
}

export const usageError = (message: string, hint: string | null = null): CommandError =>
  new CommandError(exitCodes.usage, message, hint)

/** What the API answers with null. */
export function notThere(what: string): never {
  throw new CommandError(exitCodes.notFound, `${what} does not exist, or you may not see it.`)
}

export interface Failure {
  exitCode: number
  code: string
  message: string
  hint: string | null
  field: string | null
  details: Readonly<Record<string, unknown>>
}

/** What is said of an error, and what the process ends with. */
export function failureOf(error: unknown): Failure {
  const plain = { hint: null, field: null, details: {} }
  if (isDhuoGraphError(error)) {
    const { code, message, field, details, requestId } = error
    const hint =
      code === 'UNAUTHENTICATED'
        ? 'Log in with: dhuo login'
        : code === 'INTERNAL_SERVER_ERROR' && requestId !== null
          ? `The log of the server tells more of the request ${requestId}.`
          : null
    return { exitCode: exitCodeOf[code], code, message, hint, field, details }
  }
  if (error instanceof CommandError) {
    const { exitCode, message, hint } = error
    return { ...plain, exitCode, code: nameOfExit(exitCode), message, hint }
  }
  const { code, message } = error as { code?: unknown; message?: unknown }
  // A file that is not there, a directory that may not be written to.
  const isOfSystem = typeof code === 'string' && /^E[A-Z]+$/.test(code)
  const said = typeof message === 'string' ? message : String(error)
  return isOfSystem
    ? { ...plain, exitCode: exitCodes.usage, code, message: said }
    : { ...plain, exitCode: exitCodes.internal, code: 'INTERNAL', message: said }
}

const nameOfExit = (exitCode: number): string =>
  Object.entries(exitCodes)
    .find(([, value]) => value === exitCode)![0]
    .toUpperCase()
