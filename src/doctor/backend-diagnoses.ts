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
export const backendSections = (config: Config): Section[] => [
  ...ociSections(config),
  catalogSection(config),
  storageSection(config),
  lakehouseSection(config),
  computeSection(config),
  functionsSection(config),
  ...archiveSections(config),
  pubsubSection(config),
]

const section = (title: string, kind: string, load: () => Promise<Diagnosis>): Section => ({
  title,
  kind,
  diagnose: async function* (signal) {
    yield* (await load())(signal)
  },
})

/** What all backends of Oracle Cloud share, where there is one. */
function ociSections({ storage, compute, functions, archiveFunction, oci }: Config): Section[] {
  const schemes: string[] = [storage.scheme, compute.scheme, functions.scheme]
  if (archiveFunction === null && !schemes.some((scheme) => scheme.startsWith('oci'))) return []
  return [
    section('Oracle Cloud', oci.authentication, async () =>
      (await import('../datasources/oci/oci-diagnosis.js')).diagnoseOci(oci),
    ),
  ]
}

const catalogSection = ({ catalog }: Config): Section =>
  section('catalog', catalog.scheme, async () =>
    catalog.scheme === 'postgres'
      ? (await import('../datasources/catalog/postgres-catalog-diagnosis.js')).diagnosePostgresCatalog(catalog)
      : (await import('../datasources/catalog/sqlite-catalog-diagnosis.js')).diagnoseSqliteCatalog(catalog),
  )

const storageSection = ({ storage, oci }: Config): Section =>
  section('object storage', storage.scheme, async () =>
    storage.scheme === 'oci'
      ? (await import('../datasources/storage/oci-object-storage-diagnosis.js')).diagnoseOciObjectStorage(storage, oci)
      : (await import('../datasources/storage/local-object-storage-diagnosis.js')).diagnoseLocalObjectStorage(storage),
  )

const lakehouseSection = ({ lakehouse }: Config): Section =>
  section('lake house', lakehouse.scheme, async () =>
    lakehouse.scheme === 'oracle'
      ? (await import('../datasources/lakehouse/oracle-lakehouse-diagnosis.js')).diagnoseOracleLakehouse(lakehouse)
      : (await import('../datasources/lakehouse/duckdb-lakehouse-diagnosis.js')).diagnoseDuckdbLakehouse(lakehouse),
  )

const computeSection = ({ compute, oci }: Config): Section =>
  section('compute', compute.scheme, async () =>
    compute.scheme === 'oci-dataflow'
      ? (await import('../datasources/compute/oci-job-runner-diagnosis.js')).diagnoseOciJobRunner(compute, oci)
      : (await import('../datasources/compute/local-job-runner-diagnosis.js')).diagnoseLocalJobRunner(compute),
  )

const functionsSection = ({ functions, oci }: Config): Section =>
  section('functions', functions.scheme, async () =>
    functions.scheme === 'oci-functions'
      ? (await import('../datasources/functions/oci-function-invoker-diagnosis.js')).diagnoseOciFunctionInvoker(functions, oci)
      : (await import('../datasources/functions/local-function-invoker-diagnosis.js')).diagnoseLocalFunctionInvoker(functions),
  )

const archiveSections = ({ archiveFunction, oci }: Config): Section[] =>
  archiveFunction === null
    ? []
    : [
        section('archives', 'oci-functions', async () =>
          (await import('../datasources/functions/oci-archive-builder-diagnosis.js')).diagnoseOciArchiveBuilder(
            archiveFunction,
            oci,
          ),
        ),
      ]

const pubsubSection = ({ pubsub }: Config): Section =>
  section('pub/sub', pubsub.scheme, async () =>
    pubsub.scheme === 'redis'
      ? (await import('../pubsub/redis-events-diagnosis.js')).diagnoseRedisEvents(pubsub)
      : diagnoseMemoryEvents,
  )

const diagnoseMemoryEvents: Diagnosis = async function* () {
  yield ok('reach', 'messages stay in this process: for one server that is alone')
}
