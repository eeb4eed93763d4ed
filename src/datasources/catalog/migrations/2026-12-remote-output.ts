// Keeps of each step how fresh its status is, and how far the output of a job on another machine is written down.
import { type Kysely, sql } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table pipeline_steps add column "observedAt" text`.execute(db)
  await sql`alter table pipeline_steps add column "outputCursors" text`.execute(db)
}
