import type { IncomingMessage } from 'node:http'
import { BlockList, isIP } from 'node:net'

export type ClientAddress = (request: IncomingMessage) => string

/**
 * Where a request comes from, for throttles and logs. `X-Forwarded-For` counts only as far as trusted proxies wrote it:
 * read from its end, the first address that is not one of theirs is the client.
 * @param trustedProxies addresses or subnets (`10.0.0.0/8`); empty: the header is never read
 */
export function clientAddresses(trustedProxies: readonly string[]): ClientAddress {
  const trusted = new BlockList()
  for (const proxy of trustedProxies) {
    const [address = '', prefix] = proxy.split('/')
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
    if (prefix === undefined) trusted.addAddress(address, family)
    else trusted.addSubnet(address, Number(prefix), family)
  }
  const isTrusted = (address: string): boolean => trusted.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')

  return (request) => {
    let client = plain(request.socket.remoteAddress ?? '')
    if (trustedProxies.length === 0 || !isTrusted(client)) return client
    const forwarded = String(request.headers['x-forwarded-for'] ?? '').split(',')
    for (const hop of forwarded.reverse()) {
      const address = plain(hop.trim())
      if (isIP(address) === 0) break
      client = address
      if (!isTrusted(client)) break
    }
    return client
  }
}

/** A dual-stack socket writes IPv4 as `::ffff:192.0.2.1`. */
const plain = (address: string): string => (address.startsWith('::ffff:') ? address.slice(7) : address)
