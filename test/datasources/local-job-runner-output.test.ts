import { setTimeout as sleep } from 'node:timers/promises'
import type { JobLine } from '../../src/datasources/compute/job-runner.js'
import { watchJob } from '../contracts/job-runner-contract.js'
import { type LocalJobs, openLocalJobs } from './local-job-scripts.js'

describe('what a local job writes', () => {
  let jobs: LocalJobs
  beforeAll(async () => {
    jobs = await openLocalJobs({ graceSeconds: 0.5 })
    await jobs.run('print("warm")')
  })
  afterAll(() => jobs.close())

  const forever = new AbortController().signal

  test('comes while it runs, each line when it ends', async () => {
    const id = await jobs.start('import time\nfor i in range(4):\n  print(i, time.time())\n  time.sleep(0.3)')
    const delays: number[] = []
    for await (const event of jobs.runner.watch(id, forever))
      if (event.type === 'lines')
        for (const { text, at } of event.lines) {
          const printed = Number(text.split(' ')[1]) * 1_000
          delays.push(Date.now() - printed)
          expect(Math.abs(new Date(at).getTime() - printed)).toBeLessThan(200)
        }
    expect(delays).toHaveLength(4)
    expect(Math.max(...delays)).toBeLessThan(250)
  })

  test('keeps the order of each stream, and its name', async () => {
    const { lines } = await jobs.run('import sys\nfor i in range(1, 3001):\n  print(i)\n  print(-i, file=sys.stderr)')
    const of = (stream: JobLine['stream']): number[] =>
      lines.filter((line) => line.stream === stream).map(({ text }) => Number(text))
    expect(of('STDOUT')).toEqual(Array.from({ length: 3000 }, (_, i) => i + 1))
    expect(of('STDERR')).toEqual(Array.from({ length: 3000 }, (_, i) => -i - 1))
  })

  test('has its last line also without an end', async () => {
    expect((await jobs.run('import sys\nsys.stdout.write("a\\nb")')).texts).toEqual(['a', 'b'])
  })

  test('may be nothing: a script that closes its output still runs, and ends as it ends', async () => {
    const { texts, last } = await jobs.run('import os, sys, time\nos.close(1); os.close(2)\ntime.sleep(0.8)\nos._exit(4)')
    expect({ texts, detail: last.detail }).toEqual({ texts: [], detail: 'It ended with exit code 4.' })
  })

  test('may be binary', async () => {
    const { texts, last } = await jobs.run('import os\nfor i in range(20): os.write(1, os.urandom(50000))')
    expect(last.state).toBe('SUCCEEDED')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
    expect(texts.filter((text) => /[\x00-\x08\x0a-\x1f\x7f-\x9f]/.test(text) || !text.isWellFormed())).toEqual([])
  })

  test('may be a gigabyte without the end of a line', async () => {
    const before = process.memoryUsage().rss
    const { texts, last } = await jobs.run(
      'import os\nx = b"x" * 2**20\nfor i in range(1024):\n  at = 0\n  while at < len(x): at += os.write(1, x[at:])',
    )
    expect(last.state).toBe('SUCCEEDED')
    expect(texts).toEqual([`${'x'.repeat(8_192)} … [cut: the line is longer than 8192 characters]`])
    expect(process.memoryUsage().rss - before).toBeLessThan(150 * 2 ** 20)
  })

  test('is dropped beyond the bounds, which is said once, and the script goes on', async () => {
    const bounds = { lineLength: 100, lines: 50, characters: 1_000 }
    const small = await openLocalJobs({}, { output: bounds })
    try {
      const many = await small.run('import sys\nfor i in range(200000): print(i)\nprint("err", file=sys.stderr)')
      expect(many.last.state).toBe('SUCCEEDED')
      expect(many.texts).toEqual(Array.from({ length: 50 }, (_, i) => String(i)))
      expect(many.lines.filter(({ stream }) => stream === 'SYSTEM').map(({ text }) => text)).toEqual([
        'Further output is dropped: a job keeps 50 lines, of 1,000 characters together.',
      ])
      const long = await small.run('for i in range(20): print("x" * 99)')
      expect(long.texts).toHaveLength(10)
    } finally {
      await small.close()
    }
  })

  test('waits in the pipe when nobody takes it: the memory of the server stays bounded, and nothing is lost', async () => {
    const text = 'x'.repeat(90)
    const id = await jobs.start(`for i in range(300000): print(i, "${text}")`)
    await sleep(1_500)
    const before = process.memoryUsage().heapUsed
    let count = 0
    let most = 0
    for await (const event of jobs.runner.watch(id, forever)) {
      if (event.type !== 'lines') continue
      for (const line of event.lines) if (line.text === `${count} ${text}`) count++
      if (count < 60_000) await sleep(5)
      most = Math.max(most, process.memoryUsage().heapUsed)
    }
    expect(count).toBe(300_000)
    expect(most - before).toBeLessThan(120 * 2 ** 20)
  })

  test('is read to its end, however slow the reader is when the script has ended', async () => {
    const id = await jobs.start('print("x\\n" * 80000, end="")')
    let count = 0
    for await (const event of jobs.runner.watch(id, forever))
      if (event.type === 'lines') {
        count += event.lines.filter(({ text }) => text === 'x').length
        await sleep(30)
      }
    expect(count).toBe(80_000)
  })

  test('of a script that is stopped while it writes without pause ends soon', async () => {
    const id = await jobs.start('import signal\nsignal.signal(15, signal.SIG_IGN)\nwhile True: print("again " * 10)', {
      timeoutSeconds: 1,
    })
    const began = performance.now()
    const { last } = await watchJob(jobs.runner, id)
    expect(last).toMatchObject({ state: 'FAILED', detail: 'It ran longer than 1 s.' })
    expect(performance.now() - began).toBeLessThan(5_000)
  })
})
