import { setTimeout as sleep } from 'node:timers/promises'
import { eventually } from '../eventually.js'
import { counted, counter, reportingScripts } from '../wrapper/reporting-scripts.js'
import { serverEnvironment, watchersOf } from '../wrapper/wrapped-script.js'

const reporting = reportingScripts()

describe('what a script prints is reported', () => {
  test('later, when nobody was there; the script does not wait meanwhile', async () => {
    await reporting.server.shut()
    const started = performance.now()
    const { child, ended } = await reporting.start(counter(60, 0.02), 'interval=0.1')
    await sleep(1_300)
    await reporting.server.open()
    await ended
    expect(performance.now() - started).toBeLessThan(6_000)
    expect(child.exitCode).toBe(0)
    expect(reporting.server.texts).toEqual(counted(60))
  })

  test('to a slow server in few large batches, and the script is not slowed down', async () => {
    reporting.server.otherwise = { delayMs: 400 }
    const started = performance.now()
    const { ended } = await reporting.start(`${counter(3_000, 0)}\nopen("done", "w").close()`, 'interval=0.05')
    const { code } = await ended
    expect(code).toBe(0)
    expect(reporting.server.texts).toEqual(counted(3_000))
    expect(reporting.server.reports.length).toBeLessThan(12)
    expect(performance.now() - started).toBeLessThan(8_000)
  })
})

describe('a script', () => {
  test('that runs longer than it may is ended, first gently', async () => {
    const script =
      'import signal, time\nsignal.signal(signal.SIGTERM, lambda *_: print("asked", flush=True))\nprint("on")\nwhile True: time.sleep(9)'
    const { ended } = await reporting.start(script, 'grace=0.5', { DHUO_TIMEOUT_SECONDS: '0.7' })
    const { signal, stderr } = await ended
    expect(signal).toBe('SIGKILL')
    expect(stderr).toContain('[dhuo end] {"exit": null, "reason": "It ran longer than 0.7 s."}')
    await eventually(() => reporting.server.reports.at(-1)!.final)
    expect(reporting.server.texts).toEqual(['on', 'asked'])
  })

  test('is not held up by a process that it leaves behind', async () => {
    const started = performance.now()
    const { child } = await reporting.start(
      'import subprocess\nsubprocess.Popen(["sleep", "20"], start_new_session=True)\nprint("done")',
    )
    await new Promise((resolve) => child.once('exit', resolve))
    expect(performance.now() - started).toBeLessThan(5_000)
    expect(reporting.server.texts).toEqual(['done'])
    expect(reporting.server.reports.at(-1)!.final).toBe(true)
  })
})

test.each(['youngest', 'oldest'] as const)(
  'the script does not notice that its watcher (the %s) was killed, and no line is lost',
  async (which) => {
    const { child, ended } = await reporting.start(counter(100, 0.02), 'interval=0.1')
    await eventually(() => reporting.server.texts.length > 5)
    const watchers = await watchersOf(serverEnvironment(reporting.server.url), child.pid!)
    expect(watchers).toHaveLength(2)
    process.kill(which === 'youngest' ? watchers[1]! : watchers[0]!, 'SIGKILL')
    const { code, stdout } = await ended
    expect(code).toBe(0)
    await eventually(() => reporting.server.reports.at(-1)!.final)
    const printed = stdout.match(/^\[dhuo \d+ .*$/gm)!
    expect(printed.map((line) => line.replace(/^\[dhuo \d+ \S+ /, '')).filter((line) => line.startsWith('line'))).toEqual(
      counted(100),
    )
    // What was on its way when it was killed has a number that nobody else gets: it is missing, and not taken for another.
    expect(reporting.server.texts.at(-1)).toBe('line 100')
    expect(reporting.server.output.every(({ number, text }) => text === `line ${number}`)).toBe(true)
  },
)

test('a hundred thousand lines come at once, all of them, each once', async () => {
  const { ended } = await reporting.start('for i in range(1, 100001): print("line", i)', 'spool=200000,linger=60')
  expect((await ended).code).toBe(0)
  expect(reporting.server.output.length).toBe(100_000)
  expect(reporting.server.output.every(({ number, text }) => text === `line ${number}`)).toBe(true)
}, 60_000)
