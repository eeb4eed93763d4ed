import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import type { Redis } from 'ioredis'
import type { RedisPubsubConfig } from '../config/pubsub-config.js'
import { type Diagnosis, type Finding, fail, look, ok, warn } from '../diagnosis/finding.js'
import { obstaclesTo, redisConnector } from './redis-connection.js'

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
          for (const name of ['doctor-publisher', 'doctor-subscriber']) open.push(await connected(connect(name), config))
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

const isOfAllSentinels = /^All sentinels are unreachable/
const isNoReason = (error: Error | null): boolean => error === null || /Connection is closed/.test(error.message)
const refusesPassword = /WRONGPASS|NOAUTH|invalid password/i

/**
 * One node after the other, as the events do it.
 * @throws the first thing that went wrong, with its own words: ioredis itself only says that the connection is closed
 */
function connected(redis: Redis, config: RedisPubsubConfig): Promise<Redis> {
  return new Promise((resolve, reject) => {
    let reason: Error | null = null
    let closed = 0
    let isOver = false
    const giveUp = async (): Promise<void> => {
      if (isOver) return
      isOver = true
      redis.disconnect()
      const obstacles = config.mode === 'sentinel' && isNoReason(reason) ? await obstaclesTo(config).catch(() => []) : []
      reject(obstacles.find((obstacle) => obstacle !== null) ?? reason ?? new Error('The connection was closed.'))
    }
    redis.on('error', (error: Error) => {
      reason ??= error
      // ioredis asks its Sentinels for ever.
      if (isOfAllSentinels.test(error.message)) void giveUp()
    })
    // Of several Sentinels the last word is not always the one that tells.
    redis.on('sentinelError', (error: Error) => {
      if (reason === null || refusesPassword.test(error.message)) reason = error
    })
    redis.on('close', () => {
      if (++closed >= config.nodes.length) void giveUp()
    })
    redis.once('ready', () => {
      isOver = true
      resolve(redis)
    })
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
      const obstacles = await obstaclesTo({ nodes, isEncrypted: false, caFile: null })
      const silent = nodes.filter((_, index) => obstacles[index]).map(({ host, port }) => `${host}:${port}`)
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

function mendReach(error: unknown, config: RedisPubsubConfig): string {
  const words = String((error as Error).message)
  if (refusesPassword.test(words) && /sentinel/i.test(words))
    return 'Set DHUO_PUBSUB_SENTINEL_PASSWORD to the password of the Sentinels (their requirepass).'
  if (refusesPassword.test(words))
    return `Set DHUO_PUBSUB_PASSWORD to the password of ${config.user ?? 'the default user'} (requirepass, or ACL GETUSER ${config.user ?? 'default'}); another user stands in the URL: redis://<user>@<host>`
  if (/NOPERM/.test(words)) return acl(config)
  if (/DHUO_PUBSUB_CA_FILE/.test(words)) return 'Set DHUO_PUBSUB_CA_FILE to a PEM file that the server may read.'
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
