// The connections to Oracle: a pool for each account that is in use, never more connections in all than the settings allow.
import oracledb from 'oracledb'
import type { OracleLakehouseConfig } from '../../config/lakehouse-config.js'
import { DhuoError } from '../../errors.js'

interface OpenPool {
  opening: Promise<oracledb.Pool>
  /** Null until it is open. */
  pool: oracledb.Pool | null
  /** Connections that are asked for or given out. */
  users: number
}

export interface TakenConnection {
  connection: oracledb.Connection
  /** @param isUsable false: it is not given to anybody again */
  giveBack(isUsable: boolean): Promise<void>
}

/** A connection that is not used for so long is closed. Seconds. */
const idleSeconds = 60

export class OraclePools {
  /** By account, in order of use, the latest last. '' is this server's own account. */
  readonly #open = new Map<string, OpenPool>()
  readonly #closing = new Set<Promise<void>>()
  #closed = false

  /** @param most connections at a time */
  constructor(
    private readonly config: OracleLakehouseConfig,
    private readonly most: number,
  ) {}

  /** Reads the settings, the wallet and the names of services, without connecting. @throws the driver's errors */
  async check(): Promise<void> {
    await this.#poolOf('').opening
  }

  /**
   * A connection as that account, which this server's account speaks for. Not by another user's password: Oracle knows both, and
   * allows what the account may do. https://node-oracledb.readthedocs.io/en/latest/user_guide/connection_handling.html#proxyauth
   * @param account null: this server's own
   * @throws the driver's errors
   */
  async take(account: string | null): Promise<TakenConnection> {
    if (this.#closed) throw new DhuoError('BACKEND_UNAVAILABLE', 'The lakehouse is closed.')
    const open = this.#poolOf(account ?? '')
    open.users++
    try {
      const connection = await (await open.opening).getConnection()
      return {
        connection,
        giveBack: async (isUsable) => {
          await connection.close({ drop: !isUsable }).catch(() => {})
          open.users--
          this.#shrink()
        },
      }
    } catch (error) {
      open.users--
      throw error
    } finally {
      this.#shrink()
    }
  }

  /** After a connection was lost the others of its account are most likely dead as well: the next one is new. */
  renew(account: string | null): void {
    const open = this.#open.get(account ?? '')
    this.#open.delete(account ?? '')
    if (open) this.#close(open, 30)
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const open of this.#open.values()) this.#close(open, 0)
    this.#open.clear()
    await Promise.all(this.#closing)
  }

  #poolOf(account: string): OpenPool {
    const there = this.#open.get(account)
    if (there) {
      this.#open.delete(account)
      this.#open.set(account, there)
      return there
    }
    const open: OpenPool = { opening: this.#create(account), pool: null, users: 0 }
    this.#open.set(account, open)
    open.opening.then(
      (pool) => {
        open.pool = pool
      },
      () => this.#open.get(account) === open && this.#open.delete(account),
    )
    return open
  }

  #create(account: string): Promise<oracledb.Pool> {
    const { user, password, connectString, walletDirectory, walletPassword, connectSeconds } = this.config
    // https://node-oracledb.readthedocs.io/en/latest/api_manual/oracledb.html#createpool
    return oracledb.createPool({
      user: account === '' ? user : `${user}[${account}]`,
      password,
      connectString,
      ...(walletDirectory && { configDir: walletDirectory, walletLocation: walletDirectory }),
      ...(walletPassword && { walletPassword }),
      poolMin: 0,
      poolMax: this.most,
      poolIncrement: 1,
      poolTimeout: idleSeconds,
      poolPingInterval: 30,
      poolPingTimeout: 3_000,
      // Who waits, waits in our queue, which knows of time limits and of clients that went away.
      queueTimeout: connectSeconds * 1_000,
      queueMax: this.most,
      stmtCacheSize: 40,
      connectTimeout: connectSeconds,
      transportConnectTimeout: connectSeconds,
      // Minutes between signs of life: firewalls forget connections that are silent.
      expireTime: 2,
    })
  }

  /** Pools that nobody uses are closed with their idle connections, the least recently used first, while there are too many. */
  #shrink(): void {
    let count = 0
    for (const { pool } of this.#open.values()) count += pool?.connectionsOpen ?? 0
    for (const [account, open] of [...this.#open]) {
      if (count <= this.most) return
      if (open.users > 0 || open.pool === null) continue
      count -= open.pool.connectionsOpen
      this.#open.delete(account)
      this.#close(open, 0)
    }
  }

  #close(open: OpenPool, drainSeconds: number): void {
    const closing: Promise<void> = open.opening
      .then((pool) => pool.close(drainSeconds))
      .catch(() => {})
      .then(() => void this.#closing.delete(closing))
    this.#closing.add(closing)
  }
}
