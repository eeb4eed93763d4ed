// One job on this machine, from the queue to its end: its directory, its processes, its output, and why it ended.
import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { constants, createWriteStream } from 'node:fs'
import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises'
import { setPriority } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { isDhuoError } from '../../errors.js'
import type { JobState, JobStatus, JobSubmission } from './job-runner.js'
import type { LocalArchives } from './local-archives.js'
import type { LocalJobCommands } from './local-job-command.js'
import { exitDetail } from './local-job-exit.js'
import type { JobLimits } from './local-job-limits.js'
import { JobOutput, type OutputBounds } from './local-job-output.js'
import type { LocalJobReaper } from './local-job-reaper.js'
import { killMarked, type ProcessWatch, signal } from './local-processes.js'

/** What the jobs of one runner share. */
export interface JobSurroundings {
  runnerId: string
  /** Of this runner alone; a job's own directory is made in it. */
  directory: string
  archives: LocalArchives
  commands: LocalJobCommands
  reaper: LocalJobReaper
  watch: ProcessWatch
  output: OutputBounds
  /** Python scripts run under the wrapper. */
  isNumbered: boolean
  limits: JobLimits
  /** Between TERM and KILL. */
  graceMs: number
}

/** After the script itself has ended, its children may write for so long. */
const childrenGraceMs = 500
const longestTimer = 2 ** 31 - 1
const finalStates: readonly JobState[] = ['SUCCEEDED', 'FAILED', 'CANCELED']

/** Sets what `exec` passes on, in blocks of 512 bytes, as POSIX has it; no core files. */
const launcher = 'ulimit -c 0; ulimit -f "$0" 2>/dev/null; exec "$@"'

interface End {
  state: 'SUCCEEDED' | 'FAILED' | 'CANCELED'
  detail: string | null
}

export class LocalJob {
  readonly id = randomUUID()
  readonly marker: string
  readonly directory: string
  readonly output: JobOutput
  readonly #surroundings: JobSurroundings
  #submission: JobSubmission | null
  #state: JobState = 'QUEUED'
  #detail: string | null = null
  #started = false
  #pid: number | null = null
  /** Why it was stopped, from when it was asked. */
  #stopped: End | null = null
  #timers: NodeJS.Timeout[] = []
  readonly #waiters = new Set<() => void>()

  constructor(submission: JobSubmission, surroundings: JobSurroundings) {
    this.#submission = submission
    this.#surroundings = surroundings
    this.marker = `${surroundings.runnerId}/${this.id}`
    const readable = submission.key.replace(/[^A-Za-z0-9_-]+/g, '-').slice(-60)
    this.directory = join(surroundings.directory, `${readable}-${this.id.slice(0, 8)}`)
    this.output = new JobOutput(surroundings.output, surroundings.isNumbered, () => this.#tell())
  }

  get status(): JobStatus {
    return { jobId: this.id, state: this.#state, detail: this.#detail }
  }

  get ended(): boolean {
    return finalStates.includes(this.#state)
  }

  /** Whether its script was running at any time. */
  get started(): boolean {
    return this.#started
  }

  /** Resolves when there is something new to take or to say, or at the signal. */
  changed(until: AbortSignal): Promise<void> {
    if (until.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      const done = (): void => {
        this.#waiters.delete(done)
        until.removeEventListener('abort', done)
        resolve()
      }
      this.#waiters.add(done)
      until.addEventListener('abort', done)
    })
  }

  /** Runs it to its end. Never rejects; afterwards none of its processes and files is there. */
  async run(): Promise<void> {
    let end: End
    try {
      end = this.ended ? this.#stopped! : await this.#work(this.#submission!)
    } catch (error) {
      const why = isDhuoError(error)
        ? error.message
        : `The job could not be started (${(error as NodeJS.ErrnoException).code ?? 'error'}).`
      end = { state: 'FAILED', detail: why }
    }
    for (const timer of this.#timers) clearTimeout(timer)
    await rm(this.directory, { recursive: true, force: true, maxRetries: 3 }).catch(() => {})
    this.#end(end)
  }

  /**
   * TERM, then KILL. The first reason counts; nothing happens to a job whose script has ended.
   * @param grace false: KILL at once
   */
  stop(why: End, grace = true): void {
    if (this.#stopped || this.ended) return
    if (!this.#started) {
      this.#stopped = why
      this.#end(why)
    }
    if (this.#pid === null) return
    this.#stopped = why
    if (!grace) return void this.#kill()
    const pid = this.#pid
    signal(-pid, 'SIGTERM')
    void this.#surroundings.watch.look().then((found) => {
      for (const each of found.get(this.marker) ?? []) if (each.group !== pid) signal(each.pid, 'SIGTERM')
    })
    this.#timers.push(setTimeout(() => void this.#kill(), this.#surroundings.graceMs))
  }

  #kill(): Promise<boolean> {
    return killMarked(this.#surroundings.watch, (marker) => marker === this.marker, 10_000)
  }

  async #work(job: JobSubmission): Promise<End> {
    const child = await this.#start(job)
    if (child === null) return this.#stopped!
    const { watch, reaper } = this.#surroundings
    const pid = child.pid!
    const output = Promise.all([this.output.read(child.stdout!, 'STDOUT'), this.output.read(child.stderr!, 'STDERR')])
    const [code, signalName] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve) =>
      child.once('exit', (...how) => resolve(how)),
    )
    this.#pid = null
    await within(childrenGraceMs, output)
    await this.#kill()
    watch.leaders.delete(pid)
    void reaper.ended(pid).catch(() => {})
    this.output.finish()
    if (!(await within(1_000, output))) {
      this.output.abandon()
      this.output.say('A process that could not be found holds the output open: what it writes is lost.')
      await output
    }
    if (this.#stopped) return this.#stopped
    return code === 0
      ? { state: 'SUCCEEDED', detail: null }
      : { state: 'FAILED', detail: exitDetail(code, signalName, this.output.lastError, this.#surroundings.limits) }
  }

  /** Null when it was stopped meanwhile. */
  async #start(job: JobSubmission): Promise<ChildProcess | null> {
    const { archives, commands, reaper, watch, limits } = this.#surroundings
    const [archive] = await Promise.all([job.archive && archives.unpacked(job.archive), this.#makeDirectory(job), reaper.ready()])
    const script = join(this.directory, job.script.name)
    const command = await commands.commandFor(job, { directory: this.directory, script, archive, marker: this.marker })
    if (this.ended) return null
    const child = spawn('/bin/sh', ['-c', launcher, String(limits.diskMb * 2048), command.file, ...command.arguments], {
      cwd: this.directory,
      env: command.environment,
      // A session of its own, and with it a process group, both numbered as the child.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    if (child.pid === undefined) throw await new Promise((resolve) => child.once('error', resolve))
    child.on('error', () => {})
    watch.leaders.set(child.pid, this.marker)
    void reaper.started(child.pid, this.marker).catch(() => {})
    try {
      // The server, which serves everybody, comes before scripts.
      setPriority(child.pid, 5)
    } catch {}
    this.#pid = child.pid
    this.#started = true
    this.#state = 'RUNNING'
    this.#limitTime(job.timeoutSeconds)
    this.#tell()
    return child
  }

  /** Scripts and what they import are copied: a link would let a script write into the object store. */
  async #makeDirectory({ script }: JobSubmission): Promise<void> {
    await mkdir(join(this.directory, 'tmp'), { recursive: true, mode: 0o700 })
    const target = join(this.directory, script.name)
    if (script.localFile !== null) await copyFile(script.localFile, target, constants.COPYFILE_FICLONE)
    else await pipeline(await script.open(), createWriteStream(target))
    // Node looks upward for a package.json to learn what a .js file is: it must not find the server's.
    if (script.name.endsWith('.js')) await writeFile(join(this.directory, 'package.json'), '{}')
  }

  #limitTime(seconds: number | null): void {
    if (seconds === null) return
    const until = performance.now() + seconds * 1_000
    const wait = (): void => {
      const left = until - performance.now()
      if (left <= 0) this.stop({ state: 'FAILED', detail: `It ran longer than ${seconds} s.` })
      else this.#timers.push(setTimeout(wait, Math.min(left + 1, longestTimer)))
    }
    wait()
  }

  #end({ state, detail }: End): void {
    if (this.ended) return
    this.#state = state
    this.#detail = detail
    // Scripts and environments may be large, and hold keys: a job that has ended needs neither.
    this.#submission = null
    this.#tell()
  }

  #tell(): void {
    for (const waiter of [...this.#waiters]) waiter()
  }
}

/** Whether it settled in time. */
async function within(ms: number, work: Promise<unknown>): Promise<boolean> {
  const late = new AbortController()
  const result = await Promise.race([work.then(() => true), sleep(ms, false, { signal: late.signal }).catch(() => false)])
  late.abort()
  return result
}
