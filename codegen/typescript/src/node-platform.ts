import { createHash, randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdtemp, open, rename, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ByteSink, ByteSource, Platform } from './platform.js'
import { blobOf, blobSource, sinkOf } from './web-bytes.js'
import type { WebSocketConstructor } from './web-socket.js'

/** A path, or bytes from elsewhere. Those of a stream go through a temporary file: they must be there twice. */
export type NodeUploadSource = string | Blob | Uint8Array | AsyncIterable<Uint8Array>
/** A path, or a stream of Node (which is not ended) or of the web (which is). */
export type NodeDownloadTarget = string | WritableStream<Uint8Array> | NodeWritable

export interface NodeWritable {
  write(chunk: Uint8Array, done: (error?: Error | null) => void): boolean
}

export const nodePlatform: Platform<NodeUploadSource, NodeDownloadTarget> = {
  async webSocket() {
    const own = (globalThis as { WebSocket?: WebSocketConstructor }).WebSocket
    if (own) return own
    // A name that compilers and bundlers do not look for: the package may be missing.
    const name = 'ws'
    try {
      return ((await import(name)) as { WebSocket: WebSocketConstructor }).WebSocket
    } catch (cause) {
      throw new TypeError('This Node has no WebSocket: install the package ws beside dhuo-client, or use Node 22.', { cause })
    }
  },

  async openSource(from) {
    if (typeof from === 'string') return fileSource(from, async () => {})
    if (from instanceof Blob || from instanceof Uint8Array) return blobSource(blobOf(from))
    const folder = await mkdtemp(join(tmpdir(), 'dhuo-upload-'))
    const remove = () => rm(folder, { recursive: true, force: true })
    try {
      const path = join(folder, 'bytes')
      const sink = await fileSink(path)
      try {
        for await (const chunk of from) await sink.write(chunk)
      } catch (error) {
        await sink.discard()
        throw error
      }
      await sink.finish()
      return await fileSource(path, remove)
    } catch (error) {
      await remove()
      throw error
    }
  },

  async openSink(to) {
    if (typeof to === 'string') return fileSink(to)
    if ('getWriter' in to) return sinkOf(to)
    return {
      write: (bytes) =>
        new Promise<void>((resolve, reject) => void to.write(bytes, (error) => (error ? reject(error) : resolve()))),
      restart: null,
      finish: async () => {},
      discard: async () => {},
    }
  },

  async sha256Of(source, signal) {
    const hash = createHash('sha256')
    const bytes = source.read(0, source.size)
    for await (const chunk of bytes instanceof Blob ? streamOf(bytes) : bytes) {
      signal.throwIfAborted()
      hash.update(chunk)
    }
    return hash.digest('hex')
  },

  startSha256() {
    const hash = createHash('sha256')
    return { update: (bytes) => void hash.update(bytes), hex: () => hash.digest('hex') }
  },

  bodyOf(bytes, size, sent) {
    const counted = async function* () {
      for await (const chunk of bytes instanceof Blob ? streamOf(bytes) : bytes) {
        yield chunk
        sent(chunk.length)
      }
    }
    // Node takes an iterable, and with the length says how much will come: https://github.com/nodejs/undici
    return { body: counted() as never, headers: { 'content-length': String(size) }, duplex: 'half' } as RequestInit
  },
}

/** The types of the web do not say that Node's streams can be iterated. */
const streamOf = (blob: Blob): AsyncIterable<Uint8Array> => blob.stream() as never

async function fileSource(path: string, close: () => Promise<void>): Promise<ByteSource> {
  const found = await stat(path)
  if (!found.isFile()) throw new TypeError(`${path} is no file.`)
  return {
    size: found.size,
    // `end` is the last byte that is read; nothing cannot be said so.
    read: (start, end) => (end > start ? createReadStream(path, { start, end: end - 1, highWaterMark: 2 ** 20 }) : new Blob([])),
    close,
  }
}

/** Beside the file, under a name of its own, until it is whole. */
async function fileSink(path: string): Promise<ByteSink> {
  const partial = `${path}.${randomUUID().slice(0, 8)}.part`
  const file = await open(partial, 'wx')
  let position = 0
  let waiting: Uint8Array[] = []
  let size = 0
  const flush = async () => {
    const { bytesWritten } = await file.writev(waiting, position)
    if (bytesWritten < size) throw new Error(`Only ${bytesWritten} of ${size} bytes could be written to ${partial}.`)
    position += size
    waiting = []
    size = 0
  }
  return {
    // A network gives 64 KiB at a time; each way to the disk costs as much as ten of them.
    async write(bytes) {
      waiting.push(bytes)
      size += bytes.length
      if (size >= 2 ** 20) await flush()
    },
    async restart() {
      waiting = []
      size = 0
      position = 0
      await file.truncate(0)
    },
    async finish() {
      if (size > 0) await flush()
      await file.close()
      await rename(partial, path)
    },
    async discard() {
      await file.close().catch(() => {})
      await rm(partial, { force: true })
    },
  }
}
