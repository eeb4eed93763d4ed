// Holds what was heard of the jobs of one pipeline run until it is written down: in order, and of lines no more than a bound.
import type { JobLine } from '../datasources/compute/job-runner.js'
import type { Happening } from './plan-pipeline-run.js'

/** Lines that are written in one transaction. */
const mostLines = 1_000
/** Lines that wait to be written before the job's output is no longer read. */
const mostWaitingLines = 5_000

export class HeardHappenings {
  readonly #heard: Happening[] = []
  #taken: readonly Happening[] = []
  /** Of what was added and is not written down yet. */
  readonly #unwritten = new Map<Happening, () => void>()
  #isReleased = false
  #waitingLines = 0
  #room = Promise.withResolvers<void>()

  /** @param wake called when there is something to write */
  constructor(private readonly wake: () => void) {}

  get length(): number {
    return this.#heard.length
  }

  /** In order. */
  get notWritten(): readonly Happening[] {
    return [...this.#taken, ...this.#heard]
  }

  /** Resolves when it is written down, or nobody is to wait for that any more. */
  add(happening: Happening): Promise<void> {
    this.#heard.push(happening)
    this.wake()
    return this.#isReleased ? Promise.resolve() : new Promise((resolve) => this.#unwritten.set(happening, resolve))
  }

  /** Whoever waits goes on. What was heard may still be written. */
  release(): void {
    this.#isReleased = true
    for (const resolve of this.#unwritten.values()) resolve()
    this.#unwritten.clear()
    this.#room.resolve()
  }

  /** As `add`, and returns when there is room for more: who does not wait for that fills the memory. */
  async addLines(of: { stepId: string; attempt: number }, lines: readonly JobLine[]): Promise<{ written: Promise<void> }> {
    let written = Promise.resolve()
    for (let start = 0; start < lines.length; start += mostLines) {
      const part = lines.slice(start, start + mostLines)
      this.#waitingLines += part.length
      written = this.add({ ...of, type: 'lines', lines: part })
      while (this.#waitingLines > mostWaitingLines && !this.#isReleased) await this.#room.promise
    }
    return { written }
  }

  /** What was heard, in order, and of lines as many as one transaction takes. */
  take(): { happenings: Happening[]; written: () => void } {
    let lines = 0
    let count = 0
    for (const happening of this.#heard) {
      if (happening.type === 'lines' && lines > 0 && lines + happening.lines.length > mostLines) break
      if (happening.type === 'lines') lines += happening.lines.length
      count++
    }
    this.#waitingLines -= lines
    this.#room.resolve()
    this.#room = Promise.withResolvers()
    const happenings = this.#heard.splice(0, count)
    this.#taken = happenings
    const written = (): void => {
      this.#taken = []
      for (const happening of happenings) {
        this.#unwritten.get(happening)?.()
        this.#unwritten.delete(happening)
      }
    }
    return { happenings, written }
  }
}
