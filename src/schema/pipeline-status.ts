import type { LogStream, PipelineStatus, StepStatus } from '../datasources/catalog/pipeline-rows.js'
import { enumOf } from './enum-of.js'

export const PipelineStatusEnum = enumOf<PipelineStatus>('PipelineStatus', 'How a pipeline run is getting on.', {
  QUEUED: 'Not yet begun: it waits for its turn, or for its deployment to be packaged.',
  RUNNING: 'Its first step was begun.',
  SUCCEEDED: 'Every step succeeded.',
  FAILED: 'A step failed, and nothing else could run any more.',
  CANCELED: 'Somebody ended it.',
})

export const StepStatusEnum = enumOf<StepStatus>('StepStatus', 'How a step of a pipeline run is getting on.', {
  PENDING: 'It waits for the steps that it needs.',
  QUEUED: 'It waits for the compute backend, or, after an attempt that failed, for the next one.',
  RUNNING: 'Its script runs.',
  SUCCEEDED: 'Its script ended well, in this run or in the one that this run tries again.',
  FAILED: 'Its last attempt failed.',
  CANCELED: 'It was ended, or never begun, because somebody ended the run.',
  SKIPPED: 'It was not begun, because something that it needs did not succeed.',
})

export const LogStreamEnum = enumOf<LogStream>('LogStream', 'Where a line of a log comes from.', {
  STDOUT: "The script's standard output.",
  STDERR: "The script's standard error.",
  SYSTEM: 'What runs the script.',
})
