// Rows of deployments: what runs, in which version, when.
import type { Flag, Timestamp } from './column-types.js'

export const deploymentKinds = ['BATCH', 'ONLINE'] as const
export type DeploymentKind = (typeof deploymentKinds)[number]

export const deploymentStatuses = ['PACKAGING', 'READY', 'FAILED', 'DELETED'] as const
export type DeploymentStatus = (typeof deploymentStatuses)[number]

export const clusterSizes = ['SMALL', 'MEDIUM', 'LARGE'] as const
export type ClusterSize = (typeof clusterSizes)[number]

export const stepKinds = ['INGESTION', 'FEATURE_ENGINEERING', 'TRAINING', 'EVALUATION', 'PREDICTION', 'CUSTOM'] as const
export type StepKind = (typeof stepKinds)[number]

export interface DeploymentRow {
  id: string
  projectId: string
  /** Unique among those of its project that are not deleted. */
  name: string
  kind: DeploymentKind
  /** Of its newest version; DELETED for ever. */
  status: DeploymentStatus
  statusDetail: string | null
  /** The newest version. */
  version: number
  cron: string | null
  timezone: string
  scheduleEnabled: Flag
  /** The next tick that was not fired yet; null without a schedule. */
  nextRunAt: Timestamp | null
  /** The highest number that was given to a pipeline run of it. */
  lastRunNumber: number
  /** On the compute backend. */
  applicationId: string | null
  createdAt: Timestamp
  updatedAt: Timestamp
}

/** What a pipeline run keeps from its start to its end. Only the outcome of packaging is written later. */
export interface DeploymentVersionRow {
  deploymentId: string
  version: number
  status: DeploymentStatus
  statusDetail: string | null
  cluster: ClusterSize
  requirements: string | null
  /** The archive of requirements and libraries; null where there are none, or not yet. */
  archiveObjectId: string | null
  archiveSha256: string | null
  /** JSON: `name==version` of each package. */
  archivePackages: string | null
  archiveBuiltAt: Timestamp | null
  /** What the archive is made from, hashed: the same key, the same archive. Null where there is nothing to package. */
  archiveKey: string | null
  /** While PACKAGING: the server that builds has it until then; null: nobody builds. */
  packagingUntil: Timestamp | null
  modelVersionId: string | null
  /** The same call with the same key makes one version. */
  idempotencyKey: string | null
  createdBy: string | null
  createdAt: Timestamp
}

export interface DeploymentStepRow {
  deploymentId: string
  version: number
  position: number
  name: string
  kind: StepKind
  /** Pins the script's bytes. */
  scriptObjectId: string
  /** JSON: texts. */
  arguments: string
  /** JSON: names of earlier steps. */
  needs: string
  maxAttempts: number
  timeoutSeconds: number | null
}

export interface DeploymentLibraryRow {
  deploymentId: string
  version: number
  position: number
  objectId: string
}

export interface DeploymentTables {
  deployments: DeploymentRow
  deployment_versions: DeploymentVersionRow
  deployment_steps: DeploymentStepRow
  deployment_libraries: DeploymentLibraryRow
}
