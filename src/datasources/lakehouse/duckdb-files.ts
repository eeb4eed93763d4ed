// Files read as tables, converted, and written, by an instance of DuckDB that has no tables of its own.
import type { DuckDBResult } from '@duckdb/node-api'
import { type ExportSource, exportAsArrow, exportAsFile } from './duckdb-export.js'
import { extraTimeFor, withFileTable } from './duckdb-file-source.js'
import type { Look } from './duckdb-remote-source.js'
import { shapeOf } from './duckdb-select.js'
import type { DuckdbSessions, Session, SessionOptions } from './duckdb-session.js'
import { type BeginText, readText, stageText, type TextTable } from './duckdb-text-tables.js'
import { appendRows, columnOf, converterFor } from './duckdb-values.js'
import type { ExportedResult, PageRequest, ResultPage, SourceFile, TableFormat, Value } from './lakehouse.js'

export class DuckdbFiles {
  /** @param options of one session, anew each time */
  constructor(
    private readonly sessions: DuckdbSessions,
    private readonly options: (field: SessionOptions['field'], signal: AbortSignal | undefined) => SessionOptions,
  ) {}

  async readFile(file: SourceFile, page: PageRequest, signal?: AbortSignal): Promise<ResultPage> {
    const offset = page.offset ?? 0
    return this.withTable(
      file,
      signal,
      async ({ connection }, table, skipped) => {
        const statement = await connection.prepare(`SELECT * FROM ${table} LIMIT ${page.limit + 1} OFFSET ${offset - skipped}`)
        return readPage(await statement.run(), { limit: page.limit })
      },
      { offset, limit: page.limit + 1 },
    )
  }

  async exportFile(file: SourceFile, format: TableFormat, signal?: AbortSignal): Promise<ExportedResult> {
    const options = this.#optionsFor(file, signal)
    // The source's name in the exchange has to live as long as the session: Arrow is read while it is streamed.
    return exportIn(this.sessions, options, format, (session, write) =>
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

  /** Calls `work` with what stands for the file's rows in FROM; with `look`, for some of them, as `withFileTable` says. */
  withTable<T>(
    file: SourceFile,
    signal: AbortSignal | undefined,
    work: (session: Session, table: string, skipped: number) => Promise<T>,
    look?: Look,
  ): Promise<T> {
    return this.sessions.run(this.#optionsFor(file, signal), (session) =>
      withExchangeFile(session, file, (table, skipped) => work(session, table, skipped), look),
    )
  }

  /** Calls `work` with the file's rows as text. */
  withText<T>(file: SourceFile, signal: AbortSignal | undefined, work: (rows: TextTable) => Promise<T>): Promise<T> {
    return this.withTable(file, signal, async (session, table) => work(await readText(session, table)))
  }

  /** Writes rows of text as a file. They are all here before its first byte is given out: what fails, fails before it. */
  exportText(
    fill: (begin: BeginText) => Promise<void>,
    format: TableFormat,
    signal: AbortSignal | undefined,
  ): Promise<ExportedResult> {
    const isBinary = format === 'ARROW' || format === 'PARQUET'
    return exportIn(this.sessions, this.options('sql', signal), format, async (session, write) =>
      write(await stageText(session, isBinary, fill)),
    )
  }

  #optionsFor(file: SourceFile, signal: AbortSignal | undefined): SessionOptions {
    const options = this.options('file', signal)
    allowForFile(options, file)
    return options
  }
}

export function allowForFile(options: SessionOptions, file: SourceFile): void {
  options.timeoutMs += extraTimeFor(file.size)
}

export async function withExchangeFile<T>(
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

/** Runs `work` and ends the session: at once for a file, with the stream for Arrow. */
export async function exportIn(
  sessions: DuckdbSessions,
  options: SessionOptions,
  format: TableFormat,
  work: (session: Session, write: (source: ExportSource) => Promise<ExportedResult>) => Promise<ExportedResult>,
): Promise<ExportedResult> {
  if (format !== 'ARROW')
    return sessions.run(options, (session) => work(session, (source) => exportAsFile(session, source, format)))
  const session = await sessions.open(options)
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

export async function readPage(result: DuckDBResult, page: PageRequest): Promise<ResultPage> {
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
