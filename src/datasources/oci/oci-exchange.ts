// Sends one HTTP request and receives its answer, as streams, with a bound on how long the other side may be silent.
import { randomUUID } from 'node:crypto'
import http from 'node:http'
import https from 'node:https'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import type { Logger } from '../../logger.js'

export interface OciExchangeRequest {
  method: string
  url: URL
  headers: Headers
  /** A stream is read as fast as it is taken; when the request fails it is left where it is, and not destroyed. */
  body: string | Uint8Array | Readable | undefined
  agent: http.Agent
  /** How long the service may neither take nor give a byte. */
  idleMs: number
}

/** What of a fetch `Response` the SDK asks for. */
export interface OciAnswer {
  status: number
  headers: Headers
  /** Errors when the connection breaks before its end. */
  body: Readable
  text(): Promise<string>
  json(): Promise<unknown>
}

/** Connections are kept. `maxSockets` bounds what one service gets from this server at once; what is more waits its turn. */
export const ociAgent = (url: URL, maxSockets: number): http.Agent =>
  new (url.protocol === 'https:' ? https : http).Agent({ keepAlive: true, maxSockets })

/**
 * node:http itself, instead of the SDK's two ways of fetching: with its default one a whole body is kept in memory
 * (https://github.com/nodejs/undici/issues/4058), with the other, node-fetch 2, a download whose connection breaks never ends.
 * @throws an Error with a `code`: `ETIMEDOUT`, `ECONNRESET` …, or what `body` failed with
 */
export function exchange({ method, url, headers, body, agent, idleMs }: OciExchangeRequest): Promise<OciAnswer> {
  return new Promise((resolve, reject) => {
    const protocol = url.protocol === 'https:' ? https : http
    // `timeout` covers connecting too; `request.setTimeout` would not.
    const request = protocol.request(url, { method, headers: Object.fromEntries(headers), agent, timeout: idleMs })
    let answer: http.IncomingMessage | null = null
    request.on('timeout', () => {
      if (isWaitingForUs(request, answer, body)) request.socket?.setTimeout(idleMs)
      else (answer ?? request).destroy(Object.assign(new Error(`It was silent for ${idleMs} ms.`), { code: 'ETIMEDOUT' }))
    })
    request.on('error', reject)
    request.on('response', (response) => {
      answer = response
      // An answer before the end of the body is a refusal: the rest is not sent, and the connection is of no further use.
      if (!request.writableFinished) {
        if (body instanceof Readable) body.unpipe(request)
        response.once('close', () => request.destroy())
      }
      // Node gives the error to whoever reads; without anybody it must not end the process.
      response.on('error', () => {})
      resolve(answerOf(response))
    })
    if (body instanceof Readable) pour(body, request)
    else request.end(body)
  })
}

/** For what the SDK has no call for: with an id that Oracle can be asked about, and a line in the log. */
export async function loggedExchange(
  request: OciExchangeRequest,
  { log, ...told }: { log: Logger; service: string; operation: string; attempt?: number },
): Promise<OciAnswer> {
  const headers = new Headers(request.headers)
  const opcRequestId = randomUUID().replaceAll('-', '').toUpperCase()
  headers.set('opc-request-id', opcRequestId)
  const started = performance.now()
  const ms = (): number => Math.round(performance.now() - started)
  try {
    const answer = await exchange({ ...request, headers })
    const { status } = answer
    const id = answer.headers.get('opc-request-id') ?? opcRequestId
    log.debug({ ...told, opcRequestId: id, status, ms: ms() }, status < 300 ? 'OCI answered' : 'OCI refused')
    return answer
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    log.debug({ ...told, opcRequestId, code, reason: message, ms: ms() }, 'OCI did not answer')
    throw error
  }
}

/** The SDK never looks at the body of what has none to give, and until somebody has read it the connection is not free. */
function answerOf(response: http.IncomingMessage): OciAnswer {
  let isTaken = false
  const take = (): http.IncomingMessage => {
    isTaken = true
    return response
  }
  setImmediate(() => {
    if (!isTaken) response.resume()
  })
  return {
    status: response.statusCode ?? 0,
    headers: headersOf(response),
    get body() {
      return take()
    },
    text: () => text(take()),
    json: async () => JSON.parse(await text(take())),
  }
}

/** Moves the body into the request. `pipeline` would destroy the source when the request fails. */
function pour(source: Readable, request: http.ClientRequest): void {
  const stop = (error: Error): void => void request.destroy(error)
  source.once('error', stop)
  source.once('close', () => {
    if (!source.readableEnded) stop(source.errored ?? Object.assign(new Error('The source was closed.'), { code: 'ECLOSED' }))
  })
  request.once('close', () => {
    source.unpipe(request)
    source.pause()
  })
  if (source.errored) stop(source.errored)
  else source.pipe(request)
}

/** Silence is not the service's fault while nobody here reads what it sent, or while there is nothing here to send. */
const isWaitingForUs = (
  request: http.ClientRequest,
  answer: http.IncomingMessage | null,
  body: OciExchangeRequest['body'],
): boolean =>
  answer !== null
    ? answer.readableLength > 0
    : body instanceof Readable && !request.writableEnded && request.writableLength === 0 && request.socket?.connecting === false

function headersOf(response: http.IncomingMessage): Headers {
  const headers = new Headers()
  for (const [name, values] of Object.entries(response.headersDistinct))
    for (const value of values ?? []) headers.append(name, value)
  return headers
}
