import { setTimeout as sleep } from 'node:timers/promises'
import { ReportServer } from '../wrapper/report-server.js'
import { type RunningScript, ScriptPlace, serverEnvironment, watchersOf } from '../wrapper/wrapped-script.js'

const place = new ScriptPlace()
let server: ReportServer
beforeAll(() => place.open())
beforeEach(async () => {
  server = await new ReportServer().open()
})
afterEach(() => server.shut())
afterAll(() => place.close())

const counter = (lines: number, pause: number): string =>
  `import time\nfor i in range(1, ${lines + 1}):\n  print("line", i, flush=True)\n  time.sleep(${pause})`
const counted = (lines: number): string[] => Array.from({ length: lines }, (_, i) => `line ${i + 1}`)
const start = (script: string, tuning = '', more: Record<string, string> = {}): Promise<RunningScript> =>
  place.start(script, { ...serverEnvironment(server.url, tuning), ...more })
const until = async (isSo: () => boolean | Promise<boolean>, withinMs = 10_000): Promise<void> => {
  for (const end = Date.now() + withinMs; !(await isSo()); await sleep(10))
    if (Date.now() > end) throw new Error('it did not come to that')
}

describe('what a script prints is reported', () => {
  test('later, when nobody was there; the script does not wait meanwhile', async () => {
    await server.shut()
    const started = performance.now()
    const { child, ended } = await start(counter(60, 0.02), 'interval=0.1')
    await sleep(1_300)
    await server.open()
    await ended
    expect(performance.now() - started).toBeLessThan(6_000)
    expect(child.exitCode).toBe(0)
    expect(server.texts).toEqual(counted(60))
  })

  test('to a slow server in few large batches, and the script is not slowed down', async () => {
    server.otherwise = { delayMs: 400 }
    const started = performance.now()
    const { ended } = await start(`${counter(3_000, 0)}\nopen("done", "w").close()`, 'interval=0.05')
    const { code } = await ended
    expect(code).toBe(0)
    expect(server.texts).toEqual(counted(3_000))
    expect(server.reports.length).toBeLessThan(12)
    expect(performance.now() - started).toBeLessThan(8_000)
  })
})

describe('a script', () => {
  test('that runs longer than it may is ended, first gently', async () => {
    const script =
      'import signal, time\nsignal.signal(signal.SIGTERM, lambda *_: print("asked", flush=True))\nprint("on")\nwhile True: time.sleep(9)'
    const { ended } = await start(script, 'grace=0.5', { DHUO_TIMEOUT_SECONDS: '0.7' })
    const { signal, stderr } = await ended
    expect(signal).toBe('SIGKILL')
    expect(stderr).toContain('[dhuo end] {"exit": null, "reason": "It ran longer than 0.7 s."}')
    await until(() => server.reports.at(-1)!.final)
    expect(server.texts).toEqual(['on', 'asked'])
  })

  test('is not held up by a process that it leaves behind', async () => {
    const started = performance.now()
    const { child } = await start('import subprocess\nsubprocess.Popen(["sleep", "20"], start_new_session=True)\nprint("done")')
    await new Promise((resolve) => child.once('exit', resolve))
    expect(performance.now() - started).toBeLessThan(5_000)
    expect(server.texts).toEqual(['done'])
    expect(server.reports.at(-1)!.final).toBe(true)
  })
})

test.each(['youngest', 'oldest'] as const)(
  'the script does not notice that its watcher (the %s) was killed, and no line is lost',
  async (which) => {
    const { child, ended } = await start(counter(100, 0.02), 'interval=0.1')
    await until(() => server.texts.length > 5)
    const watchers = await watchersOf(serverEnvironment(server.url), child.pid!)
    expect(watchers).toHaveLength(2)
    process.kill(which === 'youngest' ? watchers[1]! : watchers[0]!, 'SIGKILL')
    const { code, stdout } = await ended
    expect(code).toBe(0)
    await until(() => server.reports.at(-1)!.final)
    const printed = stdout.match(/^\[dhuo \d+ .*$/gm)!
    expect(printed.map((line) => line.replace(/^\[dhuo \d+ \S+ /, '')).filter((line) => line.startsWith('line'))).toEqual(
      counted(100),
    )
    // What was on its way when it was killed has a number that nobody else gets: it is missing, and not taken for another.
    expect(server.texts.at(-1)).toBe('line 100')
    expect(server.output.every(({ number, text }) => text === `line ${number}`)).toBe(true)
  },
)

test('a hundred thousand lines come at once, all of them, each once', async () => {
  const { ended } = await start('for i in range(1, 100001): print("line", i)', 'spool=200000,linger=60')
  expect((await ended).code).toBe(0)
  expect(server.output.length).toBe(100_000)
  expect(server.output.every(({ number, text }) => text === `line ${number}`)).toBe(true)
}, 60_000)
