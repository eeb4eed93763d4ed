import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from 'graphql-ws'
import WebSocket from 'ws'
import { DhuoError } from '../../src/errors.js'
import { bytesInUse } from '../bytes-in-use.js'
import { createTestHub, type TestHub } from '../hub.js'
import { seedKey, seedUser } from '../seed.js'
import {
  eventFields,
  readEvents,
  readRun,
  runWhen,
  type SeenEvent,
  seedDeployment,
  socketClient,
  startRun,
} from './pipeline-seed.js'

let hub: TestHub
const clients: Client[] = []
beforeAll(async () => {
  hub = await createTestHub()
})
afterEach(async () => {
  for (const client of clients.splice(0)) await client.dispose()
})
afterAll(() => hub.close())

const clientAs = (as?: string): Client => {
  const client = socketClient(hub, as)
  clients.push(client)
  return client
}

const subscription = `subscription ($id: ID!, $after: Int) { pipelineEvents(pipelineRun: $id, after: $after) { ${eventFields} } }`

/** What a subscriber gets, as it comes; `done` when the server completes it. */
function follow(id: string, after?: number, client = clientAs()) {
  const events: SeenEvent[] = []
  const stream = client.iterate<{ pipelineEvents: SeenEvent }>({ query: subscription, variables: { id, after } })
  const done = (async () => {
    for await (const { data, errors } of stream) {
      if (errors) throw new Error(JSON.stringify(errors))
      events.push(data!.pipelineEvents)
    }
  })()
  return { events, done, stop: () => stream.return!() }
}
const sequencesOf = (events: readonly SeenEvent[]) => events.map(({ sequence }) => sequence)
const upTo = (n: number, from = 1) => Array.from({ length: n - from + 1 }, (_, i) => from + i)

describe('whoever follows a pipeline run', () => {
  test('gets every event once and in order, live, and then it is over', async () => {
    const deployment = await seedDeployment(hub, [
      { script: 'import time\nfor i in range(20):\n  print(i, flush=True)\n  time.sleep(0.01)' },
      { script: 'for i in range(2000): print(i)' },
    ])
    const id = await startRun(hub, deployment)
    const followers = [follow(id), follow(id), follow(id, 3)]
    await sleep(300)
    followers.push(follow(id))
    await Promise.all(followers.map(({ done }) => done))
    const run = await readRun(hub, id)
    const written = await readEvents(hub, id)
    expect(run.status).toBe('SUCCEEDED')
    expect(sequencesOf(written)).toEqual(upTo(run.lastSequence))
    for (const { events } of [followers[0]!, followers[1]!, followers[3]!]) expect(events).toEqual(written)
    expect(followers[2]!.events).toEqual(written.slice(3))
    expect(written.at(-1)).toMatchObject({ type: 'RUN_STATUS', runStatus: 'SUCCEEDED' })
    for (const name of ['step1', 'step2']) {
      const ofStep = written.filter(({ stepName }) => stepName === name)
      expect(ofStep.at(-1)).toMatchObject({ type: 'STEP_STATUS', stepStatus: 'SUCCEEDED' })
      const lines = ofStep.filter(({ type }) => type === 'LOG')
      expect(lines.map(({ number }) => number)).toEqual(upTo(lines.length))
      expect(lines.map(({ message }) => message)).toEqual(lines.map((_, i) => String(i)))
    }
    // Afterwards the same is in the past.
    const [past, end, beyond] = [follow(id), follow(id, run.lastSequence), follow(id, run.lastSequence + 5)]
    await Promise.all([past.done, end.done, beyond.done])
    expect(past.events).toEqual(written)
    expect([...end.events, ...beyond.events]).toEqual([])
  })

  test('goes on behind its cursor after its socket was cut', async () => {
    const script = 'import time\nfor i in range(60):\n  print(i, flush=True)\n  time.sleep(0.01)'
    const id = await startRun(hub, await seedDeployment(hub, [{ script }]))
    const seen: SeenEvent[] = []
    for (let round = 0; seen.at(-1)?.runStatus !== 'SUCCEEDED'; round++) {
      const client = clientAs()
      const connected = new Promise((resolve) => client.on('connected', resolve))
      const part = follow(id, seen.length, client)
      await connected
      await Promise.race([part.done, sleep(100)])
      // The rest of the bytes dies on the way.
      clients.pop()
      await Promise.all([client.terminate(), part.done.catch(() => {})])
      seen.push(...part.events)
      expect(round).toBeLessThan(100)
    }
    expect(seen).toEqual(await readEvents(hub, id))
  })

  test('sees the run as it is at each event', async () => {
    const id = await startRun(hub, await seedDeployment(hub, [{ script: '' }]))
    const query =
      'subscription ($id: ID!) { pipelineEvents(pipelineRun: $id) { sequence pipelineRun { status lastSequence } step { status } } }'
    let last: unknown
    for await (const { data } of clientAs().iterate<{
      pipelineEvents: { sequence: number; pipelineRun: { lastSequence: number } }
    }>({ query, variables: { id } })) {
      last = data!.pipelineEvents
      expect(data!.pipelineEvents.pipelineRun.lastSequence).toBeGreaterThanOrEqual(data!.pipelineEvents.sequence)
    }
    expect(last).toMatchObject({ pipelineRun: { status: 'SUCCEEDED' }, step: null })
  })

  test('is told with which event something could not be read, and has it when coming back with the same `after`', async () => {
    const id = await startRun(hub, await seedDeployment(hub, [{ script: '' }]))
    const { lastSequence } = await runWhen(hub, id)
    const { pipelineRuns } = hub.datasources.catalog
    const really = pipelineRuns.byIds.bind(pipelineRuns)
    let reads = 0
    // Once for the subscription, and once for each event.
    pipelineRuns.byIds = (ids) =>
      ++reads === 4 ? Promise.reject(new DhuoError('BACKEND_UNAVAILABLE', 'The catalog is away.')) : really(ids)
    const query =
      'subscription ($id: ID!, $after: Int) { pipelineEvents(pipelineRun: $id, after: $after) { sequence pipelineRun { id } } }'
    const seen: number[] = []
    const codes: unknown[] = []
    const listen = async (): Promise<void> => {
      for await (const { data, errors } of clientAs().iterate<{ pipelineEvents: { sequence: number } }>({
        query,
        variables: { id, after: seen.at(-1) ?? 0 },
      })) {
        if (errors) codes.push(errors[0]!.extensions!['code'])
        if (errors) return
        seen.push(data!.pipelineEvents.sequence)
      }
    }
    await listen()
    expect([seen, codes]).toEqual([[1, 2], ['BACKEND_UNAVAILABLE']])
    await listen()
    pipelineRuns.byIds = really
    expect([seen, codes]).toEqual([upTo(lastSequence), ['BACKEND_UNAVAILABLE']])
  })

  test('must know it and be allowed to see it', async () => {
    const id = await startRun(hub, await seedDeployment(hub, [{ script: '' }]))
    const stranger = await seedUser(hub)
    const refused = async (client: Client, variables: Record<string, unknown>) => {
      for await (const { errors } of client.iterate({ query: subscription, variables })) return errors?.[0]?.extensions
      return 'over without a word'
    }
    expect(await refused(clientAs(), { id: 'plr_0' })).toMatchObject({ code: 'NOT_FOUND', field: 'pipelineRun' })
    expect(await refused(clientAs(stranger.token), { id })).toMatchObject({ code: 'NOT_FOUND', field: 'pipelineRun' })
    expect(await refused(clientAs(), { id, after: -1 })).toMatchObject({ code: 'BAD_USER_INPUT', field: 'after' })
    await runWhen(hub, id)
  })

  test('is cut off when the key is revoked, within seconds, though nothing happens', async () => {
    const id = await startRun(hub, await seedDeployment(hub, [{ script: 'import time; time.sleep(60)' }]))
    const key = await seedKey(hub, hub.admin)
    const { done, events } = follow(id, 0, clientAs(key.secret))
    await runWhen(hub, id, ({ steps }) => steps[0]!.status === 'RUNNING')
    await hub.data('mutation ($id: ID!) { revokeAccessKey(id: $id) { id } }', { id: key.id })
    await expect(done).rejects.toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }])
    expect(events.length).toBeGreaterThan(3)
    await hub.data('mutation ($id: ID!) { cancelPipelineRun(id: $id) { id } }', { id })
    await runWhen(hub, id)
  }, 30_000)

  test('who does not read costs the server no memory, and others no time', async () => {
    const lines = 20_000
    const script = `for i in range(${lines}): print("x" * 400, i)`
    const id = await startRun(hub, await seedDeployment(hub, [{ script }]))
    const socket = new WebSocket(`${hub.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws')
    await new Promise((resolve) => socket.once('open', resolve))
    socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${hub.admin}` } }))
    await new Promise((resolve) => socket.once('message', resolve))
    socket.send(JSON.stringify({ type: 'subscribe', id: '1', payload: { query: subscription, variables: { id } } }))
    socket.pause()
    const { events, done } = follow(id)
    await done
    expect(events.filter(({ type }) => type === 'LOG')).toHaveLength(lines)
    expect(bytesInUse()).toBeLessThan(60 * 2 ** 20)
    const got: number[] = []
    const over = new Promise<void>((resolve) =>
      socket.on('message', (data) => {
        const message = JSON.parse(String(data))
        if (message.type === 'next') got.push(message.payload.data.pipelineEvents.sequence)
        if (message.type === 'complete') resolve()
      }),
    )
    socket.resume()
    await over
    expect(got).toEqual(upTo(events.length))
    socket.terminate()
  }, 60_000)
})

describe('whoever follows the runs of a project', () => {
  test('gets each run as it is, whenever it has changed, and none of another project', async () => {
    const [deployment, other] = [await seedDeployment(hub, [{ script: 'print(1)' }]), await seedDeployment(hub, [{ script: '' }])]
    const query = 'subscription ($project: String!) { pipelineRunChanged(project: $project) { id status steps { status } } }'
    const seen = new Map<string, string[]>()
    const stream = clientAs().iterate<{ pipelineRunChanged: { id: string; status: string } }>({
      query,
      variables: { project: deployment.project },
    })
    const reading = (async () => {
      for await (const { data } of stream) {
        const { id, status } = data!.pipelineRunChanged
        seen.set(id, [...(seen.get(id) ?? []), status])
        if (seen.size === 10 && [...seen.values()].every((statuses) => statuses.at(-1) === 'SUCCEEDED')) return
      }
    })()
    await sleep(100)
    const ids = await Promise.all(Array.from({ length: 10 }, () => startRun(hub, deployment)))
    const foreign = await startRun(hub, other)
    await reading
    await runWhen(hub, foreign)
    expect([...seen.keys()].sort()).toEqual(ids.sort())
    const order = ['QUEUED', 'RUNNING', 'SUCCEEDED']
    for (const statuses of seen.values())
      expect(statuses).toEqual(statuses.toSorted((a, b) => order.indexOf(a) - order.indexOf(b)))
  })

  test('must be allowed to see it', async () => {
    const deployment = await seedDeployment(hub, [{ script: '' }])
    const stranger = await seedUser(hub)
    const query = 'subscription ($project: String!) { pipelineRunChanged(project: $project) { id } }'
    for await (const { errors } of clientAs(stranger.token).iterate({ query, variables: { project: deployment.project } }))
      expect(errors).toMatchObject([{ extensions: { code: 'NOT_FOUND' } }])
  })
})

describe('a server that stops', () => {
  test('says so of what ran with it; the next one goes on, and so do subscribers', async () => {
    const own = await createTestHub({ DHUO_JOB_GRACE_SECONDS: '1' })
    try {
      const deployment = await seedDeployment(own, [
        { name: 'done', script: 'print("once")' },
        {
          name: 'long',
          script: `import os, sys, time\nfile = os.path.join(sys.argv[1], "begun")\nagain = os.path.exists(file)\nopen(file, "a").write("x")\nprint("begun", flush=True)\ntime.sleep(0 if again else 60)`,
          arguments: [own.home],
          maxAttempts: 2,
        },
        { name: 'only-once', script: 'import time\nprint("begun", flush=True)\ntime.sleep(60)', needs: [] },
      ])
      const id = await startRun(own, deployment)
      await runWhen(own, id, ({ steps }) => steps.slice(1).every(({ logs }) => logs.length === 1))
      const before = await readEvents(own, id)
      await own.restart()
      const client = socketClient(own)
      const seen: SeenEvent[] = []
      for await (const { data } of client.iterate<{ pipelineEvents: SeenEvent }>({
        query: subscription,
        variables: { id, after: before.length },
      }))
        seen.push(data!.pipelineEvents)
      await client.dispose()
      const run = await readRun(own, id)
      expect(run).toMatchObject({
        status: 'FAILED',
        steps: [
          { name: 'done', status: 'SUCCEEDED', attempt: 1, logs: [{ text: 'once' }] },
          { name: 'long', status: 'SUCCEEDED', attempt: 2 },
          { name: 'only-once', status: 'FAILED', attempt: 1, statusDetail: 'The server was stopped before it ended.' },
        ],
      })
      expect([...before, ...seen]).toEqual(await readEvents(own, id))
      expect(sequencesOf([...before, ...seen])).toEqual(upTo(run.lastSequence))
    } finally {
      await own.close()
    }
  }, 40_000)
})
