import { mkdir, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { readEvents, runWhen, type SeenRun, seedDeployment, startRun } from '../graphql/pipeline-seed.js'
import type { TestHub } from '../hub.js'
import { type BuiltServer, buildServer, type ServerProcess } from '../server-process.js'

let built: BuiltServer
let directory: string

beforeAll(async () => {
  built = await buildServer()
  directory = built.directory
}, 60_000)
afterAll(() => built.remove())

const startServer = (home: string): Promise<ServerProcess> =>
  built.start({ DHUO_HOME: home, DHUO_LEASE_SECONDS: '1', DHUO_JOB_GRACE_SECONDS: '1' })

/** Processes that work for a run, whoever started them. */
async function processesOf(runIds: readonly string[]): Promise<string[]> {
  const found: string[] = []
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const environment = await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '')
    const run = runIds.find((id) => environment.includes(`DHUO_PIPELINE_RUN=${id}`))
    if (run) found.push(`${pid} ${run}`)
  }
  return found
}

/** Notes that it runs, then is busy for up to 0.3 s. It never fails by itself. */
const script = `import os, random, subprocess, sys, time
with open(os.path.join(sys.argv[1], os.environ["DHUO_PIPELINE_RUN"] + "." + os.environ["DHUO_STEP"]), "a") as file:
    file.write(f"{os.getpid()}\\n")
child = subprocess.Popen(["sleep", "30"], start_new_session=True)
for i in range(10):
    print("line", i, flush=True)
    time.sleep(random.random() * 0.03)
child.kill()
child.wait()`

const upTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1)

async function expectTruth(hub: TestHub, run: SeenRun, notes: string): Promise<void> {
  const events = await readEvents(hub, run.id)
  expect(events.map(({ sequence }) => sequence)).toEqual(upTo(run.lastSequence))
  expect(events.at(-1)).toMatchObject({ type: 'RUN_STATUS', runStatus: run.status })
  expect(events.filter(({ runStatus }) => runStatus !== null && runStatus !== 'QUEUED' && runStatus !== 'RUNNING')).toHaveLength(
    1,
  )
  const statuses = run.steps.map(({ status }) => status)
  expect(run.status).toBe(statuses.every((status) => status === 'SUCCEEDED') ? 'SUCCEEDED' : 'FAILED')
  for (const step of run.steps) {
    const began = (await readFile(join(notes, `${run.id}.${step.name}`), 'utf8').catch(() => '')).split('\n').length - 1
    // No attempt ran twice; one that succeeded has run.
    expect({ step: step.name, began: began <= step.attempt }).toEqual({ step: step.name, began: true })
    expect(step.logs.map(({ number }) => number)).toEqual(upTo(step.logs.length))
    if (step.status === 'SUCCEEDED') {
      expect(began).toBeGreaterThan(0)
      expect(step.logs.slice(-10).map(({ text }) => text)).toEqual(upTo(10).map((i) => `line ${i - 1}`))
    } else if (step.status === 'FAILED') expect(step.statusDetail).toMatch(/server/)
    else expect(step.status).toBe('SKIPPED')
    const ofStep = events.filter(({ stepName, type }) => stepName === step.name && type !== 'STEP_PROGRESS')
    expect(ofStep.at(-1)).toMatchObject({ type: 'STEP_STATUS', stepStatus: step.status })
  }
}

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
