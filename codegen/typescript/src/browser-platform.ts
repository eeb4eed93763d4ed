import type { Platform } from './platform.js'
import { blobOf, blobSource, sinkOf } from './web-bytes.js'
import type { WebSocketConstructor } from './web-socket.js'

export type BrowserUploadSource = Blob | Uint8Array | ReadableStream<Uint8Array>
export type BrowserDownloadTarget = WritableStream<Uint8Array>

/** A browser computes a digest of what it holds whole in memory, and of nothing else. */
const mostDigested = 256 * 2 ** 20

export const browserPlatform: Platform<BrowserUploadSource, BrowserDownloadTarget> = {
  async webSocket() {
    return WebSocket as WebSocketConstructor
  },

  async openSource(from) {
    return blobSource(from instanceof ReadableStream ? await new Response(from).blob() : blobOf(from))
  },

  async openSink(to) {
    return sinkOf(to)
  },

  async sha256Of(source) {
    const bytes = source.read(0, source.size)
    // There is no `subtle` on pages that came by HTTP.
    if (source.size > mostDigested || !(bytes instanceof Blob) || !globalThis.crypto?.subtle) return null
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', await bytes.arrayBuffer()))
    return [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  },

  startSha256: () => null,

  // Progress comes with whole parts: `fetch` tells of nothing less.
  bodyOf: (bytes) => ({ body: bytes as Blob }),
}
