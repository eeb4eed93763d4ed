// Streams the files of a model version as one ZIP.
import type { Readable } from 'node:stream'
import type { ModelVersionRow } from '../datasources/catalog/model-rows.js'
import type { Datasources } from '../datasources/datasources.js'
import { archiveFiles } from './archive-files.js'
import { archiveNames } from './archive-names.js'

/** The same version gives the same bytes, whenever it is asked for. */
export async function openModelArchive(
  { catalog, storage }: Datasources,
  { id, modelId, version }: ModelVersionRow,
): Promise<{ bytes: Readable; filename: string }> {
  const [[model], files] = await Promise.all([catalog.models.byIds([modelId]), catalog.modelVersions.files([id])])
  const buckets = await catalog.buckets.byIds([...new Set(files.map((file) => file.bucketId))])
  const bucketOf = new Map(buckets.map((bucket) => [bucket.id, bucket.name]))
  const locations = files.map(({ bucketId, key, version }) => ({ bucket: bucketOf.get(bucketId)!, key, version }))
  const names = archiveNames(locations)
  const entries = locations.map((location, index) => ({ name: names[index]!, open: () => storage.read(location) }))
  entries.sort((a, b) => (a.name < b.name ? -1 : 1))
  return { bytes: archiveFiles(entries), filename: `${model!.name}-v${version}.zip` }
}
