import { createRemoteJWKSet, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose'
import { canonicalEmail } from './credentials.js'
import { DhuoError, isDhuoError } from './errors.js'

export interface OidcIdentity {
  /** Lower case. */
  email: string
  name: string | null
}

/**
 * Checks bearer tokens of one issuer: signature, issuer, audience, times. Keys are fetched once and again when they rotate.
 * @throws UNAUTHENTICATED the token is not valid; BACKEND_UNAVAILABLE the issuer's keys cannot be had
 */
export type OidcVerifier = (token: string) => Promise<OidcIdentity>

interface Issuer {
  /** What may stand in `iss`. */
  names: string[]
  keys: JWTVerifyGetKey
}

const fetchTimeoutMs = 5_000

/** Asymmetric ones only: with HS256 whoever knows the public key could sign. */
const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA']

/**
 * The issuer's keys are found by OpenID Connect Discovery, on the first token.
 * https://openid.net/specs/openid-connect-discovery-1_0.html
 * @param pauseMs after a failure, and between two looks for a key that is not there: whatever tokens come, the issuer is
 * asked no more often
 */
export function createOidcVerifier(config: { issuer: string; audience: string }, pauseMs = 5_000): OidcVerifier {
  let issuer: Promise<Issuer> | undefined
  let failure: { error: DhuoError; until: number } | undefined

  const unavailable = (cause: unknown): DhuoError => {
    const error = new DhuoError('BACKEND_UNAVAILABLE', 'The identity provider does not answer.', { cause })
    failure = { error, until: Date.now() + pauseMs }
    // The address of the keys may have changed: look it up again too.
    issuer = undefined
    return error
  }
  const findIssuer = async (): Promise<Issuer> => {
    const { names, keys } = await discover(config.issuer, pauseMs)
    const keyOf: JWTVerifyGetKey = async (header, token) => {
      if (failure && Date.now() < failure.until) throw failure.error
      try {
        return await keys(header, token)
      } catch (error) {
        const isFaultOfToken = error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys
        throw isFaultOfToken ? error : unavailable(error)
      }
    }
    return { names, keys: keyOf }
  }

  return async (token) => {
    if (!issuer) {
      if (failure && Date.now() < failure.until) throw failure.error
      issuer = findIssuer().catch((error: unknown) => {
        throw unavailable(error)
      })
    }
    const { names, keys } = await issuer
    try {
      const { payload } = await jwtVerify(token, keys, {
        issuer: names,
        audience: config.audience,
        algorithms,
        requiredClaims: ['exp'],
        clockTolerance: 30,
      })
      return identityOf(payload)
    } catch (error) {
      if (isDhuoError(error)) throw error
      const why = error instanceof errors.JWTExpired ? 'The token has expired.' : 'The token is not valid here.'
      throw new DhuoError('UNAUTHENTICATED', why, { cause: error })
    }
  }
}

async function discover(configured: string, cooldownDuration: number): Promise<Issuer> {
  const url = `${configured.replace(/\/$/, '')}/.well-known/openid-configuration`
  const response = await fetch(url, { signal: AbortSignal.timeout(fetchTimeoutMs) })
  if (!response.ok) throw new Error(`${url} answers ${response.status}`)
  const { issuer, jwks_uri } = (await response.json()) as { issuer?: unknown; jwks_uri?: unknown }
  if (typeof issuer !== 'string' || typeof jwks_uri !== 'string') throw new Error(`${url} names no issuer or no jwks_uri`)
  // The document says who the issuer is, and not the setting: every identity domain of OCI IAM has an address of its own,
  // and all of them call themselves https://identity.oraclecloud.com, now with a slash at the end and now without.
  // https://docs.oracle.com/en-us/iaas/Content/APIGateway/Tasks/apigatewayusingjwttokens-identityprovider.htm
  const name = issuer.replace(/\/$/, '')
  // OCI IAM's documentation shows `jwks_uri` as a path.
  const keys = createRemoteJWKSet(new URL(jwks_uri, url), { timeoutDuration: fetchTimeoutMs, cooldownDuration })
  return { names: [name, `${name}/`], keys }
}

/**
 * By `email`, or by `sub` where that is an address: OCI IAM's access tokens name the person so. Not by
 * `preferred_username`, which people may choose themselves.
 */
function identityOf(claims: JWTPayload): OidcIdentity {
  const { email: given, email_verified: verified, name, sub } = claims
  const email = canonicalEmail(typeof given === 'string' && given !== '' ? given : (sub ?? ''))
  // Some providers write booleans as text.
  if (email === null || verified === false || verified === 'false')
    throw new DhuoError('UNAUTHENTICATED', 'The token names no person by a verified email address.')
  return { email, name: typeof name === 'string' ? name.slice(0, 200) : null }
}
