import type { Config } from '../config.js'
import { type Diagnosis, ok } from '../diagnosis/finding.js'

export interface Section {
  /** What it is about: a backend, or what the server itself stands on. */
  title: string
  /** The scheme of the URL that chose the backend; null where there is none to choose. */
  kind: string | null
  diagnose: Diagnosis
}

/** One for each backend in use. As in `datasources.ts`, nothing is loaded of those that are not. */
export const backendSections = ({ catalog, storage, lakehouse, compute, functions, pubsub, oci }: Config): Section[] => [
  section('catalog', catalog.scheme, async () =>
    catalog.scheme === 'postgres'
      ? (await import('../datasources/catalog/postgres-catalog-diagnosis.js')).diagnosePostgresCatalog(catalog)
      : (await import('../datasources/catalog/sqlite-catalog-diagnosis.js')).diagnoseSqliteCatalog(catalog),
  ),
  section('object storage', storage.scheme, async () =>
    storage.scheme === 'oci'
      ? (await import('../datasources/storage/oci-object-storage-diagnosis.js')).diagnoseOciObjectStorage(storage, oci)
      : (await import('../datasources/storage/local-object-storage-diagnosis.js')).diagnoseLocalObjectStorage(storage),
  ),
  section('lake house', lakehouse.scheme, async () =>
    (await import('../datasources/lakehouse/duckdb-lakehouse-diagnosis.js')).diagnoseDuckdbLakehouse(lakehouse),
  ),
  section('compute', compute.scheme, async () =>
    (await import('../datasources/compute/local-job-runner-diagnosis.js')).diagnoseLocalJobRunner(compute),
  ),
  section('functions', functions.scheme, async () =>
    (await import('../datasources/functions/local-function-invoker-diagnosis.js')).diagnoseLocalFunctionInvoker(functions),
  ),
  section('pub/sub', pubsub.scheme, async () => diagnoseMemoryEvents),
]

const section = (title: string, kind: string, load: () => Promise<Diagnosis>): Section => ({
  title,
  kind,
  diagnose: async function* (signal) {
    yield* (await load())(signal)
  },
})

const diagnoseMemoryEvents: Diagnosis = async function* () {
  yield ok('reach', 'messages stay in this process: for one server that is alone')
}
