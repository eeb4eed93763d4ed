import { execFileSync } from 'node:child_process'
import type { RedisPubsubConfig } from '../../src/config/pubsub-config.js'
import { readConfig } from '../../src/config.js'
import { createLogger } from '../../src/logger.js'
import { openRedisEvents, type RedisEvents } from '../../src/pubsub/redis-events.js'
import { eventually } from '../eventually.js'
import { type RedisServer, startRedisServer } from '../redis-server.js'

/** Servers and events that end with the tests that made them. */
const servers: RedisServer[] = []
const opened: RedisEvents[] = []

/** Call it once in a test file. */
export function endRedisWithTests(): void {
  afterEach(async () => {
    for (const server of servers) server.resume()
    await Promise.all(opened.splice(0).map((events) => events.close()))
  })
  afterAll(() => Promise.all(servers.splice(0).map((server) => server.stop())))
}

export async function startRedis(...options: Parameters<typeof startRedisServer>): Promise<RedisServer> {
  const server = await startRedisServer(...options)
  servers.push(server)
  return server
}

/** Three masters. */
export async function startCluster(): Promise<{ nodes: RedisServer[]; url: string }> {
  const settings = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '2000']
  const nodes = await Promise.all([1, 2, 3].map(() => startRedis({ settings })))
  const hosts = nodes.map(({ port }) => `127.0.0.1:${port}`)
  execFileSync('redis-cli', ['--cluster', 'create', ...hosts, '--cluster-yes'], { stdio: 'ignore' })
  await eventually(() => nodes.every((node) => node.command('cluster', 'info').includes('cluster_state:ok')))
  return { nodes, url: `redis://${hosts.join(',')}?cluster` }
}

export const redisSettings = (url: string, more: Record<string, string> = {}): RedisPubsubConfig =>
  readConfig({ DHUO_PUBSUB_URL: url, ...more }).pubsub as RedisPubsubConfig

export async function openRedis(
  url: string,
  more: Record<string, string> = {},
  log = createLogger('silent'),
): Promise<RedisEvents> {
  const events = await openRedisEvents(redisSettings(url, more), log)
  opened.push(events)
  return events
}

/** @throws when a message does not go from one to the other */
export async function talk(from: RedisEvents, to: RedisEvents): Promise<void> {
  const gone = new AbortController()
  const stream = await to.subscribe('pipelineRunDue', 'talk', gone.signal)
  from.publish('pipelineRunDue', 'talk', { pipelineRunId: 'x' })
  expect(await stream.next()).toEqual({ done: false, value: { pipelineRunId: 'x' } })
  gone.abort()
}

export const answers = (...all: RedisEvents[]): Promise<boolean> =>
  Promise.all(all.map((events) => events.ping())).then(
    () => true,
    () => false,
  )
