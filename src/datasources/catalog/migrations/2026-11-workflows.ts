// Makes the tables of deployments, pipeline runs and predictions, and links runs, datasets and keys to steps.
import { type Kysely, sql } from 'kysely'
import { isSqlite, textType } from '../sql-dialect.js'

export async function up(db: Kysely<unknown>): Promise<void> {
  const text = textType(db)
  const clustered = isSqlite(db) ? sql`without rowid` : sql``
  const real = isSqlite(db) ? sql`real` : sql`double precision`

  await sql`create table deployments (
    id ${text} primary key, "projectId" ${text} not null references projects(id), name ${text} not null, kind ${text} not null,
    status ${text} not null, "statusDetail" ${text}, version integer not null, cron ${text}, timezone ${text} not null,
    "scheduleEnabled" integer not null, "nextRunAt" ${text}, "lastRunNumber" integer not null, "applicationId" ${text},
    "createdAt" ${text} not null, "updatedAt" ${text} not null)`.execute(db)
  await sql`create unique index deployments_live on deployments("projectId", name) where status <> 'DELETED'`.execute(db)
  await sql`create index deployments_by_tick on deployments("nextRunAt") where "nextRunAt" is not null`.execute(db)
  await sql`create table deployment_versions (
    "deploymentId" ${text} not null references deployments(id), version integer not null, status ${text} not null, "statusDetail" ${text},
    cluster ${text} not null, requirements ${text}, "archiveObjectId" ${text} references stored_objects(id), "archiveSha256" ${text},
    "archivePackages" ${text}, "archiveBuiltAt" ${text}, "archiveKey" ${text}, "packagingUntil" ${text}, "modelVersionId" ${text} references model_versions(id), "idempotencyKey" ${text},
    "createdBy" ${text} references users(id), "createdAt" ${text} not null, primary key ("deploymentId", version))`.execute(db)
  await sql`create index deployment_versions_by_model on deployment_versions("modelVersionId") where "modelVersionId" is not null`.execute(
    db,
  )
  await sql`create index deployment_versions_by_archive on deployment_versions("archiveObjectId")`.execute(db)
  await sql`create index deployment_versions_by_archive_key on deployment_versions("archiveKey") where "archiveKey" is not null`.execute(
    db,
  )
  await sql`create index deployment_versions_packaging on deployment_versions("createdAt") where status = 'PACKAGING'`.execute(db)
  await sql`create unique index deployment_versions_once on deployment_versions("deploymentId", "idempotencyKey")`.execute(db)
  await sql`create table deployment_steps (
    "deploymentId" ${text} not null references deployments(id), version integer not null, position integer not null,
    name ${text} not null, kind ${text} not null, "scriptObjectId" ${text} not null references stored_objects(id),
    arguments ${text} not null, needs ${text} not null, "maxAttempts" integer not null, "timeoutSeconds" integer,
    primary key ("deploymentId", version, position)) ${clustered}`.execute(db)
  await sql`create index deployment_steps_by_script on deployment_steps("scriptObjectId")`.execute(db)
  await sql`create table deployment_libraries (
    "deploymentId" ${text} not null references deployments(id), version integer not null, position integer not null,
    "objectId" ${text} not null references stored_objects(id), primary key ("deploymentId", version, position)) ${clustered}`.execute(
    db,
  )
  await sql`create index deployment_libraries_by_object on deployment_libraries("objectId")`.execute(db)

  await sql`create table pipeline_runs (
    id ${text} primary key, "projectId" ${text} not null references projects(id), "deploymentId" ${text} not null references deployments(id),
    "deploymentVersion" integer not null, number integer not null, status ${text} not null, "statusDetail" ${text}, trigger ${text} not null,
    arguments ${text} not null, "createdAt" ${text} not null, "startedAt" ${text}, "endedAt" ${text}, "createdBy" ${text} references users(id),
    "lastSequence" integer not null, "leaseOwner" ${text}, "leaseUntil" ${text}, "cancelRequestedAt" ${text},
    "retryOfId" ${text} references pipeline_runs(id), "scheduledFor" ${text}, "idempotencyKey" ${text},
    unique ("deploymentId", number))`.execute(db)
  await sql`create index pipeline_runs_by_project on pipeline_runs("projectId", id)`.execute(db)
  await sql`create index pipeline_runs_by_deployment on pipeline_runs("deploymentId", id)`.execute(db)
  await sql`create index pipeline_runs_active on pipeline_runs("leaseUntil") where "endedAt" is null`.execute(db)
  await sql`create index pipeline_runs_leased on pipeline_runs("leaseOwner") where "leaseOwner" is not null`.execute(db)
  await sql`create unique index pipeline_runs_tick on pipeline_runs("deploymentId", "scheduledFor") where "scheduledFor" is not null`.execute(
    db,
  )
  await sql`create unique index pipeline_runs_once on pipeline_runs("deploymentId", "idempotencyKey") where "idempotencyKey" is not null`.execute(
    db,
  )
  await sql`create table pipeline_steps (
    id ${text} primary key, "projectId" ${text} not null references projects(id), "pipelineRunId" ${text} not null references pipeline_runs(id),
    position integer not null, name ${text} not null, kind ${text} not null, status ${text} not null, "statusDetail" ${text},
    attempt integer not null, progress ${real}, message ${text}, "startedAt" ${text}, "endedAt" ${text}, "computeRunId" ${text}, "retryAt" ${text},
    "reportedFailure" ${text}, "lastLogNumber" integer not null, unique ("pipelineRunId", position))`.execute(db)
  // No foreign key: the run's row is locked by the statement that raises its sequence, in the same transaction.
  await sql`create table pipeline_events (
    "pipelineRunId" ${text} not null, sequence integer not null, type ${text} not null, at ${text} not null, "stepId" ${text}, "stepName" ${text},
    "runStatus" ${text}, "stepStatus" ${text}, progress ${real}, message ${text}, stream ${text}, number integer,
    primary key ("pipelineRunId", sequence)) ${clustered}`.execute(db)
  await sql`create unique index pipeline_events_log on pipeline_events("stepId", number) where number is not null`.execute(db)
  await sql`create table predictions (
    id ${text} primary key, "projectId" ${text} not null references projects(id), "modelVersionId" ${text} not null references model_versions(id),
    "deploymentId" ${text} references deployments(id), "pipelineRunId" ${text} references pipeline_runs(id),
    "stepId" ${text} references pipeline_steps(id), "outputDatasetId" ${text} not null references datasets(id),
    "inputDatasetId" ${text} references datasets(id), version integer not null, "rowCount" bigint not null, "idempotencyKey" ${text},
    "createdAt" ${text} not null, "createdBy" ${text} references users(id), unique ("outputDatasetId", version))`.execute(db)
  await sql`create unique index predictions_once on predictions("projectId", "idempotencyKey") where "idempotencyKey" is not null`.execute(
    db,
  )
  for (const [name, column] of [
    ['project', 'projectId'],
    ['model', 'modelVersionId'],
    ['deployment', 'deploymentId'],
    ['run', 'pipelineRunId'],
    ['step', 'stepId'],
    ['input', 'inputDatasetId'],
    ['output', 'outputDatasetId'],
  ])
    await sql`create index ${sql.ref(`predictions_by_${name}`)} on predictions(${sql.ref(column!)}, id)`.execute(db)

  // Who logged a run or made a dataset: the step whose key did.
  await sql`alter table runs add column "pipelineStepId" ${text} references pipeline_steps(id)`.execute(db)
  await sql`create index runs_by_step on runs("pipelineStepId") where "pipelineStepId" is not null`.execute(db)
  await sql`alter table datasets add column "pipelineStepId" ${text} references pipeline_steps(id)`.execute(db)
  await sql`create index datasets_by_step on datasets("pipelineStepId") where "pipelineStepId" is not null`.execute(db)
  // The key of a running step: it goes when the step ends.
  await sql`alter table access_keys add column "pipelineStepId" ${text} references pipeline_steps(id)`.execute(db)
  await sql`create index access_keys_by_step on access_keys("pipelineStepId") where "pipelineStepId" is not null`.execute(db)
}
