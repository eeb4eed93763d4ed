/** The closed list of error codes; the same names as the GraphQL enum `ErrorCode`. */
export const errorCodes = [
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'NOT_FOUND',
  'CONFLICT',
  'BAD_USER_INPUT',
  'PRECONDITION_FAILED',
  'RATE_LIMITED',
  'TIMEOUT',
  'QUERY_TOO_COMPLEX',
  'BACKEND_UNAVAILABLE',
  'INTERNAL_SERVER_ERROR',
] as const

export type ErrorCode = (typeof errorCodes)[number]

interface DhuoErrorOptions {
  /** The one argument at fault, as the client wrote it: `input.name`, `after`. */
  field?: string
  /** What the vendor said: for the log, never for the client. */
  cause?: unknown
  /** Further facts for the client, for example `{ retryAfterSeconds: 30 }`. */
  details?: Record<string, unknown>
}

/**
 * The only error a client sees as it was thrown: a code from the closed list and a message that says what was wrong and
 * what is allowed. Everything else is masked at the edge of the server.
 */
export class DhuoError extends Error {
  override readonly name = 'DhuoError'
  readonly field: string | undefined
  readonly details: Record<string, unknown> | undefined

  constructor(
    readonly code: ErrorCode,
    message: string,
    options: DhuoErrorOptions = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.field = options.field
    this.details = options.details
  }

  /** The `extensions` of the GraphQL error and the body of a failed file request. */
  get extensions(): Record<string, unknown> {
    return { code: this.code, ...(this.field && { field: this.field }), ...this.details }
  }
}

export const badInput = (field: string, message: string, cause?: unknown): DhuoError =>
  new DhuoError('BAD_USER_INPUT', message, { field, cause })

export const notFound = (what: string, field?: string): DhuoError =>
  new DhuoError('NOT_FOUND', `${what} does not exist, or you may not see it.`, field ? { field } : {})

/** True across realms too, where `instanceof` is not (jest runs tests in a realm of its own). */
export const isDhuoError = (error: unknown): error is DhuoError =>
  typeof error === 'object' && error !== null && (error as { name?: unknown }).name === 'DhuoError' && 'code' in error

/** The HTTP status that fits a code, for the file routes and for requests that fail as a whole. */
export const httpStatusOf: Record<ErrorCode, number> = {
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  CONFLICT: 409,
  BAD_USER_INPUT: 400,
  PRECONDITION_FAILED: 412,
  RATE_LIMITED: 429,
  TIMEOUT: 504,
  QUERY_TOO_COMPLEX: 400,
  BACKEND_UNAVAILABLE: 503,
  INTERNAL_SERVER_ERROR: 500,
}
