import { access, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ScriptBehaviour } from '../contracts/job-runner-contract.js'
import { jobRunnerContract, submissionOf, watchJob } from '../contracts/job-runner-contract.js'
import { type LocalJobs, openLocalJobs, scriptOf } from './local-job-scripts.js'

const scripts: Record<ScriptBehaviour, string> = {
  'prints its arguments': 'import sys\nfor word in sys.argv[1:]: print(word)',
  'prints a variable': 'import os, sys\nprint(os.environ[sys.argv[1]])',
  fails: 'import sys\nprint("begun")\nsys.exit(3)',
  waits: 'import time\nprint("begun")\ntime.sleep(60)',
}

jobRunnerContract('the local job runner', async () => {
  const jobs = await openLocalJobs()
  return { runner: jobs.runner, scriptFor: (behaviour) => scriptOf(scripts[behaviour]), close: jobs.close }
})

/** Pids of processes whose environment has the text. */
async function processesWith(text: string): Promise<number[]> {
  const found: number[] = []
  for (const pid of await readdir('/proc'))
    if (/^\d+$/.test(pid) && (await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '')).includes(text))
      found.push(Number(pid))
  return found
}

const lives = (pid: number): Promise<boolean> =>
  readFile(`/proc/${pid}/stat`, 'latin1').then(
    (stat) => !/\) [ZX] /.test(stat),
    () => false,
  )

describe('the local job runner', () => {
  let jobs: LocalJobs
  beforeAll(async () => {
    jobs = await openLocalJobs({ graceSeconds: 0.5 }, { processes: 40, checkEveryMs: 100 })
  })
  afterAll(() => jobs.close())

  const directories = async (): Promise<string[]> => {
    const [runner = ''] = await readdir(join(jobs.home, 'jobs'))
    return readdir(join(jobs.home, 'jobs', runner)).catch(() => [])
  }

  describe('the place of a job', () => {
    test('is a directory of its own, closed to others, that is gone afterwards', async () => {
      const { texts } = await jobs.run(`
import os, stat
print(os.getcwd()); print(oct(stat.S_IMODE(os.stat('.').st_mode))); print(os.environ['HOME'] == os.getcwd())
print(sorted(os.listdir('.'))); print(__file__ == os.path.join(os.getcwd(), 'script.py'))
import tempfile; print(tempfile.gettempdir() == os.path.join(os.getcwd(), 'tmp'))
os.makedirs('deep/deeper'); open('deep/deeper/file', 'w').write('x'); os.chmod('deep', 0o500)`)
      expect(texts.slice(1)).toEqual(['0o700', 'True', "['script.py', 'tmp']", 'True', 'True'])
      expect(texts[0]!.startsWith(join(jobs.home, 'jobs'))).toBe(true)
      await expect(access(texts[0]!)).rejects.toMatchObject({ code: 'ENOENT' })
      expect(await directories()).toEqual([])
    })

    test('cannot be left by the name of a script or of a key', async () => {
      const key = '../../../evil/\0x'
      expect((await jobs.run('print(1)', { key })).texts).toEqual(['1'])
      for (const name of ['../evil.py', '/etc/evil.py', 'a/b.py', '', '..', 'x\0.py'])
        await expect(jobs.start(scriptOf('print(1)', name))).rejects.toMatchObject({ code: 'PRECONDITION_FAILED' })
    })

    test('holds a copy of the script: what the script does to it, it does not to the stored object', async () => {
      const script = { ...scriptOf('open(__file__, "w").write("changed")'), localFile: join(jobs.home, 'stored.py') }
      await writeFile(script.localFile, 'open(__file__, "w").write("changed")')
      expect((await jobs.run(script)).last.state).toBe('SUCCEEDED')
      expect(await readFile(script.localFile, 'utf8')).toMatch(/^open/)
    })
  })

  describe('the environment of a job', () => {
    test('has none of the variables of the server but those it needs', async () => {
      process.env['DHUO_ADMIN_PASSWORD'] = 'hunter22hunter22'
      process.env['SOME_CLOUD_TOKEN'] = 'hunter22'
      try {
        const { texts } = await jobs.run('import os\nfor name in sorted(os.environ): print(name)', {
          environment: { DHUO_STEP: 'train' },
        })
        const allowed = ['DHUO_JOB', 'DHUO_STEP', 'HOME', 'LANG', 'PATH', 'PWD', 'PYTHONIOENCODING', 'PYTHONUNBUFFERED', 'TMPDIR']
        expect(texts.filter((name) => !['LC_ALL', 'LC_CTYPE', 'OLDPWD', '_', 'SHLVL'].includes(name))).toEqual(allowed)
      } finally {
        delete process.env['DHUO_ADMIN_PASSWORD']
        delete process.env['SOME_CLOUD_TOKEN']
      }
    })

    test.each([['A=B'], ['1A'], [''], ['A B']])('a variable cannot be called %j', async (name) => {
      await expect(jobs.start('print(1)', { environment: { [name]: 'x' } })).rejects.toMatchObject({
        code: 'PRECONDITION_FAILED',
      })
    })

    test('what has a NUL character is refused', async () => {
      await expect(jobs.start('print(1)', { arguments: ['a\0b'] })).rejects.toMatchObject({ code: 'PRECONDITION_FAILED' })
      await expect(jobs.start('print(1)', { environment: { A: 'a\0b' } })).rejects.toMatchObject({ code: 'PRECONDITION_FAILED' })
    })

    test('nothing stands at the standard input', async () => {
      expect((await jobs.run('import sys\nprint(repr(sys.stdin.read()))')).texts).toEqual(["''"])
    })

    test('arguments that the system does not take fail the job', async () => {
      const { last } = await jobs.run('print(1)', { arguments: ['x'.repeat(3_000_000)] })
      expect(last).toMatchObject({ state: 'FAILED', detail: expect.stringContaining('E2BIG') })
    })
  })

  describe('Node scripts', () => {
    test('run on the Node of the server, as modules and as CommonJS', async () => {
      const module = scriptOf("import { version } from 'node:process'\nconsole.log(version, process.argv[2])", 'train.mjs')
      const common = scriptOf("const { version } = require('node:process')\nconsole.log(version)", 'train.js')
      expect((await jobs.run(module, { arguments: ['x'] })).texts).toEqual([`${process.version} x`])
      expect((await jobs.run(common)).texts).toEqual([process.version])
    })
  })

  describe('the end of a job', () => {
    test.each([
      ['raise ValueError("three is odd")', /exit code 1\..+ValueError: three is odd/],
      ['import os\nos._exit(137)', /exit code 137\.$/],
      ['import os\nos.kill(os.getpid(), 11)', /SIGSEGV: it touched memory/],
      ['import os\nos.abort()', /SIGABRT/],
      ['import os\nos.kill(os.getpid(), 9)', /SIGKILL.+no memory/],
      ['this is no Python', /exit code 1\..+SyntaxError/],
      ['open("big", "wb").truncate(11 * 2**30)', /exit code 1\..+File too large/],
    ])('%j says why', async (script, detail) => {
      expect((await jobs.run(script)).last).toMatchObject({ state: 'FAILED', detail: expect.stringMatching(detail) })
    })

    test('a time-out ends the whole group, and asks first', async () => {
      const { last, texts } = await jobs.run(
        `
import os, signal, sys, time
if os.fork() == 0: time.sleep(60)
def end(*_): print('asked'); sys.exit(0)
signal.signal(signal.SIGTERM, end)
print(os.getpid()); time.sleep(60)`,
        { timeoutSeconds: 1 },
      )
      expect(texts[1]).toBe('asked')
      expect(last).toMatchObject({ state: 'FAILED', detail: 'It ran longer than 1 s.' })
    })

    test('who does not listen to TERM is killed', async () => {
      const id = await jobs.start('import signal, time\nsignal.signal(15, signal.SIG_IGN)\nprint("begun")\ntime.sleep(60)')
      for await (const event of jobs.runner.watch(id, new AbortController().signal)) if (event.type === 'lines') break
      const began = performance.now()
      await jobs.runner.cancel(id)
      expect((await watchJob(jobs.runner, id)).last).toMatchObject({ state: 'CANCELED', detail: 'It was canceled.' })
      expect(performance.now() - began).toBeGreaterThan(400)
    })

    test('a process that holds the output open does not keep the job, and is ended with it', async () => {
      const began = performance.now()
      const { last, texts } = await jobs.run(`
import os, sys, time
child = os.fork()
if child == 0:
  time.sleep(60)
print(child)`)
      expect(last.state).toBe('SUCCEEDED')
      expect(performance.now() - began).toBeLessThan(3_000)
      expect(await lives(Number(texts[0]))).toBe(false)
    })

    test.each([
      ['in a session of its own', 'os.setsid()', ''],
      ['in a session of its own, with its output elsewhere', 'os.setsid(); [os.close(fd) for fd in (0, 1, 2)]', ''],
      ['twice forked', 'os.setsid(); os.fork() and os._exit(0)', ''],
      ['with an empty environment', 'os.execve("/bin/sleep", ["sleep", "60"], {})', ''],
      [
        'with an empty environment, in a session of its own',
        'os.setsid(); os.execve("/bin/sleep", ["sleep", "60"], {})',
        'time.sleep(0.5)',
      ],
    ])('a process %s ends with the job', async (_how, leave, wait) => {
      const { last, texts } = await jobs.run(`
import os, time
child = os.fork()
if child == 0:
  ${leave}
  time.sleep(60)
${wait || 'time.sleep(0.1)'}
print(os.environ['DHUO_JOB']); print(child)`)
      expect(last.state).toBe('SUCCEEDED')
      expect(await processesWith(texts[0]!)).toEqual([])
      expect(await lives(Number(texts[1]))).toBe(false)
    })

    test('a job that has not started yet is canceled without starting', async () => {
      const few = await openLocalJobs({ jobsAtOnce: 1 })
      try {
        const first = await few.start('import time\ntime.sleep(0.5)')
        const second = await few.start('open("/nowhere")')
        await few.runner.cancel(second)
        expect(await watchJob(few.runner, second)).toMatchObject({
          states: ['CANCELED'],
          last: { detail: 'It was canceled before it started.' },
        })
        expect((await watchJob(few.runner, first)).last.state).toBe('SUCCEEDED')
      } finally {
        await few.close()
      }
    })
  })

  describe('bounds', () => {
    test('memory counts all processes of the job', async () => {
      const small = await openLocalJobs({ memoryLimitMb: 150 }, { checkEveryMs: 50 })
      try {
        const hungry =
          'import os, time\nfor i in range(3): os.fork() == 0 and (globals().update(x=bytearray(80*2**20)), time.sleep(60))\ntime.sleep(60)'
        expect((await small.run(hungry)).last).toMatchObject({
          state: 'FAILED',
          detail: expect.stringMatching(/more than 150 MiB of memory.+DHUO_JOB_MEMORY_MB/),
        })
        const sharing =
          'import os, time\nx=bytearray(80*2**20)\nfor i in range(4): os.fork() == 0 and (time.sleep(0.7), os._exit(0))\ntime.sleep(1)'
        expect((await small.run(sharing)).last.state).toBe('SUCCEEDED')
      } finally {
        await small.close()
      }
    })

    test('a fork bomb is killed', async () => {
      const { last, texts } = await jobs.run(
        'import os, time\nprint(os.environ["DHUO_JOB"])\nfor i in range(2000):\n  if os.fork() == 0: time.sleep(60)\n  time.sleep(0.001)\ntime.sleep(60)',
      )
      expect(last).toMatchObject({ state: 'FAILED', detail: expect.stringMatching(/^It had \d+ processes; 40 are allowed\.$/) })
      expect(await processesWith(texts[0]!)).toEqual([])
    })

    test('what fills the directory, or a file, is stopped', async () => {
      const small = await openLocalJobs({ diskLimitMb: 5 }, { checkEveryMs: 50 })
      try {
        const files =
          'import time\nfor i in range(100):\n  open(f"tmp/{i}", "wb").write(b"x" * 2**20)\n  time.sleep(0.02)\ntime.sleep(60)'
        expect((await small.run(files)).last).toMatchObject({
          state: 'FAILED',
          detail: expect.stringMatching(/directory grew beyond 5 MiB.+DHUO_JOB_DISK_MB/),
        })
        const file = 'import os\nopen(os.path.join(os.environ["DIR"], "big"), "wb").write(b"x" * 6 * 2**20)'
        expect((await small.run(file, { environment: { DIR: small.home } })).last.detail).toMatch(/File too large/)
      } finally {
        await small.close()
      }
    })

    test('so many jobs run at once and no more, and the others in their turn', async () => {
      const few = await openLocalJobs({ jobsAtOnce: 2 })
      try {
        const script = 'import time\nprint(time.time())\ntime.sleep(0.3)\nprint(time.time())'
        const ids = await Promise.all(Array.from({ length: 6 }, () => few.start(script)))
        const spans = await Promise.all(ids.map(async (id) => (await watchJob(few.runner, id)).texts.map(Number)))
        for (const [start] of spans)
          expect(spans.filter(([from, to]) => from! <= start! && start! < to!).length).toBeLessThanOrEqual(2)
        expect(spans[0]![0]! < spans[2]![0]! && spans[2]![0]! < spans[4]![0]!).toBe(true)
      } finally {
        await few.close()
      }
    })
  })

  describe('what is not there', () => {
    test('without Python, a Python script is refused and a Node script runs', async () => {
      const bare = await openLocalJobs({ python: 'python-that-is-not-there' })
      try {
        await bare.runner.ping()
        const submission = submissionOf(scriptOf('print(1)'))
        for (let i = 0; i < 2; i++)
          await expect(bare.runner.submit(submission)).rejects.toMatchObject({
            code: 'PRECONDITION_FAILED',
            message: expect.stringMatching(/Python is not there.+DHUO_PYTHON/),
          })
        expect((await bare.run(scriptOf('console.log(1)', 'x.mjs'))).texts).toEqual(['1'])
      } finally {
        await bare.close()
      }
    })

    test('a script that cannot be read fails its job', async () => {
      const gone = { ...scriptOf(''), localFile: join(jobs.home, 'gone.py') }
      expect((await jobs.run(gone)).last).toMatchObject({ state: 'FAILED', detail: expect.stringContaining('ENOENT') })
    })

    test('a directory that is gone is not healthy', async () => {
      const lost = await openLocalJobs()
      await rm(lost.home, { recursive: true })
      await expect(lost.runner.ping()).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' })
      await lost.close()
    })
  })

  test('close ends running and queued jobs and leaves no process and no directory', async () => {
    const other = await openLocalJobs({ jobsAtOnce: 2, graceSeconds: 0.3 })
    const script = 'import os, signal, time\nsignal.signal(15, signal.SIG_IGN)\nprint(os.environ["DHUO_JOB"])\ntime.sleep(60)'
    const ids = await Promise.all(
      Array.from({ length: 4 }, () => other.start(script, { environment: { DHUO_PLACE: other.home } })),
    )
    const watched = Promise.all(ids.map((id) => watchJob(other.runner, id)))
    while ((await processesWith(`DHUO_PLACE=${other.home}`)).length < 2) await sleep(20)
    await sleep(300)
    await other.runner.close()
    expect(await readdir(join(other.home, 'jobs'))).toEqual([])
    const ends = await watched
    expect(ends.map(({ last }) => last.state)).toEqual(Array(4).fill('CANCELED'))
    const markers = ends.flatMap(({ texts }) => texts)
    expect(markers).toHaveLength(2)
    for (const marker of markers) expect(await processesWith(marker)).toEqual([])
    await other.close()
  })
})
