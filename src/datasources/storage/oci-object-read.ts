// A stream of an object's bytes that goes on where it was when the connection breaks.
import { Readable } from 'node:stream'

interface OciObjectReadOptions {
  /** The answer that came already. */
  first: Readable
  /** Offsets in the object, both included. */
  start: number
  end: number
  /** Asks for the rest of the same bytes. Rejects when they are not to be had. */
  goOn(range: { start: number; end: number }): Promise<Readable>
}

/** Connections that may break in a row without a byte in between. */
const maxFailures = 4
const firstDelayMs = 100

export class OciObjectRead extends Readable {
  readonly #options: OciObjectReadOptions
  #offset: number
  #body: Readable | null = null
  #failures = 0

  constructor(options: OciObjectReadOptions) {
    super({ highWaterMark: 256 * 1024 })
    this.#options = options
    this.#offset = options.start
    this.#listenTo(options.first)
  }

  override _read(): void {
    this.#body?.resume()
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#body?.destroy()
    done(error)
  }

  #listenTo(body: Readable): void {
    this.#body = body
    body.on('data', (bytes: Buffer) => {
      this.#failures = 0
      this.#offset += bytes.length
      if (!this.push(bytes)) body.pause()
    })
    body.once('end', () =>
      this.#offset > this.#options.end ? this.push(null) : this.#resumeAfter(new Error('The answer ended early.')),
    )
    body.once('error', (error) => this.#resumeAfter(error))
    body.pause()
  }

  #resumeAfter(error: Error): void {
    this.#body = null
    if (this.destroyed) return
    if (++this.#failures > maxFailures) {
      this.destroy(error)
      return
    }
    const range = { start: this.#offset, end: this.#options.end }
    const again = () =>
      this.#options.goOn(range).then(
        (body) => {
          if (this.destroyed) body.destroy()
          else {
            this.#listenTo(body)
            body.resume()
          }
        },
        (refusal) => this.destroy(refusal),
      )
    setTimeout(again, Math.random() * firstDelayMs * 2 ** this.#failures)
  }
}
