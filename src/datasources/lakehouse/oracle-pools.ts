// The connections to Oracle: a pool for each account that is in use, never more connections in all than the settings allow.
import { AsyncLocalStorage } from 'node:async_hooks'
import { subscribe } from 'node:diagnostics_channel'
import { existsSync } from 'node:fs'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import oracledb from 'oracledb'
import type { OracleLakehouseConfig } from '../../config/lakehouse-config.js'
import { DhuoError } from '../../errors.js'
import { codeOf } from './oracle-errors.js'

interface OpenPool {
  opening: Promise<oracledb.Pool>
  /** Null until it is open. */
  pool: oracledb.Pool | null
  /** Connections that are asked for or given out. */
  users: number
  sockets: Set<Socket>
  /** While it closes idle connections: nobody may ask it for one then. */
  shrinking: Promise<void> | null
}

export interface TakenConnection {
  connection: oracledb.Connection
  /** @param isUsable false: it is not given to anybody again */
  giveBack(isUsable: boolean): Promise<void>
}

/** A connection that is not used for so long is closed. Seconds. */
const idleSeconds = 60
/** For a pool to say goodbye to the database, when its connections have been given back. */
const farewellMs = 1_000

/**
 * The driver (26.0) waits for ever for a database that has taken the connection and is silent at the login, and a pool that is to be
 * closed waits for that: so the sockets of each pool are known here. A pool makes its connections in the context that it was made in.
 * https://nodejs.org/api/diagnostics_channel.html#event-netclientsocket
 */
const socketsOfPool = new AsyncLocalStorage<Set<Socket>>()
subscribe('net.client.socket', (message) => {
  const { socket } = message as { socket: Socket }
  const sockets = socketsOfPool.getStore()
  // The driver takes away whatever would listen for their end.
  for (const known of sockets ?? []) if (known.destroyed) sockets?.delete(known)
  sockets?.add(socket)
})

/** With an error: of a socket that ends without one the driver thinks that there is somebody to say goodbye to, and throws when it is swept. */
function leave(socket: Socket): void {
  if (socket.destroyed) return
  socket.on('error', () => {})
  socket.destroy(new Error('left'))
}

/**
 * Leaves a connection without a word. The driver (26.0) has no other way to leave a server that answers no more, and heeds
 * `close({ drop: true })` in its thick mode only; its own pool leaves dead connections in this way.
 */
export function cut(connection: oracledb.Connection): void {
  const { _impl: inner } = connection as unknown as { _impl?: { nscon: { forceDisconnect(): void } } }
  inner?.nscon.forceDisconnect()
}

export class OraclePools {
  /** By account, in order of use, the latest last. '' is this server's own account. */
  readonly #open = new Map<string, OpenPool>()
  readonly #closing = new Map<OpenPool, Promise<void>>()
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
      const pool = await open.opening
      if (pool.connectionsOpen <= pool.connectionsInUse) await this.#makeRoom()
      while (open.shrinking) await open.shrinking
      const connection = await pool.getConnection()
      return {
        connection,
        giveBack: async (isUsable) => {
          if (!isUsable) cut(connection)
          await connection.close().catch(() => {})
          open.users--
        },
      }
    } catch (error) {
      open.users--
      // A pool makes one connection after the other: behind one to a silent database all the others wait.
      if (codeOf(error) === 'NJS-040') this.renew(account)
      throw error
    }
  }

  /**
   * After a connection was lost the others of its account are most likely dead as well: the next one is new. Those in use may
   * go on for as long as a statement may.
   */
  renew(account: string | null): void {
    const open = this.#open.get(account ?? '')
    this.#open.delete(account ?? '')
    if (open) void this.#close(open, Math.ceil(this.config.timeoutMs / 1_000))
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const open of this.#open.values()) void this.#close(open, 0)
    this.#open.clear()
    // Nobody uses those that were renewed any more.
    await Promise.race([Promise.all(this.#closing.values()), sleep(farewellMs)])
    for (const open of this.#closing.keys()) for (const socket of open.sockets) leave(socket)
  }

  #poolOf(account: string): OpenPool {
    const there = this.#open.get(account)
    if (there) {
      this.#open.delete(account)
      this.#open.set(account, there)
      return there
    }
    const sockets = new Set<Socket>()
    const opening = socketsOfPool.run(sockets, () => this.#create(account))
    const open: OpenPool = { opening, pool: null, users: 0, sockets, shrinking: null }
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
      ...(walletDirectory && { configDir: walletDirectory }),
      // Without the file the driver would fail; with TLS for one side alone there is none.
      ...(walletDirectory && existsSync(join(walletDirectory, 'ewallet.pem')) && { walletLocation: walletDirectory }),
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

  /**
   * Before a connection is made. Where there are too many, idle ones of other accounts are closed, of those first that were not used
   * for longest.
   */
  async #makeRoom(): Promise<void> {
    let count = 0
    for (const { pool, users } of this.#open.values()) count += Math.max(pool?.connectionsOpen ?? 0, users)
    for (const [account, open] of [...this.#open]) {
      if (count <= this.most) return
      if (open.pool === null) continue
      const idle = open.pool.connectionsOpen - Math.max(open.pool.connectionsInUse, open.users)
      if (idle <= 0) continue
      count -= idle
      if (open.users === 0) {
        this.#open.delete(account)
        await this.#close(open, 0)
      } else {
        open.shrinking ??= this.#shrink(open.pool, open.users).finally(() => {
          open.shrinking = null
        })
        await open.shrinking
      }
    }
  }

  /** There is no other way to close the idle ones alone. */
  async #shrink(pool: oracledb.Pool, users: number): Promise<void> {
    try {
      await pool.reconfigure({ poolMax: users })
      await pool.reconfigure({ poolMax: this.most })
    } catch {
      // It is being closed.
    }
  }

  #close(open: OpenPool, drainSeconds: number): Promise<void> {
    const closing: Promise<void> = Promise.race([
      open.opening.then((pool) => pool.close(drainSeconds)),
      sleep(drainSeconds * 1_000 + farewellMs, undefined, { ref: false }),
    ])
      .catch(() => {})
      .then(() => {
        for (const socket of open.sockets) leave(socket)
        this.#closing.delete(open)
      })
    this.#closing.set(open, closing)
    return closing
  }
}
