import type { StepKind } from '../datasources/catalog/deployment-rows.js'
import { enumOf } from './enum-of.js'

export const StepKindEnum = enumOf<StepKind>('StepKind', 'What a step is for. It says nothing of how the step runs.', {
  INGESTION: 'Fetches data.',
  FEATURE_ENGINEERING: 'Turns data into features.',
  TRAINING: 'Learns from features.',
  EVALUATION: 'Measures what was learned.',
  PREDICTION: 'Applies a model.',
  CUSTOM: 'Anything else.',
})
