import { setTimeout as sleep } from 'node:timers/promises'
import { type Client, createClient } from 'graphql-ws'
import WebSocket from 'ws'
import { createTestHub, type TestHub } from '../hub.js'
import { type SeededProject, seedExperiment, seedKey, seedProject, seedRun, seedUser } from '../seed.js'

let hub: TestHub
let project: SeededProject
let experiment: string
beforeAll(async () => {
  hub = await createTestHub()
  project = await seedProject(hub)
  experiment = (await seedExperiment(hub, project.name)).id
})
afterAll(() => hub.close())

type Given = { key: string; value?: number; text?: string; step?: number | string; timestamp?: string }
const point = 'key value text step timestamp'
const newRun = async (): Promise<string> => (await seedRun(hub, experiment)).id
const log = async (run: string, metrics: Given[]): Promise<void> => {
  await hub.data('mutation ($input: LogBatchInput!) { logBatch(input: $input) { id } }', { input: { run, metrics } })
}
const ofRun = async (id: string, fields: string) =>
  (await hub.data(`query ($id: ID!) { node(id: $id) { ... on Run { ${fields} } } }`, { id })).node

describe('values', () => {
  test('NaN and the infinities are null with their text; every other number is exact', async () => {
    const run = await newRun()
    const timestamp = '2026-11-23T12:00:00.000Z'
    const values = [0.1 + 0.2, 5e-324, 1.7976931348623157e308, -1, 0]
    await log(run, [
      { key: 'x-nan', text: 'NaN', timestamp },
      { key: 'x-up', text: 'Infinity', timestamp },
      { key: 'x-down', text: '-Infinity', timestamp },
      ...values.map((value, n) => ({ key: `v${n}`, value, timestamp })),
    ])
    const { metrics } = await ofRun(run, `metrics { ${point} }`)
    expect(metrics).toEqual([
      ...values.map((value, n) => ({ key: `v${n}`, value, text: String(value), step: 0, timestamp })),
      { key: 'x-down', value: null, text: '-Infinity', step: 0, timestamp },
      { key: 'x-nan', value: null, text: 'NaN', step: 0, timestamp },
      { key: 'x-up', value: null, text: 'Infinity', step: 0, timestamp },
    ])
    expect(
      await ofRun(run, 'a: metric(key: "v0") b: metric(key: "x-nan") c: metric(key: "x-up") d: metric(key: "none")'),
    ).toEqual({
      a: 0.1 + 0.2,
      b: null,
      c: null,
      d: null,
    })
  })

  test('steps of 64 bits are exact', async () => {
    const run = await newRun()
    const steps = ['-9223372036854775808', -1, 9007199254740991, '9007199254740993', '9223372036854775807']
    await log(
      run,
      steps.map((step, n) => ({ key: 'm', value: n, step, timestamp: `2026-11-23T12:00:0${n}Z` })),
    )
    const { metrics, metricHistory } = await ofRun(run, 'metrics { step } metricHistory(key: "m") { nodes { step } }')
    expect(metricHistory.nodes.map(({ step }: { step: unknown }) => step)).toEqual(steps)
    expect(metrics).toEqual([{ step: '9223372036854775807' }])
  })

  test('the latest is that of the highest step, then of the newest time, then the largest', async () => {
    const run = await newRun()
    const [early, late] = ['2026-11-23T12:00:00Z', '2026-11-23T13:00:00Z']
    await log(run, [
      { key: 'm', value: 1, step: 2, timestamp: early },
      { key: 'm', value: 99, step: 1, timestamp: late },
    ])
    expect(await ofRun(run, 'metric(key: "m")')).toEqual({ metric: 1 })
    await log(run, [{ key: 'm', value: -5, step: 2, timestamp: late }])
    expect(await ofRun(run, 'metric(key: "m")')).toEqual({ metric: -5 })
    await log(run, [
      { key: 'm', value: -4, step: 2, timestamp: late },
      { key: 'm', value: -6, step: 2, timestamp: late },
    ])
    expect(await ofRun(run, 'metric(key: "m")')).toEqual({ metric: -4 })
    await log(run, [{ key: 'm', text: 'NaN', step: 2, timestamp: late }])
    expect(await ofRun(run, 'metrics { text }')).toEqual({ metrics: [{ text: 'NaN' }] })
  })

  test('the present time is taken where none is given', async () => {
    const run = await newRun()
    const before = new Date().toISOString()
    await log(run, [{ key: 'm', value: 1 }])
    const { metrics } = await ofRun(run, 'metrics { timestamp }')
    expect(metrics[0].timestamp >= before && metrics[0].timestamp <= new Date().toISOString()).toBe(true)
  })
})

describe('metricHistory', () => {
  test('comes page by page, by time, each point once', async () => {
    const run = await newRun()
    const points = Array.from({ length: 25 }, (_, n) => ({
      key: 'm',
      value: n,
      step: n,
      timestamp: new Date(1e12 + n).toISOString(),
    }))
    await log(run, points.toReversed())
    await log(run, points)
    await log(run, [{ key: 'other', value: 1 }])
    const query = `query ($id: ID!, $key: String!, $first: Int, $after: String) { node(id: $id) { ... on Run {
      metricHistory(key: $key, first: $first, after: $after) { totalCount edges { cursor node { value } } pageInfo { hasNextPage endCursor } } } } }`
    const page = async (variables: object) => (await hub.data(query, { id: run, key: 'm', ...variables })).node.metricHistory
    const found: number[] = []
    let after: string | null = null
    for (let n = 0; n < 3; n++) {
      const { totalCount, edges, pageInfo } = await page({ first: 10, after })
      expect([totalCount, pageInfo.hasNextPage, pageInfo.endCursor]).toEqual([25, n < 2, edges.at(-1).cursor])
      found.push(...edges.map(({ node }: { node: { value: number } }) => node.value))
      after = pageInfo.endCursor
    }
    expect(found).toEqual(points.map(({ value }) => value))
    expect(await page({ after })).toMatchObject({ edges: [], pageInfo: { hasNextPage: false, endCursor: null } })
    expect(await page({ key: 'none' })).toMatchObject({ totalCount: 0, edges: [] })
    expect(await hub.error(query, { id: run, key: 'other', after })).toMatchObject({
      extensions: { code: 'BAD_USER_INPUT', field: 'after' },
    })
    for (const first of [0, -1, 10_001])
      expect(await hub.error(query, { id: run, key: 'm', first })).toMatchObject({
        extensions: { code: 'BAD_USER_INPUT', field: 'first' },
      })
    expect((await page({ first: 10_000 })).edges).toHaveLength(25)
  })
})

describe('metricLogged', () => {
  const clients: Client[] = []
  afterEach(async () => {
    for (const client of clients.splice(0)) await client.dispose()
  })
  const subscription = `subscription ($run: ID!, $keys: [String!]) { metricLogged(run: $run, keys: $keys) { ${point} } }`
  const events = (variables: Record<string, unknown>, as = hub.admin) => {
    const client = createClient({
      url: `${hub.url.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      connectionParams: { authorization: `Bearer ${as}` },
      retryAttempts: 0,
    })
    clients.push(client)
    return client.iterate<{ metricLogged: Record<string, unknown> }>({ query: subscription, variables })
  }
  /** The subscription is at work when something that is logged again and again arrives. */
  const started = async (stream: ReturnType<typeof events>, run: string, key = 'start'): Promise<void> => {
    const first = stream.next()
    let arrived = false
    void first.then(
      () => (arrived = true),
      () => (arrived = true),
    )
    for (let n = 0; !arrived; n++) {
      await log(run, [{ key, value: n, step: n }])
      await sleep(20)
    }
    expect((await first).value?.errors).toBeUndefined()
  }
  const next = async (stream: ReturnType<typeof events>) =>
    (await stream.next()).value?.data?.metricLogged as Record<string, unknown>
  /** Past what `started` left over. */
  const nextBut = async (stream: ReturnType<typeof events>, key = 'start') => {
    let event = await next(stream)
    while (event['key'] === key) event = await next(stream)
    return event
  }

  test('every point of a batch is an event, in order and exact, for each who listens', async () => {
    const run = await newRun()
    const streams = [events({ run }), events({ run })]
    for (const stream of streams) await started(stream, run)
    const timestamp = '2026-11-23T12:00:00.000Z'
    await log(run, [
      { key: 'b', value: 2, step: '9007199254740993', timestamp },
      { key: 'a', text: 'NaN', timestamp },
      { key: 'a', text: '-Infinity', step: -1, timestamp },
    ])
    await log(run, [{ key: 'c', value: 0.1, timestamp }])
    for (const stream of streams) {
      expect(await nextBut(stream)).toEqual({ key: 'b', value: 2, text: '2', step: '9007199254740993', timestamp })
      expect(await next(stream)).toEqual({ key: 'a', value: null, text: 'NaN', step: 0, timestamp })
      expect(await next(stream)).toEqual({ key: 'a', value: null, text: '-Infinity', step: -1, timestamp })
      expect(await next(stream)).toEqual({ key: 'c', value: 0.1, text: '0.1', step: 0, timestamp })
    }
  })

  test('keys choose metrics; other runs and batches that are refused are not heard', async () => {
    const [run, other] = [await newRun(), await newRun()]
    const stream = events({ run, keys: ['loss', 'start'] })
    await started(stream, run)
    await log(other, [{ key: 'loss', value: -1 }])
    await hub.error('mutation ($input: LogBatchInput!) { logBatch(input: $input) { id } }', {
      input: { run, metrics: [{ key: 'loss', value: -2 }], inputs: ['dst_1'] },
    })
    await log(run, [
      { key: 'acc', value: -3 },
      { key: 'loss', value: 1 },
    ])
    expect(await nextBut(stream)).toMatchObject({ key: 'loss', value: 1 })
  })

  test('no keys at all choose nothing', async () => {
    const run = await newRun()
    const stream = events({ run, keys: [] })
    const first = stream.next().then(
      () => 'event',
      () => 'event',
    )
    await sleep(100)
    await log(run, [{ key: 'm', value: 1 }])
    expect(await Promise.race([first, sleep(200, 'silence')])).toBe('silence')
  })

  test('a run that does not exist, or not for the viewer, is NOT_FOUND at once', async () => {
    const run = await newRun()
    const stranger = await seedUser(hub)
    const refusal = async (variables: Record<string, unknown>, as?: string) => {
      const ended = await events(variables, as)
        .next()
        .then(
          ({ value }) => value?.errors,
          (errors: unknown) => errors,
        )
      return (ended as { extensions: Record<string, unknown> }[])[0]!.extensions
    }
    expect(await refusal({ run: 'run_00000000000000000000000000000000' })).toMatchObject({ code: 'NOT_FOUND', field: 'run' })
    expect(await refusal({ run }, stranger.token)).toMatchObject({ code: 'NOT_FOUND', field: 'run' })
    expect(await refusal({ run: experiment })).toMatchObject({ code: 'NOT_FOUND', field: 'run' })
  })

  test('a key that is revoked ends its streams within seconds, though nothing is logged', async () => {
    const viewer = await seedUser(hub, { [project.name]: 'VIEWER' })
    const key = await seedKey(hub, viewer.token, { role: 'VIEWER' })
    const run = await newRun()
    const stream = events({ run }, key.secret)
    await started(stream, run)
    await hub.data('mutation ($id: ID!) { revokeAccessKey(id: $id) { id } }', { id: key.id }, viewer.token)
    const left: unknown[] = []
    const end = await (async () => {
      for (;;) {
        const { value, done } = await stream.next()
        if (done || value?.errors) return value?.errors
        left.push(value)
      }
    })().catch((errors: unknown) => errors)
    expect(end).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }])
  }, 30_000)
})
