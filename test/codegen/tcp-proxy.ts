import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export interface TcpProxy {
  url: string
  /** How many connections there were. */
  connections: number
  /** Bytes that came from clients, and that went to them. */
  bytes: { up: number; down: number }
  /** Asked of each chunk from clients (up) or to them (down): `cut` loses it and resets its connection, after so many bytes of it. */
  onChunk: ((direction: 'up' | 'down') => 'pass' | 'cut' | { cutAfter: number }) | null
  /** Resets every connection. */
  cut(): void
  /** Resets new connections too, until `accept`. */
  refuse(): void
  accept(): void
  /** How many connections there are. */
  readonly open: number
  /** Nothing goes through the connections that there are any more, and nobody is told: a network that is gone. */
  freeze(): void
  close(): Promise<void>
}

/** Stands before a server, and does to its connections what networks do. @param target where the server is now */
export async function startTcpProxy(target: () => string): Promise<TcpProxy> {
  const sockets = new Set<Socket>()
  let refuses = false
  const frozen = new WeakSet<Socket>()
  const server = createServer((client) => {
    if (refuses) {
      client.resetAndDestroy()
      return
    }
    proxy.connections += 1
    const { hostname, port } = new URL(target())
    const upstream = connect(Number(port), hostname)
    const cutBoth = () => {
      client.resetAndDestroy()
      upstream.resetAndDestroy()
    }
    for (const [from, to, direction] of [
      [client, upstream, 'up'],
      [upstream, client, 'down'],
    ] as const) {
      sockets.add(from)
      from.on('data', (chunk) => {
        proxy.bytes[direction] += chunk.length
        if (frozen.has(from) || to.destroyed) return
        const verdict = proxy.onChunk?.(direction) ?? 'pass'
        if (verdict === 'cut') cutBoth()
        else if (typeof verdict === 'object') {
          for (const socket of [client, upstream]) frozen.add(socket)
          // A reset overtakes what was sent before it: let that arrive.
          to.write(chunk.subarray(0, verdict.cutAfter), () => setTimeout(cutBoth, 5))
        } else if (!to.write(chunk)) {
          from.pause()
          to.once('drain', () => from.resume())
        }
      })
      from.on('error', () => to.destroy())
      from.on('close', () => {
        sockets.delete(from)
        to.destroy()
      })
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const proxy: TcpProxy = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    connections: 0,
    bytes: { up: 0, down: 0 },
    onChunk: null,
    cut() {
      for (const socket of sockets) socket.resetAndDestroy()
    },
    refuse() {
      refuses = true
    },
    accept() {
      refuses = false
    },
    get open() {
      return sockets.size / 2
    },
    freeze() {
      for (const socket of sockets) frozen.add(socket)
    },
    async close() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
  return proxy
}
