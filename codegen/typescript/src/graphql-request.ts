import type { Credentials } from './credentials.js'
import { DhuoGraphError, errorFrom, type GraphqlErrorEntry, isDhuoGraphError, reasonOf } from './graphql-error.js'
import { delayAfter, pause, type RetryPolicy, withinTime } from './waiting.js'

export interface RequestOptions {
  /** Ends the request; the call throws its reason. */
  signal?: AbortSignal
  /** For each attempt. Default: that of the client. */
  timeoutMs?: number
  /** How often a request that may be sent again is. Default: that of the client. */
  retries?: number
  /** That sending it twice does no harm. Default: true for a query, false for a mutation. */
  idempotent?: boolean
  /** Where a document has several operations. */
  operationName?: string
}

export interface GraphqlRequest extends RequestOptions {
  query: string
  variables: Readonly<Record<string, unknown>>
}

export interface RequestSettings {
  /** Of GraphQL. */
  url: string
  credentials: Credentials
  timeoutMs: number
  retries: number
  retry: RetryPolicy
  /** The longest wait that the server may ask for; beyond it the error is thrown at once. */
  longestRetryAfterMs: number
}

/**
 * One operation over HTTP. A query is sent again when no answer comes or a backend is down; anything is when the server says
 * that it was too much and has done nothing (RATE_LIMITED), after the time that it asks for.
 * @throws DhuoGraphError
 */
export async function sendRequest(settings: RequestSettings, request: GraphqlRequest): Promise<unknown> {
  const { retries = settings.retries, timeoutMs = settings.timeoutMs, signal } = request
  const idempotent = request.idempotent ?? isQuery(request.query)
  let hasRenewed = false
  for (let failures = 1; ; failures++) {
    const headers = await settings.credentials.headers()
    try {
      const limits = { ms: timeoutMs, what: `${settings.url} did not answer`, signal }
      return await withinTime(limits, (within) => post(settings.url, request, headers, within))
    } catch (error) {
      if (!isDhuoGraphError(error)) throw error
      if (error.code === 'UNAUTHENTICATED' && !hasRenewed && (await settings.credentials.renew(headers))) {
        hasRenewed = true
        failures -= 1
        continue
      }
      const mayRepeat = error.code === 'RATE_LIMITED' || (idempotent && isPassing(error))
      const wait = Math.max(error.retryAfterMs ?? 0, delayAfter(failures, settings.retry))
      if (!mayRepeat || failures > retries || wait > settings.longestRetryAfterMs) throw error
      await pause(wait, signal ?? new AbortController().signal)
    }
  }
}

/** That the same may go well a moment later. */
export const isPassing = (error: DhuoGraphError): boolean =>
  error.code === 'UNREACHABLE' || error.code === 'BACKEND_UNAVAILABLE' || error.code === 'RATE_LIMITED'

/** What lacks `mutation` and `subscription` at the beginning of a definition; a fragment or a comment may come first. */
const isQuery = (text: string): boolean => !/(^|[}\n])\s*(mutation|subscription)\b/.test(text)

async function post(
  url: string,
  { query, variables, operationName }: GraphqlRequest,
  credentials: Record<string, string>,
  signal: AbortSignal,
): Promise<unknown> {
  const response = await reach(url, {
    method: 'POST',
    headers: {
      ...credentials,
      'content-type': 'application/json',
      accept: 'application/graphql-response+json, application/json;q=0.9',
    },
    body: JSON.stringify({ query, variables, ...(operationName !== undefined && { operationName }) }),
    signal,
  })
  const text = await response.text().catch((error: unknown) => {
    signal.throwIfAborted()
    throw new DhuoGraphError('UNREACHABLE', `The answer of ${url} was cut off: ${reasonOf(error)}`, { cause: error })
  })
  const answer = parseAnswer(text)
  const requestId = response.headers.get('x-request-id')
  if (answer?.errors) {
    const retryAfter = response.headers.get('retry-after')
    throw errorFrom(answer.errors, { data: answer.data, requestId, retryAfter })
  }
  if (answer && response.ok) return answer.data
  throw strangeAnswer(url, response, text)
}

/**
 * `fetch` without redirects, unless they are wanted: they would lose the body, or carry the credentials elsewhere.
 * @throws UNREACHABLE; BAD_RESPONSE for a redirect
 */
export async function reach(url: string, init: RequestInit & { signal: AbortSignal }): Promise<Response> {
  let response: Response
  try {
    response = await fetch(url, { redirect: 'manual', ...init })
  } catch (error) {
    init.signal.throwIfAborted()
    const { origin } = new URL(url)
    throw new DhuoGraphError('UNREACHABLE', `${origin} cannot be reached: ${reasonOf(error)}`, { cause: error })
  }
  if (response.type !== 'opaqueredirect' && !(response.status >= 301 && response.status <= 308 && response.status !== 304))
    return response
  await response.body?.cancel()
  const to = response.headers.get('location')
  throw new DhuoGraphError('BAD_RESPONSE', `${url} redirects${to ? ` to ${to}` : ''}: give the address where the server is.`)
}

function parseAnswer(text: string): { data?: unknown; errors?: GraphqlErrorEntry[] } | null {
  try {
    const answer: unknown = JSON.parse(text)
    if (typeof answer !== 'object' || answer === null) return null
    const { errors } = answer as { errors?: unknown }
    if (Array.isArray(errors) && errors.length > 0) return answer as { errors: GraphqlErrorEntry[] }
    return 'data' in answer && answer.data !== null ? answer : null
  } catch {
    return null
  }
}

/** A proxy in between that cannot reach the server, or something else altogether. */
function strangeAnswer(url: string, response: Response, text: string): DhuoGraphError {
  const said = `${response.status} ${response.statusText}`.trim()
  const isGateway = [408, 429, 502, 503, 504].includes(response.status)
  if (isGateway) return new DhuoGraphError('UNREACHABLE', `${url} answers ${said}.`, { details: { status: response.status } })
  const begin = text.slice(0, 80).replaceAll(/\s+/g, ' ').trim()
  return new DhuoGraphError('BAD_RESPONSE', `${url} answers ${said}, and no GraphQL: ${JSON.stringify(begin)}`, {
    details: { status: response.status },
  })
}
