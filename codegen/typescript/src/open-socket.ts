import { DhuoGraphError, errorFrom, type GraphqlErrorEntry } from './graphql-error.js'
import type { WebSocketLike } from './web-socket.js'

/** An operation hears of one of `complete`, `fail` and `lose`, once, and of nothing after it. */
export interface OperationListener {
  next(result: { data?: unknown; errors?: GraphqlErrorEntry[] }): void
  complete(): void
  /** The server refuses the operation, or ends it. */
  fail(error: DhuoGraphError): void
  /** The socket is gone. */
  lose(error: DhuoGraphError): void
}

export interface OperationPayload {
  query: string
  variables: Readonly<Record<string, unknown>>
  operationName?: string
}

interface ServerMessage {
  type?: unknown
  id?: unknown
  payload?: unknown
}

/** Who closes with one of these would do so again. https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md */
const finalCodes = new Set([1002, 1003, 1007, 1009, 1010, 4400, 4401, 4406, 4409, 4429])
const forbidden = 4403

/** A socket from its first byte on, and the operations on it. */
export class OpenSocket {
  readonly #operations = new Map<string, OperationListener>()
  #started = 0
  #isOpen = false
  #isGone = false
  #heardAt = performance.now()
  #isAsked = false
  #timer: ReturnType<typeof setTimeout> | undefined
  #saidByError = ''

  constructor(
    private readonly socket: WebSocketLike,
    private readonly settings: { url: string; pingAfterMs: number; pongWithinMs: number },
    shown: Readonly<Record<string, string>>,
    private readonly heard: { acknowledged(): void; gone(error: DhuoGraphError): void },
  ) {
    socket.onopen = () => this.#send({ type: 'connection_init', payload: shown })
    socket.onmessage = ({ data }: { data: unknown }) => this.#receive(String(data))
    socket.onerror = ({ message }: { message?: unknown }) => {
      // `ws` tells what happened, others hardly anything.
      this.#saidByError = typeof message === 'string' ? message : ''
    }
    socket.onclose = ({ code, reason }: { code: number; reason: string }) => this.lose(this.#errorOf(code, reason))
  }

  /** Begins an operation. @returns what ends it without a word to the listener */
  start(payload: OperationPayload, listener: OperationListener): () => void {
    if (this.#isGone) {
      listener.lose(new DhuoGraphError('UNREACHABLE', 'The connection is closed.'))
      return () => {}
    }
    const id = String(++this.#started)
    this.#operations.set(id, listener)
    this.#send({ id, type: 'subscribe', payload })
    return () => {
      if (!this.#operations.delete(id)) return
      this.#send({ id, type: 'complete' })
      this.#closeWhenIdle()
    }
  }

  /** When nobody needs it any more. */
  close(): void {
    if (this.#isGone) return
    this.#leave(1000, 'Done')
    this.heard.gone(new DhuoGraphError('UNREACHABLE', 'The connection is closed.'))
  }

  /** Ends every operation with an error. */
  lose(error: DhuoGraphError): void {
    if (this.#isGone) return
    this.#leave(4499, 'Given up')
    const listeners = [...this.#operations.values()]
    this.#operations.clear()
    for (const listener of listeners) listener.lose(error)
    this.heard.gone(error)
  }

  #leave(code: number, reason: string): void {
    this.#isGone = true
    clearTimeout(this.#timer)
    // A peer that is gone may never answer the close; whatever comes from it is late.
    for (const name of ['onopen', 'onmessage', 'onclose'] as const) this.socket[name] = null
    this.socket.onerror = () => {}
    try {
      this.socket.close(code, reason)
    } catch {
      // Not all allow it before the connection is there.
    }
  }

  #receive(text: string): void {
    this.#heardAt = performance.now()
    this.#isAsked = false
    const message = messageIn(text)
    if (!message) this.lose(new DhuoGraphError('BAD_RESPONSE', 'The server sends what is no message of GraphQL.'))
    else if (message.type === 'next') this.#operations.get(String(message.id))?.next(message.payload as { data?: unknown })
    else if (message.type === 'error') this.#end(message.id)?.fail(errorFrom(message.payload as GraphqlErrorEntry[]))
    else if (message.type === 'complete') this.#end(message.id)?.complete()
    else if (message.type === 'ping') this.#send({ type: 'pong' })
    else if (message.type === 'connection_ack') {
      this.#isOpen = true
      this.#watch()
      this.heard.acknowledged()
      // Whoever wanted it may have left meanwhile.
      this.#closeWhenIdle()
    }
  }

  #end(id: unknown): OperationListener | undefined {
    const listener = this.#operations.get(String(id))
    this.#operations.delete(String(id))
    this.#closeWhenIdle()
    return listener
  }

  /** Not at once: who reads one subscription after the other keeps the connection. */
  #closeWhenIdle(): void {
    setTimeout(() => {
      if (this.#operations.size === 0) this.close()
    }, 0)
  }

  /** A network that is gone does not say so: silence is asked about, and then ended. */
  #watch(): void {
    const { pingAfterMs, pongWithinMs } = this.settings
    const silence = performance.now() - this.#heardAt
    if (this.#isAsked && silence >= pingAfterMs + pongWithinMs) {
      this.lose(new DhuoGraphError('UNREACHABLE', 'The server has not been heard of for too long.'))
      return
    }
    if (!this.#isAsked && silence >= pingAfterMs) {
      this.#isAsked = true
      this.#send({ type: 'ping' })
    }
    const next = pingAfterMs + (this.#isAsked ? pongWithinMs : 0) - silence
    this.#timer = setTimeout(() => this.#watch(), Math.max(next, 1))
  }

  #send(message: object): void {
    try {
      this.socket.send(JSON.stringify(message))
    } catch {
      // It is closing; `onclose` tells.
    }
  }

  #errorOf(code: number, reason: string): DhuoGraphError {
    const said = [reason || this.#saidByError, `code ${code}`].filter(Boolean).join(', ')
    const facts = { details: { closeCode: code } }
    const { url } = this.settings
    if (code === forbidden) return new DhuoGraphError('UNAUTHENTICATED', `${url} does not take the credentials (${said}).`, facts)
    if (finalCodes.has(code)) return new DhuoGraphError('BAD_RESPONSE', `${url} ended the connection (${said}).`, facts)
    return new DhuoGraphError('UNREACHABLE', `${url} ${this.#isOpen ? 'is gone' : 'cannot be reached'} (${said}).`, facts)
  }
}

function messageIn(text: string): ServerMessage | null {
  try {
    return JSON.parse(text) as ServerMessage | null
  } catch {
    return null
  }
}
