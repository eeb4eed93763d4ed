// Leaves a service alone for a while after it failed many times in a row, and then lets one call try whether it is back.

interface OciBreakerOptions {
  /** Failures in a row until it opens. */
  failures: number
  /** How long it stays open at first; each try that fails doubles it, up to eight times this. */
  openMs: number
}

/**
 * One for each service of a connection. Only what says that the service is not well counts: no answer, or a 5xx. The SDK's own
 * breaker counts throttling and conflicts too, and then turns everybody away for half a minute.
 */
export class OciBreaker {
  readonly #options: OciBreakerOptions
  #failures = 0
  #openUntil = 0
  #isTrying = false

  constructor(options: OciBreakerOptions = { failures: 10, openMs: 5_000 }) {
    this.#options = options
  }

  /** False while calls are to fail without being made. True for one call alone once the time is over. */
  admits(now = Date.now()): boolean {
    if (this.#failures < this.#options.failures) return true
    if (this.#isTrying || now < this.#openUntil) return false
    this.#isTrying = true
    return true
  }

  succeeded(): void {
    this.#failures = 0
    this.#isTrying = false
  }

  failed(now = Date.now()): void {
    const { failures, openMs } = this.#options
    this.#isTrying = false
    // Calls that were under way when it opened fail too: they do not prolong it.
    if (this.#failures >= failures && now < this.#openUntil) return
    this.#failures++
    if (this.#failures >= failures) this.#openUntil = now + openMs * 2 ** Math.min(3, this.#failures - failures)
  }

  /** An attempt that ended without saying anything about the service: its caller went away. */
  unknown(): void {
    this.#isTrying = false
  }
}
