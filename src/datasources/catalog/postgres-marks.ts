// Marks each transaction in a table, so that of a commit whose answer was lost it can be told afterwards whether it is there.
import { randomUUID } from 'node:crypto'
import { CompiledQuery, type DatabaseConnection } from 'kysely'

/** A server whose newest is so old has ended, or has not seen its database for as long. */
const longMs = 7 * 24 * 3600_000

const insertMark = 'insert into transaction_marks (server, number, "isCommitted", "insertedAt")'

/**
 * PostgreSQL's own number of a transaction does not do (`pg_xact_status`): when the database crashes before it has written a
 * transaction down, a later one gets its number, and says "committed".
 * https://www.postgresql.org/docs/current/functions-info.html#FUNCTIONS-INFO-SNAPSHOT
 */
export class TransactionMarks {
  readonly #server = randomUUID()
  #last = 0
  /** By the error of the commit. */
  readonly #unheard = new WeakMap<object, number>()

  /**
   * @param kept the newest of a server that stay: what was lost is asked for before so many more have followed
   * @param removedEvery how many come between two removals of those beyond
   */
  constructor(
    private readonly kept = 10_000,
    private readonly removedEvery = 1_000,
  ) {}

  next(): number {
    return ++this.#last
  }

  /** To be carried out in the transaction itself: it is there when the rest is. */
  insertOf(mark: number): string {
    return `${insertMark} values ('${this.#server}', ${mark}, 1, '${new Date().toISOString()}')`
  }

  noteUnheard(error: unknown, mark: number): void {
    this.#unheard.set(error as object, mark)
  }

  unheardBy(error: unknown): number | undefined {
    return this.#unheard.get(error as object)
  }

  /**
   * Waits for a transaction that is still under way. One that has not inserted its mark never will: its place is taken, so that
   * the answer stays the same.
   */
  async isCommitted(mark: number, connection: DatabaseConnection): Promise<boolean> {
    const place = [this.#server, mark]
    const take = `/* takeMark */ ${insertMark} values ($1, $2, 0, $3) on conflict do nothing`
    await connection.executeQuery(CompiledQuery.raw(take, [...place, new Date().toISOString()]))
    const read = '/* readMark */ select "isCommitted" from transaction_marks where server = $1 and number = $2'
    const { rows } = await connection.executeQuery<{ isCommitted: number }>(CompiledQuery.raw(read, place))
    return rows[0]?.isCommitted === 1
  }

  isRemovalDueAfter(mark: number): boolean {
    return mark % this.removedEvery === 0
  }

  /** Of those nobody asks for any more, and those of servers that have long ended. */
  async remove(connection: DatabaseConnection): Promise<void> {
    const remove = '/* removeMarks */ delete from transaction_marks where server = $1 and number <= $2 or "insertedAt" < $3'
    const longAgo = new Date(Date.now() - longMs).toISOString()
    await connection.executeQuery(CompiledQuery.raw(remove, [this.#server, this.#last - this.kept, longAgo]))
  }
}
