// Opens the backends that the configuration chooses: the only file that names adapters, and loads only those in use.
import type { Config } from '../config.js'
import { isDhuoError } from '../errors.js'
import type { Logger } from '../logger.js'
import type { Catalog } from './catalog/catalog.js'
import type { JobRunner } from './compute/job-runner.js'
import type { ArchiveBuilder } from './functions/archive-builder.js'
import type { FunctionInvoker } from './functions/function-invoker.js'
import type { Lakehouse } from './lakehouse/lakehouse.js'
import type { ObjectStorage } from './storage/object-storage.js'

export interface Datasources {
  catalog: Catalog
  storage: ObjectStorage
  lakehouse: Lakehouse
  compute: JobRunner
  functions: FunctionInvoker
  /** Null: the packages of deployments are found and packed on this machine. */
  archives: ArchiveBuilder | null
}

export const backendRoles = ['CATALOG', 'OBJECT_STORE', 'LAKEHOUSE', 'TRACKING', 'COMPUTE', 'FUNCTIONS', 'PUBSUB'] as const
export type BackendRole = (typeof backendRoles)[number]

export interface BackendHealth {
  role: BackendRole
  kind: string
  healthy: boolean
  /** What is wrong; null when nothing is. */
  detail: string | null
}

/** Opens all of them, or none: what was opened before a failure is closed again. */
export async function openDatasources(config: Config, log: Logger): Promise<Datasources> {
  const opened: { close(): Promise<void> }[] = []
  const keep = <T extends { close(): Promise<void> }>(resource: T): T => {
    opened.push(resource)
    return resource
  }
  try {
    return {
      catalog: keep(await openCatalog(config)),
      storage: keep(await openStorage(config, log)),
      lakehouse: keep(await openLakehouse(config, log)),
      compute: keep(await openCompute(config, log)),
      functions: keep(await openFunctions(config, log)),
      archives: await openArchives(config, log),
    }
  } catch (error) {
    await Promise.allSettled(opened.map((resource) => resource.close()))
    throw error
  }
}

const openCatalog = async ({ catalog }: Config): Promise<Catalog> =>
  catalog.scheme === 'postgres'
    ? (await import('./catalog/postgres-catalog.js')).openPostgresCatalog(catalog)
    : (await import('./catalog/sqlite-catalog.js')).openSqliteCatalog(catalog)

const openStorage = async ({ storage, oci }: Config, log: Logger): Promise<ObjectStorage> =>
  storage.scheme === 'oci'
    ? (await import('./storage/oci-object-storage.js')).openOciObjectStorage(storage, oci, log)
    : (await import('./storage/local-object-storage.js')).openLocalObjectStorage(storage)

const openLakehouse = async ({ lakehouse }: Config, log: Logger): Promise<Lakehouse> =>
  lakehouse.scheme === 'oracle'
    ? (await import('./lakehouse/oracle-lakehouse.js')).openOracleLakehouse(lakehouse, log)
    : (await import('./lakehouse/duckdb-lakehouse.js')).openDuckdbLakehouse(lakehouse)

const openCompute = async ({ compute, oci }: Config, log: Logger): Promise<JobRunner> =>
  compute.scheme === 'oci-dataflow'
    ? (await import('./compute/oci-job-runner.js')).openOciJobRunner(compute, oci, log)
    : (await import('./compute/local-job-runner.js')).openLocalJobRunner(compute)

const openFunctions = async ({ functions, oci }: Config, log: Logger): Promise<FunctionInvoker> =>
  functions.scheme === 'oci-functions'
    ? (await import('./functions/oci-function-invoker.js')).openOciFunctionInvoker(functions, oci, log)
    : (await import('./functions/local-function-invoker.js')).openLocalFunctionInvoker(functions)

/** Last of all: so nothing is left open when it fails. */
const openArchives = async ({ archiveFunction, oci }: Config, log: Logger): Promise<ArchiveBuilder | null> =>
  archiveFunction && (await import('./functions/oci-archive-builder.js')).openOciArchiveBuilder(archiveFunction, oci, log)

/** In the reverse of the order in which they were opened. */
export async function closeDatasources({
  catalog,
  storage,
  lakehouse,
  compute,
  functions,
  archives,
}: Datasources): Promise<void> {
  await archives?.close()
  for (const resource of [functions, compute, lakehouse, storage, catalog]) await resource.close()
}

interface Backend {
  readonly kind: string
  ping(): Promise<void>
}

/** Asks every backend at once; one that does not answer in time is not healthy. */
export function checkHealth(
  { catalog, storage, lakehouse, compute, functions, pubsub }: Datasources & { pubsub: Backend },
  timeoutMs = 2_000,
): Promise<BackendHealth[]> {
  const backends = [
    ['CATALOG', catalog],
    ['OBJECT_STORE', storage],
    ['LAKEHOUSE', lakehouse],
    ['COMPUTE', compute],
    ['FUNCTIONS', functions],
    ['PUBSUB', pubsub],
  ] as const
  return Promise.all(
    backends.map(async ([role, backend]) => {
      const detail = await Promise.race([answers(backend), silence(timeoutMs)])
      return { role, kind: backend.kind, healthy: detail === null, detail }
    }),
  )
}

const answers = (backend: Backend): Promise<string | null> =>
  backend.ping().then(
    () => null,
    (error: unknown) => (isDhuoError(error) ? error.message : 'It does not answer.'),
  )

const silence = async (timeoutMs: number): Promise<string> => {
  await new Promise((resolve) => setTimeout(resolve, timeoutMs).unref())
  return `It did not answer within ${timeoutMs} ms.`
}
