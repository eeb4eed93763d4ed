// Runs kysely's statements on a pool of PostgreSQL connections: prepared once, errors translated, transactions serializable.
import type { CompiledQuery, DatabaseConnection, Driver, QueryResult } from 'kysely'
import type { Pool, PoolClient } from 'pg'
import { isCollision, isOfConnection, isStalePlan, tooManyOthers, translated } from './postgres-errors.js'
import { TransactionMarks } from './postgres-marks.js'
import { type Answer, ask, type Statement } from './postgres-query.js'
import { nameOf } from './statement-names.js'

/**
 * How transactions lock a table without columns before all else: many are under way together, or one alone. To lock a table reads
 * nothing: what a transaction then reads is what is there once it has the lock.
 * https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-TABLES, https://www.postgresql.org/docs/current/sql-lock.html
 */
const lockOf = {
  unlocked: '',
  together: 'lock table transaction_turns in row share mode;',
  alone: 'lock table transaction_turns in exclusive mode;',
} as const

/** Of a statement that collides every time. */
const attempts = 8

/**
 * @param pool its clients must send a statement without waiting for the answer to the one before (`pipeline`), and let the database
 *   end one that takes too long (`statement_timeout`)
 */
export class PostgresDriver implements Driver {
  constructor(
    private readonly pool: Pool,
    private readonly turn: keyof typeof lockOf = 'unlocked',
    private readonly statements = new PreparedStatements(),
    private readonly marks = new TransactionMarks(),
  ) {}

  /** The same connections. Until there are tables, transactions are `unlocked`, and not marked. */
  taking(turn: keyof typeof lockOf): PostgresDriver {
    return new PostgresDriver(this.pool, turn, this.statements, this.marks)
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<PostgresConnection> {
    try {
      // Time for the database to say that a statement took too long.
      const withinMs = Number(this.pool.options.statement_timeout) + 1_000
      return new PostgresConnection(await this.pool.connect(), this.statements, this.marks, withinMs)
    } catch (error) {
      throw translated(error)
    }
  }

  async beginTransaction(connection: PostgresConnection): Promise<void> {
    connection.begin(lockOf[this.turn], this.turn !== 'unlocked')
  }

  commitTransaction(connection: PostgresConnection): Promise<void> {
    return connection.commit()
  }

  /**
   * Whether the transaction that threw this was committed all the same: its connection may have broken before the answer came.
   * @throws BACKEND_UNAVAILABLE the database does not say, or not yet
   */
  async wasCommitted(error: unknown): Promise<boolean> {
    const mark = this.marks.unheardBy(error)
    if (mark === undefined) return false
    const connection = await this.acquireConnection()
    try {
      return await this.marks.isCommitted(mark, connection)
    } finally {
      connection.release()
    }
  }

  rollbackTransaction(connection: PostgresConnection): Promise<void> {
    return connection.rollback()
  }

  async releaseConnection(connection: PostgresConnection): Promise<void> {
    connection.release()
  }

  destroy(): Promise<void> {
    return this.pool.end()
  }
}

class PostgresConnection implements DatabaseConnection {
  #inTransaction = false
  #mark: number | null = null
  /** What made the transaction worthless: the database answers whatever comes after it with another error, which says nothing. */
  #failure: unknown
  #isBroken = false

  constructor(
    private readonly client: PoolClient,
    private readonly statements: PreparedStatements,
    private readonly marks: TransactionMarks,
    private readonly withinMs: number,
  ) {}

  /** Does not wait: the first statement goes to the database in the same packet. */
  begin(lock: string, isMarked: boolean): void {
    this.#inTransaction = true
    this.#mark = isMarked ? this.marks.next() : null
    const insert = this.#mark === null ? '' : this.marks.insertOf(this.#mark)
    this.#ask({ text: `begin isolation level serializable; ${lock} ${insert}` }).catch((error: unknown) => {
      this.#failure ??= error
    })
  }

  async commit(): Promise<void> {
    const { command } = await this.#ask({ text: 'commit' }).catch((error: unknown) => {
      const failure = translated(this.#failure ?? error)
      if (isOfConnection(error) && !this.#failure && this.#mark !== null) this.marks.noteUnheard(failure, this.#mark)
      throw failure
    })
    this.#inTransaction = false
    // A transaction in which a statement failed is rolled back by it: https://www.postgresql.org/docs/current/sql-commit.html
    if (command === 'ROLLBACK') throw translated(this.#failure)
    // What is committed does not fail because of them: the next time does it.
    if (this.#mark !== null && this.marks.isRemovalDueAfter(this.#mark)) await this.marks.remove(this).catch(() => {})
  }

  /** Never fails: a connection that cannot be told is closed, and the database rolls back by itself. */
  async rollback(): Promise<void> {
    this.#inTransaction = false
    await this.#ask({ text: 'rollback' }).catch(() => {
      this.#isBroken = true
    })
  }

  release(): void {
    this.client.release(this.#isBroken || this.statements.areTooMany(this.client))
  }

  async executeQuery<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
    const name = nameOf(query)
    const text = name === undefined ? query.sql : `/* ${name} */ ${query.sql}`
    const answer = await this.#run(text, query.parameters as unknown[])
    const rows = answer.rows as Row[]
    return answer.command === 'SELECT' ? { rows } : { rows, numAffectedRows: BigInt(answer.rowCount ?? 0) }
  }

  // biome-ignore lint/correctness/useYield: kysely wants it, and no store streams
  async *streamQuery(): AsyncIterableIterator<never> {
    throw new Error('the catalog reads pages, not streams')
  }

  /** One that is a transaction by itself is tried again where it collided: nothing of it was done. */
  async #run(text: string, values: unknown[]): Promise<Answer> {
    for (let count = 1; ; count++)
      try {
        const name = this.statements.nameFor(text, this.client)
        return await this.#ask(this.#isBroken ? { text, values } : { text, values, name })
      } catch (error) {
        if (isStalePlan(error)) this.#isBroken = true
        if (this.#inTransaction) {
          this.#failure ??= error
          throw translated(this.#failure)
        }
        if (!isCollision(error)) throw translated(error)
        if (count === attempts) throw tooManyOthers(error)
      }
  }

  #ask(statement: Statement): Promise<Answer> {
    return ask(this.client, statement, this.withinMs)
  }
}

/** A connection keeps each of them in the database's memory: one that has so many is closed when it is free, and another one opened. */
const maxPerConnection = 500
const maxNames = 5_000

/** Statements by the text of their SQL. */
class PreparedStatements {
  readonly #names = new Map<string, string>()
  readonly #byClient = new WeakMap<PoolClient, Set<string>>()
  #count = 0

  nameFor(sql: string, client: PoolClient): string {
    let name = this.#names.get(sql)
    if (name === undefined) {
      // Never the same name for another text: connections may still have it.
      if (this.#names.size >= maxNames) this.#names.clear()
      name = `s${++this.#count}`
      this.#names.set(sql, name)
    }
    const prepared = this.#byClient.get(client)
    if (prepared) prepared.add(name)
    else this.#byClient.set(client, new Set([name]))
    return name
  }

  areTooMany(client: PoolClient): boolean {
    return (this.#byClient.get(client)?.size ?? 0) > maxPerConnection
  }
}
