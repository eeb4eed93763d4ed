import type { ByteSink, ByteSource } from './platform.js'

/** What the web and Node have in common. */
export const blobOf = (bytes: Blob | Uint8Array): Blob =>
  bytes instanceof Blob ? bytes : new Blob([bytes as Uint8Array<ArrayBuffer>])

export const blobSource = (blob: Blob): ByteSource => ({
  size: blob.size,
  read: (start, end) => blob.slice(start, end),
  close: async () => {},
})

export function sinkOf(stream: WritableStream<Uint8Array>): ByteSink {
  const writer = stream.getWriter()
  return {
    async write(bytes) {
      await writer.ready
      await writer.write(bytes)
    },
    restart: null,
    finish: () => writer.close(),
    discard: () => writer.abort().catch(() => {}),
  }
}
