// The lakehouse on DuckDB, embedded: one file and one sandboxed instance for each project.
import { mkdir, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import type { DuckdbLakehouseConfig } from '../../config/lakehouse-config.js'
import { badInput, DhuoError } from '../../errors.js'
import { runDml } from './duckdb-dml.js'
import { allowForFile, DuckdbFiles, exportIn, readPage, withExchangeFile } from './duckdb-files.js'
import type { ProjectOptions } from './duckdb-project.js'
import { qualified, quoteName } from './duckdb-project.js'
import { DuckdbProjects } from './duckdb-projects.js'
import { assertComplete, asTable, checkedSelect, prepareSelect, shapeOf } from './duckdb-select.js'
import { DuckdbSessions, type Session, type SessionOptions } from './duckdb-session.js'
import { checkTableNameSyntax, checkTarget, describe, fill } from './duckdb-tables.js'
import { withGivenRows } from './duckdb-version-columns.js'
import { appendStaged, findAppended, removeAppended, stage } from './duckdb-versions.js'
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
} from './lakehouse.js'
import { VersionQueue } from './version-queue.js'

/** Instances open at a time. Each may use the memory of the configuration. */
const openInstances = 8

/** DuckDB's lock on a file keeps other processes out, not this one: two instances on one file would destroy it. */
const directoriesInUse = new Set<string>()

/**
 * Opens nothing but the directory: each project's instance is opened when it is first used.
 * @throws DhuoError BACKEND_UNAVAILABLE when this process has the directory open already
 */
export async function openDuckdbLakehouse(config: DuckdbLakehouseConfig): Promise<Lakehouse> {
  await mkdir(config.directory, { recursive: true })
  const directory = await realpath(config.directory)
  if (directoriesInUse.has(directory))
    throw new DhuoError(
      'BACKEND_UNAVAILABLE',
      'This process has the lakehouse open already. Only one can use its directory at a time.',
    )
  directoriesInUse.add(directory)
  return new DuckdbLakehouse({ ...config, directory }, () => directoriesInUse.delete(directory))
}

class DuckdbLakehouse implements Lakehouse {
  readonly kind = 'duckdb'
  readonly supports = { emptyText: true }
  readonly #projects = new DuckdbProjects(openInstances)
  readonly #sessions = new DuckdbSessions(this.#projects)
  readonly #versions = new VersionQueue()
  readonly #files = new DuckdbFiles(this.#sessions, (field, signal) => this.#options(null, field, signal))
  #closing: Promise<void> | null = null

  constructor(
    private readonly config: DuckdbLakehouseConfig,
    private readonly onClosed: () => void,
  ) {}

  async ping(): Promise<void> {
    await this.#sessions.run(this.#options(null, 'sql', undefined), ({ connection }) => connection.run('SELECT 1'))
  }

  async createSchema(schema: string): Promise<void> {
    await this.#sessions.run(this.#options(schema, 'sql', undefined), async () => {})
  }

  async select(query: SelectQuery, page: PageRequest, signal?: AbortSignal): Promise<ResultPage> {
    return this.#sessions.run(this.#options(query.schema, 'sql', signal), async ({ connection }) => {
      const statement = await prepareSelect(connection, query)
      const result = await readPage(await statement.stream(), page)
      // Read to its end, it has so few rows that running it once more is cheap.
      if (!result.truncated) await assertComplete(connection, () => statement.run())
      return result
    })
  }

  async exportSelect(query: SelectQuery, format: TableFormat, signal?: AbortSignal): Promise<ExportedResult> {
    const options = this.#options(query.schema, 'sql', signal)
    return exportIn(this.#sessions, options, format, async ({ connection }, write) => {
      const statement = await prepareSelect(connection, query)
      statement.destroySync()
      const table = await asTable(connection, query.sql)
      return write({ table, params: query.params, shape: await shapeOf(connection, table, query.params) })
    })
  }

  nameInSql(table: string): string {
    return quoteName(table)
  }

  async execute(
    statement: { schema: string; sql: string; paramSets: readonly (Parameters | undefined)[] },
    signal?: AbortSignal,
  ): Promise<{ rowsAffected: number }> {
    const { schema, sql, paramSets } = statement
    const rowsAffected = await this.#sessions.run(this.#options(schema, 'sql', signal), (session) =>
      runDml(session, schema, sql, paramSets),
    )
    return { rowsAffected }
  }

  async writeTable(
    target: { schema: string; table: string; mode: 'CREATE' | 'REPLACE' | 'APPEND' },
    source: TableSource,
    signal?: AbortSignal,
  ): Promise<TableShape> {
    checkTableNameSyntax(target.table)
    const isFile = 'file' in source
    const options = this.#options(target.schema, isFile ? 'file' : 'sql', signal)
    if (isFile) allowForFile(options, source.file)
    return this.#sessions.run(options, async (session) => {
      const { connection } = session
      await checkTarget(connection, target)
      const write = async (select: string) => {
        await connection.run('BEGIN TRANSACTION')
        const shape = await fill(connection, target, select)
        await connection.run('COMMIT')
        return shape
      }
      if (isFile) return withExchangeFile(session, source.file, (table) => write(`SELECT * FROM ${table}`))
      return write(await checkedSelect(connection, target.schema, source.sql))
    })
  }

  async appendVersion(
    target: VersionTarget,
    source: TableSource | { given: GivenRows },
    signal?: AbortSignal,
  ): Promise<AppendedVersion> {
    checkTableNameSyntax(target.table)
    const options = this.#options(target.schema, 'file' in source ? 'file' : 'sql', signal)
    if ('file' in source) allowForFile(options, source.file)
    return this.#sessions.run(options, async (session) => {
      const { connection } = session
      const before = await findAppended(connection, target)
      if (before) return before
      if ('file' in source) await withExchangeFile(session, source.file, (table) => stage(connection, `SELECT * FROM ${table}`))
      else if ('sql' in source) await stage(connection, await checkedSelect(connection, target.schema, source.sql))
      else await withGivenRows(session, source.given, (select) => stage(connection, select))
      return this.#inTurn(session, target.schema, () => appendStaged(session, target))
    })
  }

  async removeVersion(schema: string, table: string, version: number): Promise<void> {
    checkTableNameSyntax(table)
    await this.#sessions.run(this.#options(schema, 'sql', undefined), (session) =>
      this.#inTurn(session, schema, () => removeAppended(session.connection, schema, table, version)),
    )
  }

  async dropTable(schema: string, table: string): Promise<boolean> {
    checkTableNameSyntax(table)
    return this.#sessions.run(this.#options(schema, 'sql', undefined), async ({ connection }) => {
      await connection.run('BEGIN TRANSACTION')
      const [shape] = await describe(connection, schema, [table])
      if (!shape) return false
      await connection.run(`DROP TABLE ${qualified(schema, table)}`)
      await connection.run('COMMIT')
      return true
    })
  }

  async describeTables(schema: string, tables: readonly string[]): Promise<(TableShape | null)[]> {
    return this.#sessions.run(this.#options(schema, 'sql', undefined), async ({ connection }) => {
      await connection.run('BEGIN TRANSACTION READ ONLY')
      return describe(connection, schema, tables)
    })
  }

  readFile(file: SourceFile, page: PageRequest, signal?: AbortSignal): Promise<ResultPage> {
    return this.#files.readFile(file, page, signal)
  }

  exportFile(file: SourceFile, format: TableFormat, signal?: AbortSignal): Promise<ExportedResult> {
    return this.#files.exportFile(file, format, signal)
  }

  async close(): Promise<void> {
    this.#closing ??= this.#sessions
      .close()
      .then(() => this.#projects.close())
      .finally(this.onClosed)
    return this.#closing
  }

  /** No other process has the file open, so that is all it takes to number without races. */
  #inTurn<T>(session: Session, schema: string, work: () => Promise<T>): Promise<T> {
    return this.#versions.run(schema, () => session.stopped, work)
  }

  #options(schema: string | null, field: SessionOptions['field'], signal: AbortSignal | undefined): SessionOptions {
    const { directory, memoryLimitMb, timeoutMs } = this.config
    if (schema !== null && !/^[a-z][a-z0-9_-]{2,62}$/.test(schema))
      throw badInput('schema', 'A schema has a name of 3 to 63 lower-case letters, digits, - and _, starting with a letter.')
    // DuckDB has them in every database, and nothing can be put into them.
    if (schema === 'information_schema' || schema === 'pg_catalog')
      throw badInput('schema', `${schema} is a name of the database's own.`)
    // No schema is called `.files`: names start with a letter.
    const project: ProjectOptions = { directory: join(directory, schema ?? '.files'), schema, memoryLimitMb }
    return { project, field, timeoutMs, signal }
  }
}
