import { newId } from '../../src/datasources/catalog/node-id.js'
import type { PipelineRunRow, PipelineStepRow } from '../../src/datasources/catalog/pipeline-rows.js'
import { at } from './catalog-rows.js'

/** Rows that a catalog takes. */
export const pipelineRunRow = (of: { id: string; projectId: string }, over: Partial<PipelineRunRow> = {}): PipelineRunRow => ({
  id: newId('pipelineRun'),
  projectId: of.projectId,
  deploymentId: of.id,
  deploymentVersion: 1,
  number: 1,
  status: 'QUEUED',
  statusDetail: null,
  trigger: 'MANUAL',
  arguments: '{}',
  createdAt: at(0),
  startedAt: null,
  endedAt: null,
  createdBy: null,
  lastSequence: 0,
  leaseOwner: null,
  leaseUntil: at(0),
  cancelRequestedAt: null,
  retryOfId: null,
  scheduledFor: null,
  idempotencyKey: null,
  ...over,
})

export const pipelineStepRow = (
  run: { id: string; projectId: string },
  over: Partial<PipelineStepRow> = {},
): PipelineStepRow => ({
  id: newId('pipelineStep'),
  projectId: run.projectId,
  pipelineRunId: run.id,
  position: 0,
  name: 'step',
  kind: 'CUSTOM',
  status: 'PENDING',
  statusDetail: null,
  attempt: 0,
  progress: null,
  message: null,
  startedAt: null,
  endedAt: null,
  computeRunId: null,
  retryAt: null,
  reportedFailure: null,
  lastLogNumber: 0,
  observedAt: null,
  outputCursors: null,
  ...over,
})
