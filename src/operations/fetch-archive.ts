// Has an archive built elsewhere, and brings it here: the bytes that were promised, or nothing.
import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ArchiveBuilder, ArchiveRequest } from '../datasources/functions/archive-builder.js'
import { DhuoError } from '../errors.js'

/**
 * @returns what is in it, as `name==version`
 * @throws BACKEND_UNAVAILABLE what came is not what was promised: it is discarded, and built anew the next time
 */
export async function fetchArchive(
  archives: ArchiveBuilder,
  request: ArchiveRequest,
  file: string,
  signal: AbortSignal,
): Promise<string[]> {
  const built = await archives.build(request, signal)
  const hash = createHash('sha256')
  let size = 0
  const measure = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk)
      size += chunk.length
      done(size > built.size ? wrong() : null, chunk)
    },
  })
  try {
    if (built.size > request.bounds.bytes) throw wrong()
    await pipeline(await built.open(), measure, createWriteStream(file), { signal })
    if (size !== built.size || hash.digest('hex') !== built.sha256) throw wrong()
  } catch (error) {
    if (!signal.aborted) await archives.discard(request.key)
    throw error
  }
  return built.packages
}

const wrong = (): DhuoError =>
  new DhuoError(
    'BACKEND_UNAVAILABLE',
    'The archive that was built elsewhere did not come whole: its bytes are not those of its SHA-256.',
  )
