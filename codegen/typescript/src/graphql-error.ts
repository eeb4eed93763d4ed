import { type ErrorCode, errorCodes } from './generated/operations.js'

/**
 * The server's codes, and three that only a client can tell:
 * - `UNREACHABLE`: no answer came; of a mutation nobody knows whether it was carried out.
 * - `BAD_RESPONSE`: what answered is no DHuO Graph, or what came is not what was promised.
 * - `CONNECTION_LOST`: a subscription that cannot be resumed was cut off.
 */
export type DhuoErrorCode = ErrorCode | 'UNREACHABLE' | 'BAD_RESPONSE' | 'CONNECTION_LOST'

/** One entry of `errors` of an answer. */
export interface GraphqlErrorEntry {
  message: string
  path?: readonly (string | number)[]
  extensions?: Readonly<Record<string, unknown>>
}

interface ErrorFacts {
  field?: string | null
  details?: Readonly<Record<string, unknown>>
  path?: readonly (string | number)[] | null
  requestId?: string | null
  data?: unknown
  entries?: readonly GraphqlErrorEntry[]
  cause?: unknown
}

/** Every failure of this client is one of these, except that of a call whose signal was aborted: that throws the signal's reason. */
export class DhuoGraphError<Code extends DhuoErrorCode = DhuoErrorCode> extends Error {
  override readonly name = 'DhuoGraphError'
  /** The argument at fault, as it stands in the operation: `input.name`. */
  readonly field: string | null
  /** Further facts of this code: `retryAfterSeconds`, `missingParts`, `limit` … */
  readonly details: Readonly<Record<string, unknown>>
  /** Where in the answer. */
  readonly path: readonly (string | number)[] | null
  /** What the server's log calls the request. */
  readonly requestId: string | null
  /** What was answered beside the error, with null where it failed. */
  readonly data: unknown
  /** All errors of the answer; this one is the first. */
  readonly entries: readonly GraphqlErrorEntry[]

  constructor(
    readonly code: Code,
    message: string,
    facts: ErrorFacts = {},
  ) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause })
    this.field = facts.field ?? null
    this.details = facts.details ?? {}
    this.path = facts.path ?? null
    this.requestId = facts.requestId ?? null
    this.data = facts.data ?? null
    this.entries = facts.entries ?? []
  }

  /** How long the server asks to wait; null when it does not say. */
  get retryAfterMs(): number | null {
    const seconds = Number(this.details['retryAfterSeconds'] ?? Number.NaN)
    return Number.isFinite(seconds) ? seconds * 1_000 : null
  }
}

/** Whether an error is one of this client, and of one of the codes when any are given. */
export const isDhuoGraphError = <Code extends DhuoErrorCode>(error: unknown, ...codes: Code[]): error is DhuoGraphError<Code> =>
  error instanceof DhuoGraphError && (codes.length === 0 || codes.some((code) => code === error.code))

const isErrorCode = (code: unknown): code is ErrorCode => errorCodes.some((known) => known === code)

/** The first of the errors of an answer. A code that a newer server has becomes INTERNAL_SERVER_ERROR, with `serverCode`. */
export function errorFrom(
  entries: readonly GraphqlErrorEntry[],
  facts: { data?: unknown; requestId?: string | null; retryAfter?: string | null } = {},
): DhuoGraphError {
  const { message = 'The server reports an error without a message.', path, extensions = {} } = entries[0] ?? {}
  const { code, field, ...details } = extensions
  const known = isErrorCode(code)
  const waits = details['retryAfterSeconds'] === undefined && /^\d+$/.test(facts.retryAfter ?? '')
  return new DhuoGraphError(known ? code : 'INTERNAL_SERVER_ERROR', message, {
    field: typeof field === 'string' ? field : null,
    details: {
      ...details,
      ...(waits && { retryAfterSeconds: Number(facts.retryAfter) }),
      ...(!known && code !== undefined && { serverCode: code }),
    },
    path: path ?? null,
    requestId: typeof details['requestId'] === 'string' ? details['requestId'] : (facts.requestId ?? null),
    data: facts.data,
    entries,
  })
}

/** What the network says, in a few words: `fetch` hides it in causes, and several addresses that failed in a list. */
export function reasonOf(error: unknown): string {
  let current = error
  let said = ''
  for (let depth = 0; depth < 5 && typeof current === 'object' && current !== null; depth++) {
    const { message, errors, code, cause } = current as { message?: unknown; errors?: unknown; code?: unknown; cause?: unknown }
    if (typeof message === 'string' && message !== '') said = message
    else if (typeof code === 'string') said = code
    current = cause ?? (Array.isArray(errors) ? errors[0] : undefined)
  }
  return said || String(error)
}
