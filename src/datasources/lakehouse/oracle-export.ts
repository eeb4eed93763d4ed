// The whole result of a SELECT on Oracle as a file: its rows are fetched as fast as they come and written by DuckDB.
import type { ExportedResult, SelectQuery, TableFormat } from './lakehouse.js'
import { openRows, textsOf } from './oracle-select.js'
import { readStatement } from './oracle-statement.js'
import type { Writing } from './oracle-writing.js'

/**
 * All rows are here before the first byte of the file goes out: a client that reads slowly holds no connection and no snapshot of
 * the database. Memory is DuckDB's, with its limit; what is more lies on disk meanwhile.
 */
export async function exportFromOracle(
  { sessions, files, accounts, time, signal }: Writing,
  query: SelectQuery,
  format: TableFormat,
): Promise<ExportedResult> {
  const statement = readStatement(query.sql)
  const terms = { time, accounts, as: 'reader', readOnly: true, statement } as const
  return files.exportText(
    (begin) =>
      sessions.run(terms, async (session) => {
        const open = await openRows(session, statement, query.params, Number.POSITIVE_INFINITY)
        const append = await begin(open.columns.map(({ name, exportType }) => ({ name, type: exportType })))
        try {
          for await (const batch of open.batches()) await append(batch.map((row) => textsOf(open.columns, row)))
        } catch (error) {
          // Not to be run again: some of its rows are in the file.
          throw session.clientError(error)
        }
      }),
    format,
    signal,
  )
}
