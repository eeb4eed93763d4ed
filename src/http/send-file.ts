import type { FileHandle } from 'node:fs/promises'
import type { ServerResponse } from 'node:http'
import { chunksOf } from '../datasources/storage/file-chunks.js'
import type { ByteRange } from '../datasources/storage/object-storage.js'

/**
 * Bytes of a file as the body of a response, whose headers are set; over when they are sent or the client is gone.
 * @throws why the file could not be read to its end; the connection is cut then, so that no client takes what it has for the whole
 */
export async function sendFile(response: ServerResponse, file: FileHandle, { start, end }: ByteRange): Promise<void> {
  let settle = (_isTaken: boolean): void => {}
  response.once('close', () => settle(false))
  /** True once the buffer may be written to again; false when there is nobody to take it. */
  const isTaken = (bytes: Buffer): Promise<boolean> =>
    new Promise((resolve) => {
      settle = resolve
      if (response.destroyed) resolve(false)
      else response.write(bytes, (error) => resolve(!error))
    })
  let left = end + 1 - start
  try {
    for await (const chunk of chunksOf(file, start, end)) {
      left -= chunk.length
      if (!(await isTaken(chunk))) return
    }
    if (left > 0) throw new Error(`The file ends before its byte ${end}.`)
    response.end()
  } catch (error) {
    response.destroy()
    throw error
  }
}
