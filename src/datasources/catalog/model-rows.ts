// Rows of the model registry.
import type { Timestamp } from './column-types.js'

export const modelStages = ['NONE', 'STAGING', 'PRODUCTION', 'ARCHIVED'] as const
export type ModelStage = (typeof modelStages)[number]

export const modelVersionStatuses = ['PENDING', 'READY', 'FAILED'] as const
export type ModelVersionStatus = (typeof modelVersionStatuses)[number]

export interface ModelRow {
  id: string
  projectId: string
  name: string
  description: string | null
  /** The highest number that was ever given: numbers are not used again. */
  lastVersion: number
  createdAt: Timestamp
  updatedAt: Timestamp
}

export interface ModelTagRow {
  modelId: string
  key: string
  value: string
}

/** Files and digest never change; stage, description and tags do. */
export interface ModelVersionRow {
  id: string
  projectId: string
  modelId: string
  version: number
  stage: ModelStage
  status: ModelVersionStatus
  description: string | null
  modelType: string | null
  requirements: string | null
  runId: string | null
  /** Bytes of all files. */
  size: number
  /** Of the one file; of several, of the lines `<sha256>  <key>` in the order of the keys. */
  sha256: string | null
  createdBy: string | null
  createdAt: Timestamp
  updatedAt: Timestamp
  /** Its number stays used. */
  deletedAt: Timestamp | null
}

/** Pins the bytes: the row of an object is a version of them. */
export interface ModelVersionFileRow {
  modelVersionId: string
  position: number
  objectId: string
}

export interface ModelVersionTagRow {
  modelVersionId: string
  key: string
  value: string
}

export interface ModelAliasRow {
  modelId: string
  alias: string
  modelVersionId: string
}

export interface StageTransitionRow {
  modelVersionId: string
  /** 1 for the first of its version: two may have the same time. */
  number: number
  from: ModelStage
  to: ModelStage
  at: Timestamp
  by: string | null
}

export interface ModelTables {
  models: ModelRow
  model_tags: ModelTagRow
  model_versions: ModelVersionRow
  model_version_files: ModelVersionFileRow
  model_version_tags: ModelVersionTagRow
  model_aliases: ModelAliasRow
  stage_transitions: StageTransitionRow
}
