// The catalog's tables as kysely sees them. A column has the name of the field that clients see, so that rows need no mapping.

import type { Flag, Timestamp } from './column-types.js'
import type { DeploymentTables } from './deployment-rows.js'
import type { ExperimentTables } from './experiment-rows.js'
import type { ModelTables } from './model-rows.js'
import type { PipelineTables } from './pipeline-rows.js'

export const roles = ['VIEWER', 'EDITOR', 'OWNER'] as const
export type Role = (typeof roles)[number]

export const bucketPurposes = ['RAW', 'FEATURES', 'MODELS', 'DEPLOYMENTS', 'PREDICTIONS', 'TEMP'] as const
export type BucketPurpose = (typeof bucketPurposes)[number]

export const datasetKinds = ['TABLE', 'OBJECT'] as const
export type DatasetKind = (typeof datasetKinds)[number]

export interface UserRow {
  id: string
  /** Lower case. */
  email: string
  name: string | null
  /** Null for people who come through OIDC only. */
  passwordHash: string | null
  isAdmin: Flag
  createdAt: Timestamp
}

export interface SessionRow {
  /** SHA-256 of the token: the token itself is nowhere on the server. */
  tokenHash: string
  userId: string
  createdAt: Timestamp
  expiresAt: Timestamp
}

export interface AccessKeyRow {
  id: string
  userId: string
  name: string
  secretHash: string
  /** Null: all projects of its user. */
  projectId: string | null
  /** The most it may do; never more than its user may. */
  role: Role
  createdAt: Timestamp
  expiresAt: Timestamp | null
  lastUsedAt: Timestamp | null
  revokedAt: Timestamp | null
  /** Of the step that it was made for, which it ends with; null: a key that somebody made. */
  pipelineStepId: string | null
}

/** Failed logins of one account or one address, counted from `since`. */
export interface LoginFailureRow {
  subject: string
  failures: number
  since: Timestamp
}

export interface ProjectRow {
  id: string
  name: string
  description: string | null
  createdAt: Timestamp
}

export interface ProjectMemberRow {
  projectId: string
  userId: string
  role: Role
}

export interface BucketRow {
  id: string
  projectId: string
  name: string
  purpose: BucketPurpose
  createdAt: Timestamp
}

/** One version of the bytes at a key; rows never change but for `isCurrent`. What pins bytes holds the row's id. */
export interface StoredObjectRow {
  id: string
  projectId: string
  bucketId: string
  key: string
  /** 1 for the version that the key means now. */
  isCurrent: Flag
  /** The storage backend's name of these bytes. */
  version: string
  size: number
  etag: string
  sha256: string | null
  contentType: string
  lastModified: Timestamp
  /** When another version, or a deletion, took its place. */
  replacedAt: Timestamp | null
  createdBy: string | null
}

export interface UploadRow {
  id: string
  projectId: string
  bucketId: string
  key: string
  size: number
  contentType: string
  /** What the client says the bytes hash to. */
  sha256: string | null
  partSize: number
  token: string
  createdBy: string
  createdAt: Timestamp
  expiresAt: Timestamp
  /** Set once, by the call that completes it. */
  objectId: string | null
}

export interface DatasetRow {
  id: string
  projectId: string
  name: string
  kind: DatasetKind
  description: string | null
  /** The table in the project's lakehouse schema. */
  tableName: string
  /** 1 when the table was made for this dataset and goes with it. */
  ownsTable: Flag
  /** The bytes it was last loaded from. */
  objectId: string | null
  version: number
  /** The step that made it, or its newest version. */
  pipelineStepId: string | null
  createdAt: Timestamp
  updatedAt: Timestamp
}

/** What each version of a dataset was made from. */
export interface DatasetVersionRow {
  datasetId: string
  version: number
  objectId: string | null
  sql: string | null
  rowCount: number
  createdBy: string | null
  createdAt: Timestamp
}

/** A table result that may be fetched as a file until `expiresAt`. */
export interface ExportTicketRow {
  id: string
  projectId: string
  /** JSON of an `ExportRequest`. */
  request: string
  expiresAt: Timestamp
}

/** What all servers on one catalog share, by name. */
export interface ServerSecretRow {
  name: string
  value: string
}

export interface Tables extends ExperimentTables, ModelTables, DeploymentTables, PipelineTables {
  users: UserRow
  sessions: SessionRow
  access_keys: AccessKeyRow
  login_failures: LoginFailureRow
  projects: ProjectRow
  project_members: ProjectMemberRow
  buckets: BucketRow
  stored_objects: StoredObjectRow
  uploads: UploadRow
  datasets: DatasetRow
  dataset_versions: DatasetVersionRow
  export_tickets: ExportTicketRow
  server_secrets: ServerSecretRow
}
