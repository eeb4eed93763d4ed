/** The part of a WebSocket that is used; that of browsers, of Node 22 and of `ws` have it. */
export interface WebSocketLike {
  readonly readyState: number
  onopen: unknown
  onmessage: unknown
  onclose: unknown
  onerror: unknown
  send(data: string): void
  close(code?: number, reason?: string): void
}

export type WebSocketConstructor = new (url: string, protocols?: string | string[]) => WebSocketLike
