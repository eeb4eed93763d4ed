// Predictions that were saved: what they were made with, and where their rows are.
import { type Kysely, sql } from 'kysely'
import { joinPage, parentsOf } from './child-pages.js'
import { decodeTextCursor, encodeCursor, type Page, type PageRequest, toPage } from './page.js'
import type { PredictionRow } from './pipeline-rows.js'
import type { Tables } from './tables.js'

/** What predictions are listed by. */
export type PredictionParent = 'projectId' | 'modelVersionId' | 'deploymentId' | 'outputDatasetId' | 'inputDatasetId'

export class PredictionStore {
  constructor(private readonly db: Kysely<Tables>) {}

  async insert(prediction: PredictionRow): Promise<void> {
    await this.db.insertInto('predictions').values(prediction).execute()
  }

  byIds(ids: readonly string[]): Promise<PredictionRow[]> {
    return this.db.selectFrom('predictions').selectAll().where('id', 'in', ids).execute()
  }

  findByIdempotencyKey(projectId: string, idempotencyKey: string): Promise<PredictionRow | undefined> {
    return this.db
      .selectFrom('predictions')
      .selectAll()
      .where('projectId', '=', projectId)
      .where('idempotencyKey', '=', idempotencyKey)
      .executeTakeFirst()
  }

  /** 0 where there is none. */
  async highestVersion(outputDatasetId: string): Promise<number> {
    const { highest } = await this.db
      .selectFrom('predictions')
      .select(({ fn }) => fn.max('version').as('highest'))
      .where('outputDatasetId', '=', outputDatasetId)
      .executeTakeFirstOrThrow()
    return Number(highest ?? 0)
  }

  /** The newest first; one page for each parent. */
  async pagesBy(parent: PredictionParent, parentIds: readonly string[], request: PageRequest): Promise<Page<PredictionRow>[]> {
    const before = request.after === null ? null : decodeTextCursor(request.after)
    if (parentIds.length === 0) return []
    const page = sql`from predictions as candidate where candidate.${sql.ref(parent)} = parents.id
        ${before === null ? sql`` : sql`and candidate.id < ${before}`}
      order by candidate.id desc limit ${request.first + 1}`
    const { rows } = await sql<PredictionRow>`
      ${parentsOf(this.db, parentIds)} select child.* from parents ${joinPage(this.db, 'predictions', ['id'], page)}
      order by child.id desc`.execute(this.db)
    const byParent = Map.groupBy(rows, (row) => row[parent])
    return parentIds.map((id) => toPage(byParent.get(id) ?? [], request.first, (prediction) => encodeCursor([prediction.id])))
  }

  async countBy(parent: PredictionParent, parentIds: readonly string[]): Promise<number[]> {
    const rows = await this.db
      .selectFrom('predictions')
      .select(({ fn }) => [parent, fn.countAll<number>().as('count')])
      .where(parent, 'in', parentIds)
      .groupBy(parent)
      .execute()
    const counts = new Map(rows.map((row) => [row[parent], Number(row.count)]))
    return parentIds.map((id) => counts.get(id) ?? 0)
  }

  /** All of each run or step, the newest first. */
  allBy(parent: 'pipelineRunId' | 'stepId', parentIds: readonly string[]): Promise<PredictionRow[]> {
    return this.db.selectFrom('predictions').selectAll().where(parent, 'in', parentIds).orderBy('id', 'desc').execute()
  }
}
