import type { WebSocketConstructor } from './web-socket.js'

/** Bytes of a known size, of which any part can be read any number of times. */
export interface ByteSource {
  size: number
  read(start: number, end: number): AsyncIterable<Uint8Array> | Blob
  close(): Promise<void>
}

/** Where bytes go. After `finish` or `discard` nothing else is called. */
export interface ByteSink {
  /** Resolves when there is room for more. */
  write(bytes: Uint8Array): Promise<void>
  /** Forgets what was written; null where it has gone already. */
  restart: (() => Promise<void>) | null
  finish(): Promise<void>
  discard(): Promise<void>
}

/** A digest that grows with what comes. */
export interface Digest {
  update(bytes: Uint8Array): void
  hex(): string
}

/** What Node and browsers do differently. */
export interface Platform<From, To> {
  /** @throws TypeError that says what to do where there is none */
  webSocket(): Promise<WebSocketConstructor>
  openSource(from: From): Promise<ByteSource>
  openSink(to: To): Promise<ByteSink>
  /** SHA-256, hexadecimal; null where it cannot be had: then nothing is compared. */
  sha256Of(source: ByteSource, signal: AbortSignal): Promise<string | null>
  startSha256(): Digest | null
  /** The body of a request. @param sent is told of bytes as they leave, where that can be known */
  bodyOf(bytes: AsyncIterable<Uint8Array> | Blob, size: number, sent: (count: number) => void): RequestInit
}
