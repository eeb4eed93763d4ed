// Stores in OCI what the server itself makes, whose length nobody knows before its end: piece by piece, each kept until it is stored.
import { createHash } from 'node:crypto'
import type { Readable } from 'node:stream'
import type { OciObjects } from './oci-objects.js'

interface OciObjectWrite {
  bucket: string
  objectName: string
  contentType: string
  meta: Record<string, string>
  bytes: Readable
  /** Bytes of a piece; all of them together must not be more than 10,000 of these. */
  pieceSize: number
}

export interface OciWritten {
  etag: string
  versionId: string | null
  size: number
  sha256: string
}

/** Of many pieces each is larger than the one before, so that 10,000 do for 10 TiB. */
const growEvery = 1_500

/**
 * What fits into one piece is stored by one call. Nothing is there under the name before everything is.
 * @throws what `bytes` fails with, as it is; a DhuoError when storing fails
 */
export async function writeOciObject(objects: OciObjects, request: OciObjectWrite): Promise<OciWritten> {
  const { bucket, objectName, contentType, meta, bytes, pieceSize } = request
  const sha256 = createHash('sha256')
  let multipartId: string | null = null
  let size = 0
  const parts: { partNum: number; etag: string }[] = []
  try {
    for await (const { piece, isLast } of piecesOf(bytes, pieceSize)) {
      sha256.update(piece)
      size += piece.length
      if (isLast && multipartId === null) {
        const written = await objects.put(bucket, objectName, piece, { contentType, meta })
        return { ...written!, size, sha256: sha256.digest('hex') }
      }
      multipartId ??= await objects.createUpload(bucket, objectName, { contentType, meta })
      const number = parts.length + 1
      const md5 = createHash('md5').update(piece).digest('base64')
      const etag = await objects.uploadPart(bucket, objectName, multipartId, { number, body: piece, size: piece.length, md5 })
      parts.push({ partNum: number, etag: etag ?? '' })
    }
    const { etag, versionId } = (await objects.commit(bucket, objectName, multipartId!, parts, []))!
    return { etag, versionId, size, sha256: sha256.digest('hex') }
  } catch (error) {
    if (multipartId !== null) await objects.abort(bucket, objectName, multipartId).catch(() => {})
    throw error
  }
}

/** Cuts the bytes; the last piece may be short, or empty where there is no byte at all. */
async function* piecesOf(bytes: Readable, pieceSize: number): AsyncGenerator<{ piece: Buffer; isLast: boolean }> {
  let parts: Buffer[] = []
  let [size, count, wanted] = [0, 0, pieceSize]
  for await (const chunk of bytes) {
    let rest = typeof chunk === 'string' ? Buffer.from(chunk) : (chunk as Buffer)
    while (size + rest.length > wanted) {
      const room = wanted - size
      yield { piece: Buffer.concat([...parts, rest.subarray(0, room)]), isLast: false }
      rest = rest.subarray(room)
      ;[parts, size] = [[], 0]
      if (++count % growEvery === 0) wanted *= 2
    }
    parts.push(rest)
    size += rest.length
  }
  yield { piece: Buffer.concat(parts), isLast: true }
}
