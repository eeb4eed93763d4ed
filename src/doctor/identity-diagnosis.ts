import { clockFinding } from '../diagnosis/clock.js'
import { type Diagnosis, fail, look, ok } from '../diagnosis/finding.js'

/** Looks at the OpenID Connect issuer whose tokens are accepted: https://openid.net/specs/openid-connect-discovery-1_0.html */
export const diagnoseIdentityProvider = ({ issuer }: { issuer: string }, withinMs = 8_000): Diagnosis =>
  async function* (signal) {
    const mend = (): string =>
      'Set DHUO_OIDC_ISSUER to the issuer as its tokens name it (iss), and let this machine reach it: DNS, routes, egress rules.'
    const get = async (url: string): Promise<Response> => {
      const response = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(2 * withinMs)]) })
      if (!response.ok) throw new Error(`${url} answers with status ${response.status}.`)
      return response
    }
    let keys: string | undefined
    let date: string | null = null
    const discovery = await look(
      'discovery',
      async () => {
        const response = await get(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`)
        date = response.headers.get('date')
        const found = (await response.json()) as { issuer?: string; jwks_uri?: string }
        keys = found.jwks_uri
        const isSame = found.issuer?.replace(/\/$/, '') === issuer.replace(/\/$/, '')
        return isSame
          ? ok('discovery', issuer)
          : fail('discovery', `It calls itself ${found.issuer}.`, `Set DHUO_OIDC_ISSUER=${found.issuer}`)
      },
      mend,
      withinMs,
    )
    yield discovery
    if (date !== null) yield clockFinding(date, 60_000)
    if (keys === undefined) return
    const uri = keys
    yield await look(
      'keys',
      async () => {
        const { keys: found = [] } = (await (await get(uri)).json()) as { keys?: unknown[] }
        return found.length > 0
          ? `${found.length} to check tokens with`
          : fail('keys', `${uri} holds none: no token can be checked.`, 'Ask whoever runs the identity provider.')
      },
      mend,
      withinMs,
    )
  }
