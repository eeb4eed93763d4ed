// The lakehouse on DuckDB, embedded: one file and one sandboxed instance for each project.
import { mkdir, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import type { DuckDBResult } from '@duckdb/node-api'
import type { DuckdbLakehouseConfig } from '../../config/lakehouse-config.js'
import { badInput, DhuoError } from '../../errors.js'
import { runDml } from './duckdb-dml.js'
import { type ExportSource, exportAsArrow, exportAsFile } from './duckdb-export.js'
import { extraTimeFor, withFileTable } from './duckdb-file-source.js'
import type { ProjectOptions } from './duckdb-project.js'
import { qualified } from './duckdb-project.js'
import { DuckdbProjects } from './duckdb-projects.js'
import type { Look } from './duckdb-remote-source.js'
import { assertComplete, asTable, checkedSelect, prepareSelect, shapeOf } from './duckdb-select.js'
import { DuckdbSessions, type Session, type SessionOptions } from './duckdb-session.js'
import { checkTableNameSyntax, checkTarget, describe, fill } from './duckdb-tables.js'
import { appendRows, columnOf, converterFor } from './duckdb-values.js'
import { withGivenRows } from './duckdb-version-columns.js'
import { appendStaged, findAppended, removeAppended, stage, VersionQueue } from './duckdb-versions.js'
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
  Value,
  VersionTarget,
} from './lakehouse.js'

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
  readonly #projects = new DuckdbProjects(openInstances)
  readonly #sessions = new DuckdbSessions(this.#projects)
  readonly #versions = new VersionQueue()
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
    return this.#export(options, format, async ({ connection }, write) => {
      const statement = await prepareSelect(connection, query)
      statement.destroySync()
      const table = await asTable(connection, query.sql)
      return write({ table, params: query.params, shape: await shapeOf(connection, table, query.params) })
    })
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
      return this.#versions.run(session, target.schema, () => appendStaged(session, target))
    })
  }

  async removeVersion(schema: string, table: string, version: number): Promise<void> {
    checkTableNameSyntax(table)
    await this.#sessions.run(this.#options(schema, 'sql', undefined), (session) =>
      this.#versions.run(session, schema, () => removeAppended(session.connection, schema, table, version)),
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

  async readFile(file: SourceFile, page: PageRequest, signal?: AbortSignal): Promise<ResultPage> {
    const options = this.#options(null, 'file', signal)
    allowForFile(options, file)
    const offset = page.offset ?? 0
    return this.#sessions.run(options, (session) =>
      withExchangeFile(
        session,
        file,
        async (table, skipped) => {
          const rows = `LIMIT ${page.limit + 1} OFFSET ${offset - skipped}`
          const statement = await session.connection.prepare(`SELECT * FROM ${table} ${rows}`)
          return readPage(await statement.run(), { limit: page.limit })
        },
        { offset, limit: page.limit + 1 },
      ),
    )
  }

  async exportFile(file: SourceFile, format: TableFormat, signal?: AbortSignal): Promise<ExportedResult> {
    const options = this.#options(null, 'file', signal)
    allowForFile(options, file)
    // The source's name in the exchange has to live as long as the session: Arrow is read while it is streamed.
    return this.#export(options, format, (session, write) =>
      withExchangeFile(
        session,
        file,
        async (table) => {
          await session.connection.run('BEGIN TRANSACTION READ ONLY')
          return write({ table, params: undefined, shape: await shapeOf(session.connection, table, undefined) })
        },
        undefined,
        format === 'ARROW',
      ),
    )
  }

  async close(): Promise<void> {
    this.#closing ??= this.#sessions
      .close()
      .then(() => this.#projects.close())
      .finally(this.onClosed)
    return this.#closing
  }

  /** Runs `work` and ends the session: at once for a file, with the stream for Arrow. */
  async #export(
    options: SessionOptions,
    format: TableFormat,
    work: (session: Session, write: (source: ExportSource) => Promise<ExportedResult>) => Promise<ExportedResult>,
  ): Promise<ExportedResult> {
    if (format !== 'ARROW')
      return this.#sessions.run(options, (session) => work(session, (source) => exportAsFile(session, source, format)))
    const session = await this.#sessions.open(options)
    const working = work(session, (source) => exportAsArrow(session, source))
    try {
      return await session.orOverdue(working)
    } catch (error) {
      void working.then(
        () => session.close(),
        () => session.close(),
      )
      throw session.errorFor(error)
    }
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

function allowForFile(options: SessionOptions, file: SourceFile): void {
  options.timeoutMs += extraTimeFor(file.size)
}

async function withExchangeFile<T>(
  session: Session,
  file: SourceFile,
  work: (table: string, skipped: number) => Promise<T>,
  look?: Look,
  untilClosed = false,
): Promise<T> {
  const path = session.project.takeFile()
  session.hide(path, file.name)
  const giveBack = () => session.project.giveFileBack(path)
  if (untilClosed) session.onClose = giveBack
  try {
    return await withFileTable(session, file, path, work, look)
  } finally {
    if (!untilClosed) await giveBack()
  }
}

async function readPage(result: DuckDBResult, page: PageRequest): Promise<ResultPage> {
  const types = result.columnTypes()
  const columns = result.columnNames().map((name, i) => columnOf(name, types[i]!))
  const converters = types.map(converterFor)
  const rows: Value[][] = []
  let skip = page.offset ?? 0
  for (let chunk = await result.fetchChunk(); chunk !== null && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
    const from = Math.min(skip, chunk.rowCount)
    skip -= from
    const to = Math.min(chunk.rowCount, from + page.limit - rows.length)
    appendRows(chunk, converters, from, to, rows)
    if (to < chunk.rowCount && skip === 0) return { columns, rows, truncated: true }
  }
  return { columns, rows, truncated: false }
}
