import type { Credentials } from './credentials.js'
import { DhuoGraphError, reasonOf } from './graphql-error.js'
import { OpenSocket } from './open-socket.js'
import type { WebSocketConstructor, WebSocketLike } from './web-socket.js'

export interface SocketSettings {
  /** ws: or wss: */
  url: string
  credentials: Credentials
  webSocket(): Promise<WebSocketConstructor>
  /** From the connection to the server's acknowledgement. */
  openTimeoutMs: number
  /** After so long without a message the server is asked whether it is there. */
  pingAfterMs: number
  /** How long it has to answer. */
  pongWithinMs: number
}

/** One connection by `graphql-transport-ws` for all operations that are open at a time; it closes after the last of them. */
export class SocketLink {
  #opened: Promise<OpenSocket> | null = null

  constructor(private readonly settings: SocketSettings) {}

  /**
   * The open socket, or a new one. Credentials that are refused are asked for once more.
   * @throws UNREACHABLE when another attempt may go better; UNAUTHENTICATED, BAD_RESPONSE
   */
  open(): Promise<OpenSocket> {
    if (this.#opened) return this.#opened
    const opening = this.#connect(() => {
      if (this.#opened === opening) this.#opened = null
    })
    this.#opened = opening
    return opening
  }

  async #connect(whenGone: () => void): Promise<OpenSocket> {
    try {
      const { credentials } = this.settings
      const shown = await credentials.headers()
      try {
        return await openSocket(this.settings, shown, whenGone)
      } catch (error) {
        if ((error as DhuoGraphError).code !== 'UNAUTHENTICATED' || !(await credentials.renew(shown))) throw error
        return await openSocket(this.settings, await credentials.headers(), whenGone)
      }
    } catch (error) {
      whenGone()
      throw error
    }
  }
}

async function openSocket(settings: SocketSettings, shown: Record<string, string>, whenGone: () => void): Promise<OpenSocket> {
  const WebSocket = await settings.webSocket()
  return new Promise((resolve, reject) => {
    let socket: WebSocketLike
    try {
      socket = new WebSocket(settings.url, 'graphql-transport-ws')
    } catch (error) {
      reject(new DhuoGraphError('BAD_RESPONSE', `${settings.url}: ${reasonOf(error)}`, { cause: error }))
      return
    }
    const timer = setTimeout(() => opening.lose(unreachable('it did not answer in time')), settings.openTimeoutMs)
    const unreachable = (reason: string) => new DhuoGraphError('UNREACHABLE', `${settings.url} cannot be reached: ${reason}.`)
    const opening = new OpenSocket(socket, settings, shown, {
      acknowledged: () => {
        clearTimeout(timer)
        resolve(opening)
      },
      gone: (error) => {
        clearTimeout(timer)
        whenGone()
        // After the acknowledgement nobody listens here any more.
        reject(error)
      },
    })
  })
}
