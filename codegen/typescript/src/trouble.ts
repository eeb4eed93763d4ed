import { type DhuoGraphError, isDhuoGraphError } from './graphql-error.js'
import { isPassing } from './graphql-request.js'
import { delayAfter, pause, type RetryPolicy } from './waiting.js'

interface TroubleSettings {
  retry: RetryPolicy
  /** How often something that never worked is tried again. Default: for as long as the policy says. */
  retries?: number
  signal: AbortSignal
  /** What may pass. Default: `isPassing`. */
  passes?: (error: DhuoGraphError) => boolean
  /** Before each wait. */
  tell?: ((change: { error: DhuoGraphError; retryInMs: number }) => void) | undefined
}

/** Waits after what may pass, longer each time, and gives up: soon where nothing ever worked, late where it did. */
export class Trouble {
  #failures = 0
  #since = 0
  #hasWorked = false

  constructor(private readonly settings: TroubleSettings) {}

  /** It works. */
  isOver(): void {
    this.#failures = 0
    this.#hasWorked = true
  }

  /** @throws the error, when it will not pass or lasts for too long; the signal's reason */
  async after(error: unknown): Promise<void> {
    const { retry, retries = Number.POSITIVE_INFINITY, signal, passes = isPassing, tell } = this.settings
    if (!isDhuoGraphError(error) || !passes(error)) throw error
    if (++this.#failures === 1) this.#since = performance.now()
    if (performance.now() - this.#since > retry.giveUpAfterMs || (!this.#hasWorked && this.#failures > retries)) throw error
    const retryInMs = Math.max(delayAfter(this.#failures, retry), error.retryAfterMs ?? 0)
    tell?.({ error, retryInMs })
    await pause(retryInMs, signal)
  }
}
