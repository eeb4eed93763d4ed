import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { openLocalJobRunner } from '../../src/datasources/compute/local-job-runner.js'
import { readProcess } from '../../src/datasources/compute/local-processes.js'
import { compileProgram } from '../compile-sources.js'
import { submissionOf, watchJob } from '../contracts/job-runner-contract.js'
import { localConfig, openLocalJobs, scriptOf } from '../datasources/local-job-scripts.js'

/** A server of the runner alone: starts jobs and says what each of them prints. */
const server = `
import { Readable } from 'node:stream'
import { openLocalJobRunner } from './src/datasources/compute/local-job-runner.js'
const [config, script, count] = process.argv.slice(2)
const runner = await openLocalJobRunner(JSON.parse(config))
console.log('open')
for (let i = 0; i < Number(count); i++) {
  const { jobId } = await runner.submit({ key: 'k' + i, displayName: 'd', arguments: [], archive: null, environment: {}, cluster: 'SMALL',
    timeoutSeconds: null, script: { name: 'script.py', localFile: null, open: async () => Readable.from([Buffer.from(script)]) } })
  ;(async () => {
    for await (const event of runner.watch(jobId, new AbortController().signal))
      if (event.type === 'lines') for (const { text } of event.lines) console.log(text)
  })()
}
`

/** Leaves the group in every way there is, then waits. */
const escaping = `
import os, subprocess, time
if os.fork() == 0:
  os.setsid()
  if os.fork() == 0:
    for fd in (0, 1, 2): os.close(fd)
    time.sleep(600)
  os._exit(0)
subprocess.Popen(['sleep', '600'], start_new_session=True)
subprocess.Popen(['sleep', '600'], env={})
print('begun')
time.sleep(600)`

interface Found {
  pid: number
  command: string
}

/** Processes that lie in the directory, have it in their environment, or run a program in it. */
async function processesOf(place: string): Promise<Found[]> {
  const found: Found[] = []
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) continue
    const read = (file: string): Promise<string> => readFile(`/proc/${name}/${file}`, 'latin1').catch(() => '')
    const [stat, environ, command] = [await read('stat'), await read('environ'), await read('cmdline')]
    const cwd = await readlink(`/proc/${name}/cwd`).catch(() => '')
    if (/\) [ZX] /.test(stat) || stat === '') continue
    if (environ.includes(place) || cwd.startsWith(place) || command.includes(place)) found.push({ pid: Number(name), command })
  }
  return found
}

const isReaper = ({ command }: Found): boolean => command.includes('local-processes')

describe('a server that is killed while it runs jobs', () => {
  let directory: string
  let program: string
  let home: string

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'dhuo-kill-jobs-'))
    program = join(directory, 'program')
    await compileProgram(program, 'server.js', server, ['src/errors.ts', 'src/datasources/compute'])
  })
  beforeEach(async () => {
    home = await mkdtemp(join(directory, 'home-'))
  })
  afterAll(() => rm(directory, { recursive: true, force: true }))

  let servers: ChildProcess[] = []
  afterEach(() => {
    for (const each of servers) each.kill('SIGKILL')
    servers = []
  })

  const start = (script: string, count: number): ChildProcess => {
    const config = JSON.stringify(localConfig(home, { jobsAtOnce: count }))
    const child = spawn(process.execPath, [join(program, 'server.js'), config, script, String(count)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    servers.push(child)
    return child
  }

  /** Resolves when so many lines `begun` came. */
  const begun = async (child: ChildProcess, count: number): Promise<void> => {
    let seen = 0
    for await (const line of createInterface({ input: child.stdout! })) if (line === 'begun' && ++seen === count) return
  }

  const kill = async (child: ChildProcess): Promise<void> => {
    const gone = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGKILL')
    await gone
  }

  /** Milliseconds until no process of the jobs is there; those that are, when it takes longer. */
  const timeUntilGone = async (boundMs: number): Promise<number | Found[]> => {
    const began = performance.now()
    for (;;) {
      const left = (await processesOf(join(home, 'jobs'))).filter((found) => !isReaper(found))
      if (left.length === 0) return performance.now() - began
      if (performance.now() - began > boundMs) return left
      await sleep(20)
    }
  }

  test('leaves no process of 20 jobs, daemons included, within two seconds', async () => {
    const child = start(escaping, 20)
    await begun(child, 20)
    expect((await processesOf(join(home, 'jobs'))).length).toBeGreaterThanOrEqual(80)
    await kill(child)
    expect(await timeUntilGone(2_000)).toEqual(expect.any(Number))
  })

  test('leaves none at whatever moment it is killed', async () => {
    for (let round = 0; round < 30; round++) {
      const child = start(escaping, 6)
      await new Promise<void>((resolve) => child.stdout!.once('data', () => resolve()))
      await sleep(Math.random() * 500)
      await kill(child)
      await sleep(300)
      expect(await timeUntilGone(2_000)).toEqual(expect.any(Number))
    }
  }, 120_000)

  test('leaves none when its reaper was killed before it: another one had taken over', async () => {
    const child = start(escaping, 3)
    await begun(child, 3)
    const first = await reaperOf(child)
    process.kill(first!, 'SIGKILL')
    while ([undefined, first].includes(await reaperOf(child))) await sleep(20)
    await sleep(300)
    await kill(child)
    expect(await timeUntilGone(2_000)).toEqual(expect.any(Number))
  })

  test('and its reaper with it leaves processes to the next server, which ends them and removes their files', async () => {
    const child = start(escaping, 3)
    await begun(child, 3)
    const reaper = await reaperOf(child)
    // Stopped, it cannot start another one.
    process.kill(child.pid!, 'SIGSTOP')
    process.kill(reaper!, 'SIGKILL')
    await kill(child)
    await sleep(200)
    expect((await processesOf(join(home, 'jobs'))).length).toBeGreaterThanOrEqual(9)
    const runner = await openLocalJobRunner(localConfig(home))
    expect(await processesOf(join(home, 'jobs'))).toEqual([])
    expect(await readdir(join(home, 'jobs'))).toEqual([])
    await runner.close()
  })

  test('does not disturb another server on the same home', async () => {
    const other = await openLocalJobRunner(localConfig(home))
    const { jobId } = await other.submit(submissionOf(scriptOf('import time\nfor i in range(20): print(i); time.sleep(0.2)')))
    const watched = watchJob(other, jobId)
    const child = start(escaping, 3)
    await begun(child, 3)
    await kill(child)
    await (await openLocalJobRunner(localConfig(home))).close()
    expect((await watched).last.state).toBe('SUCCEEDED')
    expect((await watched).texts).toHaveLength(20)
    await other.close()
  })

  const reapers = async (): Promise<Found[]> => (await processesOf(program)).filter(isReaper)
  const reaperOf = async (child: ChildProcess): Promise<number | undefined> => {
    for (const { pid } of await reapers()) if (readProcess(pid)?.parent === child.pid) return pid
    return undefined
  }

  test('no reaper stays when its server is gone', async () => {
    const until = performance.now() + 10_000
    while (performance.now() < until && (await reapers()).length > 0) await sleep(200)
    expect(await reapers()).toEqual([])
  })
})

describe('many jobs at once', () => {
  test('200 jobs, of which scripts are killed at random, all end, and as they ended', async () => {
    const jobs = await openLocalJobs({ graceSeconds: 1 })
    try {
      const script =
        'import os, sys, time\nprint(sys.argv[1])\nif int(sys.argv[1]) % 5 == 0: os.kill(os.getpid(), 9)\ntime.sleep(0.02)\nsys.exit(int(sys.argv[1]) % 3)'
      const ids = await Promise.all(Array.from({ length: 200 }, (_, i) => jobs.start(script, { arguments: [String(i)] })))
      const ends = await Promise.all(ids.map((id) => watchJob(jobs.runner, id)))
      for (const [i, { texts, last, states }] of ends.entries()) {
        expect(texts).toEqual([String(i)])
        expect(last.state).toBe(i % 5 !== 0 && i % 3 === 0 ? 'SUCCEEDED' : 'FAILED')
        expect(last.detail ?? '').toMatch(i % 5 === 0 ? /SIGKILL/ : i % 3 === 0 ? /^$/ : new RegExp(`exit code ${i % 3}\\.`))
        expect(states.at(-2)).toBe('RUNNING')
      }
      expect(await readdir(join(jobs.home, 'jobs', (await readdir(join(jobs.home, 'jobs')))[0]!))).toEqual([])
    } finally {
      await jobs.close()
    }
  }, 120_000)
})
