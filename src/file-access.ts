import { requireRoleOfSigner } from './access.js'
import type { Datasources } from './datasources/datasources.js'
import { notFound } from './errors.js'
import type { FileRouteDependencies } from './http/file-routes.js'
import { begunUpload } from './operations/complete-upload.js'
import { openExport } from './operations/export-table.js'
import { locationOf } from './operations/object-table.js'
import { openModelArchive } from './operations/open-model-archive.js'
import type { UrlSigner } from './signed-url.js'

/** Answers the file routes from the catalog. Each request is checked anew: the signature, and then the rights of whoever it was signed for. */
export function createFileAccess(datasources: Datasources, urls: UrlSigner): FileRouteDependencies {
  const { catalog, storage } = datasources
  const liveUpload = async (id: string) => {
    const upload = await catalog.uploads.find(id)
    return upload && upload.objectId === null && upload.expiresAt > now() ? upload : null
  }
  const projectOf = async (path: string): Promise<string | undefined> => {
    const [, , kind, id = ''] = path.split('/')
    if (kind === 'uploads') return (await liveUpload(id))?.projectId
    if (kind === 'objects') return (await catalog.storedObjects.byIds([id]))[0]?.projectId
    if (kind === 'models') return (await catalog.modelVersions.byIds([id]))[0]?.projectId
    return (await catalog.exportTickets.findLive(id, now()))?.projectId
  }
  return {
    storage,

    async verify(method, url) {
      const grant = urls.verify(method, url)
      const projectId = await projectOf(grant.path)
      if (projectId === undefined) throw notFound('The file')
      await requireRoleOfSigner(datasources, grant.by, projectId, grant.method === 'PUT' ? 'EDITOR' : 'VIEWER')
      return grant
    },

    async findUpload(id) {
      const upload = await liveUpload(id)
      const bucket = upload && (await catalog.buckets.byIds([upload.bucketId]))[0]
      return upload && bucket ? begunUpload(upload, bucket.name) : null
    },

    async findObject(id) {
      const [object] = await catalog.storedObjects.byIds([id])
      return object ? { ...object, location: await locationOf(datasources, object) } : null
    },

    async exportTicket(id, signal) {
      const ticket = await catalog.exportTickets.findLive(id, now())
      if (!ticket) throw notFound('The result')
      const exported = await openExport(datasources, ticket, signal)
      return { exported, filename: `result.${exported.fileExtension}` }
    },

    async openModelArchive(id) {
      const [version] = await catalog.modelVersions.byIds([id])
      if (!version) throw notFound('The model version')
      return openModelArchive(datasources, version)
    },
  }
}

const now = (): string => new Date().toISOString()
