import type { IncomingHttpHeaders } from 'node:http'

/**
 * Whether another site made a browser send this. No cookie is ever read here, so that such a request could not be in
 * somebody's name; but it would come from inside their network. Programs that are no browsers send neither header.
 */
export function isCrossSite(headers: IncomingHttpHeaders, publicUrl: string | null): boolean {
  const site = headers['sec-fetch-site']
  if (site !== undefined) return site !== 'same-origin' && site !== 'none'
  return isForeignOrigin(headers, publicUrl)
}

/** A WebSocket is not subject to the same-origin policy: the server has to compare. */
export function isForeignOrigin(headers: IncomingHttpHeaders, publicUrl: string | null): boolean {
  if (headers.origin === undefined) return false
  if (!URL.canParse(headers.origin)) return true
  const { host } = new URL(headers.origin)
  return host !== headers.host && !(publicUrl && host === new URL(publicUrl).host)
}
