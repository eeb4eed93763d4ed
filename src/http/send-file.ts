import type { FileHandle } from 'node:fs/promises'
import type { ServerResponse } from 'node:http'
import type { ByteRange } from '../datasources/storage/object-storage.js'

const chunk = 512 * 1024

/**
 * Bytes of a file as the body of a response, whose headers are set; over when they are sent or the client is gone. They are read
 * into two buffers in turn, the next chunk while one is sent: a stream makes a new buffer for each, and what waits to be collected
 * is a hundred megabytes before long.
 * @throws why the file could not be read to its end; the connection is cut then, so that no client takes what it has for the whole
 */
export async function sendFile(response: ServerResponse, file: FileHandle, { start, end }: ByteRange): Promise<void> {
  const buffers = [Buffer.allocUnsafeSlow(chunk), Buffer.allocUnsafeSlow(chunk)] as const
  const read = (position: number, turn: number) =>
    file.read(buffers[turn as 0 | 1], 0, Math.min(chunk, end + 1 - position), position)
  let settle = (_isTaken: boolean): void => {}
  response.once('close', () => settle(false))
  /** True once the buffer may be written to again; false when there is nobody to take it. */
  const isTaken = (bytes: Buffer): Promise<boolean> =>
    new Promise((resolve) => {
      settle = resolve
      if (response.destroyed) resolve(false)
      else response.write(bytes, (error) => resolve(!error))
    })
  let reading = read(start, 0)
  try {
    for (let position = start, turn = 1; position <= end; turn ^= 1) {
      const { bytesRead, buffer } = await reading
      if (bytesRead === 0) throw new Error(`The file ends before its byte ${end}.`)
      position += bytesRead
      reading = read(position, turn)
      if (!(await isTaken(buffer.subarray(0, bytesRead)))) return
    }
    response.end()
  } catch (error) {
    response.destroy()
    throw error
  } finally {
    // The file is closed next, and what it says after that is nobody's business.
    await reading.catch(() => {})
  }
}
