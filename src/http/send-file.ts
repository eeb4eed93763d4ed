import type { FileHandle } from 'node:fs/promises'
import type { ServerResponse } from 'node:http'
import type { ByteRange } from '../datasources/storage/object-storage.js'

const chunk = 512 * 1024

/**
 * Bytes of a file as the body of a response, whose headers are set. They are read into two buffers in turn, the next chunk while
 * one is sent: a stream makes a new buffer for each, and what waits to be collected is a hundred megabytes before long.
 * @throws what broke it; the connection is cut then, so that no client takes what it has for the whole
 */
export async function sendFile(response: ServerResponse, file: FileHandle, { start, end }: ByteRange): Promise<void> {
  const buffers = [Buffer.allocUnsafeSlow(chunk), Buffer.allocUnsafeSlow(chunk)] as const
  const read = (position: number, turn: number) =>
    file.read(buffers[turn as 0 | 1], 0, Math.min(chunk, end + 1 - position), position)
  let fail = (_reason: Error): void => {}
  response.once('close', () => fail(gone()))
  /** Resolves when the buffer may be written to again. */
  const sent = (bytes: Buffer): Promise<void> =>
    new Promise((resolve, reject) => {
      fail = reject
      if (response.destroyed) reject(gone())
      else response.write(bytes, (error) => (error ? reject(error) : resolve()))
    })
  let reading = read(start, 0)
  try {
    for (let position = start, turn = 1; position <= end; turn ^= 1) {
      const { bytesRead, buffer } = await reading
      if (bytesRead === 0) throw new Error(`The file ends before its byte ${end}.`)
      position += bytesRead
      reading = read(position, turn)
      await sent(buffer.subarray(0, bytesRead))
    }
    await reading
    response.end()
  } catch (error) {
    response.destroy()
    await reading.catch(() => {})
    throw error
  }
}

const gone = (): Error => new Error('The client went away.')
