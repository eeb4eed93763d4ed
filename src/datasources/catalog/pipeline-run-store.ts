// Pipeline runs, and the lease by which one server at a time advances each.
import { type Kysely, sql } from 'kysely'
import { joinPage, parentsOf } from './child-pages.js'
import type { Timestamp } from './column-types.js'
import { decodeTextCursor, encodeCursor, type Page, type PageRequest, toPage } from './page.js'
import type { PipelineRunRow, PipelineStatus } from './pipeline-rows.js'
import type { Tables } from './tables.js'

/** The newest first. */
export interface PipelineRunSearch extends PageRequest {
  /** Null: in any status. */
  statuses: readonly PipelineStatus[] | null
}

type Parent = 'projectId' | 'deploymentId'
type RunChange = Partial<
  Pick<PipelineRunRow, 'status' | 'statusDetail' | 'startedAt' | 'endedAt' | 'leaseOwner' | 'leaseUntil' | 'cancelRequestedAt'>
>

export class PipelineRunStore {
  constructor(private readonly db: Kysely<Tables>) {}

  async insert(run: PipelineRunRow): Promise<void> {
    await this.db.insertInto('pipeline_runs').values(run).execute()
  }

  byIds(ids: readonly string[]): Promise<PipelineRunRow[]> {
    return this.db.selectFrom('pipeline_runs').selectAll().where('id', 'in', ids).execute()
  }

  /** The next number of a run of this deployment. The deployment's row stays locked until the transaction ends. */
  async takeNumber(deploymentId: string): Promise<number> {
    const { lastRunNumber } = await this.db
      .updateTable('deployments')
      .set((row) => ({ lastRunNumber: row('lastRunNumber', '+', 1) }))
      .where('id', '=', deploymentId)
      .returning('lastRunNumber')
      .executeTakeFirstOrThrow()
    return lastRunNumber
  }

  findByIdempotencyKey(deploymentId: string, idempotencyKey: string): Promise<PipelineRunRow | undefined> {
    const runs = this.db.selectFrom('pipeline_runs').selectAll().where('deploymentId', '=', deploymentId)
    return runs.where('idempotencyKey', '=', idempotencyKey).executeTakeFirst()
  }

  findByTick(deploymentId: string, scheduledFor: Timestamp): Promise<PipelineRunRow | undefined> {
    const runs = this.db.selectFrom('pipeline_runs').selectAll().where('deploymentId', '=', deploymentId)
    return runs.where('scheduledFor', '=', scheduledFor).executeTakeFirst()
  }

  /** The run that tries this one again and has not ended. */
  findActiveRetry({ id, deploymentId }: PipelineRunRow): Promise<PipelineRunRow | undefined> {
    const runs = this.db.selectFrom('pipeline_runs').selectAll().where('deploymentId', '=', deploymentId)
    return runs.where('endedAt', 'is', null).where('retryOfId', '=', id).executeTakeFirst()
  }

  /** @returns false when it is in none of these statuses: somebody else was first */
  async move(id: string, from: readonly PipelineStatus[], change: RunChange): Promise<boolean> {
    const { numUpdatedRows } = await this.db
      .updateTable('pipeline_runs')
      .set(change)
      .where('id', '=', id)
      .where('status', 'in', from)
      .executeTakeFirst()
    return numUpdatedRows === 1n
  }

  /** The first request stays. @returns false for a run that has ended */
  async requestCancel(id: string, now: Timestamp): Promise<boolean> {
    const { numUpdatedRows } = await this.db
      .updateTable('pipeline_runs')
      .set((row) => ({ cancelRequestedAt: row.fn.coalesce('cancelRequestedAt', sql.val(now)) }))
      .where('id', '=', id)
      .where('endedAt', 'is', null)
      .executeTakeFirst()
    return numUpdatedRows === 1n
  }

  /**
   * Takes runs that nobody advances: those that nobody has taken since they were due, and those whose server let its lease
   * run out. The longest overdue first.
   */
  claimDue(lease: Lease, now: Timestamp, limit: number): Promise<PipelineRunRow[]> {
    const due = this.db
      .selectFrom('pipeline_runs')
      .select('id')
      .where('endedAt', 'is', null)
      .where('leaseUntil', '<=', now)
      .orderBy('leaseUntil')
      .limit(limit)
    return this.db
      .updateTable('pipeline_runs')
      .set({ leaseOwner: lease.owner, leaseUntil: lease.until })
      .where('id', 'in', due)
      .where('endedAt', 'is', null)
      .where('leaseUntil', '<=', now)
      .returningAll()
      .execute()
  }

  /** Takes these runs where nobody else has them, due or not. */
  claim(ids: readonly string[], lease: Lease, now: Timestamp): Promise<PipelineRunRow[]> {
    return this.db
      .updateTable('pipeline_runs')
      .set({ leaseOwner: lease.owner, leaseUntil: lease.until })
      .where('id', 'in', ids)
      .where('endedAt', 'is', null)
      .where((where) => where.or([where('leaseOwner', 'is', null), where('leaseUntil', '<=', now)]))
      .returningAll()
      .execute()
  }

  /** @returns the runs that this server still has, and whether somebody asked to cancel them */
  renew(lease: Lease): Promise<Pick<PipelineRunRow, 'id' | 'cancelRequestedAt'>[]> {
    return this.db
      .updateTable('pipeline_runs')
      .set({ leaseUntil: lease.until })
      .where('endedAt', 'is', null)
      .where('leaseOwner', '=', lease.owner)
      .returning(['id', 'cancelRequestedAt'])
      .execute()
  }

  /** Lets go of these runs. @param dueAt when the next server is to look at them */
  async release(ids: readonly string[], owner: string, dueAt: Timestamp): Promise<void> {
    await this.db
      .updateTable('pipeline_runs')
      .set({ leaseOwner: null, leaseUntil: dueAt })
      .where('id', 'in', ids)
      .where('leaseOwner', '=', owner)
      .where('endedAt', 'is', null)
      .execute()
  }

  /** The sequence of the newest event of each run. */
  async heads(ids: readonly string[]): Promise<Map<string, number>> {
    const rows = await this.db.selectFrom('pipeline_runs').select(['id', 'lastSequence']).where('id', 'in', ids).execute()
    return new Map(rows.map(({ id, lastSequence }) => [id, lastSequence]))
  }

  /** The same page of each of several projects or deployments. */
  async pagesBy(parent: Parent, parentIds: readonly string[], search: PipelineRunSearch): Promise<Page<PipelineRunRow>[]> {
    const before = search.after === null ? null : decodeTextCursor(search.after)
    if (parentIds.length === 0) return []
    const page = sql`from pipeline_runs as candidate where candidate.${sql.ref(parent)} = parents.id
        ${search.statuses === null ? sql`` : sql`and candidate.status in (${sql.join(search.statuses)})`}
        ${before === null ? sql`` : sql`and candidate.id < ${before}`}
      order by candidate.id desc limit ${search.first + 1}`
    const { rows } = await sql<PipelineRunRow>`
      ${parentsOf(this.db, parentIds)} select child.* from parents ${joinPage(this.db, 'pipeline_runs', ['id'], page)}
      order by child.id desc`.execute(this.db)
    const byParent = Map.groupBy(rows, (row) => row[parent])
    return parentIds.map((id) => toPage(byParent.get(id) ?? [], search.first, (run) => encodeCursor([run.id])))
  }

  async countBy(parent: Parent, parentIds: readonly string[], statuses: readonly PipelineStatus[] | null): Promise<number[]> {
    let counted = this.db
      .selectFrom('pipeline_runs')
      .select(({ fn }) => [parent, fn.countAll<number>().as('count')])
      .where(parent, 'in', parentIds)
    if (statuses) counted = counted.where('status', 'in', statuses)
    const rows = await counted.groupBy(parent).execute()
    const counts = new Map(rows.map((row) => [row[parent], Number(row.count)]))
    return parentIds.map((id) => counts.get(id) ?? 0)
  }
}

export interface Lease {
  /** The server, for as long as it runs. */
  owner: string
  until: Timestamp
}
