// Makes the tables of experiments, runs, metrics and the model registry.
import { type Kysely, sql } from 'kysely'
import { indexedText, isSqlite, textType } from '../sql-dialect.js'

export async function up(db: Kysely<unknown>): Promise<void> {
  const text = textType(db)
  // SQLite keeps such a table as the index of its key alone: half the pages to write for what is only read by key.
  const clustered = isSqlite(db) ? sql`without rowid` : sql``
  const real = isSqlite(db) ? sql`real` : sql`double precision`

  await sql`create table experiments (
    id ${text} primary key, "projectId" ${text} not null references projects(id), name ${text} not null, lifecycle ${text} not null,
    "createdAt" ${text} not null, "updatedAt" ${text} not null)`.execute(db)
  await sql`create unique index experiments_active on experiments("projectId", name) where lifecycle = 'ACTIVE'`.execute(db)
  await sql`create index experiments_by_creation on experiments("projectId", lifecycle, "createdAt", id)`.execute(db)
  await sql`create table experiment_tags (
    "experimentId" ${text} not null references experiments(id), key ${text} not null, value ${text} not null,
    primary key ("experimentId", key)) ${clustered}`.execute(db)
  await sql`create table runs (
    id ${text} primary key, "projectId" ${text} not null references projects(id), "experimentId" ${text} not null references experiments(id),
    name ${text} not null, status ${text} not null, lifecycle ${text} not null, "startedAt" ${text} not null, "endedAt" ${text},
    "userId" ${text} references users(id), "parentId" ${text} references runs(id)) ${clustered}`.execute(db)
  await sql`create index runs_by_start on runs("experimentId", lifecycle, "startedAt", id)`.execute(db)
  // One for each attribute that runs are sorted by, with the id behind it, which tells equal ones apart: a page is then a range.
  await sql`create index runs_by_id on runs("experimentId", lifecycle, id)`.execute(db)
  await sql`create index runs_by_name on runs("experimentId", lifecycle, name, id)`.execute(db)
  await sql`create index runs_by_status on runs("experimentId", lifecycle, status, id)`.execute(db)
  await sql`create index runs_by_end on runs("experimentId", lifecycle, "endedAt", id)`.execute(db)
  await sql`create index runs_by_user on runs("experimentId", lifecycle, "userId", id)`.execute(db)
  await sql`create index runs_by_parent on runs("parentId", "startedAt", id) where "parentId" is not null`.execute(db)
  await sql`create table run_params (
    "runId" ${text} not null references runs(id), "experimentId" ${text} not null, key ${text} not null, value ${text} not null,
    primary key ("runId", key)) ${clustered}`.execute(db)
  const value = indexedText(isSqlite(db), sql`value`)
  await sql`create index run_params_by_value on run_params("experimentId", key, ${value}, "runId")`.execute(db)
  await sql`create table run_tags (
    "runId" ${text} not null references runs(id), "experimentId" ${text} not null, key ${text} not null, value ${text} not null,
    primary key ("runId", key)) ${clustered}`.execute(db)
  await sql`create index run_tags_by_value on run_tags("experimentId", key, ${value}, "runId")`.execute(db)
  // No foreign key: a look-up for each of millions of points, when the run is checked once for each batch.
  await sql`create table metric_points (
    "runId" ${text} not null, key ${text} not null, timestamp bigint not null, step bigint not null,
    value ${real} not null, "isNan" integer not null,
    primary key ("runId", key, timestamp, step, value, "isNan")) ${clustered}`.execute(db)
  await sql`create table latest_metrics (
    "runId" ${text} not null references runs(id), "experimentId" ${text} not null, key ${text} not null, timestamp bigint not null,
    step bigint not null, value ${real} not null, "isNan" integer not null, primary key ("runId", key)) ${clustered}`.execute(db)
  await sql`create index latest_metrics_by_value on latest_metrics("experimentId", key, "isNan", value, "runId")`.execute(db)
  await sql`create table run_inputs (
    "runId" ${text} not null references runs(id), "datasetId" ${text} not null references datasets(id), "datasetVersion" integer not null,
    primary key ("runId", "datasetId")) ${clustered}`.execute(db)
  await sql`create index run_inputs_by_dataset on run_inputs("datasetId", "runId")`.execute(db)

  await sql`create table models (
    id ${text} primary key, "projectId" ${text} not null references projects(id), name ${text} not null, description ${text},
    "lastVersion" integer not null, "createdAt" ${text} not null, "updatedAt" ${text} not null, unique ("projectId", name))`.execute(
    db,
  )
  await sql`create table model_tags (
    "modelId" ${text} not null references models(id), key ${text} not null, value ${text} not null,
    primary key ("modelId", key)) ${clustered}`.execute(db)
  await sql`create table model_versions (
    id ${text} primary key, "projectId" ${text} not null references projects(id), "modelId" ${text} not null references models(id),
    version integer not null, stage ${text} not null, status ${text} not null, description ${text}, "modelType" ${text}, requirements ${text},
    "runId" ${text} references runs(id), size bigint not null, sha256 ${text}, "createdBy" ${text} references users(id),
    "createdAt" ${text} not null, "updatedAt" ${text} not null, "deletedAt" ${text}, unique ("modelId", version))`.execute(db)
  await sql`create index model_versions_by_stage on model_versions("modelId", stage, version) where "deletedAt" is null`.execute(
    db,
  )
  await sql`create index model_versions_by_run on model_versions("runId") where "runId" is not null`.execute(db)
  await sql`create table model_version_files (
    "modelVersionId" ${text} not null references model_versions(id), position integer not null,
    "objectId" ${text} not null references stored_objects(id), primary key ("modelVersionId", position)) ${clustered}`.execute(db)
  await sql`create index model_version_files_by_object on model_version_files("objectId")`.execute(db)
  await sql`create table model_version_tags (
    "modelVersionId" ${text} not null references model_versions(id), key ${text} not null, value ${text} not null,
    primary key ("modelVersionId", key)) ${clustered}`.execute(db)
  await sql`create table model_aliases (
    "modelId" ${text} not null references models(id), alias ${text} not null, "modelVersionId" ${text} not null references model_versions(id),
    primary key ("modelId", alias)) ${clustered}`.execute(db)
  await sql`create index model_aliases_by_version on model_aliases("modelVersionId")`.execute(db)
  await sql`create table stage_transitions (
    "modelVersionId" ${text} not null references model_versions(id), number integer not null, "from" ${text} not null, "to" ${text} not null,
    at ${text} not null, by ${text} references users(id), primary key ("modelVersionId", number)) ${clustered}`.execute(db)
}
