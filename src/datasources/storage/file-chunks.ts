// Reads a file chunk by chunk without garbage: a stream makes a new buffer for each, and a hundred megabytes wait to be collected before long.
import type { FileHandle } from 'node:fs/promises'

const chunkBytes = 512 * 1024

/**
 * Into two buffers in turn, the next chunk while one is used: each is good until the next one is asked for. Ends with the file where
 * that has no byte `end`. The file stays open.
 */
export async function* chunksOf(file: FileHandle, start = 0, end = Number.POSITIVE_INFINITY): AsyncGenerator<Buffer, void> {
  const buffers = [Buffer.allocUnsafeSlow(chunkBytes), Buffer.allocUnsafeSlow(chunkBytes)] as const
  const read = (position: number, turn: number) =>
    file.read(buffers[turn as 0 | 1], 0, Math.min(chunkBytes, end + 1 - position), position)
  let reading = read(start, 0)
  try {
    for (let position = start, turn = 1; position <= end; turn ^= 1) {
      const { bytesRead, buffer } = await reading
      if (bytesRead === 0) return
      position += bytesRead
      reading = read(position, turn)
      yield buffer.subarray(0, bytesRead)
    }
  } finally {
    // Whoever stops early closes the file next, and what it says after that is nobody's business.
    await reading.catch(() => {})
  }
}
