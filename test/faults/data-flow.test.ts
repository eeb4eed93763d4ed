import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { eventually } from '../eventually.js'
import { readEvents, runWhen, type SeenRun, seedDeployment, startRun } from '../graphql/pipeline-seed.js'
import type { TestHub } from '../hub.js'
import { startDataFlowDouble } from '../oci/data-flow-double.js'
import { dataFlowSettings, openDataFlowHub } from '../oci/data-flow-hub.js'
import type { RunOutcome, RunProgram, StartedRun } from '../oci/data-flow-runs.js'
import { uniqueName } from '../seed.js'
import { buildServer } from '../server-process.js'

const textsOf = (run: SeenRun): string[] => run.steps.flatMap(({ logs }) => logs.map(({ text }) => text))
const counted = (lines: number): string[] => Array.from({ length: lines }, (_, i) => `line ${i + 1}`)

/** A run that takes a while and prints five lines, of which Data Flow tells at its end. */
const printing = (_program: RunProgram): StartedRun => {
  const lines = counted(5).map((text, i) => `[dhuo ${i + 1} +0.${i}00] ${text}\n`)
  const stdout = Buffer.from(`[dhuo 0 2026-11-23T12:00:00.000Z]\n${lines.join('')}`)
  const end: RunOutcome = { isSuccess: true, details: '', stdout, stderr: Buffer.alloc(0) }
  return { outcome: sleep((500 + Math.random() * 3_000) * scale, end), kill: () => {} }
}

const runs = 50
/** `DHUO_TEST_WHOLE_OUTAGE=1`: a whole minute, and the pauses of every day. */
const isWhole = process.env['DHUO_TEST_WHOLE_OUTAGE'] === '1'
const scale = isWhole ? 10 : 1
const outageMs = 6_000 * scale
/** `runs` runs, of which some have begun when the misfortune strikes; and what came of all of them. */
async function throughMisfortune(
  strike: (double: Awaited<ReturnType<typeof openDataFlowHub>>['double'], hub: TestHub, ids: readonly string[]) => Promise<void>,
  settings: Record<string, string> = {},
): Promise<void> {
  const { hub, double, close } = await openDataFlowHub({
    ...{ isStoredThere: true, start: printing, settings },
    // A tenth of the usual 2 to 30 s: as if every second were ten.
    poll: isWhole ? '2-30' : '0.2-3',
  })
  try {
    const deployment = await seedDeployment(hub, [{ name: 'train', script: 'print(1)' }])
    const ids: string[] = []
    const starting = (async () => {
      for (let i = 0; i < runs; i++) {
        ids.push(await startRun(hub, deployment))
        await sleep(40 * scale)
      }
    })()
    await eventually(() => double.dataFlow.runs.size > runs / 3, 30_000)
    await strike(double, hub, ids)
    await starting
    const ended = await Promise.all(ids.map((id) => runWhen(hub, id, undefined, 120_000 * scale)))
    expect(ended.map(({ status }) => status)).toEqual(ids.map(() => 'SUCCEEDED'))
    for (const run of ended) {
      expect(textsOf(run)).toEqual(counted(5))
      expect(run.steps[0]!.attempt).toBe(1)
      const events = await readEvents(hub, run.id)
      expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, i) => i + 1))
    }
    // Each attempt was begun once, whatever became of the answers.
    const counts = double.dataFlow.runsByTag('dhuo-job')
    expect(counts.size).toBe(runs)
    expect([...counts.values()].every((count) => count === 1)).toBe(true)
  } finally {
    await close()
  }
}

describe('in the middle of 50 runs', () => {
  test(
    'OCI is down for a minute (here six seconds): nothing is lost, nothing submitted twice, no status looks fresh',
    async () => {
      await throughMisfortune(async (double, hub, ids) => {
        const query =
          'query ($ids: [ID!]!) { nodes(ids: $ids) { ... on PipelineRun { steps { status observedAt statusDetail } } } }'
        const running = async () => {
          const { nodes } = await hub.data(query, { ids: [...ids].slice(0, 100) })
          return nodes.flatMap(
            ({ steps }: { steps: { status: string; observedAt: string; statusDetail: string | null }[] }) => steps,
          )
        }
        await eventually(async () => (await running()).some(({ status }: { status: string }) => status === 'RUNNING'), 30_000)
        // The last thing that OCI did before: it made runs, and nobody heard of it.
        const unheard = () =>
          double.oci.requests.filter(({ operation, status }) => operation === 'createRun' && status === 0).length
        double.oci.faults.add({ operation: 'createRun', times: 99, reset: 'after' })
        await eventually(() => unheard() >= 3)
        await double.oci.goDown()
        double.oci.faults.clear()
        const downAt = new Date().toISOString()
        await sleep(0.75 * outageMs)
        const steps = (await running()).filter(({ status }: { status: string }) => status === 'RUNNING')
        expect(steps.length).toBeGreaterThan(0)
        for (const { observedAt } of steps) expect(observedAt <= downAt).toBe(true)
        const waiting = (await running()).filter(({ statusDetail }: { statusDetail: string | null }) => statusDetail !== null)
        expect(
          waiting.every(({ statusDetail }: { statusDetail: string }) => statusDetail.startsWith('Not submitted yet: ')),
        ).toBe(true)
        await sleep(0.25 * outageMs)
        await double.oci.goUp()
      })
    },
    180_000 * scale,
  )

  test('OCI has had too many requests, and cuts connections before and after it has done what it was asked for', async () => {
    await throughMisfortune(async (double) => {
      double.oci.faults.add({ times: 40, refuse: { status: 429, code: 'TooManyRequests' } })
      for (let i = 0; i < 60; i++) double.oci.faults.add({ after: i % 3, reset: i % 2 === 0 ? 'after' : 'before' })
      await sleep(4_000)
      double.oci.faults.clear()
    })
  }, 180_000)

  test('OCI takes requests and never answers', async () => {
    await throughMisfortune(
      async (double) => {
        for (const operation of ['listRuns', 'getRun', 'createRun', 'listRunLogs'])
          double.oci.faults.add({ operation, times: 2, hang: 'before' }, { operation, times: 2, hang: 'after' })
      },
      { DHUO_OCI_TIMEOUT_SECONDS: '0.5' },
    )
  }, 180_000)
})

describe('a server', () => {
  test('that is killed again and again goes on with what is in flight: no run twice, no line twice, none lost', async () => {
    const built = await buildServer()
    const double = await startDataFlowDouble({ acceptMs: 100, logsMs: 50, cancelMs: 50 })
    const settings = await dataFlowSettings(double, { isStoredThere: true })
    const home = join(built.directory, 'home')
    await mkdir(home)
    const start = () => built.start({ ...settings, DHUO_HOME: home })
    const script = `import random, time
for i in range(1, 31):
  print("line", i, flush=True)
  time.sleep(random.random() * 0.2)`
    const ids: string[] = []
    let deployment: { id: string } | undefined
    try {
      for (let round = 0; round < 4; round++) {
        const server = await start()
        deployment ??= await seedDeployment(server.hub, [{ name: 'train', script }])
        const starting = [1, 2].map(() => startRun(server.hub, deployment!).then((id) => ids.push(id)))
        await sleep(300 + Math.random() * 1_500)
        await server.end('SIGKILL')
        await Promise.allSettled(starting)
      }
      const { hub, logged, end } = await start()
      const ended: SeenRun[] = []
      for (const id of ids) ended.push(await runWhen(hub, id, undefined, 120_000))
      for (const run of ended) {
        expect(run).toMatchObject({ status: 'SUCCEEDED', steps: [{ attempt: 1 }] })
        expect(
          textsOf(run)
            .filter((text) => text.startsWith('line'))
            .toSorted(),
        ).toEqual(counted(30).toSorted())
        const events = await readEvents(hub, run.id)
        expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, i) => i + 1))
      }
      expect(ids.length).toBeGreaterThan(3)
      const counts = [...double.dataFlow.runsByTag('dhuo-job').values()]
      expect(counts).toEqual(counts.map(() => 1))
      expect(logged).toEqual([])
      await end('SIGTERM')
    } finally {
      await built.remove()
      await double.close()
    }
  }, 240_000)
})

describe('with objects on this machine', () => {
  let hub: TestHub
  let double: Awaited<ReturnType<typeof openDataFlowHub>>['double']
  let close: () => Promise<void>
  beforeAll(async () => {
    ;({ hub, double, close } = await openDataFlowHub())
  })
  afterAll(() => close())

  test('a run is canceled, and one that takes too long is ended', async () => {
    const wait = { name: 'wait', script: 'import time\nprint("on", flush=True)\ntime.sleep(60)' }
    const [canceled, late] = await Promise.all([
      startRun(hub, await seedDeployment(hub, [wait])),
      startRun(hub, await seedDeployment(hub, [{ ...wait, timeoutSeconds: 1 }])),
    ])
    await runWhen(hub, canceled, (run) => textsOf(run).includes('on'))
    await hub.data('mutation ($id: ID!) { cancelPipelineRun(id: $id) { id } }', { id: canceled })
    expect(await runWhen(hub, canceled, undefined, 30_000)).toMatchObject({ status: 'CANCELED' })
    const run = await runWhen(hub, late, undefined, 30_000)
    expect(run.steps[0]).toMatchObject({ status: 'FAILED', statusDetail: 'It ran longer than 1 s.' })
    expect(textsOf(run)).toEqual(['on'])
  })

  test('a server that is started anew goes on with what is in flight: no run twice, no line twice, none lost', async () => {
    const file = join(hub.home, uniqueName('signal'))
    const script = `import time
for i in range(1, 51):
  print("line", i, flush=True)
  time.sleep(0.03)
import os
while not os.path.exists(${JSON.stringify(file)}): time.sleep(0.02)
print("line 51")`
    const id = await startRun(hub, await seedDeployment(hub, [{ name: 'train', script }]))
    await runWhen(hub, id, (run) => textsOf(run).length > 3)
    const before = double.oci.calls('createRun')
    await hub.restart()
    await runWhen(hub, id, (run) => textsOf(run).length === 50, 30_000)
    await hub.restart()
    await writeFile(`${file}.new`, '')
    await rename(`${file}.new`, file)
    const run = await runWhen(hub, id, undefined, 30_000)
    expect(run).toMatchObject({ status: 'SUCCEEDED', steps: [{ attempt: 1 }] })
    expect(textsOf(run)).toEqual(counted(51))
    expect(double.oci.calls('createRun')).toBe(before)
  })
})
