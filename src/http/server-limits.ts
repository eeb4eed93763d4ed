import type { SocketLimits } from './graphql-socket.js'
import { defaultGuardLimits, type GuardLimits } from './request-guards.js'

export interface ServerLimits extends SocketLimits {
  guards: GuardLimits
  /** From the connection to the last header. */
  headersTimeoutMs: number
  /** Of a GraphQL request, from its headers to the end of its body. */
  bodyTimeoutMs: number
  /** Between two chunks of any body, uploads too. */
  bodyIdleMs: number
  /** How long every backend has to answer `/readyz`. */
  readyTimeoutMs: number
  /** From `/readyz` saying 503 to connections being refused. */
  drainDelayMs: number
  /** How long what runs may take to finish once the server stops. */
  shutdownGraceMs: number
}

export const defaultServerLimits: ServerLimits = Object.freeze({
  guards: defaultGuardLimits,
  maxMessageBytes: 4 * 2 ** 20,
  initTimeoutMs: 5_000,
  pingMs: 20_000,
  operationsPerSocket: 100,
  mostUnreadBytes: 2 ** 20,
  headersTimeoutMs: 20_000,
  bodyTimeoutMs: 30_000,
  bodyIdleMs: 60_000,
  readyTimeoutMs: 3_000,
  drainDelayMs: 0,
  shutdownGraceMs: 30_000,
})
