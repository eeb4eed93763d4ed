// Reads objects as tables: what joins the storage backend's bytes to the lakehouse's readers.
import type { StoredObjectRow } from '../datasources/catalog/tables.js'
import type { Datasources } from '../datasources/datasources.js'
import type { SourceFile, TableFormat } from '../datasources/lakehouse/lakehouse.js'
import type { BytesLocation } from '../datasources/storage/object-storage.js'
import { badInput } from '../errors.js'

const formatOfExtension: Readonly<Record<string, TableFormat>> = {
  csv: 'CSV',
  tsv: 'CSV',
  ndjson: 'NDJSON',
  jsonl: 'NDJSON',
  json: 'JSON',
  parquet: 'PARQUET',
  arrow: 'ARROW',
  arrows: 'ARROW',
  feather: 'ARROW',
}

/** @throws BAD_USER_INPUT when neither the caller nor the extension names a format */
export function formatOf(key: string, given: TableFormat | null | undefined, field = 'format'): TableFormat {
  const extension = /\.([^./]+)(?:\.gz)?$/i.exec(key)?.[1]?.toLowerCase()
  const format = given ?? (extension && formatOfExtension[extension])
  if (format) return format
  throw badInput(field, `${field}: the key does not tell how to read it. Give CSV, NDJSON, JSON, PARQUET or ARROW.`)
}

export async function locationOf({ catalog }: Pick<Datasources, 'catalog'>, object: StoredObjectRow): Promise<BytesLocation> {
  const bucket = (await catalog.buckets.byIds([object.bucketId]))[0]!
  return { bucket: bucket.name, key: object.key, version: object.version }
}

export async function objectAsFile(datasources: Datasources, object: StoredObjectRow, format: TableFormat): Promise<SourceFile> {
  const location = await locationOf(datasources, object)
  return {
    name: object.key,
    format,
    localFile: await datasources.storage.localFile(location),
    size: object.size,
    open: (range) => datasources.storage.read(location, range),
    lend: (ms) => datasources.storage.lend(location, ms),
  }
}
