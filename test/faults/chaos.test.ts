import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describeWith } from '../backends.js'
import { type BuiltServer, buildServer } from '../server-process.js'
import { unleashChaos } from './chaos-world.js'

const seed = Number(process.env['DHUO_TEST_SEED'] ?? Date.now() % 1_000_000)

/** Streams of events as they must not be, each in the way that comes to mind first. */
const defects: [string, string][] = [
  [
    'reads what is past before it listens',
    `let cursor = after
    for (let page; page?.length !== 0; ) {
      page = await this.log.read(id, cursor, 500)
      for (const event of page) {
        yield event
        cursor = event.sequence
        if (this.log.isLast(event)) return
      }
    }
    // As when Redis is far away.
    await new Promise((resolve) => setTimeout(resolve, 50))
    for await (const { events } of await this.events.subscribe('logEvents', id, stop))
      for (const event of events) {
        if (event.sequence <= cursor) continue
        cursor = event.sequence
        yield event
        if (this.log.isLast(event)) return
      }`,
  ],
  [
    'orders events by the time at which they happened',
    `const inOrder = (events) => [...events].sort((a, b) => (a.at === b.at ? (a.message < b.message ? -1 : 1) : a.at < b.at ? -1 : 1))
    let cursor = after
    while (!stop.aborted) {
      const events = await this.log.read(id, cursor, 500)
      for (const event of inOrder(events)) yield event
      cursor += events.length
      if (events.some((event) => this.log.isLast(event))) return
      await new Promise((resolve) => setTimeout(resolve, 100))
    }`,
  ],
  [
    'trusts that every message arrives',
    `let cursor = after
    let messages = await this.events.subscribe('logEvents', id, stop)
    for (let page; page?.length !== 0; ) {
      page = await this.log.read(id, cursor, 500)
      for (const event of page) {
        yield event
        cursor = event.sequence
        if (this.log.isLast(event)) return
      }
    }
    while (!stop.aborted) {
      try {
        for await (const { events } of messages)
          for (const event of events) {
            if (event.sequence <= cursor) continue
            cursor = event.sequence
            yield event
            if (this.log.isLast(event)) return
          }
        return
      } catch {}
      messages = null
      while (!messages && !stop.aborted) {
        await new Promise((resolve) => setTimeout(resolve, 100))
        messages = await this.events.subscribe('logEvents', id, stop).catch(() => null)
      }
    }`,
  ],
]

const planted = (follow: string) => `export class EventStreams {
  constructor(events, log) { Object.assign(this, { events, log, closing: new AbortController() }) }
  watch(id, after, signal) { return this.follow(id, after, AbortSignal.any([signal, this.closing.signal])) }
  async close() { this.closing.abort() }
  async *follow(id, after, stop) {
    ${follow}
  }
}`

describeWith('chaos', ['postgres', 'redis-server', 'python3'])('amid cuts, kills and outages', () => {
  let built: BuiltServer
  beforeEach(async () => {
    built = await buildServer()
  }, 30_000)
  afterEach(() => built.remove())

  test(`every follower of 100 runs gets exactly what is stored, in order (seed ${seed})`, async () => {
    const { wrong, ...figures } = await unleashChaos(built, { runs: 100, seed, disturbedMs: 45_000, lastWordsMs: 60_000 })
    console.info('chaos:', JSON.stringify(figures))
    expect(wrong).toEqual([])
    expect(figures.events).toBeGreaterThan(100 * 100)
  }, 240_000)

  test.each(defects)(
    'a stream that %s is found out',
    async (_, follow) => {
      await writeFile(join(built.directory, 'dist', 'pubsub', 'event-stream.js'), planted(follow))
      const { wrong } = await unleashChaos(built, { runs: 40, seed, disturbedMs: 15_000, lastWordsMs: 10_000 })
      expect(wrong.join('\n')).toMatch(/is stored, and/)
    },
    180_000,
  )
})
