// Makes a project: its lakehouse schema, its row, and its maker as the first OWNER.
import { newId } from '../datasources/catalog/node-id.js'
import type { ProjectRow } from '../datasources/catalog/tables.js'
import type { Datasources } from '../datasources/datasources.js'
import { DhuoError } from '../errors.js'
import { requireName } from '../naming-policy.js'
import { requireText } from '../tracking-rules.js'
import { inTermsOf } from './in-terms-of.js'

/** @throws BAD_USER_INPUT, CONFLICT when the name is taken */
export async function createProject(
  { catalog, lakehouse }: Datasources,
  input: { name: string; description: string | null; ownerId: string },
): Promise<ProjectRow> {
  const name = requireName('PROJECT', input.name, 'input.name')
  requireDescription(input.description)
  const taken = new DhuoError('CONFLICT', `The name "${name}" is taken.`, { field: 'input.name' })
  if ((await catalog.projects.byNames([name])).length > 0) throw taken

  const project: ProjectRow = { id: newId('project'), name, description: input.description, createdAt: new Date().toISOString() }
  // The schema first: one without a project does no harm and is taken up by the next try, a project without one is broken.
  await inTermsOf({ schema: 'input.name' }, lakehouse.createSchema(name))
  await catalog.transaction(async ({ projects }) => {
    if (!(await projects.insert(project))) throw taken
    await projects.setMember({ projectId: project.id, userId: input.ownerId, role: 'OWNER' })
  })
  return project
}

export function requireDescription(description: string | null): void {
  if (description !== null) requireText(description, 10_000, 'input.description')
}
