import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readEvents, type SeenRun } from '../graphql/pipeline-seed.js'
import type { TestHub } from '../hub.js'

/** Processes that work for a run, whoever started them. */
export async function processesOf(runIds: readonly string[]): Promise<string[]> {
  const found: string[] = []
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const environment = await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '')
    const run = runIds.find((id) => environment.includes(`DHUO_PIPELINE_RUN=${id}`))
    if (run) found.push(`${pid} ${run}`)
  }
  return found
}

/** Notes in the directory that is its argument that it runs, then is busy for up to 0.3 s. It never fails by itself. */
export const notingScript = `import os, random, subprocess, sys, time
with open(os.path.join(sys.argv[1], os.environ["DHUO_PIPELINE_RUN"] + "." + os.environ["DHUO_STEP"]), "a") as file:
    file.write(f"{os.getpid()}\\n")
child = subprocess.Popen(["sleep", "30"], start_new_session=True)
for i in range(10):
    print("line", i, flush=True)
    time.sleep(random.random() * 0.03)
child.kill()
child.wait()`

const upTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1)

/** What the catalog says of a run that has ended is what happened: to its events, its lines, and the notes of its scripts. */
export async function expectTruth(hub: TestHub, run: SeenRun, notes: string): Promise<void> {
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
