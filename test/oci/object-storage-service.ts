// The double of OCI Object Storage: buckets, objects and their versions. Uploads in parts and pre-authenticated requests beside it.
import { randomUUID } from 'node:crypto'
import { parRoutes } from './object-storage-pars.js'
import { type Bucket, ObjectStorageState, type ObjectVersion, readBlobs } from './object-storage-state.js'
import { uploadRoutes } from './object-storage-uploads.js'
import { type OciAnswer, OciRefusal, type OciRequest, type OciRoute, type OciService, pageOf } from './oci-service.js'

export interface ObjectStorageService extends OciService {
  /** To look at, and to put things in that somebody else would have. */
  state: ObjectStorageState
}

/** @param digests false: it computes no MD5, for benchmarks that ask what its client costs */
export function objectStorageService(namespace = 'tenant', { digests = true }: { digests?: boolean } = {}): ObjectStorageService {
  const state = new ObjectStorageState(namespace, digests)
  return {
    state,
    routes: [...bucketRoutes(state), ...objectRoutes(state), ...uploadRoutes(state), ...parRoutes(state)],
    close: () => state.close(),
  }
}

const bucketOf = (state: ObjectStorageState, { params }: OciRequest): Bucket =>
  state.bucket(params['namespace']!, params['bucket']!)

function bucketRoutes(state: ObjectStorageState): OciRoute[] {
  const path = '/n/{namespace}/b/{bucket}'
  return [
    { operation: 'getNamespace', method: 'GET', path: '/n', handle: () => ({ json: state.namespace }) },
    {
      operation: 'createBucket',
      method: 'POST',
      path: '/n/{namespace}/b',
      handle({ params, json }) {
        if (params['namespace'] !== state.namespace) state.bucket(params['namespace']!, '')
        if (!/^[\w.-]{1,256}$/.test(json.name))
          throw new OciRefusal(400, 'InvalidBucketName', `Bucket name ${json.name} is not valid`)
        if (!/^ocid1\.(compartment|tenancy)\./.test(json.compartmentId))
          throw new OciRefusal(400, 'InvalidParameter', 'compartmentId must be an OCID')
        if (state.buckets.has(json.name))
          throw new OciRefusal(
            409,
            'BucketAlreadyExists',
            `Either the bucket '${json.name}' in namespace '${state.namespace}' already exists or you are not authorized to create it`,
          )
        const bucket: Bucket = {
          namespace: state.namespace,
          name: json.name,
          id: `ocid1.bucket.oc1..${randomUUID()}`,
          compartmentId: json.compartmentId,
          freeformTags: json.freeformTags ?? {},
          publicAccessType: json.publicAccessType ?? 'NoPublicAccess',
          versioning: json.versioning ?? 'Disabled',
          etag: randomUUID(),
          created: new Date(),
          lifecycle: null,
          objects: new Map(),
          uploads: new Map(),
          pars: new Map(),
        }
        state.buckets.set(bucket.name, bucket)
        return { json: bucketJson(bucket), headers: { etag: bucket.etag } }
      },
    },
    {
      operation: 'listBuckets',
      method: 'GET',
      path: '/n/{namespace}/b',
      handle({ params, query }) {
        if (params['namespace'] !== state.namespace) state.bucket(params['namespace']!, '')
        const compartmentId = query.get('compartmentId')
        if (!compartmentId) throw new OciRefusal(400, 'MissingParameter', 'compartmentId is required')
        const all = [...state.buckets.values()].filter((bucket) => bucket.compartmentId === compartmentId)
        const { items, headers } = pageOf(
          all.sort((a, b) => (a.name < b.name ? -1 : 1)),
          query,
        )
        const withTags = /\btags\b/.test(query.get('fields') ?? '')
        return {
          headers,
          json: items.map((bucket) => ({ ...bucketJson(bucket), freeformTags: withTags ? bucket.freeformTags : null })),
        }
      },
    },
    {
      operation: 'getBucket',
      method: 'GET',
      path,
      handle: (request) => {
        const bucket = bucketOf(state, request)
        return { json: bucketJson(bucket), headers: { etag: bucket.etag } }
      },
    },
    {
      operation: 'headBucket',
      method: 'HEAD',
      path,
      handle: (request) => ({ headers: { etag: bucketOf(state, request).etag } }),
    },
    {
      operation: 'updateBucket',
      method: 'POST',
      path,
      handle(request) {
        const bucket = bucketOf(state, request)
        const { versioning, freeformTags } = request.json
        if (versioning === 'Disabled')
          throw new OciRefusal(400, 'InvalidParameter', 'Versioning cannot be disabled, only suspended')
        if (versioning) bucket.versioning = versioning
        if (freeformTags) bucket.freeformTags = freeformTags
        bucket.etag = randomUUID()
        return { json: bucketJson(bucket), headers: { etag: bucket.etag } }
      },
    },
    {
      operation: 'deleteBucket',
      method: 'DELETE',
      path,
      handle(request) {
        const bucket = bucketOf(state, request)
        if (bucket.objects.size > 0 || bucket.pars.size > 0)
          throw new OciRefusal(409, 'BucketNotEmpty', `Bucket named '${bucket.name}' is not empty. Delete all objects first.`)
        state.buckets.delete(bucket.name)
        return { status: 204 }
      },
    },
    {
      operation: 'getObjectLifecyclePolicy',
      method: 'GET',
      path: `${path}/l`,
      handle(request) {
        const { lifecycle } = bucketOf(state, request)
        if (lifecycle === null) throw new OciRefusal(404, 'LifecyclePolicyNotFound', 'The bucket has no policy')
        return { json: lifecycle }
      },
    },
    {
      operation: 'putObjectLifecyclePolicy',
      method: 'PUT',
      path: `${path}/l`,
      handle(request) {
        bucketOf(state, request).lifecycle = request.json
        return { json: { timeCreated: new Date(), ...request.json } }
      },
    },
  ]
}

const bucketJson = ({ objects: _, uploads: __, pars: ___, lifecycle: ____, created, ...bucket }: Bucket) => ({
  ...bucket,
  timeCreated: created,
  createdBy: 'ocid1.user.oc1..double',
})

function objectRoutes(state: ObjectStorageState): OciRoute[] {
  const path = '/n/{namespace}/b/{bucket}/o/{object}'
  return [
    {
      operation: 'putObject',
      method: 'PUT',
      path,
      unsigned: 'body',
      async handle(request) {
        const bucket = bucketOf(state, request)
        return putObject(state, bucket, request.params['object']!, request)
      },
    },
    {
      operation: 'getObject',
      method: 'GET',
      path,
      handle: (request) => getObject(state, bucketOf(state, request), request.params['object']!, request),
    },
    {
      operation: 'headObject',
      method: 'HEAD',
      path,
      handle: (request) => getObject(state, bucketOf(state, request), request.params['object']!, request),
    },
    {
      operation: 'deleteObject',
      method: 'DELETE',
      path,
      async handle(request) {
        const bucket = bucketOf(state, request)
        const name = request.params['object']!
        const ifMatch = request.headers['if-match']
        if (ifMatch !== undefined && state.find(bucket, name, request.query.get('versionId')).etag !== ifMatch)
          throw new OciRefusal(412, 'IfMatchFailed', 'The If-Match header does not match')
        const { versionId, isDeleteMarker } = await state.remove(bucket, name, request.query.get('versionId'))
        return { status: 204, headers: { 'version-id': versionId ?? undefined, 'is-delete-marker': String(isDeleteMarker) } }
      },
    },
    {
      operation: 'renameObject',
      method: 'POST',
      path: '/n/{namespace}/b/{bucket}/actions/renameObject',
      async handle(request) {
        const bucket = bucketOf(state, request)
        const { sourceName, newName, srcObjIfMatchETag, newObjIfMatchETag, newObjIfNoneMatchETag } = request.json
        const source = state.find(bucket, sourceName, null)
        const target = bucket.objects.get(newName)?.find(({ isDeleteMarker }, i) => i === 0 && !isDeleteMarker)
        if (srcObjIfMatchETag && source.etag !== srcObjIfMatchETag)
          throw new OciRefusal(412, 'IfMatchFailed', 'The source has changed')
        if (newObjIfMatchETag && target?.etag !== newObjIfMatchETag)
          throw new OciRefusal(412, 'IfMatchFailed', 'The target has changed')
        if (newObjIfNoneMatchETag === '*' && target) throw new OciRefusal(412, 'IfNoneMatchFailed', 'The target exists')
        const { blobs, contentType, meta } = source
        const renamed = state.add(bucket, { name: newName, blobs, contentType, meta })
        // The old name keeps its version below a delete marker: the worst that a versioned bucket may do, for whoever pays.
        await state.remove(bucket, sourceName, null)
        return {
          headers: {
            etag: renamed.etag,
            'version-id': renamed.versionId ?? undefined,
            'last-modified': renamed.modified.toUTCString(),
          },
        }
      },
    },
    {
      operation: 'listObjects',
      method: 'GET',
      path: '/n/{namespace}/b/{bucket}/o',
      handle: (request) => listObjects(bucketOf(state, request), request),
    },
    {
      operation: 'listObjectVersions',
      method: 'GET',
      path: '/n/{namespace}/b/{bucket}/objectversions',
      handle(request) {
        const bucket = bucketOf(state, request)
        const { names } = namesIn(bucket, request.query, true)
        const { items, headers } = pageOf(
          names.flatMap((name) => bucket.objects.get(name)!),
          request.query,
        )
        return {
          headers,
          json: {
            items: items.map((version) => ({
              ...summaryOf(version, new Set((request.query.get('fields') ?? 'name').toLowerCase().split(','))),
              timeModified: version.modified,
              versionId: version.versionId,
              isDeleteMarker: version.isDeleteMarker,
            })),
            prefixes: [],
          },
        }
      },
    },
  ]
}

const metaOf = (headers: OciRequest['headers']): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => (name.startsWith('opc-meta-') ? [[name, String(value)]] : [])),
  )

/** Also what a pre-authenticated request does with PUT. */
export async function putObject(
  state: ObjectStorageState,
  bucket: Bucket,
  name: string,
  request: OciRequest,
): Promise<OciAnswer> {
  const { headers, stream } = request
  const refuseIfThere = () => {
    const current = bucket.objects.get(name)?.[0]
    const isThere = current !== undefined && !current.isDeleteMarker
    if (headers['if-none-match'] === '*' && isThere)
      throw new OciRefusal(412, 'IfNoneMatchFailed', 'The If-None-Match header does not match')
    if (headers['if-match'] !== undefined && (!isThere || current.etag !== headers['if-match']))
      throw new OciRefusal(412, 'IfMatchFailed', 'The If-Match header does not match')
  }
  if (/[\r\n\0]/.test(name) || Buffer.byteLength(name) > 1024)
    throw new OciRefusal(400, 'InvalidObjectName', 'The object name is not valid')
  refuseIfThere()
  const md5 = headers['content-md5'] as string | undefined
  const blob = await state.store(stream, md5, headers['content-length'])
  // Of several who wrote at once the first has won.
  refuseIfThere()
  const contentType = headers['content-type'] ?? 'application/octet-stream'
  const version = state.add(bucket, { name, blobs: [blob], contentType, meta: metaOf(headers) })
  return {
    headers: {
      etag: version.etag,
      'opc-content-md5': blob.md5,
      'version-id': version.versionId ?? undefined,
      'last-modified': version.modified.toUTCString(),
    },
  }
}

/** Also what a pre-authenticated request does with GET and HEAD. */
export async function getObject(
  state: ObjectStorageState,
  bucket: Bucket,
  name: string,
  { query, headers, stream }: OciRequest,
): Promise<OciAnswer> {
  const version = state.find(bucket, name, query.get('versionId'))
  if (headers['if-match'] !== undefined && headers['if-match'] !== version.etag)
    throw new OciRefusal(412, 'IfMatchFailed', 'The If-Match header does not match')
  if (headers['if-none-match'] === version.etag) return { status: 304, headers: { etag: version.etag } }
  const range = rangeOf(headers.range, version.size)
  if (range === 'outside')
    throw new OciRefusal(416, 'InvalidRange', `The range ${headers.range} is not within the ${version.size} bytes of the object`)
  const { start, end } = range ?? { start: 0, end: version.size - 1 }
  return {
    status: range ? 206 : 200,
    headers: {
      'accept-ranges': 'bytes',
      'content-length': end - start + 1,
      'content-type': query.get('httpResponseContentType') ?? version.contentType,
      'content-disposition': query.get('httpResponseContentDisposition') ?? undefined,
      'content-range': range ? `bytes ${start}-${end}/${version.size}` : undefined,
      'content-md5': version.md5 ?? undefined,
      'opc-multipart-md5': version.multipartMd5 ?? undefined,
      etag: version.etag,
      'version-id': version.versionId ?? undefined,
      'last-modified': version.modified.toUTCString(),
      'storage-tier': 'Standard',
      ...version.meta,
    },
    bytes: version.size === 0 || stream.method === 'HEAD' ? Buffer.alloc(0) : await readBlobs(version.blobs, start, end),
  }
}

/** RFC 7233, one range. What is not understood counts as none, as the RFC has it. */
function rangeOf(header: string | undefined, size: number): { start: number; end: number } | 'outside' | null {
  const [, from = '', to = ''] = /^bytes=(\d*)-(\d*)$/.exec(header ?? '') ?? []
  if (from === '' && to === '') return null
  if (from === '') return Number(to) === 0 ? 'outside' : { start: Math.max(0, size - Number(to)), end: size - 1 }
  if (to !== '' && Number(to) < Number(from)) return null
  if (Number(from) >= size) return 'outside'
  return { start: Number(from), end: Math.min(size - 1, to === '' ? size - 1 : Number(to)) }
}

/** In byte order, as the service sorts. */
function namesIn(bucket: Bucket, query: URLSearchParams, withDeleted: boolean): { names: string[]; prefixes: string[] } {
  const [prefix, delimiter] = [query.get('prefix') ?? '', query.get('delimiter')]
  const [start, startAfter, end] = [query.get('start'), query.get('startAfter'), query.get('end')]
  if (delimiter !== null && delimiter !== '/') throw new OciRefusal(400, 'InvalidParameter', 'delimiter must be /')
  const sorted = [...bucket.objects.keys()].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  const prefixes = new Set<string>()
  const names = sorted.filter((name) => {
    if (!withDeleted && bucket.objects.get(name)![0]!.isDeleteMarker) return false
    if (!name.startsWith(prefix) || (start && name < start) || (startAfter && name <= startAfter) || (end && name >= end))
      return false
    const slash = delimiter ? name.indexOf('/', prefix.length) : -1
    if (slash >= 0) prefixes.add(name.slice(0, slash + 1))
    return slash < 0
  })
  return { names, prefixes: [...prefixes] }
}

function listObjects(bucket: Bucket, { query }: OciRequest): OciAnswer {
  const fields = new Set((query.get('fields') ?? 'name').toLowerCase().split(','))
  const limit = Math.min(1000, Number(query.get('limit') ?? 1000))
  const { names, prefixes } = namesIn(bucket, query, false)
  return {
    json: {
      objects: names.slice(0, limit).map((name) => summaryOf(bucket.objects.get(name)![0]!, fields)),
      prefixes: query.has('delimiter') ? prefixes : undefined,
      nextStartWith: names[limit],
    },
  }
}

const summaryOf = (version: ObjectVersion, fields: ReadonlySet<string>) => ({
  name: version.name,
  ...(fields.has('size') && { size: version.size }),
  ...(fields.has('etag') && { etag: version.etag }),
  ...(fields.has('md5') && { md5: version.md5 ?? version.multipartMd5 }),
  ...(fields.has('timecreated') && { timeCreated: version.modified }),
  ...(fields.has('timemodified') && { timeModified: version.modified }),
  ...(fields.has('storagetier') && { storageTier: 'Standard' }),
})
