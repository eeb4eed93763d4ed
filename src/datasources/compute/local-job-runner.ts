// Runs jobs as processes of this machine, a bounded number at once; none of them lives longer than the server.
import { createHash, randomBytes } from 'node:crypto'
import { access, constants, mkdir, readdir, rm, stat } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { LocalComputeConfig } from '../../config/compute-config.js'
import { DhuoError } from '../../errors.js'
import type { ClusterShape, ClusterSize, JobEvent, JobRunner, JobSubmission } from './job-runner.js'
import { type ArchiveBounds, LocalArchives } from './local-archives.js'
import { type JobSurroundings, LocalJob } from './local-job.js'
import { LocalJobCommands } from './local-job-command.js'
import { diskExcessOf, excessOf } from './local-job-limits.js'
import type { OutputBounds } from './local-job-output.js'
import { LocalJobReaper } from './local-job-reaper.js'
import { killMarked, newRunnerId, ProcessWatch, runnerLives, signal } from './local-processes.js'
import { outputEvents } from './numbered-lines.js'

interface LocalJobRunnerOptions {
  output?: OutputBounds
  archive?: ArchiveBounds
  /** Of one job; beyond it the whole job is killed. */
  processes?: number
  /** How often memory, processes and disk are looked at. */
  checkEveryMs?: number
}

/** As Data Flow has them unless it is told otherwise: here they are only shown. */
const shape = 'VM.Standard.E4.Flex'
const clusters: Readonly<Record<ClusterSize, ClusterShape>> = {
  SMALL: { driverShape: shape, executorShape: shape, executors: 1 },
  MEDIUM: { driverShape: shape, executorShape: shape, executors: 2 },
  LARGE: { driverShape: shape, executorShape: shape, executors: 4 },
}

const lineBatch = 2_000
const kept = { jobs: 1_000, ms: 3600_000, characters: 128 * 1024 * 1024 }
const strangerDays = 7
const unknownJob = 'The job is not known here: its runner ended with the server that started it, or the job ended long ago.'

/**
 * Opens the runner in a directory, which is made when it is not there: `jobs/` holds a directory for each running job, `archives/` the
 * unpacked dependency archives. Processes and files that a killed server left are removed first.
 *
 * Bounds: time, memory, number of processes, lines, the size of a job's directory and of single files. Memory, processes and the
 * directory are looked at every half second or so: what is faster than that is not stopped, nor is the disk outside of the directory
 * guarded, nor the processor. It keeps jobs from harming the server by mistake; it is no sandbox against its own user's malice.
 */
export async function openLocalJobRunner(config: LocalComputeConfig, options: LocalJobRunnerOptions = {}): Promise<JobRunner> {
  const runner = new LocalJobRunner(config, options)
  await runner.open()
  return runner
}

class LocalJobRunner implements JobRunner {
  readonly kind: string
  readonly supports = { survivesServer: false, applications: false }
  readonly clusters = clusters
  readonly #atOnce: number
  readonly #checkEveryMs: number
  readonly #jobsDirectory: string
  readonly #digest: string
  readonly #surroundings: JobSurroundings
  readonly #jobs = new Map<string, LocalJob>()
  readonly #byKey = new Map<string, Promise<LocalJob>>()
  readonly #queue: LocalJob[] = []
  readonly #running = new Map<LocalJob, Promise<void>>()
  /** The oldest first. */
  readonly #ended: { job: LocalJob; key: string; at: number }[] = []
  readonly #keys = new Map<LocalJob, string>()
  #checker: NodeJS.Timeout | null = null
  #closing: Promise<void> | null = null

  constructor(config: LocalComputeConfig, options: LocalJobRunnerOptions) {
    const home = resolve(config.directory)
    this.kind = config.scheme
    this.#atOnce = config.jobsAtOnce ?? Math.max(4, 2 * availableParallelism())
    this.#checkEveryMs = options.checkEveryMs ?? 500
    this.#jobsDirectory = join(home, 'jobs')
    this.#digest = createHash('sha256').update(home).digest('hex').slice(0, 12)
    const runnerId = newRunnerId(this.#digest, randomBytes(4).toString('hex'))
    const watch = new ProcessWatch(false)
    this.#surroundings = {
      runnerId,
      directory: join(this.#jobsDirectory, runnerId),
      archives: new LocalArchives(
        join(home, 'archives'),
        options.archive ?? { bytes: 4 * 2 ** 30, unpackedBytes: 16 * 2 ** 30, entries: 200_000 },
      ),
      commands: new LocalJobCommands(config),
      reaper: new LocalJobReaper(runnerId, watch.leaders),
      watch,
      isNumbered: config.isWrapped,
      output: options.output ?? { lineLength: 8_192, lines: 1_000_000, characters: 64 * 1024 * 1024 },
      limits: { memoryMb: config.memoryLimitMb, diskMb: config.diskLimitMb, processes: options.processes ?? 500 },
      graceMs: config.graceSeconds * 1_000,
    }
  }

  async open(): Promise<void> {
    await mkdir(this.#jobsDirectory, { recursive: true, mode: 0o700 })
    await this.#surroundings.archives.prepare()
    const left: string[] = []
    for (const name of await readdir(this.#jobsDirectory)) {
      const lives = runnerLives(name)
      const found = await stat(join(this.#jobsDirectory, name)).catch(() => null)
      const old = found !== null && found.mtimeMs < Date.now() - strangerDays * 24 * 3600_000
      if (lives === false || (lives === null && old)) left.push(name)
    }
    if (left.length === 0) return
    const watch = new ProcessWatch(true)
    // Twice: a process that forks and ends in the same moment can slip through one look.
    for (let turn = 0; turn < 2; turn++) await killMarked(watch, (marker) => left.includes(marker.split('/')[0]!), 5_000)
    for (const name of left) await rm(join(this.#jobsDirectory, name), { recursive: true, force: true })
  }

  async ping(): Promise<void> {
    this.#surroundings.commands.ping()
    await access(this.#jobsDirectory, constants.W_OK).catch((cause: unknown) => {
      throw new DhuoError('BACKEND_UNAVAILABLE', 'The directory of the jobs is gone or cannot be written to.', { cause })
    })
  }

  async prepare(): Promise<null> {
    return null
  }

  async discard(): Promise<void> {}

  async submit(submission: JobSubmission): Promise<{ jobId: string; applicationId: null }> {
    this.#refuseWhenClosing()
    let job = this.#byKey.get(submission.key)
    if (!job) {
      job = this.#take(submission)
      this.#byKey.set(submission.key, job)
      // What was refused was never taken: it may be tried again.
      job.catch(() => this.#byKey.delete(submission.key))
    }
    return { jobId: (await job).id, applicationId: null }
  }

  async #take(submission: JobSubmission): Promise<LocalJob> {
    // The first job waits for both: let them begin together. That the reaper cannot be there is said when the job starts.
    this.#surroundings.reaper.ready().catch(() => {})
    await this.#surroundings.commands.check(submission)
    this.#refuseWhenClosing()
    const job = new LocalJob(submission, this.#surroundings)
    this.#jobs.set(job.id, job)
    this.#keys.set(job, submission.key)
    this.#queue.push(job)
    this.#startNext()
    return job
  }

  #refuseWhenClosing(): void {
    if (this.#closing) throw new DhuoError('BACKEND_UNAVAILABLE', 'The server is stopping: it takes no more jobs.')
  }

  #startNext(): void {
    while (this.#running.size < this.#atOnce) {
      const job = this.#queue.shift()
      if (!job) break
      const run = job.run().then(() => {
        this.#running.delete(job)
        this.#keep(job)
        this.#startNext()
      })
      this.#running.set(job, run)
    }
    this.#checkSoon()
  }

  #checkSoon(): void {
    this.#checker ??= setTimeout(() => void this.#check(), this.#checkEveryMs).unref()
  }

  /** Ends jobs that went beyond a bound, and what a job that has ended left after all. */
  async #check(): Promise<void> {
    const { watch, limits, runnerId } = this.#surroundings
    const found = await watch.look()
    // Taken after the look: none that began meanwhile is missing.
    const running = new Map([...this.#running.keys()].map((job) => [job.marker, job]))
    for (const [marker, processes] of found)
      if (marker.startsWith(`${runnerId}/`) && !running.has(marker)) for (const { pid } of processes) signal(pid, 'SIGKILL')
    for (const job of running.values()) {
      const detail = excessOf(found.get(job.marker) ?? [], limits) ?? (await diskExcessOf(job.directory, limits))
      if (detail !== null && job.started) job.stop({ state: 'FAILED', detail }, false)
    }
    this.#checker = null
    if (this.#running.size > 0) this.#checkSoon()
  }

  /** Remembers how a job ended, for a while. */
  #keep(job: LocalJob): void {
    this.#ended.push({ job, key: this.#keys.get(job)!, at: Date.now() })
    this.#keys.delete(job)
    let characters = this.#ended.reduce((sum, { job }) => sum + job.output.size, 0)
    for (let oldest = this.#ended[0]; oldest; oldest = this.#ended[0]) {
      if (this.#ended.length <= kept.jobs && characters <= kept.characters && oldest.at > Date.now() - kept.ms) break
      this.#ended.shift()
      characters -= oldest.job.output.size
      this.#jobs.delete(oldest.job.id)
      this.#byKey.delete(oldest.key)
    }
  }

  async *watch(jobId: string, until: AbortSignal): AsyncIterable<JobEvent> {
    const job = this.#jobs.get(jobId)
    if (!job) {
      yield { type: 'status', status: { jobId, state: 'FAILED', detail: unknownJob } }
      return
    }
    if (!job.started && !job.ended) yield { type: 'status', status: job.status }
    let toldRunning = false
    while (!until.aborted) {
      if (job.started && !toldRunning) {
        toldRunning = true
        yield { type: 'status', status: { jobId, state: 'RUNNING', detail: null } }
        continue
      }
      const output = job.output.take(lineBatch)
      if (output.length > 0) yield* outputEvents(output)
      else if (!job.ended) await job.changed(until)
      else {
        yield { type: 'status', status: job.status }
        return
      }
    }
  }

  async cancel(jobId: string): Promise<void> {
    const job = this.#jobs.get(jobId)
    job?.stop({ state: 'CANCELED', detail: job.started ? 'It was canceled.' : 'It was canceled before it started.' })
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    const { reaper, graceMs, directory } = this.#surroundings
    for (const job of this.#jobs.values()) job.stop({ state: 'CANCELED', detail: 'It was canceled: the server was stopped.' })
    const bound = new AbortController()
    const clean = await Promise.race([
      this.#drain().then(() => true),
      sleep(graceMs + 10_000, false, { signal: bound.signal }).catch(() => false),
    ])
    bound.abort()
    if (this.#checker) clearTimeout(this.#checker)
    await reaper.close(clean)
    await rm(directory, { recursive: true, force: true }).catch(() => {})
  }

  async #drain(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running.values())
  }
}
