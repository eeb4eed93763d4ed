// How the bytes of an upload are cut into parts: the one place that knows, for adapters, routes and the API alike.
import { badInput, DhuoError } from '../../errors.js'

export const defaultPartSize = 64 * 2 ** 20
const maxParts = 10_000

/** Bytes of a part: `smallest`, or as much more (in whole MiB) as it takes to stay within 10,000 parts. */
export function partSizeFor(size: number, smallest = defaultPartSize): number {
  return Math.max(smallest, Math.ceil(size / maxParts / 2 ** 20) * (size > smallest * maxParts ? 2 ** 20 : 0))
}

/** How many parts an upload has. None at all for an empty one: it can be completed at once. */
export const partCountOf = (upload: { size: number; partSize: number }): number => Math.ceil(upload.size / upload.partSize)

/**
 * Where a part begins and how many bytes it must have. An empty upload takes one empty part 1 from clients that send it.
 * @throws BAD_USER_INPUT (`field: part`) there is no such part
 */
export function extentOfPart(upload: { size: number; partSize: number }, partNumber: number): { offset: number; size: number } {
  const last = Math.max(1, partCountOf(upload))
  if (!Number.isInteger(partNumber) || partNumber < 1 || partNumber > last)
    throw badInput('part', `This upload has parts 1 to ${last}; there is no part ${partNumber}.`)
  const offset = (partNumber - 1) * upload.partSize
  return { offset, size: Math.min(upload.partSize, upload.size - offset) }
}

/** What completing an upload fails with while parts are missing; it names all of them. */
export const partsAreMissing = (missingParts: number[]): DhuoError => {
  const some = `${missingParts.slice(0, 10).join(', ')}${missingParts.length > 10 ? ', …' : ''}`
  return new DhuoError('PRECONDITION_FAILED', `${missingParts.length} parts are missing: ${some}.`, { details: { missingParts } })
}
