// Runs users' SELECTs on Oracle: what they give is known before they run, rows come a piece at a time.
import { badInput } from '../../errors.js'
import type { Text } from './duckdb-text-tables.js'
import type { PageRequest, ResultPage, SelectQuery, Value } from './lakehouse.js'
import { askFor, fetchTypeHandler, type ResultColumn, resultColumn } from './oracle-columns.js'
import { bindsOf } from './oracle-parameters.js'
import type { OracleSession } from './oracle-session.js'
import type { OracleStatement } from './oracle-statement.js'

const onlySelect = 'Only one SELECT is allowed here'

/** @throws DhuoError BAD_USER_INPUT, field `sql`: for what begins as something else, so that it is never sent */
function requireSelect(statement: OracleStatement): void {
  if (!/^(SELECT|WITH)$/.test(statement.firstWord))
    throw badInput('sql', `${onlySelect}${statement.firstWord ? `, not ${statement.firstWord}` : ''}.`)
}

/**
 * The columns that the database says the statement has; it is not run for that. Whatever has none is no SELECT.
 * https://node-oracledb.readthedocs.io/en/latest/api_manual/connection.html#connection.getStatementInfo
 */
export async function columnsOf({ connection }: OracleSession, statement: OracleStatement): Promise<ResultColumn[]> {
  requireSelect(statement)
  const { metaData, bindNames = [] } = await connection.getStatementInfo(statement.text)
  if (!metaData || metaData.length === 0) throw badInput('sql', `${onlySelect}.`)
  // The driver reads the text for parameters as well. Where it sees others than we do, nothing is sent.
  if (bindNames.length !== statement.names.length)
    throw badInput('sql', 'The parameters of this statement cannot be told from the rest of it: write it in another way.')
  return metaData.map(resultColumn)
}

/** Bytes that one fetch may bring, were every value as long as its type allows. */
const largestFetch = 64 * 2 ** 20

/** Of what has no bound by its type, and comes whole: so many rows first, and so many at most, however short those before were. */
const [firstUnbounded, mostUnbounded] = [10, 200]
const isUnbounded = ({ databaseType }: ResultColumn): boolean => /LOB|LONG|JSON|VECTOR|XML/.test(databaseType)

/** Rows at a time. */
function rowsAtOnce(columns: readonly ResultColumn[], most: number): number {
  if (columns.some(isUnbounded)) return Math.max(1, Math.min(most, firstUnbounded))
  let bytes = 0
  for (const { databaseType } of columns) bytes += Number(/^(?:N?CHAR|N?VARCHAR2|RAW)\((\d+)\)/.exec(databaseType)?.[1] ?? 40)
  return Math.max(1, Math.min(most, 2_000, Math.floor(largestFetch / bytes)))
}

/** As many as fit, if they are as long as the longest of these. */
function nextUnbounded(rows: readonly unknown[][]): number {
  let longest = 1
  for (const row of rows) {
    let bytes = 0
    for (const value of row) bytes += (value as { length?: number } | null)?.length ?? 0
    longest = Math.max(longest, bytes)
  }
  return Math.max(1, Math.min(mostUnbounded, Math.floor(largestFetch / longest)))
}

export interface OpenRows {
  columns: ResultColumn[]
  /** As the driver gives them; null is null. To be called once. */
  batches(): AsyncGenerator<unknown[][]>
}

/** Runs the statement. @param most rows that the caller will take, about */
export async function openRows(
  session: OracleSession,
  statement: OracleStatement,
  params: SelectQuery['params'],
  most: number,
): Promise<OpenRows> {
  const described = await columnsOf(session, statement)
  const size = rowsAtOnce(described, most)
  const text = askFor(statement.text, described)
  // https://node-oracledb.readthedocs.io/en/latest/user_guide/sql_execution.html#fetching-rows-with-result-sets
  const { resultSet } = await session.connection.execute<unknown[]>(text, bindsOf(statement, params, session.has23ai), {
    resultSet: true,
    prefetchRows: size,
    fetchArraySize: size,
    fetchTypeHandler,
  })
  return {
    // Somebody may have replaced a table since it was described: what is run counts.
    columns: text === statement.text ? resultSet!.metaData.map(resultColumn) : described,
    async *batches() {
      try {
        for (let wanted = size; ; ) {
          const rows = await resultSet!.getRows(wanted)
          if (rows.length > 0) yield rows
          if (rows.length < wanted) return
          if (described.some(isUnbounded)) wanted = nextUnbounded(rows)
        }
      } finally {
        await resultSet!.close().catch(() => {})
      }
    },
  }
}

/** One read-only statement, a page of its rows. */
export async function selectPage(
  session: OracleSession,
  statement: OracleStatement,
  params: SelectQuery['params'],
  { limit, offset = 0 }: PageRequest,
): Promise<ResultPage> {
  const open = await openRows(session, statement, params, offset + limit + 1)
  const columns = open.columns.map(({ name, type, databaseType, nullable }) => ({ name, type, databaseType, nullable }))
  const rows: Value[][] = []
  let skip = offset
  for await (const batch of open.batches()) {
    const from = Math.min(skip, batch.length)
    skip -= from
    const to = Math.min(batch.length, from + limit - rows.length)
    for (let row = from; row < to; row++) rows.push(valuesOf(open.columns, batch[row]!))
    if (to < batch.length && skip === 0) return { columns, rows, truncated: true }
  }
  return { columns, rows, truncated: false }
}

const valuesOf = (columns: readonly ResultColumn[], row: readonly unknown[]): Value[] =>
  columns.map(({ toValue }, i) => (row[i] === null || row[i] === undefined ? null : toValue(row[i] as never)))

/** As texts in the port's forms. */
export const textsOf = (columns: readonly ResultColumn[], row: readonly unknown[]): Text[] =>
  columns.map(({ toValue, toText }, i) => {
    const value = row[i]
    if (value === null || value === undefined) return null
    if (toText) return toText(value as never)
    const shown = toValue(value as never)
    return typeof shown === 'object' ? JSON.stringify(shown) : String(shown)
  })
