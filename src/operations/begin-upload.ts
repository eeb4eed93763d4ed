// Announces the bytes of an object: reserves an upload with the storage backend and remembers it.
import { newId } from '../datasources/catalog/node-id.js'
import type { BucketRow, UploadRow } from '../datasources/catalog/tables.js'
import type { Datasources } from '../datasources/datasources.js'
import { badInput } from '../errors.js'
import { requireName } from '../naming-policy.js'

export interface NewUpload {
  bucket: BucketRow
  key: string
  size: number
  contentType: string | null
  sha256: string | null
  createdBy: string
}

/** @throws BAD_USER_INPUT */
export async function beginUpload(
  { catalog, storage }: Datasources,
  input: NewUpload,
  limits: { maxBytes: number; hours: number },
): Promise<UploadRow> {
  const key = requireName('OBJECT_KEY', input.key, 'input.key')
  const sha256 = digestIn(input.sha256, 'input.sha256')
  const contentType = input.contentType ?? contentTypeOf(key)
  if (!Number.isSafeInteger(input.size) || input.size < 0 || input.size > limits.maxBytes)
    throw badInput('input.size', `input.size must be between 0 and ${limits.maxBytes} bytes.`)
  // Goes out again as a header of the download.
  if (contentType.length > 200 || !/^[\w.+-]+\/[\w.+-]+( *; *[\w.+-]+=[\w.+"-]+)*$/.test(contentType))
    throw badInput('input.contentType', 'input.contentType must be a media type, for example "text/csv".')

  const { bucket, size } = input
  const id = newId('upload')
  const now = Date.now()
  const expiresAt = new Date(now + limits.hours * 3_600_000).toISOString()
  const begun = await storage.beginUpload({ id, bucket: bucket.name, key, size, contentType, expiresAt })
  const upload: UploadRow = {
    id,
    projectId: bucket.projectId,
    bucketId: bucket.id,
    key,
    size,
    contentType,
    sha256,
    partSize: begun.partSize,
    token: begun.token,
    createdBy: input.createdBy,
    createdAt: new Date(now).toISOString(),
    expiresAt,
    objectId: null,
  }
  await catalog.uploads.insert(upload)
  return upload
}

/** In lower case. @throws BAD_USER_INPUT it is no SHA-256 in hex */
export function digestIn(text: string | null, field: string): string | null {
  const digest = text?.toLowerCase() ?? null
  if (digest !== null && !/^[0-9a-f]{64}$/.test(digest)) throw badInput(field, `${field} must be 64 hexadecimal digits.`)
  return digest
}

const contentTypes: Readonly<Record<string, string>> = {
  csv: 'text/csv',
  tsv: 'text/tab-separated-values',
  txt: 'text/plain',
  json: 'application/json',
  ndjson: 'application/x-ndjson',
  jsonl: 'application/x-ndjson',
  parquet: 'application/vnd.apache.parquet',
  arrow: 'application/vnd.apache.arrow.file',
  yaml: 'application/yaml',
  py: 'text/x-python',
  zip: 'application/zip',
  gz: 'application/gzip',
  pdf: 'application/pdf',
  png: 'image/png',
  jpg: 'image/jpeg',
}

/** By the extension. */
export const contentTypeOf = (key: string): string =>
  contentTypes[key.slice(key.lastIndexOf('.') + 1).toLowerCase()] ?? 'application/octet-stream'
