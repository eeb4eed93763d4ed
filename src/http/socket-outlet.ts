import type { Socket } from 'node:net'
import type { WebSocket } from 'ws'

/** The way out of one WebSocket for frames that are ready made. `ws` writes whole frames at once too, so the two never mix. */
export class SocketOutlet {
  private waiting: Promise<void> | undefined

  /**
   * @param mostBytes that may wait to be taken before it is behind
   * @param cutOff closes the socket with the code for that
   */
  constructor(
    private readonly socket: WebSocket,
    private readonly raw: Socket,
    private readonly mostBytes: number,
    readonly cutOff: () => void,
  ) {}

  get isOpen(): boolean {
    return this.socket.readyState === this.socket.OPEN
  }

  get hasRoom(): boolean {
    return !this.raw.writableNeedDrain
  }

  /** Bytes that the network has not taken yet, and those that it has. */
  get unread(): number {
    return this.raw.writableLength
  }

  get read(): number {
    return this.raw.bytesWritten - this.raw.writableLength
  }

  /** More than others should put on top of. */
  get isBehind(): boolean {
    return this.unread > this.mostBytes
  }

  /** @returns whether all was taken at once; otherwise the bytes must stay as they are */
  write(bytes: Buffer): boolean {
    this.raw.write(bytes)
    return this.unread === 0
  }

  /** Resolves when there is room, or nobody left to take anything. */
  room(): Promise<void> {
    const { raw } = this
    if (this.hasRoom || raw.destroyed) return Promise.resolve()
    this.waiting ??= new Promise((resolve) => {
      const done = (): void => {
        raw.off('drain', done)
        raw.off('close', done)
        this.waiting = undefined
        resolve()
      }
      raw.on('drain', done)
      raw.on('close', done)
    })
    return this.waiting
  }
}
