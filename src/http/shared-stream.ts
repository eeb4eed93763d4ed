import { type FrameBatch, fillIn, frameBatch } from './frame-batch.js'
import type { SocketConnection } from './socket-connection.js'

/** One operation of one socket that follows a stream. */
export interface Subscriber {
  /** Of the operation, in JSON. */
  readonly id: string
  readonly connection: SocketConnection
  /** Which one it follows now. */
  stream: SharedStream | null
  /** Everything was written. @param failure what broke the stream; null: it is over */
  end(failure: { error: unknown } | null): void
}

interface SharedStreamOptions {
  source: AsyncIterableIterator<unknown>
  /** The answer to one event, in JSON. */
  payloadOf(event: unknown): Buffer | Promise<Buffer>
  /** Where the stream stands after an event; null: it has no places, and whoever follows it follows it from now on. */
  placeOf: ((event: unknown) => number) | null
  /** Before the first event. */
  place: number
  /** Streams of the same answers for the same viewer, by where they stand. */
  siblings: Map<number, SharedStream>
  /** It is too slow for the others: it has got everything up to that place, and goes on behind it by itself. */
  leaveBehind(subscriber: Subscriber, place: number): void
  /** Called once nobody follows it any more. */
  release(): void
}

/** What waits for the end of the turn is written before it is more than that. */
const batchBytes = 256 * 2 ** 10

/**
 * A stream of answers for all sockets that are at the same place in it: executed once, serialised once, written to each. One that
 * is further back has a stream of its own; when that has come to the same place, the two are one.
 */
export class SharedStream {
  /** By the length of their ids: those of one length get the same bytes but for the id. */
  private readonly subscribers = new Map<number, Set<Subscriber>>()
  private count = 0
  private pending: Buffer[] = []
  private pendingBytes = 0
  private place: number
  private isOver = false
  private isSomebodySlow = false
  private wake = (): void => {}

  constructor(private readonly options: SharedStreamOptions) {
    this.place = options.place
    options.siblings.set(this.place, this)
  }

  /** Once there is somebody who follows it. */
  async run(): Promise<void> {
    let failure: { error: unknown } | null = null
    try {
      for await (const event of this.options.source) {
        if (this.isOver) return
        const payload = this.options.payloadOf(event)
        const bytes = Buffer.isBuffer(payload) ? payload : await payload
        if (this.isOver) return
        this.put(bytes)
        if (this.hasMet(event)) return
        while (!this.hasRoom()) await this.room()
      }
    } catch (error) {
      failure = { error }
    }
    if (this.isOver) return
    this.close()
    for (const subscriber of [...this.everyone()]) subscriber.end(failure)
  }

  /** From its place on. */
  add(subscriber: Subscriber): void {
    // What waits to be written is not meant for them.
    this.flush()
    const length = Buffer.byteLength(subscriber.id)
    const alike = this.subscribers.get(length)
    if (alike) alike.add(subscriber)
    else this.subscribers.set(length, new Set([subscriber]))
    this.count++
    subscriber.stream = this
    this.wake()
  }

  remove(subscriber: Subscriber): void {
    if (!this.subscribers.get(Buffer.byteLength(subscriber.id))?.delete(subscriber)) return
    subscriber.stream = null
    if (--this.count > 0 || this.isOver) return
    this.close()
    this.wake()
    // It may wait for an event that does not come.
    this.options.source.return?.()?.catch(() => {})
  }

  /** Writes what this turn of the event loop has brought, in one piece for each socket. */
  flush(): void {
    if (this.pending.length === 0) return
    const payloads = this.pending
    this.pending = []
    this.pendingBytes = 0
    for (const [length, alike] of this.subscribers) {
      if (alike.size === 0) continue
      let batch = frameBatch(payloads, length)
      for (const { id, connection } of alike) {
        if (!connection.isOpen) continue
        fillIn(batch, id)
        if (connection.write(batch.bytes)) continue
        batch = copyOf(batch)
        if (connection.isBehind) this.isSomebodySlow = true
      }
    }
  }

  /** Call it between two events. Who is alone is never too slow: the stream waits for them. */
  dropSlow(): void {
    if (!this.isSomebodySlow) return
    this.isSomebodySlow = false
    for (const subscriber of [...this.everyone()]) {
      if (!subscriber.connection.isBehind) continue
      if (this.options.placeOf === null) subscriber.connection.cutOff()
      else if (this.count > 1) {
        this.remove(subscriber)
        this.options.leaveBehind(subscriber, this.place)
      }
    }
  }

  private put(payload: Buffer): void {
    if (this.pending.push(payload) === 1) flushSoon(this)
    this.pendingBytes += payload.length
    if (this.pendingBytes >= batchBytes) this.flush()
  }

  /** Goes on to where it stands after the event. @returns whether another stream stands there, which goes on for both */
  private hasMet(event: unknown): boolean {
    const { placeOf, siblings } = this.options
    if (placeOf === null) return false
    this.leavePlace()
    this.place = placeOf(event)
    const other = siblings.get(this.place)
    if (!other) {
      siblings.set(this.place, this)
      return false
    }
    this.close()
    for (const subscriber of this.everyone()) other.add(subscriber)
    return true
  }

  private close(): void {
    this.flush()
    this.isOver = true
    this.leavePlace()
    this.options.release()
  }

  private leavePlace(): void {
    if (this.options.siblings.get(this.place) === this) this.options.siblings.delete(this.place)
  }

  /** It goes at the pace of the fastest: nobody is held up by somebody else, and who reads alone reads at leisure. */
  private hasRoom(): boolean {
    for (const { connection } of this.everyone()) if (connection.hasRoom) return true
    return this.isOver
  }

  /** Resolves when somebody has room, has come or has left. */
  private room(): Promise<void> {
    this.flush()
    return new Promise((resolve) => {
      this.wake = resolve
      for (const { connection } of this.everyone()) connection.room().then(resolve)
    })
  }

  private *everyone(): Generator<Subscriber> {
    for (const alike of this.subscribers.values()) yield* alike
  }
}

const copyOf = ({ bytes, idOffsets }: FrameBatch): FrameBatch => ({ bytes: Buffer.from(bytes), idOffsets })

/** Those with something to write in this turn of the loop. */
let waiting: SharedStream[] = []

function flushSoon(stream: SharedStream): void {
  if (waiting.push(stream) > 1) return
  setImmediate(() => {
    const streams = waiting
    waiting = []
    for (const each of streams) {
      each.flush()
      each.dropSlow()
    }
  })
}
