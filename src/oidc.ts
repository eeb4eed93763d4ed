import { createRemoteJWKSet, errors, type JWTPayload, jwtVerify } from 'jose'
import { DhuoError } from './errors.js'

export interface OidcIdentity {
  /** Lower case. */
  email: string
  name: string | null
}

/** Checks bearer tokens of one issuer: signature, issuer, audience, times. Keys are fetched once and again when they rotate. */
export type OidcVerifier = (token: string) => Promise<OidcIdentity>

/**
 * The issuer's keys are found by OpenID Connect Discovery, on the first token.
 * https://openid.net/specs/openid-connect-discovery-1_0.html
 */
export function createOidcVerifier(config: { issuer: string; audience: string }): OidcVerifier {
  let keys: Promise<ReturnType<typeof createRemoteJWKSet>> | undefined
  return async (token) => {
    keys ??= discoverKeys(config.issuer)
    try {
      const { payload } = await jwtVerify(token, await keys, {
        issuer: config.issuer,
        audience: config.audience,
        algorithms: ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'],
        requiredClaims: ['exp'],
        clockTolerance: 30,
      })
      return identityOf(payload)
    } catch (error) {
      if (error instanceof errors.JWTExpired) throw new DhuoError('UNAUTHENTICATED', 'The token has expired.', { cause: error })
      if (error instanceof errors.JOSEError && !(error instanceof errors.JWKSTimeout))
        throw new DhuoError('UNAUTHENTICATED', 'The token is not valid here.', { cause: error })
      if ((error as { name?: string }).name === 'DhuoError') throw error
      keys = undefined
      throw new DhuoError('BACKEND_UNAVAILABLE', 'The identity provider does not answer.', { cause: error })
    }
  }
}

async function discoverKeys(issuer: string): Promise<ReturnType<typeof createRemoteJWKSet>> {
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`
  const response = await fetch(url, { signal: AbortSignal.timeout(5_000) })
  if (!response.ok) throw new Error(`${url} answers ${response.status}`)
  const { jwks_uri } = (await response.json()) as { jwks_uri: string }
  return createRemoteJWKSet(new URL(jwks_uri), { timeoutDuration: 5_000 })
}

/** OCI IAM's access tokens name the person in `sub`, its ID tokens in `email` too. */
function identityOf(claims: JWTPayload): OidcIdentity {
  const email = [claims['email'], claims['preferred_username'], claims.sub].find(
    (claim): claim is string => typeof claim === 'string' && claim.includes('@'),
  )
  if (!email || claims['email_verified'] === false)
    throw new DhuoError('UNAUTHENTICATED', 'The token names no person by a verified email address.')
  return { email: email.toLowerCase(), name: typeof claims['name'] === 'string' ? claims['name'] : null }
}
