// Made by `npm run codegen`: do not edit.
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import { typedDocument } from '../typed-document.js'
/** The codes that errors have, as the enum `ErrorCode` of the schema lists them. */
export const errorCodes: readonly ErrorCode[] = ['BACKEND_UNAVAILABLE', 'BAD_USER_INPUT', 'CONFLICT', 'FORBIDDEN', 'INTERNAL_SERVER_ERROR', 'NOT_FOUND', 'PRECONDITION_FAILED', 'QUERY_TOO_COMPLEX', 'RATE_LIMITED', 'TIMEOUT', 'UNAUTHENTICATED']

const AccessKeyFieldsText = `fragment AccessKeyFields on AccessKey {
  id
  name
  role
  project {
    ...ProjectRef
  }
  createdAt
  expiresAt
  lastUsedAt
  revokedAt
}`

const BucketFieldsText = `fragment BucketFields on Bucket {
  id
  name
  purpose
  project {
    ...ProjectRef
  }
  createdAt
  namingProblem
}`

const BucketSyncFieldsText = `fragment BucketSyncFields on BucketSyncResult {
  bucket {
    ...BucketFields
  }
  added
  replaced
  removed
  skipped
  skippedKeys
}`

const ColumnFieldsText = `fragment ColumnFields on Column {
  name
  type
  databaseType
  nullable
}`

const DatasetFieldsText = `fragment DatasetFields on Dataset {
  id
  name
  version
  kind
  description
  table
  rowCount
  columns {
    ...ColumnFields
  }
  object {
    ...ObjectRef
  }
  project {
    ...ProjectRef
  }
  createdAt
  updatedAt
}`

const DatasetRefText = `fragment DatasetRef on Dataset {
  id
  name
  version
}`

const DeploymentFieldsText = `fragment DeploymentFields on Deployment {
  id
  name
  version
  kind
  status
  statusDetail
  cluster {
    size
    executors
    driverShape
    executorShape
  }
  schedule {
    ...ScheduleFields
  }
  modelVersion {
    ...ModelVersionRef
  }
  latestRun {
    ...PipelineRunRef
  }
  project {
    ...ProjectRef
  }
  createdAt
  updatedAt
}`

const DeploymentRefText = `fragment DeploymentRef on Deployment {
  id
  name
  version
}`

const ExperimentFieldsText = `fragment ExperimentFields on Experiment {
  id
  name
  lifecycle
  tags {
    ...TagFields
  }
  project {
    ...ProjectRef
  }
  createdAt
  updatedAt
}`

const ExperimentRefText = `fragment ExperimentRef on Experiment {
  id
  name
}`

const MemberFieldsText = `fragment MemberFields on ProjectMember {
  role
  user {
    ...UserRef
  }
}`

const MetricFieldsText = `fragment MetricFields on Metric {
  key
  value
  text
  step
  timestamp
}`

const ModelFieldsText = `fragment ModelFields on Model {
  id
  name
  description
  tags {
    ...TagFields
  }
  aliases {
    alias
    version {
      ...ModelVersionRef
    }
  }
  latestVersion {
    ...ModelVersionRef
  }
  project {
    ...ProjectRef
  }
  createdAt
  updatedAt
}`

const ModelRefText = `fragment ModelRef on Model {
  id
  name
}`

const ModelVersionFieldsText = `fragment ModelVersionFields on ModelVersion {
  id
  uri
  version
  stage
  status
  aliases
  description
  modelType
  requirements
  size
  sha256
  tags {
    ...TagFields
  }
  model {
    ...ModelRef
  }
  run {
    ...RunRef
  }
  createdAt
  updatedAt
}`

const ModelVersionRefText = `fragment ModelVersionRef on ModelVersion {
  id
  uri
  version
  stage
}`

const NodeRefText = `fragment NodeRef on Node {
  __typename
  id
  ... on Project {
    name
  }
  ... on Bucket {
    name
  }
  ... on StoredObject {
    key
  }
  ... on Dataset {
    name
    version
  }
  ... on Experiment {
    name
  }
  ... on Run {
    name
  }
  ... on Model {
    name
  }
  ... on ModelVersion {
    uri
    version
  }
  ... on Deployment {
    name
    version
  }
  ... on PipelineRun {
    number
  }
  ... on PipelineStep {
    name
  }
  ... on Prediction {
    version
  }
  ... on User {
    email
  }
  ... on AccessKey {
    name
  }
}`

const ObjectFieldsText = `fragment ObjectFields on StoredObject {
  id
  key
  size
  contentType
  etag
  sha256
  lastModified
  bucket {
    id
    name
  }
}`

const ObjectRefText = `fragment ObjectRef on StoredObject {
  id
  key
  size
  sha256
  bucket {
    id
    name
  }
}`

const PageFieldsText = `fragment PageFields on PageInfo {
  hasNextPage
  endCursor
}`

const PipelineEventFieldsText = `fragment PipelineEventFields on PipelineEvent {
  sequence
  type
  at
  stepName
  runStatus
  stepStatus
  progress
  message
  stream
  number
}`

const PipelineRunFieldsText = `fragment PipelineRunFields on PipelineRun {
  id
  number
  status
  statusDetail
  trigger
  lastSequence
  createdAt
  startedAt
  endedAt
  durationMs
  cancelRequestedAt
  deploymentVersion
  deployment {
    ...DeploymentRef
  }
  project {
    ...ProjectRef
  }
}`

const PipelineRunRefText = `fragment PipelineRunRef on PipelineRun {
  id
  number
  status
}`

const PredictionFieldsText = `fragment PredictionFields on Prediction {
  id
  version
  rowCount
  createdAt
  createdBy {
    ...UserRef
  }
  modelVersion {
    ...ModelVersionRef
  }
  output {
    ...DatasetRef
    table
  }
  input {
    ...DatasetRef
  }
  deployment {
    ...DeploymentRef
  }
  pipelineRun {
    ...PipelineRunRef
  }
  project {
    ...ProjectRef
  }
}`

const PredictionRefText = `fragment PredictionRef on Prediction {
  id
  version
  rowCount
  createdAt
}`

const ProjectFieldsText = `fragment ProjectFields on Project {
  id
  name
  description
  viewerRole
  createdAt
}`

const ProjectRefText = `fragment ProjectRef on Project {
  id
  name
}`

const RunFieldsText = `fragment RunFields on Run {
  id
  name
  status
  lifecycle
  startedAt
  endedAt
  experiment {
    ...ExperimentRef
  }
  user {
    ...UserRef
  }
  params {
    ...TagFields
  }
  metrics {
    ...MetricFields
  }
  tags {
    ...TagFields
  }
}`

const RunRefText = `fragment RunRef on Run {
  id
  name
  status
  experiment {
    ...ExperimentRef
  }
}`

const ScheduleFieldsText = `fragment ScheduleFields on Schedule {
  cron
  timezone
  enabled
  nextRunAt
}`

const StepFieldsText = `fragment StepFields on PipelineStep {
  id
  name
  kind
  status
  statusDetail
  attempt
  progress
  message
  startedAt
  endedAt
  durationMs
  computeRunId
  observedAt
  stale
}`

const StepRefText = `fragment StepRef on PipelineStep {
  id
  name
  kind
  status
  pipelineRun {
    ...PipelineRunRef
  }
}`

const TableFieldsText = `fragment TableFields on Table {
  columns {
    ...ColumnFields
  }
  rows
  rowCount
  truncated
}`

const TagFieldsText = `fragment TagFields on KeyValue {
  key
  value
}`

const UserFieldsText = `fragment UserFields on User {
  id
  email
  name
  isAdmin
  createdAt
}`

const UserRefText = `fragment UserRef on User {
  id
  email
  name
}`

/**
 * Throws away what was sent of an upload. False when it was abandoned or has expired already. PRECONDITION_FAILED: it was completed.
 */
export const AbandonUpload = /*#__PURE__*/ typedDocument<AbandonUploadMutation, AbandonUploadMutationVariables>('mutation', 'AbandonUpload', `mutation AbandonUpload($id: ID!) {
  abandonUpload(id: $id)
}`)

/**
 * Ends a run: what runs is ended, what has not begun is not. Ending it again changes nothing. PRECONDITION_FAILED: it has ended otherwise.
 */
export const CancelPipelineRun = /*#__PURE__*/ typedDocument<CancelPipelineRunMutation, CancelPipelineRunMutationVariables>('mutation', 'CancelPipelineRun', `mutation CancelPipelineRun($id: ID!) {
  cancelPipelineRun(id: $id) {
    ...PipelineRunFields
  }
}`, DeploymentRefText, PipelineRunFieldsText, ProjectRefText)

/**
 * Tries a name without making anything.
 *
 * The rules for names; `check` tries one without making anything.
 */
export const CheckName = /*#__PURE__*/ typedDocument<CheckNameQuery, CheckNameQueryVariables>('query', 'CheckName', `query CheckName($kind: NameKind!, $name: String!) {
  namingPolicy {
    check(kind: $kind, name: $name) {
      ok
      reason
      suggestion
    }
  }
}`)

/**
 * After every part was sent: checks size and SHA-256, and then the object exists, whole, and takes the place of what was under its key. Calling it again gives the same object. PRECONDITION_FAILED: parts are missing (`extensions.missingParts`), the bytes are others than promised, or it has expired.
 */
export const CompleteUpload = /*#__PURE__*/ typedDocument<CompleteUploadMutation, CompleteUploadMutationVariables>('mutation', 'CompleteUpload', `mutation CompleteUpload($id: ID!, $sha256: String) {
  completeUpload(id: $id, sha256: $sha256) {
    ...ObjectFields
  }
}`, ObjectFieldsText)

/**
 * The secret is in this answer and in no other.
 *
 * Makes an access key for yourself. Its secret is shown this once.
 */
export const CreateAccessKey = /*#__PURE__*/ typedDocument<CreateAccessKeyMutation, CreateAccessKeyMutationVariables>('mutation', 'CreateAccessKey', `mutation CreateAccessKey($input: CreateAccessKeyInput!) {
  createAccessKey(input: $input) {
    secret
    accessKey {
      ...AccessKeyFields
    }
  }
}`, AccessKeyFieldsText, ProjectRefText)

/**
 * Makes a bucket. CONFLICT: it exists.
 */
export const CreateBucket = /*#__PURE__*/ typedDocument<CreateBucketMutation, CreateBucketMutationVariables>('mutation', 'CreateBucket', `mutation CreateBucket($input: CreateBucketInput!) {
  createBucket(input: $input) {
    ...BucketFields
  }
}`, BucketFieldsText, ProjectRefText)

/**
 * Makes a dataset, or the next version of one, whole or not at all. CONFLICT: what `mode` says does not fit what is there.
 */
export const CreateDataset = /*#__PURE__*/ typedDocument<CreateDatasetMutation, CreateDatasetMutationVariables>('mutation', 'CreateDataset', `mutation CreateDataset($input: CreateDatasetInput!) {
  createDataset(input: $input) {
    ...DatasetFields
  }
}`, ColumnFieldsText, DatasetFieldsText, ObjectRefText, ProjectRefText)

/**
 * Makes it, or gives the active one that has the name.
 *
 * Makes an experiment, or returns the active one that has the name: however many ask at once, there is one.
 */
export const CreateExperiment = /*#__PURE__*/ typedDocument<CreateExperimentMutation, CreateExperimentMutationVariables>('mutation', 'CreateExperiment', `mutation CreateExperiment($input: CreateExperimentInput!) {
  createExperiment(input: $input) {
    ...ExperimentFields
  }
}`, ExperimentFieldsText, ProjectRefText, TagFieldsText)

/**
 * Makes a project; you become its OWNER. CONFLICT: the name is taken.
 */
export const CreateProject = /*#__PURE__*/ typedDocument<CreateProjectMutation, CreateProjectMutationVariables>('mutation', 'CreateProject', `mutation CreateProject($input: CreateProjectInput!) {
  createProject(input: $input) {
    ...ProjectFields
  }
}`, ProjectFieldsText)

/**
 * Begins a run. PRECONDITION_FAILED: the experiment is deleted.
 */
export const CreateRun = /*#__PURE__*/ typedDocument<CreateRunMutation, CreateRunMutationVariables>('mutation', 'CreateRun', `mutation CreateRun($input: CreateRunInput!) {
  createRun(input: $input) {
    ...RunFields
  }
}`, ExperimentRefText, MetricFieldsText, RunFieldsText, TagFieldsText, UserRefText)

/**
 * Each part is PUT to its URL; then CompleteUpload makes the object, whole, or says which parts are missing.
 *
 * Announces the bytes of an object and gives URLs to send them to. Nothing exists before `completeUpload`.
 */
export const CreateUpload = /*#__PURE__*/ typedDocument<CreateUploadMutation, CreateUploadMutationVariables>('mutation', 'CreateUpload', `mutation CreateUpload($input: CreateUploadInput!) {
  createUpload(input: $input) {
    id
    partSize
    expiresAt
    parts {
      number
      method
      url
      headers {
        ...TagFields
      }
    }
  }
}`, TagFieldsText)

/**
 * Makes a person who can log in with a password. For administrators. CONFLICT: the email is known.
 */
export const CreateUser = /*#__PURE__*/ typedDocument<CreateUserMutation, CreateUserMutationVariables>('mutation', 'CreateUser', `mutation CreateUser($input: CreateUserInput!) {
  createUser(input: $input) {
    ...UserFields
  }
}`, UserFieldsText)

/**
 * Deletes a dataset, and its table unless that was there before it. True. PRECONDITION_FAILED: runs or predictions refer to it, `extensions.usedBy` says which.
 */
export const DeleteDataset = /*#__PURE__*/ typedDocument<DeleteDatasetMutation, DeleteDatasetMutationVariables>('mutation', 'DeleteDataset', `mutation DeleteDataset($id: ID!) {
  deleteDataset(id: $id)
}`)

/**
 * Deletes a deployment: its name is free again, its runs can still be looked at. PRECONDITION_FAILED: one is under way.
 */
export const DeleteDeployment = /*#__PURE__*/ typedDocument<DeleteDeploymentMutation, DeleteDeploymentMutationVariables>('mutation', 'DeleteDeployment', `mutation DeleteDeployment($id: ID!) {
  deleteDeployment(id: $id) {
    ...DeploymentFields
  }
}`, DeploymentFieldsText, ModelVersionRefText, PipelineRunRefText, ProjectRefText, ScheduleFieldsText)

/**
 * Deletes a model version and the aliases that point to it; its number is not used again. True. PRECONDITION_FAILED: something uses it, `extensions.usedBy` says what.
 */
export const DeleteModelVersion = /*#__PURE__*/ typedDocument<DeleteModelVersionMutation, DeleteModelVersionMutationVariables>('mutation', 'DeleteModelVersion', `mutation DeleteModelVersion($id: ID!) {
  deleteModelVersion(id: $id)
}`)

/**
 * Deletes what is under a key; true when something was. What refers to these bytes still reads them.
 */
export const DeleteObject = /*#__PURE__*/ typedDocument<DeleteObjectMutation, DeleteObjectMutationVariables>('mutation', 'DeleteObject', `mutation DeleteObject($bucket: String!, $key: String!) {
  deleteObject(bucket: $bucket, key: $key)
}`)

/**
 * Makes a deployment or its next version, whole or not at all. Its packages are put together afterwards: `status` tells. CONFLICT: the name is that of a deployment of the other kind.
 */
export const Deploy = /*#__PURE__*/ typedDocument<DeployMutation, DeployMutationVariables>('mutation', 'Deploy', `mutation Deploy($input: DeployInput!) {
  deploy(input: $input) {
    ...DeploymentFields
  }
}`, DeploymentFieldsText, ModelVersionRefText, PipelineRunRefText, ProjectRefText, ScheduleFieldsText)

/**
 * The same from the text of a deploy.yaml.
 *
 * The same as `deploy`, from a deploy.yaml. Errors name line and column.
 */
export const DeployYaml = /*#__PURE__*/ typedDocument<DeployYamlMutation, DeployYamlMutationVariables>('mutation', 'DeployYaml', `mutation DeployYaml($project: String!, $yaml: String!) {
  deployYaml(project: $project, yaml: $yaml) {
    ...DeploymentFields
  }
}`, DeploymentFieldsText, ModelVersionRefText, PipelineRunRefText, ProjectRefText, ScheduleFieldsText)

/**
 * One INSERT, UPDATE, DELETE or MERGE, or the same one over many parameter sets; one transaction, all or nothing. BAD_USER_INPUT: the statement is wrong, or does something else. TIMEOUT: it took longer than `Limits.sqlTimeoutMs`.
 */
export const ExecuteDml = /*#__PURE__*/ typedDocument<ExecuteDmlMutation, ExecuteDmlMutationVariables>('mutation', 'ExecuteDml', `mutation ExecuteDml($input: ExecuteDmlInput!) {
  executeDml(input: $input) {
    rowsAffected
    durationMs
  }
}`)

/**
 * One read-only statement against the project's lakehouse schema; anything that writes is refused (BAD_USER_INPUT). TIMEOUT: it took longer than `Limits.sqlTimeoutMs`.
 */
export const ExecuteSelect = /*#__PURE__*/ typedDocument<ExecuteSelectQuery, ExecuteSelectQueryVariables>('query', 'ExecuteSelect', `query ExecuteSelect($project: String!, $sql: String!, $params: JSON, $limit: Int) {
  executeSelect(project: $project, sql: $sql, params: $params, limit: $limit) {
    ...TableFields
  }
}`, ColumnFieldsText, TableFieldsText)

/**
 * Says how a run ended. Saying the same again changes nothing.
 */
export const FinishRun = /*#__PURE__*/ typedDocument<FinishRunMutation, FinishRunMutationVariables>('mutation', 'FinishRun', `mutation FinishRun($id: ID!, $status: RunStatus) {
  finishRun(id: $id, status: $status) {
    ...RunFields
  }
}`, ExperimentRefText, MetricFieldsText, RunFieldsText, TagFieldsText, UserRefText)

/**
 * An active experiment by name; null when there is none or you may not see it.
 */
export const GetBestRun = /*#__PURE__*/ typedDocument<GetBestRunQuery, GetBestRunQueryVariables>('query', 'GetBestRun', `query GetBestRun($project: String!, $experiment: String!, $metric: String!, $goal: Goal) {
  experiment(project: $project, name: $experiment) {
    bestRun(metric: $metric, goal: $goal) {
      ...RunFields
    }
  }
}`, ExperimentRefText, MetricFieldsText, RunFieldsText, TagFieldsText, UserRefText)

/**
 * A bucket by name; null when it does not exist or you may not see it.
 */
export const GetBucket = /*#__PURE__*/ typedDocument<GetBucketQuery, GetBucketQueryVariables>('query', 'GetBucket', `query GetBucket($name: String!) {
  bucket(name: $name) {
    ...BucketFields
  }
}`, BucketFieldsText, ProjectRefText)

/**
 * A dataset by name; null when it does not exist or you may not see it.
 */
export const GetDataset = /*#__PURE__*/ typedDocument<GetDatasetQuery, GetDatasetQueryVariables>('query', 'GetDataset', `query GetDataset($project: String!, $name: String!) {
  dataset(project: $project, name: $name) {
    ...DatasetFields
  }
}`, ColumnFieldsText, DatasetFieldsText, ObjectRefText, ProjectRefText)

/**
 * A URL that streams every row.
 *
 * A dataset by name; null when it does not exist or you may not see it.
 */
export const GetDatasetUrl = /*#__PURE__*/ typedDocument<GetDatasetUrlQuery, GetDatasetUrlQueryVariables>('query', 'GetDatasetUrl', `query GetDatasetUrl($project: String!, $name: String!, $format: TableFormat, $expiresIn: Int) {
  dataset(project: $project, name: $name) {
    ...DatasetFields
    preview(limit: 1) {
      downloadUrl(format: $format, expiresIn: $expiresIn)
    }
  }
}`, ColumnFieldsText, DatasetFieldsText, ObjectRefText, ProjectRefText)

/**
 * The deployment that has a name now; null when there is none, or you may not see it.
 */
export const GetDeployment = /*#__PURE__*/ typedDocument<GetDeploymentQuery, GetDeploymentQueryVariables>('query', 'GetDeployment', `query GetDeployment($project: String!, $name: String!) {
  deployment(project: $project, name: $name) {
    ...DeploymentFields
    steps {
      name
      kind
      needs
      arguments
      maxAttempts
      timeoutSeconds
      script {
        ...ObjectRef
      }
    }
    requirements
    libraries {
      ...ObjectRef
    }
    archive {
      sha256
      builtAt
      packages
    }
    applicationId
    yaml
  }
}`, DeploymentFieldsText, ModelVersionRefText, ObjectRefText, PipelineRunRefText, ProjectRefText, ScheduleFieldsText)

/**
 * An active experiment by name; null when there is none or you may not see it.
 */
export const GetExperiment = /*#__PURE__*/ typedDocument<GetExperimentQuery, GetExperimentQueryVariables>('query', 'GetExperiment', `query GetExperiment($project: String!, $name: String!) {
  experiment(project: $project, name: $name) {
    ...ExperimentFields
  }
}`, ExperimentFieldsText, ProjectRefText, TagFieldsText)

/**
 * Anything by its id; null when it does not exist or you may not see it.
 */
export const GetMetricHistory = /*#__PURE__*/ typedDocument<GetMetricHistoryQuery, GetMetricHistoryQueryVariables>('query', 'GetMetricHistory', `query GetMetricHistory($run: ID!, $key: String!, $first: Int, $after: String) {
  node(id: $run) {
    __typename
    ... on Run {
      metricHistory(key: $key, first: $first, after: $after) {
        totalCount
        pageInfo {
          ...PageFields
        }
        nodes {
          ...MetricFields
        }
      }
    }
  }
}`, MetricFieldsText, PageFieldsText)

/**
 * A model by name; null when it does not exist or you may not see it.
 */
export const GetModel = /*#__PURE__*/ typedDocument<GetModelQuery, GetModelQueryVariables>('query', 'GetModel', `query GetModel($project: String!, $name: String!) {
  model(project: $project, name: $name) {
    ...ModelFields
  }
}`, ModelFieldsText, ModelVersionRefText, ProjectRefText, TagFieldsText)

/**
 * `uri` is models:/NAME/VERSION, models:/NAME/STAGE, models:/NAME/latest or models:/NAME@ALIAS.
 *
 * The version that a URI means; null when there is none, or you may not see it.
 */
export const GetModelVersion = /*#__PURE__*/ typedDocument<GetModelVersionQuery, GetModelVersionQueryVariables>('query', 'GetModelVersion', `query GetModelVersion($project: String!, $uri: String!) {
  modelVersion(project: $project, uri: $uri) {
    ...ModelVersionFields
    files {
      ...ObjectRef
    }
    stageHistory {
      from
      to
      at
      by {
        ...UserRef
      }
    }
  }
}`, ExperimentRefText, ModelRefText, ModelVersionFieldsText, ObjectRefText, RunRefText, TagFieldsText, UserRefText)

/**
 * Its one file, or a ZIP of all of them. The URL carries the permission of whoever asks.
 *
 * The version that a URI means; null when there is none, or you may not see it.
 */
export const GetModelVersionUrl = /*#__PURE__*/ typedDocument<GetModelVersionUrlQuery, GetModelVersionUrlQueryVariables>('query', 'GetModelVersionUrl', `query GetModelVersionUrl($project: String!, $uri: String!, $expiresIn: Int) {
  modelVersion(project: $project, uri: $uri) {
    ...ModelVersionFields
    files {
      ...ObjectRef
      downloadUrl(expiresIn: $expiresIn)
    }
    downloadUrl(expiresIn: $expiresIn)
  }
}`, ExperimentRefText, ModelRefText, ModelVersionFieldsText, ObjectRefText, RunRefText, TagFieldsText)

/**
 * The rules for names; `check` tries one without making anything.
 */
export const GetNamingRules = /*#__PURE__*/ typedDocument<GetNamingRulesQuery, GetNamingRulesQueryVariables>('query', 'GetNamingRules', `query GetNamingRules {
  namingPolicy {
    rules {
      kind
      pattern
      maxLength
      description
      example
    }
  }
}`)

/**
 * Anything by its id; null when it does not exist or you may not see it.
 */
export const GetNode = /*#__PURE__*/ typedDocument<GetNodeQuery, GetNodeQueryVariables>('query', 'GetNode', `query GetNode($id: ID!) {
  node(id: $id) {
    ...NodeRef
  }
}`, NodeRefText)

/**
 * Several by their ids, in the order asked for: at most 500. Null for what does not exist or you may not see.
 */
export const GetNodes = /*#__PURE__*/ typedDocument<GetNodesQuery, GetNodesQueryVariables>('query', 'GetNodes', `query GetNodes($ids: [ID!]!) {
  nodes(ids: $ids) {
    ...NodeRef
  }
}`, NodeRefText)

/**
 * A bucket by name; null when it does not exist or you may not see it.
 */
export const GetObject = /*#__PURE__*/ typedDocument<GetObjectQuery, GetObjectQueryVariables>('query', 'GetObject', `query GetObject($bucket: String!, $key: String!) {
  bucket(name: $bucket) {
    object(key: $key) {
      ...ObjectFields
      dataset {
        ...DatasetRef
      }
    }
  }
}`, DatasetRefText, ObjectFieldsText)

/**
 * The whole object as a table in another format, by a URL that streams it.
 *
 * A bucket by name; null when it does not exist or you may not see it.
 */
export const GetObjectTableUrl = /*#__PURE__*/ typedDocument<GetObjectTableUrlQuery, GetObjectTableUrlQueryVariables>('query', 'GetObjectTableUrl', `query GetObjectTableUrl($bucket: String!, $key: String!, $format: TableFormat, $as: TableFormat, $expiresIn: Int) {
  bucket(name: $bucket) {
    object(key: $key) {
      ...ObjectFields
      table(format: $format, limit: 1) {
        columns {
          ...ColumnFields
        }
        downloadUrl(format: $as, expiresIn: $expiresIn)
      }
    }
  }
}`, ColumnFieldsText, ObjectFieldsText)

/**
 * The URL carries the permission of whoever asks, for `expiresIn` seconds.
 *
 * A bucket by name; null when it does not exist or you may not see it.
 */
export const GetObjectUrl = /*#__PURE__*/ typedDocument<GetObjectUrlQuery, GetObjectUrlQueryVariables>('query', 'GetObjectUrl', `query GetObjectUrl($bucket: String!, $key: String!, $expiresIn: Int) {
  bucket(name: $bucket) {
    object(key: $key) {
      ...ObjectFields
      downloadUrl(expiresIn: $expiresIn)
    }
  }
}`, ObjectFieldsText)

/**
 * Anything by its id; null when it does not exist or you may not see it.
 */
export const GetPipelineRun = /*#__PURE__*/ typedDocument<GetPipelineRunQuery, GetPipelineRunQueryVariables>('query', 'GetPipelineRun', `query GetPipelineRun($id: ID!) {
  node(id: $id) {
    __typename
    ... on PipelineRun {
      ...PipelineRunFields
      arguments {
        ...TagFields
      }
      createdBy {
        ...UserRef
      }
      retryOf {
        ...PipelineRunRef
      }
      steps {
        ...StepFields
      }
      predictions {
        ...PredictionRef
      }
    }
  }
}`, DeploymentRefText, PipelineRunFieldsText, PipelineRunRefText, PredictionRefText, ProjectRefText, StepFieldsText, TagFieldsText, UserRefText)

/**
 * A project by name; null when it does not exist or you may not see it.
 */
export const GetProject = /*#__PURE__*/ typedDocument<GetProjectQuery, GetProjectQueryVariables>('query', 'GetProject', `query GetProject($name: String!) {
  project(name: $name) {
    ...ProjectFields
    members {
      ...MemberFields
    }
  }
}`, MemberFieldsText, ProjectFieldsText, UserRefText)

/**
 * Anything by its id; null when it does not exist or you may not see it.
 */
export const GetRun = /*#__PURE__*/ typedDocument<GetRunQuery, GetRunQueryVariables>('query', 'GetRun', `query GetRun($id: ID!) {
  node(id: $id) {
    __typename
    ... on Run {
      ...RunFields
      parent {
        ...RunRef
      }
      pipelineStep {
        ...StepRef
      }
      inputVersions {
        version
        dataset {
          ...DatasetRef
        }
      }
      modelVersions {
        ...ModelVersionRef
      }
    }
  }
}`, DatasetRefText, ExperimentRefText, MetricFieldsText, ModelVersionRefText, PipelineRunRefText, RunFieldsText, RunRefText, StepRefText, TagFieldsText, UserRefText)

/**
 * A script to begin with for a kind of step, for this project: predict.py, train.py, features.py and others. It needs Python 3.9 and nothing else.
 */
export const GetScriptTemplate = /*#__PURE__*/ typedDocument<GetScriptTemplateQuery, GetScriptTemplateQueryVariables>('query', 'GetScriptTemplate', `query GetScriptTemplate($project: String!, $kind: StepKind!) {
  scriptTemplate(project: $project, kind: $kind)
}`)

/**
 * A URL that streams the whole result, however large; the statement runs again when it is fetched.
 *
 * One read-only statement against the project's lakehouse schema; anything that writes is refused (BAD_USER_INPUT). TIMEOUT: it took longer than `Limits.sqlTimeoutMs`.
 */
export const GetSelectUrl = /*#__PURE__*/ typedDocument<GetSelectUrlQuery, GetSelectUrlQueryVariables>('query', 'GetSelectUrl', `query GetSelectUrl($project: String!, $sql: String!, $params: JSON, $format: TableFormat, $expiresIn: Int) {
  executeSelect(project: $project, sql: $sql, params: $params, limit: 1) {
    columns {
      ...ColumnFields
    }
    downloadUrl(format: $format, expiresIn: $expiresIn)
  }
}`, ColumnFieldsText)

/**
 * Anybody who is logged in may ask.
 *
 * Which backends this server runs on, their health, versions and limits.
 */
export const GetServer = /*#__PURE__*/ typedDocument<GetServerQuery, GetServerQueryVariables>('query', 'GetServer', `query GetServer {
  server {
    version
    startedAt
    backends {
      role
      kind
      healthy
      detail
    }
    limits {
      objectBytes
      sqlTimeoutMs
      tableRows
    }
    errorCodes
  }
}`)

/**
 * Null: the request carried no valid credentials.
 *
 * Who is asking; null when the request carries no valid credentials.
 */
export const GetViewer = /*#__PURE__*/ typedDocument<GetViewerQuery, GetViewerQueryVariables>('query', 'GetViewer', `query GetViewer {
  viewer {
    ...UserFields
  }
}`, UserFieldsText)

/**
 * Takes a bucket that the storage has already into a project, with what lies in it; from then on it keeps every version. For administrators: the server may see buckets that are nobody's business here.
 */
export const ImportBucket = /*#__PURE__*/ typedDocument<ImportBucketMutation, ImportBucketMutationVariables>('mutation', 'ImportBucket', `mutation ImportBucket($input: ImportBucketInput!) {
  importBucket(input: $input) {
    ...BucketSyncFields
  }
}`, BucketFieldsText, BucketSyncFieldsText, ProjectRefText)

/**
 * Who is asking; null when the request carries no valid credentials.
 */
export const ListAccessKeys = /*#__PURE__*/ typedDocument<ListAccessKeysQuery, ListAccessKeysQueryVariables>('query', 'ListAccessKeys', `query ListAccessKeys {
  viewer {
    accessKeys {
      ...AccessKeyFields
    }
  }
}`, AccessKeyFieldsText, ProjectRefText)

/**
 * Anything by its id; null when it does not exist or you may not see it.
 */
export const ListArtifacts = /*#__PURE__*/ typedDocument<ListArtifactsQuery, ListArtifactsQueryVariables>('query', 'ListArtifacts', `query ListArtifacts($run: ID!, $path: String) {
  node(id: $run) {
    __typename
    ... on Run {
      artifacts(path: $path) {
        ...ObjectFields
      }
    }
  }
}`, ObjectFieldsText)

/**
 * A project by name; null when it does not exist or you may not see it.
 */
export const ListBuckets = /*#__PURE__*/ typedDocument<ListBucketsQuery, ListBucketsQueryVariables>('query', 'ListBuckets', `query ListBuckets($project: String!, $first: Int, $after: String) {
  project(name: $project) {
    buckets(first: $first, after: $after) {
      totalCount
      pageInfo {
        ...PageFields
      }
      nodes {
        ...BucketFields
      }
    }
  }
}`, BucketFieldsText, PageFieldsText, ProjectRefText)

/**
 * Anything by its id; null when it does not exist or you may not see it.
 */
export const ListChildRuns = /*#__PURE__*/ typedDocument<ListChildRunsQuery, ListChildRunsQueryVariables>('query', 'ListChildRuns', `query ListChildRuns($run: ID!, $first: Int, $after: String) {
  node(id: $run) {
    __typename
    ... on Run {
      children(first: $first, after: $after) {
        totalCount
        pageInfo {
          ...PageFields
        }
        nodes {
          ...RunFields
        }
      }
    }
  }
}`, ExperimentRefText, MetricFieldsText, PageFieldsText, RunFieldsText, TagFieldsText, UserRefText)

/**
 * A project by name; null when it does not exist or you may not see it.
 */
export const ListDatasets = /*#__PURE__*/ typedDocument<ListDatasetsQuery, ListDatasetsQueryVariables>('query', 'ListDatasets', `query ListDatasets($project: String!, $first: Int, $after: String) {
  project(name: $project) {
    datasets(first: $first, after: $after) {
      totalCount
      pageInfo {
        ...PageFields
      }
      nodes {
        ...DatasetFields
      }
    }
  }
}`, ColumnFieldsText, DatasetFieldsText, ObjectRefText, PageFieldsText, ProjectRefText)

/**
 * The deployment that has a name now; null when there is none, or you may not see it.
 */
export const ListDeploymentRuns = /*#__PURE__*/ typedDocument<ListDeploymentRunsQuery, ListDeploymentRunsQueryVariables>('query', 'ListDeploymentRuns', `query ListDeploymentRuns($project: String!, $name: String!, $status: [PipelineStatus!], $first: Int, $after: String) {
  deployment(project: $project, name: $name) {
    pipelineRuns(status: $status, first: $first, after: $after) {
      totalCount
      pageInfo {
        ...PageFields
      }
      nodes {
        ...PipelineRunFields
      }
    }
  }
}`, DeploymentRefText, PageFieldsText, PipelineRunFieldsText, ProjectRefText)

/**
 * A project by name; null when it does not exist or you may not see it.
 */
export const ListDeployments = /*#__PURE__*/ typedDocument<ListDeploymentsQuery, ListDeploymentsQueryVariables>('query', 'ListDeployments', `query ListDeployments($project: String!, $first: Int, $after: String) {
  project(name: $project) {
    deployments(first: $first, after: $after) {
      totalCount
      pageInfo {
        ...PageFields
      }
      nodes {
        ...DeploymentFields
      }
    }
  }
}`, DeploymentFieldsText, ModelVersionRefText, PageFieldsText, PipelineRunRefText, ProjectRefText, ScheduleFieldsText)

/**
 * A project by name; null when it does not exist or you may not see it.
 */
export const ListExperiments = /*#__PURE__*/ typedDocument<ListExperimentsQuery, ListExperimentsQueryVariables>('query', 'ListExperiments', `query ListExperiments($project: String!, $filter: String, $orderBy: [String!], $first: Int, $after: String) {
  project(name: $project) {
    experiments(filter: $filter, orderBy: $orderBy, first: $first, after: $after) {
      totalCount
      pageInfo {
        ...PageFields
      }
      nodes {
        ...ExperimentFields
      }
    }
  }
}`, ExperimentFieldsText, PageFieldsText, ProjectRefText, TagFieldsText)

/**
 * A model by name; null when it does not exist or you may not see it.
 */
export const ListModelVersions = /*#__PURE__*/ typedDocument<ListModelVersionsQuery, ListModelVersionsQueryVariables>('query', 'ListModelVersions', `query ListModelVersions($project: String!, $name: String!, $stage: [ModelStage!], $first: Int, $after: String) {
  model(project: $project, name: $name) {
    versions(stage: $stage, first: $first, after: $after) {
      totalCount
      pageInfo {
        ...PageFields
      }
      nodes {
        ...ModelVersionFields
      }
    }
  }
}`, ExperimentRefText, ModelRefText, ModelVersionFieldsText, PageFieldsText, RunRefText, TagFieldsText)

/**
 * A project by name; null when it does not exist or you may not see it.
 */
export const ListModels = /*#__PURE__*/ typedDocument<ListModelsQuery, ListModelsQueryVariables>('query', 'ListModels', `query ListModels($project: String!, $filter: String, $orderBy: [String!], $first: Int, $after: String) {
  project(name: $project) {
    models(filter: $filter, orderBy: $orderBy, first: $first, after: $after) {
      totalCount
      pageInfo {
        ...PageFields
      }
      nodes {
        ...ModelFields
      }
    }
  }
}`, ModelFieldsText, ModelVersionRefText, PageFieldsText, ProjectRefText, TagFieldsText)

/**
 * With a delimiter of "/" folders are in commonPrefixes, and only what lies directly under the prefix is in nodes.
 *
 * A bucket by name; null when it does not exist or you may not see it.
 */
export const ListObjects = /*#__PURE__*/ typedDocument<ListObjectsQuery, ListObjectsQueryVariables>('query', 'ListObjects', `query ListObjects($bucket: String!, $prefix: String, $delimiter: String, $first: Int, $after: String) {
  bucket(name: $bucket) {
    objects(prefix: $prefix, delimiter: $delimiter, first: $first, after: $after) {
      commonPrefixes
      pageInfo {
        ...PageFields
      }
      nodes {
        ...ObjectFields
      }
    }
  }
}`, ObjectFieldsText, PageFieldsText)

/**
 * Those that are past. WatchPipelineRun gives the same and goes on.
 *
 * Anything by its id; null when it does not exist or you may not see it.
 */
export const ListPipelineEvents = /*#__PURE__*/ typedDocument<ListPipelineEventsQuery, ListPipelineEventsQueryVariables>('query', 'ListPipelineEvents', `query ListPipelineEvents($pipelineRun: ID!, $after: Int, $first: Int) {
  node(id: $pipelineRun) {
    __typename
    ... on PipelineRun {
      status
      lastSequence
      events(after: $after, first: $first) {
        ...PipelineEventFields
      }
    }
  }
}`, PipelineEventFieldsText)

/**
 * A project by name; null when it does not exist or you may not see it.
 */
export const ListPipelineRuns = /*#__PURE__*/ typedDocument<ListPipelineRunsQuery, ListPipelineRunsQueryVariables>('query', 'ListPipelineRuns', `query ListPipelineRuns($project: String!, $status: [PipelineStatus!], $first: Int, $after: String) {
  project(name: $project) {
    pipelineRuns(status: $status, first: $first, after: $after) {
      totalCount
      pageInfo {
        ...PageFields
      }
      nodes {
        ...PipelineRunFields
      }
    }
  }
}`, DeploymentRefText, PageFieldsText, PipelineRunFieldsText, ProjectRefText)

/**
 * A project by name; null when it does not exist or you may not see it.
 */
export const ListPredictions = /*#__PURE__*/ typedDocument<ListPredictionsQuery, ListPredictionsQueryVariables>('query', 'ListPredictions', `query ListPredictions($project: String!, $first: Int, $after: String) {
  project(name: $project) {
    predictions(first: $first, after: $after) {
      totalCount
      pageInfo {
        ...PageFields
      }
      nodes {
        ...PredictionFields
      }
    }
  }
}`, DatasetRefText, DeploymentRefText, ModelVersionRefText, PageFieldsText, PipelineRunRefText, PredictionFieldsText, ProjectRefText, UserRefText)

/**
 * Your projects, by name.
 */
export const ListProjects = /*#__PURE__*/ typedDocument<ListProjectsQuery, ListProjectsQueryVariables>('query', 'ListProjects', `query ListProjects($first: Int, $after: String) {
  projects(first: $first, after: $after) {
    totalCount
    pageInfo {
      ...PageFields
    }
    nodes {
      ...ProjectFields
    }
  }
}`, PageFieldsText, ProjectFieldsText)

/**
 * All of it or nothing: at most 1000 metrics, 100 params and 100 tags.
 *
 * Logs metrics, params, tags and inputs of a run, all of them or nothing. A run that is finished takes more. CONFLICT: a param is there with another value. PRECONDITION_FAILED: the run is deleted.
 */
export const LogBatch = /*#__PURE__*/ typedDocument<LogBatchMutation, LogBatchMutationVariables>('mutation', 'LogBatch', `mutation LogBatch($input: LogBatchInput!) {
  logBatch(input: $input) {
    id
  }
}`)

/**
 * A password for a token that lasts some hours. The token is what a client keeps; the password it never does.
 *
 * Logs in with a password; at most one in a document. UNAUTHENTICATED: email and password do not belong together. RATE_LIMITED: too many tries of this account or this address, `extensions.retryAfterSeconds` says how long to wait.
 */
export const LogIn = /*#__PURE__*/ typedDocument<LogInMutation, LogInMutationVariables>('mutation', 'LogIn', `mutation LogIn($email: String!, $password: String!) {
  login(email: $email, password: $password) {
    token
    expiresAt
    user {
      ...UserFields
    }
  }
}`, UserFieldsText)

/**
 * Asks an ONLINE deployment; nothing is kept.
 *
 * Asks an ONLINE deployment: what its predict.py says of each row. It keeps nothing; a VIEWER may ask. BAD_USER_INPUT: it refuses the rows. PRECONDITION_FAILED: the deployment is not READY, or its script cannot be loaded. TIMEOUT: it took too long.
 */
export const Predict = /*#__PURE__*/ typedDocument<PredictMutation, PredictMutationVariables>('mutation', 'Predict', `mutation Predict($input: PredictInput!) {
  predict(input: $input) {
    predictions
    durationMs
    modelVersion {
      ...ModelVersionRef
    }
  }
}`, ModelVersionRefText)

/**
 * A dataset by name; null when it does not exist or you may not see it.
 */
export const PreviewDataset = /*#__PURE__*/ typedDocument<PreviewDatasetQuery, PreviewDatasetQueryVariables>('query', 'PreviewDataset', `query PreviewDataset($project: String!, $name: String!, $limit: Int) {
  dataset(project: $project, name: $name) {
    ...DatasetFields
    preview(limit: $limit) {
      ...TableFields
    }
  }
}`, ColumnFieldsText, DatasetFieldsText, ObjectRefText, ProjectRefText, TableFieldsText)

/**
 * Anything by its id; null when it does not exist or you may not see it.
 */
export const PreviewPrediction = /*#__PURE__*/ typedDocument<PreviewPredictionQuery, PreviewPredictionQueryVariables>('query', 'PreviewPrediction', `query PreviewPrediction($id: ID!, $limit: Int) {
  node(id: $id) {
    __typename
    ... on Prediction {
      ...PredictionFields
      preview(limit: $limit) {
        ...TableFields
      }
    }
  }
}`, ColumnFieldsText, DatasetRefText, DeploymentRefText, ModelVersionRefText, PipelineRunRefText, PredictionFieldsText, ProjectRefText, TableFieldsText, UserRefText)

/**
 * CSV, NDJSON, JSON, Parquet or Arrow, by its extension or by `format`.
 *
 * A bucket by name; null when it does not exist or you may not see it.
 */
export const ReadObject = /*#__PURE__*/ typedDocument<ReadObjectQuery, ReadObjectQueryVariables>('query', 'ReadObject', `query ReadObject($bucket: String!, $key: String!, $format: TableFormat, $limit: Int, $offset: BigInt) {
  bucket(name: $bucket) {
    object(key: $key) {
      ...ObjectFields
      table(format: $format, limit: $limit, offset: $offset) {
        ...TableFields
      }
    }
  }
}`, ColumnFieldsText, ObjectFieldsText, TableFieldsText)

/**
 * Anything by its id; null when it does not exist or you may not see it.
 */
export const ReadStepLogs = /*#__PURE__*/ typedDocument<ReadStepLogsQuery, ReadStepLogsQueryVariables>('query', 'ReadStepLogs', `query ReadStepLogs($pipelineRun: ID!, $step: String!, $after: Int, $first: Int) {
  node(id: $pipelineRun) {
    __typename
    ... on PipelineRun {
      step(name: $step) {
        ...StepFields
        logs(after: $after, first: $first) {
          number
          at
          stream
          text
        }
      }
    }
  }
}`, StepFieldsText)

/**
 * What a script says of its own step.
 *
 * What a script says of its own step, from wherever it runs; or an EDITOR for it. PRECONDITION_FAILED: the step does not run, or another attempt of it does.
 */
export const ReportStep = /*#__PURE__*/ typedDocument<ReportStepMutation, ReportStepMutationVariables>('mutation', 'ReportStep', `mutation ReportStep($input: ReportStepInput!) {
  reportStep(input: $input) {
    ...StepFields
  }
}`, StepFieldsText)

/**
 * Tries a run that FAILED or was CANCELED again: a new run of the same version that begins at the steps that did not succeed. A retry that has not ended is given instead of another one. PRECONDITION_FAILED: it succeeded, or has not ended.
 */
export const RetryPipelineRun = /*#__PURE__*/ typedDocument<RetryPipelineRunMutation, RetryPipelineRunMutationVariables>('mutation', 'RetryPipelineRun', `mutation RetryPipelineRun($id: ID!) {
  retryPipelineRun(id: $id) {
    ...PipelineRunFields
  }
}`, DeploymentRefText, PipelineRunFieldsText, ProjectRefText)

/**
 * Ends a key at once: one's own, one of a project that one is OWNER of, and for administrators any. Ending it again changes nothing.
 */
export const RevokeAccessKey = /*#__PURE__*/ typedDocument<RevokeAccessKeyMutation, RevokeAccessKeyMutationVariables>('mutation', 'RevokeAccessKey', `mutation RevokeAccessKey($id: ID!) {
  revokeAccessKey(id: $id) {
    ...AccessKeyFields
  }
}`, AccessKeyFieldsText, ProjectRefText)

/**
 * Starts a run of the newest version of a deployment. Follow it with `pipelineEvents`. PRECONDITION_FAILED: it is ONLINE, deleted, or could not be packaged.
 */
export const RunDeployment = /*#__PURE__*/ typedDocument<RunDeploymentMutation, RunDeploymentMutationVariables>('mutation', 'RunDeployment', `mutation RunDeployment($input: RunDeploymentInput!) {
  runDeployment(input: $input) {
    ...PipelineRunFields
  }
}`, DeploymentRefText, PipelineRunFieldsText, ProjectRefText)

/**
 * Objects become the next version of a model, which is made when it is new.
 *
 * Registers objects as the next version of a model, which is made when it is new; whole or not at all.
 */
export const SaveModel = /*#__PURE__*/ typedDocument<SaveModelMutation, SaveModelMutationVariables>('mutation', 'SaveModel', `mutation SaveModel($input: SaveModelInput!) {
  saveModel(input: $input) {
    ...ModelVersionFields
  }
}`, ExperimentRefText, ModelRefText, ModelVersionFieldsText, RunRefText, TagFieldsText)

/**
 * Rows go to a table as its next VERSION; the same idempotencyKey saves once.
 *
 * Adds predictions to their table as its next VERSION, whole or not at all. What is there stays.
 */
export const SavePredictions = /*#__PURE__*/ typedDocument<SavePredictionsMutation, SavePredictionsMutationVariables>('mutation', 'SavePredictions', `mutation SavePredictions($input: SavePredictionsInput!) {
  savePredictions(input: $input) {
    ...PredictionFields
  }
}`, DatasetRefText, DeploymentRefText, ModelVersionRefText, PipelineRunRefText, PredictionFieldsText, ProjectRefText, UserRefText)

/**
 * `filter` and `orderBy` are MLflow's search language: "metrics.accuracy > 0.9", "params.rate DESC".
 *
 * An active experiment by name; null when there is none or you may not see it.
 */
export const SearchRuns = /*#__PURE__*/ typedDocument<SearchRunsQuery, SearchRunsQueryVariables>('query', 'SearchRuns', `query SearchRuns($project: String!, $experiment: String!, $filter: String, $orderBy: [String!], $lifecycle: Lifecycle, $first: Int, $after: String) {
  experiment(project: $project, name: $experiment) {
    runs(
      filter: $filter
      orderBy: $orderBy
      lifecycle: $lifecycle
      first: $first
      after: $after
    ) {
      totalCount
      pageInfo {
        ...PageFields
      }
      nodes {
        ...RunFields
      }
    }
  }
}`, ExperimentRefText, MetricFieldsText, PageFieldsText, RunFieldsText, TagFieldsText, UserRefText)

/**
 * Without a version the alias goes.
 *
 * Points an alias to a version, in place of the one before, in one step; without a version it takes the alias away.
 */
export const SetModelAlias = /*#__PURE__*/ typedDocument<SetModelAliasMutation, SetModelAliasMutationVariables>('mutation', 'SetModelAlias', `mutation SetModelAlias($project: String!, $model: String!, $alias: String!, $version: Int) {
  setModelAlias(
    project: $project
    model: $model
    alias: $alias
    version: $version
  ) {
    ...ModelFields
  }
}`, ModelFieldsText, ModelVersionRefText, ProjectRefText, TagFieldsText)

/**
 * Without a role somebody is no member any more.
 *
 * Makes somebody a member, changes their role, or without a role removes them. For OWNERs. PRECONDITION_FAILED: nobody would be OWNER any more.
 */
export const SetProjectMember = /*#__PURE__*/ typedDocument<SetProjectMemberMutation, SetProjectMemberMutationVariables>('mutation', 'SetProjectMember', `mutation SetProjectMember($project: String!, $email: String!, $role: Role) {
  setProjectMember(project: $project, email: $email, role: $role) {
    ...ProjectFields
    members {
      ...MemberFields
    }
  }
}`, MemberFieldsText, ProjectFieldsText, UserRefText)

/**
 * Deletes or restores a run. Nothing of it is lost. PRECONDITION_FAILED: its experiment is deleted, and comes back with all its runs.
 */
export const SetRunLifecycle = /*#__PURE__*/ typedDocument<SetRunLifecycleMutation, SetRunLifecycleMutationVariables>('mutation', 'SetRunLifecycle', `mutation SetRunLifecycle($id: ID!, $lifecycle: Lifecycle!) {
  setRunLifecycle(id: $id, lifecycle: $lifecycle) {
    ...RunFields
  }
}`, ExperimentRefText, MetricFieldsText, RunFieldsText, TagFieldsText, UserRefText)

/**
 * Without `cron` the schedule goes.
 *
 * Sets, pauses or removes the schedule of a deployment. PRECONDITION_FAILED: it is deleted.
 */
export const SetSchedule = /*#__PURE__*/ typedDocument<SetScheduleMutation, SetScheduleMutationVariables>('mutation', 'SetSchedule', `mutation SetSchedule($deployment: ID!, $cron: String, $timezone: String, $enabled: Boolean) {
  setSchedule(
    deployment: $deployment
    cron: $cron
    timezone: $timezone
    enabled: $enabled
  ) {
    ...DeploymentFields
  }
}`, DeploymentFieldsText, ModelVersionRefText, PipelineRunRefText, ProjectRefText, ScheduleFieldsText)

/**
 * Looks for what came into a bucket by other ways than this API, and went: a job that wrote files there, a person with the console of OCI.
 */
export const SyncBucket = /*#__PURE__*/ typedDocument<SyncBucketMutation, SyncBucketMutationVariables>('mutation', 'SyncBucket', `mutation SyncBucket($bucket: String!, $prefix: String) {
  syncBucket(bucket: $bucket, prefix: $prefix) {
    ...BucketSyncFields
  }
}`, BucketFieldsText, BucketSyncFieldsText, ProjectRefText)

/**
 * What read it, and what came of it.
 *
 * A dataset by name; null when it does not exist or you may not see it.
 */
export const TraceDataset = /*#__PURE__*/ typedDocument<TraceDatasetQuery, TraceDatasetQueryVariables>('query', 'TraceDataset', `query TraceDataset($project: String!, $name: String!, $first: Int) {
  dataset(project: $project, name: $name) {
    ...DatasetFields
    producedBy {
      ...StepRef
    }
    usedBy(first: $first) {
      nodes {
        ...RunRef
      }
    }
    predictionsFrom(first: $first) {
      nodes {
        ...PredictionRef
      }
    }
    predictions(first: $first) {
      nodes {
        ...PredictionRef
      }
    }
  }
}`, ColumnFieldsText, DatasetFieldsText, ExperimentRefText, ObjectRefText, PipelineRunRefText, PredictionRefText, ProjectRefText, RunRefText, StepRefText)

/**
 * Where it came from, and what it is used for.
 *
 * The version that a URI means; null when there is none, or you may not see it.
 */
export const TraceModelVersion = /*#__PURE__*/ typedDocument<TraceModelVersionQuery, TraceModelVersionQueryVariables>('query', 'TraceModelVersion', `query TraceModelVersion($project: String!, $uri: String!, $first: Int) {
  modelVersion(project: $project, uri: $uri) {
    ...ModelVersionFields
    run {
      ...RunRef
      inputVersions {
        version
        dataset {
          ...DatasetRef
          object {
            ...ObjectRef
          }
        }
      }
      pipelineStep {
        ...StepRef
      }
    }
    deployments(first: $first) {
      nodes {
        ...DeploymentRef
      }
    }
    predictions(first: $first) {
      nodes {
        ...PredictionRef
      }
    }
  }
}`, DatasetRefText, DeploymentRefText, ExperimentRefText, ModelRefText, ModelVersionFieldsText, ObjectRefText, PipelineRunRefText, PredictionRefText, RunRefText, StepRefText, TagFieldsText)

/**
 * What the steps of a run made.
 *
 * Anything by its id; null when it does not exist or you may not see it.
 */
export const TracePipelineRun = /*#__PURE__*/ typedDocument<TracePipelineRunQuery, TracePipelineRunQueryVariables>('query', 'TracePipelineRun', `query TracePipelineRun($id: ID!) {
  node(id: $id) {
    __typename
    ... on PipelineRun {
      ...PipelineRunFields
      steps {
        ...StepRef
        runs {
          ...RunRef
        }
        datasets {
          ...DatasetRef
        }
        predictions {
          ...PredictionRef
        }
      }
    }
  }
}`, DatasetRefText, DeploymentRefText, ExperimentRefText, PipelineRunFieldsText, PipelineRunRefText, PredictionRefText, ProjectRefText, RunRefText, StepRefText)

/**
 * From a prediction back to the bytes that it came of.
 *
 * Anything by its id; null when it does not exist or you may not see it.
 */
export const TracePrediction = /*#__PURE__*/ typedDocument<TracePredictionQuery, TracePredictionQueryVariables>('query', 'TracePrediction', `query TracePrediction($id: ID!) {
  node(id: $id) {
    __typename
    ... on Prediction {
      ...PredictionFields
      pipelineStep {
        ...StepRef
      }
      input {
        ...DatasetRef
        object {
          ...ObjectRef
        }
      }
      modelVersion {
        ...ModelVersionRef
        run {
          ...RunRef
          metrics {
            ...MetricFields
          }
          inputVersions {
            version
            dataset {
              ...DatasetRef
              object {
                ...ObjectRef
              }
            }
          }
        }
      }
    }
  }
}`, DatasetRefText, DeploymentRefText, ExperimentRefText, MetricFieldsText, ModelVersionRefText, ObjectRefText, PipelineRunRefText, PredictionFieldsText, ProjectRefText, RunRefText, StepRefText, UserRefText)

/**
 * Moves a model version to a stage, perhaps in place of those that are in it: in one step, seen by all at once.
 */
export const TransitionModelVersion = /*#__PURE__*/ typedDocument<TransitionModelVersionMutation, TransitionModelVersionMutationVariables>('mutation', 'TransitionModelVersion', `mutation TransitionModelVersion($input: TransitionModelVersionInput!) {
  transitionModelVersion(input: $input) {
    ...ModelVersionFields
  }
}`, ExperimentRefText, ModelRefText, ModelVersionFieldsText, RunRefText, TagFieldsText)

/**
 * Renames, tags, deletes or restores.
 *
 * Renames, tags, deletes or restores an experiment. CONFLICT: another active one has the name. PRECONDITION_FAILED: it is deleted, and is not restored by this.
 */
export const UpdateExperiment = /*#__PURE__*/ typedDocument<UpdateExperimentMutation, UpdateExperimentMutationVariables>('mutation', 'UpdateExperiment', `mutation UpdateExperiment($input: UpdateExperimentInput!) {
  updateExperiment(input: $input) {
    ...ExperimentFields
  }
}`, ExperimentFieldsText, ProjectRefText, TagFieldsText)

/**
 * Changes the description or the tags of a model.
 */
export const UpdateModel = /*#__PURE__*/ typedDocument<UpdateModelMutation, UpdateModelMutationVariables>('mutation', 'UpdateModel', `mutation UpdateModel($input: UpdateModelInput!) {
  updateModel(input: $input) {
    ...ModelFields
  }
}`, ModelFieldsText, ModelVersionRefText, ProjectRefText, TagFieldsText)

/**
 * Changes the description or the tags of a model version.
 */
export const UpdateModelVersion = /*#__PURE__*/ typedDocument<UpdateModelVersionMutation, UpdateModelVersionMutationVariables>('mutation', 'UpdateModelVersion', `mutation UpdateModelVersion($input: UpdateModelVersionInput!) {
  updateModelVersion(input: $input) {
    ...ModelVersionFields
  }
}`, ExperimentRefText, ModelRefText, ModelVersionFieldsText, RunRefText, TagFieldsText)

/**
 * From now on; what was logged before is in GetMetricHistory.
 *
 * The points of a run as they are logged, in that order; those logged before are in `metricHistory`. It ends with BACKEND_UNAVAILABLE when some may have been missed.
 */
export const WatchMetrics = /*#__PURE__*/ typedDocument<WatchMetricsSubscription, WatchMetricsSubscriptionVariables>('subscription', 'WatchMetrics', `subscription WatchMetrics($run: ID!, $keys: [String!]) {
  metricLogged(run: $run, keys: $keys) {
    ...MetricFields
  }
}`, MetricFieldsText)

/**
 * Every model version of a project that is saved or changes stage from now on, as it is then. It ends with BACKEND_UNAVAILABLE when some may have been missed.
 */
export const WatchModelVersions = /*#__PURE__*/ typedDocument<WatchModelVersionsSubscription, WatchModelVersionsSubscriptionVariables>('subscription', 'WatchModelVersions', `subscription WatchModelVersions($project: String!, $model: String) {
  modelVersionChanged(project: $project, model: $model) {
    ...ModelVersionFields
  }
}`, ExperimentRefText, ModelRefText, ModelVersionFieldsText, RunRefText, TagFieldsText)

/**
 * First what is past, then what happens, in order, until the last event of the run. `after` is the sequence of the last event that was seen: with it a client that was cut off goes on without a gap.
 *
 * Every event of one pipeline run with a higher sequence than `after`, first those that are past, then each as it happens: in order, none twice, none missing, across reconnects and restarts of servers. Completes after the run's last event. Whenever the connection ends otherwise (code 4413: too much was waiting to be read), subscribe again with `after`.
 */
export const WatchPipelineRun = /*#__PURE__*/ typedDocument<WatchPipelineRunSubscription, WatchPipelineRunSubscriptionVariables>('subscription', 'WatchPipelineRun', `subscription WatchPipelineRun($pipelineRun: ID!, $after: Int) {
  pipelineEvents(pipelineRun: $pipelineRun, after: $after) {
    ...PipelineEventFields
  }
}`, PipelineEventFieldsText)

/**
 * Every run of a project, whenever something of it has changed.
 *
 * Each pipeline run of a project as it is, whenever something of it has changed from now on. Changes that follow each other faster than you read are one. It ends with BACKEND_UNAVAILABLE when some may have been missed.
 */
export const WatchPipelineRuns = /*#__PURE__*/ typedDocument<WatchPipelineRunsSubscription, WatchPipelineRunsSubscriptionVariables>('subscription', 'WatchPipelineRuns', `subscription WatchPipelineRuns($project: String!) {
  pipelineRunChanged(project: $project) {
    ...PipelineRunFields
    steps {
      ...StepFields
    }
  }
}`, DeploymentRefText, PipelineRunFieldsText, ProjectRefText, StepFieldsText)
/** What a backend does for this server. */
export type BackendRole =
  /** Keeps the rows of every entity. */
  | 'CATALOG'
  /** Runs the steps of pipelines. */
  | 'COMPUTE'
  /** Answers online predictions. */
  | 'FUNCTIONS'
  /** Keeps tables and runs SQL. */
  | 'LAKEHOUSE'
  /** Keeps the bytes of objects. */
  | 'OBJECT_STORE'
  /** Carries events between servers. */
  | 'PUBSUB'
  /** Keeps experiments and runs; part of the catalog. */
  | 'TRACKING';

/** What a bucket is for. Its name says so too. */
export type BucketPurpose =
  /** Scripts, libraries and dependency archives. */
  | 'DEPLOYMENTS'
  /** Data made ready for training. */
  | 'FEATURES'
  /** Files of models. */
  | 'MODELS'
  /** Results. */
  | 'PREDICTIONS'
  /** Data as it came. */
  | 'RAW'
  /** What may be lost. */
  | 'TEMP';

/** How large the machines are: 1, 2 and 3 of DHuOlib. */
export type ClusterSize =
  /** Four executors, unless the server is set otherwise. */
  | 'LARGE'
  /** Two executors, unless the server is set otherwise. */
  | 'MEDIUM'
  /** One executor, unless the server is set otherwise. */
  | 'SMALL';

/** The type of the values of a column, the same for every backend. */
export type ColumnType =
  /** Bytes, as base64. */
  | 'BINARY'
  /** true and false. */
  | 'BOOLEAN'
  /** A day, as YYYY-MM-DD. */
  | 'DATE'
  /** Exact decimals; a string beyond 15 digits. */
  | 'DECIMAL'
  /** Floating point; NaN and the infinities as strings. */
  | 'FLOAT'
  /** Whole numbers; a string above 2^53. */
  | 'INTEGER'
  /** Nested values: JSON documents, lists, structs, maps. */
  | 'JSON'
  /** Anything else, as text. */
  | 'OTHER'
  /** Text; also enums and UUIDs. */
  | 'STRING'
  /** An instant, as ISO 8601 in UTC. */
  | 'TIMESTAMP';

/** A new access key, for yourself. */
export type CreateAccessKeyInput = {
  /** When it ends by itself; without it, never. */
  expiresAt?: string | null | undefined;
  /** To tell it from your others: 1 to 100 characters. */
  name: string;
  /** The only project it can reach; without one, all of yours. */
  project?: string | null | undefined;
  /** The most it may do. */
  role?: Role | null | undefined;
};

/** A new bucket. */
export type CreateBucketInput = {
  /** Must begin with `<project>-<purpose>`; without a name, it is just that. */
  name?: string | null | undefined;
  /** The project's name. */
  project: string;
  /** What it is for. */
  purpose: BucketPurpose;
};

/** A new dataset, or the next version of one. Exactly one of `object`, `sql` and `table`. */
export type CreateDatasetInput = {
  /** For people; without it, a description that is there stays. */
  description?: string | null | undefined;
  /** What happens to rows that are there. */
  mode?: WriteMode | null | undefined;
  /** Unique in the project. Its table has the same name, with "_" for "-". */
  name: string;
  /** Loads this object: CSV, NDJSON, JSON, Parquet or Arrow. */
  object?: ObjectInput | null | undefined;
  /** The project's name. */
  project: string;
  /** Keeps the result of this SELECT. */
  sql?: string | null | undefined;
  /** Gives a table of the project's schema a name as a dataset; nothing is copied. */
  table?: string | null | undefined;
};

/** An experiment to find or to make. */
export type CreateExperimentInput = {
  /** Lower-case letters, digits, "-" and "_", 4 to 63, starting with a letter; capitals are lower-cased. */
  name: string;
  /** The project's name. */
  project: string;
  /** Tags of the new experiment; one that is there keeps its own. Values have at most 5000 characters. */
  tags?: Array<KeyValueInput> | null | undefined;
};

/** A new project; you become its OWNER. */
export type CreateProjectInput = {
  /** For people. */
  description?: string | null | undefined;
  /** Lower-case letters, digits, "-" and "_", 4 to 63, starting with a letter; capitals are lower-cased. */
  name: string;
};

/** A new run. */
export type CreateRunInput = {
  /** The id of the experiment that it belongs to. */
  experiment: string;
  /** Ids of the datasets that it reads, at most 100. */
  inputs?: Array<string> | null | undefined;
  /** At most 250 characters; without it, something like `enchanting-shrew-742`. */
  name?: string | null | undefined;
  /** What it is called with: at most 100, of at most 6000 characters each. They do not change any more. */
  params?: Array<KeyValueInput> | null | undefined;
  /** The id of the run that it is a part of, in the same project. */
  parent?: string | null | undefined;
  /** When it began; now when it is not given. */
  startedAt?: string | null | undefined;
  /** At most 100, of at most 8000 characters each. */
  tags?: Array<KeyValueInput> | null | undefined;
};

/** Announces the bytes of an object. */
export type CreateUploadInput = {
  /** The bucket's name. */
  bucket: string;
  /** Media type; without it, guessed from the key. */
  contentType?: string | null | undefined;
  /** Any UTF-8 text of 1 to 1024 bytes without line breaks. */
  key: string;
  /** SHA-256 in hex. When given, the bytes must agree with it. */
  sha256?: string | null | undefined;
  /** Bytes, exactly. */
  size: number | string;
};

/** A new person. */
export type CreateUserInput = {
  /** What they log in with; lower-cased. */
  email: string;
  /** Whether they are an administrator. */
  isAdmin?: boolean | null | undefined;
  /** For display. */
  name?: string | null | undefined;
  /** 8 to 1024 characters. */
  password: string;
};

/** What a dataset was made from. */
export type DatasetKind =
  /** An object, whose bytes stay what they were. */
  | 'OBJECT'
  /** A statement, or a table that was there. */
  | 'TABLE';

/** A deployment, or its next version when there is one of that name. */
export type DeployInput = {
  /** How large the machines are. */
  cluster?: ClusterSize | null | undefined;
  /** When it runs by itself: five fields of cron. Without it, the schedule that there is stays. */
  cron?: string | null | undefined;
  /** Up to 200 characters. The same key for the same deployment makes one version, however often it is sent. */
  idempotencyKey?: string | null | undefined;
  /** A deployment keeps its kind. */
  kind?: DeploymentKind | null | undefined;
  /** What travels with the scripts, 100 at most: wheels (.whl), .zip files of Python modules, modules (.py), and .jar files. The deployment keeps the bytes that they have now. */
  libraries?: Array<ObjectInput> | null | undefined;
  /** The model version that scripts get as DHUO_MODEL_URI: models:/NAME/VERSION, /STAGE, /latest or @ALIAS, as it is now. */
  modelUri?: string | null | undefined;
  /** Lower-case letters, digits, "-" and "_", 4 to 63; capitals are lower-cased. */
  name: string;
  /** The project's name. */
  project: string;
  /** Python packages, as a requirements.txt of 64 KiB at most. Wheels only. No files of the server, no version control, no passwords. */
  requirements?: string | null | undefined;
  /** 1 to 100, each with a name of its own. ONLINE: one step, of kind PREDICTION, with a script named predict.py. */
  steps: Array<StepInput>;
  /** An IANA time zone: what the fields of `cron` mean. */
  timezone?: string | null | undefined;
};

/** How a deployment is used. */
export type DeploymentKind =
  /** Its steps run as a pipeline, on demand or by a clock. */
  | 'BATCH'
  /** It answers: `predict` asks it. */
  | 'ONLINE';

/** Whether a deployment can be used. */
export type DeploymentStatus =
  /** It is gone: its runs can be looked at, its name is free. */
  | 'DELETED'
  /** It could not be packaged; `statusDetail` says why. Deploy it again. */
  | 'FAILED'
  /** Its requirements and libraries are being put together. Runs that are started wait for that. */
  | 'PACKAGING'
  /** It can be used. */
  | 'READY';

/** What `extensions.code` of an error can be. The list is closed. */
export type ErrorCode =
  /** A backend does not answer; trying again later may work. */
  | 'BACKEND_UNAVAILABLE'
  /** An argument is wrong; `extensions.field` says which. */
  | 'BAD_USER_INPUT'
  /** The name is taken, or somebody else changed it at the same time. */
  | 'CONFLICT'
  /** You may see it, but not do this with it. */
  | 'FORBIDDEN'
  /** Our fault. The log has more under `extensions.requestId`. */
  | 'INTERNAL_SERVER_ERROR'
  /** It does not exist, or you may not see it. */
  | 'NOT_FOUND'
  /** It cannot be done in the present state; the message says what is missing. */
  | 'PRECONDITION_FAILED'
  /** The document is too deep, too wide or too costly; the message gives the limit. */
  | 'QUERY_TOO_COMPLEX'
  /** Too many tries; `extensions.retryAfterSeconds` says how long to wait. */
  | 'RATE_LIMITED'
  /** It took longer than it may. */
  | 'TIMEOUT'
  /** No valid credentials came with the request. */
  | 'UNAUTHENTICATED';

/** One INSERT, UPDATE, DELETE or MERGE, run as one transaction. */
export type ExecuteDmlInput = {
  /** The same statement for each of these parameter sets, all or nothing. Not together with `params`. */
  batch?: Array<unknown> | null | undefined;
  /** An array for `?`, an object for `$name`. */
  params?: unknown;
  /** The project's name; unqualified tables are those of its schema. */
  project: string;
  /** One statement. Parameters are `?` or `$name`. */
  sql: string;
};

/** Which values of a metric are better. */
export type Goal =
  /** Larger ones, as with accuracy. */
  | 'MAXIMIZE'
  /** Smaller ones, as with a loss. */
  | 'MINIMIZE';

/** A bucket that the storage has already. */
export type ImportBucketInput = {
  /** The bucket's name, exactly as the storage has it. It need not follow the naming policy. */
  name: string;
  /** Looks only for keys that begin with it; without it, for all. The whole bucket is the project’s all the same: its people can look for the rest, and write there. */
  prefix?: string | null | undefined;
  /** The project's name. */
  project: string;
  /** What it is for. */
  purpose: BucketPurpose;
};

/** A name and its text. */
export type KeyValueInput = {
  /** Letters, digits and "_-. :/"; 250 characters at most. */
  key: string;
  /** The text. */
  value: string;
};

/** Whether an experiment or a run is deleted. */
export type Lifecycle =
  /** In use. */
  | 'ACTIVE'
  /** In no list, and nothing can be written to it; its id still finds it, and it can be restored. */
  | 'DELETED';

/** What a run has to tell: applied whole or not at all. At most 1000 metrics, 100 params and 100 tags, and 1000 of all three together. */
export type LogBatchInput = {
  /** Ids of datasets that the run reads, at most 100. */
  inputs?: Array<string> | null | undefined;
  /** Points of metrics. Equal points are one. */
  metrics?: Array<MetricInput> | null | undefined;
  /** Of at most 6000 characters each. One that is there with another value is a CONFLICT. */
  params?: Array<KeyValueInput> | null | undefined;
  /** The id of the run. */
  run: string;
  /** Of at most 8000 characters each. One that is there gets the new value. */
  tags?: Array<KeyValueInput> | null | undefined;
};

/** Where a line of a log comes from. */
export type LogStream =
  /** The script's standard error. */
  | 'STDERR'
  /** The script's standard output. */
  | 'STDOUT'
  /** What runs the script. */
  | 'SYSTEM';

/** One point of a metric: `value`, or `text` for NaN, Infinity and -Infinity. */
export type MetricInput = {
  /** Which metric: letters, digits and "_-. :/"; 250 characters at most. */
  key: string;
  /** Counts epochs or batches; 64 bits, may be negative. */
  step?: number | string | null | undefined;
  /** What is no number of JSON: "NaN", "Infinity" or "-Infinity". */
  text?: string | null | undefined;
  /** When it was measured, not before 1970; now when it is not given. */
  timestamp?: string | null | undefined;
  /** A number. */
  value?: number | null | undefined;
};

/** How far a model version has come. */
export type ModelStage =
  /** No longer in use. */
  | 'ARCHIVED'
  /** Just made. */
  | 'NONE'
  /** In use. */
  | 'PRODUCTION'
  /** Being tried. */
  | 'STAGING';

/** Whether a model version can be used. */
export type ModelVersionStatus =
  /** It could not be made. */
  | 'FAILED'
  /** Its files are not all there yet. */
  | 'PENDING'
  /** It can be used; its files do not change. */
  | 'READY';

/** What a name is for. */
export type NameKind =
  /** A bucket: begins with its project and purpose. */
  | 'BUCKET'
  /** A dataset. */
  | 'DATASET'
  /** A deployment. */
  | 'DEPLOYMENT'
  /** An experiment. */
  | 'EXPERIMENT'
  /** A registered model. */
  | 'MODEL'
  /** The key of an object in a bucket. */
  | 'OBJECT_KEY'
  /** A project. */
  | 'PROJECT'
  /** A step of a pipeline. */
  | 'STEP'
  /** A table in the lakehouse. */
  | 'TABLE';

/** An object, by bucket and key. */
export type ObjectInput = {
  /** The bucket's name. */
  bucket: string;
  /** Where it is read as a table: how. Without it, by the extension of the key. */
  format?: TableFormat | null | undefined;
  /** The key in the bucket. */
  key: string;
};

/** What an event tells of. */
export type PipelineEventType =
  /** A script printed a line: `message`, with its `number` and `stream`. */
  | 'LOG'
  /** The run has another status: `runStatus`, and why in `message`. A final one is the last event of a run. */
  | 'RUN_STATUS'
  /** A script said something of its step: `progress`, `message`, perhaps `stepStatus`. */
  | 'STEP_PROGRESS'
  /** A step has another status: `stepStatus`, and why in `message`. A final one comes after the last line of the step. */
  | 'STEP_STATUS';

/** How a pipeline run is getting on. */
export type PipelineStatus =
  /** Somebody ended it. */
  | 'CANCELED'
  /** A step failed, and nothing else could run any more. */
  | 'FAILED'
  /** Not yet begun: it waits for its turn, or for its deployment to be packaged. */
  | 'QUEUED'
  /** Its first step was begun. */
  | 'RUNNING'
  /** Every step succeeded. */
  | 'SUCCEEDED';

/** A question to an ONLINE deployment. */
export type PredictInput = {
  /** The id of the deployment. */
  deployment: string;
  /** As its predict.py wants them; 1 to 10000. A request has at most 4 MiB. */
  rows: Array<unknown>;
};

/** What a script says of its step: at least one of the fields behind `attempt`. Lines and marks are written down in the order of their numbers, then the rest. */
export type ReportStepInput = {
  /** The attempt that speaks: scripts find it in `DHUO_ATTEMPT`. Without it the newest one. */
  attempt?: number | null | undefined;
  /** Nothing more comes of this attempt. */
  final?: boolean | null | undefined;
  /** What it printed: at most 1000 lines and marks at once. Where numbers are missing the log says how many; they may still come later. Only for what the server does not hear otherwise. */
  lines?: Array<ReportedLineInput> | null | undefined;
  /** What it said among those lines. */
  marks?: Array<ReportedMarkInput> | null | undefined;
  /** For people; at most 2000 characters. */
  message?: string | null | undefined;
  /** The id of the pipeline run: scripts find it in `DHUO_PIPELINE_RUN`. */
  pipelineRun: string;
  /** How far it is: 0 to 1. */
  progress?: number | null | undefined;
  /** RUNNING, SUCCEEDED or FAILED. The end of its process ends a step, not its word; but after FAILED the attempt has failed, also when the process ends well. */
  status?: StepStatus | null | undefined;
  /** The name of the step: scripts find it in `DHUO_STEP`. */
  step: string;
};

/** A line that a script printed, with its number. */
export type ReportedLineInput = {
  /** When it was printed. */
  at: string;
  /** 1, 2, 3 … within the attempt, marks included. A line or mark whose number is known already is passed over: it may be sent again. */
  number: number;
  /** Where it comes from. */
  stream?: LogStream | null | undefined;
  /** Without the line's end. Beyond 8192 characters it is cut. */
  text: string;
};

/** What a script says of its step among its lines, with its number. */
export type ReportedMarkInput = {
  /** When it was said. */
  at: string;
  /** For people; at most 2000 characters. */
  message?: string | null | undefined;
  /** Its place among the lines: see `ReportedLineInput.number`. */
  number: number;
  /** How far it is: 0 to 1. */
  progress?: number | null | undefined;
  /** As `ReportStepInput.status`. */
  status?: StepStatus | null | undefined;
};

/** What somebody may do in a project. */
export type Role =
  /** Reads and changes everything but members. */
  | 'EDITOR'
  /** Does everything; manages members and their keys. */
  | 'OWNER'
  /** Reads everything. */
  | 'VIEWER';

/** A new run of a deployment. */
export type RunDeploymentInput = {
  /** Given to every step behind its own arguments, as `--key value`: at most 50. A key is a letter and up to 62 letters, digits, "_" and "-". */
  arguments?: Array<KeyValueInput> | null | undefined;
  /** The id of the deployment. A BATCH one; while it is PACKAGING the run stays QUEUED. */
  deployment: string;
  /** Yours to choose, unique in the deployment: the same call with the same key gives the same run. */
  idempotencyKey?: string | null | undefined;
};

/** How a run is getting on. */
export type RunStatus =
  /** Broken off by an error. */
  | 'FAILED'
  /** Done. */
  | 'FINISHED'
  /** Broken off by somebody. */
  | 'KILLED'
  /** Under way. */
  | 'RUNNING'
  /** Not yet begun. */
  | 'SCHEDULED';

/** The next version of a model; the model is made when it is new. */
export type SaveModelInput = {
  /** Of this version, for people; 10,000 characters at most. */
  description?: string | null | undefined;
  /** The model's name: lower-case letters, digits, "-" and "_", 4 to 63; capitals are lower-cased. */
  model: string;
  /** What made it, for example `lightgbm`; 200 characters at most. */
  modelType?: string | null | undefined;
  /** Its files: 1 to 1000, not empty, in buckets of the same project, each once. The version keeps the bytes that they have now. */
  objects: Array<ObjectInput>;
  /** The project's name. */
  project: string;
  /** What it needs to be loaded, as a requirements.txt; 64 KiB at most. */
  requirements?: string | null | undefined;
  /** The run that made it, in the same project. */
  run?: string | null | undefined;
  /** Where it stands from the start. */
  stage?: ModelStage | null | undefined;
  /** Of this version. Values have up to 5,000 characters. */
  tags?: Array<KeyValueInput> | null | undefined;
};

/** Predictions to keep. Exactly one of `rows` (with `columns`), `object` and `sql`, with the features and a column PREDICT (in any case). VERSION and CREATED_AT are added: they must not be among them. */
export type SavePredictionsInput = {
  /** The names of the values of each of `rows`. */
  columns?: Array<string> | null | undefined;
  /** Yours to choose, unique in the project, 1 to 200 characters: the same key again gives what was saved, and saves nothing. */
  idempotencyKey?: string | null | undefined;
  /** The id of the dataset that was predicted from. */
  input?: string | null | undefined;
  /** What predicted: models:/NAME/VERSION, models:/NAME/STAGE, models:/NAME/latest or models:/NAME@ALIAS. */
  modelUri: string;
  /** A file with the rows: CSV, NDJSON, JSON, Parquet or Arrow. */
  object?: ObjectInput | null | undefined;
  /** The id of the pipeline run that predicted. The key of a script says it by itself. */
  pipelineRun?: string | null | undefined;
  /** The project's name. */
  project: string;
  /** Each an array in the order of `columns`; 1 to 100000. Long integers and decimals are strings, as in a `Table`; other strings stay text unless the table says otherwise. */
  rows?: Array<unknown> | null | undefined;
  /** A SELECT that gives the rows. */
  sql?: string | null | undefined;
  /** The step of that run. */
  step?: string | null | undefined;
  /** The output table, in any case. It is made when it is missing; otherwise the rows must have its columns, and values that fit their types. */
  table: string;
};

/** One step of a deployment. */
export type StepInput = {
  /** What the script is called with: 100 at most, of 4 KiB each. */
  arguments?: Array<string> | null | undefined;
  /** What it is for. */
  kind?: StepKind | null | undefined;
  /** How often it is tried before it has failed: 1 to 10. */
  maxAttempts?: number | null | undefined;
  /** Lower-case letters, digits, "-" and "_", 4 to 63; capitals are lower-cased. */
  name: string;
  /** Names of steps before it that must have succeeded. Null: the step just before it; []: none. */
  needs?: Array<string> | null | undefined;
  /** The script: .py, .js or .mjs, in a bucket of the project. The deployment keeps the bytes that it has now. */
  script: ObjectInput;
  /** An attempt that takes longer is ended: 1 to 604800 (7 days); null: none is. */
  timeoutSeconds?: number | null | undefined;
};

/** What a step is for. It says nothing of how the step runs. */
export type StepKind =
  /** Anything else. */
  | 'CUSTOM'
  /** Measures what was learned. */
  | 'EVALUATION'
  /** Turns data into features. */
  | 'FEATURE_ENGINEERING'
  /** Fetches data. */
  | 'INGESTION'
  /** Applies a model. */
  | 'PREDICTION'
  /** Learns from features. */
  | 'TRAINING';

/** How a step of a pipeline run is getting on. */
export type StepStatus =
  /** It was ended, or never begun, because somebody ended the run. */
  | 'CANCELED'
  /** Its last attempt failed. */
  | 'FAILED'
  /** It waits for the steps that it needs. */
  | 'PENDING'
  /** It waits for the compute backend, or, after an attempt that failed, for the next one. */
  | 'QUEUED'
  /** Its script runs. */
  | 'RUNNING'
  /** It was not begun, because something that it needs did not succeed. */
  | 'SKIPPED'
  /** Its script ended well, in this run or in the one that this run tries again. */
  | 'SUCCEEDED';

/** A file format for tables. */
export type TableFormat =
  /** Apache Arrow IPC: written as a stream, read as a stream or a file. */
  | 'ARROW'
  /** Comma-separated text with a header. */
  | 'CSV'
  /** One JSON array of objects. */
  | 'JSON'
  /** One JSON object in each line. */
  | 'NDJSON'
  /** Apache Parquet. */
  | 'PARQUET';

/** A move of a model version to a stage. */
export type TransitionModelVersionInput = {
  /** Also moves every other version in that stage to ARCHIVED, in the same moment. For STAGING and PRODUCTION only. */
  archiveExisting?: boolean | null | undefined;
  /** The id of the version. */
  id: string;
  /** Where it comes. When it is there already, nothing is written down. */
  stage: ModelStage;
};

/** What started a pipeline run. */
export type Trigger =
  /** Somebody. */
  | 'MANUAL'
  /** Somebody who tried an earlier run again. */
  | 'RETRY'
  /** A tick of the schedule of its deployment. */
  | 'SCHEDULE';

/** Changes of an experiment; what is not given stays. */
export type UpdateExperimentInput = {
  /** The id of the experiment. */
  id: string;
  /** DELETED deletes it with all its runs, and its name is free again. ACTIVE restores it with all its runs; where the name was taken meanwhile, give another. */
  lifecycle?: Lifecycle | null | undefined;
  /** Its new name. */
  name?: string | null | undefined;
  /** Tags to set; those of other keys stay. Values have at most 5000 characters. */
  tags?: Array<KeyValueInput> | null | undefined;
};

/** Changes to a model. What is absent stays as it is. */
export type UpdateModelInput = {
  /** For people, 10,000 characters at most; null takes it away. */
  description?: string | null | undefined;
  /** The model's name. */
  model: string;
  /** The project's name. */
  project: string;
  /** Set, and put in place of those with the same keys; others stay. Values have up to 5,000 characters. */
  tags?: Array<KeyValueInput> | null | undefined;
};

/** Changes to a model version. What is absent stays as it is. */
export type UpdateModelVersionInput = {
  /** For people, 10,000 characters at most; null takes it away. */
  description?: string | null | undefined;
  /** The id of the version. */
  id: string;
  /** Set, and put in place of those with the same keys; others stay. Values have up to 5,000 characters. */
  tags?: Array<KeyValueInput> | null | undefined;
};

/** What happens to rows that are there. */
export type WriteMode =
  /** They stay, and the new ones are added, by column name. The dataset must exist. */
  | 'APPEND'
  /** There must be none: the name must be free. */
  | 'CREATE'
  /** They go, and the new ones take their place in one step. Makes the dataset where there is none. */
  | 'REPLACE';

export type AccessKeyFieldsFragment = { id: string, name: string, role: Role, createdAt: string, expiresAt: string | null, lastUsedAt: string | null, revokedAt: string | null, project: ProjectRefFragment | null };

export type ListAccessKeysQueryVariables = Exact<{ [key: string]: never; }>;


export type ListAccessKeysQuery = { viewer: { accessKeys: Array<AccessKeyFieldsFragment> } | null };

export type CreateAccessKeyMutationVariables = Exact<{
  input: CreateAccessKeyInput;
}>;


export type CreateAccessKeyMutation = { createAccessKey: { secret: string, accessKey: AccessKeyFieldsFragment } };

export type RevokeAccessKeyMutationVariables = Exact<{
  id: string;
}>;


export type RevokeAccessKeyMutation = { revokeAccessKey: AccessKeyFieldsFragment };

export type BucketFieldsFragment = { id: string, name: string, purpose: BucketPurpose, createdAt: string, namingProblem: string | null, project: ProjectRefFragment };

export type ListBucketsQueryVariables = Exact<{
  project: string;
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type ListBucketsQuery = { project: { buckets: { totalCount: number, pageInfo: PageFieldsFragment, nodes: Array<BucketFieldsFragment> } } | null };

export type GetBucketQueryVariables = Exact<{
  name: string;
}>;


export type GetBucketQuery = { bucket: BucketFieldsFragment | null };

export type CreateBucketMutationVariables = Exact<{
  input: CreateBucketInput;
}>;


export type CreateBucketMutation = { createBucket: BucketFieldsFragment };

export type BucketSyncFieldsFragment = { added: number | string, replaced: number | string, removed: number | string, skipped: number | string, skippedKeys: Array<string>, bucket: BucketFieldsFragment };

export type ImportBucketMutationVariables = Exact<{
  input: ImportBucketInput;
}>;


export type ImportBucketMutation = { importBucket: BucketSyncFieldsFragment };

export type SyncBucketMutationVariables = Exact<{
  bucket: string;
  prefix?: string | null | undefined;
}>;


export type SyncBucketMutation = { syncBucket: BucketSyncFieldsFragment };

export type DatasetRefFragment = { id: string, name: string, version: number };

export type DatasetFieldsFragment = { id: string, name: string, version: number, kind: DatasetKind, description: string | null, table: string | null, rowCount: number | string, createdAt: string, updatedAt: string, columns: Array<ColumnFieldsFragment>, object: ObjectRefFragment | null, project: ProjectRefFragment };

export type ListDatasetsQueryVariables = Exact<{
  project: string;
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type ListDatasetsQuery = { project: { datasets: { totalCount: number, pageInfo: PageFieldsFragment, nodes: Array<DatasetFieldsFragment> } } | null };

export type GetDatasetQueryVariables = Exact<{
  project: string;
  name: string;
}>;


export type GetDatasetQuery = { dataset: DatasetFieldsFragment | null };

export type PreviewDatasetQueryVariables = Exact<{
  project: string;
  name: string;
  limit?: number | null | undefined;
}>;


export type PreviewDatasetQuery = { dataset: (
    { preview: TableFieldsFragment }
    & DatasetFieldsFragment
  ) | null };

export type GetDatasetUrlQueryVariables = Exact<{
  project: string;
  name: string;
  format?: TableFormat | null | undefined;
  expiresIn?: number | null | undefined;
}>;


export type GetDatasetUrlQuery = { dataset: (
    { preview: { downloadUrl: string } }
    & DatasetFieldsFragment
  ) | null };

export type TraceDatasetQueryVariables = Exact<{
  project: string;
  name: string;
  first?: number | null | undefined;
}>;


export type TraceDatasetQuery = { dataset: (
    { producedBy: StepRefFragment | null, usedBy: { nodes: Array<RunRefFragment> }, predictionsFrom: { nodes: Array<PredictionRefFragment> }, predictions: { nodes: Array<PredictionRefFragment> } }
    & DatasetFieldsFragment
  ) | null };

export type CreateDatasetMutationVariables = Exact<{
  input: CreateDatasetInput;
}>;


export type CreateDatasetMutation = { createDataset: DatasetFieldsFragment };

export type DeleteDatasetMutationVariables = Exact<{
  id: string;
}>;


export type DeleteDatasetMutation = { deleteDataset: boolean };

export type DeploymentRefFragment = { id: string, name: string, version: number };

export type ScheduleFieldsFragment = { cron: string, timezone: string, enabled: boolean, nextRunAt: string | null };

export type DeploymentFieldsFragment = { id: string, name: string, version: number, kind: DeploymentKind, status: DeploymentStatus, statusDetail: string | null, createdAt: string, updatedAt: string, cluster: { size: ClusterSize, executors: number, driverShape: string, executorShape: string }, schedule: ScheduleFieldsFragment | null, modelVersion: ModelVersionRefFragment | null, latestRun: PipelineRunRefFragment | null, project: ProjectRefFragment };

export type ListDeploymentsQueryVariables = Exact<{
  project: string;
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type ListDeploymentsQuery = { project: { deployments: { totalCount: number, pageInfo: PageFieldsFragment, nodes: Array<DeploymentFieldsFragment> } } | null };

export type GetDeploymentQueryVariables = Exact<{
  project: string;
  name: string;
}>;


export type GetDeploymentQuery = { deployment: (
    { requirements: string | null, applicationId: string | null, yaml: string, steps: Array<{ name: string, kind: StepKind, needs: Array<string>, arguments: Array<string>, maxAttempts: number, timeoutSeconds: number | null, script: ObjectRefFragment }>, libraries: Array<ObjectRefFragment>, archive: { sha256: string, builtAt: string, packages: Array<string> } | null }
    & DeploymentFieldsFragment
  ) | null };

export type DeployMutationVariables = Exact<{
  input: DeployInput;
}>;


export type DeployMutation = { deploy: DeploymentFieldsFragment };

export type DeployYamlMutationVariables = Exact<{
  project: string;
  yaml: string;
}>;


export type DeployYamlMutation = { deployYaml: DeploymentFieldsFragment };

export type DeleteDeploymentMutationVariables = Exact<{
  id: string;
}>;


export type DeleteDeploymentMutation = { deleteDeployment: DeploymentFieldsFragment };

export type SetScheduleMutationVariables = Exact<{
  deployment: string;
  cron?: string | null | undefined;
  timezone?: string | null | undefined;
  enabled?: boolean | null | undefined;
}>;


export type SetScheduleMutation = { setSchedule: DeploymentFieldsFragment };

export type GetScriptTemplateQueryVariables = Exact<{
  project: string;
  kind: StepKind;
}>;


export type GetScriptTemplateQuery = { scriptTemplate: string };

export type ExperimentRefFragment = { id: string, name: string };

export type ExperimentFieldsFragment = { id: string, name: string, lifecycle: Lifecycle, createdAt: string, updatedAt: string, tags: Array<TagFieldsFragment>, project: ProjectRefFragment };

export type ListExperimentsQueryVariables = Exact<{
  project: string;
  filter?: string | null | undefined;
  orderBy?: Array<string> | string | null | undefined;
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type ListExperimentsQuery = { project: { experiments: { totalCount: number, pageInfo: PageFieldsFragment, nodes: Array<ExperimentFieldsFragment> } } | null };

export type GetExperimentQueryVariables = Exact<{
  project: string;
  name: string;
}>;


export type GetExperimentQuery = { experiment: ExperimentFieldsFragment | null };

export type CreateExperimentMutationVariables = Exact<{
  input: CreateExperimentInput;
}>;


export type CreateExperimentMutation = { createExperiment: ExperimentFieldsFragment };

export type UpdateExperimentMutationVariables = Exact<{
  input: UpdateExperimentInput;
}>;


export type UpdateExperimentMutation = { updateExperiment: ExperimentFieldsFragment };

export type ModelRefFragment = { id: string, name: string };

export type ModelVersionRefFragment = { id: string, uri: string, version: number, stage: ModelStage };

export type ModelFieldsFragment = { id: string, name: string, description: string | null, createdAt: string, updatedAt: string, tags: Array<TagFieldsFragment>, aliases: Array<{ alias: string, version: ModelVersionRefFragment }>, latestVersion: ModelVersionRefFragment | null, project: ProjectRefFragment };

export type ModelVersionFieldsFragment = { id: string, uri: string, version: number, stage: ModelStage, status: ModelVersionStatus, aliases: Array<string>, description: string | null, modelType: string | null, requirements: string | null, size: number | string, sha256: string | null, createdAt: string, updatedAt: string, tags: Array<TagFieldsFragment>, model: ModelRefFragment, run: RunRefFragment | null };

export type ListModelsQueryVariables = Exact<{
  project: string;
  filter?: string | null | undefined;
  orderBy?: Array<string> | string | null | undefined;
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type ListModelsQuery = { project: { models: { totalCount: number, pageInfo: PageFieldsFragment, nodes: Array<ModelFieldsFragment> } } | null };

export type GetModelQueryVariables = Exact<{
  project: string;
  name: string;
}>;


export type GetModelQuery = { model: ModelFieldsFragment | null };

export type ListModelVersionsQueryVariables = Exact<{
  project: string;
  name: string;
  stage?: Array<ModelStage> | ModelStage | null | undefined;
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type ListModelVersionsQuery = { model: { versions: { totalCount: number, pageInfo: PageFieldsFragment, nodes: Array<ModelVersionFieldsFragment> } } | null };

export type GetModelVersionQueryVariables = Exact<{
  project: string;
  uri: string;
}>;


export type GetModelVersionQuery = { modelVersion: (
    { files: Array<ObjectRefFragment>, stageHistory: Array<{ from: ModelStage, to: ModelStage, at: string, by: UserRefFragment | null }> }
    & ModelVersionFieldsFragment
  ) | null };

export type GetModelVersionUrlQueryVariables = Exact<{
  project: string;
  uri: string;
  expiresIn?: number | null | undefined;
}>;


export type GetModelVersionUrlQuery = { modelVersion: (
    { downloadUrl: string, files: Array<(
      { downloadUrl: string }
      & ObjectRefFragment
    )> }
    & ModelVersionFieldsFragment
  ) | null };

export type TraceModelVersionQueryVariables = Exact<{
  project: string;
  uri: string;
  first?: number | null | undefined;
}>;


export type TraceModelVersionQuery = { modelVersion: (
    { run: (
      { inputVersions: Array<{ version: number, dataset: (
          { object: ObjectRefFragment | null }
          & DatasetRefFragment
        ) }>, pipelineStep: StepRefFragment | null }
      & RunRefFragment
    ) | null, deployments: { nodes: Array<DeploymentRefFragment> }, predictions: { nodes: Array<PredictionRefFragment> } }
    & ModelVersionFieldsFragment
  ) | null };

export type SaveModelMutationVariables = Exact<{
  input: SaveModelInput;
}>;


export type SaveModelMutation = { saveModel: ModelVersionFieldsFragment };

export type UpdateModelMutationVariables = Exact<{
  input: UpdateModelInput;
}>;


export type UpdateModelMutation = { updateModel: ModelFieldsFragment };

export type UpdateModelVersionMutationVariables = Exact<{
  input: UpdateModelVersionInput;
}>;


export type UpdateModelVersionMutation = { updateModelVersion: ModelVersionFieldsFragment };

export type TransitionModelVersionMutationVariables = Exact<{
  input: TransitionModelVersionInput;
}>;


export type TransitionModelVersionMutation = { transitionModelVersion: ModelVersionFieldsFragment };

export type SetModelAliasMutationVariables = Exact<{
  project: string;
  model: string;
  alias: string;
  version?: number | null | undefined;
}>;


export type SetModelAliasMutation = { setModelAlias: ModelFieldsFragment };

export type DeleteModelVersionMutationVariables = Exact<{
  id: string;
}>;


export type DeleteModelVersionMutation = { deleteModelVersion: boolean };

export type WatchModelVersionsSubscriptionVariables = Exact<{
  project: string;
  model?: string | null | undefined;
}>;


export type WatchModelVersionsSubscription = { modelVersionChanged: ModelVersionFieldsFragment };

type NodeRef_AccessKey_Fragment = { __typename: 'AccessKey', name: string, id: string };

type NodeRef_Bucket_Fragment = { __typename: 'Bucket', name: string, id: string };

type NodeRef_Dataset_Fragment = { __typename: 'Dataset', name: string, version: number, id: string };

type NodeRef_Deployment_Fragment = { __typename: 'Deployment', name: string, version: number, id: string };

type NodeRef_Experiment_Fragment = { __typename: 'Experiment', name: string, id: string };

type NodeRef_Model_Fragment = { __typename: 'Model', name: string, id: string };

type NodeRef_ModelVersion_Fragment = { __typename: 'ModelVersion', uri: string, version: number, id: string };

type NodeRef_PipelineRun_Fragment = { __typename: 'PipelineRun', number: number, id: string };

type NodeRef_PipelineStep_Fragment = { __typename: 'PipelineStep', name: string, id: string };

type NodeRef_Prediction_Fragment = { __typename: 'Prediction', version: number, id: string };

type NodeRef_Project_Fragment = { __typename: 'Project', name: string, id: string };

type NodeRef_Run_Fragment = { __typename: 'Run', name: string, id: string };

type NodeRef_StoredObject_Fragment = { __typename: 'StoredObject', key: string, id: string };

type NodeRef_User_Fragment = { __typename: 'User', email: string, id: string };

export type NodeRefFragment =
  | NodeRef_AccessKey_Fragment
  | NodeRef_Bucket_Fragment
  | NodeRef_Dataset_Fragment
  | NodeRef_Deployment_Fragment
  | NodeRef_Experiment_Fragment
  | NodeRef_Model_Fragment
  | NodeRef_ModelVersion_Fragment
  | NodeRef_PipelineRun_Fragment
  | NodeRef_PipelineStep_Fragment
  | NodeRef_Prediction_Fragment
  | NodeRef_Project_Fragment
  | NodeRef_Run_Fragment
  | NodeRef_StoredObject_Fragment
  | NodeRef_User_Fragment
;

export type GetNodeQueryVariables = Exact<{
  id: string;
}>;


export type GetNodeQuery = { node:
    | NodeRef_AccessKey_Fragment
    | NodeRef_Bucket_Fragment
    | NodeRef_Dataset_Fragment
    | NodeRef_Deployment_Fragment
    | NodeRef_Experiment_Fragment
    | NodeRef_Model_Fragment
    | NodeRef_ModelVersion_Fragment
    | NodeRef_PipelineRun_Fragment
    | NodeRef_PipelineStep_Fragment
    | NodeRef_Prediction_Fragment
    | NodeRef_Project_Fragment
    | NodeRef_Run_Fragment
    | NodeRef_StoredObject_Fragment
    | NodeRef_User_Fragment
   | null };

export type GetNodesQueryVariables = Exact<{
  ids: Array<string> | string;
}>;


export type GetNodesQuery = { nodes: Array<
    | NodeRef_AccessKey_Fragment
    | NodeRef_Bucket_Fragment
    | NodeRef_Dataset_Fragment
    | NodeRef_Deployment_Fragment
    | NodeRef_Experiment_Fragment
    | NodeRef_Model_Fragment
    | NodeRef_ModelVersion_Fragment
    | NodeRef_PipelineRun_Fragment
    | NodeRef_PipelineStep_Fragment
    | NodeRef_Prediction_Fragment
    | NodeRef_Project_Fragment
    | NodeRef_Run_Fragment
    | NodeRef_StoredObject_Fragment
    | NodeRef_User_Fragment
   | null> };

export type PageFieldsFragment = { hasNextPage: boolean, endCursor: string | null };

export type TagFieldsFragment = { key: string, value: string };

export type PipelineRunRefFragment = { id: string, number: number, status: PipelineStatus };

export type StepRefFragment = { id: string, name: string, kind: StepKind, status: StepStatus, pipelineRun: PipelineRunRefFragment };

export type StepFieldsFragment = { id: string, name: string, kind: StepKind, status: StepStatus, statusDetail: string | null, attempt: number, progress: number | null, message: string | null, startedAt: string | null, endedAt: string | null, durationMs: number | string | null, computeRunId: string | null, observedAt: string | null, stale: boolean };

export type PipelineRunFieldsFragment = { id: string, number: number, status: PipelineStatus, statusDetail: string | null, trigger: Trigger, lastSequence: number, createdAt: string, startedAt: string | null, endedAt: string | null, durationMs: number | string | null, cancelRequestedAt: string | null, deploymentVersion: number, deployment: DeploymentRefFragment, project: ProjectRefFragment };

export type PipelineEventFieldsFragment = { sequence: number, type: PipelineEventType, at: string, stepName: string | null, runStatus: PipelineStatus | null, stepStatus: StepStatus | null, progress: number | null, message: string | null, stream: LogStream | null, number: number | null };

export type ListPipelineRunsQueryVariables = Exact<{
  project: string;
  status?: Array<PipelineStatus> | PipelineStatus | null | undefined;
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type ListPipelineRunsQuery = { project: { pipelineRuns: { totalCount: number, pageInfo: PageFieldsFragment, nodes: Array<PipelineRunFieldsFragment> } } | null };

export type ListDeploymentRunsQueryVariables = Exact<{
  project: string;
  name: string;
  status?: Array<PipelineStatus> | PipelineStatus | null | undefined;
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type ListDeploymentRunsQuery = { deployment: { pipelineRuns: { totalCount: number, pageInfo: PageFieldsFragment, nodes: Array<PipelineRunFieldsFragment> } } | null };

export type GetPipelineRunQueryVariables = Exact<{
  id: string;
}>;


export type GetPipelineRunQuery = { node:
    | { __typename: 'AccessKey' }
    | { __typename: 'Bucket' }
    | { __typename: 'Dataset' }
    | { __typename: 'Deployment' }
    | { __typename: 'Experiment' }
    | { __typename: 'Model' }
    | { __typename: 'ModelVersion' }
    | (
      { __typename: 'PipelineRun', arguments: Array<TagFieldsFragment>, createdBy: UserRefFragment | null, retryOf: PipelineRunRefFragment | null, steps: Array<StepFieldsFragment>, predictions: Array<PredictionRefFragment> }
      & PipelineRunFieldsFragment
    )
    | { __typename: 'PipelineStep' }
    | { __typename: 'Prediction' }
    | { __typename: 'Project' }
    | { __typename: 'Run' }
    | { __typename: 'StoredObject' }
    | { __typename: 'User' }
   | null };

export type ListPipelineEventsQueryVariables = Exact<{
  pipelineRun: string;
  after?: number | null | undefined;
  first?: number | null | undefined;
}>;


export type ListPipelineEventsQuery = { node:
    | { __typename: 'AccessKey' }
    | { __typename: 'Bucket' }
    | { __typename: 'Dataset' }
    | { __typename: 'Deployment' }
    | { __typename: 'Experiment' }
    | { __typename: 'Model' }
    | { __typename: 'ModelVersion' }
    | { __typename: 'PipelineRun', status: PipelineStatus, lastSequence: number, events: Array<PipelineEventFieldsFragment> }
    | { __typename: 'PipelineStep' }
    | { __typename: 'Prediction' }
    | { __typename: 'Project' }
    | { __typename: 'Run' }
    | { __typename: 'StoredObject' }
    | { __typename: 'User' }
   | null };

export type ReadStepLogsQueryVariables = Exact<{
  pipelineRun: string;
  step: string;
  after?: number | null | undefined;
  first?: number | null | undefined;
}>;


export type ReadStepLogsQuery = { node:
    | { __typename: 'AccessKey' }
    | { __typename: 'Bucket' }
    | { __typename: 'Dataset' }
    | { __typename: 'Deployment' }
    | { __typename: 'Experiment' }
    | { __typename: 'Model' }
    | { __typename: 'ModelVersion' }
    | { __typename: 'PipelineRun', step: (
        { logs: Array<{ number: number, at: string, stream: LogStream, text: string }> }
        & StepFieldsFragment
      ) | null }
    | { __typename: 'PipelineStep' }
    | { __typename: 'Prediction' }
    | { __typename: 'Project' }
    | { __typename: 'Run' }
    | { __typename: 'StoredObject' }
    | { __typename: 'User' }
   | null };

export type TracePipelineRunQueryVariables = Exact<{
  id: string;
}>;


export type TracePipelineRunQuery = { node:
    | { __typename: 'AccessKey' }
    | { __typename: 'Bucket' }
    | { __typename: 'Dataset' }
    | { __typename: 'Deployment' }
    | { __typename: 'Experiment' }
    | { __typename: 'Model' }
    | { __typename: 'ModelVersion' }
    | (
      { __typename: 'PipelineRun', steps: Array<(
        { runs: Array<RunRefFragment>, datasets: Array<DatasetRefFragment>, predictions: Array<PredictionRefFragment> }
        & StepRefFragment
      )> }
      & PipelineRunFieldsFragment
    )
    | { __typename: 'PipelineStep' }
    | { __typename: 'Prediction' }
    | { __typename: 'Project' }
    | { __typename: 'Run' }
    | { __typename: 'StoredObject' }
    | { __typename: 'User' }
   | null };

export type RunDeploymentMutationVariables = Exact<{
  input: RunDeploymentInput;
}>;


export type RunDeploymentMutation = { runDeployment: PipelineRunFieldsFragment };

export type CancelPipelineRunMutationVariables = Exact<{
  id: string;
}>;


export type CancelPipelineRunMutation = { cancelPipelineRun: PipelineRunFieldsFragment };

export type RetryPipelineRunMutationVariables = Exact<{
  id: string;
}>;


export type RetryPipelineRunMutation = { retryPipelineRun: PipelineRunFieldsFragment };

export type ReportStepMutationVariables = Exact<{
  input: ReportStepInput;
}>;


export type ReportStepMutation = { reportStep: StepFieldsFragment };

export type WatchPipelineRunSubscriptionVariables = Exact<{
  pipelineRun: string;
  after?: number | null | undefined;
}>;


export type WatchPipelineRunSubscription = { pipelineEvents: PipelineEventFieldsFragment };

export type WatchPipelineRunsSubscriptionVariables = Exact<{
  project: string;
}>;


export type WatchPipelineRunsSubscription = { pipelineRunChanged: (
    { steps: Array<StepFieldsFragment> }
    & PipelineRunFieldsFragment
  ) };

export type PredictionRefFragment = { id: string, version: number, rowCount: number | string, createdAt: string };

export type PredictionFieldsFragment = { id: string, version: number, rowCount: number | string, createdAt: string, createdBy: UserRefFragment | null, modelVersion: ModelVersionRefFragment, output: (
    { table: string | null }
    & DatasetRefFragment
  ), input: DatasetRefFragment | null, deployment: DeploymentRefFragment | null, pipelineRun: PipelineRunRefFragment | null, project: ProjectRefFragment };

export type ListPredictionsQueryVariables = Exact<{
  project: string;
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type ListPredictionsQuery = { project: { predictions: { totalCount: number, pageInfo: PageFieldsFragment, nodes: Array<PredictionFieldsFragment> } } | null };

export type PreviewPredictionQueryVariables = Exact<{
  id: string;
  limit?: number | null | undefined;
}>;


export type PreviewPredictionQuery = { node:
    | { __typename: 'AccessKey' }
    | { __typename: 'Bucket' }
    | { __typename: 'Dataset' }
    | { __typename: 'Deployment' }
    | { __typename: 'Experiment' }
    | { __typename: 'Model' }
    | { __typename: 'ModelVersion' }
    | { __typename: 'PipelineRun' }
    | { __typename: 'PipelineStep' }
    | (
      { __typename: 'Prediction', preview: TableFieldsFragment }
      & PredictionFieldsFragment
    )
    | { __typename: 'Project' }
    | { __typename: 'Run' }
    | { __typename: 'StoredObject' }
    | { __typename: 'User' }
   | null };

export type TracePredictionQueryVariables = Exact<{
  id: string;
}>;


export type TracePredictionQuery = { node:
    | { __typename: 'AccessKey' }
    | { __typename: 'Bucket' }
    | { __typename: 'Dataset' }
    | { __typename: 'Deployment' }
    | { __typename: 'Experiment' }
    | { __typename: 'Model' }
    | { __typename: 'ModelVersion' }
    | { __typename: 'PipelineRun' }
    | { __typename: 'PipelineStep' }
    | (
      { __typename: 'Prediction', pipelineStep: StepRefFragment | null, input: (
        { object: ObjectRefFragment | null }
        & DatasetRefFragment
      ) | null, modelVersion: (
        { run: (
          { metrics: Array<MetricFieldsFragment>, inputVersions: Array<{ version: number, dataset: (
              { object: ObjectRefFragment | null }
              & DatasetRefFragment
            ) }> }
          & RunRefFragment
        ) | null }
        & ModelVersionRefFragment
      ) }
      & PredictionFieldsFragment
    )
    | { __typename: 'Project' }
    | { __typename: 'Run' }
    | { __typename: 'StoredObject' }
    | { __typename: 'User' }
   | null };

export type SavePredictionsMutationVariables = Exact<{
  input: SavePredictionsInput;
}>;


export type SavePredictionsMutation = { savePredictions: PredictionFieldsFragment };

export type PredictMutationVariables = Exact<{
  input: PredictInput;
}>;


export type PredictMutation = { predict: { predictions: Array<unknown>, durationMs: number, modelVersion: ModelVersionRefFragment } };

export type ProjectRefFragment = { id: string, name: string };

export type ProjectFieldsFragment = { id: string, name: string, description: string | null, viewerRole: Role | null, createdAt: string };

export type MemberFieldsFragment = { role: Role, user: UserRefFragment };

export type ListProjectsQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type ListProjectsQuery = { projects: { totalCount: number, pageInfo: PageFieldsFragment, nodes: Array<ProjectFieldsFragment> } };

export type GetProjectQueryVariables = Exact<{
  name: string;
}>;


export type GetProjectQuery = { project: (
    { members: Array<MemberFieldsFragment> }
    & ProjectFieldsFragment
  ) | null };

export type CreateProjectMutationVariables = Exact<{
  input: CreateProjectInput;
}>;


export type CreateProjectMutation = { createProject: ProjectFieldsFragment };

export type SetProjectMemberMutationVariables = Exact<{
  project: string;
  email: string;
  role?: Role | null | undefined;
}>;


export type SetProjectMemberMutation = { setProjectMember: (
    { members: Array<MemberFieldsFragment> }
    & ProjectFieldsFragment
  ) };

export type RunRefFragment = { id: string, name: string, status: RunStatus, experiment: ExperimentRefFragment };

export type MetricFieldsFragment = { key: string, value: number | null, text: string, step: number | string, timestamp: string };

export type RunFieldsFragment = { id: string, name: string, status: RunStatus, lifecycle: Lifecycle, startedAt: string, endedAt: string | null, experiment: ExperimentRefFragment, user: UserRefFragment | null, params: Array<TagFieldsFragment>, metrics: Array<MetricFieldsFragment>, tags: Array<TagFieldsFragment> };

export type SearchRunsQueryVariables = Exact<{
  project: string;
  experiment: string;
  filter?: string | null | undefined;
  orderBy?: Array<string> | string | null | undefined;
  lifecycle?: Lifecycle | null | undefined;
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type SearchRunsQuery = { experiment: { runs: { totalCount: number, pageInfo: PageFieldsFragment, nodes: Array<RunFieldsFragment> } } | null };

export type GetBestRunQueryVariables = Exact<{
  project: string;
  experiment: string;
  metric: string;
  goal?: Goal | null | undefined;
}>;


export type GetBestRunQuery = { experiment: { bestRun: RunFieldsFragment | null } | null };

export type GetRunQueryVariables = Exact<{
  id: string;
}>;


export type GetRunQuery = { node:
    | { __typename: 'AccessKey' }
    | { __typename: 'Bucket' }
    | { __typename: 'Dataset' }
    | { __typename: 'Deployment' }
    | { __typename: 'Experiment' }
    | { __typename: 'Model' }
    | { __typename: 'ModelVersion' }
    | { __typename: 'PipelineRun' }
    | { __typename: 'PipelineStep' }
    | { __typename: 'Prediction' }
    | { __typename: 'Project' }
    | (
      { __typename: 'Run', parent: RunRefFragment | null, pipelineStep: StepRefFragment | null, inputVersions: Array<{ version: number, dataset: DatasetRefFragment }>, modelVersions: Array<ModelVersionRefFragment> }
      & RunFieldsFragment
    )
    | { __typename: 'StoredObject' }
    | { __typename: 'User' }
   | null };

export type GetMetricHistoryQueryVariables = Exact<{
  run: string;
  key: string;
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type GetMetricHistoryQuery = { node:
    | { __typename: 'AccessKey' }
    | { __typename: 'Bucket' }
    | { __typename: 'Dataset' }
    | { __typename: 'Deployment' }
    | { __typename: 'Experiment' }
    | { __typename: 'Model' }
    | { __typename: 'ModelVersion' }
    | { __typename: 'PipelineRun' }
    | { __typename: 'PipelineStep' }
    | { __typename: 'Prediction' }
    | { __typename: 'Project' }
    | { __typename: 'Run', metricHistory: { totalCount: number, pageInfo: PageFieldsFragment, nodes: Array<MetricFieldsFragment> } }
    | { __typename: 'StoredObject' }
    | { __typename: 'User' }
   | null };

export type ListArtifactsQueryVariables = Exact<{
  run: string;
  path?: string | null | undefined;
}>;


export type ListArtifactsQuery = { node:
    | { __typename: 'AccessKey' }
    | { __typename: 'Bucket' }
    | { __typename: 'Dataset' }
    | { __typename: 'Deployment' }
    | { __typename: 'Experiment' }
    | { __typename: 'Model' }
    | { __typename: 'ModelVersion' }
    | { __typename: 'PipelineRun' }
    | { __typename: 'PipelineStep' }
    | { __typename: 'Prediction' }
    | { __typename: 'Project' }
    | { __typename: 'Run', artifacts: Array<ObjectFieldsFragment> }
    | { __typename: 'StoredObject' }
    | { __typename: 'User' }
   | null };

export type ListChildRunsQueryVariables = Exact<{
  run: string;
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type ListChildRunsQuery = { node:
    | { __typename: 'AccessKey' }
    | { __typename: 'Bucket' }
    | { __typename: 'Dataset' }
    | { __typename: 'Deployment' }
    | { __typename: 'Experiment' }
    | { __typename: 'Model' }
    | { __typename: 'ModelVersion' }
    | { __typename: 'PipelineRun' }
    | { __typename: 'PipelineStep' }
    | { __typename: 'Prediction' }
    | { __typename: 'Project' }
    | { __typename: 'Run', children: { totalCount: number, pageInfo: PageFieldsFragment, nodes: Array<RunFieldsFragment> } }
    | { __typename: 'StoredObject' }
    | { __typename: 'User' }
   | null };

export type CreateRunMutationVariables = Exact<{
  input: CreateRunInput;
}>;


export type CreateRunMutation = { createRun: RunFieldsFragment };

export type LogBatchMutationVariables = Exact<{
  input: LogBatchInput;
}>;


export type LogBatchMutation = { logBatch: { id: string } };

export type FinishRunMutationVariables = Exact<{
  id: string;
  status?: RunStatus | null | undefined;
}>;


export type FinishRunMutation = { finishRun: RunFieldsFragment };

export type SetRunLifecycleMutationVariables = Exact<{
  id: string;
  lifecycle: Lifecycle;
}>;


export type SetRunLifecycleMutation = { setRunLifecycle: RunFieldsFragment };

export type WatchMetricsSubscriptionVariables = Exact<{
  run: string;
  keys?: Array<string> | string | null | undefined;
}>;


export type WatchMetricsSubscription = { metricLogged: MetricFieldsFragment };

export type GetServerQueryVariables = Exact<{ [key: string]: never; }>;


export type GetServerQuery = { server: { version: string, startedAt: string, errorCodes: Array<ErrorCode>, backends: Array<{ role: BackendRole, kind: string, healthy: boolean, detail: string | null }>, limits: { objectBytes: number | string, sqlTimeoutMs: number, tableRows: number } } };

export type GetNamingRulesQueryVariables = Exact<{ [key: string]: never; }>;


export type GetNamingRulesQuery = { namingPolicy: { rules: Array<{ kind: NameKind, pattern: string, maxLength: number, description: string, example: string }> } };

export type CheckNameQueryVariables = Exact<{
  kind: NameKind;
  name: string;
}>;


export type CheckNameQuery = { namingPolicy: { check: { ok: boolean, reason: string | null, suggestion: string | null } } };

export type ObjectRefFragment = { id: string, key: string, size: number | string, sha256: string | null, bucket: { id: string, name: string } };

export type ObjectFieldsFragment = { id: string, key: string, size: number | string, contentType: string, etag: string, sha256: string | null, lastModified: string, bucket: { id: string, name: string } };

export type ListObjectsQueryVariables = Exact<{
  bucket: string;
  prefix?: string | null | undefined;
  delimiter?: string | null | undefined;
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type ListObjectsQuery = { bucket: { objects: { commonPrefixes: Array<string>, pageInfo: PageFieldsFragment, nodes: Array<ObjectFieldsFragment> } } | null };

export type GetObjectQueryVariables = Exact<{
  bucket: string;
  key: string;
}>;


export type GetObjectQuery = { bucket: { object: (
      { dataset: DatasetRefFragment | null }
      & ObjectFieldsFragment
    ) | null } | null };

export type GetObjectUrlQueryVariables = Exact<{
  bucket: string;
  key: string;
  expiresIn?: number | null | undefined;
}>;


export type GetObjectUrlQuery = { bucket: { object: (
      { downloadUrl: string }
      & ObjectFieldsFragment
    ) | null } | null };

export type ReadObjectQueryVariables = Exact<{
  bucket: string;
  key: string;
  format?: TableFormat | null | undefined;
  limit?: number | null | undefined;
  offset?: number | string | null | undefined;
}>;


export type ReadObjectQuery = { bucket: { object: (
      { table: TableFieldsFragment }
      & ObjectFieldsFragment
    ) | null } | null };

export type GetObjectTableUrlQueryVariables = Exact<{
  bucket: string;
  key: string;
  format?: TableFormat | null | undefined;
  as?: TableFormat | null | undefined;
  expiresIn?: number | null | undefined;
}>;


export type GetObjectTableUrlQuery = { bucket: { object: (
      { table: { downloadUrl: string, columns: Array<ColumnFieldsFragment> } }
      & ObjectFieldsFragment
    ) | null } | null };

export type DeleteObjectMutationVariables = Exact<{
  bucket: string;
  key: string;
}>;


export type DeleteObjectMutation = { deleteObject: boolean };

export type CreateUploadMutationVariables = Exact<{
  input: CreateUploadInput;
}>;


export type CreateUploadMutation = { createUpload: { id: string, partSize: number | string, expiresAt: string, parts: Array<{ number: number, method: string, url: string, headers: Array<TagFieldsFragment> }> } };

export type CompleteUploadMutationVariables = Exact<{
  id: string;
  sha256?: string | null | undefined;
}>;


export type CompleteUploadMutation = { completeUpload: ObjectFieldsFragment };

export type AbandonUploadMutationVariables = Exact<{
  id: string;
}>;


export type AbandonUploadMutation = { abandonUpload: boolean };

export type ColumnFieldsFragment = { name: string, type: ColumnType, databaseType: string, nullable: boolean };

export type TableFieldsFragment = { rows: Array<unknown>, rowCount: number, truncated: boolean, columns: Array<ColumnFieldsFragment> };

export type ExecuteSelectQueryVariables = Exact<{
  project: string;
  sql: string;
  params?: unknown;
  limit?: number | null | undefined;
}>;


export type ExecuteSelectQuery = { executeSelect: TableFieldsFragment };

export type GetSelectUrlQueryVariables = Exact<{
  project: string;
  sql: string;
  params?: unknown;
  format?: TableFormat | null | undefined;
  expiresIn?: number | null | undefined;
}>;


export type GetSelectUrlQuery = { executeSelect: { downloadUrl: string, columns: Array<ColumnFieldsFragment> } };

export type ExecuteDmlMutationVariables = Exact<{
  input: ExecuteDmlInput;
}>;


export type ExecuteDmlMutation = { executeDml: { rowsAffected: number | string, durationMs: number } };

export type UserRefFragment = { id: string, email: string, name: string | null };

export type UserFieldsFragment = { id: string, email: string, name: string | null, isAdmin: boolean, createdAt: string };

export type LogInMutationVariables = Exact<{
  email: string;
  password: string;
}>;


export type LogInMutation = { login: { token: string, expiresAt: string, user: UserFieldsFragment } };

export type GetViewerQueryVariables = Exact<{ [key: string]: never; }>;


export type GetViewerQuery = { viewer: UserFieldsFragment | null };

export type CreateUserMutationVariables = Exact<{
  input: CreateUserInput;
}>;


export type CreateUserMutation = { createUser: UserFieldsFragment };
