import type { Viewer } from './authentication.js'
import type { Context } from './context.js'
import { kindOfId } from './datasources/catalog/node-id.js'
import {
  type AccessKeyRow,
  type BucketRow,
  type ProjectRow,
  type Role,
  roles,
  type UserRow,
} from './datasources/catalog/tables.js'
import type { Datasources } from './datasources/datasources.js'
import { badInput, DhuoError, notFound } from './errors.js'
import { canonicalName } from './naming-policy.js'
import type { SignedMethod } from './signed-url.js'

/*
 * Who may do what; every path to data goes through here.
 *
 * A person has a role in each project they are a member of; an administrator is an OWNER everywhere. An access key can do
 * no more than its person, no more than its own role, and nothing outside its project. Whatever is outside does not
 * exist for the viewer: NOT_FOUND, and it is in no list and no count.
 */

/** The person who asks. @throws UNAUTHENTICATED */
export function requireViewer(context: Context): Viewer {
  if (context.viewer) return context.viewer
  throw new DhuoError('UNAUTHENTICATED', context.credentialProblem ?? 'Log in first: send a token or an access key.')
}

/** Somebody who logged in as a person: keys must not make further keys or people. @throws FORBIDDEN */
export function requirePerson(context: Context): Viewer {
  const viewer = requireViewer(context)
  if (viewer.key) throw new DhuoError('FORBIDDEN', 'This needs a login; an access key cannot do it.')
  return viewer
}

/** A person, or a key that reaches all of theirs: for what lies outside every project. @throws FORBIDDEN */
export function requireUnscoped(context: Context): Viewer {
  const viewer = requireViewer(context)
  if (viewer.key && (viewer.key.projectId !== null || viewer.key.role === 'VIEWER'))
    throw new DhuoError('FORBIDDEN', 'This needs a login, or an access key that may change all projects of its person.')
  return viewer
}

/** @throws FORBIDDEN */
export function requireAdmin(context: Context): Viewer {
  const viewer = requirePerson(context)
  if (!viewer.user.isAdmin) throw new DhuoError('FORBIDDEN', 'Only an administrator can do this.')
  return viewer
}

/** What the viewer may do in a project; null when it does not exist for them. @throws UNAUTHENTICATED */
export async function roleIn(context: Context, projectId: string): Promise<Role | null> {
  return roleOf(requireViewer(context), projectId, () => context.loaders.role.load(projectId))
}

export const canSee = async (context: Context, projectId: string): Promise<boolean> => (await roleIn(context, projectId)) !== null

/** What belongs to a project, or null when the viewer may not see it. For every look-up by id. @throws UNAUTHENTICATED */
export async function visible<Row extends { projectId: string }>(
  context: Context,
  row: Row | null | undefined,
): Promise<Row | null> {
  requireViewer(context)
  return row && (await canSee(context, row.projectId)) ? row : null
}

/**
 * What belongs to a project, and the right to do something with it.
 * @throws UNAUTHENTICATED, NOT_FOUND, FORBIDDEN
 */
export async function requireRow<Row extends { projectId: string }>(
  context: Context,
  row: Row | null | undefined,
  role: Role,
  what: string,
  field: string,
): Promise<Row> {
  requireViewer(context)
  const actual = row ? await roleIn(context, row.projectId) : null
  if (!row || !actual) throw notFound(what, field)
  requireAtLeast(actual, role)
  return row
}

/**
 * A project by name, and the right to do something in it.
 * @throws UNAUTHENTICATED, NOT_FOUND, FORBIDDEN
 */
export async function requireProject(context: Context, name: string, role: Role, field = 'project'): Promise<ProjectRow> {
  requireViewer(context)
  const project = await context.loaders.projectByName.load(canonicalName('PROJECT', name))
  const actual = project && (await roleIn(context, project.id))
  if (!project || !actual) throw notFound(`The project "${name}"`, field)
  requireAtLeast(actual, role)
  return project
}

/** A project by name; null when it does not exist or the viewer may not see it. @throws UNAUTHENTICATED */
export async function visibleProject(context: Context, name: string): Promise<ProjectRow | null> {
  requireViewer(context)
  const project = await context.loaders.projectByName.load(canonicalName('PROJECT', name))
  return project && (await canSee(context, project.id)) ? project : null
}

/** Whoever may see it. One that was imported has a name of its own, perhaps with capitals; all others have none. */
export const findBucket = async ({ loaders }: Context, name: string): Promise<BucketRow | null> =>
  (await loaders.bucketByName.load(name)) ?? loaders.bucketByName.load(canonicalName('BUCKET', name))

/** @throws UNAUTHENTICATED, NOT_FOUND, FORBIDDEN */
export async function requireBucket(context: Context, name: string, role: Role, field = 'bucket'): Promise<BucketRow> {
  return requireRow(context, await findBucket(context, name), role, `The bucket "${name}"`, field)
}

/** Oneself, people of the projects one may see, and for administrators everybody. @throws UNAUTHENTICATED */
export async function visibleUser(context: Context, user: UserRow | null): Promise<UserRow | null> {
  const viewer = requireViewer(context)
  if (!user) return null
  const isEverybodySeen = viewer.user.isAdmin === 1 && !viewer.key?.projectId
  const seen = isEverybodySeen || user.id === viewer.user.id || (await context.loaders.isKnown.load(user.id))
  return seen ? user : null
}

/** Keys are their person's own affair; administrators see everybody's. A key sees itself only. @throws UNAUTHENTICATED */
export function canSeeKey(context: Context, key: { id: string; userId: string }): boolean {
  const viewer = requireViewer(context)
  if (viewer.key) return viewer.key.id === key.id
  return viewer.user.isAdmin === 1 || viewer.user.id === key.userId
}

/** One's own keys, and those for projects that one is OWNER of. @throws UNAUTHENTICATED, NOT_FOUND */
export async function requireRevocable(context: Context, key: AccessKeyRow | null): Promise<AccessKeyRow> {
  const viewer = requireViewer(context)
  const isOwner = async (projectId: string | null) =>
    !viewer.key && projectId !== null && (await roleIn(context, projectId)) === 'OWNER'
  if (key && (canSeeKey(context, key) || (await isOwner(key.projectId)))) return key
  throw notFound('The access key', 'id')
}

const longestUrlSeconds = 24 * 3600

/** A URL of this server that carries the viewer's right to one file for a while. @throws BAD_USER_INPUT */
export function signedDownloadUrl(context: Context, path: string, expiresIn: number): string {
  if (expiresIn < 1 || expiresIn > longestUrlSeconds)
    throw badInput('expiresIn', `expiresIn must be between 1 and ${longestUrlSeconds} seconds; it is ${expiresIn}.`)
  return signedUrl(context, 'GET', path, expiresIn)
}

export function signedUrl(context: Context, method: SignedMethod, path: string, expiresInSeconds: number): string {
  const { user, key } = requireViewer(context)
  return context.publicUrl + context.urls.sign({ method, path, expiresInSeconds, by: key?.id ?? user.id })
}

/**
 * Who may still do what a signed URL allows: a role that was lost, or a key that was revoked, after it was signed counts.
 * @param by the user or access key that the URL was made for
 * @throws NOT_FOUND, FORBIDDEN
 */
export async function requireRoleOfSigner(datasources: Datasources, by: string, projectId: string, role: Role): Promise<void> {
  const actual = await roleOfSigner(datasources, by, projectId)
  if (!actual) throw notFound('The file')
  requireAtLeast(actual, role)
}

async function roleOfSigner(datasources: Datasources, by: string, projectId: string): Promise<Role | null> {
  const { accessKeys, users } = datasources.catalog
  const [key] = kindOfId(by) === 'accessKey' ? await accessKeys.byIds([by]) : []
  const [user] = await users.byIds([key?.userId ?? by])
  if (!user || (key && !isLive(key))) return null
  return roleNow(datasources, { user, key: key ?? null }, projectId)
}

/** What a viewer who was just looked up may do, as the catalog says it now. */
export const roleNow = ({ catalog }: Datasources, viewer: Viewer, projectId: string): Promise<Role | null> =>
  roleOf(viewer, projectId, async () => (await catalog.projects.rolesOf(viewer.user.id, [projectId])).get(projectId) ?? null)

async function roleOf({ user, key }: Viewer, projectId: string, memberRole: () => Promise<Role | null>): Promise<Role | null> {
  if (key?.projectId && key.projectId !== projectId) return null
  const role = user.isAdmin ? 'OWNER' : await memberRole()
  return role && key ? lesser(role, key.role) : role
}

const isLive = ({ revokedAt, expiresAt }: AccessKeyRow): boolean =>
  revokedAt === null && (expiresAt === null || expiresAt > new Date().toISOString())

const rank = (role: Role): number => roles.indexOf(role)

const lesser = (a: Role, b: Role): Role => (rank(a) < rank(b) ? a : b)

function requireAtLeast(actual: Role, wanted: Role): void {
  if (rank(actual) < rank(wanted))
    throw new DhuoError('FORBIDDEN', `This needs the role ${wanted} in the project; yours is ${actual}.`)
}
