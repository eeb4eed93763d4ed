// Tells of each transaction on PostgreSQL whether it was committed, where the database was lost before it said so.
import type { Kysely } from 'kysely'
import { isSqlite, textType } from '../sql-dialect.js'

export async function up(db: Kysely<unknown>): Promise<void> {
  if (isSqlite(db)) return
  await db.schema
    .createTable('transaction_marks')
    .addColumn('server', textType(db), (column) => column.notNull())
    .addColumn('number', 'bigint', (column) => column.notNull())
    .addColumn('isCommitted', 'integer', (column) => column.notNull())
    .addColumn('insertedAt', textType(db), (column) => column.notNull())
    .addPrimaryKeyConstraint('transaction_marks_pkey', ['server', 'number'])
    .execute()
}
