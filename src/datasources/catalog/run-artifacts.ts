// The objects that runs left: those whose key begins with the folder of the run, in every bucket of its project.
import { type Kysely, sql } from 'kysely'
import { joinPage, parentsOf } from './child-pages.js'
import { successorOf } from './stored-object-store.js'
import type { StoredObjectRow, Tables } from './tables.js'

/**
 * Current objects with keys `runs/<run id>/<path>…`, by key.
 * @param limit of each run
 */
export async function artifactsOf(
  db: Kysely<Tables>,
  runIds: readonly string[],
  path: string,
  limit: number,
): Promise<(StoredObjectRow & { runId: string })[]> {
  const end = successorOf(`/${path}`)
  // No key holds them, and PostgreSQL takes no NUL in a text.
  if (runIds.length === 0 || end === null || path.includes('\0') || !path.isWellFormed()) return []
  const page = sql`from runs as run
      cross join buckets as bucket cross join stored_objects as candidate
    where run.id = parents.id and bucket."projectId" = run."projectId"
      and candidate."bucketId" = bucket.id and candidate."isCurrent" = 1
      and candidate.key >= 'runs/' || parents.id || ${`/${path}`} and candidate.key < 'runs/' || parents.id || ${end}
    order by bucket.name, candidate.key limit ${limit}`
  const { rows } = await sql<StoredObjectRow & { runId: string }>`
    ${parentsOf(db, runIds)} select child.*, parents.id as "runId"
    from parents ${joinPage(db, 'stored_objects', ['id'], page)}
    order by child.key, child."bucketId"`.execute(db)
  return rows
}
