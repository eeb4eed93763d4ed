// What all servers on one catalog share and no client sees.
import type { Kysely } from 'kysely'
import type { Tables } from './tables.js'

export class ServerSecretStore {
  constructor(private readonly db: Kysely<Tables>) {}

  /** The value under that name; the first caller's `candidate` where there was none. */
  async getOrInsert(name: string, candidate: string): Promise<string> {
    await this.db
      .insertInto('server_secrets')
      .values({ name, value: candidate })
      .onConflict((c) => c.column('name').doNothing())
      .execute()
    return (await this.db.selectFrom('server_secrets').select('value').where('name', '=', name).executeTakeFirstOrThrow()).value
  }
}
