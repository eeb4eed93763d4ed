import { createHmac, timingSafeEqual } from 'node:crypto'
import { DhuoError } from './errors.js'

/** What a signature allows. A GET covers HEAD too: it tells less. */
export type SignedMethod = 'GET' | 'PUT'

export interface UrlGrant {
  method: SignedMethod
  /** As it was signed, percent-encoded. */
  path: string
  /** The id of the user or access key that asked for the URL, whose rights it carries. */
  by: string
  expiresAt: Date
  /** What else was signed. */
  query: Record<string, string>
}

interface SignRequest {
  method: SignedMethod
  /** Percent-encoded, from the first slash on, without a query. */
  path: string
  expiresInSeconds: number
  by: string
  /** Further facts that must not be changed; not `by`, `expires` or `signature`. */
  query?: Record<string, string>
}

/**
 * Signs URLs of this server: who holds one may do one thing to one path for a while, without other credentials. Nothing is
 * kept; any server with the same secret verifies. Whether the one named by `by` still may do it is the caller's to check.
 */
export class UrlSigner {
  readonly #key: Buffer

  constructor(secret: string) {
    // A key of its own: no other signature made with the secret is ever valid here.
    this.#key = createHmac('sha256', secret).update('dhuo-graph signed URL').digest()
  }

  /** @returns the path with its query; the caller puts the server's own URL before it */
  sign({ method, path, expiresInSeconds, by, query = {} }: SignRequest, now = Date.now()): string {
    const parameters = new URLSearchParams(query)
    parameters.set('by', by)
    parameters.set('expires', String(Math.floor(now / 1000) + Math.ceil(expiresInSeconds)))
    parameters.set('signature', this.#signatureOf(method, canonicalPath(path), parameters).toString('base64url'))
    return `${path}?${parameters}`
  }

  /**
   * @param url path and query as they came in the request
   * @throws FORBIDDEN the signature does not fit method, path and query, or the URL has expired
   */
  verify(method: string, url: string, now = Date.now()): UrlGrant {
    const mark = url.indexOf('?')
    const path = mark < 0 ? url : url.slice(0, mark)
    const parameters = new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1))
    const signed = method === 'HEAD' ? 'GET' : method
    const [signature, ...more] = parameters.getAll('signature')
    parameters.delete('signature')
    const given = Buffer.from(signature ?? '', 'base64url')
    const isKnownMethod = signed === 'GET' || signed === 'PUT'
    const canonical = isKnownMethod && more.length === 0 ? tryCanonicalPath(path) : null
    if (!isKnownMethod || canonical === null || !isSame(given, this.#signatureOf(signed, canonical, parameters)))
      throw new DhuoError(
        'FORBIDDEN',
        'The signature of this URL does not fit it: use the URL exactly as it was given, with its method.',
      )
    const expiresAt = new Date(Number(parameters.get('expires')) * 1000)
    // `!(a > b)` so that a date that is none counts as expired.
    if (!(expiresAt.getTime() > now))
      throw new DhuoError('FORBIDDEN', `This URL expired at ${expiresAt.toISOString()}; ask for a new one.`)
    const { by = '', expires: _, ...query } = Object.fromEntries(parameters)
    return { method: signed, path, by, expiresAt, query }
  }

  #signatureOf(method: SignedMethod, canonicalPath: string, parameters: URLSearchParams): Buffer {
    const sorted = new URLSearchParams(parameters)
    sorted.sort()
    return createHmac('sha256', this.#key).update(`${method}\n${canonicalPath}\n${sorted}`).digest()
  }
}

const isSame = (a: Buffer, b: Buffer): boolean => a.length === b.length && timingSafeEqual(a, b)

/** Proxies and clients disagree on what to escape (`~`, `'`, `é`): the signature is over one form of the same path. */
const canonicalPath = (path: string): string =>
  path
    .split('/')
    .map((segment) => encodeURIComponent(decodeURIComponent(segment)))
    .join('/')

const tryCanonicalPath = (path: string): string | null => {
  try {
    return canonicalPath(path)
  } catch {
    return null
  }
}
