// Projects and who is a member of them.
import type { Kysely } from 'kysely'
import { nameAfter, nameCursor, type Page, type PageRequest, toPage } from './page.js'
import type { ProjectMemberRow, ProjectRow, Role, Tables } from './tables.js'

/** Which projects somebody may see. */
export interface ProjectScope {
  /** Only those that this person is a member of; null for administrators. */
  memberId: string | null
  /** Only this one; null where no access key narrows it. */
  projectId: string | null
}

export class ProjectStore {
  constructor(private readonly db: Kysely<Tables>) {}

  /** Nothing happens when the name is taken: then the answer is false. */
  async insert(project: ProjectRow): Promise<boolean> {
    const inserted = await this.db
      .insertInto('projects')
      .values(project)
      .onConflict((c) => c.column('name').doNothing())
      .returning('id')
      .execute()
    return inserted.length === 1
  }

  byIds(ids: readonly string[]): Promise<ProjectRow[]> {
    return this.db.selectFrom('projects').selectAll().where('id', 'in', ids).execute()
  }

  byNames(names: readonly string[]): Promise<ProjectRow[]> {
    return this.db.selectFrom('projects').selectAll().where('name', 'in', names).execute()
  }

  async page(scope: ProjectScope, request: PageRequest): Promise<Page<ProjectRow>> {
    const rows = await this.visibleTo(scope)
      .selectAll('projects')
      .where('name', '>', nameAfter(request))
      .orderBy('name')
      .limit(request.first + 1)
      .execute()
    return toPage(rows, request.first, nameCursor)
  }

  async count(scope: ProjectScope): Promise<number> {
    const { count } = await this.visibleTo(scope)
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .executeTakeFirstOrThrow()
    return Number(count)
  }

  /** The roles of one person, by project. */
  async rolesOf(userId: string, projectIds: readonly string[]): Promise<Map<string, Role>> {
    const rows = await this.db
      .selectFrom('project_members')
      .select(['projectId', 'role'])
      .where('userId', '=', userId)
      .where('projectId', 'in', projectIds)
      .execute()
    return new Map(rows.map((row) => [row.projectId, row.role]))
  }

  /** In the order in which the people were made. */
  members(projectIds: readonly string[]): Promise<ProjectMemberRow[]> {
    return this.db.selectFrom('project_members').selectAll().where('projectId', 'in', projectIds).orderBy('userId').execute()
  }

  /** Of these people, those who are a member of a project within the scope. */
  async knownTo(scope: ProjectScope, userIds: readonly string[]): Promise<Set<string>> {
    let members = this.db.selectFrom('project_members').select('userId').distinct().where('userId', 'in', userIds)
    // Otherwise it is true of every project: PostgreSQL would read them all to find that out.
    if (scope.memberId !== null || scope.projectId !== null)
      members = members.where('projectId', 'in', this.visibleTo(scope).select('projects.id'))
    const rows = await members.execute()
    return new Set(rows.map((row) => row.userId))
  }

  async setMember(member: ProjectMemberRow): Promise<void> {
    await this.db
      .insertInto('project_members')
      .values(member)
      .onConflict((c) => c.columns(['projectId', 'userId']).doUpdateSet({ role: member.role }))
      .execute()
  }

  async removeMember(projectId: string, userId: string): Promise<void> {
    await this.db.deleteFrom('project_members').where('projectId', '=', projectId).where('userId', '=', userId).execute()
  }

  private visibleTo({ memberId, projectId }: ProjectScope) {
    let projects = this.db.selectFrom('projects')
    if (projectId !== null) projects = projects.where('projects.id', '=', projectId)
    if (memberId !== null)
      projects = projects.where('projects.id', 'in', (query) =>
        query.selectFrom('project_members').select('projectId').where('userId', '=', memberId),
      )
    return projects
  }
}
