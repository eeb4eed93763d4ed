import { setTimeout as sleep } from 'node:timers/promises'
import { eventually } from '../eventually.js'
import { ReportServer } from './report-server.js'
import { counted, counter, reportingScripts } from './reporting-scripts.js'
import { withoutNumbers } from './wrapped-script.js'

const reporting = reportingScripts()

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
    const { ended } = await reporting.start(script)
    await eventually(() => reporting.server.texts.includes('line 0'))
    expect(reporting.server.texts).not.toContain('end')
    const { stdout } = await ended
    expect(reporting.server.output.filter(({ stream }) => stream === 'STDOUT').map(({ text }) => text)).toEqual([
      ...['line 0', 'line 1', 'line 2', '::dhuo no mark', 'child', 'end'],
    ])
    expect(reporting.server.output.filter(({ stream }) => stream === 'STDERR')).toMatchObject([{ text: 'wrong' }])
    const numbers = reporting.server.reports.flatMap(({ lines, marks }) => [...lines, ...marks].map(({ number }) => number))
    expect(numbers.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
    expect(reporting.server.reports.flatMap(({ marks }) => marks)).toMatchObject([
      { progress: 0.5, message: 'half', status: null },
    ])
    expect(reporting.server.reports.map(({ final }) => final)).toEqual(
      reporting.server.reports.map((_, i) => i === reporting.server.reports.length - 1),
    )
    expect(reporting.server.reports.every(({ attempt }) => attempt === 2)).toBe(true)
    expect(reporting.server.reports.flatMap(({ lines }) => lines).every(({ at }) => new Date(at).toISOString() === at)).toBe(true)
    // Where it would have gone it is too, with its number.
    expect(withoutNumbers(stdout).split('\n')).toContain('child')
  })

  test('again when the answer was lost, under the same numbers', async () => {
    reporting.server.next.push('lost', 'lost', 'taken', 'lost')
    await (await reporting.start(counter(20, 0.1), 'interval=0.2')).ended
    expect(reporting.server.texts).toEqual(counted(20))
    const numbers = reporting.server.reports.flatMap(({ lines }) => lines.map(({ number }) => number))
    expect(numbers.length).toBeGreaterThan(20)
  })

  test('with a gap in the numbers when more had to wait than there is room for: the newest are kept', async () => {
    await reporting.server.shut()
    const { ended } = await reporting.start(`${counter(5_000, 0)}\nprint("last")\ntime.sleep(0.7)`, 'spool=100,interval=0.1')
    await sleep(600)
    await reporting.server.open()
    const { stdout } = await ended
    expect(reporting.server.texts.at(-1)).toBe('last')
    expect(reporting.server.output.length).toBeLessThan(1_200)
    const numbers = reporting.server.output.map(({ number }) => number)
    expect(numbers.at(-1)).toBe(5_001)
    // Where it would have gone there is all of it.
    expect(withoutNumbers(stdout).split('\n')).toEqual([...counted(5_000), 'last', ''])
  })

  test.each([
    ['is busy', { code: 'BACKEND_UNAVAILABLE', status: 200 }],
    ['refuses for now', { code: 'RATE_LIMITED', status: 429 }],
    ['is behind a proxy that refuses', { status: 502 }],
  ])('again when the server %s', async (_, behaviour) => {
    reporting.server.next.push(behaviour, behaviour)
    await (await reporting.start(counter(3, 0))).ended
    expect(reporting.server.texts).toEqual(counted(3))
  })

  test('no more when its key or its step is gone', async () => {
    reporting.server.otherwise = { code: 'UNAUTHENTICATED', status: 401 }
    const { ended } = await reporting.start(counter(30, 0.02), 'interval=0.05')
    expect(withoutNumbers((await ended).stdout)).toBe(`${counted(30).join('\n')}\n`)
    expect(reporting.server.requests).toBe(1)
  })

  test('without the one line that the server does not take', async () => {
    reporting.server.next.push({ code: 'BAD_USER_INPUT' }, 'taken', { code: 'BAD_USER_INPUT' }, { code: 'BAD_USER_INPUT' })
    await (await reporting.start(counter(4, 0))).ended
    expect(reporting.server.texts).toEqual(['line 1', 'line 2', 'line 4'])
    expect(reporting.server.reports.at(-1)!.final).toBe(true)
  })

  test('as a terminal would show it, in bounds', async () => {
    const script = `import sys
out = sys.stdout.buffer
out.write(b"x" * 20000 + b"\\nnext\\n" + b"y" * 100000 + b"\\n")
out.write(b"10 %\\r20 %\\r30 %\\r\\na\\r\\n\\xff\\xfe\\n\\nend")`
    await (await reporting.start(script)).ended
    const cut = ' … [cut: the line is longer than 8192 characters]'
    const texts = reporting.server.texts.filter((text) => text !== '20 %')
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
    await reporting.server.shut()
    const bucket = await new ReportServer().open()
    const environment = { DHUO_LINES_URL: `${bucket.url}/p/secret/n/ns/b/logs/o/dhuo/lines/` }
    const { ended } = await reporting.start(
      `${counter(40, 0.05)}\nimport sys\nsys.exit(7)`,
      'patience=0.5,interval=0.1,bucket_interval=0.3',
      environment,
    )
    await eventually(() => bucket.objects.size > 1)
    await ended
    expect(bucket.texts).toEqual(counted(40))
    const names = [...bucket.objects.keys()]
    expect(names).toEqual(names.toSorted())
    // The end may come with the last lines, or alone behind all.
    const [last, ...others] = names.toReversed()
    for (const name of others) expect(name).toMatch(/^\/p\/secret\/n\/ns\/b\/logs\/o\/dhuo\/lines\/0{8}\d{4}-lines\.json$/)
    expect(last).toMatch(/^\/p\/secret\/n\/ns\/b\/logs\/o\/dhuo\/lines\/(0{8}\d{4}|9{12})-end\.json$/)
    expect(bucket.objects.get(last!)).toMatchObject({ end: { exit: 7, reason: null } })
    await bucket.shut()
  })
})

test('a script that is killed has said all that it had printed', async () => {
  const { child, ended } = await reporting.start(`${counter(20, 0)}\ntime.sleep(60)`, 'interval=5')
  await eventually(() => reporting.server.texts.length > 0)
  child.kill('SIGKILL')
  expect(await ended).toMatchObject({ code: null, signal: 'SIGKILL' })
  await eventually(() => reporting.server.reports.at(-1)!.final)
  expect(reporting.server.texts).toEqual(counted(20))
})
