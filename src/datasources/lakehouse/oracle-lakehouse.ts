// The lakehouse on Oracle Database: accounts of their own for each project; files are read and written by DuckDB beside it.
import { mkdir, readdir, rm } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import type { OracleLakehouseConfig } from '../../config/lakehouse-config.js'
import { DhuoError } from '../../errors.js'
import type { Logger } from '../../logger.js'
import { extraTimeFor } from './duckdb-file-source.js'
import { DuckdbFiles } from './duckdb-files.js'
import { DuckdbProjects } from './duckdb-projects.js'
import { DuckdbSessions } from './duckdb-session.js'
import type {
  AppendedVersion,
  ExportedResult,
  GivenRows,
  Lakehouse,
  PageRequest,
  Parameters,
  ResultPage,
  SelectQuery,
  SourceFile,
  TableFormat,
  TableShape,
  TableSource,
  VersionTarget,
  WriteMode,
} from './lakehouse.js'
import type { CloudLoading } from './oracle-cloud-load.js'
import { runOracleDml } from './oracle-dml.js'
import { hasCode } from './oracle-errors.js'
import { exportFromOracle } from './oracle-export.js'
import { accountsOf, createProjectProcedure, quoteOracle, tableNameOf } from './oracle-names.js'
import { selectPage } from './oracle-select.js'
import { OracleSessions } from './oracle-session.js'
import { readStatement } from './oracle-statement.js'
import { createAccounts, describeOracleTables, dropOracleTable, sweepRows } from './oracle-tables.js'
import { appendOracleVersion, removeOracleVersion } from './oracle-versions.js'
import { writeOracleTable } from './oracle-writes.js'
import type { Writing } from './oracle-writing.js'
import { StatementTime } from './statement-time.js'
import { VersionQueue } from './version-queue.js'

/** How often the tables of a project are looked over for rows that nobody needs any more. */
const sweepMs = 600_000

/**
 * Reads the wallet and the names of services, and connects to nothing: a database that is down is told by whatever needs it.
 * @throws DhuoError BACKEND_UNAVAILABLE when the settings do not lead to a database
 */
export async function openOracleLakehouse(config: OracleLakehouseConfig, log: Logger): Promise<Lakehouse> {
  const directory = await ownDirectory(config.directory)
  const lakehouse = new OracleLakehouse({ ...config, directory }, log)
  try {
    await lakehouse.check()
    return lakehouse
  } catch (error) {
    await lakehouse.close()
    const { message } = error as Error
    throw new DhuoError(
      'BACKEND_UNAVAILABLE',
      `The settings of the lake house on Oracle lead nowhere (DHUO_LAKEHOUSE_URL, DHUO_ORACLE_WALLET): ${message.split('\n')[0]}.`,
      { cause: error },
    )
  }
}

/** One for each server that shares the directory; those of servers of this machine that are gone are removed. */
async function ownDirectory(parent: string): Promise<string> {
  await mkdir(parent, { recursive: true })
  for (const name of await readdir(parent)) {
    const [, pid] = name.startsWith(`${hostname()}-`) ? (/-(\d+)$/.exec(name) ?? []) : []
    if (pid !== undefined && !isRunning(Number(pid))) await rm(join(parent, name), { recursive: true, force: true })
  }
  return join(parent, `${hostname()}-${process.pid}`)
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

class OracleLakehouse implements Lakehouse {
  readonly kind = 'oracle'
  readonly supports = { emptyText: false }
  readonly #sessions: OracleSessions
  readonly #projects = new DuckdbProjects(1)
  readonly #fileSessions = new DuckdbSessions(this.#projects)
  readonly #files: DuckdbFiles
  readonly #cloud: CloudLoading
  readonly #versions = new VersionQueue()
  /** When the tables of a schema were last looked over. */
  readonly #swept = new Map<string, number>()
  #closing: Promise<void> | null = null

  constructor(
    private readonly config: OracleLakehouseConfig,
    log: Logger,
  ) {
    const { directory, memoryLimitMb, timeoutMs } = config
    this.#sessions = new OracleSessions(config)
    this.#cloud = { leastBytes: config.cloudLoadBytes, log }
    this.#files = new DuckdbFiles(this.#fileSessions, (field, signal) => ({
      project: { directory, schema: null, memoryLimitMb },
      field,
      timeoutMs,
      signal,
    }))
  }

  check(): Promise<void> {
    return this.#sessions.check()
  }

  nameInSql(table: string): string {
    return quoteOracle(table.toUpperCase())
  }

  async ping(): Promise<void> {
    await this.#within(undefined, (time) => this.#sessions.runAsServer(time, (connection) => connection.ping()))
  }

  async createSchema(schema: string): Promise<void> {
    const { prefix } = this.config
    const accounts = accountsOf(prefix, schema)
    await this.#within(undefined, async (time) => {
      try {
        await this.#sessions.runAsServer(time, async (connection) => {
          await connection.execute(`BEGIN ${createProjectProcedure(prefix)}(:1); END;`, { 1: accounts.owner })
        })
      } catch (error) {
        // As the procedure of docs/oracle.md says it.
        if (!hasCode(error, 20_002)) throw error
        throw new DhuoError('CONFLICT', `The name "${schema}" is in use in the lakehouse's database for something else.`, {
          field: 'schema',
          cause: error,
        })
      }
      await this.#sessions.run({ time, accounts, as: 'owner' }, createAccounts)
    })
  }

  async select(query: SelectQuery, page: PageRequest, signal?: AbortSignal): Promise<ResultPage> {
    const accounts = accountsOf(this.config.prefix, query.schema)
    const statement = readStatement(query.sql)
    return this.#within(signal, (time) =>
      this.#sessions.run({ time, accounts, as: 'reader', readOnly: true, statement }, (session) =>
        selectPage(session, statement, query.params, page),
      ),
    )
  }

  async exportSelect(query: SelectQuery, format: TableFormat, signal?: AbortSignal): Promise<ExportedResult> {
    return this.#write(query.schema, signal, 0, (writing) => exportFromOracle(writing, query, format))
  }

  async execute(
    statement: { schema: string; sql: string; paramSets: readonly (Parameters | undefined)[] },
    signal?: AbortSignal,
  ): Promise<{ rowsAffected: number }> {
    const accounts = accountsOf(this.config.prefix, statement.schema)
    const read = readStatement(statement.sql)
    const rowsAffected = await this.#within(signal, (time) =>
      this.#sessions.run({ time, accounts, as: 'writer', statement: read }, (session) =>
        runOracleDml(session, read, statement.paramSets),
      ),
    )
    return { rowsAffected }
  }

  async writeTable(
    target: { schema: string; table: string; mode: WriteMode },
    source: TableSource,
    signal?: AbortSignal,
  ): Promise<TableShape> {
    const table = tableNameOf(target.table)
    const extraMs = 'file' in source ? extraTimeFor(source.file.size) : 0
    const shape = await this.#write(target.schema, signal, extraMs, (writing) =>
      writeOracleTable(writing, this.#cloud, { table, mode: target.mode }, source),
    )
    this.#sweep(target.schema)
    return shape
  }

  async appendVersion(
    target: VersionTarget,
    source: TableSource | { given: GivenRows },
    signal?: AbortSignal,
  ): Promise<AppendedVersion> {
    const extraMs = 'file' in source ? extraTimeFor(source.file.size) : 0
    return this.#write(target.schema, signal, extraMs, (writing) => appendOracleVersion(writing, this.#versions, target, source))
  }

  async removeVersion(schema: string, table: string, version: number): Promise<void> {
    await this.#write(schema, undefined, 0, (writing) => removeOracleVersion(writing, this.#versions, table, version))
  }

  async dropTable(schema: string, table: string): Promise<boolean> {
    const name = tableNameOf(table)
    const accounts = accountsOf(this.config.prefix, schema)
    return this.#within(undefined, (time) =>
      this.#sessions.run({ time, accounts, as: 'owner' }, (session) => dropOracleTable(session, name)),
    )
  }

  async describeTables(schema: string, tables: readonly string[]): Promise<(TableShape | null)[]> {
    const accounts = accountsOf(this.config.prefix, schema)
    const names = tables.map((table) => table.toUpperCase())
    return this.#within(undefined, (time) =>
      this.#sessions.run({ time, accounts, as: 'owner', readOnly: true }, (session) => describeOracleTables(session, names)),
    )
  }

  readFile(file: SourceFile, page: PageRequest, signal?: AbortSignal): Promise<ResultPage> {
    return this.#files.readFile(file, page, signal)
  }

  exportFile(file: SourceFile, format: TableFormat, signal?: AbortSignal): Promise<ExportedResult> {
    return this.#files.exportFile(file, format, signal)
  }

  async close(): Promise<void> {
    this.#closing ??= Promise.all([this.#sessions.close(), this.#fileSessions.close()])
      .then(() => this.#projects.close())
      .finally(() => rm(this.config.directory, { recursive: true, force: true }))
    return this.#closing
  }

  async #within<T>(signal: AbortSignal | undefined, work: (time: StatementTime) => Promise<T>, extraMs = 0): Promise<T> {
    const time = new StatementTime(this.config.timeoutMs + extraMs, signal)
    try {
      return await work(time)
    } finally {
      time.end()
    }
  }

  #write<T>(
    schema: string,
    signal: AbortSignal | undefined,
    extraMs: number,
    work: (writing: Writing) => Promise<T>,
  ): Promise<T> {
    const accounts = accountsOf(this.config.prefix, schema)
    const [sessions, files] = [this.#sessions, this.#files]
    return this.#within(signal, (time) => work({ sessions, files, accounts, time, signal }), extraMs)
  }

  /** In the background: nobody waits for it. */
  #sweep(schema: string): void {
    const now = Date.now()
    if (now - (this.#swept.get(schema) ?? 0) < sweepMs) return
    this.#swept.set(schema, now)
    const accounts = accountsOf(this.config.prefix, schema)
    void this.#sessions.tidy(accounts, (session) => sweepRows(session, accounts))
  }
}
