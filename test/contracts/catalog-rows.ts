import type { Catalog } from '../../src/datasources/catalog/catalog.js'
import { newId } from '../../src/datasources/catalog/node-id.js'
import type {
  AccessKeyRow,
  BucketRow,
  DatasetRow,
  ProjectRow,
  StoredObjectRow,
  UploadRow,
  UserRow,
} from '../../src/datasources/catalog/tables.js'

let made = 0
/** A name that no other row has. */
export const uniqueName = (prefix = 'name'): string => `${prefix}-${++made}`

/** `minutes` after noon of a day: times of one test compare as its reader expects. */
export const at = (minutes: number): string => new Date(Date.UTC(2026, 10, 23, 12) + minutes * 60_000).toISOString()

/** Rows that a catalog takes, and functions that insert one together with what it refers to. */
export const userRow = (over: Partial<UserRow> = {}): UserRow => ({
  id: newId('user'),
  email: `${uniqueName('user')}@example.com`,
  name: null,
  passwordHash: null,
  isAdmin: 0,
  createdAt: at(0),
  ...over,
})

export const projectRow = (over: Partial<ProjectRow> = {}): ProjectRow => ({
  id: newId('project'),
  name: uniqueName('project'),
  description: null,
  createdAt: at(0),
  ...over,
})

export const bucketRow = (projectId: string, over: Partial<BucketRow> = {}): BucketRow => ({
  id: newId('bucket'),
  projectId,
  name: uniqueName('bucket'),
  purpose: 'RAW',
  createdAt: at(0),
  ...over,
})

export const objectRow = (
  bucket: { id: string; projectId: string },
  key: string,
  over: Partial<StoredObjectRow> = {},
): StoredObjectRow => {
  const id = over.id ?? newId('object')
  return {
    id,
    projectId: bucket.projectId,
    bucketId: bucket.id,
    key,
    isCurrent: 1,
    version: id,
    size: 3,
    etag: id,
    sha256: null,
    contentType: 'text/plain',
    lastModified: at(0),
    replacedAt: null,
    createdBy: null,
    ...over,
  }
}

export const uploadRow = (
  bucket: { id: string; projectId: string },
  createdBy: string,
  over: Partial<UploadRow> = {},
): UploadRow => ({
  id: newId('upload'),
  projectId: bucket.projectId,
  bucketId: bucket.id,
  key: 'key',
  size: 3,
  contentType: 'text/plain',
  sha256: null,
  partSize: 2,
  token: '',
  createdBy,
  createdAt: at(0),
  expiresAt: at(60),
  objectId: null,
  ...over,
})

export const datasetRow = (projectId: string, over: Partial<DatasetRow> = {}): DatasetRow => {
  const name = over.name ?? uniqueName('dataset')
  return {
    id: newId('dataset'),
    projectId,
    name,
    kind: 'TABLE',
    description: null,
    tableName: name,
    ownsTable: 1,
    objectId: null,
    version: 1,
    pipelineStepId: null,
    createdAt: at(0),
    updatedAt: at(0),
    ...over,
  }
}

export const accessKeyRow = (userId: string, over: Partial<AccessKeyRow> = {}): AccessKeyRow => ({
  id: newId('accessKey'),
  userId,
  name: 'key',
  secretHash: uniqueName('hash'),
  projectId: null,
  role: 'EDITOR',
  createdAt: at(0),
  expiresAt: null,
  lastUsedAt: null,
  revokedAt: null,
  pipelineStepId: null,
  ...over,
})

export async function insertUser(catalog: Catalog, over: Partial<UserRow> = {}): Promise<UserRow> {
  const user = userRow(over)
  await catalog.users.insert(user)
  return user
}

export async function insertProject(catalog: Catalog, over: Partial<ProjectRow> = {}): Promise<ProjectRow> {
  const project = projectRow(over)
  await catalog.projects.insert(project)
  return project
}

export async function insertBucket(catalog: Catalog, projectId?: string): Promise<BucketRow> {
  const bucket = bucketRow(projectId ?? (await insertProject(catalog)).id)
  await catalog.buckets.insert(bucket)
  return bucket
}

/** The same numbers in the same order for the same seed, between 0 and 1. */
export function randomFrom(seed: number): () => number {
  let state = seed
  // mulberry32: https://gist.github.com/tommyettinger/46a874533244883189143505d203312c
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}
