// Whole results as files: DuckDB writes Parquet and text itself; Arrow is streamed from its chunks.
import { open, rm } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { arrowStream } from './duckdb-arrow-stream.js'
import { binaryType, csvExpression, jsonExpression } from './duckdb-columns.js'
import { bindParameters } from './duckdb-parameters.js'
import { quoteText } from './duckdb-project.js'
import { assertComplete, type ResultShape, selectColumns } from './duckdb-select.js'
import type { Session } from './duckdb-session.js'
import type { ExportedResult, Parameters, TableFormat } from './lakehouse.js'

const kinds: Record<TableFormat, { contentType: string; fileExtension: string }> = {
  CSV: { contentType: 'text/csv; charset=utf-8', fileExtension: 'csv' },
  NDJSON: { contentType: 'application/x-ndjson', fileExtension: 'ndjson' },
  JSON: { contentType: 'application/json', fileExtension: 'json' },
  PARQUET: { contentType: 'application/vnd.apache.parquet', fileExtension: 'parquet' },
  ARROW: { contentType: 'application/vnd.apache.arrow.stream', fileExtension: 'arrows' },
}

const copyOptions: Record<Exclude<TableFormat, 'ARROW'>, string> = {
  CSV: "FORMAT csv, HEADER true, DELIMITER ',', QUOTE '\"', ESCAPE '\"', NULLSTR ''",
  NDJSON: 'FORMAT json, ARRAY false',
  JSON: 'FORMAT json, ARRAY true',
  PARQUET: 'FORMAT parquet',
}

/** What is exported: something that may stand in FROM, already checked, and its columns. */
export interface ExportSource {
  table: string
  params: Parameters | undefined
  shape: ResultShape
}

/**
 * Writes the whole result to a file of the exchange, which has no name any more when this returns: it is gone with the
 * stream, whatever happens to the process. The session may be closed after it.
 */
export async function exportAsFile(
  session: Session,
  source: ExportSource,
  format: Exclude<TableFormat, 'ARROW'>,
): Promise<ExportedResult> {
  const { connection, project } = session
  const file = project.takeFile()
  try {
    const select = selectColumns(source.table, source.shape, (type, column) => {
      if (format === 'CSV') return csvExpression(type, column)
      if (format !== 'PARQUET') return jsonExpression(type, column)
      const cast = binaryType(type, format)
      return cast === null ? column : `CAST(${column} AS ${cast})`
    })
    const statement = await connection.prepare(
      `COPY (${select}) TO ${quoteText(file)} (${copyOptions[format]}, USE_TMP_FILE false)`,
    )
    bindParameters(statement, source.params)
    await statement.run()
    const handle = await open(file)
    const { size } = await handle.stat()
    await rm(file)
    const bytes = handle.createReadStream({ highWaterMark: 256 * 1024, autoClose: true })
    return { ...kinds[format], size, bytes }
  } finally {
    await project.giveFileBack(file)
  }
}

/** Streams the result while it is made. The session belongs to the stream, which closes it. */
export async function exportAsArrow(session: Session, source: ExportSource): Promise<ExportedResult> {
  const casts = source.shape.types.map((type) => binaryType(type, 'ARROW'))
  const select = selectColumns(source.table, source.shape, (_type, column) => {
    const cast = casts[Number(column.slice(1))]
    return cast ? `CAST(${column} AS ${cast})` : column
  })
  const statement = await session.connection.prepare(select)
  bindParameters(statement, source.params)
  const result = await statement.stream()
  const again = async () => {
    // Every value is made, none is kept.
    const all = await session.connection.prepare(`SELECT bit_xor(hash(COLUMNS(*))) FROM (${select})`)
    bindParameters(all, source.params)
    await all.run()
  }
  const ended = () => assertComplete(session.connection, again)
  const batches = arrowStream(result, source.shape.names, result.columnTypes(), ended)
  session.pause()
  /** Settles when DuckDB is done with what it was asked for: not before that the connection may be closed. */
  let fetching: Promise<unknown> = Promise.resolve()
  const next = async (): Promise<Buffer | null> => {
    await session.resume()
    try {
      const fetched = batches.next()
      fetching = fetched.catch(() => {})
      const { value, done } = await session.orOverdue(fetched)
      return done ? null : value
    } finally {
      session.pause()
    }
  }
  const bytes = new Readable({
    highWaterMark: 1,
    read() {
      next().then(
        (batch) => void bytes.push(batch),
        (error: unknown) => void bytes.destroy(asError(session.errorFor(error))),
      )
    },
    destroy(error, done) {
      void session.stop(error ?? new Error('The stream was closed'))
      void fetching.then(() => session.close())
      done(error)
    },
  })
  session.onStop = (error) => bytes.destroy(asError(error))
  return { ...kinds.ARROW, size: null, bytes }
}

const asError = (error: unknown): Error => (Error.isError(error) ? error : new Error(String(error)))
