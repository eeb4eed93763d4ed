// One project's DuckDB instance: one file, one sandbox, and the only files it may touch besides its own.
import { randomUUID } from 'node:crypto'
import { mkdir, readdir, rm } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { DhuoError } from '../../errors.js'
import { isFatal, messageOf } from './duckdb-errors.js'

/** Files that may be in use at once in one project. Each statement needs at most one, so the bound on statements is enough. */
const exchangeFiles = 16

export const quoteName = (name: string): string => `"${name.replaceAll('"', '""')}"`
/** With the catalog: a schema may be called like one (`temp`, `system`). */
export const qualified = (schema: string, table: string): string => `db.${quoteName(schema)}.${quoteName(table)}`
export const quoteText = (text: string): string => `'${text.replaceAll("'", "''")}'`

export interface ProjectOptions {
  directory: string
  /** Null: no tables, nothing is kept; for files that are read and converted. */
  schema: string | null
  memoryLimitMb: number
}

/** The open instance of a project. `users` counts the work in progress; it is closed only at zero. */
export class DuckdbProject {
  users = 0
  /** True after an error that leaves the instance unusable: the next caller opens a new one. */
  broken = false
  readonly #freeFiles: string[]

  private constructor(
    readonly options: ProjectOptions,
    private readonly instance: DuckDBInstance,
    files: string[],
  ) {
    this.#freeFiles = files
  }

  /**
   * Opens the file, makes it the only thing SQL can reach, and removes what an earlier process left half done.
   * @throws DhuoError BACKEND_UNAVAILABLE when another process has it open, or when it cannot be opened
   */
  static async open(options: ProjectOptions): Promise<DuckdbProject> {
    const { directory, schema } = options
    const exchange = join(directory, 'exchange')
    const temporary = join(directory, 'tmp')
    await mkdir(exchange, { recursive: true })
    // The catalog is named after the file. Schemas have at least three letters, so `db` can never be one.
    const path = schema === null ? ':memory:' : join(directory, 'db.duckdb')
    const instance = await DuckDBInstance.create(path, {
      memory_limit: `${options.memoryLimitMb}MiB`,
      threads: String(availableParallelism()),
      temp_directory: temporary,
      max_temp_directory_size: `${options.memoryLimitMb * 8}MiB`,
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
      allow_community_extensions: 'false',
      allow_unsigned_extensions: 'false',
    }).catch((error: unknown) => {
      throw openError(error)
    })
    try {
      // Not before the file is ours: another process may be using these.
      for (const name of await readdir(exchange)) await rm(join(exchange, name), { recursive: true, force: true })
      // Files, not a directory: nothing can be listed, and their names cannot be guessed. So even a statement that got past
      // the checks reads no upload or export of anybody else. https://duckdb.org/docs/stable/operations_manual/securing_duckdb/overview
      const files = Array.from({ length: exchangeFiles }, () => join(exchange, randomUUID()))
      const connection = await instance.connect()
      if (schema !== null) await connection.run(`CREATE SCHEMA IF NOT EXISTS ${quoteName(schema)}`)
      // The order matters: what is allowed, then the switch, then the lock.
      await connection.run(`SET allowed_paths=[${files.map(quoteText).join(', ')}]`)
      await connection.run(`SET TimeZone='UTC'; SET errors_as_json=false; SET enable_external_file_cache=false`)
      await connection.run('SET enable_external_access=false; SET lock_configuration=true')
      connection.closeSync()
      return new DuckdbProject(options, instance, files)
    } catch (error) {
      instance.closeSync()
      throw openError(error)
    }
  }

  /** A connection whose unqualified names mean the project's tables. One for each statement; the caller closes it. */
  async connect(): Promise<DuckDBConnection> {
    const connection = await this.instance.connect()
    if (this.options.schema !== null) await connection.run(`USE db.${quoteName(this.options.schema)}`)
    return connection
  }

  /** The path of a file SQL of ours may read and write, until it is given back. */
  takeFile(): string {
    const file = this.#freeFiles.pop()
    if (file === undefined) throw new Error('More exchange files are in use than statements can run')
    return file
  }

  /** Removes the file, if it is there. */
  async giveFileBack(file: string): Promise<void> {
    await rm(file, { force: true })
    this.#freeFiles.push(file)
  }

  noteError(error: unknown): void {
    if (isFatal(error)) this.broken = true
  }

  async close(): Promise<void> {
    try {
      // Off the event loop, unlike the checkpoint that closing would do.
      if (!this.broken && this.options.schema !== null) {
        const connection = await this.instance.connect()
        await connection.run('CHECKPOINT').catch(() => {})
        connection.closeSync()
      }
    } finally {
      this.instance.closeSync()
    }
  }
}

function openError(error: unknown): DhuoError {
  const locked = /lock on file|Conflicting lock|being used by another process/i.test(messageOf(error))
  const message = locked
    ? 'Another process has this lakehouse open. Only one server can use its directory at a time.'
    : 'The lakehouse could not be opened.'
  return new DhuoError('BACKEND_UNAVAILABLE', message, { cause: error })
}
