import { createServer } from 'node:net'
import { describeWith } from '../backends.js'
import { endRedisWithTests, startRedis } from '../pubsub/open-redis.js'
import { faults, findingsOf, onlyFault } from './examined.js'

const look = (url: string, more: Record<string, string> = {}) =>
  findingsOf({ DHUO_HOME: '/nowhere/at/all', DHUO_PUBSUB_URL: url, ...more }, 'pub/sub')

describeWith('the doctor with Redis', ['redis-server'])('Redis', () => {
  endRedisWithTests()

  test('is well when a message goes round', async () => {
    const found = await look((await startRedis()).url)
    expect(faults(found)).toEqual([])
    expect(found.map(({ said }) => said)).toEqual([
      expect.stringMatching(/^Redis \d.* answers, standalone, master$/),
      'none, on this machine',
      expect.stringMatching(/^a message took \d+\.\d ms$/),
    ])
  })

  test('a password that is wrong, or missing, is named and never said', async () => {
    const redis = await startRedis({ settings: ['--requirepass', 'correct horse'] })
    const remedy = expect.stringContaining('DHUO_PUBSUB_PASSWORD to the password of the default user')
    for (const more of [{ DHUO_PUBSUB_PASSWORD: 'hunter22' }, {} as Record<string, string>]) {
      const fault = onlyFault(await look(redis.url, more))
      expect(fault).toMatchObject({ check: 'reach and login', said: expect.stringMatching(/WRONGPASS|NOAUTH/), remedy })
      expect(JSON.stringify(fault)).not.toMatch(/hunter22|correct horse/)
    }
    expect(faults(await look(redis.url, { DHUO_PUBSUB_PASSWORD: 'correct horse' }))).toEqual([])
  })

  test('a user who may not publish to our channels is named with the rule that lets them; with that rule it is well', async () => {
    const redis = await startRedis()
    redis.command('ACL', 'SETUSER', 'graph', 'on', '>long password', 'resetchannels', '&other:*', '+@all')
    const url = redis.url.replace('redis://', 'redis://graph@')
    const fault = onlyFault(await look(url, { DHUO_PUBSUB_PASSWORD: 'long password' }))
    expect(fault).toMatchObject({ check: 'PUBLISH and SUBSCRIBE', said: expect.stringMatching(/NOPERM|permission/) })
    redis.command('ACL', 'SETUSER', 'graph', '-@all')
    redis.command(...fault.remedy!.split(' '))
    expect(faults(await look(url, { DHUO_PUBSUB_PASSWORD: 'long password' }))).toEqual([])
  })

  test('one that is frozen, a port that is closed and a listener that says nothing are named in time', async () => {
    const redis = await startRedis()
    redis.pause()
    const silent = createServer()
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    const noTls = (await startRedis()).url.replace('redis:', 'rediss:')
    const silentUrl = `redis://127.0.0.1:${(silent.address() as { port: number }).port}`
    const began = performance.now()
    const [frozen, mute, plain] = await Promise.all([redis.url, silentUrl, noTls].map((url) => look(url)))
    expect(performance.now() - began).toBeLessThan(9_000)
    redis.resume()
    silent.close()
    expect(onlyFault(plain!).remedy).toContain('redis:// instead of rediss://')
    for (const found of [frozen!, mute!, await look(silentUrl)])
      expect(onlyFault(found)).toMatchObject({
        check: 'reach and login',
        remedy: expect.stringContaining('redis-cli -h 127.0.0.1'),
      })
    expect((await look(silentUrl))[0]!.said).toContain('ECONNREFUSED')
  })

  test('a replica is no place to publish at: its master is named', async () => {
    const [master, replica] = [await startRedis(), await startRedis()]
    replica.command('REPLICAOF', '127.0.0.1', String(master.port))
    expect(onlyFault(await look(replica.url))).toMatchObject({ remedy: expect.stringContaining(`127.0.0.1:${master.port}`) })
  })

  test('of several nodes those that are not reached are named, and what is no Cluster too', async () => {
    const redis = await startRedis()
    const found = await look(`redis://127.0.0.1:${redis.port},127.0.0.1:1?cluster`)
    expect(faults(found)).toMatchObject([
      { check: 'nodes', level: 'warn', said: expect.stringContaining('127.0.0.1:1') },
      { level: 'warn', remedy: expect.stringContaining('?cluster') },
    ])
  })
})
