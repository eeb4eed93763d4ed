import { fileErrorFrom } from './file-error.js'
import {
  AbandonUpload,
  CompleteUpload,
  CreateUpload,
  type CreateUploadMutation,
  type ObjectFieldsFragment,
} from './generated/operations.js'
import { type DhuoGraphError, isDhuoGraphError } from './graphql-error.js'
import { isPassing, reach } from './graphql-request.js'
import type { ByteSource, Platform } from './platform.js'
import { type Progress, type Requester, stallMs, type TransferSettings } from './transfer.js'
import { Trouble } from './trouble.js'
import { followSignal, type RetryPolicy, withinTime } from './waiting.js'

export interface UploadOptions<From> {
  bucket: string
  key: string
  from: From
  /** Media type. Default: the server guesses it from the key. */
  contentType?: string
  /** Hexadecimal, when it is known; false: the bytes are not compared. Default: it is computed first. */
  sha256?: string | false
  /** How many parts are under way at a time. Default: 4. */
  parallel?: number
  onProgress?(progress: Progress): void
  /** Ends it; what was sent is thrown away. */
  signal?: AbortSignal
}

/** A server reads large objects once more before they exist. */
const completionMs = 3_600_000

type BegunUpload = CreateUploadMutation['createUpload']
type Part = BegunUpload['parts'][number]

/**
 * Announces the bytes, sends their parts side by side, each again for as long as it takes, and completes. An upload that
 * fails for good, or is aborted, is abandoned: nothing of it stays.
 * @throws DhuoGraphError; the signal's reason
 */
export async function upload<From, To>(
  { client, platform, retry }: TransferSettings<From, To>,
  options: UploadOptions<From>,
): Promise<ObjectFieldsFragment> {
  const { controller, release } = followSignal(options.signal)
  const { signal } = controller
  const source = await platform.openSource(options.from)
  try {
    const sha256 = options.sha256 ?? (await platform.sha256Of(source, signal)) ?? false
    const { bucket, key, contentType } = options
    const input = { bucket, key, size: source.size, ...(contentType && { contentType }), ...(sha256 && { sha256 }) }
    // A second announcement does no harm: the server forgets the first by itself.
    const { createUpload } = await client.request(CreateUpload, { input }, { signal, idempotent: true })
    try {
      const sender = new PartSender(platform, source, createUpload, retry, controller, options)
      await sender.send(createUpload.parts)
      return await complete(client, sender, createUpload, new Trouble({ retry, signal, passes: mayPass }), signal)
    } catch (error) {
      // What the server cannot be told, it finds out: the upload expires.
      await client.request(AbandonUpload, { id: createUpload.id }, { timeoutMs: 5_000, retries: 0 }).catch(() => {})
      throw error
    }
  } finally {
    release()
    await source.close()
  }
}

/** Sends what is missing until nothing is: a server may have lost a part that it had acknowledged. */
async function complete<From, To>(
  client: Requester,
  sender: PartSender<From, To>,
  begun: BegunUpload,
  trouble: Trouble,
  signal: AbortSignal,
): Promise<ObjectFieldsFragment> {
  for (let tries = 1; ; ) {
    try {
      const options = { signal, retries: 0, timeoutMs: completionMs }
      return (await client.request(CompleteUpload, { id: begun.id }, options)).completeUpload
    } catch (error) {
      const missing = isDhuoGraphError(error, 'PRECONDITION_FAILED') ? error.details['missingParts'] : undefined
      // It may be asked for again for as long as it takes: there is one object.
      if (!Array.isArray(missing)) await trouble.after(error)
      else if (tries++ === 3) throw error
      else await sender.send(begun.parts.filter(({ number }) => missing.includes(number)))
    }
  }
}

/** CONFLICT: the server has not noticed yet that we were cut off, and still receives or completes what we asked for then. */
const mayPass = (error: DhuoGraphError): boolean => isPassing(error) || error.code === 'CONFLICT' || error.code === 'TIMEOUT'

class PartSender<From, To> {
  #sent = 0

  constructor(
    private readonly platform: Platform<From, To>,
    private readonly source: ByteSource,
    private readonly begun: BegunUpload,
    private readonly retry: RetryPolicy,
    private readonly controller: AbortController,
    private readonly options: { parallel?: number; onProgress?(progress: Progress): void },
  ) {}

  /** The first part that fails for good ends the others. */
  async send(parts: readonly Part[]): Promise<void> {
    const left = [...parts]
    const work = async () => {
      for (let part = left.shift(); part; part = left.shift()) await this.#sendPart(part)
    }
    const workers = Array.from({ length: Math.min(this.options.parallel ?? 4, parts.length) }, work)
    try {
      await Promise.all(workers)
    } catch (error) {
      this.controller.abort(error)
      await Promise.allSettled(workers)
      throw error
    }
  }

  async #sendPart(part: Part): Promise<void> {
    const { signal } = this.controller
    const trouble = new Trouble({ retry: this.retry, signal, passes: mayPass })
    for (;;) {
      let counted = 0
      let isOver = false
      const count = (bytes: number) => {
        // What is read ahead of a connection that was cut counts no more.
        if (isOver) return
        counted += bytes
        this.#progress(bytes)
      }
      try {
        await this.#put(part, signal, count)
        // Where nobody can look on, the whole part is told of at its end.
        count(this.#extentOf(part).size - counted)
        return
      } catch (error) {
        isOver = true
        this.#progress(-counted)
        await trouble.after(error)
      }
    }
  }

  #extentOf({ number }: Part): { start: number; end: number; size: number } {
    const partSize = Number(this.begun.partSize)
    const start = (number - 1) * partSize
    const end = Math.min(start + partSize, this.source.size)
    return { start, end, size: end - start }
  }

  #put(part: Part, signal: AbortSignal, count: (bytes: number) => void): Promise<void> {
    const { start, end, size } = this.#extentOf(part)
    return withinTime({ ms: stallMs, what: `Part ${part.number} did not move`, signal }, async (within, moved) => {
      const { headers, ...body } = this.platform.bodyOf(this.source.read(start, end), size, (bytes) => {
        moved()
        count(bytes)
      })
      const given = Object.fromEntries(part.headers.map(({ key, value }) => [key, value]))
      const init = { method: part.method, headers: { ...given, ...headers }, ...body, signal: within }
      const response = await reach(part.url, init)
      if (!response.ok) throw await fileErrorFrom(response)
      await response.body?.cancel()
    })
  }

  #progress(bytes: number): void {
    if (bytes === 0) return
    this.#sent += bytes
    this.options.onProgress?.({ bytes: this.#sent, total: this.source.size })
  }
}
