import { readEvents, readRun, runWhen, type SeenRun, seedDeployment, startRun } from '../graphql/pipeline-seed.js'
import { createTestHub, type TestHub } from '../hub.js'

let hub: TestHub
beforeAll(async () => {
  hub = await createTestHub({ DHUO_JOB_WRAPPER: 'on', DHUO_JOB_GRACE_SECONDS: '1' })
})
afterAll(() => hub.close())

const run = async (script: string, more: { maxAttempts?: number; timeoutSeconds?: number } = {}): Promise<SeenRun> => {
  const id = await startRun(hub, await seedDeployment(hub, [{ name: 'train', script, ...more }]))
  return runWhen(hub, id)
}
const textsOf = (seen: SeenRun, stream = 'STDOUT'): string[] =>
  seen.steps[0]!.logs.filter((line) => line.stream === stream).map(({ text }) => text)
const counted = (lines: number): string[] => Array.from({ length: lines }, (_, i) => `line ${i + 1}`)
const counter = (lines: number, pause: number): string =>
  `import os, signal, subprocess, sys, time\nfor i in range(1, ${lines + 1}):\n  print("line", i, flush=True)\n  time.sleep(${pause})\n`

describe('on this machine, under the wrapper of other machines', () => {
  test('each line comes once, though it comes both ways, and marks stand between the lines', async () => {
    const script = `${counter(300, 0.005)}
print('::dhuo {"progress": 0.5, "message": "half"}')
print("after", file=sys.stderr)`
    const seen = await run(script)
    expect(seen).toMatchObject({ status: 'SUCCEEDED', steps: [{ progress: 0.5, message: 'half', attempt: 1 }] })
    expect(textsOf(seen)).toEqual(counted(300))
    expect(textsOf(seen, 'STDERR')).toEqual(['after'])
    expect(textsOf(seen, 'SYSTEM')).toEqual([])
    const events = await readEvents(hub, seen.id)
    expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, i) => i + 1))
    expect(events.filter(({ type }) => type === 'STEP_PROGRESS')).toMatchObject([{ progress: 0.5 }])
  })

  test('a script that is killed has said all, and so has each of its attempts', async () => {
    const seen = await run(`${counter(50, 0)}os.kill(os.getpid(), signal.SIGKILL)`, { maxAttempts: 2 })
    expect(seen).toMatchObject({ status: 'FAILED', steps: [{ attempt: 2, statusDetail: expect.stringContaining('SIGKILL') }] })
    expect(textsOf(seen)).toEqual([...counted(50), ...counted(50)])
  })

  test('a script that fails says why; the exception is on standard error as ever', async () => {
    const seen = await run('print("begun")\n1 / 0')
    expect(seen.steps[0]!.statusDetail).toBe(
      'It ended with exit code 1. Its last line on standard error: ZeroDivisionError: division by zero',
    )
    expect(textsOf(seen, 'STDERR')).toEqual([
      'Traceback (most recent call last):',
      expect.stringMatching(/^ {2}File ".*\.py", line 2, in <module>$/),
      '    1 / 0',
      ...(textsOf(seen, 'STDERR').length === 5 ? [expect.stringMatching(/^[ ~^]+$/)] : []),
      'ZeroDivisionError: division by zero',
    ])
  })

  test('that its watchers are killed is nothing to the script, and no line is lost', async () => {
    // It kills the process that sends, which is the youngest that has this wrapper in its command.
    const script = `${counter(20, 0.02)}
pids = [int(p) for p in os.listdir("/proc") if p.isdigit() and int(p) != os.getpid()]
mine = []
for pid in pids:
  try:
    if ("DHUO_PIPELINE_RUN=" + os.environ["DHUO_PIPELINE_RUN"]).encode() in open(f"/proc/{pid}/environ", "rb").read() and b"dhuo_wrapper" in open(f"/proc/{pid}/cmdline", "rb").read(): mine.append(pid)
  except OSError: pass
os.kill(max(mine), signal.SIGKILL)
for i in range(21, 121):
  print("line", i, flush=True)
  time.sleep(0.01)`
    const seen = await run(script)
    expect(seen).toMatchObject({ status: 'SUCCEEDED' })
    expect(textsOf(seen).toSorted()).toEqual(counted(120).toSorted())
  })

  test('a run that is canceled, and one that takes too long, end as without it', async () => {
    const id = await startRun(
      hub,
      await seedDeployment(hub, [{ name: 'train', script: `print("on", flush=True)\nimport time\ntime.sleep(60)` }]),
    )
    await runWhen(hub, id, ({ steps }) => steps[0]!.logs.length > 0)
    await hub.data('mutation ($id: ID!) { cancelPipelineRun(id: $id) { id } }', { id })
    expect(await runWhen(hub, id)).toMatchObject({ status: 'CANCELED' })
    expect((await readRun(hub, id)).steps[0]!.logs.map(({ text }) => text)).toEqual(['on'])
    const late = await run('import time\nprint("on", flush=True)\ntime.sleep(60)', { timeoutSeconds: 1 })
    expect(late.steps[0]).toMatchObject({ status: 'FAILED', statusDetail: expect.stringContaining('longer than 1 s') })
  })
})
