// Deployments: their names, the count that gives their versions numbers, and their schedules.
import { type Kysely, type RawBuilder, sql } from 'kysely'
import { joinPage, parentsOf } from './child-pages.js'
import type { Timestamp } from './column-types.js'
import type { DeploymentRow, DeploymentStatus } from './deployment-rows.js'
import { nameAfter, nameCursor, type Page, type PageRequest, toPage } from './page.js'
import type { Tables } from './tables.js'

export type NewDeploymentRow = Pick<DeploymentRow, 'id' | 'projectId' | 'name' | 'kind' | 'createdAt'>
export type ScheduleChange = Pick<DeploymentRow, 'cron' | 'timezone' | 'scheduleEnabled' | 'nextRunAt'>

export class DeploymentStore {
  constructor(private readonly db: Kysely<Tables>) {}

  /**
   * Takes the next number of a version, and makes the deployment when there is none of its name. The answer is the deployment
   * as it is then. Call it in a transaction with what gets the number, so that numbers have no gaps.
   */
  takeVersion(deployment: NewDeploymentRow, status: DeploymentStatus): Promise<DeploymentRow> {
    const { createdAt } = deployment
    return this.db
      .insertInto('deployments')
      .values({
        ...deployment,
        status,
        statusDetail: null,
        version: 1,
        cron: null,
        timezone: 'UTC',
        scheduleEnabled: 0,
        nextRunAt: null,
        lastRunNumber: 0,
        applicationId: null,
        updatedAt: createdAt,
      })
      .onConflict((c) =>
        c
          .columns(['projectId', 'name'])
          .where('status', '<>', sql.lit('DELETED' as const))
          .doUpdateSet((column) => ({
            version: column('deployments.version', '+', 1),
            status,
            statusDetail: null,
            updatedAt: createdAt,
          })),
      )
      .returningAll()
      .executeTakeFirstOrThrow()
  }

  /** Deleted ones too: their runs stay visible. */
  byIds(ids: readonly string[]): Promise<DeploymentRow[]> {
    return this.db.selectFrom('deployments').selectAll().where('id', 'in', ids).execute()
  }

  /** The one that has the name now. */
  find(projectId: string, name: string): Promise<DeploymentRow | undefined> {
    return this.db
      .selectFrom('deployments')
      .selectAll()
      .where('projectId', '=', projectId)
      .where('name', '=', name)
      .where('status', '<>', sql.lit('DELETED' as const))
      .executeTakeFirst()
  }

  /** Those that are not deleted, by name; one page for each project. */
  pagesByProject(projectIds: readonly string[], request: PageRequest): Promise<Page<DeploymentRow>[]> {
    return this.pages(projectIds, request, sql`from deployments as candidate where candidate."projectId" = parents.id`)
  }

  async countByProject(projectIds: readonly string[]): Promise<number[]> {
    const rows = await this.db
      .selectFrom('deployments')
      .select(({ fn }) => ['projectId', fn.countAll<number>().as('count')])
      .where('projectId', 'in', projectIds)
      .where('status', '<>', sql.lit('DELETED' as const))
      .groupBy('projectId')
      .execute()
    const counts = new Map(rows.map((row) => [row.projectId, Number(row.count)]))
    return projectIds.map((id) => counts.get(id) ?? 0)
  }

  /** Those whose newest version uses a model version and that are not deleted, by name; one page for each model version. */
  pagesByModelVersion(modelVersionIds: readonly string[], request: PageRequest): Promise<Page<DeploymentRow>[]> {
    const users = sql`from deployment_versions as used
      join deployments as candidate on candidate.id = used."deploymentId" and candidate.version = used.version
      where used."modelVersionId" = parents.id`
    return this.pages(modelVersionIds, request, users)
  }

  async countByModelVersion(modelVersionIds: readonly string[]): Promise<number[]> {
    const rows = await this.db
      .selectFrom('deployment_versions')
      .innerJoin('deployments', (join) =>
        join
          .onRef('deployments.id', '=', 'deployment_versions.deploymentId')
          .onRef('deployments.version', '=', 'deployment_versions.version'),
      )
      .select(({ fn }) => ['modelVersionId', fn.countAll<number>().as('count')])
      .where('modelVersionId', 'in', modelVersionIds)
      .where('deployments.status', '<>', sql.lit('DELETED' as const))
      .groupBy('modelVersionId')
      .execute()
    const counts = new Map(rows.map((row) => [row.modelVersionId, Number(row.count)]))
    return modelVersionIds.map((id) => counts.get(id) ?? 0)
  }

  private async pages(ids: readonly string[], request: PageRequest, source: RawBuilder<unknown>): Promise<Page<DeploymentRow>[]> {
    const name = nameAfter(request)
    if (ids.length === 0) return []
    const page = sql`${source} and candidate.status <> 'DELETED' and candidate.name > ${name}
      order by candidate.name limit ${request.first + 1}`
    const { rows } = await sql<DeploymentRow & { parentId: string }>`
      ${parentsOf(this.db, ids)} select child.*, parents.id as "parentId"
      from parents ${joinPage(this.db, 'deployments', ['id'], page)} order by child.name`.execute(this.db)
    const byParent = Map.groupBy(rows, (row) => row.parentId)
    return ids.map((id) => toPage(byParent.get(id) ?? [], request.first, nameCursor))
  }

  /** What became of packaging a version: only while that is the newest one, and the deployment was not deleted. */
  async setStatus(id: string, version: number, status: DeploymentStatus, statusDetail: string | null, updatedAt: Timestamp) {
    await this.db
      .updateTable('deployments')
      .set({ status, statusDetail, updatedAt })
      .where('id', '=', id)
      .where('version', '=', version)
      .where('status', '<>', 'DELETED')
      .execute()
  }

  /** @returns false when it was deleted */
  async setSchedule(id: string, change: ScheduleChange, updatedAt: Timestamp): Promise<boolean> {
    const { numUpdatedRows } = await this.db
      .updateTable('deployments')
      .set({ ...change, updatedAt })
      .where('id', '=', id)
      .where('status', '<>', 'DELETED')
      .executeTakeFirst()
    return numUpdatedRows === 1n
  }

  /** Those whose next tick has come, the longest overdue first. */
  due(now: Timestamp, limit: number): Promise<DeploymentRow[]> {
    return this.db
      .selectFrom('deployments')
      .selectAll()
      .where('nextRunAt', 'is not', null)
      .where('nextRunAt', '<=', now)
      .orderBy('nextRunAt')
      .limit(limit)
      .execute()
  }

  /** Goes on to another tick. @returns false when somebody else did, or the schedule was changed meanwhile */
  async advanceTick({ id, nextRunAt, cron, timezone }: DeploymentRow, next: Timestamp | null): Promise<boolean> {
    const { numUpdatedRows } = await this.db
      .updateTable('deployments')
      .set({ nextRunAt: next })
      .where('id', '=', id)
      .where('nextRunAt', '=', nextRunAt)
      .where('cron', '=', cron)
      .where('timezone', '=', timezone)
      .executeTakeFirst()
    return numUpdatedRows === 1n
  }

  /** Its name is free again, and its schedule is off. */
  async delete(id: string, updatedAt: Timestamp): Promise<void> {
    await this.db
      .updateTable('deployments')
      .set({ status: 'DELETED', statusDetail: null, scheduleEnabled: 0, nextRunAt: null, updatedAt })
      .where('id', '=', id)
      .where('status', '<>', 'DELETED')
      .execute()
  }

  /** What the compute backend calls it; null: it is not there any more. */
  async setApplication(id: string, applicationId: string | null): Promise<void> {
    await this.db.updateTable('deployments').set({ applicationId }).where('id', '=', id).execute()
  }

  /** Those that are deleted, and of which the compute backend still keeps something. */
  discardable(limit: number): Promise<DeploymentRow[]> {
    return this.db
      .selectFrom('deployments')
      .selectAll()
      .where('status', '=', sql.lit('DELETED' as const))
      .where('applicationId', 'is not', null)
      .limit(limit)
      .execute()
  }

  /** The numbers of its runs that have not ended, the lowest first. */
  async activeRunNumbers(id: string): Promise<number[]> {
    const rows = await this.db
      .selectFrom('pipeline_runs')
      .select('number')
      .where('deploymentId', '=', id)
      .where('endedAt', 'is', null)
      .orderBy('number')
      .execute()
    return rows.map(({ number }) => number)
  }
}
