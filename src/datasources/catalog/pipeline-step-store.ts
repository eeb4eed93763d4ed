// Steps of pipeline runs: how each is getting on.
import type { Kysely } from 'kysely'
import type { Timestamp } from './column-types.js'
import type { RunRow } from './experiment-rows.js'
import type { PipelineStepRow } from './pipeline-rows.js'
import type { DatasetRow, Tables } from './tables.js'

export type StepChange = Partial<Omit<PipelineStepRow, 'id' | 'projectId' | 'pipelineRunId' | 'position' | 'name' | 'kind'>>

export class PipelineStepStore {
  constructor(private readonly db: Kysely<Tables>) {}

  /** @param steps at least one */
  async insert(steps: readonly PipelineStepRow[]): Promise<void> {
    await this.db.insertInto('pipeline_steps').values(steps).execute()
  }

  byIds(ids: readonly string[]): Promise<PipelineStepRow[]> {
    return this.db.selectFrom('pipeline_steps').selectAll().where('id', 'in', ids).execute()
  }

  /** In their order. */
  byRuns(runIds: readonly string[]): Promise<PipelineStepRow[]> {
    return this.db
      .selectFrom('pipeline_steps')
      .selectAll()
      .where('pipelineRunId', 'in', runIds)
      .orderBy('pipelineRunId')
      .orderBy('position')
      .execute()
  }

  /** @returns false when it is no longer in the status and attempt of `step`: somebody else was first */
  async move(step: PipelineStepRow, change: StepChange): Promise<boolean> {
    const { numUpdatedRows } = await this.db
      .updateTable('pipeline_steps')
      .set(change)
      .where('id', '=', step.id)
      .where('status', '=', step.status)
      .where('attempt', '=', step.attempt)
      .executeTakeFirst()
    return numUpdatedRows === 1n
  }

  /** Of those that have not ended: the time at which their status was confirmed, when it is later than what is there. */
  async setObserved(ids: readonly string[], at: Timestamp): Promise<void> {
    await this.db
      .updateTable('pipeline_steps')
      .set({ observedAt: at })
      .where('id', 'in', ids)
      .where('endedAt', 'is', null)
      .where('observedAt', '<', at)
      .execute()
  }

  /** What the scripts of these steps logged, the oldest first. */
  runs(stepIds: readonly string[]): Promise<RunRow[]> {
    return this.db
      .selectFrom('runs')
      .selectAll()
      .where('pipelineStepId', 'in', stepIds)
      .where('lifecycle', '=', 'ACTIVE')
      .orderBy('id')
      .execute()
  }

  /** The datasets whose newest version these steps made, by name. */
  datasets(stepIds: readonly string[]): Promise<DatasetRow[]> {
    return this.db.selectFrom('datasets').selectAll().where('pipelineStepId', 'in', stepIds).orderBy('name').execute()
  }
}
