import { DhuoGraphError } from './graphql-error.js'

/** What comes between two who do not wait for each other; at most so many, and then the end. One reader. */
export class Mailbox<Item> {
  readonly #items: Item[] = []
  #ended: { error: unknown } | null = null
  #wake: (() => void) | null = null

  constructor(private readonly most: number) {}

  /** @returns false when there is no room: then the reader gets what waits, and CONNECTION_LOST after it */
  put(item: Item): boolean {
    if (this.#ended) return true
    const hasRoom = this.#items.length < this.most
    if (hasRoom) this.#items.push(item)
    else this.end(new DhuoGraphError('CONNECTION_LOST', `The reader fell ${this.most} results behind.`))
    this.#wake?.()
    return hasRoom
  }

  /** After what waits. The first end counts. @param error null: well */
  end(error: unknown): void {
    this.#ended ??= { error }
    this.#wake?.()
  }

  /** At once: what waits is dropped. */
  abort(error: unknown): void {
    this.#items.length = 0
    this.#ended = { error }
    this.#wake?.()
  }

  /** @returns null after the end @throws what it ended with */
  async take(): Promise<{ item: Item } | null> {
    for (;;) {
      if (this.#items.length > 0) return { item: this.#items.shift()! }
      if (this.#ended) {
        if (this.#ended.error !== null) throw this.#ended.error
        return null
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }
}
