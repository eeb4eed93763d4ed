import { setTimeout as sleep } from 'node:timers/promises'
import { isDhuoError } from '../errors.js'
import type { Logger } from '../logger.js'
import type { EventLogs, Events } from './topics.js'

/** An event of one of many logs. In each log `sequence` counts 1, 2, 3 … without gaps. */
export interface LogEvent {
  sequence: number
}

/** The truth: where events are written before they are published. */
export interface EventLog<Event extends LogEvent> {
  /** Events with a higher sequence than `after`, in order, at most `limit`. */
  read(logId: string, after: number, limit: number): Promise<Event[]>
  /** The sequence of the newest event of each log, a thousand at most. One statement. */
  heads(logIds: readonly string[]): Promise<ReadonlyMap<string, number>>
  /** Whether nothing comes after this event. */
  isLast(event: Event): boolean
}

interface EventStreamOptions {
  /** How often the log is asked for what was never announced: a server died between commit and publish, or Redis was down. */
  pollMs?: number
  /** Events of one log that are kept for subscribers near its head. */
  keep?: number
  /** From the first of several reads for which the catalog was away to the end of the stream. */
  patienceMs?: number
}

const pageSize = 500
/** Databases bound what one statement may name. */
const headsAtOnce = 1_000
const retryMs = 100

const isUnavailable = (error: unknown): boolean => isDhuoError(error) && error.code === 'BACKEND_UNAVAILABLE'

/**
 * Streams that lose nothing, over messages that may be lost: a message only says that there is something to read.
 *
 * All subscribers of a log share one feed: one subscription to its messages, and its newest events. A subscriber is a cursor
 * into the log and holds no events of its own, so that one who is slow costs nothing and misses nothing.
 */
export class EventStreams<Event extends LogEvent> implements EventLogs<Event> {
  readonly #feeds = new Map<string, Feed<Event>>()
  readonly #unheard: string[] = []
  readonly #turns = new Turns()
  readonly #keep: number
  readonly #patienceMs: number
  readonly #closing = new AbortController()

  constructor(
    private readonly events: Events,
    private readonly log: EventLog<Event>,
    private readonly logger: Logger,
    { pollMs = 2_000, keep = 2_000, patienceMs = 30_000 }: EventStreamOptions = {},
  ) {
    this.#keep = keep
    this.#patienceMs = patienceMs
    void this.#poll(pollMs)
  }

  /**
   * Every event with a higher sequence than `after`, first those that are past, then each as it happens; over after the last
   * event of the log, when the signal aborts, or when the consumer stops, also while an event is awaited. A log that does not
   * exist is one without events. While the catalog is away it gives nothing, and goes on afterwards.
   * @throws BACKEND_UNAVAILABLE the catalog was away for too long; what else it says, at once
   */
  watch(logId: string, after: number, signal: AbortSignal): AsyncIterableIterator<Event> {
    // Not AbortSignal.any: what outlives the streams would collect them.
    const stop = new AbortController()
    const end = (): void => stop.abort()
    for (const source of [signal, this.#closing.signal]) {
      if (source.aborted) end()
      else source.addEventListener('abort', end, { signal: stop.signal })
    }
    const events = this.#watch(logId, after, stop)
    return {
      next: () => events.next(),
      return: () => {
        // A generator that awaits something takes no notice of `return` until that has come.
        end()
        return events.return(undefined)
      },
      [Symbol.asyncIterator]() {
        return this
      },
    }
  }

  async *#watch(logId: string, after: number, stopping: AbortController): AsyncGenerator<Event, undefined> {
    const stop = stopping.signal
    const feed = this.#enter(logId)
    let wake = (): void => {}
    // Once, not for each event: that costs more than the rest.
    stop.addEventListener('abort', () => wake())
    try {
      let cursor = after
      // The log is read once in any case, and then when its head is known to be further than what the feed holds.
      let mustRead = true
      while (!stop.aborted) {
        let ready: readonly Event[] | null = feed.after(cursor)
        if (ready === null && (mustRead || feed.head > cursor)) {
          ready = await this.#read(logId, cursor, stop)
          mustRead = ready.length === pageSize
          // The head was announced, but the catalog does not show it yet: look again, but not at once.
          if (ready.length === 0 && feed.head > cursor) await sleep(50, undefined, { signal: stop }).catch(() => {})
        }
        for (const event of ready ?? []) {
          if (!this.#turns.mayGoOn) await this.#turns.next()
          if (stop.aborted) return
          cursor = event.sequence
          yield event
          if (this.log.isLast(event)) return
        }
        if (ready?.length || mustRead || stop.aborted) continue
        await new Promise<void>((resolve) => {
          wake = resolve
          feed.whenBeyond(cursor, resolve)
        })
      }
    } finally {
      feed.forget(wake)
      this.#leave(feed)
      stopping.abort()
    }
  }

  async close(): Promise<void> {
    this.#closing.abort()
  }

  /** Again and again while the catalog is away: those who follow stay where they are, instead of all coming back at once. */
  async #read(logId: string, after: number, stop: AbortSignal): Promise<Event[]> {
    const began = performance.now()
    for (let attempt = 1; ; attempt++)
      try {
        return await this.log.read(logId, after, pageSize)
      } catch (error) {
        if (stop.aborted) return []
        if (!isUnavailable(error) || performance.now() - began >= this.#patienceMs) throw error
        await sleep(retryMs * Math.min(attempt, 10) * (1 + Math.random()), undefined, { signal: stop }).catch(() => {})
      }
  }

  #enter(logId: string): Feed<Event> {
    let feed = this.#feeds.get(logId)
    if (!feed) {
      feed = new Feed(logId, this.#keep)
      this.#feeds.set(logId, feed)
      void this.#listen(feed)
    }
    feed.subscribers++
    return feed
  }

  #leave(feed: Feed<Event>): void {
    if (--feed.subscribers > 0) return
    this.#feeds.delete(feed.logId)
    feed.end.abort()
  }

  async #listen(feed: Feed<Event>): Promise<void> {
    const { signal } = feed.end
    while (!signal.aborted) {
      try {
        const messages = await this.events.subscribe('logEvents', feed.logId, signal)
        // Nothing falls between reading and listening: what was written before it listened, whoever has read too early is told of.
        this.#lookSoon(feed)
        for await (const { events } of messages) feed.add(events as never)
        return
      } catch (error) {
        // What is missed until it listens again, the poll finds.
        if (!isUnavailable(error)) this.logger.warn({ err: error, log: feed.logId }, 'messages were missed')
        await sleep(retryMs * (1 + Math.random()), undefined, { signal }).catch(() => {})
      }
    }
  }

  /** All that ask in one turn of the loop are asked for together: after Redis was away, every feed there is. */
  #lookSoon(feed: Feed<Event>): void {
    if (this.#unheard.push(feed.logId) > 1) return
    setImmediate(() => this.#look(this.#unheard.splice(0).filter((logId) => this.#feeds.has(logId))))
  }

  async #poll(everyMs: number): Promise<void> {
    const { signal } = this.#closing
    while (!signal.aborted) {
      await sleep(everyMs, undefined, { signal, ref: false }).catch(() => {})
      if (!signal.aborted) await this.#look([...this.#feeds.keys()])
    }
  }

  async #look(logIds: readonly string[]): Promise<void> {
    try {
      for (let start = 0; start < logIds.length; start += headsAtOnce)
        for (const [logId, head] of await this.log.heads(logIds.slice(start, start + headsAtOnce)))
          this.#feeds.get(logId)?.raise(head)
    } catch (error) {
      this.logger.warn({ err: error }, 'the heads of event logs could not be read')
    }
  }
}

/** How long the streams hold the event loop before others have a turn. */
const turnMs = 5

/**
 * Nothing between two events waits for the event loop as long as a socket takes its bytes at once: a log of thousands of events
 * would hold it until its end. All streams share one span of time in each turn of the loop, and take it one after the other.
 */
class Turns {
  readonly #waiting: (() => void)[] = []
  #isTurn = false
  #endsAt = 0

  get mayGoOn(): boolean {
    if (!this.#isTurn) this.#begin()
    return performance.now() < this.#endsAt
  }

  next(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  #begin(): void {
    this.#isTurn = true
    this.#endsAt = performance.now() + turnMs
    setImmediate(() => {
      this.#isTurn = false
      if (this.#waiting.length === 0) return
      this.#begin()
      this.#waiting.shift()!()
    })
  }
}

/** What all subscribers of one log share. */
class Feed<Event extends LogEvent> {
  subscribers = 0
  /** The highest sequence that is known. */
  head = 0
  readonly end = new AbortController()
  /** The newest events, without a gap. */
  #newest: Event[] = []
  readonly #waiting = new Set<() => void>()

  constructor(
    readonly logId: string,
    private readonly keep: number,
  ) {}

  add(events: readonly Event[]): void {
    for (const event of events) {
      const next = (this.#newest.at(-1)?.sequence ?? event.sequence - 1) + 1
      if (event.sequence < next) continue
      // A message was lost: whoever needs what it held reads the log.
      if (event.sequence > next) this.#newest = []
      this.#newest.push(event)
    }
    if (this.#newest.length > 2 * this.keep) this.#newest = this.#newest.slice(-this.keep)
    this.raise(this.#newest.at(-1)?.sequence ?? 0)
  }

  /** The events after `cursor` when they are here without a gap; null when the log has to be read. */
  after(cursor: number): readonly Event[] | null {
    const first = this.#newest[0]
    if (!first || first.sequence > cursor + 1 || this.#newest.at(-1)!.sequence <= cursor) return null
    return this.#newest.slice(cursor + 1 - first.sequence)
  }

  raise(head: number): void {
    if (head <= this.head) return
    this.head = head
    for (const wake of this.#waiting) wake()
    this.#waiting.clear()
  }

  /** Calls once, as soon as there is something after `cursor`. */
  whenBeyond(cursor: number, wake: () => void): void {
    if (this.head > cursor) wake()
    else this.#waiting.add(wake)
  }

  forget(wake: () => void): void {
    this.#waiting.delete(wake)
  }
}
