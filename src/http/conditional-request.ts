import type { IncomingHttpHeaders } from 'node:http'
import type { ByteRange } from '../datasources/storage/object-storage.js'

/** What a resource is now. */
export interface Representation {
  /** Bytes. */
  size: number
  /** Without quotes; a strong validator. */
  etag: string
  lastModified: Date
}

export type ConditionalAnswer = { status: 200 | 304 | 412 | 416 } | { status: 206; range: ByteRange }

/**
 * What a GET or HEAD gets, by its conditions and its range, in the order of RFC 9110, section 13.2.2. Several ranges at once,
 * other units and malformed ranges are passed over (section 14.2 allows it): the answer is the whole.
 */
export function answerConditionally(method: string, headers: IncomingHttpHeaders, current: Representation): ConditionalAnswer {
  const { 'if-match': ifMatch, 'if-none-match': ifNoneMatch } = headers
  if (ifMatch !== undefined) {
    if (!lists(ifMatch, current.etag, 'strong')) return { status: 412 }
  } else if (isChangedSince(headers['if-unmodified-since'], current) === true) return { status: 412 }

  if (ifNoneMatch !== undefined) {
    if (lists(ifNoneMatch, current.etag, 'weak')) return { status: 304 }
  } else if (isChangedSince(headers['if-modified-since'], current) === false) return { status: 304 }

  if (method !== 'GET' || headers.range === undefined || !stillFits(headers['if-range'] as string | undefined, current))
    return { status: 200 }
  return answerRange(headers.range, current.size)
}

function answerRange(header: string, size: number): ConditionalAnswer {
  const [, from, to] = /^\s*bytes\s*=\s*(\d*)\s*-\s*(\d*)\s*$/i.exec(header) ?? []
  if (from === undefined || to === undefined || (from === '' && to === '')) return { status: 200 }
  if (from === '') {
    const length = Math.min(Number(to), size)
    if (Number(to) === 0) return { status: 416 }
    // The last bytes of nothing: that can be had, but no Content-Range can say it.
    return size === 0 ? { status: 200 } : { status: 206, range: { start: size - length, end: size - 1 } }
  }
  const start = Number(from)
  const end = to === '' ? size - 1 : Math.min(Number(to), size - 1)
  if (to !== '' && start > Number(to)) return { status: 200 }
  return start >= size ? { status: 416 } : { status: 206, range: { start, end } }
}

/** Whether a list of entity tags has this one; `weak` also takes `W/"…"`. */
function lists(header: string, etag: string, comparison: 'strong' | 'weak'): boolean {
  if (header.trim() === '*') return true
  const tags = header.match(/(?:W\/)?"[^"]*"/g) ?? []
  return tags.some((tag) => tag === `"${etag}"` || (comparison === 'weak' && tag === `W/"${etag}"`))
}

/** HTTP dates have whole seconds. Null without a date, or with one that is none. */
function isChangedSince(date: string | undefined, { lastModified }: Representation): boolean | null {
  const since = Date.parse(date ?? '')
  return Number.isNaN(since) ? null : Math.floor(lastModified.getTime() / 1000) * 1000 > since
}

function stillFits(ifRange: string | undefined, current: Representation): boolean {
  if (ifRange === undefined) return true
  if (ifRange.includes('"')) return ifRange.trim() === `"${current.etag}"`
  // As the object store wrote it, when it had served the beginning: OCI's ETags have no quotes.
  if (ifRange.trim() === current.etag) return true
  return Date.parse(ifRange) === Math.floor(current.lastModified.getTime() / 1000) * 1000
}
