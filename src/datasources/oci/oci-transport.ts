// Carries the calls of one of the SDK's clients: signs, sends, tries again with jitter, heeds the breaker, logs every request id.
import type http from 'node:http'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { HttpClient, HttpRequest, RequestSigner } from 'oci-common'
import type { Logger } from '../../logger.js'
import type { OciBreaker } from './oci-breaker.js'
import { exchange, type OciAnswer } from './oci-exchange.js'

export interface OciTransportOptions {
  /** As a person calls it: `Object Storage`. */
  service: string
  signer: RequestSigner
  breaker: OciBreaker
  agentFor(url: URL): http.Agent
  log: Logger
  /** How long the service may neither take nor give a byte. */
  idleMs: number
  /** How often a call is made at most, by the SDK's name of the operation; a body that is a stream is sent once. */
  attempts(operation: string): number
  /** Whether an answer says that the service is not well, so that the breaker counts it. */
  isFailure(status: number): boolean
}

const firstDelayMs = 200
const longestDelayMs = 5_000
const longestAskedDelayMs = 30_000
/** Of the body of an error; what answers is not always the service, and a proxy may send a page. */
const errorBodyLimit = 64 * 1024

/**
 * Given to a client of the SDK as its `httpClient`, which the SDK means for this. It composes requests and reads answers; its
 * own transport is not used, nor its retrier, nor its breaker (see oci-exchange.ts and oci-breaker.ts).
 */
export class OciTransport implements HttpClient {
  readonly #options: OciTransportOptions

  constructor(options: OciTransportOptions) {
    this.#options = options
  }

  async send(request: HttpRequest, excludeBody = false, _service?: string, operation = ''): Promise<Response> {
    const most = request.body instanceof Readable ? 1 : this.#options.attempts(operation)
    for (let attempt = 1; ; attempt++) {
      const outcome = await this.#attempt(request, excludeBody, operation, attempt)
      const delay = attempt < most ? delayAfter(outcome, attempt) : null
      if (delay === null) {
        if ('error' in outcome) throw outcome.error
        return outcome.answer as unknown as Response
      }
      await sleep(delay)
    }
  }

  async #attempt(request: HttpRequest, excludeBody: boolean, operation: string, attempt: number): Promise<Outcome> {
    const { service, breaker, log } = this.#options
    if (!breaker.admits()) return { error: Object.assign(new Error('The circuit breaker is open.'), { code: 'EOPENBREAKER' }) }
    const started = performance.now()
    // The client's own id, until the service tells the one that it logged.
    const told = { service, operation, attempt, opcRequestId: request.headers.get('opc-request-id') }
    try {
      const answer = await this.#sendOnce(request, excludeBody)
      const { status } = answer
      if (this.#options.isFailure(status)) breaker.failed()
      else breaker.succeeded()
      const ms = Math.round(performance.now() - started)
      const line = { ...told, opcRequestId: answer.headers.get('opc-request-id') ?? told.opcRequestId, status, ms }
      if (status < 300) {
        log.debug(line, 'OCI answered')
        return { answer }
      }
      const refusal = await refusalOf(answer)
      log.debug({ ...line, serviceCode: refusal.serviceCode }, 'OCI refused')
      return refusal
    } catch (error) {
      const isOurs = request.body instanceof Readable && request.body.errored === error
      if (isOurs) breaker.unknown()
      else breaker.failed()
      const { code, message } = error as NodeJS.ErrnoException
      log.debug({ ...told, code, reason: message, ms: Math.round(performance.now() - started) }, 'OCI did not answer')
      return { error }
    }
  }

  async #sendOnce(request: HttpRequest, excludeBody: boolean): Promise<OciAnswer> {
    const { signer, agentFor, idleMs } = this.#options
    const { method, uri, body } = request
    // Each attempt has a date and a signature of its own.
    const headers = new Headers(request.headers)
    const url = new URL(uri)
    // What is signed is what is sent: the URL as it is written after parsing.
    const signed = { method, headers, uri: url.href, ...(!excludeBody && { body }) }
    await signer.signHttpRequest(signed, excludeBody)
    return exchange({ method, url, headers, body, agent: agentFor(url), idleMs })
  }
}

/** What an attempt came to: an answer that is passed on, with its code when it is a refusal, or an error. */
type Outcome = { answer: OciAnswer; serviceCode?: string | null; retryAfter?: string | null } | { error: unknown }

/** Reads the body of a refusal, so that it can be looked into here and read again by the SDK. */
async function refusalOf(answer: OciAnswer): Promise<Extract<Outcome, { answer: OciAnswer }>> {
  const parts: Buffer[] = []
  let size = 0
  for await (const part of answer.body) {
    parts.push(part as Buffer)
    size += (part as Buffer).length
    if (size > errorBodyLimit) break
  }
  const said = bodyWithClock(Buffer.concat(parts).toString('utf8').slice(0, errorBodyLimit), answer)
  return {
    answer: { ...answer, body: Readable.from([said]), text: async () => said, json: async () => JSON.parse(said) },
    serviceCode: parsed(said)?.code ?? null,
    retryAfter: answer.headers.get('retry-after'),
  }
}

/** A clock that is wrong looks like a wrong key: the date of the answer tells. OCI allows five minutes. */
function bodyWithClock(said: string, { status, headers }: OciAnswer): string {
  const theirs = Date.parse(headers.get('date') ?? '')
  const error = parsed(said)
  if (status !== 401 || error === null || !(Math.abs(Date.now() - theirs) > 270_000)) return said
  const minutes = Math.round((Date.now() - theirs) / 60_000)
  const message = `The clock of this machine is ${Math.abs(minutes)} minutes ${minutes > 0 ? 'ahead' : 'behind'}. ${error.message}`
  return JSON.stringify({ ...error, message })
}

function parsed(body: string): { code?: string; message?: string } | null {
  try {
    const value: unknown = JSON.parse(body)
    return typeof value === 'object' ? value : null
  } catch {
    return null
  }
}

/** How long to wait before the next attempt; null: there is no sense in one. */
function delayAfter(outcome: Outcome, attempt: number): number | null {
  // Full jitter: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
  const delay = Math.random() * Math.min(longestDelayMs, firstDelayMs * 2 ** attempt)
  if ('error' in outcome) return isWorthAnother(outcome.error) ? delay : null
  const { status } = outcome.answer
  const isPassing =
    status === 429 || [500, 502, 503, 504].includes(status) || (status === 409 && outcome.serviceCode === 'IncorrectState')
  if (!isPassing) return null
  const asked = Number(outcome.retryAfter ?? 0) * 1_000
  return asked > 0 ? Math.min(asked, longestAskedDelayMs) + Math.random() * firstDelayMs : delay
}

/** Of what the network says; an open breaker is not waited for, and a fault of ours does not mend itself. */
const isWorthAnother = (error: unknown): boolean => {
  const { code } = error as NodeJS.ErrnoException
  return typeof code === 'string' && /^E[A-Z]+$/.test(code) && code !== 'EOPENBREAKER'
}
