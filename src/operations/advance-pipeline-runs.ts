// Looks after the pipeline runs that this server advances: takes those that nobody has, keeps its leases, lets go at the end.
import { setTimeout as sleep, setImmediate as turnOfTheLoop } from 'node:timers/promises'
import type { PipelineRunRow } from '../datasources/catalog/pipeline-rows.js'
import type { Lease } from '../datasources/catalog/pipeline-run-store.js'
import type { Messages } from '../pubsub/topics.js'
import { type DriveContext, RunDriver } from './drive-pipeline-run.js'
import { GroupedWrites } from './group-writes.js'
import type { Happening } from './plan-pipeline-run.js'
import { allRuns } from './publish-pipeline-events.js'
import { SeenSteps } from './seen-steps.js'

interface AdvanceOptions extends Omit<DriveContext, 'writes' | 'seen'> {
  /** What happens to a run is announced here: the first message that is missed costs no more than `pollMs`. */
  listen(topic: 'pipelineRunDue', id: string, signal: AbortSignal): Promise<AsyncIterable<Messages['pipelineRunDue']>>
  /** After this time without a sign of its server a run is taken by another one. */
  leaseMs: number
  /** How often the catalog is asked for runs that nobody has. */
  pollMs?: number
}

export interface PipelineAdvancer {
  /** Takes no more, ends what would die with the server and writes that down, and leaves the rest to other servers. */
  stop(): Promise<void>
}

const mostRuns = 2_000
const claimedAtOnce = 100
/** Each is bounded by the lines that may wait to be written. */
const mostLegacies = 100
/** A run that waits for its packages, or could not be advanced, is looked at again after it. */
const waitMs = 1_000
const stopGraceMs = 15_000
/** How old what is written of the freshness of a status may be. */
const seenEveryMs = 3_000

export function advancePipelineRuns(options: AdvanceOptions): PipelineAdvancer {
  const advancer = new Advancer(options)
  return { stop: () => advancer.stop() }
}

class Advancer {
  private readonly drivers = new Map<string, RunDriver>()
  private readonly ends = new Map<string, Promise<void>>()
  /** What drivers had heard and not written down when they lost their run: it may come back, and then it is still true. */
  private readonly legacies = new Map<string, readonly Happening[]>()
  private readonly announced = new Set<string>()
  private readonly stopping = new AbortController()
  private readonly writes: GroupedWrites
  private readonly seen: SeenSteps
  private renewedAt = Date.now()
  private isClaiming = false

  constructor(private readonly options: AdvanceOptions) {
    this.writes = new GroupedWrites(options.datasources.catalog)
    this.seen = new SeenSteps(this.writes)
    void this.listen()
    void this.repeat(options.pollMs ?? 1_000, () => this.claimDue())
    void this.repeat(options.leaseMs / 3, () => this.renew())
    void this.repeat(seenEveryMs, () => this.seen.write())
  }

  async stop(): Promise<void> {
    this.stopping.abort()
    for (const driver of this.drivers.values()) driver.stop()
    await withinGrace(Promise.all(this.ends.values()))
    // What does not end in time keeps its lease until that runs out: nobody else begins it while it may still be at work here.
    for (const driver of this.drivers.values()) driver.abandon()
    await withinGrace(this.writes.settled())
  }

  private get lease(): Lease {
    return { owner: this.options.owner, until: new Date(Date.now() + this.options.leaseMs).toISOString() }
  }

  private async listen(): Promise<void> {
    const { signal } = this.stopping
    while (!signal.aborted) {
      try {
        for await (const { pipelineRunId } of await this.options.listen('pipelineRunDue', allRuns, signal))
          this.announce(pipelineRunId)
      } catch (error) {
        this.options.log.warn({ err: error }, 'announcements of pipeline runs were missed; the poll finds them')
      }
      await sleep(100, undefined, { signal }).catch(() => {})
    }
  }

  private announce(runId: string): void {
    const driver = this.drivers.get(runId)
    if (driver) driver.notify()
    else {
      this.announced.add(runId)
      void this.claimAnnounced()
    }
  }

  /** Those that are announced in one turn of the loop are taken together. */
  private async claimAnnounced(): Promise<void> {
    if (this.isClaiming) return
    this.isClaiming = true
    try {
      await turnOfTheLoop()
      while (this.announced.size > 0 && this.room > 0 && !this.stopping.signal.aborted) {
        const ids = [...this.announced].slice(0, Math.min(this.room, claimedAtOnce))
        for (const id of ids) this.announced.delete(id)
        await this.take((lease, now) => this.writes.write(({ pipelineRuns }) => pipelineRuns.claim(ids, lease, now)))
      }
      this.announced.clear()
    } catch (error) {
      this.options.log.warn({ err: error }, 'pipeline runs could not be taken; the poll finds them')
    } finally {
      this.isClaiming = false
    }
  }

  private async claimDue(): Promise<void> {
    while (this.room > 0 && !this.stopping.signal.aborted) {
      const limit = Math.min(this.room, claimedAtOnce)
      const taken = await this.take((lease, now) => this.options.datasources.catalog.pipelineRuns.claimDue(lease, now, limit))
      if (taken < limit) return
    }
  }

  private get room(): number {
    return mostRuns - this.drivers.size
  }

  private async take(claim: (lease: Lease, now: string) => Promise<PipelineRunRow[]>): Promise<number> {
    // After a standstill a lease may have run out: it is renewed, or known to be lost, before it could be taken for another's.
    if (Date.now() - this.renewedAt > this.options.leaseMs / 2) await this.renew()
    const runs = await claim(this.lease, new Date().toISOString())
    // Taken while it was being stopped: somebody else's now.
    if (this.stopping.signal.aborted)
      await this.release(
        runs.map(({ id }) => id),
        0,
      )
    else for (const run of runs) this.drive(run)
    return runs.length
  }

  private drive(run: PipelineRunRow): void {
    // It was lost to another server and has come back: what was begun under the old lease must come to its end first.
    this.drivers.get(run.id)?.abandon()
    const earlier = this.ends.get(run.id) ?? Promise.resolve()
    const seen = (stepId: string, at: string): void => this.seen.note(stepId, at)
    const driver = new RunDriver({ ...this.options, writes: this.writes, seen }, run)
    this.drivers.set(run.id, driver)
    const end = earlier
      .then(() => {
        driver.inherit(this.legacies.get(run.id) ?? [])
        this.legacies.delete(run.id)
        return this.finish(driver)
      })
      .finally(() => {
        if (this.drivers.get(run.id) === driver) this.drivers.delete(run.id)
        if (this.ends.get(run.id) === end) this.ends.delete(run.id)
      })
    this.ends.set(run.id, end)
  }

  private async finish(driver: RunDriver): Promise<void> {
    try {
      const end = await driver.drive()
      if (end === 'WAITING') await this.release([driver.runId], waitMs)
      else if (end === 'STOPPED') await this.release([driver.runId], 0)
      else if (end === 'LOST' && driver.legacy.length > 0) this.bequeath(driver)
    } catch (error) {
      this.options.log.error({ err: error, pipelineRun: driver.runId }, 'a pipeline run could not be advanced')
      await this.release([driver.runId], 5 * waitMs).catch(() => {})
    }
  }

  /** Nobody comes for most of it: another server has brought the run to its end. */
  private bequeath(driver: RunDriver): void {
    this.legacies.set(driver.runId, driver.legacy)
    for (const oldest of this.legacies.keys()) if (this.legacies.size > mostLegacies) this.legacies.delete(oldest)
  }

  private release(runIds: readonly string[], inMs: number): Promise<void> {
    if (runIds.length === 0) return Promise.resolve()
    const dueAt = new Date(Date.now() + inMs).toISOString()
    return this.writes.write(({ pipelineRuns }) => pipelineRuns.release(runIds, this.options.owner, dueAt))
  }

  private async renew(): Promise<void> {
    const held = [...this.drivers]
    if (held.length === 0) {
      this.renewedAt = Date.now()
      return
    }
    try {
      const { lease } = this
      const mine = await this.options.datasources.catalog.pipelineRuns.renew(lease)
      this.renewedAt = Date.now()
      const cancelOf = new Map(mine.map(({ id, cancelRequestedAt }) => [id, cancelRequestedAt]))
      for (const [id, driver] of held) {
        if (!cancelOf.has(id)) driver.abandon()
        else if (cancelOf.get(id) !== null) driver.notify()
      }
    } catch (error) {
      if (Date.now() - this.renewedAt >= this.options.leaseMs) for (const [, driver] of held) driver.abandon()
      throw error
    }
  }

  private async repeat(everyMs: number, work: () => Promise<void>): Promise<void> {
    const { signal } = this.stopping
    while (!signal.aborted) {
      await work().catch((error: unknown) => this.options.log.error({ err: error }, 'pipeline runs could not be looked after'))
      await sleep(everyMs, undefined, { signal, ref: false }).catch(() => {})
    }
  }
}

/** Waits no longer than that: a catalog that is down must not keep a server from stopping. */
async function withinGrace(work: Promise<unknown>): Promise<void> {
  const cut = new AbortController()
  await Promise.race([work, sleep(stopGraceMs, undefined, { signal: cut.signal }).catch(() => {})])
  cut.abort()
}
