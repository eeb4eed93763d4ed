// Tickets for whole results: what a download URL stands for.
import type { Kysely } from 'kysely'
import type { Timestamp } from './column-types.js'
import type { ExportTicketRow, Tables } from './tables.js'

export class ExportTicketStore {
  constructor(private readonly db: Kysely<Tables>) {}

  async insert(ticket: ExportTicketRow): Promise<void> {
    await this.db.insertInto('export_tickets').values(ticket).execute()
  }

  findLive(id: string, now: Timestamp): Promise<ExportTicketRow | undefined> {
    return this.db.selectFrom('export_tickets').selectAll().where('id', '=', id).where('expiresAt', '>', now).executeTakeFirst()
  }

  async deleteExpired(now: Timestamp): Promise<void> {
    await this.db.deleteFrom('export_tickets').where('expiresAt', '<=', now).execute()
  }
}
