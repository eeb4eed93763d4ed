import { setTimeout as sleep } from 'node:timers/promises'
import { ReportServer } from './report-server.js'
import { type RunningScript, ScriptPlace, serverEnvironment, withoutNumbers } from './wrapped-script.js'

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
  test('while it runs, each line once and in order, with what it says of itself, and at last that this is all', async () => {
    const script = `import sys, time, subprocess
for i in range(3): print("line", i)
print("wrong", file=sys.stderr)
print('::dhuo {"progress": 0.5, "message": "half"}')
print('::dhuo no mark')
subprocess.run(["echo", "child"])
time.sleep(1.5)
print("end")`
    const { ended } = await start(script)
    await until(() => server.texts.includes('line 0'))
    expect(server.texts).not.toContain('end')
    const { stdout } = await ended
    expect(server.output.filter(({ stream }) => stream === 'STDOUT').map(({ text }) => text)).toEqual([
      ...['line 0', 'line 1', 'line 2', '::dhuo no mark', 'child', 'end'],
    ])
    expect(server.output.filter(({ stream }) => stream === 'STDERR')).toMatchObject([{ text: 'wrong' }])
    const numbers = server.reports.flatMap(({ lines, marks }) => [...lines, ...marks].map(({ number }) => number))
    expect(numbers.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
    expect(server.reports.flatMap(({ marks }) => marks)).toMatchObject([{ progress: 0.5, message: 'half', status: null }])
    expect(server.reports.map(({ final }) => final)).toEqual(server.reports.map((_, i) => i === server.reports.length - 1))
    expect(server.reports.every(({ attempt }) => attempt === 2)).toBe(true)
    expect(server.reports.flatMap(({ lines }) => lines).every(({ at }) => new Date(at).toISOString() === at)).toBe(true)
    // Where it would have gone it is too, with its number.
    expect(withoutNumbers(stdout).split('\n')).toContain('child')
  })

  test('again when the answer was lost, under the same numbers', async () => {
    server.next.push('lost', 'lost', 'taken', 'lost')
    await (await start(counter(20, 0.1), 'interval=0.2')).ended
    expect(server.texts).toEqual(counted(20))
    const numbers = server.reports.flatMap(({ lines }) => lines.map(({ number }) => number))
    expect(numbers.length).toBeGreaterThan(20)
  })

  test('with a gap in the numbers when more had to wait than there is room for: the newest are kept', async () => {
    await server.shut()
    const { ended } = await start(`${counter(5_000, 0)}\nprint("last")\ntime.sleep(0.7)`, 'spool=100,interval=0.1')
    await sleep(600)
    await server.open()
    const { stdout } = await ended
    expect(server.texts.at(-1)).toBe('last')
    expect(server.output.length).toBeLessThan(1_200)
    const numbers = server.output.map(({ number }) => number)
    expect(numbers.at(-1)).toBe(5_001)
    // Where it would have gone there is all of it.
    expect(withoutNumbers(stdout).split('\n')).toEqual([...counted(5_000), 'last', ''])
  })

  test.each([
    ['is busy', { code: 'BACKEND_UNAVAILABLE', status: 200 }],
    ['refuses for now', { code: 'RATE_LIMITED', status: 429 }],
    ['is behind a proxy that refuses', { status: 502 }],
  ])('again when the server %s', async (_, behaviour) => {
    server.next.push(behaviour, behaviour)
    await (await start(counter(3, 0))).ended
    expect(server.texts).toEqual(counted(3))
  })

  test('no more when its key or its step is gone', async () => {
    server.otherwise = { code: 'UNAUTHENTICATED', status: 401 }
    const { ended } = await start(counter(30, 0.02), 'interval=0.05')
    expect(withoutNumbers((await ended).stdout)).toBe(`${counted(30).join('\n')}\n`)
    expect(server.requests).toBe(1)
  })

  test('without the one line that the server does not take', async () => {
    server.next.push({ code: 'BAD_USER_INPUT' }, 'taken', { code: 'BAD_USER_INPUT' }, { code: 'BAD_USER_INPUT' })
    await (await start(counter(4, 0))).ended
    expect(server.texts).toEqual(['line 1', 'line 2', 'line 4'])
    expect(server.reports.at(-1)!.final).toBe(true)
  })

  test('as a terminal would show it, in bounds', async () => {
    const script = `import sys
out = sys.stdout.buffer
out.write(b"x" * 20000 + b"\\nnext\\n" + b"y" * 100000 + b"\\n")
out.write(b"10 %\\r20 %\\r30 %\\r\\na\\r\\n\\xff\\xfe\\n\\nend")`
    await (await start(script)).ended
    const cut = ' … [cut: the line is longer than 8192 characters]'
    const texts = server.texts.filter((text) => text !== '20 %')
    expect(texts).toEqual([
      `${'x'.repeat(8192)}${cut}`,
      'next',
      `${'y'.repeat(8192)}${cut}`,
      '30 %',
      'a',
      '\ufffd\ufffd',
      '',
      'end',
    ])
  })

  test('to a bucket, where there is no way to the server: in objects whose names are in order', async () => {
    await server.shut()
    const bucket = await new ReportServer().open()
    const environment = { DHUO_LINES_URL: `${bucket.url}/p/secret/n/ns/b/logs/o/dhuo/lines/` }
    const { ended } = await start(
      `${counter(40, 0.05)}\nimport sys\nsys.exit(7)`,
      'patience=0.5,interval=0.1,bucket_interval=0.3',
      environment,
    )
    await until(() => bucket.objects.size > 1)
    await ended
    expect(bucket.texts).toEqual(counted(40))
    const names = [...bucket.objects.keys()]
    expect(names).toEqual(names.toSorted())
    expect(names.every((name) => name.startsWith('/p/secret/n/ns/b/logs/o/dhuo/lines/0000'))).toBe(true)
    expect(bucket.objects.get(names.at(-1)!)).toMatchObject({ end: { exit: 7, reason: null } })
    await bucket.shut()
  })
})

test('a script that is killed has said all that it had printed', async () => {
  const { child, ended } = await start(`${counter(20, 0)}\ntime.sleep(60)`, 'interval=5')
  await until(() => server.texts.length > 0)
  child.kill('SIGKILL')
  expect(await ended).toMatchObject({ code: null, signal: 'SIGKILL' })
  await until(() => server.reports.at(-1)!.final)
  expect(server.texts).toEqual(counted(20))
})
