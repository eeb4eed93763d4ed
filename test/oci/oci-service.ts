// What a service of the double is made of: routes, requests, answers.
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { Readable } from 'node:stream'

export interface OciRequest {
  /** What stands for `{name}` in the route's path, decoded. */
  params: Record<string, string>
  query: URLSearchParams
  headers: IncomingHttpHeaders
  /** Of a route whose body is signed, parsed. */
  // biome-ignore lint/suspicious/noExplicitAny: the bodies of many operations; each handler knows its own
  json: any
  /** Of a route whose body is signed, as it came. */
  body: Buffer
  /** Of a route whose body is not signed: to be read. */
  stream: IncomingMessage
  /** Milliseconds since 1970 on the clock of the service. */
  now: number
}

export interface OciAnswer {
  status?: number
  headers?: Record<string, string | number | undefined>
  /** At most one of them. */
  json?: unknown
  bytes?: Readable | Buffer
}

export interface OciRoute {
  /** The SDK's name of the operation, for counting and for faults. */
  operation: string
  method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE'
  /** `/n/{namespace}/b/{bucket}`. `{object*}` at the end takes the rest, slashes and all. */
  path: string
  /** `body`: by the service's own rule the body is not signed. `nothing`: there is no signature at all. Default: everything is signed. */
  unsigned?: 'body' | 'nothing'
  handle(request: OciRequest): OciAnswer | Promise<OciAnswer>
}

export interface OciService {
  routes: OciRoute[]
  /** Frees what it keeps on disk. */
  close?(): Promise<void>
}

/** Thrown by a handler: an answer `{ code, message }`. */
export class OciRefusal extends Error {
  readonly status: number
  readonly code: string
  constructor(status: number, code: string, message: string) {
    super(message)
    this.status = status
    this.code = code
  }
}

/** One page of a list by `limit` and `page`, as the control planes do it. The page token is opaque to clients. */
export function pageOf<T>(
  items: readonly T[],
  query: URLSearchParams,
  most = 1000,
): { items: T[]; headers: Record<string, string> } {
  const start = Number(Buffer.from(query.get('page') ?? '', 'base64url').toString() || 0)
  const end = start + Math.min(most, Number(query.get('limit') ?? most))
  const next = end < items.length ? { 'opc-next-page': Buffer.from(String(end)).toString('base64url') } : {}
  return { items: items.slice(start, end), headers: next as Record<string, string> }
}

/** @returns what stands for the names, or null when the path is another */
export function matchPath(pattern: string, path: string): Record<string, string> | null {
  const wanted = pattern.split('/')
  const given = path.split('/')
  const params: Record<string, string> = {}
  for (const [i, segment] of wanted.entries()) {
    const name = /^\{(\w+)(\*?)\}$/.exec(segment)
    const value = name?.[2] ? given.slice(i).join('/') : given[i]
    if (value === undefined || (name ? value === '' : value !== segment)) return null
    if (name) params[name[1]!] = decodeURIComponent(value)
    if (name?.[2]) return params
  }
  return given.length === wanted.length ? params : null
}
