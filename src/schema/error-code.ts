import type { ErrorCode } from '../errors.js'
import { enumOf } from './enum-of.js'

export const ErrorCodeEnum = enumOf<ErrorCode>('ErrorCode', 'What `extensions.code` of an error can be. The list is closed.', {
  UNAUTHENTICATED: 'No valid credentials came with the request.',
  FORBIDDEN: 'You may see it, but not do this with it.',
  NOT_FOUND: 'It does not exist, or you may not see it.',
  CONFLICT: 'The name is taken, or somebody else changed it at the same time.',
  BAD_USER_INPUT: 'An argument is wrong; `extensions.field` says which.',
  PRECONDITION_FAILED: 'It cannot be done in the present state; the message says what is missing.',
  RATE_LIMITED: 'Too many tries; `extensions.retryAfterSeconds` says how long to wait.',
  TIMEOUT: 'It took longer than it may.',
  QUERY_TOO_COMPLEX: 'The document is too deep, too wide or too costly; the message gives the limit.',
  BACKEND_UNAVAILABLE: 'A backend does not answer; trying again later may work.',
  INTERNAL_SERVER_ERROR: 'Our fault. The log has more under `extensions.requestId`.',
})
