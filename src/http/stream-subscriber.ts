import type { SharedStream, Subscriber } from './shared-stream.js'

const done = { done: true as const, value: undefined }

/** Stands for the stream in graphql-ws: that ends it, and waits for its end. */
export class StreamSubscriber implements Subscriber, AsyncGenerator<never, undefined> {
  stream: SharedStream | null = null
  private readonly over = Promise.withResolvers<IteratorResult<never, undefined>>()
  private isOver = false

  /** @param goOn behind a place, on a stream of its own */
  constructor(
    readonly id: Buffer,
    readonly outlet: Subscriber['outlet'],
    private readonly goOn: (place: number) => Promise<void>,
  ) {}

  async leaveBehind(place: number): Promise<void> {
    try {
      // Until it has read what it has got, there is no need for more.
      await this.outlet.room()
      if (!this.isOver) await this.goOn(place)
      if (this.isOver) this.stream?.remove(this)
    } catch (error) {
      this.end({ error })
    }
  }

  end(failure: { error: unknown } | null): void {
    this.isOver = true
    if (!failure) this.over.resolve(done)
    else {
      this.over.promise.catch(() => {})
      this.over.reject(failure.error)
    }
  }

  next(): Promise<IteratorResult<never, undefined>> {
    return this.over.promise
  }

  async return(): Promise<IteratorResult<never, undefined>> {
    this.stream?.remove(this)
    this.end(null)
    return done
  }

  throw(): Promise<IteratorResult<never, undefined>> {
    return this.return()
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return()
  }
}
