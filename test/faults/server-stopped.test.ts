import { once } from 'node:events'
import { join } from 'node:path'
import { describeWith } from '../backends.js'
import { eventually } from '../eventually.js'
import { readEvents, runWhen, seedDeployment, startRun } from '../graphql/pipeline-seed.js'
import { createDatabase } from '../postgres-database.js'
import { type RedisServer, startRedisServer } from '../redis-server.js'
import { type BuiltServer, buildServer } from '../server-process.js'
import { ChaosFollower } from './chaos-follower.js'

const followersOfEach = 20

describeWith('a server that is stopped', ['postgres', 'redis-server', 'python3'])('one of two servers', () => {
  let built: BuiltServer
  let redis: RedisServer
  beforeAll(async () => {
    ;[built, redis] = await Promise.all([buildServer(), startRedisServer()])
  }, 30_000)
  afterAll(async () => {
    await built?.remove()
    await redis?.stop()
  })

  test('that gets SIGTERM sends its followers elsewhere with 1001, ends well within its grace, and nobody misses anything', async () => {
    const settings = {
      DHUO_CATALOG_URL: await createDatabase(),
      DHUO_PUBSUB_URL: redis.url,
      DHUO_STORAGE_URL: `file:${join(built.directory, 'buckets')}`,
      DHUO_JOB_GRACE_SECONDS: '1',
    }
    const [one, other] = await Promise.all(
      ['one', 'other'].map((home) => built.start({ ...settings, DHUO_HOME: join(built.directory, home) })),
    )
    const script = 'import time\nfor i in range(400):\n  print(i, flush=True)\n  time.sleep(0.02)'
    const deployment = await seedDeployment(one!.hub, [{ script, maxAttempts: 5 }])
    // Both servers take runs: those of the one that stops begin again at the other.
    const ids = await Promise.all(Array.from({ length: 4 }, () => startRun(one!.hub, deployment)))
    const there = [one!.hub]
    const followers = ids.map((runId) =>
      Array.from(
        { length: followersOfEach },
        () => new ChaosFollower({ runId, token: one!.hub.admin, proxies: there, random: Math.random, pausesMs: 0 }),
      ),
    )
    await eventually(() => followers.flat().every(({ events }) => events.length > 10))
    const began = Date.now()
    const exited = once(one!.process, 'exit')
    there.splice(0, 1, other!.hub)
    one!.process.kill('SIGTERM')
    expect(await exited).toEqual([0, null])
    expect(Date.now() - began).toBeLessThan(30_000)
    await Promise.all(followers.flat().map(({ ended }) => ended))
    const sentAway = followers.flat().filter(({ closes }) => closes.includes(1001))
    expect(sentAway.length).toBeGreaterThan(followersOfEach)
    for (const [index, runId] of ids.entries()) {
      const run = await runWhen(other!.hub, runId)
      expect(run.status).toBe('SUCCEEDED')
      const stored = await readEvents(other!.hub, runId)
      for (const { events, errors, closes } of followers[index]!) {
        expect(errors).toEqual([])
        expect(events).toEqual(stored)
        // The last one it ended itself, perhaps before the server did.
        expect([[], [1001]]).toContainEqual(closes.slice(0, -1))
      }
    }
  }, 90_000)
})
