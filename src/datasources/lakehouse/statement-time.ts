// The time that one call of the lakehouse has, over however many statements: its deadline, and the client that may go away.
import { DhuoError } from '../../errors.js'

export class StatementTime {
  /** Rejects with the reason when the time is up or the signal aborts. */
  readonly stopped: Promise<never>
  readonly #deadline: number
  readonly #watchers = new Set<() => void>()
  readonly #timer: NodeJS.Timeout
  #reason: { error: unknown } | null = null
  #reject!: (reason: unknown) => void
  readonly #onAbort = () => this.stop(this.signal?.reason)

  constructor(
    ms: number,
    private readonly signal: AbortSignal | undefined,
  ) {
    signal?.throwIfAborted()
    this.#deadline = performance.now() + ms
    this.stopped = new Promise((_, reject) => {
      this.#reject = reject
    })
    this.stopped.catch(() => {})
    this.#timer = setTimeout(
      () => this.stop(new DhuoError('TIMEOUT', `The statement took longer than ${ms / 1000} seconds and was stopped.`)),
      ms,
    )
    signal?.addEventListener('abort', this.#onAbort, { once: true })
  }

  /** Why it was stopped; null while it goes on. */
  get reason(): { error: unknown } | null {
    return this.#reason
  }

  /** Milliseconds, at least 1. */
  get remaining(): number {
    return Math.max(1, Math.ceil(this.#deadline - performance.now()))
  }

  /** @returns what ends the watch */
  onStop(watcher: () => void): () => void {
    this.#watchers.add(watcher)
    return () => void this.#watchers.delete(watcher)
  }

  stop(error: unknown): void {
    if (this.#reason) return
    this.#reason = { error }
    this.#reject(error)
    for (const watcher of this.#watchers) watcher()
  }

  /** To be called when nobody waits any more: what still goes on is stopped. */
  end(): void {
    if (this.#watchers.size > 0) this.stop(new Error('Nobody waits for it'))
    clearTimeout(this.#timer)
    this.signal?.removeEventListener('abort', this.#onAbort)
  }
}
