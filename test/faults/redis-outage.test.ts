import { createLogger } from '../../src/logger.js'
import { type EventLog, EventStreams, type LogEvent } from '../../src/pubsub/event-stream.js'
import type { RedisEvents } from '../../src/pubsub/redis-events.js'
import { describeWith } from '../backends.js'
import { eventually } from '../eventually.js'
import { answers, endRedisWithTests, openRedis, startRedis, talk } from '../pubsub/open-redis.js'

endRedisWithTests()

/** A log that one server writes to every ten milliseconds, and that somebody follows at another. */
class GrowingLog {
  private readonly seen: number[] = []
  private readonly streams: EventStreams<LogEvent>
  private readonly followed: Promise<void>
  private readonly writing: NodeJS.Timeout
  private written = 0
  private last = Number.POSITIVE_INFINITY

  constructor(writer: RedisEvents, reader: RedisEvents) {
    const log: EventLog<LogEvent> = {
      read: async (_, after, limit) =>
        Array.from({ length: Math.min(limit, this.written - after) }, (_, index) => ({ sequence: after + index + 1 })),
      heads: async () => new Map([['log', this.written]]),
      isLast: ({ sequence }) => sequence === this.last,
    }
    const streams = new EventStreams(reader, log, createLogger('silent'), { pollMs: 500 })
    this.streams = streams
    this.followed = (async () => {
      for await (const { sequence } of streams.watch('log', 0, new AbortController().signal)) this.seen.push(sequence)
    })()
    this.writing = setInterval(() => writer.publish('logEvents', 'log', { events: [{ sequence: ++this.written }] }), 10)
  }

  async end(): Promise<{ seen: readonly number[]; written: number }> {
    clearInterval(this.writing)
    this.last = ++this.written
    await this.followed
    await this.streams.close()
    return { seen: this.seen, written: this.written }
  }
}

describeWith('Redis', ['redis-server', 'redis-cli'])('Redis', () => {
  test('costs a bounded memory while it is frozen, holds up nobody, and is left for dead', async () => {
    const server = await startRedis()
    const events = await openRedis(server.url)
    const stream = await events.subscribe('pipelineRunDue', 'x', new AbortController().signal)
    const waiting = stream.next()
    waiting.catch(() => {})
    server.pause()
    const ping = expect(events.ping()).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' })
    const began = performance.now()
    for (let i = 0; i < 30_000; i++) events.publish('logEvents', 'x', { events: [{ sequence: i, message: 'x'.repeat(2_000) }] })
    expect(performance.now() - began).toBeLessThan(2_000)
    // 16 MiB of 60.
    expect(events.dropped).toBeGreaterThan(20_000)
    await ping
    await expect(waiting).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' })
    await eventually(() => events.dropped === 30_000)
    server.resume()
    await eventually(() => answers(events))
    await talk(events, events)
  })

  test('behind Sentinels is found again when a replica has taken over', async () => {
    const master = await startRedis()
    const replica = await startRedis({ settings: ['--replicaof', `127.0.0.1 ${master.port}`] })
    const sentinel = [
      `sentinel monitor main 127.0.0.1 ${master.port} 2`,
      'sentinel down-after-milliseconds main 1000',
      'sentinel failover-timeout main 3000',
    ]
    const sentinels = [await startRedis({ sentinel }), await startRedis({ sentinel }), await startRedis({ sentinel })]
    const url = `redis://${sentinels.map(({ port }) => `127.0.0.1:${port}`).join(',')}?sentinel=main`
    const [one, two] = [await openRedis(url), await openRedis(url)]
    await talk(one, two)
    const log = new GrowingLog(one, two)
    // Each has to have heard of the others before they can agree.
    await eventually(() => /num-other-sentinels\n2\n/.test(sentinels[0]!.command('sentinel', 'master', 'main')))
    await eventually(() => /role:slave[\s\S]*master_link_status:up/.test(replica.command('info', 'replication')))
    await master.kill()
    await eventually(() => replica.command('role').startsWith('master'), 18_000)
    await eventually(() => answers(one, two))
    await talk(one, two)
    // Who followed a log meanwhile has all of it: what was said to a master that is gone was read.
    const { seen, written } = await log.end()
    expect(written).toBeGreaterThan(100)
    expect(seen).toEqual(Array.from({ length: written }, (_, index) => index + 1))
  }, 40_000)
})
