// The other end of the fan-out benchmarks, in a process of its own: publishes events at Redis, and holds thousands of subscribers as
// bare TCP sockets that count frames. A client library would take longer to read than the server to write.
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'

export interface Opening {
  /** Subscribers of one server. */
  group: string
  port: number
  /** The run that they follow: each server has one of its own, so that it has nothing to do while another one is measured. */
  runId: string
  count: number
  /** What each asks for, in turns; null: a server that asks for nothing. */
  operations: { authorization: string; query: string; variables: Record<string, unknown> }[] | null
}
export interface Load {
  group: string
  events: number
  /** Events that are published together; the next ones follow when the last subscriber has them. */
  together: number
}
export type Command =
  | { ask: 'start'; redis: number }
  | { ask: 'open'; opening: Opening }
  | { ask: 'load'; load: Load }
  | { ask: 'steady'; group: string; perSecond: number; seconds: number }
  | { ask: 'close'; group: string }

interface Group {
  runId: string
  /** Of the newest event. */
  sequence: number
  subscribers: Subscriber[]
}

let redis: Redis
const groups = new Map<string, Group>()
const channelOf = (runId: string): string => `dhuo:logEvents:${runId}`
/** For all sockets: nothing of it outlives the callback. */
const buffer = Buffer.allocUnsafe(2 ** 20)

const clientFrame = (message: unknown): Buffer => {
  const text = Buffer.from(JSON.stringify(message))
  const header =
    text.length < 126 ? Buffer.from([0x81, 0x80 | text.length]) : Buffer.from([0x81, 0xfe, text.length >> 8, text.length & 255])
  // A mask of zeros changes nothing.
  return Buffer.concat([header, Buffer.alloc(4), text])
}

const pong = Buffer.from([0x8a, 0x80, 0, 0, 0, 0])

class Subscriber {
  frames = 0
  socket: Socket
  onFrame: ((text: Buffer) => void) | null = null
  private rest = Buffer.alloc(0)
  /** Of a frame whose content is only counted. */
  private skip = 0
  private isOpen = false
  private opened = Promise.withResolvers<void>()

  constructor(port: number) {
    this.socket = connect({
      port,
      host: '127.0.0.1',
      onread: {
        buffer,
        callback: (count, bytes) => {
          this.read((bytes as Buffer).subarray(0, count))
          return true
        },
      },
    })
    this.socket.on('error', (error) => this.opened.reject(error))
    this.socket.write(
      'GET /graphql HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n',
    )
  }

  ready(): Promise<void> {
    return this.opened.promise
  }

  send(message: unknown): void {
    this.socket.write(clientFrame(message))
  }

  private read(bytes: Buffer): void {
    let data = bytes
    if (!this.isOpen) {
      const end = data.indexOf('\r\n\r\n')
      if (end < 0) return
      this.isOpen = true
      this.opened.resolve()
      data = data.subarray(end + 4)
    }
    if (this.skip > 0) {
      const skipped = Math.min(this.skip, data.length)
      this.skip -= skipped
      if (this.skip > 0) return
      this.frames++
      data = data.subarray(skipped)
    }
    if (this.rest.length > 0) {
      data = Buffer.concat([this.rest, data])
      this.rest = Buffer.alloc(0)
    }
    let at = 0
    while (data.length - at >= 2) {
      const short = data[at + 1]! & 127
      const header = short < 126 ? 2 : 4
      if (data.length - at < header) break
      const length = short < 126 ? short : data.readUInt16BE(at + 2)
      const isText = (data[at]! & 15) === 1
      if (data.length - at < header + length) {
        if (this.onFrame || !isText) break
        this.skip = header + length - (data.length - at)
        return
      }
      if (isText) {
        this.onFrame?.(data.subarray(at + header, at + header + length))
        this.frames++
      } else this.socket.write(pong)
      at += header + length
    }
    if (at < data.length) this.rest = Buffer.from(data.subarray(at))
  }
}

const until = async (what: () => boolean | Promise<boolean>, ms = 60_000): Promise<void> => {
  for (const end = Date.now() + ms; !(await what()); await sleep(1))
    if (Date.now() > end) throw new Error('it did not come to that')
}

async function open({ group: name, port, runId, count, operations }: Opening): Promise<void> {
  const group: Group = groups.get(name) ?? { runId, sequence: 0, subscribers: [] }
  groups.set(name, group)
  const subscribers: Subscriber[] = []
  for (let start = 0; start < count; start += 100) {
    const some = Array.from({ length: Math.min(100, count - start) }, () => new Subscriber(port))
    await Promise.all(some.map((subscriber) => subscriber.ready()))
    if (operations) {
      for (const [index, subscriber] of some.entries())
        subscriber.send({
          type: 'connection_init',
          payload: { authorization: operations[(start + index) % operations.length]!.authorization },
        })
      await until(() => some.every(({ frames }) => frames === 1))
      for (const [index, subscriber] of some.entries()) {
        const { query, variables } = operations[(start + index) % operations.length]!
        // As long as those that client libraries make.
        const id = `${String(start + index).padStart(8, '0')}-0000-4000-8000-000000000000`
        subscriber.send({ id, type: 'subscribe', payload: { query, variables } })
      }
    }
    subscribers.push(...some)
  }
  group.subscribers.push(...subscribers)
  // That a subscription is under way the protocol does not say; an event does.
  await until(async () => Number((await redis.pubsub('NUMSUB', channelOf(runId)))[1]) > 0)
  const before = operations ? 1 : 0
  for (let attempt = 0; subscribers.some(({ frames }) => frames <= before); attempt++) {
    if (attempt > 50) throw new Error('not everybody gets events')
    await publish(group, 1)
    await sleep(100 + count / 5)
  }
  await sleep(500)
}

const line = 'x'.repeat(80)
const eventOf = (group: Group, message: string) => ({
  ...{ pipelineRunId: group.runId, sequence: ++group.sequence, type: 'LOG', at: '2026-11-27T15:00:00.000Z', stepId: 'pls_1' },
  ...{ stepName: 'train', runStatus: null, stepStatus: null, progress: null, message, stream: 'STDOUT', number: group.sequence },
})
const publish = (group: Group, count: number, message = line) =>
  Promise.all(
    Array.from({ length: count }, () =>
      redis.publish(channelOf(group.runId), JSON.stringify({ events: [eventOf(group, message)] })),
    ),
  )

/** The last one to be written to reads at once, and the others when there is time: reading must not hold up the server. */
async function load({ group: name, events, together }: Load): Promise<{ seconds: number; deliveries: number }> {
  const group = groups.get(name)!
  const { subscribers } = group
  const witness = subscribers.at(-1)!
  const others = subscribers.slice(0, -1)
  for (const subscriber of subscribers) subscriber.frames = 0
  let milliseconds = 0
  let done = 0
  for (const { socket } of others) socket.pause()
  while (done < events) {
    // Who is paused answers no ping either, and servers close those who do not.
    const resumeAt = performance.now() + 2_000
    const round = Math.min(events - done, 100)
    let sent = 0
    for (; sent < round && performance.now() < resumeAt; sent += together) {
      const began = performance.now()
      const count = Math.min(together, round - sent)
      const wanted = witness.frames + count
      void publish(group, count)
      const arrived = Promise.withResolvers<void>()
      const look = () => (witness.frames >= wanted ? arrived.resolve() : setImmediate(look))
      look()
      await arrived.promise
      milliseconds += performance.now() - began
    }
    done += Math.min(sent, round)
    for (const { socket } of others) socket.resume()
    await until(() => others.every(({ frames }) => frames >= done)).catch(() => {
      const short = others.filter(({ frames }) => frames < done)
      const closed = short.filter(({ socket }) => socket.destroyed)
      throw new Error(`${short.length} of ${others.length} got less than ${done} events; ${closed.length} of them were closed`)
    })
    for (const { socket } of others) socket.pause()
  }
  for (const { socket } of others) socket.resume()
  await sleep(100)
  if (!subscribers.every(({ frames }) => frames === events)) throw new Error('some got more than was published')
  return { seconds: milliseconds / 1_000, deliveries: events * subscribers.length }
}

/** At a rate, everybody reading. @returns milliseconds from publishing to each receipt */
async function steady(name: string, perSecond: number, seconds: number): Promise<Float64Array> {
  const group = groups.get(name)!
  const { subscribers } = group
  const late: number[] = []
  const mark = Buffer.from('"message":"at ')
  for (const subscriber of subscribers)
    subscriber.onFrame = (text) => {
      const at = text.indexOf(mark)
      if (at >= 0)
        late.push(performance.now() - Number(text.toString('latin1', at + mark.length, text.indexOf(32, at + mark.length))))
    }
  const began = performance.now()
  for (let n = 0; n < perSecond * seconds; n++) {
    await sleep(Math.max(0, began + (n * 1_000) / perSecond - performance.now()))
    void publish(group, 1, `at ${performance.now()} ${line}`)
  }
  await until(() => late.length === perSecond * seconds * subscribers.length, 10_000)
  for (const subscriber of subscribers) subscriber.onFrame = null
  return new Float64Array(late).sort()
}

async function close(group: string): Promise<void> {
  const all = groups.get(group)?.subscribers ?? []
  groups.delete(group)
  await Promise.all(all.map(({ socket }) => (socket.destroyed ? null : once(socket.destroy(), 'close'))))
}

const answer = async (command: Command): Promise<unknown> => {
  switch (command.ask) {
    case 'start':
      redis = new Redis({ port: command.redis, host: '127.0.0.1' })
      return null
    case 'open':
      return open(command.opening)
    case 'load':
      return load(command.load)
    case 'steady': {
      const late = await steady(command.group, command.perSecond, command.seconds)
      const at = (p: number) => late[Math.min(late.length - 1, Math.floor((late.length * p) / 100))]
      return { p50: at(50), p99: at(99), max: late.at(-1), count: late.length }
    }
    case 'close':
      return close(command.group)
  }
}
process.on('message', (command: Command) =>
  answer(command).then(
    (value) => process.send!({ value }),
    (error: Error) => process.send!({ error: error.stack }),
  ),
)
process.on('disconnect', () => process.exit())
