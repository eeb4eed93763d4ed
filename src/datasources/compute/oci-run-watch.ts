// Tells of one Data Flow run from wherever it is to its end: its states, what it prints, and at last how it ended.
import { setTimeout as sleep } from 'node:timers/promises'
import type { DataFlowClient, models } from 'oci-dataflow'
import type { Logger } from '../../logger.js'
import { HandedOut } from './handed-out.js'
import type { JobEvent, JobStatus } from './job-runner.js'
import type { OciJobObjects } from './oci-job-objects.js'
import type { OciRunMirror, TrackedRun } from './oci-run-mirror.js'
import { listScriptLogs, type OutputNotes, readLogs, takeBatches } from './oci-run-output.js'
import { endOf, isFinalState, type SeenRun } from './oci-run-state.js'
import { linesFolder } from './oci-submissions.js'

export interface WatchTimes {
  /** Between two looks for objects that runs have put; longer while there are none. */
  linesMs: number
  /** How long a run that has ended may be without logs, and without one of them. */
  logsMs: number
  lastLogMs: number
}

export const watchTimes = (leastMs: number): WatchTimes => ({ linesMs: 2.5 * leastMs, logsMs: 60_000, lastLogMs: 10_000 })

interface OciRunWatchOptions {
  client: DataFlowClient
  objects: OciJobObjects
  mirror: OciRunMirror
  log: Logger
  times: WatchTimes
}

/** What is read of a run, whoever of its watchers reads it. */
interface Reading {
  /** One at a time: a line is handed out once. */
  isTaken: boolean
  notes: OutputNotes
  /** Objects that were seen, in the order of their names. */
  names: string[]
  areLogsRead: boolean
}

const mostEnded = 1_000
/** More than runs that are followed at once: what is dropped is handed out again, with the same places. */
const mostReadings = 5_000
const logPauses = [1_000, 1_000, 2_000, 4_000, 8_000]

export class OciRunWatch {
  readonly #readings = new Map<string, Reading>()
  /** How runs ended that were told of to their end: by now nothing is left of their output. */
  readonly #ended = new Map<string, JobStatus>()
  #isLooking = false
  readonly #closing = new AbortController()
  readonly #watching = new Set<AbortController>()

  constructor(private readonly options: OciRunWatchOptions) {}

  /** Whoever watches hears nothing more. */
  close(): void {
    this.#closing.abort()
    for (const stop of this.#watching) stop.abort()
  }

  async *watch(jobId: string, until: AbortSignal): AsyncGenerator<JobEvent> {
    // Not AbortSignal.any: what lives as long as the server would collect them.
    const stop = new AbortController()
    const end = (): void => stop.abort()
    if (until.aborted || this.#closing.signal.aborted) end()
    else until.addEventListener('abort', end)
    this.#watching.add(stop)
    try {
      yield* this.#watch(jobId, stop.signal)
    } finally {
      until.removeEventListener('abort', end)
      this.#watching.delete(stop)
    }
  }

  async *#watch(jobId: string, until: AbortSignal): AsyncGenerator<JobEvent> {
    const ended = this.#ended.get(jobId)
    if (ended) {
      yield { type: 'status', status: ended }
      return
    }
    const { mirror } = this.options
    const run = mirror.track(jobId)
    const reading = this.#readingOf(run)
    let isReader = false
    let told = ''
    let toldAt = ''
    void this.#lookForLines()
    try {
      while (!until.aborted) {
        const { version, seen } = run
        if (seen && !isFinalState(seen.state) && `${seen.state} ${seen.detail}` !== told) {
          told = `${seen.state} ${seen.detail}`
          yield { type: 'status', status: { jobId, state: seen.state, detail: seen.detail } }
        }
        if (seen && seen.at !== toldAt) {
          toldAt = seen.at
          yield { type: 'seen', at: seen.at }
        }
        if (!reading.isTaken) {
          reading.isTaken = true
          isReader = true
        }
        if (isReader) {
          yield* this.#takeLines(reading)
          if (seen && isFinalState(seen.state)) {
            yield* this.#takeRest(run, seen, reading, until)
            if (until.aborted) return
            const status = { jobId, ...endOf(seen, reading.notes.end, reading.notes.lastError) }
            await this.#finish(status, seen)
            reading.isTaken = false
            isReader = false
            run.tell()
            yield { type: 'status', status }
            return
          }
        } else if (this.#ended.has(jobId)) {
          yield { type: 'status', status: this.#ended.get(jobId)! }
          return
        }
        await run.changed(version, until)
      }
    } finally {
      if (isReader) {
        reading.isTaken = false
        run.tell()
      }
      mirror.untrack(run)
    }
  }

  #readingOf(run: TrackedRun): Reading {
    const known = this.#readings.get(run.id)
    if (known) return known
    const notes = { handedOut: new HandedOut(), end: null, lastError: null }
    const reading: Reading = { isTaken: false, notes, names: [], areLogsRead: false }
    this.#readings.set(run.id, reading)
    dropOldest(this.#readings, mostReadings)
    return reading
  }

  async *#takeLines(reading: Reading): AsyncGenerator<JobEvent> {
    const { objects, log } = this.options
    while (reading.names.length > 0) {
      const [name] = reading.names
      yield* takeBatches(objects, [name!], reading.notes, log)
      reading.names.shift()
    }
  }

  /** What is still in the bucket, and then what stands in the logs besides. */
  async *#takeRest(run: TrackedRun, seen: SeenRun, reading: Reading, until: AbortSignal): AsyncGenerator<JobEvent> {
    const { objects, log, client } = this.options
    if (seen.folder !== null) {
      const folder = linesFolder(seen.folder)
      for (let names = await objects.list(folder); names.length > 0; names = await objects.list(folder))
        yield* takeBatches(objects, names, reading.notes, log)
    }
    if (reading.areLogsRead) return
    const logs = await this.#waitForLogs(run.id, seen, reading, until)
    if (until.aborted) return
    yield* readLogs(client, run.id, logs, reading.notes)
    if (logs.length === 0 && seen.hasBegun && reading.notes.end === null) {
      const text = 'Data Flow has not published the log of this run: what is not here was lost, or comes to its bucket later.'
      yield {
        type: 'lines',
        lines: [{ stream: 'SYSTEM', text, at: new Date().toISOString(), place: { source: 'logs', number: 1 } }],
      }
    }
    reading.areLogsRead = true
  }

  /** They appear soon after the end; a run that never began has none. */
  async #waitForLogs(runId: string, seen: SeenRun, { notes }: Reading, until: AbortSignal): Promise<models.RunLogSummary[]> {
    const { client, times } = this.options
    const start = Date.now()
    for (let tries = 0; ; tries++) {
      const logs = await listScriptLogs(client, runId)
      const types = new Set(logs.map(({ type }) => String(type)))
      // The wrapper has said that it was all: what comes besides is Spark's own.
      const isEnough = logs.length > 0 || notes.end !== null
      const longest = seen.hasBegun ? (isEnough ? times.lastLogMs : times.logsMs) : 0
      const left = longest - (Date.now() - start)
      if ((types.has('STDOUT') && types.has('STDERR')) || left <= 0 || until.aborted) return logs
      const pause = Math.min(left, logPauses[Math.min(tries, logPauses.length - 1)]!)
      await sleep(pause, undefined, { signal: until }).catch(() => {})
    }
  }

  async #finish(status: JobStatus, { folder, doorId }: SeenRun): Promise<void> {
    const { objects, log } = this.options
    this.#ended.set(status.jobId, status)
    dropOldest(this.#ended, mostEnded)
    this.#readings.delete(status.jobId)
    try {
      if (doorId !== null) await objects.shutDoor(doorId)
      if (folder !== null) await objects.removeAll(linesFolder(folder))
    } catch (error) {
      log.warn({ err: error, run: status.jobId }, 'something of a run that has ended stays in the bucket')
    }
  }

  /** One list tells of the lines of all runs. */
  async #lookForLines(): Promise<void> {
    if (this.#isLooking) return
    this.#isLooking = true
    const { mirror, objects, log, times } = this.options
    let pause = times.linesMs
    while (mirror.open.length > 0 && !this.#closing.signal.aborted) {
      try {
        const names = await objects.list('lines/')
        const byFolder = Map.groupBy(names, (name) => name.split('/')[1])
        for (const run of mirror.open) {
          const reading = this.#readingOf(run)
          const own = (run.seen?.folder && byFolder.get(run.seen.folder)) || []
          // Those that are at hand already stand in front.
          reading.names.push(...own.filter((name) => !reading.names.includes(name)))
          if (own.length > 0) run.tell()
        }
        pause = names.length > 0 ? times.linesMs : Math.min(times.linesMs * 3, pause * 1.2)
      } catch (error) {
        log.warn({ err: error }, 'lines in the bucket come late')
        pause = Math.min(times.linesMs * 6, pause * 2)
      }
      await sleep(pause, undefined, { signal: this.#closing.signal, ref: false }).catch(() => {})
    }
    this.#isLooking = false
  }
}

function dropOldest(map: Map<string, unknown>, most: number): void {
  if (map.size > most) map.delete(map.keys().next().value!)
}
