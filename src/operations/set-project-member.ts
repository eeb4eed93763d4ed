// Gives somebody a role in a project, or takes it; a project keeps an OWNER.
import { canonicalEmail } from '../credentials.js'
import type { Catalog } from '../datasources/catalog/catalog.js'
import type { ProjectRow, Role } from '../datasources/catalog/tables.js'
import { DhuoError, notFound } from '../errors.js'

/** @throws NOT_FOUND nobody has that email; PRECONDITION_FAILED nobody would be OWNER any more */
export async function setProjectMember(catalog: Catalog, project: ProjectRow, email: string, role: Role | null): Promise<void> {
  const address = canonicalEmail(email)
  const user = address && (await catalog.users.findByEmail(address))
  if (!user) throw notFound(`A user with the email ${email}`, 'email')
  await catalog.transaction(async ({ projects }) => {
    if (role === null) await projects.removeMember(project.id, user.id)
    else await projects.setMember({ projectId: project.id, userId: user.id, role })
    const members = await projects.members([project.id])
    if (!members.some((member) => member.role === 'OWNER'))
      throw new DhuoError('PRECONDITION_FAILED', 'A project keeps at least one OWNER: make somebody else OWNER first.', {
        field: 'role',
      })
  })
}
