// The double of Object Storage: pre-authenticated requests, and what whoever holds their URL may do.
import { randomBytes, randomUUID } from 'node:crypto'
import { getObject, putObject } from './object-storage-service.js'
import type { Bucket, ObjectStorageState, PreauthenticatedRequest } from './object-storage-state.js'
import { beginUpload, commit, findUpload, storePart, uploadJson } from './object-storage-uploads.js'
import { OciRefusal, type OciRequest, type OciRoute, pageOf } from './oci-service.js'

export function parRoutes(state: ObjectStorageState): OciRoute[] {
  return [...managingRoutes(state), ...usingRoutes(state)]
}

function managingRoutes(state: ObjectStorageState): OciRoute[] {
  const bucketOf = ({ params }: OciRequest): Bucket => state.bucket(params['namespace']!, params['bucket']!)
  const path = '/n/{namespace}/b/{bucket}/p'
  return [
    {
      operation: 'createPreauthenticatedRequest',
      method: 'POST',
      path,
      handle(request) {
        const { name, objectName, accessType, timeExpires, bucketListingAction = 'Deny' } = request.json
        const bucket = bucketOf(request)
        const isOfOneObject = /^Object(Read|Write|ReadWrite)$/.test(accessType)
        if (!/^[\w.-]+$/.test(name ?? '') || !/^(Any)?Object(Read|Write|ReadWrite)$/.test(accessType))
          throw new OciRefusal(400, 'InvalidParameter', 'name or accessType is not valid')
        if (isOfOneObject && !objectName) throw new OciRefusal(400, 'MissingParameter', 'objectName is required')
        if (!(Date.parse(timeExpires) > request.now))
          throw new OciRefusal(400, 'InvalidParameter', 'timeExpires must be in the future')
        const par: PreauthenticatedRequest = {
          id: `${randomUUID()}:${objectName ?? ''}`,
          secret: randomBytes(48).toString('base64url'),
          name,
          accessType,
          objectName: objectName ?? null,
          bucketListingAction,
          created: new Date(),
          expires: new Date(timeExpires),
        }
        bucket.pars.set(par.id, par)
        const { namespace } = bucket
        const accessUri = `/p/${par.secret}/n/${namespace}/b/${bucket.name}/o/${isOfOneObject ? encodeURIComponent(objectName) : ''}`
        // Only this once.
        return { json: { ...parJson(par), accessUri } }
      },
    },
    {
      operation: 'listPreauthenticatedRequests',
      method: 'GET',
      path,
      handle(request) {
        const prefix = request.query.get('objectNamePrefix') ?? ''
        const all = [...bucketOf(request).pars.values()].filter(({ objectName }) => (objectName ?? '').startsWith(prefix))
        const { items, headers } = pageOf(all, request.query)
        return { headers, json: items.map(parJson) }
      },
    },
    {
      operation: 'deletePreauthenticatedRequest',
      method: 'DELETE',
      path: `${path}/{parId}`,
      handle(request) {
        if (!bucketOf(request).pars.delete(request.params['parId']!))
          throw new OciRefusal(404, 'NotFound', 'There is no such request')
        return { status: 204 }
      },
    },
  ]
}

const parJson = ({ id, name, objectName, accessType, bucketListingAction, created, expires }: PreauthenticatedRequest) => ({
  ...{ id, name, objectName, accessType, bucketListingAction },
  timeCreated: created,
  timeExpires: expires,
})

/** https://docs.oracle.com/iaas/Content/Object/Tasks/usingpreauthenticatedrequests_topic-Working_with_PreAuthenticated_Requests.htm */
function usingRoutes(state: ObjectStorageState): OciRoute[] {
  const base = '/p/{secret}/n/{namespace}/b/{bucket}'
  const upload = `${base}/u/{object}/id/{uploadId}`
  /** @throws 404 as for everything that one may not know */
  const allowed = ({ params, now }: OciRequest, wanted: 'Read' | 'Write'): Bucket => {
    const bucket = state.buckets.get(params['bucket']!)
    const par = [...(bucket?.pars.values() ?? [])].find(({ secret }) => secret === params['secret'])
    const isAny = par?.accessType.startsWith('Any')
    const isOfIt = isAny ? params['object']!.startsWith(par!.objectName ?? '') : par?.objectName === params['object']
    if (!bucket || !par || par.expires.getTime() <= now || !par.accessType.includes(wanted) || !isOfIt)
      throw new OciRefusal(404, 'NotAuthorizedOrNotFound', 'PAR does not exist, or it has expired')
    return bucket
  }
  /** The service answers browsers of every origin. */
  const open = (route: OciRoute): OciRoute => ({
    ...route,
    unsigned: 'nothing',
    handle: async (request) => {
      const answer = await route.handle(request)
      return { ...answer, headers: { 'access-control-allow-origin': '*', ...answer.headers } }
    },
  })
  const partOf = (request: OciRequest) => {
    const bucket = allowed(request, 'Write')
    return { bucket, upload: findUpload(bucket, request.params['object']!, request.params['uploadId']!) }
  }
  return [
    {
      operation: 'getByPar',
      method: 'GET' as const,
      path: `${base}/o/{object*}`,
      handle: (request: OciRequest) => getObject(state, allowed(request, 'Read'), request.params['object']!, request),
    },
    {
      operation: 'headByPar',
      method: 'HEAD' as const,
      path: `${base}/o/{object*}`,
      handle: (request: OciRequest) => getObject(state, allowed(request, 'Read'), request.params['object']!, request),
    },
    {
      operation: 'putByPar',
      method: 'PUT' as const,
      path: `${base}/o/{object*}`,
      handle(request: OciRequest) {
        const { headers, params } = request
        const bucket = allowed(request, 'Write')
        if (headers['opc-multipart'] !== 'true') return putObject(state, bucket, params['object']!, request)
        request.stream.resume()
        const meta = Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith('opc-meta-'))) as Record<
          string,
          string
        >
        const begun = beginUpload(bucket, params['object']!, headers['content-type'] ?? 'application/octet-stream', meta)
        const object = encodeURIComponent(begun.object)
        const accessUri = `/p/${params['secret']}/n/${bucket.namespace}/b/${bucket.name}/u/${object}/id/${begun.uploadId}/`
        return { json: { ...uploadJson(bucket, begun), accessUri } }
      },
    },
    {
      operation: 'uploadPartByPar',
      method: 'PUT' as const,
      path: `${upload}/{part}`,
      handle: (request: OciRequest) => storePart(state, partOf(request).upload, Number(request.params['part']), request),
    },
    {
      operation: 'commitByPar',
      method: 'POST' as const,
      path: `${upload}/`,
      handle(request: OciRequest) {
        const { bucket, upload } = partOf(request)
        request.stream.resume()
        return commit(state, bucket, upload)
      },
    },
    {
      operation: 'abortByPar',
      method: 'DELETE' as const,
      path: `${upload}/`,
      handle(request: OciRequest) {
        const { bucket, upload } = partOf(request)
        bucket.uploads.delete(upload.uploadId)
        return { status: 204 }
      },
    },
  ].map(open)
}
