// Makes the tables of people, projects, buckets, objects and datasets.
import { type Kysely, sql } from 'kysely'
import { isSqlite, textType } from '../sql-dialect.js'

export async function up(db: Kysely<unknown>): Promise<void> {
  const text = textType(db)
  await sql`create table users (
    id ${text} primary key, email ${text} not null unique, name ${text}, "passwordHash" ${text},
    "isAdmin" integer not null, "createdAt" ${text} not null)`.execute(db)
  await sql`create table sessions (
    "tokenHash" ${text} primary key, "userId" ${text} not null references users(id) on delete cascade,
    "createdAt" ${text} not null, "expiresAt" ${text} not null)`.execute(db)
  await sql`create index sessions_by_expiry on sessions("expiresAt")`.execute(db)
  await sql`create table projects (
    id ${text} primary key, name ${text} not null unique, description ${text}, "createdAt" ${text} not null)`.execute(db)
  await sql`create table project_members (
    "projectId" ${text} not null references projects(id), "userId" ${text} not null references users(id), role ${text} not null,
    primary key ("projectId", "userId"))`.execute(db)
  await sql`create index project_members_by_user on project_members("userId", "projectId")`.execute(db)
  await sql`create table access_keys (
    id ${text} primary key, "userId" ${text} not null references users(id), name ${text} not null, "secretHash" ${text} not null unique,
    "projectId" ${text} references projects(id), role ${text} not null, "createdAt" ${text} not null, "expiresAt" ${text},
    "lastUsedAt" ${text}, "revokedAt" ${text})`.execute(db)
  await sql`create index access_keys_by_user on access_keys("userId", id)`.execute(db)
  await sql`create table login_failures (subject ${text} primary key, failures integer not null, since ${text} not null)`.execute(
    db,
  )
  await sql`create index login_failures_by_since on login_failures(since)`.execute(db)
  await sql`create table buckets (
    id ${text} primary key, "projectId" ${text} not null references projects(id), name ${text} not null unique,
    purpose ${text} not null, "createdAt" ${text} not null)`.execute(db)
  await sql`create index buckets_by_project on buckets("projectId", name)`.execute(db)
  await sql`create table stored_objects (
    id ${text} primary key, "projectId" ${text} not null references projects(id), "bucketId" ${text} not null references buckets(id),
    key ${text} not null, "isCurrent" integer not null, version ${text} not null, size bigint not null, etag ${text} not null,
    sha256 ${text}, "contentType" ${text} not null, "lastModified" ${text} not null, "replacedAt" ${text},
    "createdBy" ${text} references users(id))`.execute(db)
  await sql`create unique index stored_objects_current on stored_objects("bucketId", key) where "isCurrent" = 1`.execute(db)
  await sql`create index stored_objects_replaced on stored_objects("replacedAt") where "isCurrent" = 0`.execute(db)
  await sql`create table uploads (
    id ${text} primary key, "projectId" ${text} not null references projects(id), "bucketId" ${text} not null references buckets(id),
    key ${text} not null, size bigint not null, "contentType" ${text} not null, sha256 ${text}, "partSize" bigint not null,
    token ${text} not null, "createdBy" ${text} not null references users(id), "createdAt" ${text} not null,
    "expiresAt" ${text} not null, "objectId" ${text})`.execute(db)
  await sql`create index uploads_by_expiry on uploads("expiresAt")`.execute(db)
  await sql`create table datasets (
    id ${text} primary key, "projectId" ${text} not null references projects(id), name ${text} not null, kind ${text} not null,
    description ${text}, "tableName" ${text} not null, "ownsTable" integer not null, "objectId" ${text} references stored_objects(id),
    version integer not null, "createdAt" ${text} not null, "updatedAt" ${text} not null,
    unique ("projectId", name), unique ("projectId", "tableName"))`.execute(db)
  await sql`create index datasets_by_object on datasets("objectId")`.execute(db)
  await sql`create table dataset_versions (
    "datasetId" ${text} not null references datasets(id) on delete cascade, version integer not null,
    "objectId" ${text} references stored_objects(id), sql ${text}, "rowCount" bigint not null,
    "createdBy" ${text} references users(id), "createdAt" ${text} not null, primary key ("datasetId", version))`.execute(db)
  await sql`create index dataset_versions_by_object on dataset_versions("objectId")`.execute(db)
  await sql`create table export_tickets (
    id ${text} primary key, "projectId" ${text} not null references projects(id), request ${text} not null,
    "expiresAt" ${text} not null)`.execute(db)
  await sql`create index export_tickets_by_expiry on export_tickets("expiresAt")`.execute(db)
  await sql`create table server_secrets (name ${text} primary key, value ${text} not null)`.execute(db)
  // What transactions of PostgreSQL lock, to be under way together or alone; those of SQLite are alone.
  if (!isSqlite(db)) await sql`create table transaction_turns ()`.execute(db)
}
