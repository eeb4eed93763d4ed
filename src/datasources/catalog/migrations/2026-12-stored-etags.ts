// Finds versions of objects by the etags that a storage tells of what lies in its buckets.
import { type Kysely, sql } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`create index stored_objects_by_etag on stored_objects("bucketId", etag)`.execute(db)
}
