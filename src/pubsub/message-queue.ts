import { DhuoError } from '../errors.js'

const mostWaiting = 1_000

/** Hands messages to one consumer, in order, and holds no more than it may: a consumer that falls behind is told so. */
export class MessageQueue<Message> implements AsyncIterableIterator<Message> {
  readonly #waiting: Message[] = []
  #wake: (() => void) | null = null
  #isEnded = false
  #failure: DhuoError | null = null

  /** @param onEnd called once, whoever ends it */
  constructor(
    private readonly onEnd: () => void,
    private readonly most = mostWaiting,
  ) {}

  push(message: Message): void {
    if (this.#isEnded) return
    if (this.#waiting.length >= this.most) {
      this.#waiting.length = 0
      this.fail(new DhuoError('RATE_LIMITED', `The subscriber fell ${this.most} messages behind: subscribe again.`))
      return
    }
    this.#waiting.push(message)
    this.#wake?.()
  }

  /** What waits is still handed out; then the consumer gets the error. */
  fail(error: DhuoError): void {
    if (this.#isEnded) return
    this.#failure = error
    this.end()
  }

  /** What waits is still handed out; then it is over. */
  end(): void {
    if (this.#isEnded) return
    this.#isEnded = true
    this.onEnd()
    this.#wake?.()
  }

  async next(): Promise<IteratorResult<Message, undefined>> {
    while (this.#waiting.length === 0 && !this.#isEnded) {
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#wake = resolve
      await promise
      this.#wake = null
    }
    const message = this.#waiting.shift()
    if (message !== undefined) return { done: false, value: message }
    const failure = this.#failure
    this.#failure = null
    if (failure) throw failure
    return { done: true, value: undefined }
  }

  async return(): Promise<IteratorResult<Message, undefined>> {
    this.#waiting.length = 0
    this.#failure = null
    this.end()
    return { done: true, value: undefined }
  }

  [Symbol.asyncIterator](): this {
    return this
  }
}
