// The double of Object Storage: uploads in parts.
import { randomUUID } from 'node:crypto'
import type { Bucket, MultipartUpload, ObjectStorageState } from './object-storage-state.js'
import { type OciAnswer, OciRefusal, type OciRequest, type OciRoute, pageOf } from './oci-service.js'

export function uploadRoutes(state: ObjectStorageState): OciRoute[] {
  const bucketOf = ({ params }: OciRequest): Bucket => state.bucket(params['namespace']!, params['bucket']!)
  const uploadOf = (request: OciRequest): { bucket: Bucket; upload: MultipartUpload } => {
    const bucket = bucketOf(request)
    return { bucket, upload: findUpload(bucket, request.params['object']!, request.query.get('uploadId') ?? '') }
  }
  const path = '/n/{namespace}/b/{bucket}/u/{object}'
  return [
    {
      operation: 'createMultipartUpload',
      method: 'POST',
      path: '/n/{namespace}/b/{bucket}/u',
      handle(request) {
        const { object, contentType = 'application/octet-stream', metadata = {} } = request.json
        const upload = beginUpload(bucketOf(request), object, contentType, metadata)
        return { json: uploadJson(bucketOf(request), upload) }
      },
    },
    {
      operation: 'listMultipartUploads',
      method: 'GET',
      path: '/n/{namespace}/b/{bucket}/u',
      handle(request) {
        const bucket = bucketOf(request)
        const { items, headers } = pageOf([...bucket.uploads.values()], request.query)
        return { headers, json: items.map((upload) => uploadJson(bucket, upload)) }
      },
    },
    {
      operation: 'uploadPart',
      method: 'PUT',
      path,
      unsigned: 'body',
      handle: (request) => storePart(state, uploadOf(request).upload, Number(request.query.get('uploadPartNum')), request),
    },
    {
      operation: 'listMultipartUploadParts',
      method: 'GET',
      path,
      handle(request) {
        const parts = [...uploadOf(request).upload.parts].sort(([a], [b]) => a - b)
        const { items, headers } = pageOf(parts, request.query)
        return { headers, json: items.map(([partNumber, { etag, md5, size }]) => ({ partNumber, etag, md5, size })) }
      },
    },
    {
      operation: 'commitMultipartUpload',
      method: 'POST',
      path,
      handle(request) {
        const { bucket, upload } = uploadOf(request)
        return commit(state, bucket, upload, request.json)
      },
    },
    {
      operation: 'abortMultipartUpload',
      method: 'DELETE',
      path,
      handle(request) {
        const { bucket, upload } = uploadOf(request)
        bucket.uploads.delete(upload.uploadId)
        return { status: 204 }
      },
    },
  ]
}

export function beginUpload(bucket: Bucket, object: string, contentType: string, meta: Record<string, string>): MultipartUpload {
  const upload = { uploadId: randomUUID(), object, contentType, meta, created: new Date(), parts: new Map() }
  bucket.uploads.set(upload.uploadId, upload)
  return upload
}

export const uploadJson = (bucket: Bucket, { uploadId, object, created }: MultipartUpload) => ({
  namespace: bucket.namespace,
  bucket: bucket.name,
  object,
  uploadId,
  timeCreated: created,
  storageTier: 'Standard',
})

export function findUpload(bucket: Bucket, object: string, uploadId: string): MultipartUpload {
  const upload = bucket.uploads.get(uploadId)
  if (!upload || upload.object !== object)
    throw new OciRefusal(404, 'NoSuchUpload', `The upload ID '${uploadId}' does not exist. It may have been aborted or committed`)
  return upload
}

export async function storePart(
  state: ObjectStorageState,
  upload: MultipartUpload,
  number: number,
  { stream, headers }: OciRequest,
): Promise<OciAnswer> {
  if (!Number.isInteger(number) || number < 1 || number > 10_000)
    throw new OciRefusal(400, 'InvalidUploadPart', 'uploadPartNum must be between 1 and 10000')
  const blob = await state.store(stream, headers['content-md5'] as string | undefined, headers['content-length'])
  const etag = randomUUID()
  upload.parts.set(number, { ...blob, etag })
  return { headers: { etag, 'opc-content-md5': blob.md5 } }
}

interface Commit {
  partsToCommit: { partNum: number; etag: string }[]
  partsToExclude?: number[]
}

/** Without a list: all parts that came. */
export function commit(state: ObjectStorageState, bucket: Bucket, upload: MultipartUpload, wanted?: Commit): OciAnswer {
  const numbers = wanted?.partsToCommit.map(({ partNum }) => partNum) ?? [...upload.parts.keys()]
  const named = new Set([...numbers, ...(wanted?.partsToExclude ?? [])])
  if (numbers.length === 0 || [...upload.parts.keys()].some((number) => !named.has(number)))
    throw new OciRefusal(400, 'InvalidUploadPart', 'Every part must be committed or excluded')
  for (const { partNum, etag } of wanted?.partsToCommit ?? [])
    if (upload.parts.get(partNum)?.etag !== etag)
      throw new OciRefusal(400, 'InvalidUploadPart', `Part ${partNum} has another ETag`)
  const blobs = numbers.sort((a, b) => a - b).map((number) => upload.parts.get(number)!)
  const { object: name, contentType, meta } = upload
  bucket.uploads.delete(upload.uploadId)
  const version = state.add(bucket, { name, blobs, contentType, meta })
  return {
    headers: {
      etag: version.etag,
      'opc-multipart-md5': version.multipartMd5 ?? undefined,
      'version-id': version.versionId ?? undefined,
      'last-modified': version.modified.toUTCString(),
    },
  }
}
