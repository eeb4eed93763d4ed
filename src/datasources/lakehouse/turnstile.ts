// Lets so many statements run at a time, and the others wait in order.
import { DhuoError } from '../../errors.js'

export class Turnstile {
  #free: number
  readonly #waiting: (() => void)[] = []

  /** @param mostWaiting those above are turned away at once */
  constructor(
    bound: number,
    private readonly mostWaiting = Number.POSITIVE_INFINITY,
  ) {
    this.#free = bound
  }

  /**
   * Resolves with the way out. Rejects, and gives up the place in the queue, when `stopped` does.
   * @throws DhuoError BACKEND_UNAVAILABLE when too many wait already
   */
  async enter(stopped: Promise<never>): Promise<() => void> {
    let left = false
    const leave = () => {
      if (left) return
      left = true
      const next = this.#waiting.shift()
      if (next) next()
      else this.#free++
    }
    if (this.#free > 0) {
      this.#free--
      return leave
    }
    if (this.#waiting.length >= this.mostWaiting)
      throw new DhuoError('BACKEND_UNAVAILABLE', 'Too many statements are waiting for the lakehouse. Try again later.')
    let called: () => void = () => {}
    const turn = new Promise<void>((resolve) => {
      called = resolve
    })
    this.#waiting.push(called)
    try {
      await Promise.race([turn, stopped])
    } catch (error) {
      const place = this.#waiting.indexOf(called)
      if (place >= 0) this.#waiting.splice(place, 1)
      else leave()
      throw error
    }
    return leave
  }
}
