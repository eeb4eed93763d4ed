/** Messages for one operation of one socket, as WebSocket frames one behind the other; the id is still to be filled in. */
export interface FrameBatch {
  readonly bytes: Buffer
  /** Where in `bytes` the id stands, once in each frame. */
  readonly idOffsets: readonly number[]
}

const beforeId = Buffer.from('{"id":')
const beforePayload = Buffer.from(',"type":"next","payload":')
const afterPayload = 0x7d
/** A whole message, of text: https://datatracker.ietf.org/doc/html/rfc6455#section-5.2 */
const finalText = 0x81

/**
 * `next` messages of graphql-transport-ws, in the form in which many sockets get them: only the id differs, so one batch serves
 * all whose ids are of the same length.
 * @param payloads in JSON
 * @param idLength of the id in JSON, in bytes
 */
export function frameBatch(payloads: readonly Buffer[], idLength: number): FrameBatch {
  const around = beforeId.length + idLength + beforePayload.length + 1
  let total = 0
  for (const { length } of payloads) total += headerLength(around + length) + around + length
  const bytes = Buffer.allocUnsafe(total)
  const idOffsets: number[] = []
  let at = 0
  for (const payload of payloads) {
    at = writeHeader(bytes, at, around + payload.length)
    at += beforeId.copy(bytes, at)
    idOffsets.push(at)
    at += idLength
    at += beforePayload.copy(bytes, at)
    at += payload.copy(bytes, at)
    bytes[at++] = afterPayload
  }
  return { bytes, idOffsets }
}

/** In place. @param id in JSON, of the length that the batch was made for */
export function fillIn({ bytes, idOffsets }: FrameBatch, id: string): void {
  for (const offset of idOffsets) bytes.write(id, offset)
}

const headerLength = (length: number): number => (length < 126 ? 2 : length < 65_536 ? 4 : 10)

function writeHeader(bytes: Buffer, at: number, length: number): number {
  bytes[at] = finalText
  if (length < 126) {
    bytes[at + 1] = length
    return at + 2
  }
  if (length < 65_536) {
    bytes[at + 1] = 126
    return bytes.writeUInt16BE(length, at + 2)
  }
  bytes[at + 1] = 127
  return bytes.writeBigUInt64BE(BigInt(length), at + 2)
}
