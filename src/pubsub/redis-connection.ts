import { readFile } from 'node:fs/promises'
import { createConnection } from 'node:net'
import { connect as tlsConnect } from 'node:tls'
import { AbstractConnector, Redis, type RedisOptions } from 'ioredis'
import type { RedisPubsubConfig } from '../config/pubsub-config.js'
import { DhuoError } from '../errors.js'

/** Without an answer for so long a connection is given up: the server may be frozen, or the network gone without a word. */
const silenceMs = 3_000
const connectMs = 3_000
const disconnectMs = 500
const firstWaitMs = 50
const longestWaitMs = 2_000

export type RedisConnector = (name: string) => Redis

/** What makes connections to the Redis of the settings: none is made yet. @throws BACKEND_UNAVAILABLE when the CA file cannot be read */
export async function redisConnector(config: RedisPubsubConfig): Promise<RedisConnector> {
  const tls = await tlsOf(config)
  return (name) => new Redis({ ...commonOptions(config, name), tls, ...whereTo(config, tls) })
}

/**
 * What stands in the way to each of the nodes, as the network or TLS says it; null: nothing. Of Sentinels ioredis does not tell it.
 * @throws BACKEND_UNAVAILABLE when the CA file cannot be read
 */
export async function obstaclesTo(
  config: Pick<RedisPubsubConfig, 'nodes' | 'isEncrypted' | 'caFile'>,
): Promise<(Error | null)[]> {
  const tls = await tlsOf(config)
  return Promise.all(
    config.nodes.map(
      ({ host, port }) =>
        new Promise<Error | null>((resolve) => {
          const socket = tls ? tlsConnect({ host, port, ...tls }) : createConnection({ host, port })
          const end = (obstacle: Error | null): void => {
            socket.destroy()
            resolve(obstacle)
          }
          socket.setTimeout(connectMs, () => end(new Error(`${host}:${port} says nothing`)))
          socket.once(tls ? 'secureConnect' : 'connect', () => end(null)).once('error', end)
        }),
    ),
  )
}

// https://redis.github.io/ioredis/interfaces/CommonRedisOptions.html
const commonOptions = ({ user, password }: RedisPubsubConfig, name: string): RedisOptions => ({
  connectionName: `dhuo-${name}`,
  username: user ?? undefined,
  password: password ?? undefined,
  lazyConnect: true,
  connectTimeout: connectMs,
  // Ends a connection whose commands are not answered, those of its handshake too. `commandTimeout` would only end the command.
  socketTimeout: silenceMs,
  disconnectTimeout: disconnectMs,
  keepAlive: 10_000,
  retryStrategy: waitAfter,
  // What was not answered when a connection breaks is rejected at once and not sent again, for it may have arrived. What is asked
  // for while there is none waits for the outcome of one attempt.
  maxRetriesPerRequest: 0,
  autoResendUnfulfilledCommands: false,
  // Subscribers are told that they have missed something; they subscribe again.
  autoResubscribe: false,
})

/** Longer each time, and at random, so that servers do not come back all at once. */
const waitAfter = (attempts: number): number =>
  firstWaitMs + Math.random() * Math.min(longestWaitMs, firstWaitMs * 2 ** Math.min(attempts, 10))

type Tls = { ca: Buffer | undefined } | undefined

function whereTo({ mode, nodes, master, sentinelPassword }: RedisPubsubConfig, tls: Tls): RedisOptions {
  if (mode !== 'sentinel') return { Connector: connectorToAnyOf(nodes, tls) }
  return {
    sentinels: [...nodes],
    name: master!,
    sentinelPassword: sentinelPassword ?? undefined,
    sentinelRetryStrategy: waitAfter,
    sentinelCommandTimeout: silenceMs,
    ...(tls && { sentinelTLS: tls, enableTLSForSentinelMode: true }),
  }
}

/**
 * One node after the other until one answers. Any node of a Cluster will do for `PUBLISH` and `SUBSCRIBE`, which reach the whole
 * of it (https://redis.io/docs/latest/commands/publish/); ioredis' own client of Clusters publishes each message at another
 * node, and thereby loses their order.
 */
const connectorToAnyOf = (nodes: RedisPubsubConfig['nodes'], tls: Tls) =>
  class extends AbstractConnector {
    private attempts = Math.floor(Math.random() * nodes.length)

    constructor(_options: unknown) {
      super(disconnectMs)
    }

    override async connect() {
      this.connecting = true
      const { host, port } = nodes[this.attempts++ % nodes.length]!
      const stream = tls ? tlsConnect({ host, port, ...tls }) : createConnection({ host, port })
      stream.once('error', (error) => {
        this.firstError = error
      })
      this.stream = stream
      return stream
    }
  }

const tlsOf = async ({ isEncrypted, caFile }: Pick<RedisPubsubConfig, 'isEncrypted' | 'caFile'>): Promise<Tls> =>
  isEncrypted ? { ca: caFile === null ? undefined : await readAuthorities(caFile) } : undefined

async function readAuthorities(file: string): Promise<Buffer> {
  try {
    return await readFile(file)
  } catch (cause) {
    throw new DhuoError('BACKEND_UNAVAILABLE', `DHUO_PUBSUB_CA_FILE cannot be read (${(cause as NodeJS.ErrnoException).code}).`, {
      cause,
    })
  }
}
