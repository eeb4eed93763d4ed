// Tells who listens what was written to the log of a pipeline run, and the servers that there is something to do.
import type { PipelineEventRow, PipelineRunRow } from '../datasources/catalog/pipeline-rows.js'
import type { Publisher } from '../pubsub/topics.js'

/** Call it after the commit. @param events in order */
export function publishPipelineEvents(
  publisher: Publisher,
  { id, projectId }: Pick<PipelineRunRow, 'id' | 'projectId'>,
  events: readonly PipelineEventRow[],
): void {
  if (events.length === 0) return
  publisher.publish('logEvents', id, { events })
  if (events.some(({ type }) => type !== 'LOG')) publisher.publish('pipelineRunChanged', projectId, { pipelineRunId: id })
}

/** One stream for all servers. */
export const allRuns = 'all'

/** Whichever server may take the run, or has it, looks at it at once. */
export const announceDueRun = (publisher: Publisher, pipelineRunId: string): void =>
  publisher.publish('pipelineRunDue', allRuns, { pipelineRunId })
