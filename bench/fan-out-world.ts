// What the fan-out benchmarks share: servers in processes of their own on one core, and their subscribers on another.
import { type ChildProcess, fork, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { newId } from '../src/datasources/catalog/node-id.js'
import { type RedisServer, startRedisServer } from '../test/redis-server.js'
import type { Question } from './fan-out-control.js'
import type { Command, Opening } from './fan-out-load.js'

/** The product; `ws` alone; Apollo Server and graphql-ws with an execution for each subscriber. */
export type Kind = 'product' | 'broadcast' | 'naive'

export interface Measured {
  /** Deliveries for each second. */
  rate: number
  /** Microseconds of the server's processor for each delivery. */
  cost: number
}

const properties = 'sequence type at stepName runStatus stepStatus progress message stream number'
const queryFor = (fields: string) =>
  `subscription ($id: ID!, $after: Int) { pipelineEvents(pipelineRun: $id, after: $after) { ${fields} } }`
/** Of the same length as the messages of the others. */
const constant = JSON.stringify({
  id: '00000000-0000-4000-8000-000000000000',
  type: 'next',
  payload: {
    data: {
      pipelineEvents: {
        ...{ sequence: 1000, type: 'LOG', at: '2026-11-27T15:00:00.000Z', stepName: 'train', runStatus: null, stepStatus: null },
        ...{ progress: null, message: 'x'.repeat(80), stream: 'STDOUT', number: 1000 },
      },
    },
  },
})

/** A child process on a processor of its own, where that can be had. */
class Child<Message extends object> {
  private readonly process: ChildProcess

  constructor(file: string, core: number, args: readonly string[] = [], env: Record<string, string> = {}) {
    this.process = fork(join(import.meta.dirname, file), args, {
      stdio: ['ignore', 2, 2, 'ipc'],
      env: { ...process.env, ...env },
    })
    if (availableParallelism() > 1)
      spawnSync('taskset', ['-a', '-p', '-c', String(core), String(this.process.pid)], { stdio: 'ignore' })
  }

  // biome-ignore lint/suspicious/noExplicitAny: one shape for each question
  ask(message: Message): Promise<any> {
    this.process.send(message)
    return this.answer()
  }

  // biome-ignore lint/suspicious/noExplicitAny: as above
  async answer(): Promise<any> {
    const [{ value, error }] = (await once(this.process, 'message')) as [{ value?: unknown; error?: string }]
    if (error) throw new Error(error)
    return value
  }

  async end(): Promise<void> {
    const gone = once(this.process, 'exit')
    this.process.kill()
    await gone
  }
}

export class FanOutWorld {
  readonly redis: RedisServer
  readonly load: Child<Command>

  private constructor(redis: RedisServer) {
    this.redis = redis
    this.load = new Child('fan-out-load.ts', 1)
  }

  static async open(): Promise<FanOutWorld> {
    const world = new FanOutWorld(await startRedisServer())
    await world.load.ask({ ask: 'start', redis: world.redis.port })
    return world
  }

  async close(): Promise<void> {
    await this.load.end()
    await this.redis.stop()
  }
}

export class FanOutServer {
  readonly kind: Kind
  private readonly world: FanOutWorld
  private readonly child: Child<Question>
  private readonly runId: string
  private readonly home: string
  private port = 0
  private count = 0

  private constructor(world: FanOutWorld, kind: Kind, home: string, env: Record<string, string>) {
    this.world = world
    this.kind = kind
    this.home = home
    this.runId = newId('pipelineRun')
    const channel = `dhuo:logEvents:${this.runId}`
    const more = { product: [this.runId, home], broadcast: [channel, constant], naive: [channel] }[kind]
    this.child = new Child(`fan-out-${kind}.ts`, 0, [String(world.redis.port), ...more], env)
  }

  /** @param env variables of its process */
  static async start(world: FanOutWorld, kind: Kind, env: Record<string, string> = {}): Promise<FanOutServer> {
    const server = new FanOutServer(world, kind, await mkdtemp(join(tmpdir(), 'dhuo-bench-')), env)
    server.port = await server.child.answer()
    return server
  }

  /** @param options how many different viewers there are, and what they ask for */
  async subscribe(count: number, { viewers = 1, fields = properties } = {}): Promise<this> {
    this.count = count
    let operations: Opening['operations'] = null
    if (this.kind !== 'broadcast') {
      const keys: string[] = this.kind === 'product' ? await this.child.ask({ ask: 'keys', count: viewers }) : ['x']
      operations = keys.map((key) => ({
        authorization: `Bearer ${key}`,
        query: queryFor(fields),
        variables: { id: this.runId, after: 0 },
      }))
    }
    const opening = { group: this.kind, port: this.port, runId: this.runId, count, operations }
    await this.world.load.ask({ ask: 'open', opening })
    return this
  }

  async unsubscribe(): Promise<void> {
    await this.world.load.ask({ ask: 'close', group: this.kind })
    // The server has to notice.
    await sleep(500)
  }

  /** @param together events that are published at once; the next ones follow when the last subscriber has them */
  async measure(deliveries: number, together: number): Promise<Measured> {
    const events = Math.max(together, Math.round(deliveries / this.count / together) * together)
    const before = await this.child.ask({ ask: 'cpu' })
    const done = await this.world.load.ask({ ask: 'load', load: { group: this.kind, events, together } })
    const after = await this.child.ask({ ask: 'cpu' })
    return { rate: done.deliveries / done.seconds, cost: ((after - before) * 1e6) / done.deliveries }
  }

  /** @returns milliseconds from publishing to receipt */
  steady(perSecond: number, seconds: number): Promise<{ p50: number; p99: number; count: number }> {
    return this.world.load.ask({ ask: 'steady', group: this.kind, perSecond, seconds })
  }

  /** Bytes of resident memory, without what waits to be collected. */
  memory(): Promise<number> {
    return this.child.ask({ ask: 'memory' })
  }

  async end(): Promise<void> {
    await this.unsubscribe()
    await this.child.end()
    await rm(this.home, { recursive: true, force: true })
  }
}
