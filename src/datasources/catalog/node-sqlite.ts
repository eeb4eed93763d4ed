// Gives Node's own SQLite the face of better-sqlite3, as far as kysely's driver needs it.
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import type { SqliteDatabase, SqliteStatement } from 'kysely'
import { DhuoError } from '../../errors.js'

const cachedStatements = 300

/**
 * Everything here is synchronous and blocks the event loop: statements must be short and use an index, and the wait for
 * another process's write lock is bounded.
 */
export class NodeSqlite implements SqliteDatabase {
  readonly #db: DatabaseSync
  readonly #statements = new Map<string, Statement>()

  constructor(path: string) {
    this.#db = new DatabaseSync(path, { timeout: 2_000, enableForeignKeyConstraints: true, defensive: true })
    this.#db.exec(`
      pragma journal_mode = wal; pragma synchronous = full; pragma temp_store = memory;
      pragma cache_size = -16000; pragma mmap_size = 268435456;`)
  }

  prepare(sql: string): SqliteStatement {
    // A transaction that starts by reading and then writes fails at once when another process wrote in between, however
    // long the time-out (SQLITE_BUSY_SNAPSHOT): https://www.sqlite.org/rescode.html#busy_snapshot
    const text = sql === 'begin' ? 'begin immediate' : sql
    const cached = this.#statements.get(text)
    if (cached && !cached.busy) {
      this.#statements.delete(text)
      this.#statements.set(text, cached)
      return cached
    }
    const statement = new Statement(this.#db.prepare(text))
    if (!cached) this.#statements.set(text, statement)
    if (this.#statements.size > cachedStatements) this.#statements.delete(this.#statements.keys().next().value!)
    return statement
  }

  close(): void {
    this.#statements.clear()
    this.#db.close()
  }
}

class Statement implements SqliteStatement {
  /** Gives rows: SELECT, PRAGMA, and whatever has a RETURNING. */
  readonly reader: boolean
  /** Being iterated: its rows would be lost if it were started again. */
  busy = false

  constructor(private readonly statement: StatementSync) {
    this.reader = statement.columns().length > 0
  }

  all(parameters: readonly unknown[]): unknown[] {
    return translated(() => this.statement.all(...(parameters as SQLInputValue[])))
  }

  run(parameters: readonly unknown[]): { changes: number | bigint; lastInsertRowid: number | bigint } {
    return translated(() => this.statement.run(...(parameters as SQLInputValue[])))
  }

  *iterate(parameters: readonly unknown[]): IterableIterator<unknown> {
    this.busy = true
    try {
      yield* this.statement.iterate(...(parameters as SQLInputValue[]))
    } finally {
      this.busy = false
    }
  }
}

/** https://www.sqlite.org/rescode.html: what is wrong with the file or the disk, and not with the statement. */
const unavailable = new Map([
  [5, 'is locked by another process'],
  [8, 'can only be read'],
  [10, 'cannot be read or written'],
  [11, 'is damaged'],
  [13, 'has no space left on its disk'],
  [14, 'cannot be opened'],
])

function translated<T>(call: () => T): T {
  try {
    return call()
  } catch (error) {
    const primaryCode = ((error as { errcode?: number }).errcode ?? 0) & 0xff
    const what = unavailable.get(primaryCode)
    throw what ? new DhuoError('BACKEND_UNAVAILABLE', `The catalog's file ${what}.`, { cause: error }) : error
  }
}
