import type { Redis } from 'ioredis'
import type { RedisPubsubConfig } from '../config/pubsub-config.js'
import { DhuoError } from '../errors.js'
import type { Logger } from '../logger.js'
import { MessageQueue } from './message-queue.js'
import { obstaclesTo, type RedisConnector, redisConnector } from './redis-connection.js'
import type { Events, Messages, Topic } from './topics.js'

/** How often an idle connection is asked whether it still is one. */
const heartbeatMs = 4_000
/** What is published and not answered yet: beyond it messages are dropped, so that a Redis that hangs costs no memory. */
const mostUnanswered = 10_000
const mostUnansweredBytes = 16 * 2 ** 20
/** How long the start waits for Redis, and the end for its last answers. */
const patienceMs = 2_000
const lastWordsMs = 500

/** Those who listen to one channel, on one subscription. */
interface Channel {
  readonly listening: Promise<unknown>
  readonly queues: Set<MessageQueue<never>>
}

/**
 * Events between servers through Redis Pub/Sub: one connection that publishes and one that listens. Redis delivers at most once;
 * when its connection breaks, whoever listens is told that messages were missed.
 */
export class RedisEvents implements Events {
  readonly kind = 'redis'
  dropped = 0
  readonly #channels = new Map<string, Channel>()
  readonly #heartbeat: NodeJS.Timeout
  #unanswered = 0
  #unansweredBytes = 0

  /** @param prefix of every channel */
  constructor(
    private readonly publisher: Redis,
    private readonly subscriber: Redis,
    private readonly prefix: string,
  ) {
    subscriber.on('message', (channel: string, text: string) => this.#hand(channel, text))
    subscriber.on('close', () => this.#breakOff())
    this.#heartbeat = setInterval(() => this.ping().catch(() => {}), heartbeatMs).unref()
  }

  async ping(): Promise<void> {
    try {
      await Promise.all([this.publisher.ping(), this.subscriber.ping()])
    } catch (cause) {
      throw unavailable('Redis does not answer: what is live comes late.', cause)
    }
  }

  publish<T extends Topic>(topic: T, id: string, message: Messages[T]): void {
    const text = JSON.stringify(message)
    if (this.#unanswered >= mostUnanswered || this.#unansweredBytes + text.length > mostUnansweredBytes) {
      this.dropped++
      return
    }
    this.#unanswered++
    this.#unansweredBytes += text.length
    this.publisher
      .publish(this.#nameOf(topic, id), text)
      .catch(() => this.dropped++)
      .finally(() => {
        this.#unanswered--
        this.#unansweredBytes -= text.length
      })
  }

  async subscribe<T extends Topic>(
    topic: T,
    id: string,
    signal: AbortSignal,
  ): Promise<AsyncIterableIterator<Messages[T], undefined>> {
    const name = this.#nameOf(topic, id)
    const channel = this.#channels.get(name) ?? this.#listen(name)
    const queue = new MessageQueue<Messages[T]>(() => {
      signal.removeEventListener('abort', stop)
      this.#leave(name, channel, queue as MessageQueue<never>)
    })
    const stop = (): void => queue.end()
    channel.queues.add(queue as MessageQueue<never>)
    if (signal.aborted) queue.end()
    else signal.addEventListener('abort', stop)
    try {
      // Redis sends nothing before it has said that it will: https://redis.io/docs/latest/commands/subscribe/
      await channel.listening
    } catch (cause) {
      queue.end()
      throw unavailable('Redis does not answer: nothing live can be promised.', cause)
    }
    return queue
  }

  async close(): Promise<void> {
    clearInterval(this.#heartbeat)
    for (const { queues } of [...this.#channels.values()]) for (const queue of [...queues]) queue.end()
    const late = Promise.withResolvers<unknown>()
    const timer = setTimeout(late.resolve, lastWordsMs)
    // What was published last should get there.
    if (this.publisher.status === 'ready') await Promise.race([this.publisher.quit().catch(() => {}), late.promise])
    clearTimeout(timer)
    this.publisher.disconnect()
    this.subscriber.disconnect()
  }

  #nameOf(topic: Topic, id: string): string {
    return `${this.prefix}:${topic}:${id}`
  }

  #listen(name: string): Channel {
    const channel: Channel = { listening: this.subscriber.subscribe(name), queues: new Set() }
    channel.listening.catch(() => {})
    this.#channels.set(name, channel)
    return channel
  }

  #leave(name: string, channel: Channel, queue: MessageQueue<never>): void {
    channel.queues.delete(queue)
    if (channel.queues.size > 0 || this.#channels.get(name) !== channel) return
    this.#channels.delete(name)
    this.subscriber.unsubscribe(name).catch(() => {})
  }

  #hand(name: string, text: string): void {
    const channel = this.#channels.get(name)
    const message = channel && parsed(text)
    if (message !== undefined) for (const queue of channel!.queues) queue.push(message as never)
  }

  #breakOff(): void {
    const broken = [...this.#channels.values()]
    this.#channels.clear()
    const reason = unavailable('The connection to Redis broke: messages may have been missed.')
    for (const { queues } of broken) for (const queue of [...queues]) queue.fail(reason)
  }
}

/** Undefined for what is no JSON: somebody else uses our names, and must not bring the server down. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const unavailable = (message: string, cause?: unknown): DhuoError => new DhuoError('BACKEND_UNAVAILABLE', message, { cause })

/**
 * A Redis that is down stops no start: what is live then comes late, until it is up.
 * @throws BACKEND_UNAVAILABLE when it refuses the login or the certificate is not trusted, for then a setting is wrong
 */
export async function openRedisEvents(config: RedisPubsubConfig, log: Logger): Promise<RedisEvents> {
  const connect = await redisConnector(config)
  const [publisher, subscriber] = [open(connect, 'publisher', log), open(connect, 'subscriber', log)]
  // Databases are none of Pub/Sub's business: their number is part of the name.
  const events = new RedisEvents(publisher, subscriber, config.db === 0 ? config.prefix : `${config.prefix}:${config.db}`)
  const refusals = await Promise.all([firstRefusal(publisher), firstRefusal(subscriber)])
  const refusal = refusals.find((reason) => reason !== null) ?? (publisher.status === 'ready' ? null : await refusalBy(config))
  if (refusal === null) return events
  await events.close()
  throw unavailable(`Redis cannot be used with these settings (DHUO_PUBSUB_…): ${refusal}.`)
}

function open(connect: RedisConnector, name: string, log: Logger): Redis {
  const redis = connect(name)
  let isDown = false
  const fallen = (reason?: string): void => {
    if (!isDown && redis.status !== 'end')
      log.warn({ connection: name, reason }, 'Redis does not answer; what is live comes late')
    isDown = true
  }
  // Of an error only its words: the command that it carries may be the login.
  redis.on('error', (error: Error) => fallen(error.message))
  redis.on('close', () => fallen())
  redis.on('ready', () => {
    if (isDown) log.info({ connection: name }, 'Redis answers again')
    isDown = false
  })
  return redis
}

/** What the server or TLS says against the settings: no time mends it. */
const refused = /WRONGPASS|NOAUTH|NOPERM|invalid password|certificate|altnames|wrong version number|packet length/i

/** @returns why it is in vain to go to the Sentinels, or null where that is no reason */
async function refusalBy(config: RedisPubsubConfig): Promise<string | null> {
  const obstacles = config.mode === 'sentinel' ? await obstaclesTo(config) : []
  return obstacles.find((obstacle) => obstacle && refused.test(obstacle.message))?.message ?? null
}

/** @returns why it is in vain, or null when it works, or may work later */
async function firstRefusal(redis: Redis): Promise<string | null> {
  let reason: string | null = null
  const note = (error: Error): void => {
    if (refused.test(error.message)) reason = error.message
  }
  // Of several Sentinels the last word, which is the error, is not always the one that tells.
  const events = ['error', 'sentinelError']
  for (const event of events) redis.on(event, note)
  const late = Promise.withResolvers<void>()
  const timer = setTimeout(late.resolve, patienceMs)
  await Promise.race([redis.connect().catch(() => {}), late.promise])
  clearTimeout(timer)
  for (const event of events) redis.off(event, note)
  return reason
}
