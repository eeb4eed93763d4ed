import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createConnection } from 'node:net'
import type { Redis } from 'ioredis'
import type { RedisNode, RedisPubsubConfig } from '../config/pubsub-config.js'
import { type Diagnosis, type Finding, fail, look, ok, warn } from '../diagnosis/finding.js'
import { redisConnector } from './redis-connection.js'

const reachMs = 5_000
/** A message that takes longer is late for whoever watches a run. */
const slowMs = 50

/** Looks at Redis as events use it: that it is reached and lets this server in, and that a message goes from one connection to another. */
export const diagnoseRedisEvents = (config: RedisPubsubConfig): Diagnosis =>
  async function* () {
    if (config.nodes.length > 1) yield await lookAtNodes(config)
    const open: Redis[] = []
    try {
      const reached = await look(
        'reach and login',
        async () => {
          const connect = await redisConnector(config)
          for (const name of ['doctor-publisher', 'doctor-subscriber'])
            open.push(await connected(connect(name), config.nodes.length))
          return roleOf(await open[0]!.info('server'), await open[0]!.info('replication'), config)
        },
        (error) => mendReach(error, config),
        reachMs,
      )
      yield reached
      if (reached.level === 'fail') return
      yield lookAtTls(config)
      yield await look(
        'PUBLISH and SUBSCRIBE',
        () => roundTrip(open[0]!, open[1]!, `${config.prefix}:doctor:${randomUUID()}`),
        () => acl(config),
        reachMs,
      )
    } finally {
      for (const redis of open) redis.disconnect()
    }
  }

/**
 * One node after the other, as the events do it.
 * @throws the first thing that went wrong, with its own words: ioredis itself only says that the connection is closed
 */
function connected(redis: Redis, attempts: number): Promise<Redis> {
  return new Promise((resolve, reject) => {
    let reason: Error | null = null
    let closed = 0
    const giveUp = (): void => {
      redis.disconnect()
      reject(reason ?? new Error('The connection was closed.'))
    }
    redis.on('error', (error: Error) => {
      reason ??= error
    })
    redis.on('close', () => {
      if (++closed >= attempts) giveUp()
    })
    redis.once('ready', () => resolve(redis))
    // Its end is told by the events.
    redis.connect().catch(() => {})
  })
}

function roleOf(server: string, replication: string, { mode }: RedisPubsubConfig): Finding | string {
  const value = (text: string, name: string): string => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(text)?.[1] ?? ''
  const said = `Redis ${value(server, 'redis_version')} answers, ${value(server, 'redis_mode')}, ${value(replication, 'role')}`
  // What is published at a replica is not heard at its master: https://redis.io/docs/latest/operate/oss_and_stack/management/replication/
  if (mode !== 'cluster' && value(replication, 'role') === 'slave')
    return fail(
      'reach and login',
      `${said}: what one server publishes there, those at the master do not hear.`,
      `Name the master in DHUO_PUBSUB_URL (it is ${value(replication, 'master_host')}:${value(replication, 'master_port')}), or its Sentinels: redis://<host>:26379/?sentinel=<master>`,
    )
  if (mode === 'cluster' && value(server, 'redis_mode') !== 'cluster')
    return warn('reach and login', `${said}: it is no Cluster.`, 'Take ?cluster out of DHUO_PUBSUB_URL.')
  return said
}

function lookAtTls({ isEncrypted, nodes }: RedisPubsubConfig): Finding {
  if (isEncrypted) return ok('TLS', 'messages and the password are encrypted')
  return nodes.every(({ host }) => /^(127\.|::1$|localhost$)/.test(host))
    ? ok('TLS', 'none, on this machine')
    : warn(
        'TLS',
        'The password and the messages cross the network in the clear.',
        'Set DHUO_PUBSUB_URL to rediss://…, and DHUO_PUBSUB_CA_FILE where the authority is your own.',
      )
}

async function roundTrip(publisher: Redis, subscriber: Redis, channel: string): Promise<Finding | string> {
  const heard = once(subscriber, 'message')
  heard.catch(() => {})
  await subscriber.subscribe(channel)
  const began = performance.now()
  await publisher.publish(channel, 'doctor')
  await heard
  const ms = performance.now() - began
  await subscriber.unsubscribe(channel)
  const said = `a message took ${ms.toFixed(1)} ms`
  return ms < slowMs
    ? said
    : warn(
        'PUBLISH and SUBSCRIBE',
        `${said}: what is live comes late.`,
        'Run Redis near the servers; look at redis-cli --latency.',
      )
}

/** Every one of several: while the first answers nobody notices that the others do not. */
const lookAtNodes = ({ nodes, mode }: RedisPubsubConfig): Promise<Finding> =>
  look(
    'nodes',
    async () => {
      const silent = (
        await Promise.all(nodes.map(async (node) => ((await answers(node)) ? [] : [`${node.host}:${node.port}`])))
      ).flat()
      const what = mode === 'sentinel' ? 'Sentinels' : 'nodes'
      if (silent.length === 0) return `all ${nodes.length} ${what} are reached`
      const found = silent.length === nodes.length ? fail : warn
      return found(
        'nodes',
        `${silent.length} of ${nodes.length} ${what} are not reached: ${silent.join(', ')}.`,
        'Start them, let this machine reach them, or take them out of DHUO_PUBSUB_URL.',
      )
    },
    () => 'Set the hosts in DHUO_PUBSUB_URL.',
  )

const answers = ({ host, port }: RedisNode): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = createConnection({ host, port, timeout: 3_000 })
    const end = (isThere: boolean): void => {
      socket.destroy()
      resolve(isThere)
    }
    socket
      .once('connect', () => end(true))
      .once('error', () => end(false))
      .once('timeout', () => end(false))
  })

function mendReach(error: unknown, config: RedisPubsubConfig): string {
  const words = String((error as Error).message)
  if (/WRONGPASS|NOAUTH|invalid password/i.test(words))
    return `Set DHUO_PUBSUB_PASSWORD to the password of ${config.user ?? 'the default user'} (requirepass, or ACL GETUSER ${config.user ?? 'default'}); another user stands in the URL: redis://<user>@<host>`
  if (/NOPERM/.test(words)) return acl(config)
  if (/certificate|altnames/i.test(words))
    return 'Set DHUO_PUBSUB_CA_FILE to the authority of its certificate, and name the host in DHUO_PUBSUB_URL as the certificate does.'
  if (/sentinel/i.test(words) || config.mode === 'sentinel')
    return `The Sentinels must know the master "${config.master}" (redis-cli -p 26379 sentinel masters) and name an address that this machine reaches (sentinel announce-ip).`
  return [
    `Start it, and let this machine reach it: redis-cli -h ${config.nodes[0]!.host} -p ${config.nodes[0]!.port} ping`,
    'It must listen on that address (bind, protected-mode).',
    config.isEncrypted
      ? 'One that is silent to TLS may not speak it: then redis:// instead of rediss://, or the port of its tls-port.'
      : 'A port that speaks TLS only wants rediss:// in DHUO_PUBSUB_URL.',
  ].join('\n')
}

/** https://redis.io/docs/latest/operate/oss_and_stack/management/security/acl/ */
const acl = ({ user, prefix }: RedisPubsubConfig): string =>
  `ACL SETUSER ${user ?? 'default'} on resetchannels &${prefix}:* +@connection +publish +subscribe +unsubscribe +info`
