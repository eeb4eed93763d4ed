// A writable stream that puts bytes into an open file from an offset on, in large writes, and never past its limit.
import type { Hash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { finished, type Readable, Writable } from 'node:stream'
import { finished as finishedWriting } from 'node:stream/promises'

interface LocalFileSinkOptions {
  /** Where in the file the first byte goes. */
  offset: number
  /** Bytes at most. */
  limit: number
  hash?: Hash
  /** Nobody else has the buffers that are written to it: their memory is given back as soon as they are in the file. */
  ownsBuffers?: boolean
}

export class LocalFileSink extends Writable {
  /** Bytes that are in the file. */
  written = 0
  /** More bytes came than the limit; what was too much was not written. */
  overflowed = false
  /** What the file system said when a write failed. */
  failure: unknown = null
  #writing: Promise<void> = Promise.resolve()
  readonly #file: FileHandle
  readonly #options: LocalFileSinkOptions

  constructor(file: FileHandle, options: LocalFileSinkOptions) {
    // What comes while a write is under way goes out together in the next one: few, large trips to the thread pool.
    super({ highWaterMark: 512 * 1024 })
    this.#file = file
    this.#options = options
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#put([chunk], done)
  }

  override _writev(chunks: { chunk: Buffer }[], done: (error?: Error | null) => void): void {
    const buffers = chunks.map(({ chunk }) => chunk)
    // A client may send a byte at a time: a thousand tiny pieces are cheaper copied than described to the kernel.
    this.#put(buffers.length > 64 ? [Buffer.concat(buffers)] : buffers, done)
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    // The kernel may still be writing: whoever waits for the end must not start on the same bytes before it is over.
    this.#writing.finally(() => done(error))
  }

  #put(buffers: Buffer[], done: (error?: Error | null) => void): void {
    const size = buffers.reduce((sum, buffer) => sum + buffer.length, 0)
    if (this.written + size > this.#options.limit) {
      this.overflowed = true
      done(new Error('More bytes came than the limit.'))
      return
    }
    for (const buffer of buffers) this.#options.hash?.update(buffer)
    this.#writing = this.#writeAll(buffers).then(
      () => {
        if (this.#options.ownsBuffers) for (const buffer of buffers) giveBack(buffer)
        done()
      },
      (error) => {
        this.failure = error
        done(error)
      },
    )
  }

  async #writeAll(buffers: Buffer[]): Promise<void> {
    let rest = buffers
    while (rest.length > 0) {
      const { bytesWritten } = await this.#file.writev(rest, this.#options.offset + this.written)
      this.written += bytesWritten
      rest = withoutFirst(rest, bytesWritten)
    }
  }
}

/**
 * Otherwise V8 does it when it collects garbage: a hundred megabytes are waiting by then, and to write to memory that is new each
 * time takes as long as all the rest. Of a slice the memory belongs to others too.
 */
function giveBack({ buffer, byteLength }: Buffer): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0)
}

/** What is left to write: a nearly full disk takes less than it is given, and says so only at the next write. */
function withoutFirst(buffers: Buffer[], count: number): Buffer[] {
  const rest: Buffer[] = []
  let skip = count
  for (const buffer of buffers) {
    if (skip < buffer.length) rest.push(skip > 0 ? buffer.subarray(skip) : buffer)
    skip = Math.max(0, skip - buffer.length)
  }
  return rest
}

/**
 * Moves all bytes of `source` into `sink`; rejects when either fails, once no write is under way any more.
 * A failed sink leaves the source paused and open (`pipeline` would destroy it): a request can still be answered.
 */
export async function pour(source: Readable, sink: LocalFileSink): Promise<void> {
  // Stays attached: a source that fails after the sink did must find a listener, or it ends the process.
  finished(source, { writable: false }, (error) => {
    if (error) sink.destroy(error)
  })
  source.pipe(sink)
  try {
    await finishedWriting(sink)
  } finally {
    source.unpipe(sink)
  }
}
