import { accessKeyPrefix, hashSecret } from './credentials.js'
import type { Catalog } from './datasources/catalog/catalog.js'
import { newId } from './datasources/catalog/node-id.js'
import type { ProjectScope } from './datasources/catalog/project-store.js'
import type { AccessKeyRow, UserRow } from './datasources/catalog/tables.js'
import { isDhuoError } from './errors.js'
import type { OidcVerifier } from './oidc.js'

/** As a request carries them: two headers of HTTP, or two entries of a WebSocket's `connectionParams`. */
export interface Credentials {
  /** `Bearer` and a session token, an OIDC token or an access key. */
  authorization?: string | undefined
  /** An access key: the header `X-Dhuo-Access-Key`. */
  accessKey?: string | undefined
}

export interface Viewer {
  user: UserRow
  /** The key that speaks for the user; null after a login. */
  key: AccessKeyRow | null
}

/** Who did something: the person, and the step of a pipeline run whose script spoke for them. */
export const actorOf = ({ user, key }: Viewer): { userId: string; pipelineStepId: string | null } => ({
  userId: user.id,
  pipelineStepId: key?.pipelineStepId ?? null,
})

/** The projects that the viewer may see, for lists and counts. */
export const projectScope = ({ user, key }: Viewer): ProjectScope => ({
  memberId: user.isAdmin ? null : user.id,
  projectId: key?.projectId ?? null,
})

export interface Authentication {
  viewer: Viewer | null
  problem: string | null
}

/** Never throws for wrong credentials: whether an operation needs any is its own matter. */
export type Authenticator = (credentials: Credentials) => Promise<Authentication>

const notValid = 'The token or access key is not valid: it is unknown, has expired or was revoked.'

export function createAuthenticator(catalog: Catalog, verifyOidc: OidcVerifier | null): Authenticator {
  return async ({ authorization, accessKey }) => {
    if (authorization === undefined && accessKey === undefined) return { viewer: null, problem: null }
    if (authorization !== undefined && accessKey !== undefined)
      return { viewer: null, problem: 'Send an Authorization or an X-Dhuo-Access-Key header, not both.' }
    const now = new Date().toISOString()
    if (accessKey !== undefined) return viewerOfKey(catalog, accessKey.trim(), now)
    const token = /^bearer +(\S+)$/i.exec(authorization!.trim())?.[1]
    if (!token) return { viewer: null, problem: 'The Authorization header must be "Bearer" and a token.' }

    if (token.startsWith(accessKeyPrefix)) return viewerOfKey(catalog, token, now)
    if (verifyOidc && token.split('.').length === 3) return viewerOfOidc(catalog, verifyOidc, token)
    const user = await catalog.users.findBySession(hashSecret(token), now)
    return user ? { viewer: { user, key: null }, problem: null } : { viewer: null, problem: notValid }
  }
}

async function viewerOfKey(catalog: Catalog, secret: string, now: string): Promise<Authentication> {
  const found = await catalog.accessKeys.findLive(hashSecret(secret), now)
  if (!found) return { viewer: null, problem: notValid }
  // To the minute is enough, and spares a write for each request.
  if (found.key.lastUsedAt === null || Date.parse(now) - Date.parse(found.key.lastUsedAt) > 60_000)
    await catalog.accessKeys.recordUse(found.key.id, now)
  return { viewer: found, problem: null }
}

/** People whom the identity provider vouches for are made on their first visit; they see nothing until made a member. */
async function viewerOfOidc(catalog: Catalog, verify: OidcVerifier, token: string): Promise<Authentication> {
  try {
    const { email, name } = await verify(token)
    let user = await catalog.users.findByEmail(email)
    if (!user) {
      const row: UserRow = { id: newId('user'), email, name, passwordHash: null, isAdmin: 0, createdAt: new Date().toISOString() }
      await catalog.users.insert(row)
      user = (await catalog.users.findByEmail(email))!
    }
    return { viewer: { user, key: null }, problem: null }
  } catch (error) {
    if (isDhuoError(error) && error.code === 'UNAUTHENTICATED') return { viewer: null, problem: error.message }
    throw error
  }
}
