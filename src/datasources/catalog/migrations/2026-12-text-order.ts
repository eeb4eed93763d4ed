// Finds the values that are longer than what PostgreSQL's indexes have of each: all others come out of these in order.
import { type Kysely, sql } from 'kysely'
import { indexedText, isBeyondIndex, isSqlite } from '../sql-dialect.js'

export async function up(db: Kysely<unknown>): Promise<void> {
  if (isSqlite(db)) return
  const value = sql`value`
  // The same columns as the index of all values: nothing but its size tells the planner which to take.
  for (const table of ['run_params', 'run_tags'])
    await sql`create index ${sql.ref(`${table}_long`)} on ${sql.table(table)}("experimentId", key, ${indexedText(false, value)}, "runId")
      where ${isBeyondIndex(value)}`.execute(db)
}
