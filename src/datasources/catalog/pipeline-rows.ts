// Rows of pipeline runs: their steps, their events, the predictions they save.
import type { Timestamp } from './column-types.js'
import type { StepKind } from './deployment-rows.js'

export const pipelineStatuses = ['QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELED'] as const
export type PipelineStatus = (typeof pipelineStatuses)[number]

export const stepStatuses = ['PENDING', 'QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELED', 'SKIPPED'] as const
export type StepStatus = (typeof stepStatuses)[number]

export const triggers = ['MANUAL', 'SCHEDULE', 'RETRY'] as const
export type Trigger = (typeof triggers)[number]

export const pipelineEventTypes = ['RUN_STATUS', 'STEP_STATUS', 'STEP_PROGRESS', 'LOG'] as const
export type PipelineEventType = (typeof pipelineEventTypes)[number]

export const logStreams = ['STDOUT', 'STDERR', 'SYSTEM'] as const
export type LogStream = (typeof logStreams)[number]

export interface PipelineRunRow {
  id: string
  projectId: string
  deploymentId: string
  deploymentVersion: number
  /** 1, 2, 3 … within its deployment. */
  number: number
  status: PipelineStatus
  statusDetail: string | null
  trigger: Trigger
  /** JSON: arguments of this run, by name. */
  arguments: string
  createdAt: Timestamp
  startedAt: Timestamp | null
  endedAt: Timestamp | null
  createdBy: string | null
  /** Of its newest event. Raised in the transaction that writes the event, under this row's lock. */
  lastSequence: number
  /** The server that advances it, until `leaseUntil`; any server may take it afterwards. */
  leaseOwner: string | null
  /** Without an owner: when a server is to look at it, if it is not told earlier. Null once the run has ended. */
  leaseUntil: Timestamp | null
  cancelRequestedAt: Timestamp | null
  /** The run that it tries again. */
  retryOfId: string | null
  /** The tick that fired it: one run for each. */
  scheduledFor: Timestamp | null
  idempotencyKey: string | null
}

export interface PipelineStepRow {
  id: string
  projectId: string
  pipelineRunId: string
  position: number
  name: string
  kind: StepKind
  status: StepStatus
  statusDetail: string | null
  /** 0 before the first submission. */
  attempt: number
  /** 0 to 1, as the script says. */
  progress: number | null
  message: string | null
  startedAt: Timestamp | null
  endedAt: Timestamp | null
  /** On the compute backend, of the newest attempt. */
  computeRunId: string | null
  /** The newest attempt has failed, and the next one is not submitted before then. Null while an attempt is under way. */
  retryAt: Timestamp | null
  /** What the script of the newest attempt said of its own failure: then it has failed, however its process ends. */
  reportedFailure: string | null
  /** Of its newest log line. */
  lastLogNumber: number
  /** When the compute backend last confirmed the status; null where the server hears of every change as it happens. */
  observedAt: Timestamp | null
  /** JSON, of the newest attempt: how far the output of each source is written down. */
  outputCursors: string | null
}

/** Never changes. Log lines are events too: `number` and `stream` are theirs. */
export interface PipelineEventRow {
  pipelineRunId: string
  /** 1, 2, 3 … within the run, without gaps. */
  sequence: number
  type: PipelineEventType
  at: Timestamp
  stepId: string | null
  stepName: string | null
  runStatus: PipelineStatus | null
  stepStatus: StepStatus | null
  progress: number | null
  /** Of a log event: the line. */
  message: string | null
  stream: LogStream | null
  /** 1, 2, 3 … within the step. */
  number: number | null
}

export interface PredictionRow {
  id: string
  projectId: string
  modelVersionId: string
  deploymentId: string | null
  pipelineRunId: string | null
  stepId: string | null
  outputDatasetId: string
  inputDatasetId: string | null
  /** The value of the column VERSION of its rows. */
  version: number
  rowCount: number
  idempotencyKey: string | null
  createdAt: Timestamp
  createdBy: string | null
}

export interface PipelineTables {
  pipeline_runs: PipelineRunRow
  pipeline_steps: PipelineStepRow
  pipeline_events: PipelineEventRow
  predictions: PredictionRow
}
