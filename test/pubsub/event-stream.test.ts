import { setTimeout as sleep } from 'node:timers/promises'
import { DhuoError } from '../../src/errors.js'
import { createLogger } from '../../src/logger.js'
import { type EventLog, EventStreams, type LogEvent } from '../../src/pubsub/event-stream.js'
import { MemoryEvents } from '../../src/pubsub/memory-events.js'
import type { Messages, Topic } from '../../src/pubsub/topics.js'
import { eventually } from '../eventually.js'

interface Event extends LogEvent {
  isLast: boolean
}

/** Logs in memory, and messages that get lost, come twice or late as the test wants. */
class World {
  readonly logs = new Map<string, Event[]>()
  readonly messages = new MemoryEvents()
  reads = 0
  polls = 0
  fails = false
  isAway = false
  readonly streams: EventStreams<Event>

  constructor(options: { pollMs?: number; keep?: number; patienceMs?: number } = { pollMs: 20 }) {
    const log: EventLog<Event> = {
      read: async (id, after, limit) => {
        this.reads++
        if (this.fails) throw new Error('the catalog is broken')
        if (this.isAway) throw new DhuoError('BACKEND_UNAVAILABLE', 'The catalog is away.')
        await sleep(Math.random() * 2)
        return (this.logs.get(id) ?? []).filter(({ sequence }) => sequence > after).slice(0, limit)
      },
      heads: async (ids) => {
        this.polls++
        if (this.fails || this.isAway) throw new Error('the catalog is down')
        return new Map(ids.flatMap((id) => (this.logs.has(id) ? [[id, this.logs.get(id)!.length] as const] : [])))
      },
      isLast: ({ isLast }) => isLast,
    }
    this.streams = new EventStreams(this.messages, log, createLogger('silent'), options)
  }

  /** Writes events and hands back what announces them. */
  write(count: number, { last = false, id = 'log' } = {}): () => void {
    const log = this.logs.get(id) ?? []
    this.logs.set(id, log)
    const events = Array.from({ length: count }, (_, i) => ({ sequence: log.length + i + 1, isLast: last && i === count - 1 }))
    log.push(...events)
    return () => this.messages.publish('logEvents', id, { events })
  }

  /** Sequences, as they come. */
  watch(after = 0, { id = 'log', signal = new AbortController().signal } = {}) {
    const seen: number[] = []
    const done = (async () => {
      for await (const { sequence } of this.streams.watch(id, after, signal)) seen.push(sequence)
    })()
    return { seen, done }
  }

  close(): Promise<void> {
    return this.streams.close()
  }
}

const upTo = (n: number, from = 1): number[] => Array.from({ length: n - from + 1 }, (_, i) => from + i)

describe('the stream of a log', () => {
  let world: World
  beforeEach(() => {
    world = new World()
  })
  afterEach(() => world.close())

  test('gives what is past and what comes, and is over after the last event', async () => {
    world.write(3)
    const { seen, done } = world.watch()
    await eventually(() => seen.length === 3)
    world.write(2)()
    await eventually(() => seen.length === 5)
    world.write(2, { last: true })()
    await done
    expect(seen).toEqual(upTo(7))
  })

  test('begins behind the cursor, also one in the middle of a page or ahead of the log', async () => {
    world.write(1_203)
    const [all, late, ahead] = [world.watch(), world.watch(700), world.watch(1_205)]
    await eventually(() => all.seen.length === 1_203)
    world.write(3)()
    world.write(1, { last: true })()
    await Promise.all([all.done, late.done, ahead.done])
    expect(all.seen).toEqual(upTo(1_207))
    expect(late.seen).toEqual(upTo(1_207, 701))
    expect(ahead.seen).toEqual([1_206, 1_207])
  })

  test('is over at once for a log that is over', async () => {
    world.write(5, { last: true })
    const { seen, done } = world.watch(3)
    await done
    expect(seen).toEqual([4, 5])
  })

  test('finds what was never announced', async () => {
    const { seen, done } = world.watch()
    await sleep(5)
    world.write(4)
    await eventually(() => seen.length === 4)
    world.write(1, { last: true })
    await done
    expect(seen).toEqual(upTo(5))
  })

  test('fills gaps, drops what comes twice, and puts in order what comes late', async () => {
    world = new World({ pollMs: 60_000 })
    const { seen, done } = world.watch()
    await eventually(() => world.reads > 0)
    const batches = Array.from({ length: 10 }, (_, i) => world.write(3, { last: i === 9 }))
    for (const i of [1, 0, 0, 4, 7, 3, 7, 9]) {
      batches[i]!()
      await sleep(3)
    }
    await done
    expect(seen).toEqual(upTo(30))
  })

  test('loses nothing and gives nothing twice while messages are lost, doubled and swapped at random, to many readers', async () => {
    world = new World({ pollMs: 5, keep: 20 })
    const readers = Array.from({ length: 8 }, (_, i) => world.watch(i * 10))
    const waiting: (() => void)[] = []
    for (let i = 0; i < 300; i++) {
      const announce = world.write(1 + Math.floor(Math.random() * 4), { last: i === 299 })
      if (Math.random() < 0.7) waiting.push(announce)
      if (Math.random() < 0.1) waiting.push(announce)
      if (Math.random() < 0.3) waiting.reverse()
      while (waiting.length > 3) waiting.shift()!()
      if (Math.random() < 0.2) await sleep(1)
      if (i % 60 === 0) readers.push(world.watch(Math.floor(Math.random() * world.logs.get('log')!.length)))
    }
    await Promise.all(readers.map(({ done }) => done))
    const length = world.logs.get('log')!.length
    for (const [i, { seen }] of readers.entries()) {
      const first = i < 8 ? i * 10 + 1 : seen[0]!
      expect(seen).toEqual(upTo(length, first))
    }
  })

  test('holds nothing for a slow reader, who still gets everything', async () => {
    world = new World({ pollMs: 60_000, keep: 10 })
    const slow = world.streams.watch('log', 0, new AbortController().signal)
    const first = slow.next()
    const fast = world.watch()
    for (let i = 0; i < 100; i++) {
      world.write(10, { last: i === 99 })()
      await sleep(1)
    }
    await fast.done
    expect(fast.seen).toEqual(upTo(1_000))
    const seen = [(await first).value.sequence]
    for await (const { sequence } of { [Symbol.asyncIterator]: () => slow }) seen.push(sequence)
    expect(seen).toEqual(upTo(1_000))
  })

  test('reads the log once for a reader near its head, and not at all for each event', async () => {
    world = new World({ pollMs: 60_000 })
    const readers = Array.from({ length: 20 }, () => world.watch())
    await eventually(() => world.reads === 20)
    await sleep(10)
    for (let i = 0; i < 50; i++) {
      world.write(1, { last: i === 49 })()
      await sleep(1)
    }
    await Promise.all(readers.map(({ done }) => done))
    expect(world.reads).toBe(20)
    for (const { seen } of readers) expect(seen).toEqual(upTo(50))
  })

  test('has one subscription for all its readers, and none when the last has left', async () => {
    const subscribed: string[] = []
    const subscribe = world.messages.subscribe.bind(world.messages)
    world.messages.subscribe = async <T extends Topic>(
      topic: T,
      id: string,
      signal: AbortSignal,
    ): Promise<AsyncIterableIterator<Messages[T], undefined>> => {
      subscribed.push(id)
      signal.addEventListener('abort', () => subscribed.splice(subscribed.indexOf(id), 1))
      return subscribe(topic, id, signal)
    }
    const stop = new AbortController()
    const readers = [1, 2, 3].map(() => world.watch(0, { signal: stop.signal }))
    const other = world.watch(0, { id: 'other', signal: stop.signal })
    await eventually(() => subscribed.length === 2)
    expect(subscribed.toSorted()).toEqual(['log', 'other'])
    stop.abort()
    await Promise.all([...readers, other].map(({ done }) => done))
    expect(subscribed).toEqual([])
    const polls = world.polls
    await sleep(60)
    expect(world.polls).toBe(polls)
  })

  test('ends when its reader stops while it waits for an event', async () => {
    const stream = world.streams.watch('log', 0, new AbortController().signal)
    const waiting = stream.next()
    await sleep(5)
    expect(await stream.return!()).toEqual({ done: true, value: undefined })
    expect(await waiting).toEqual({ done: true, value: undefined })
    expect(await stream.next()).toEqual({ done: true, value: undefined })
  })

  test('ends at once for a signal that has aborted, and when all streams are closed', async () => {
    world.write(3)
    const never = world.watch(0, { signal: AbortSignal.abort() })
    await never.done
    expect(never.seen).toEqual([])
    const open = world.watch()
    await eventually(() => open.seen.length === 3)
    await world.close()
    await open.done
    const late = world.watch()
    await late.done
    expect(late.seen).toEqual([])
  })

  test('fails with the log, and begins anew behind what was seen', async () => {
    world.write(2)
    world.fails = true
    const { done } = world.watch()
    await expect(done).rejects.toThrow('the catalog is broken')
    await sleep(50)
    world.fails = false
    const { seen, done: again } = world.watch(1)
    world.write(1, { last: true })
    await again
    expect(seen).toEqual([2, 3])
  })

  test('waits for a catalog that is away, gives nothing meanwhile, and then all of it', async () => {
    world.isAway = true
    world.write(3)
    const [one, two] = [world.watch(), world.watch(1)]
    await sleep(300)
    world.write(2)
    expect([...one.seen, ...two.seen]).toEqual([])
    world.isAway = false
    world.write(1, { last: true })
    await Promise.all([one.done, two.done])
    expect([one.seen, two.seen]).toEqual([upTo(6), upTo(6, 2)])
  })

  test('does not wait for ever, and not for one who leaves', async () => {
    world = new World({ pollMs: 20, patienceMs: 300 })
    world.isAway = true
    const leaving = new AbortController()
    const [stays, leaves] = [world.watch(), world.watch(0, { signal: leaving.signal })]
    await sleep(150)
    leaving.abort()
    await leaves.done
    await expect(stays.done).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' })
  })

  /** Puts `instead` in the place of the first subscriptions, until it hands back null. */
  const disturb = (
    instead: (attempt: number, subscribe: () => Promise<AsyncIterator<unknown>>) => Promise<unknown> | null,
  ): void => {
    const subscribe = world.messages.subscribe.bind(world.messages)
    let attempts = 0
    world.messages.subscribe = ((topic: 'logEvents', id: string, signal: AbortSignal) => {
      const really = () => subscribe(topic, id, signal)
      return instead(attempts++, really) ?? really()
    }) as typeof world.messages.subscribe
  }

  test('misses nothing that is written after it was read and before its messages are listened to', async () => {
    world = new World({ pollMs: 60_000 })
    const acknowledged = Promise.withResolvers<void>()
    disturb((attempt, subscribe) => (attempt > 0 ? null : acknowledged.promise.then(subscribe)))
    world.write(2)
    const { seen, done } = world.watch()
    // The past does not wait for the messages.
    await eventually(() => seen.length === 2)
    world.write(2)()
    await sleep(20)
    expect(seen).toEqual([1, 2])
    acknowledged.resolve()
    await eventually(() => seen.length === 4)
    world.write(1, { last: true })()
    await done
    expect(seen).toEqual(upTo(5))
  })

  test('reads at once what was announced while its messages had broken off, all logs in one look', async () => {
    world = new World({ pollMs: 60_000 })
    const broken = Promise.withResolvers<void>()
    const back = Promise.withResolvers<void>()
    const unavailable = new DhuoError('BACKEND_UNAVAILABLE', 'Redis is gone')
    disturb((attempt, subscribe) => {
      if (attempt >= 20) return null
      if (attempt >= 10) return back.promise.then(subscribe)
      return Promise.resolve({
        [Symbol.asyncIterator]: () => ({ next: () => broken.promise.then(() => Promise.reject(unavailable)) }),
      })
    })
    const ids = Array.from({ length: 10 }, (_, i) => `log-${i}`)
    const readers = ids.map((id) => world.watch(0, { id }))
    await eventually(() => world.polls === 1)
    broken.resolve()
    for (const id of ids) world.write(2, { id })()
    await sleep(300)
    expect(readers.map(({ seen }) => seen.length)).toEqual(ids.map(() => 0))
    back.resolve()
    await eventually(() => readers.every(({ seen }) => seen.length === 2))
    expect(world.polls).toBe(2)
    for (const id of ids) world.write(1, { id, last: true })()
    await Promise.all(readers.map(({ done }) => done))
  })

  test('is found by the poll while its messages cannot be had', async () => {
    disturb(() => Promise.reject(new DhuoError('BACKEND_UNAVAILABLE', 'Redis is gone')))
    const { seen, done } = world.watch()
    await sleep(5)
    world.write(2)()
    await eventually(() => seen.length === 2)
    world.write(1, { last: true })()
    await done
    expect(seen).toEqual(upTo(3))
  })

  test('leaves no listeners on a signal that outlives it', async () => {
    world.write(1, { last: true })
    const counting = new AbortController()
    let listeners = 0
    const add = counting.signal.addEventListener.bind(counting.signal)
    counting.signal.addEventListener = ((type: string, listener: () => void, options: { signal: AbortSignal }) => {
      listeners++
      options.signal.addEventListener('abort', () => listeners--)
      add(type as 'abort', listener, options)
    }) as typeof counting.signal.addEventListener
    for (let i = 0; i < 50; i++) await world.watch(0, { signal: counting.signal }).done
    expect(listeners).toBe(0)
  })
})
