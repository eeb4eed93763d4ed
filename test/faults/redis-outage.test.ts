import { describeWith } from '../backends.js'
import { eventually } from '../eventually.js'
import { answers, endRedisWithTests, openRedis, startRedis, talk } from '../pubsub/open-redis.js'

endRedisWithTests()

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
    // Each has to have heard of the others before they can agree.
    await eventually(() => /num-other-sentinels\n2\n/.test(sentinels[0]!.command('sentinel', 'master', 'main')))
    await eventually(() => /role:slave[\s\S]*master_link_status:up/.test(replica.command('info', 'replication')))
    await master.kill()
    await eventually(() => replica.command('role').startsWith('master'), 18_000)
    await eventually(() => answers(one, two))
    await talk(one, two)
  }, 40_000)
})
