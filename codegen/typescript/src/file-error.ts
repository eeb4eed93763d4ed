import { DhuoGraphError, errorFrom } from './graphql-error.js'

/** What a signed URL answered instead of bytes: the server's own `{ error }`, or whatever the storage behind it says. */
export async function fileErrorFrom(response: Response): Promise<DhuoGraphError> {
  const text = await response.text().catch(() => '')
  const { status } = response
  try {
    const { error } = JSON.parse(text) as { error: { message: string } }
    const { message, ...extensions } = error
    return errorFrom([{ message, extensions: { ...extensions, status } }], { requestId: response.headers.get('x-request-id') })
  } catch {
    const said = `${new URL(response.url).origin} answers ${`${status} ${response.statusText}`.trim()}.`
    // https://developer.mozilla.org/docs/Web/HTTP/Status: these pass, or may.
    const passes = status === 408 || status === 425 || status === 429 || status >= 500
    const code = passes
      ? 'UNREACHABLE'
      : status === 401 || status === 403
        ? 'FORBIDDEN'
        : status === 404
          ? 'NOT_FOUND'
          : 'BAD_RESPONSE'
    return new DhuoGraphError(code, said, { details: { status } })
  }
}
