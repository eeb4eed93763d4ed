import { GetDatasetUrl, GetModelVersionUrl, GetObjectUrl, GetSelectUrl, type TableFormat } from './generated/operations.js'
import { DhuoGraphError } from './graphql-error.js'
import type { Requester } from './transfer.js'

/** What can be downloaded. Tables are Parquet unless `format` says otherwise. */
export type DownloadSource =
  | { bucket: string; key: string }
  /** Its one file, or a ZIP of all. `model` is a URI: models:/NAME/VERSION, models:/NAME/STAGE, models:/NAME/latest, models:/NAME@ALIAS */
  | { project: string; model: string }
  | { project: string; dataset: string; format?: TableFormat }
  | { project: string; sql: string; params?: unknown; format?: TableFormat }
  /** What some `downloadUrl` has given. */
  | { url: string }

/** Where the bytes are, for a while. */
export interface Located {
  url: string
  /** What the catalog says of them; null: it does not know. */
  size: number | null
  sha256: string | null
}

/** @throws NOT_FOUND and what else the server says */
export async function locate(client: Requester, source: DownloadSource, signal: AbortSignal): Promise<Located> {
  const options = { signal }
  if ('url' in source) return { url: source.url, size: null, sha256: null }
  if ('bucket' in source) {
    const { bucket } = await client.request(GetObjectUrl, { bucket: source.bucket, key: source.key }, options)
    const object = bucket?.object ?? notThere(`The object ${source.bucket}/${source.key}`)
    return { url: object.downloadUrl, size: Number(object.size), sha256: object.sha256 }
  }
  if ('model' in source) {
    const { modelVersion } = await client.request(GetModelVersionUrl, { project: source.project, uri: source.model }, options)
    const { downloadUrl, files } = modelVersion ?? notThere(`The model version ${source.model}`)
    const [file] = files
    return file && files.length === 1
      ? { url: downloadUrl, size: Number(file.size), sha256: file.sha256 }
      : { url: downloadUrl, size: null, sha256: null }
  }
  const { project, format = 'PARQUET' } = source
  if ('dataset' in source) {
    const { dataset } = await client.request(GetDatasetUrl, { project, name: source.dataset, format }, options)
    return { url: (dataset ?? notThere(`The dataset "${source.dataset}"`)).preview.downloadUrl, size: null, sha256: null }
  }
  const variables = { project, sql: source.sql, params: source.params ?? null, format }
  const { executeSelect } = await client.request(GetSelectUrl, variables, options)
  return { url: executeSelect.downloadUrl, size: null, sha256: null }
}

function notThere(what: string): never {
  throw new DhuoGraphError('NOT_FOUND', `${what} does not exist, or you may not see it.`)
}
