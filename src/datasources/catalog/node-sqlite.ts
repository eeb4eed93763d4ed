// Gives Node's own SQLite the face of better-sqlite3, as far as kysely's driver needs it.
import { closeSync, existsSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import type { SqliteDatabase, SqliteStatement } from 'kysely'
import { DhuoError } from '../../errors.js'

const cachedStatements = 300
/** How long SQLite itself waits for another's lock. Nothing else happens in this process meanwhile; at the start nothing else has to. */
const blockingWaitMs = { opening: 2_000, later: 20 }
/** https://www.sqlite.org/rescode.html#busy */
const sqliteBusy = 5
/** How long servers that begin with the same new file wait for each other. */
const beginTogetherMs = 5_000

/**
 * Everything here is synchronous and blocks the event loop: statements must be short and use an index. What is wrong with the file or its disk is thrown as BACKEND_UNAVAILABLE.
 */
export class NodeSqlite implements SqliteDatabase {
  readonly #db: DatabaseSync
  readonly #statements = new Map<string, Statement>()

  /** Makes the file and its directory where they are missing. */
  constructor(path: string) {
    this.#db = translated(() => {
      createPrivately(path)
      return new DatabaseSync(path, { timeout: blockingWaitMs.opening, enableForeignKeyConstraints: true, defensive: true })
    })
    try {
      // No mmap_size: a read error of a mapped file is a signal that ends the process (https://www.sqlite.org/mmap.html).
      translated(() => this.#begin())
    } catch (error) {
      this.#db.close()
      throw error
    }
  }

  /** Where two make the journal of a new file SQLite does not wait, lest both do: https://www.sqlite.org/c3ref/busy_handler.html */
  #begin(): void {
    for (const end = Date.now() + beginTogetherMs; ; Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10))
      try {
        this.#db.exec(`
          pragma journal_mode = wal; pragma synchronous = full; pragma temp_store = memory; pragma cache_size = -16000;
          pragma busy_timeout = ${blockingWaitMs.later};`)
        return
      } catch (error) {
        if (primaryCodeOf(error) !== sqliteBusy || Date.now() > end) throw error
      }
  }

  prepare(sql: string): SqliteStatement {
    // SQLite ends a transaction by itself when the disk is full or fails; kysely rolls back all the same, and the error of
    // that would take the place of the one that says what happened: https://www.sqlite.org/lang_transaction.html
    if (sql === 'rollback' && !this.#db.isTransaction) return nothingToRollBack
    // A transaction that starts by reading and then writes fails at once when another process wrote in between, however
    // long the time-out (SQLITE_BUSY_SNAPSHOT): https://www.sqlite.org/rescode.html#busy_snapshot
    const text = sql === 'begin' ? 'begin immediate' : sql
    const cached = this.#statements.get(text)
    if (cached && !cached.busy) {
      this.#statements.delete(text)
      this.#statements.set(text, cached)
      return cached
    }
    const statement = translated(() => new Statement(this.#db.prepare(text)))
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

  private names: string[]

  constructor(private readonly statement: StatementSync) {
    this.names = namesOf(statement)
    this.reader = this.names.length > 0
    // The objects that Node makes of rows have no prototype, which V8 keeps as hash tables: twice as slow to make, slow to read.
    statement.setReturnArrays(true)
  }

  all(parameters: readonly unknown[]): unknown[] {
    const rows: unknown[] = translated(() => this.statement.all(...(parameters as SQLInputValue[])))
    for (let index = 0; index < rows.length; index++) rows[index] = this.rowOf(rows[index] as unknown[])
    return rows
  }

  run(parameters: readonly unknown[]): { changes: number | bigint; lastInsertRowid: number | bigint } {
    return translated(() => this.statement.run(...(parameters as SQLInputValue[])))
  }

  *iterate(parameters: readonly unknown[]): IterableIterator<unknown> {
    this.busy = true
    try {
      const rows = this.statement.iterate(...(parameters as SQLInputValue[]))
      for (let next = translated(() => rows.next()); !next.done; next = translated(() => rows.next()))
        yield this.rowOf(next.value as unknown as unknown[])
    } finally {
      this.busy = false
    }
  }

  private rowOf(values: readonly unknown[]): Record<string, unknown> {
    // SQLite prepares a `select *` anew by itself when the table has got a column.
    if (values.length !== this.names.length) this.names = namesOf(this.statement)
    const { names } = this
    const row: Record<string, unknown> = {}
    for (let index = 0; index < names.length; index++) row[names[index]!] = values[index]
    return row
  }
}

const nothingToRollBack: SqliteStatement = {
  reader: false,
  all: () => [],
  run: () => ({ changes: 0, lastInsertRowid: 0 }),
  *iterate() {},
}

/** One after the other: where the system refuses (below /proc) mkdir's own `recursive` tries for ever. */
function makeDirectory(path: string): void {
  if (existsSync(path)) return
  makeDirectory(dirname(path))
  try {
    mkdirSync(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}

/** Hashes of passwords and the key that signs URLs are in it. SQLite gives its other files the same permissions. */
function createPrivately(path: string): void {
  makeDirectory(dirname(path))
  try {
    // Only ever a file that was not there: to close one that SQLite has open in this process would drop its locks
    // (https://www.sqlite.org/howtocorrupt.html#_posix_advisory_locks_canceled_by_a_separate_thread_doing_close_).
    closeSync(openSync(path, 'wx', 0o600))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}

/** Another connection held a lock that the statement needs: it has had no effect, and may be tried again. */
export const isLocked = (error: unknown): boolean => primaryCodeOf((error as { cause?: unknown }).cause) === 5

const primaryCodeOf = (error: unknown): number => ((error as { errcode?: number } | undefined)?.errcode ?? 0) & 0xff

/** https://www.sqlite.org/rescode.html: what is wrong with the file or the disk, and not with the statement. */
const unavailable = new Map([
  [5, 'is locked by another process'],
  [8, 'can only be read'],
  [10, 'cannot be read or written'],
  [11, 'is damaged'],
  [13, 'has no space left on its disk'],
  [14, 'cannot be opened'],
  [15, 'is locked by another process'],
  [26, 'is damaged, or is not one of SQLite'],
])

function translated<T>(call: () => T): T {
  try {
    return call()
  } catch (error) {
    const isOfFileSystem = (error as NodeJS.ErrnoException).syscall !== undefined
    const what = unavailable.get(isOfFileSystem ? 14 : primaryCodeOf(error))
    throw what ? new DhuoError('BACKEND_UNAVAILABLE', `The catalog's file ${what}.`, { cause: error }) : error
  }
}

const namesOf = (statement: StatementSync): string[] => statement.columns().map(({ name }) => name)
