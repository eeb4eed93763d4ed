import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { openSqliteCatalog } from '../../src/datasources/catalog/sqlite-catalog.js'
import type { BucketRow, UploadRow } from '../../src/datasources/catalog/tables.js'
import type { Datasources } from '../../src/datasources/datasources.js'
import { openLocalObjectStorage } from '../../src/datasources/storage/local-object-storage.js'
import { beginUpload } from '../../src/operations/begin-upload.js'
import { begunUpload } from '../../src/operations/complete-upload.js'
import { bucketRow, insertProject, insertUser } from '../contracts/catalog-rows.js'

const limits = { maxBytes: 1e9, hours: 24 }

export interface EmbeddedDatasources {
  /** Without a lakehouse: what is tested with it must not need one. */
  datasources: Datasources
  directory: string
  bucket: BucketRow
  /** An upload all of whose bytes were sent. */
  sent(key: string, text: string, sha256?: string | null): Promise<UploadRow>
  begun(key: string, size: number): Promise<UploadRow>
  /** What the storage holds: versions of the bucket, and uploads. */
  held(): Promise<{ versions: string[]; uploads: string[] }>
  close(): Promise<void>
}

/** A catalog and a storage in a directory of their own, with a bucket. */
export async function openEmbeddedDatasources(): Promise<EmbeddedDatasources> {
  const directory = await mkdtemp(join(tmpdir(), 'dhuo-operations-'))
  const catalog = await openSqliteCatalog({ scheme: 'sqlite', file: join(directory, 'catalog.db') })
  const storage = await openLocalObjectStorage({ scheme: 'file', directory: join(directory, 'buckets') })
  // Of compute no more than what it keeps nothing for.
  const compute = { supports: { survivesServer: false, applications: false } } as Datasources['compute']
  const datasources = { catalog, storage, compute } as Datasources
  const bucket = bucketRow((await insertProject(catalog)).id)
  await storage.createBucket(bucket.name, { project: 'iris', purpose: bucket.purpose })
  await catalog.buckets.insert(bucket)
  const user = await insertUser(catalog)

  const begun = (key: string, size: number, sha256: string | null = null): Promise<UploadRow> =>
    beginUpload(datasources, { bucket, key, size, contentType: null, sha256, createdBy: user.id }, limits)
  return {
    datasources,
    directory,
    bucket,
    begun,
    async sent(key, text, sha256 = null) {
      const upload = await begun(key, Buffer.byteLength(text), sha256)
      await storage.writePart(begunUpload(upload, bucket.name), 1, Readable.from([Buffer.from(text)]))
      return upload
    },
    held: async () => ({
      versions: (await readdir(join(directory, 'buckets', bucket.name))).sort(),
      uploads: await readdir(join(directory, 'buckets', '.uploads')),
    }),
    async close() {
      await storage.close()
      await catalog.close()
      await rm(directory, { recursive: true })
    },
  }
}
