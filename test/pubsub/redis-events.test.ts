import { createServer, type Server } from 'node:net'
import { pino } from 'pino'
import { createLogger } from '../../src/logger.js'
import { openRedisEvents, type RedisEvents } from '../../src/pubsub/redis-events.js'
import { describeWith } from '../backends.js'
import { eventsContract } from '../contracts/events-contract.js'
import { eventually } from '../eventually.js'
import type { RedisServer } from '../redis-server.js'
import { answers, endRedisWithTests, openRedis, redisSettings, startCluster, startRedis, talk } from './open-redis.js'
import { makeCertificates } from './redis-certificates.js'

endRedisWithTests()
const withRedis = describeWith('Redis', ['redis-server', 'redis-cli'])

/** Two servers on the Redis of those settings, for the contract. */
const twoOf = (settings: () => Parameters<typeof redisSettings>) => async () => {
  const open = () => openRedisEvents(redisSettings(...settings()), createLogger('silent'))
  const servers: [RedisEvents, RedisEvents] = [await open(), await open()]
  return { servers, close: async () => void (await Promise.all(servers.map((events) => events.close()))) }
}

withRedis('Redis', () => {
  let server: RedisServer
  beforeAll(async () => {
    server = await startRedis()
  })

  eventsContract(
    'Redis',
    twoOf(() => [server.url]),
  )

  test('servers with another prefix or database do not hear each other', async () => {
    const [one, two, three] = [
      await openRedis(server.url),
      await openRedis(server.url, { DHUO_PUBSUB_PREFIX: 'other' }),
      await openRedis(`${server.url}/3`),
    ]
    const gone = new AbortController()
    const streams = await Promise.all([one, two, three].map((events) => events.subscribe('pipelineRunDue', 'all', gone.signal)))
    for (const [i, events] of [three, two, one].entries()) events.publish('pipelineRunDue', 'all', { pipelineRunId: String(i) })
    expect(await Promise.all(streams.map(async (stream) => (await stream.next()).value?.pipelineRunId))).toEqual(['2', '1', '0'])
    gone.abort()
  })

  test('a server has one subscription for each channel, and none when nobody listens', async () => {
    const events = await openRedis(server.url)
    const gone = new AbortController()
    for (let i = 0; i < 30; i++) await events.subscribe('pipelineRunDue', `r${i % 3}`, gone.signal)
    expect(server.command('pubsub', 'channels').split('\n').toSorted()).toEqual([0, 1, 2].map((i) => `dhuo:pipelineRunDue:r${i}`))
    expect(server.command('pubsub', 'numsub', 'dhuo:pipelineRunDue:r0')).toMatch(/1$/)
    gone.abort()
    await eventually(() => server.command('pubsub', 'channels') === '')
  })

  test('what somebody else says on a channel of ours, and is no JSON, is not heard and does no harm', async () => {
    const events = await openRedis(server.url)
    const stream = await events.subscribe('pipelineRunDue', 'x', new AbortController().signal)
    for (const rubbish of ['', '{"pipelineRunId":', 'hello']) server.command('publish', 'dhuo:pipelineRunDue:x', rubbish)
    events.publish('pipelineRunDue', 'x', { pipelineRunId: 'ours' })
    expect((await stream.next()).value).toEqual({ pipelineRunId: 'ours' })
  })

  test('a connection that breaks ends subscriptions with an error, and the next ones work', async () => {
    const [one, two] = [await openRedis(server.url), await openRedis(server.url)]
    const stream = await one.subscribe('pipelineRunDue', 'x', new AbortController().signal)
    const waiting = stream.next()
    server.command('client', 'kill', 'type', 'pubsub')
    await expect(waiting).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' })
    expect(await stream.next()).toEqual({ done: true, value: undefined })
    await talk(two, one)
    server.command('client', 'kill', 'type', 'normal')
    await eventually(() => answers(one, two))
    await talk(two, one)
    await talk(one, two)
  })
})

withRedis('a Redis that is down', () => {
  test('stops no start; what is asked of it fails, is counted, and works once it is up', async () => {
    const server = await startRedis()
    await server.kill()
    const lines: string[] = []
    const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(line) })
    const events = await openRedis(server.url, {}, log)
    await expect(events.ping()).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' })
    await expect(events.subscribe('pipelineRunDue', 'x', new AbortController().signal)).rejects.toMatchObject({
      code: 'BACKEND_UNAVAILABLE',
    })
    events.publish('pipelineRunDue', 'x', { pipelineRunId: 'lost' })
    await eventually(() => events.dropped === 1)
    await server.restart()
    await eventually(() => answers(events))
    await talk(events, events)
    // One word for each connection when it falls, and one when it is back, however often it was tried between.
    await eventually(() => lines.length === 4)
  })

  test('that is killed and comes back without its state is used again', async () => {
    const server = await startRedis()
    const [one, two] = [await openRedis(server.url), await openRedis(server.url)]
    await talk(one, two)
    await server.kill()
    await expect(two.ping()).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' })
    await server.restart()
    await eventually(() => answers(one, two))
    await talk(one, two)
  })

  test('does not hold up closing', async () => {
    const server = await startRedis()
    const events = await openRedis(server.url)
    server.pause()
    events.publish('pipelineRunDue', 'x', { pipelineRunId: 'x' })
    const began = performance.now()
    await events.close()
    expect(performance.now() - began).toBeLessThan(1_500)
  })

  test('answers in another language: it is no Redis', async () => {
    const stranger: Server = createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')).listen(0, '127.0.0.1')
    await new Promise((resolve) => stranger.once('listening', resolve))
    const events = await openRedis(`redis://127.0.0.1:${(stranger.address() as { port: number }).port}`)
    await expect(events.ping()).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' })
    stranger.close()
  })
})

withRedis('Redis with a password', () => {
  test('lets in who has it; a wrong one stops the start, and is in no message', async () => {
    const server = await startRedis({ settings: ['--requirepass', 'correct horse'] })
    const events = await openRedis(server.url, { DHUO_PUBSUB_PASSWORD: 'correct horse' })
    await talk(events, events)
    for (const more of [{ DHUO_PUBSUB_PASSWORD: 'hunter22' }, { DHUO_PUBSUB_PASSWORD: '' }]) {
      const lines: string[] = []
      const log = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) })
      const error = await openRedisEvents(redisSettings(server.url, more), log).catch((error: unknown) => error)
      expect(String((error as Error).message)).toMatch(/DHUO_PUBSUB_.*(WRONGPASS|NOAUTH)/)
      expect(lines.length).toBeGreaterThan(0)
      expect(`${lines} ${(error as Error).message}`).not.toContain('hunter22')
    }
  })

  test('knows users of the access list', async () => {
    const server = await startRedis({
      settings: '--user dhuo on >secret99 resetchannels &dhuo:* +@pubsub +@connection +info'.split(' '),
    })
    const events = await openRedis(server.url.replace('//', '//dhuo@'), { DHUO_PUBSUB_PASSWORD: 'secret99' })
    await talk(events, events)
  })
})

describeWith('Redis over TLS', ['redis-server', 'redis-cli', 'openssl'])('Redis over TLS', () => {
  const certificate = makeCertificates()
  const own = certificate()
  const trusting = { DHUO_PUBSUB_CA_FILE: own.certificate }
  let server: RedisServer
  beforeAll(async () => {
    server = await startRedis({ tls: own })
  })

  eventsContract(
    'Redis over TLS',
    twoOf(() => [server.url, trusting]),
  )

  test('is not trusted without the CA file of the settings, nor with another, and that stops the start; so does a file that cannot be read', async () => {
    const other = certificate().certificate
    for (const settings of [{}, { DHUO_PUBSUB_CA_FILE: other }] as Record<string, string>[])
      await expect(openRedis(server.url, settings)).rejects.toThrow(/DHUO_PUBSUB_.*certificate/)
    await expect(openRedis(server.url, { DHUO_PUBSUB_CA_FILE: `${other}.not` })).rejects.toThrow(/DHUO_PUBSUB_CA_FILE.*ENOENT/)
  })

  test('behind Sentinels that speak TLS too is found', async () => {
    const sentinel = await startRedis({ tls: own, sentinel: [`sentinel monitor main 127.0.0.1 ${server.port} 1`] })
    const events = await openRedis(`${sentinel.url}?sentinel=main`, trusting)
    await talk(events, events)
    await expect(openRedis(`${sentinel.url}?sentinel=main`)).rejects.toThrow(/DHUO_PUBSUB_.*certificate/)
  })
})

withRedis('Redis behind Sentinels', () => {
  let url: string
  const passwords = { DHUO_PUBSUB_PASSWORD: 'correct horse', DHUO_PUBSUB_SENTINEL_PASSWORD: 'other' }
  beforeAll(async () => {
    const master = await startRedis({ settings: ['--requirepass', 'correct horse'] })
    const watching = [`sentinel monitor main 127.0.0.1 ${master.port} 1`, 'sentinel auth-pass main "correct horse"']
    const sentinel = await startRedis({ sentinel: [...watching, 'requirepass other'] })
    const nobody = await startRedis()
    await nobody.kill()
    url = `redis://127.0.0.1:${nobody.port},127.0.0.1:${sentinel.port}?sentinel=main`
  })

  eventsContract(
    'Redis behind Sentinels, of which one is gone',
    twoOf(() => [url, passwords]),
  )

  test.each(Object.keys(passwords))('that want another password stop the start, with %s in what is said', async (name) => {
    await expect(openRedis(url, { ...passwords, [name]: 'hunter22' })).rejects.toThrow(/DHUO_PUBSUB_.*WRONGPASS/)
  })
})

withRedis('a Cluster of Redis', () => {
  let nodes: RedisServer[]
  let url: string
  beforeAll(async () => {
    ;({ nodes, url } = await startCluster())
  }, 30_000)

  eventsContract(
    'a Cluster of Redis',
    twoOf(() => [url]),
  )

  test('carries messages from any node to any other, in order', async () => {
    const all = await Promise.all(Array.from({ length: 6 }, () => openRedis(url)))
    const gone = new AbortController()
    const streams = await Promise.all(all.map((events) => events.subscribe('pipelineRunDue', 'x', gone.signal)))
    for (let i = 0; i < 500; i++) all[0]!.publish('pipelineRunDue', 'x', { pipelineRunId: String(i) })
    for (const stream of streams)
      for (let i = 0; i < 500; i++) expect((await stream.next()).value).toEqual({ pipelineRunId: String(i) })
    gone.abort()
  })

  test('goes on through another node when the one in use is gone', async () => {
    const events = await openRedis(url)
    const used = nodes.find((node) => node.command('client', 'list').includes('dhuo-subscriber'))!
    await used.kill()
    await eventually(() => answers(events))
    await talk(events, events)
  })
})
