// The catalog: every entity's rows, in SQLite or PostgreSQL, through one store for each entity.
import { type Kysely, sql } from 'kysely'
import { AccessKeyStore } from './access-key-store.js'
import { BucketStore } from './bucket-store.js'
import { DatasetStore } from './dataset-store.js'
import { DeploymentStore } from './deployment-store.js'
import { DeploymentVersionStore } from './deployment-version-store.js'
import { ExperimentStore } from './experiment-store.js'
import { ExportTicketStore } from './export-ticket-store.js'
import { MetricStore } from './metric-store.js'
import { migrate } from './migrate.js'
import { ModelStore } from './model-store.js'
import { ModelVersionStore } from './model-version-store.js'
import { PipelineEventStore } from './pipeline-event-store.js'
import { PipelineRunStore } from './pipeline-run-store.js'
import { PipelineStepStore } from './pipeline-step-store.js'
import { PredictionStore } from './prediction-store.js'
import { ProjectStore } from './project-store.js'
import { RunStore } from './run-store.js'
import { ServerSecretStore } from './server-secret-store.js'
import { isSqlite } from './sql-dialect.js'
import { namedStore } from './statement-names.js'
import { StoredObjectStore } from './stored-object-store.js'
import type { Tables } from './tables.js'
import { trackStores } from './tracked-stores.js'
import { UploadStore } from './upload-store.js'
import { UserStore } from './user-store.js'

export interface Stores {
  users: UserStore
  accessKeys: AccessKeyStore
  projects: ProjectStore
  buckets: BucketStore
  storedObjects: StoredObjectStore
  uploads: UploadStore
  datasets: DatasetStore
  experiments: ExperimentStore
  runs: RunStore
  metrics: MetricStore
  models: ModelStore
  modelVersions: ModelVersionStore
  deployments: DeploymentStore
  deploymentVersions: DeploymentVersionStore
  pipelineRuns: PipelineRunStore
  pipelineSteps: PipelineStepStore
  pipelineEvents: PipelineEventStore
  predictions: PredictionStore
  exportTickets: ExportTicketStore
  serverSecrets: ServerSecretStore
}

export interface Catalog extends Stores {
  /** The scheme of the URL that chose it: `sqlite`, `postgres`. */
  readonly kind: string
  /** Resolves when the database answers. */
  ping(): Promise<void>
  /**
   * All of `work`, or nothing of it, and as if transactions ran one after the other: what `work` has read is still so when
   * it is written. Wait for nothing but the stores inside: SQLite has one connection, and everybody else's statements stand
   * behind it. Where transactions can collide (PostgreSQL), `work` may be called again: it must do nothing else.
   */
  transaction<T>(work: (stores: Stores) => Promise<T>): Promise<T>
  /**
   * Whether what `transaction` threw is wrong, and all of its work is there: a database may be lost between a commit and the
   * answer to it. Nobody may do the same again, or undo it, without having asked.
   * @throws BACKEND_UNAVAILABLE it is not known yet: ask again
   */
  wasCommitted(error: unknown): Promise<boolean>
  close(): Promise<void>
}

/** What databases do differently. */
export interface TransactionManner {
  /** Carries out a transaction, once or until it succeeds. */
  transact<T>(attempt: (database: Kysely<Tables>) => Promise<T>): Promise<T>
  wasCommitted: Catalog['wasCommitted']
}

/**
 * Brings the tables up to date, then hands out the stores.
 * @param db gives every integer as a number (counts and sizes stay below 2^53), and transactions that are serializable
 * @param patient the same database with all the time that changes of tables may take; closed when they are done
 */
export async function createCatalog(
  kind: string,
  db: Kysely<Tables>,
  { transact, wasCommitted }: TransactionManner,
  patient = db,
): Promise<Catalog> {
  try {
    await migrate(patient)
  } catch (error) {
    await db.destroy().catch(() => {})
    throw error
  } finally {
    if (patient !== db) await patient.destroy()
  }
  return {
    ...storesOn(db),
    kind,
    ping: async () => void (await sql`select 1`.execute(db)),
    transaction: <T>(work: (stores: Stores) => Promise<T>) =>
      transact(async (turn) => {
        let result: T
        try {
          await turn.transaction().execute(async (transaction) => {
            const { stores, settled } = trackStores(storesOn(transaction))
            try {
              result = await work(stores)
            } finally {
              await settled()
            }
          })
        } catch (error) {
          if (!(await wasCommitted(error).catch(() => false))) throw error
        }
        return result!
      }),
    wasCommitted,
    close: () => db.destroy(),
  }
}

const storeClasses: { [Name in keyof Stores]: new (db: Kysely<Tables>) => Stores[Name] } = {
  users: UserStore,
  accessKeys: AccessKeyStore,
  projects: ProjectStore,
  buckets: BucketStore,
  storedObjects: StoredObjectStore,
  uploads: UploadStore,
  datasets: DatasetStore,
  experiments: ExperimentStore,
  runs: RunStore,
  metrics: MetricStore,
  models: ModelStore,
  modelVersions: ModelVersionStore,
  deployments: DeploymentStore,
  deploymentVersions: DeploymentVersionStore,
  pipelineRuns: PipelineRunStore,
  pipelineSteps: PipelineStepStore,
  pipelineEvents: PipelineEventStore,
  predictions: PredictionStore,
  exportTickets: ExportTicketStore,
  serverSecrets: ServerSecretStore,
}

/** SQLite has no log to find a statement in. */
const storesOn = (db: Kysely<Tables>): Stores =>
  Object.fromEntries(
    Object.entries<new (db: Kysely<Tables>) => object>(storeClasses).map(([name, StoreClass]) => [
      name,
      isSqlite(db) ? new StoreClass(db) : namedStore(name, StoreClass, db),
    ]),
  ) as unknown as Stores
