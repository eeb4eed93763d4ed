// What it takes to write a project's tables on Oracle, over however many sessions.
import type { DuckdbFiles } from './duckdb-files.js'
import type { ProjectAccounts } from './oracle-names.js'
import type { OracleSession, OracleSessions, SessionTerms } from './oracle-session.js'
import type { StatementTime } from './statement-time.js'

/** Where a project's tables are written. */
export interface Writing {
  sessions: OracleSessions
  files: DuckdbFiles
  accounts: ProjectAccounts
  time: StatementTime
  signal: AbortSignal | undefined
}

export const asOwner = <T>(
  { sessions, time, accounts }: Writing,
  field: NonNullable<SessionTerms['field']>,
  work: (session: OracleSession) => Promise<T>,
): Promise<T> => sessions.run({ time, accounts, as: 'owner', field }, work)
