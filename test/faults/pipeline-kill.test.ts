import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { runWhen, type SeenRun, seedDeployment, startRun } from '../graphql/pipeline-seed.js'
import { type BuiltServer, buildServer, type ServerProcess } from '../server-process.js'
import { expectTruth, processesOf, notingScript as script } from './pipeline-truth.js'

let built: BuiltServer
let directory: string

beforeAll(async () => {
  built = await buildServer()
  directory = built.directory
}, 60_000)
afterAll(() => built.remove())

const startServer = (home: string): Promise<ServerProcess> =>
  built.start({ DHUO_HOME: home, DHUO_LEASE_SECONDS: '1', DHUO_JOB_GRACE_SECONDS: '1' })

test.each([
  ['killed', 'SIGKILL', 15],
  ['stopped', 'SIGTERM', 5],
] as const)(
  'a server that is %s at any moment leaves no process, and the next one brings every run to a true end',
  async (_how, signal, rounds) => {
    const home = join(directory, `home-${signal}`)
    const notes = join(directory, `notes-${signal}`)
    await mkdir(notes)
    const ids: string[] = []
    let [patient, strict]: { id: string }[] = []
    for (let round = 0; round < rounds; round++) {
      const server = await startServer(home)
      const { hub } = server
      if (!patient) {
        const steps = ['first', 'second', 'third'].map((name) => ({ name, script, arguments: [notes] }))
        patient = await seedDeployment(
          hub,
          steps.map((step) => ({ ...step, maxAttempts: 30 })),
        )
        strict = await seedDeployment(
          hub,
          steps.map((step, i) => ({ ...step, needs: i === 2 ? ['first', 'second'] : [] })),
        )
      }
      const starting = [patient, strict!, patient].map((deployment) => startRun(hub, deployment).then((id) => ids.push(id)))
      await Promise.race([Promise.all(starting), sleep(Math.random() * 100)])
      await sleep(Math.random() * 900)
      await server.end(signal)
      await Promise.allSettled(starting)
      for (const deadline = Date.now() + 3_000; (await processesOf(ids)).length > 0; await sleep(20))
        if (Date.now() > deadline) throw new Error(`these live on: ${await processesOf(ids)}`)
    }
    const server = await startServer(home)
    const { hub, logged } = server
    const runs: SeenRun[] = []
    for (const id of ids) runs.push(await runWhen(hub, id, undefined, 120_000))
    for (const run of runs) await expectTruth(hub, run, notes)
    expect(ids.length).toBeGreaterThan(rounds)
    expect(runs.some(({ status, steps }) => status === 'SUCCEEDED' && steps.some(({ attempt }) => attempt > 1))).toBe(true)
    expect(runs.some(({ status }) => status === 'FAILED')).toBe(true)
    expect(await processesOf(ids)).toEqual([])
    expect(logged).toEqual([])
    await server.end('SIGTERM')
  },
  300_000,
)

test('two servers on one catalog share the runs, and one takes over what the other leaves', async () => {
  const home = join(directory, 'home-shared')
  const notes = join(directory, 'notes-shared')
  await mkdir(notes)
  const [one, two] = [await startServer(home), await startServer(home)]
  const deployment = await seedDeployment(
    one.hub,
    ['first', 'second', 'third'].map((name) => ({ name, script, arguments: [notes], maxAttempts: 10 })),
  )
  const ids: string[] = []
  for (let i = 0; i < 12; i++) ids.push(await startRun(i % 2 === 0 ? one.hub : two.hub, deployment))
  await sleep(700)
  await one.end('SIGKILL')
  const runs = await Promise.all(ids.map((id) => runWhen(two.hub, id, undefined, 60_000)))
  for (const run of runs) await expectTruth(two.hub, run, notes)
  expect(runs.map(({ status }) => status)).toEqual(ids.map(() => 'SUCCEEDED'))
  expect(await processesOf(ids)).toEqual([])
  await two.end('SIGTERM')
}, 120_000)
