import { createServer } from 'node:net'
import { describeWith } from '../backends.js'
import { endRedisWithTests, startCluster, startRedis } from '../pubsub/open-redis.js'
import { makeCertificates } from '../pubsub/redis-certificates.js'
import type { RedisServer } from '../redis-server.js'
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

describeWith('the doctor with Redis behind Sentinels', ['redis-server', 'redis-cli'])('Redis behind Sentinels', () => {
  endRedisWithTests()
  let master: RedisServer
  let sentinels: RedisServer[]
  let url: string
  const passwords = { DHUO_PUBSUB_PASSWORD: 'correct horse', DHUO_PUBSUB_SENTINEL_PASSWORD: 'other horse' }
  beforeEach(async () => {
    master = await startRedis({ settings: ['--requirepass', passwords.DHUO_PUBSUB_PASSWORD] })
    const sentinel = [
      `sentinel monitor main 127.0.0.1 ${master.port} 2`,
      `sentinel auth-pass main "${passwords.DHUO_PUBSUB_PASSWORD}"`,
      `requirepass "${passwords.DHUO_PUBSUB_SENTINEL_PASSWORD}"`,
    ]
    sentinels = await Promise.all([1, 2, 3].map(() => startRedis({ sentinel })))
    url = `redis://${sentinels.map(({ port }) => `127.0.0.1:${port}`).join(',')}?sentinel=main`
  })

  test('is well when all of them are there and a message goes round; one that is gone is named', async () => {
    const found = await look(url, passwords)
    expect(faults(found)).toEqual([])
    expect(found[0]).toMatchObject({ check: 'nodes', said: 'all 3 Sentinels are reached' })
    await sentinels[1]!.kill()
    const fault = onlyFault(await look(url, passwords))
    expect(fault).toMatchObject({ level: 'warn', said: expect.stringContaining(`127.0.0.1:${sentinels[1]!.port}`) })
  })

  test('a password of the Sentinels is not taken for that of Redis, nor the other way round', async () => {
    for (const name of Object.keys(passwords)) {
      const fault = onlyFault(await look(url, { ...passwords, [name]: 'hunter22' }))
      expect(fault).toMatchObject({ check: 'reach and login', said: expect.stringContaining('WRONGPASS') })
      expect(fault.remedy).toContain(`Set ${name} to`)
      expect(JSON.stringify(fault)).not.toMatch(/hunter22| horse/)
    }
    const { DHUO_PUBSUB_SENTINEL_PASSWORD: _, ...missing } = passwords
    expect(onlyFault(await look(url, missing)).remedy).toContain('Set DHUO_PUBSUB_SENTINEL_PASSWORD to')
  })

  test('a name that the Sentinels do not know, a master that is gone, and Sentinels that all are: each is told', async () => {
    const unknown = onlyFault(await look(url.replace('=main', '=other'), passwords))
    expect(unknown.remedy).toContain('must know the master "other"')
    await master.kill()
    const gone = onlyFault(await look(url, passwords))
    expect(gone).toMatchObject({ check: 'reach and login', said: expect.stringContaining(`${master.port}`) })
    for (const sentinel of sentinels) await sentinel.kill()
    const [nodes, reach] = faults(await look(url, passwords))
    expect(nodes).toMatchObject({ level: 'fail', said: expect.stringContaining('3 of 3 Sentinels') })
    expect(reach!.said).toContain('ECONNREFUSED')
  }, 30_000)
})

describeWith('the doctor with Redis over TLS', ['redis-server', 'redis-cli', 'openssl'])('Redis over TLS', () => {
  endRedisWithTests()
  const certificate = makeCertificates()

  test('is well with its authority; another one, none, and a name that it has not are told with what mends them', async () => {
    const [own, other, elsewhere] = [certificate(), certificate(), certificate('DNS:redis.example.com')]
    const { url } = await startRedis({ tls: own })
    const found = await look(url, { DHUO_PUBSUB_CA_FILE: own.certificate })
    expect(faults(found)).toEqual([])
    expect(found.map(({ said }) => said)).toContain('messages and the password are encrypted')
    const remedy = expect.stringContaining('DHUO_PUBSUB_CA_FILE to the authority')
    for (const settings of [{}, { DHUO_PUBSUB_CA_FILE: other.certificate }] as Record<string, string>[])
      expect(onlyFault(await look(url, settings))).toMatchObject({ said: expect.stringMatching(/certificate/), remedy })
    const renamed = await startRedis({ tls: elsewhere })
    const fault = onlyFault(await look(renamed.url, { DHUO_PUBSUB_CA_FILE: elsewhere.certificate }))
    expect(fault).toMatchObject({
      said: expect.stringMatching(/altnames/),
      remedy: expect.stringContaining('as the certificate does'),
    })
    expect(onlyFault(await look(url, { DHUO_PUBSUB_CA_FILE: `${own.certificate}.not` }))).toMatchObject({
      said: expect.stringContaining('DHUO_PUBSUB_CA_FILE cannot be read (ENOENT)'),
      remedy: expect.stringContaining('DHUO_PUBSUB_CA_FILE'),
    })
  })

  test('spoken to in the clear is told to be so', async () => {
    const { url } = await startRedis({ tls: certificate() })
    expect(onlyFault(await look(url.replace('rediss:', 'redis:'))).remedy).toContain('wants rediss://')
  })
})

describeWith('the doctor with a Cluster of Redis', ['redis-server', 'redis-cli'])('a Cluster of Redis', () => {
  endRedisWithTests()

  test('is well when all nodes are there; one that is gone is named, and messages go round without it', async () => {
    const { nodes, url } = await startCluster()
    expect(faults(await look(url))).toEqual([])
    await nodes[2]!.kill()
    const fault = onlyFault(await look(url))
    expect(fault).toMatchObject({ check: 'nodes', level: 'warn', said: expect.stringContaining(`127.0.0.1:${nodes[2]!.port}`) })
  }, 30_000)
})
