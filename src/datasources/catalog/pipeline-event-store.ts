// The log of each pipeline run: everything that happens to it, and every line its steps print, numbered without gaps.
import { type Kysely, sql } from 'kysely'
import { joinPage, parentsOf } from './child-pages.js'
import { insertRows } from './insert-rows.js'
import type { PipelineEventRow } from './pipeline-rows.js'
import type { Tables } from './tables.js'

/** An event that has no place in the log yet. */
export type NewPipelineEvent = Omit<PipelineEventRow, 'pipelineRunId' | 'sequence'>

/** The columns that most events leave empty. */
export const blank = {
  stepId: null,
  stepName: null,
  runStatus: null,
  stepStatus: null,
  progress: null,
  message: null,
  stream: null,
  number: null,
} as const

const columns = {
  pipelineRunId: 'text',
  sequence: 'integer',
  type: 'text',
  at: 'text',
  stepId: 'text',
  stepName: 'text',
  runStatus: 'text',
  stepStatus: 'text',
  progress: 'double precision',
  message: 'text',
  stream: 'text',
  number: 'integer',
} as const
const columnNames = Object.keys(columns) as (keyof typeof columns)[]

export class PipelineEventStore {
  constructor(private readonly db: Kysely<Tables>) {}

  /**
   * Writes events behind those that are there. Call it in a transaction: the row of the run is locked until its end, so that
   * the order of sequence is the order of commit.
   * @param owner the server that must hold the lease of the run; null: whoever does
   * @returns the rows; null when the run has ended or another server has it, and then nothing was written
   */
  async append(
    pipelineRunId: string,
    events: readonly NewPipelineEvent[],
    owner: string | null,
  ): Promise<PipelineEventRow[] | null> {
    let raised = this.db
      .updateTable('pipeline_runs')
      .set((row) => ({ lastSequence: row('lastSequence', '+', events.length) }))
      .where('id', '=', pipelineRunId)
      .where('endedAt', 'is', null)
    if (owner !== null) raised = raised.where('leaseOwner', '=', owner)
    const run = await raised.returning('lastSequence').executeTakeFirst()
    if (!run) return null
    const first = run.lastSequence - events.length + 1
    const rows = events.map((event, index): PipelineEventRow => ({ pipelineRunId, sequence: first + index, ...event }))
    const values = rows.map((row) => columnNames.map((column) => row[column]))
    await insertRows(this.db, 'pipeline_events', columns, values, '')
    return rows
  }

  /** Events with a higher sequence than `after`, in order. */
  read(pipelineRunId: string, after: number, limit: number): Promise<PipelineEventRow[]> {
    return this.db
      .selectFrom('pipeline_events')
      .selectAll()
      .where('pipelineRunId', '=', pipelineRunId)
      .where('sequence', '>', after)
      .orderBy('sequence')
      .limit(limit)
      .execute()
  }

  /** The same of each of several runs. @returns one list for each id, in the order of the ids */
  async pagesByRun(runIds: readonly string[], after: number, limit: number): Promise<PipelineEventRow[][]> {
    if (runIds.length === 0) return []
    const page = sql`from pipeline_events as candidate
      where candidate."pipelineRunId" = parents.id and candidate.sequence > ${after} order by candidate.sequence limit ${limit}`
    const { rows } = await sql<PipelineEventRow>`
      ${parentsOf(this.db, runIds)} select child.* from parents ${joinPage(this.db, 'pipeline_events', ['pipelineRunId', 'sequence'], page)}
      order by child."pipelineRunId", child.sequence`.execute(this.db)
    const byRun = Map.groupBy(rows, (row) => row.pipelineRunId)
    return runIds.map((id) => byRun.get(id) ?? [])
  }

  /** Lines of each of several steps with a higher number than `after`, in order. @returns one list for each id */
  async linesBySteps(stepIds: readonly string[], after: number, limit: number): Promise<PipelineEventRow[][]> {
    if (stepIds.length === 0) return []
    const page = sql`from pipeline_events as candidate
      where candidate."stepId" = parents.id and candidate.number > ${after} order by candidate.number limit ${limit}`
    const { rows } = await sql<PipelineEventRow>`
      ${parentsOf(this.db, stepIds)} select child.* from parents ${joinPage(this.db, 'pipeline_events', ['pipelineRunId', 'sequence'], page)}
      order by child."stepId", child.number`.execute(this.db)
    const byStep = Map.groupBy(rows, (row) => row.stepId!)
    return stepIds.map((id) => byStep.get(id) ?? [])
  }
}
