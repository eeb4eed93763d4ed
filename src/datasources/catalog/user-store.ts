// People, their sessions, and the failed logins that throttle them.
import { type Kysely, sql } from 'kysely'
import type { Timestamp } from './column-types.js'
import type { SessionRow, Tables, UserRow } from './tables.js'

export class UserStore {
  constructor(private readonly db: Kysely<Tables>) {}

  /** Nothing happens when the email is taken: then the answer is false. */
  async insert(user: UserRow): Promise<boolean> {
    const inserted = await this.db
      .insertInto('users')
      .values(user)
      .onConflict((c) => c.column('email').doNothing())
      .returning('id')
      .execute()
    return inserted.length === 1
  }

  byIds(ids: readonly string[]): Promise<UserRow[]> {
    return this.db.selectFrom('users').selectAll().where('id', 'in', ids).execute()
  }

  findByEmail(email: string): Promise<UserRow | undefined> {
    return this.db.selectFrom('users').selectAll().where('email', '=', email).executeTakeFirst()
  }

  async hasAny(): Promise<boolean> {
    return (await this.db.selectFrom('users').select('id').limit(1).execute()).length > 0
  }

  async insertSession(session: SessionRow): Promise<void> {
    await this.db.insertInto('sessions').values(session).execute()
  }

  /** The person behind a token that has not expired. */
  findBySession(tokenHash: string, now: Timestamp): Promise<UserRow | undefined> {
    return this.db
      .selectFrom('sessions')
      .innerJoin('users', 'users.id', 'sessions.userId')
      .selectAll('users')
      .where('sessions.tokenHash', '=', tokenHash)
      .where('sessions.expiresAt', '>', now)
      .executeTakeFirst()
  }

  async deleteExpiredSessions(now: Timestamp): Promise<void> {
    await this.db.deleteFrom('sessions').where('expiresAt', '<=', now).execute()
  }

  /** One more failure, and how many there are now; a count that began before `since` begins anew. */
  async recordLoginFailure(subject: string, now: Timestamp, since: Timestamp): Promise<number> {
    const { rows } = await sql<{ failures: number }>`
      insert into login_failures (subject, failures, since) values (${subject}, 1, ${now})
      on conflict (subject) do update set
        failures = case when login_failures.since > ${since} then login_failures.failures + 1 else 1 end,
        since = case when login_failures.since > ${since} then login_failures.since else excluded.since end
      returning failures`.execute(this.db)
    return rows[0]!.failures
  }

  /** When the window began in which each of these is counted; in no order. */
  async loginFailuresSince(subjects: readonly string[]): Promise<Timestamp[]> {
    const rows = await this.db.selectFrom('login_failures').select('since').where('subject', 'in', subjects).execute()
    return rows.map((row) => row.since)
  }

  /** One failure less: it was none. */
  async forgiveLoginFailure(subject: string): Promise<void> {
    await this.db
      .updateTable('login_failures')
      .set((column) => ({ failures: column('failures', '-', 1) }))
      .where('subject', '=', subject)
      .where('failures', '>', 0)
      .execute()
  }

  async clearLoginFailures(subject: string): Promise<void> {
    await this.db.deleteFrom('login_failures').where('subject', '=', subject).execute()
  }

  async deleteOldLoginFailures(before: Timestamp): Promise<void> {
    await this.db.deleteFrom('login_failures').where('since', '<', before).execute()
  }
}
