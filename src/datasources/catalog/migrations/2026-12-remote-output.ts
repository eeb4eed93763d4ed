// Keeps of each step how fresh its status is and how far the output of a job elsewhere is written down; finds what to discard there.
import { type Kysely, sql } from 'kysely'
import { textType } from '../sql-dialect.js'

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table pipeline_steps add column "observedAt" ${textType(db)}`.execute(db)
  await sql`alter table pipeline_steps add column "outputCursors" ${textType(db)}`.execute(db)
  await sql`create index deployments_to_discard on deployments(id) where status = 'DELETED' and "applicationId" is not null`.execute(
    db,
  )
}
