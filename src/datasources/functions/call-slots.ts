// Lets so many calls be under way at once; who comes later waits, in turn, and not for ever.
import { DhuoError } from '../../errors.js'

interface Waiting {
  enter(): void
}

export class CallSlots {
  readonly #waiting = new Set<Waiting>()
  #free: number

  constructor(atOnce: number) {
    this.#free = atOnce
  }

  /** @returns what ends the call. @throws TIMEOUT, or what the signal says */
  async enter(withinMs: number, signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted()
    if (this.#free > 0) this.#free--
    else await this.#turn(withinMs, signal)
    let isOver = false
    return () => {
      if (isOver) return
      isOver = true
      const [next] = this.#waiting
      if (next) next.enter()
      else this.#free++
    }
  }

  /** The slot of one who leaves goes to the next. */
  #turn(withinMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const stop = (error?: unknown): void => {
        this.#waiting.delete(waiting)
        clearTimeout(timer)
        signal.removeEventListener('abort', onAbort)
        if (error === undefined) resolve()
        else reject(error)
      }
      const waiting = { enter: () => stop() }
      const onAbort = (): void => stop(signal.reason)
      const timer = setTimeout(
        () => stop(new DhuoError('TIMEOUT', `All calls were busy for longer than ${withinMs / 1000} seconds. Try again.`)),
        withinMs,
      )
      this.#waiting.add(waiting)
      signal.addEventListener('abort', onAbort, { once: true })
    })
  }
}
