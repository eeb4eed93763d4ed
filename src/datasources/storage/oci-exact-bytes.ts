// Lets through exactly as many bytes as were announced, and fails when there are fewer or more.
import { Transform, type TransformCallback } from 'node:stream'

/**
 * Object Storage stores what it has as soon as the announced number of bytes is there. The last piece is kept back until the
 * source has ended, so that a source with more bytes than it should have stores nothing.
 */
export class OciExactBytes extends Transform {
  /** Bytes that came. */
  received = 0
  readonly #size: number
  #kept: Buffer | null = null

  constructor(size: number) {
    super({ highWaterMark: 512 * 1024 })
    this.#size = size
  }

  get overflowed(): boolean {
    return this.received > this.#size
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.received += chunk.length
    if (this.overflowed) {
      done(new Error('More bytes came than were announced.'))
      return
    }
    const before = this.#kept
    this.#kept = chunk
    done(null, before ?? undefined)
  }

  override _flush(done: TransformCallback): void {
    if (this.received < this.#size) done(new Error('Fewer bytes came than were announced.'))
    else done(null, this.#kept ?? undefined)
  }
}
