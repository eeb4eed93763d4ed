import type { SocketCredentials } from './socket-connection.js'

/** The credentials of open sockets: a viewer may have thousands, which hold one object between them. */
export class KnownCredentials {
  private readonly holders = new Map<string, { credentials: SocketCredentials; count: number }>()

  /** @returns what equals them, from the first socket that came with them */
  enter(credentials: SocketCredentials): SocketCredentials {
    const key = JSON.stringify(credentials)
    const known = this.holders.get(key) ?? { credentials, count: 0 }
    known.count++
    this.holders.set(key, known)
    return known.credentials
  }

  leave(credentials: SocketCredentials): void {
    const key = JSON.stringify(credentials)
    const known = this.holders.get(key)
    if (known && --known.count === 0) this.holders.delete(key)
  }
}
