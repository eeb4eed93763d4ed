import { type DownloadSource, type Located, locate } from './download-source.js'
import { fileErrorFrom } from './file-error.js'
import { DhuoGraphError, reasonOf } from './graphql-error.js'
import { isPassing, reach } from './graphql-request.js'
import { type Progress, stallMs, type TransferSettings } from './transfer.js'
import { Trouble } from './trouble.js'
import { followSignal } from './waiting.js'

export interface DownloadOptions {
  onProgress?(progress: Progress): void
  signal?: AbortSignal
}

export interface Downloaded {
  bytes: number
  /** Hexadecimal; null where it could not be computed. */
  sha256: string | null
}

/**
 * Bytes go where they are to go: a file exists when it is whole, and not before. After a cut the rest is asked for; what has
 * no ranges (results of SELECT, ZIPs of models) begins anew, where what was written can be forgotten.
 * @throws DhuoGraphError: BAD_RESPONSE when the digest is not that of the catalog; the signal's reason
 */
export async function download<From, To>(
  settings: TransferSettings<From, To>,
  source: DownloadSource,
  to: To,
  options: DownloadOptions = {},
): Promise<Downloaded> {
  const sink = await settings.platform.openSink(to)
  const { controller, release } = followSignal(options.signal)
  const trouble = new Trouble({ retry: settings.retry, signal: controller.signal, passes: mayPass })
  try {
    for (;;) {
      const digest = settings.platform.startSha256()
      const rest = new Rest(settings, source, options, controller.signal)
      try {
        for await (const chunk of rest.chunks()) {
          digest?.update(chunk)
          await sink.write(chunk)
        }
        const sha256 = digest?.hex() ?? null
        rest.compare(sha256)
        await sink.finish()
        return { bytes: rest.offset, sha256 }
      } catch (error) {
        if (!sink.restart || rest.hasRanges || rest.offset === 0) throw error
        await trouble.after(error)
        await sink.restart()
      }
    }
  } catch (error) {
    await sink.discard()
    throw error
  } finally {
    release()
  }
}

/** Piece by piece. After a cut the rest is asked for, where there are ranges. @throws UNREACHABLE where there are none */
export async function* readBytes<From, To>(
  settings: TransferSettings<From, To>,
  source: DownloadSource,
  options: DownloadOptions = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  const { controller, release } = followSignal(options.signal)
  const rest = new Rest(settings, source, options, controller.signal)
  const digest = settings.platform.startSha256()
  try {
    for await (const chunk of rest.chunks()) {
      digest?.update(chunk)
      yield chunk
    }
    rest.compare(digest?.hex() ?? null)
  } finally {
    release()
    controller.abort()
  }
}

const mayPass = (error: DhuoGraphError): boolean => isPassing(error) || error.code === 'TIMEOUT'

/** What is still to come of one download. */
class Rest<From, To> {
  offset = 0
  hasRanges = false
  #etag: string | null = null
  #located: Located | null = null
  #total: number | null = null

  constructor(
    private readonly settings: TransferSettings<From, To>,
    private readonly source: DownloadSource,
    private readonly options: DownloadOptions,
    private readonly signal: AbortSignal,
  ) {}

  async *chunks(): AsyncGenerator<Uint8Array, void, undefined> {
    const { signal, settings } = this
    const trouble = new Trouble({ retry: settings.retry, signal, passes: mayPass })
    for (;;) {
      try {
        for await (const chunk of this.#attempt()) {
          trouble.isOver()
          this.offset += chunk.length
          yield chunk
          this.options.onProgress?.({ bytes: this.offset, total: this.#total })
        }
        return
      } catch (error) {
        signal.throwIfAborted()
        if (this.offset > 0 && !this.hasRanges) throw error
        await trouble.after(error)
      }
    }
  }

  /** @throws BAD_RESPONSE */
  compare(sha256: string | null): void {
    const expected = this.#located?.sha256 ?? null
    if (sha256 === null || expected === null || sha256 === expected) return
    throw new DhuoGraphError('BAD_RESPONSE', `The bytes that came have the SHA-256 ${sha256}, not ${expected}.`)
  }

  async *#attempt(): AsyncGenerator<Uint8Array, void, undefined> {
    if (this.offset > 0 && this.offset === this.#total) return
    const { controller, release } = followSignal(this.signal)
    const { signal } = controller
    /** Counts the time that we wait, and not that of a slow reader. */
    const moving = async <Value>(step: Promise<Value>): Promise<Value> => {
      const stalled = () => controller.abort(new DhuoGraphError('TIMEOUT', `Not a byte came for ${stallMs / 1_000} s.`))
      const timer = setTimeout(stalled, stallMs)
      return step.finally(() => clearTimeout(timer))
    }
    let reader: ReadableStreamDefaultReader<Uint8Array> | undefined
    try {
      reader = (await moving(this.#ask(signal))).body?.getReader()
      for (;;) {
        const step = await moving(Promise.resolve(reader?.read())).catch((error: unknown) => {
          signal.throwIfAborted()
          throw new DhuoGraphError('UNREACHABLE', `The download was cut off: ${reasonOf(error)}`, { cause: error })
        })
        if (!step || step.done) break
        yield step.value
      }
      if (this.#total !== null && this.offset < this.#total)
        throw new DhuoGraphError('UNREACHABLE', `The download ended after ${this.offset} of ${this.#total} bytes.`)
    } finally {
      release()
      reader?.cancel().catch(() => {})
    }
  }

  /** From where we are. A URL that has run out is asked for anew. */
  async #ask(signal: AbortSignal): Promise<Response> {
    const isFresh = this.#located === null
    this.#located ??= await locate(this.settings.client, this.source, signal)
    const { url, size } = this.#located
    const headers: Record<string, string> = this.offset > 0 ? { range: `bytes=${this.offset}-` } : {}
    // The bytes may lie elsewhere, and the URL lead there: it carries no credentials but itself.
    const response = await reach(url, { headers, signal, redirect: 'follow' })
    if (response.status === 403 && !isFresh && !('url' in this.source)) {
      await response.body?.cancel()
      this.#located = null
      return this.#ask(signal)
    }
    if (!response.ok) throw await fileErrorFrom(response)
    const etag = response.headers.get('etag')
    if (this.offset > 0) {
      // A URL of ours names bytes that do not change; one that was asked for anew may name others.
      if (response.status !== 206 || etag !== this.#etag)
        throw new DhuoGraphError('PRECONDITION_FAILED', 'The object was changed while it was downloaded.')
      return response
    }
    const length = response.headers.get('content-length')
    this.#etag = etag
    this.hasRanges = response.headers.get('accept-ranges') === 'bytes'
    this.#total = size ?? (length === null || response.headers.has('content-encoding') ? null : Number(length))
    return response
  }
}
