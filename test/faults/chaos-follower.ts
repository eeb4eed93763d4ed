import WebSocket from 'ws'
import type { TcpProxy } from '../codegen/tcp-proxy.js'
import { eventFields, type SeenEvent } from '../graphql/pipeline-seed.js'

interface FollowerOptions {
  runId: string
  token: string
  /** One is chosen anew for each connection. */
  proxies: readonly Pick<TcpProxy, 'url'>[]
  random: () => number
  /** Now and then it reads nothing for up to so long. */
  pausesMs: number
}

const isLast = ({ type, runStatus }: SeenEvent) => type === 'RUN_STATUS' && /SUCCEEDED|FAILED|CANCELED/.test(runStatus!)
const query = `subscription ($id: ID!, $after: Int) { pipelineEvents(pipelineRun: $id, after: $after) { ${eventFields} } }`

/** A client as it should be: whatever ends its connection, it comes back and says what it has seen last. */
export class ChaosFollower {
  readonly events: SeenEvent[] = []
  readonly errors: string[] = []
  connections = 0
  /** With which code each connection ended. */
  readonly closes: number[] = []
  #socket: WebSocket | null = null
  #isOver = false
  readonly ended: Promise<void>

  get runId(): string {
    return this.options.runId
  }

  constructor(private readonly options: FollowerOptions) {
    this.ended = this.#follow()
  }

  /** Gives up, wherever it is. */
  stop(): void {
    this.#isOver = true
    this.#socket?.terminate()
  }

  async #follow(): Promise<void> {
    while (!this.#isOver) {
      await this.#connect()
      if (!this.#isOver) await new Promise((resolve) => setTimeout(resolve, 20 + this.options.random() * 200))
    }
  }

  /** Resolves when the connection is gone. */
  #connect(): Promise<void> {
    const { runId, token, proxies, random, pausesMs } = this.options
    const proxy = proxies[Math.floor(random() * proxies.length)]!
    const socket = new WebSocket(`${proxy.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws', {
      handshakeTimeout: 5_000,
    })
    this.#socket = socket
    this.connections++
    const send = (message: unknown) => socket.send(JSON.stringify(message))
    socket.on('open', () => send({ type: 'connection_init', payload: { authorization: `Bearer ${token}` } }))
    socket.on('message', (data) => {
      const message = JSON.parse(String(data))
      if (message.type === 'connection_ack')
        send({
          id: '1',
          type: 'subscribe',
          payload: { query, variables: { id: runId, after: this.events.at(-1)?.sequence ?? 0 } },
        })
      else if (message.type === 'ping') send({ type: 'pong' })
      else if (message.type === 'next' && message.payload.data) this.events.push(message.payload.data.pipelineEvents)
      else if (message.type === 'complete' && this.events.length > 0 && isLast(this.events.at(-1)!)) this.stop()
      else socket.close()
      const failed = message.type === 'error' ? message.payload : message.payload?.errors
      // What says that a backend is away invites to come back.
      for (const { message: text, extensions } of failed ?? [])
        if (extensions?.code !== 'BACKEND_UNAVAILABLE') this.errors.push(text)
      if (pausesMs > 0 && random() < 0.03) {
        socket.pause()
        setTimeout(() => socket.resume(), random() * pausesMs).unref()
      }
    })
    return new Promise((resolve) => {
      socket.on('error', () => {})
      socket.on('close', (code) => {
        this.closes.push(code)
        resolve()
      })
    })
  }
}
