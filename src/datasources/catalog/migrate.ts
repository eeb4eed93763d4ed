// Brings the catalog's tables up to date, once, however many servers start at the same moment.
import type { Kysely } from 'kysely'
import { Migrator } from 'kysely/migration'
import { DhuoError } from '../../errors.js'
import * as foundation from './migrations/2026-11-foundation.js'
import * as tracking from './migrations/2026-11-tracking.js'
import * as workflows from './migrations/2026-11-workflows.js'
import * as remoteOutput from './migrations/2026-12-remote-output.js'
import * as storedEtags from './migrations/2026-12-stored-etags.js'
import * as textOrder from './migrations/2026-12-text-order.js'
import * as transactionMarks from './migrations/2026-12-transaction-marks.js'
import type { Tables } from './tables.js'

/** Carried out in the order of their names; what a released version has carried out must not change any more. */
const migrations = {
  '2026-11-foundation': foundation,
  '2026-11-tracking': tracking,
  '2026-11-workflows': workflows,
  '2026-12-remote-output': remoteOutput,
  '2026-12-stored-etags': storedEtags,
  '2026-12-text-order': textOrder,
  '2026-12-transaction-marks': transactionMarks,
}

/** All that are missing, in one transaction. @throws BACKEND_UNAVAILABLE when a newer version of this server was here */
export async function migrate(db: Kysely<Tables>): Promise<void> {
  const { error } = await new Migrator({ db, provider: { getMigrations: async () => migrations } }).migrateToLatest()
  if (error === undefined) return
  if (Error.isError(error) && error.message.startsWith('corrupted migrations:')) throw newer(error)
  throw error
}

/**
 * What the next start would do to a database that has carried out `done`.
 * @throws BACKEND_UNAVAILABLE when a newer version of this server was here
 */
export function findMigrations(done: readonly string[]): string {
  const missing = Object.keys(migrations).filter((name) => !done.includes(name))
  if (done.some((name) => !(name in migrations))) throw newer()
  if (missing.length === 0) return 'up to date'
  return done.length === 0
    ? 'none yet; the server makes them at its first start'
    : `the next start brings them up to date: ${missing.join(', ')}`
}

const newer = (cause?: unknown): DhuoError =>
  new DhuoError(
    'BACKEND_UNAVAILABLE',
    'The catalog was last used by another version of this server, whose tables this one does not know. Start that version or a newer one.',
    { cause },
  )
