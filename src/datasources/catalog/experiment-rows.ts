// Rows of experiments, runs and what runs log.
import type { Flag, Timestamp } from './column-types.js'

export const lifecycles = ['ACTIVE', 'DELETED'] as const
export type Lifecycle = (typeof lifecycles)[number]

export const runStatuses = ['RUNNING', 'SCHEDULED', 'FINISHED', 'FAILED', 'KILLED'] as const
export type RunStatus = (typeof runStatuses)[number]

export interface ExperimentRow {
  id: string
  projectId: string
  /** Unique among the active ones of its project. */
  name: string
  lifecycle: Lifecycle
  createdAt: Timestamp
  /** When its name or lifecycle changed last. */
  updatedAt: Timestamp
}

export interface ExperimentTagRow {
  experimentId: string
  key: string
  value: string
}

export interface RunRow {
  id: string
  projectId: string
  experimentId: string
  name: string
  status: RunStatus
  lifecycle: Lifecycle
  startedAt: Timestamp
  endedAt: Timestamp | null
  userId: string | null
  parentId: string | null
  /** The step whose script logged it. */
  pipelineStepId: string | null
}

/** Written once: a parameter does not change. */
export interface RunParamRow {
  runId: string
  /** Of the run: repeated here, so that one index finds the runs of an experiment by a parameter. */
  experimentId: string
  key: string
  value: string
}

export interface RunTagRow {
  runId: string
  experimentId: string
  key: string
  value: string
}

/** One point. Equal points are one row. */
export interface MetricPointRow {
  runId: string
  key: string
  /** Milliseconds since 1970. */
  timestamp: number
  /** May be beyond 2^53: bound as bigint, read as text. */
  step: number | bigint | string
  /** 0 for NaN, which compares as 0 where the latest point is sought; infinities are themselves. */
  value: number
  isNan: Flag
}

/** The point with the highest step, then newest timestamp, then largest value: so that no list scans points. */
export interface LatestMetricRow extends MetricPointRow {
  experimentId: string
}

/** A dataset that a run read, at the version it had then. */
export interface RunInputRow {
  runId: string
  datasetId: string
  datasetVersion: number
}

export interface ExperimentTables {
  experiments: ExperimentRow
  experiment_tags: ExperimentTagRow
  runs: RunRow
  run_params: RunParamRow
  run_tags: RunTagRow
  metric_points: MetricPointRow
  latest_metrics: LatestMetricRow
  run_inputs: RunInputRow
}
