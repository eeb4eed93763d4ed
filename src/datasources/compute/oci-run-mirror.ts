// Follows the states of Data Flow runs: asks for many at once, more seldom while nothing happens, and says how old an answer is.
import { setTimeout as sleep } from 'node:timers/promises'
import type { DataFlowClient, models } from 'oci-dataflow'
import { isDhuoError } from '../../errors.js'
import type { Logger } from '../../logger.js'
import { isOciAnswer, ociCall } from '../oci/oci-errors.js'
import { isFinalState, type SeenRun, seenRunOf } from './oci-run-state.js'

export interface MirrorTimes {
  /** Between two looks: at least, while nothing has happened for a while, and at most. */
  leastMs: number
  quietMs: number
  mostMs: number
  /** From the last change of any run until looks become as seldom as they may. */
  restlessMs: number
  /** Looks are so far apart that there are not more calls than this. */
  callsPerSecond: number
  /** How long a run may be unknown to the service before it counts as gone. */
  missingMs: number
}

/** Of 2 to 30 s: every 5 s while nothing happens, and one call a second at most. */
export const mirrorTimes = ({ leastMs, mostMs }: Pick<MirrorTimes, 'leastMs' | 'mostMs'>): MirrorTimes => ({
  ...{ leastMs, mostMs },
  quietMs: Math.min(mostMs, 2.5 * leastMs),
  restlessMs: 600_000,
  callsPerSecond: 2_000 / leastMs,
  missingMs: 600_000,
})

export const dataFlow = 'Data Flow'

const pageSize = 100
const mostPages = 10
/** Of those that a look did not find in its lists. */
const mostSingle = 20
const mostExpected = 5_000
/** So few are asked for one by one. */
const few = 2

/** A run that somebody watches. */
export class TrackedRun {
  seen: SeenRun | null = null
  /** Since when the service says that it does not know it. */
  missingSince: number | null = null
  /** Raised whenever there is something new to look at. */
  version = 0
  watchers = 0
  readonly #waiting = new Set<() => void>()

  constructor(readonly id: string) {}

  tell(): void {
    this.version++
    for (const wake of [...this.#waiting]) wake()
  }

  /** Resolves when something is new since `version`, or at the signal. */
  changed(version: number, signal: AbortSignal): Promise<void> {
    if (this.version !== version || signal.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      const done = (): void => {
        this.#waiting.delete(done)
        signal.removeEventListener('abort', done)
        resolve()
      }
      this.#waiting.add(done)
      signal.addEventListener('abort', done)
    })
  }
}

export class OciRunMirror {
  readonly #runs = new Map<string, TrackedRun>()
  readonly #expected = new Map<string, SeenRun>()
  readonly #closing = new AbortController()
  #wake = new AbortController()
  #isAtWork = false
  #changedAt = 0
  #pauseMs: number
  #quietLooks = 0
  /** When the service last answered. Milliseconds since 1970. */
  answeredAt = 0

  constructor(
    private readonly client: DataFlowClient,
    private readonly compartmentId: string,
    private readonly log: Logger,
    private readonly times: MirrorTimes,
  ) {
    this.#pauseMs = times.leastMs
  }

  /** Those that have not ended, as far as is known here. */
  get open(): TrackedRun[] {
    return [...this.#runs.values()].filter(({ seen }) => seen === null || !isFinalState(seen.state))
  }

  /** A run that was just begun: whoever watches it next knows what was answered. */
  expect(run: models.Run | models.RunSummary): void {
    this.#expected.set(run.id, seenRunOf(run, new Date().toISOString(), null))
    if (this.#expected.size > mostExpected) this.#expected.delete(this.#expected.keys().next().value!)
  }

  /** Give it back with `untrack`. */
  track(id: string): TrackedRun {
    const run = this.#runs.get(id) ?? new TrackedRun(id)
    this.#runs.set(id, run)
    run.watchers++
    run.seen ??= this.#expected.get(id) ?? null
    this.#expected.delete(id)
    this.hurry()
    if (!this.#isAtWork) void this.#work()
    return run
  }

  untrack(run: TrackedRun): void {
    if (--run.watchers === 0) this.#runs.delete(run.id)
  }

  /** Something is about to change: looks soon. */
  hurry(): void {
    this.#quietLooks = 0
    this.#changedAt = Date.now()
    this.#wake.abort()
  }

  close(): void {
    this.#closing.abort()
    this.#wake.abort()
    for (const run of this.#runs.values()) run.tell()
  }

  async #work(): Promise<void> {
    this.#isAtWork = true
    while (this.open.length > 0 && !this.#closing.signal.aborted) {
      const start = Date.now()
      this.#wake = new AbortController()
      const calls = await this.#look()
      this.#pauseMs = this.#pauseAfter(calls)
      // Who hurries does not go below the least pause: a burst of new runs is one look.
      const least = calls === null ? this.#pauseMs : this.#leastAfter(calls)
      await pause(least - (Date.now() - start), this.#closing.signal)
      await pause(this.#pauseMs * (0.8 + Math.random() * 0.4) - least, this.#wake.signal)
    }
    this.#isAtWork = false
  }

  /** @param calls null: the service did not answer, or wants fewer of them */
  #pauseAfter(calls: number | null): number {
    const { leastMs, quietMs, mostMs, restlessMs } = this.times
    if (calls === null) return Math.min(mostMs, Math.max(leastMs, this.#pauseMs) * 2)
    const bound = Date.now() - this.#changedAt > restlessMs ? mostMs : quietMs
    const quiet = Math.min(bound, leastMs * 1.3 ** Math.min(this.#quietLooks, 50))
    return Math.max(quiet, this.#leastAfter(calls))
  }

  #leastAfter(calls: number): number {
    return Math.max(this.times.leastMs, (calls / this.times.callsPerSecond) * 1_000)
  }

  /** @returns how many calls it took; null when one failed: then what is known stays as old as it is */
  async #look(): Promise<number | null> {
    let calls = 0
    try {
      const missing = new Map(this.open.map((run) => [run.id, run]))
      if (missing.size > few) calls += await this.#lookAtMany(missing)
      const single = [...missing.values()].sort((a, b) => ((a.seen?.at ?? '') < (b.seen?.at ?? '') ? -1 : 1)).slice(0, mostSingle)
      for (const run of single) {
        calls++
        await this.#lookAtOne(run)
      }
      this.answeredAt = Date.now()
      this.#quietLooks++
      return calls
    } catch (error) {
      // Each loop of the transport is one attempt: the next look is the next one.
      const level = isDhuoError(error) && error.code === 'RATE_LIMITED' ? 'info' : 'warn'
      if (!this.#closing.signal.aborted)
        this.log[level]({ err: error, runs: this.open.length }, 'the states of runs are getting old')
      return null
    }
  }

  /** Takes out of `missing` what it finds. https://docs.oracle.com/iaas/api/#/en/data-flow/20200129/RunSummary/ListRuns */
  async #lookAtMany(missing: Map<string, TrackedRun>): Promise<number> {
    const since = sinceOf(missing.values())
    let page: string | undefined
    let calls = 0
    do {
      const at = new Date().toISOString()
      const { items, opcNextPage } = await ociCall(dataFlow, () =>
        this.client.listRuns({
          compartmentId: this.compartmentId,
          // The SDK writes dates in a query with hours of one digit, and in the time zone of the process: text passes.
          ...(since !== null && { timeCreatedGreaterThan: encodeURIComponent(since) as never }),
          sortBy: 'timeCreated' as never,
          sortOrder: 'DESC' as never,
          limit: pageSize,
          ...(page !== undefined && { page: encodeURIComponent(page) }),
        }),
      )
      calls++
      for (const item of items) {
        const run = missing.get(item.id)
        if (run) this.#see(run, seenRunOf(item, at, run.seen))
        missing.delete(item.id)
      }
      page = opcNextPage || undefined
    } while (page !== undefined && missing.size > 0 && calls < mostPages)
    return calls
  }

  async #lookAtOne(run: TrackedRun): Promise<void> {
    const at = new Date().toISOString()
    try {
      const found = await this.client.getRun({ runId: run.id })
      this.#see(run, seenRunOf(found.run, at, run.seen))
    } catch (error) {
      if (!isOciAnswer(error, 404)) await ociCall(dataFlow, () => Promise.reject(error))
      // It may be there, and a policy gone for a while: nobody can tell the two apart.
      run.missingSince ??= Date.now()
      if (Date.now() - run.missingSince < this.times.missingMs) return
      const none = { createdAt: 0, hasBegun: false, folder: null, doorId: null }
      this.#see(run, { ...none, ...run.seen, state: 'FAILED', detail: goneText, at })
    }
  }

  #see(run: TrackedRun, seen: SeenRun): void {
    if (run.seen?.state !== seen.state) {
      this.#quietLooks = -1
      this.#changedAt = Date.now()
    }
    if (seen.detail !== goneText) run.missingSince = null
    run.seen = seen
    run.tell()
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (ms > 0) await sleep(ms, undefined, { signal, ref: false }).catch(() => {})
}

const goneText = 'The run is not known to OCI Data Flow, or this server may not see it any more.'

/** A moment before the oldest of them was made; null when that is not known of all. */
function sinceOf(runs: Iterable<TrackedRun>): string | null {
  let oldest = Number.POSITIVE_INFINITY
  for (const { seen } of runs) {
    if (!seen || Number.isNaN(seen.createdAt) || seen.createdAt === 0) return null
    oldest = Math.min(oldest, seen.createdAt)
  }
  return Number.isFinite(oldest) ? new Date(oldest - 1_000).toISOString() : null
}
