// Carries out many small changes of the catalog in few transactions, and lets the event loop turn between them.
import { setTimeout as sleep, setImmediate as turnOfTheLoop } from 'node:timers/promises'
import type { Catalog, Stores } from '../datasources/catalog/catalog.js'

/** How long one transaction takes up further work: SQLite holds the event loop until it is over. */
const longestGroupMs = 8
/** How often a database that was lost at a commit is asked what became of it. */
const askAgainMs = 500

interface Waiting {
  work: (stores: Stores) => Promise<void>
  /** How it failed, or null. */
  settle: (error: unknown) => void
}

/**
 * Hundreds of pipeline runs that each wrote in a transaction of its own would pay for hundreds of commits, and, as nothing
 * between two statements of SQLite waits for the event loop, keep it for as long as all of them take.
 */
export class GroupedWrites {
  readonly #waiting: Waiting[] = []
  #working: Promise<void> | null = null

  constructor(private readonly catalog: Pick<Catalog, 'transaction' | 'wasCommitted'>) {}

  /**
   * As `catalog.transaction`, in turn with others in one transaction: when one of them fails, each is tried again in one of its
   * own. So `work` may be called more than once, and must do nothing but write.
   */
  write<T>(work: (stores: Stores) => Promise<T>): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    let result: T
    this.#waiting.push({
      work: async (stores) => {
        result = await work(stores)
      },
      settle: (error) => (error === null ? resolve(result) : reject(error)),
    })
    this.#working ??= this.#work()
    return promise
  }

  /** Resolves when nothing waits any more. */
  async settled(): Promise<void> {
    while (this.#working) await this.#working
  }

  async #work(): Promise<void> {
    while (this.#waiting.length > 0) {
      // Whatever else has become ready in this turn of the loop comes along.
      await turnOfTheLoop()
      await this.#writeGroup()
    }
    this.#working = null
  }

  async #writeGroup(): Promise<void> {
    let taken = 0
    const failure = await this.#failureOf(async (stores) => {
      const until = performance.now() + longestGroupMs
      for (taken = 0; taken < this.#waiting.length && (taken === 0 || performance.now() < until); taken++)
        await this.#waiting[taken]!.work(stores)
    })
    if (failure === null) {
      for (const { settle } of this.#waiting.splice(0, taken)) settle(null)
      return
    }
    // Where it stopped is the one that failed, as a rule; those before it have lost their work with it.
    const group = this.#waiting.splice(0, Math.min(taken + 1, this.#waiting.length))
    if (group.length === 1) return group[0]!.settle(failure)
    for (const { work, settle } of group) {
      await turnOfTheLoop()
      settle(await this.#failureOf(work))
    }
  }

  /** Null when the work is there: it must not be done a second time because nobody heard that it was done. */
  async #failureOf(work: (stores: Stores) => Promise<void>): Promise<unknown> {
    try {
      await this.catalog.transaction(work)
      return null
    } catch (error) {
      for (;;)
        try {
          return (await this.catalog.wasCommitted(error)) ? null : error
        } catch {
          await sleep(askAgainMs)
        }
    }
  }
}
