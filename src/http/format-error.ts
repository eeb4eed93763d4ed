import { type GraphQLError, type GraphQLFormattedError, Kind } from 'graphql'
import { type DhuoError, type ErrorCode, isDhuoError } from '../errors.js'
import type { Logger } from '../logger.js'

/** What Apollo Server and graphql-js say of a request that is at fault itself, in our closed list. */
const codesOfRequestErrors: Readonly<Record<string, ErrorCode>> = {
  BAD_REQUEST: 'BAD_USER_INPUT',
  BAD_USER_INPUT: 'BAD_USER_INPUT',
  GRAPHQL_PARSE_FAILED: 'BAD_USER_INPUT',
  GRAPHQL_VALIDATION_FAILED: 'BAD_USER_INPUT',
  OPERATION_RESOLUTION_FAILURE: 'BAD_USER_INPUT',
  PERSISTED_QUERY_NOT_FOUND: 'BAD_USER_INPUT',
  PERSISTED_QUERY_NOT_SUPPORTED: 'BAD_USER_INPUT',
}

const maxMessageLength = 1_000

interface ErrorScope {
  requestId: string
  log: Logger
}

/**
 * What the client is told of an error: over HTTP, over a WebSocket and for each event of a subscription alike. A DhuoError
 * keeps its message, code, field and details; a request at fault (syntax, validation, variables) keeps graphql-js' message
 * under BAD_USER_INPUT; anything else becomes INTERNAL_SERVER_ERROR with the request's id, and is written to the log.
 * @param scope of the request; without it nothing is logged
 */
export function formatError(error: unknown, scope?: ErrorScope): GraphQLFormattedError {
  const { message, extensions } = explain(error, scope)
  const located = isGraphQLError(error) ? error.toJSON() : undefined
  return {
    message: message.length > maxMessageLength ? `${message.slice(0, maxMessageLength)}…` : message,
    ...(located?.locations && { locations: located.locations }),
    ...(located?.path && { path: located.path }),
    extensions,
  }
}

/** The code of an error that was formatted here. */
export const codeOf = (error: GraphQLFormattedError): ErrorCode => error.extensions?.['code'] as ErrorCode

function explain(error: unknown, scope: ErrorScope | undefined): { message: string; extensions: Record<string, unknown> } {
  const ours = dhuoErrorIn(error)
  if (ours) {
    if (ours.cause !== undefined) scope?.log.warn({ code: ours.code, err: describeError(ours.cause) }, ours.message)
    const field = isGraphQLError(error) ? fieldOfVariable(error) : undefined
    return { message: ours.message, extensions: { ...ours.extensions, ...(field && { field }) } }
  }
  if (isGraphQLError(error) && isFaultOfTheRequest(error)) {
    const tooComplex = complaintOfParser(error)
    if (tooComplex) return { message: tooComplex, extensions: { code: 'QUERY_TOO_COMPLEX' } }
    const field = fieldOfVariable(error)
    return { message: withoutValue(error.message), extensions: { code: 'BAD_USER_INPUT', ...(field && { field }) } }
  }
  const path = isGraphQLError(error) ? error.path : undefined
  scope?.log.error({ code: 'INTERNAL_SERVER_ERROR', path, err: describeError(error) }, 'an operation failed')
  return {
    message: 'Internal server error',
    extensions: { code: 'INTERNAL_SERVER_ERROR', ...(scope && { requestId: scope.requestId }) },
  }
}

// By its tag: `instanceof` fails where there are two realms or two copies of graphql, and Apollo's subclasses change the name.
export const isGraphQLError = (error: unknown): error is GraphQLError =>
  Object.prototype.toString.call(error) === '[object GraphQLError]'

/** A scalar's own DhuoError lies several errors deep. */
function dhuoErrorIn(error: unknown): DhuoError | undefined {
  let current = error
  for (let depth = 0; depth < 8 && current; depth++) {
    if (isDhuoError(current)) return current
    current = (current as { originalError?: unknown }).originalError
  }
  return undefined
}

function isFaultOfTheRequest(error: GraphQLError): boolean {
  // Without a path no field was being resolved: it is the request that is at fault …
  if (error.path === undefined)
    return typeof error.extensions['code'] === 'string'
      ? error.extensions['code'] in codesOfRequestErrors
      : !error.originalError || isGraphQLError(error.originalError) || isVariableError(error)
  // … and with one, graphql-js points into the document (`nodes`) for an argument it cannot use. A GraphQLError without
  // nodes is a value of ours that a scalar cannot serialise.
  const original = error.originalError
  return original !== undefined && isGraphQLError(original) && original.nodes !== undefined && !original.originalError
}

const isVariableError = (error: GraphQLError): boolean => error.nodes?.[0]?.kind === Kind.VARIABLE_DEFINITION

/** `input.name`, from what graphql-js says of a variable it cannot coerce. */
function fieldOfVariable(error: GraphQLError): string | undefined {
  const node = error.nodes?.[0]
  if (node?.kind !== Kind.VARIABLE_DEFINITION) return undefined
  return / at "([\w.[\]]+)"; /.exec(error.message)?.[1] ?? node.variable.name.value
}

/** `Variable "$x" got invalid value {…} at "x.y"; …` without the value: it may be long, or a password. */
const withoutValue = (message: string): string =>
  message.replace(/^(Variable "\$\w+" got (?:an )?invalid value) [\s\S]*?((?: at "[\w.[\]]+")?; )/, '$1$2')

function complaintOfParser(error: GraphQLError): string | undefined {
  const tooLong = /(Document|Source) contains more tha[nt] (\d+) (tokens|UTF-16 code units)/.exec(error.message)
  if (tooLong)
    return `The document is too long: at most ${tooLong[2]} ${tooLong[3] === 'tokens' ? 'tokens' : 'characters'} are allowed.`
  if (/Maximum call stack size exceeded/.test(error.message)) return 'The document nests too deep to be read.'
  return undefined
}

/** For the log. Not the error itself: a GraphQLError holds the whole document, and with it every literal in it. */
export function describeError(error: unknown, depth = 0): Record<string, unknown> {
  if (typeof error !== 'object' || error === null) return { message: String(error) }
  const { name, message, stack, code, cause, originalError } = error as Record<string, unknown>
  const inner = originalError ?? cause
  if (isGraphQLError(error) && originalError && depth < 4) return describeError(originalError, depth + 1)
  return {
    type: name,
    message,
    ...(code !== undefined && { code }),
    ...(typeof stack === 'string' && { stack }),
    ...(inner !== undefined && depth < 4 && { cause: describeError(inner, depth + 1) }),
  }
}
