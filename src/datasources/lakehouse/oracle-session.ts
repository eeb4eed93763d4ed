// One account's work on one connection of Oracle: how it begins, how it is stopped, and what becomes of the connection.
import type oracledb from 'oracledb'
import type { OracleLakehouseConfig } from '../../config/lakehouse-config.js'
import { DhuoError } from '../../errors.js'
import {
  installationFault,
  isLost,
  isPassing,
  leavesSession,
  type OracleErrorContext,
  translateOracleError,
} from './oracle-errors.js'
import type { ProjectAccounts } from './oracle-names.js'
import { cut, OraclePools, type TakenConnection } from './oracle-pools.js'
import type { OracleStatement } from './oracle-statement.js'
import { StatementTime } from './statement-time.js'
import { Turnstile } from './turnstile.js'

/** Statements that wait for a connection. */
const mostWaiting = 500
/** How often work that changes nothing is run again when its connection was lost, or its table replaced, under its hands. */
const mostRepeats = 1
/** Work at a time that holds a lock while it waits for sessions. */
const mostLockHolders = 4
/** A statement that was asked to stop is waited for no longer than this; then its connection is cut. */
const graceMs = 1_000
/** For what the client does not wait for. */
const tidyMs = 30_000

export interface SessionTerms {
  time: StatementTime
  accounts: ProjectAccounts
  as: keyof ProjectAccounts
  /** Of the errors. Default `sql`. */
  field?: OracleErrorContext['field']
  /** Of a user. */
  statement?: Pick<OracleStatement, 'sourceOffset' | 'declaresCode'>
  /** All of it sees the database as it is at its beginning, and changes nothing; so it may be run once more. */
  readOnly?: boolean
}

interface Attempt {
  time: StatementTime
  account: string | null
  leave: () => void
  /** The connection is given to nobody afterwards. */
  isLast: boolean
}

export class OracleSessions {
  readonly #turnstile: Turnstile
  /** Those that hold a lock for others wait elsewhere: else they could hold all the places, and wait for one. */
  readonly #lockHolders: Turnstile
  readonly #pools: OraclePools
  readonly #times = new Set<StatementTime>()
  readonly #ending = new Set<Promise<void>>()

  constructor(private readonly config: OracleLakehouseConfig) {
    this.#pools = new OraclePools(config, config.connections + mostLockHolders)
    this.#turnstile = new Turnstile(config.connections, mostWaiting)
    this.#lockHolders = new Turnstile(mostLockHolders, mostWaiting)
  }

  /** Reads the settings, the wallet and the names of services, without connecting. @throws the driver's errors */
  check(): Promise<void> {
    return this.#pools.check()
  }

  /** Calls `work` with a session as one of the project's accounts. What was not committed is not there afterwards. */
  run<T>(terms: SessionTerms, work: (session: OracleSession) => Promise<T>): Promise<T> {
    return this.#run(terms, this.#turnstile, work)
  }

  /** The same for work that waits for other sessions of its own. */
  holdLock<T>(terms: SessionTerms, work: (session: OracleSession) => Promise<T>): Promise<T> {
    return this.#run(terms, this.#lockHolders, work)
  }

  /** What may be left undone: as the owner, in time of its own, and never failing. */
  async tidy(accounts: ProjectAccounts, work: (session: OracleSession) => Promise<void>): Promise<void> {
    const time = new StatementTime(tidyMs, undefined)
    try {
      await this.run({ time, accounts, as: 'owner' }, work)
    } catch {
      // It is done the next time.
    } finally {
      time.end()
    }
  }

  /** Work as this server's own account, which owns nothing. */
  async runAsServer<T>(time: StatementTime, work: (connection: oracledb.Connection) => Promise<T>): Promise<T> {
    const leave = await this.#turnstile.enter(time.stopped)
    try {
      return await this.#attempt({ time, account: null, leave, isLast: false }, work)
    } catch (error) {
      if (time.reason) throw time.reason.error
      const context = { field: 'sql', accounts: [], sourceOffset: null } as const
      throw installationFault(error, context) ?? translateOracleError(error, context)
    }
  }

  /** Stops everything and waits for it. */
  async close(): Promise<void> {
    for (const time of this.#times) time.stop(new DhuoError('BACKEND_UNAVAILABLE', 'The server is stopping.'))
    await Promise.all(this.#ending)
    await this.#pools.close()
  }

  async #run<T>(terms: SessionTerms, turnstile: Turnstile, work: (session: OracleSession) => Promise<T>): Promise<T> {
    const { time, accounts, field = 'sql', statement } = terms
    const { owner, reader, writer } = accounts
    const context = { field, sourceOffset: statement?.sourceOffset ?? null, accounts: [reader, writer, owner] }
    const isLast = statement?.declaresCode ?? false
    for (let attempt = 1; ; attempt++) {
      const leave = await turnstile.enter(time.stopped)
      try {
        return await this.#attempt({ time, account: accounts[terms.as], leave, isLast }, async (connection) => {
          const session = new OracleSession(connection, time, context)
          await session.begin(owner, terms.readOnly === true)
          return work(session)
        })
      } catch (error) {
        if (time.reason) throw time.reason.error
        if (terms.readOnly && attempt <= mostRepeats && isPassing(error)) continue
        throw translateOracleError(error, context)
      }
    }
  }

  /** @param attempt the place at the turnstile is left when the connection is free again, which may be after this has returned */
  async #attempt<T>(
    { time, account, leave, isLast }: Attempt,
    work: (connection: oracledb.Connection) => Promise<T>,
  ): Promise<T> {
    const taken = await this.#take(time, account, leave)
    const { connection } = taken
    this.#times.add(time)
    // Of one round trip. Above all of them stands `time`. https://node-oracledb.readthedocs.io/en/latest/user_guide/connection_handling.html#dbcalltimeouts
    connection.callTimeout = time.remaining + graceMs
    let isUsable = !isLast
    let cutting: NodeJS.Timeout | undefined
    let unwatch = () => {}
    const overdue = new Promise<never>((_, reject) => {
      const stop = () => {
        isUsable = false
        connection.break().catch(() => {})
        cutting = setTimeout(() => {
          cut(connection)
          reject(time.reason?.error)
        }, graceMs)
      }
      if (time.reason) stop()
      else unwatch = time.onStop(stop)
    })
    overdue.catch(() => {})
    const working = work(connection).finally(() => unwatch())
    const ending: Promise<void> = working
      .then(() => true, leavesSession)
      .then(async (isAlive) => {
        isUsable &&= isAlive
        // Nobody waits for it any more; whoever waits for a place would, where the database answers no more.
        if (isUsable) isUsable = await inTime(graceMs, connection.rollback())
      })
      .catch(() => {
        isUsable = false
      })
      .then(() => taken.giveBack(isUsable))
      .then(() => {
        clearTimeout(cutting)
        this.#times.delete(time)
        leave()
        this.#ending.delete(ending)
      })
    this.#ending.add(ending)
    try {
      return await Promise.race([working, overdue])
    } catch (error) {
      if (isLost(error)) this.#pools.renew(account)
      throw error
    }
  }

  /** @param leave called where there is no connection: when none is being made any more, which may be after this has returned */
  async #take(time: StatementTime, account: string | null, leave: () => void): Promise<TakenConnection> {
    const taking = this.#pools.take(account)
    let timer: NodeJS.Timeout | undefined
    const silence = new Promise<never>((_, reject) => {
      // The driver's own limit ends when somebody accepts the connection, who may say nothing after that.
      timer = setTimeout(
        () => {
          this.#pools.renew(account)
          reject(new DhuoError('BACKEND_UNAVAILABLE', "The lakehouse's database does not answer."))
        },
        this.config.connectSeconds * 1_000 + graceMs,
      )
    })
    const settled = Promise.race([taking, silence]).then(
      () => clearTimeout(timer),
      () => clearTimeout(timer),
    )
    try {
      return await Promise.race([taking, silence, time.stopped])
    } catch (error) {
      taking.then(
        (late) => late.giveBack(true),
        () => {},
      )
      void settled.then(leave)
      throw error
    }
  }
}

/** False when it has not come to its end by then. */
async function inTime(ms: number, work: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, ms, false)
  })
  try {
    return await Promise.race([work.then(() => true), late])
  } finally {
    clearTimeout(timer)
  }
}

export class OracleSession {
  constructor(
    readonly connection: oracledb.Connection,
    readonly time: StatementTime,
    private readonly context: OracleErrorContext,
  ) {}

  /** From 23ai on there are truth values, and SELECT without FROM. */
  get has23ai(): boolean {
    return this.connection.oracleServerVersion >= 2_300_000_000
  }

  /** What the client gets for an error of its own statement. */
  clientError(error: unknown): unknown {
    return translateOracleError(error, this.context)
  }

  /**
   * Whatever a statement before may have done to the session is undone. One round trip.
   * @param readOnly https://docs.oracle.com/en/database/oracle/oracle-database/23/sqlrf/SET-TRANSACTION.html
   */
  async begin(owner: string, readOnly: boolean): Promise<void> {
    this.connection.module = 'DHuO Graph'
    await this.own(
      `BEGIN ROLLBACK; EXECUTE IMMEDIATE q'[${sessionSettings(owner)}]';${readOnly ? ' SET TRANSACTION READ ONLY;' : ''} END;`,
    )
  }

  /**
   * Runs a statement of this server's. That the database refuses it is a fault of the installation and none of the client's.
   * @returns rows as arrays
   */
  async own(sql: string, binds: oracledb.BindParameters = {}, options: oracledb.ExecuteOptions = {}): Promise<unknown[][]> {
    return this.#asOwn(async () => (await this.connection.execute<unknown[]>(sql, binds, options)).rows ?? [])
  }

  /** The same for a change. @returns how many rows it was */
  async change(sql: string, binds: oracledb.BindParameters = {}): Promise<number> {
    return this.#asOwn(async () => (await this.connection.execute(sql, binds)).rowsAffected ?? 0)
  }

  async #asOwn<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      throw (this.time.reason ? null : installationFault(error, this.context)) ?? error
    }
  }
}

/**
 * What users' statements may rely on: the project's tables without a schema, numbers with a point, UTC, messages in English.
 * NLS_TERRITORY comes first because it sets the others.
 */
const sessionSettings = (owner: string): string =>
  [
    `ALTER SESSION SET NLS_LANGUAGE = 'AMERICAN'`,
    `NLS_TERRITORY = 'AMERICA'`,
    `NLS_CALENDAR = 'GREGORIAN'`,
    `NLS_LENGTH_SEMANTICS = 'BYTE'`,
    `NLS_NUMERIC_CHARACTERS = '.,'`,
    `NLS_DATE_FORMAT = 'YYYY-MM-DD HH24:MI:SS'`,
    `NLS_TIMESTAMP_FORMAT = 'YYYY-MM-DD HH24:MI:SS.FF'`,
    `NLS_TIMESTAMP_TZ_FORMAT = 'YYYY-MM-DD HH24:MI:SS.FF TZH:TZM'`,
    `NLS_COMP = 'BINARY'`,
    `NLS_SORT = 'BINARY'`,
    `TIME_ZONE = '+00:00'`,
    `CURRENT_SCHEMA = ${owner}`,
  ].join(' ')
