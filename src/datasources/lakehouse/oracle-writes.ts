// Fills tables on Oracle from files and from SELECTs: whole or not at all, in one step for whoever reads them.
import { badInput, notFound } from '../../errors.js'
import type { Text, TextTable } from './duckdb-text-tables.js'
import type { Column, TableShape, TableSource, WriteMode } from './lakehouse.js'
import { type CloudLoading, type LoadedRows, loadFromCloud } from './oracle-cloud-load.js'
import type { ResultColumn } from './oracle-columns.js'
import { insertInto, type LoadColumn, loadBatch, loadColumn, newColumnsFor } from './oracle-load-columns.js'
import { columnNamesOf, inSchema, type ProjectAccounts, quoteOracle } from './oracle-names.js'
import { columnsOf } from './oracle-select.js'
import type { OracleSession } from './oracle-session.js'
import { type OracleStatement, readStatement } from './oracle-statement.js'
import {
  columnsOfTables,
  createRows,
  describeOracleTables,
  dropRows,
  existsAlready,
  findTables,
  publish,
} from './oracle-tables.js'
import { asOwner, type Writing } from './oracle-writing.js'
import { parameterValues } from './parameter-values.js'

export interface OracleTarget {
  /** As Oracle has it. */
  table: string
  mode: WriteMode
}

export async function writeOracleTable(
  writing: Writing,
  cloud: CloudLoading,
  target: OracleTarget,
  source: TableSource,
): Promise<TableShape> {
  if ('file' in source) {
    const found = await asOwner(writing, 'file', (session) => checkTarget(session, target))
    // What is appended has to become what the columns that are there want, and what was made elsewhere keeps its own.
    const isOwn = target.mode !== 'APPEND' && (found === null || found.rows !== null)
    const loaded = isOwn ? await loadFromCloud(writing, cloud, target.table, source.file) : null
    if (loaded) return asOwner(writing, 'file', (session) => publishLoaded(session, writing.accounts, target, loaded))
    return writing.files.withText(source.file, writing.signal, (text) =>
      asOwner(writing, 'file', (session) => fillFromText(session, writing.accounts, target, text)),
    )
  }
  const select = await describeSelect(writing, source.sql)
  const found = await asOwner(writing, 'sql', (session) => checkTarget(session, target))
  if (target.mode === 'APPEND' || (found && found.rows === null)) await insertSelect(writing, target, select)
  else await replaceBySelect(writing, target.table, found !== null, select)
  return asOwner(writing, 'sql', async (session) => (await describeOracleTables(session, [target.table]))[0]!)
}

/** @throws DhuoError NOT_FOUND, CONFLICT, before anything is read, where that can be known so early */
async function checkTarget(session: OracleSession, { table, mode }: OracleTarget) {
  const [found = null] = await findTables(session, [table])
  if (mode === 'APPEND' && !found) throw notFound(`The table ${table.toLowerCase()}`, 'table')
  if (mode === 'CREATE' && found) throw existsAlready(table)
  return found
}

/** The table may have been made, or dropped, since it was looked at. */
async function publishLoaded(
  session: OracleSession,
  accounts: ProjectAccounts,
  target: OracleTarget,
  { rows, columns }: LoadedRows,
): Promise<TableShape> {
  try {
    const found = await checkTarget(session, target)
    await publish(session, accounts, target.table, rows, columns, found !== null)
  } catch (error) {
    await dropRows(session, rows)
    throw error
  }
  return (await describeOracleTables(session, [target.table]))[0]!
}

async function fillFromText(
  session: OracleSession,
  accounts: ProjectAccounts,
  target: OracleTarget,
  text: TextTable,
): Promise<TableShape> {
  const { table, mode } = target
  const found = await checkTarget(session, target)
  if (mode === 'APPEND' || (found && found.rows === null)) {
    const there = (await columnsOfTables(session, [table])).get(table) ?? []
    const columns = text.columns.map((column) => loadColumn(columnNamed(there, column.name, table, 'file'), column.databaseType))
    if (mode === 'REPLACE') await emptyForeign(session, table, there, columns)
    await loadText(session, quoteOracle(table), columns, text.batches())
    await session.connection.commit()
  } else {
    const columns = newColumnsFor(text.columns, session.has23ai)
    const rows = await createRows(session, table, columns)
    try {
      await loadText(session, quoteOracle(rows), columns, text.batches())
      await publish(session, accounts, table, rows, columns, found !== null)
    } catch (error) {
      await session.connection.rollback().catch(() => {})
      await dropRows(session, rows)
      throw error
    }
  }
  return (await describeOracleTables(session, [table]))[0]!
}

function columnNamed(there: readonly Column[], name: string, table: string, field: 'file' | 'sql'): Column {
  const column = there.find((each) => each.name.toUpperCase() === name.toUpperCase())
  if (!column) throw badInput(field, `The table ${table.toLowerCase()} has no column "${name}".`)
  return column
}

/** What was made by somebody else stays what it is: its rows are replaced in one transaction, and its columns not. */
async function emptyForeign(
  session: OracleSession,
  table: string,
  there: readonly Column[],
  given: readonly { name: string }[],
): Promise<void> {
  if (there.length !== given.length)
    throw badInput('table', `The table ${table.toLowerCase()} was not made here: its rows can be replaced, its columns cannot.`)
  await session.change(`DELETE FROM ${quoteOracle(table)}`)
}

/** Rows in the transaction of the session. @param into in quotes */
export async function loadText(
  session: OracleSession,
  into: string,
  columns: readonly LoadColumn[],
  batches: AsyncIterable<readonly Text[][]>,
): Promise<void> {
  const sql = insertInto(into, columns)
  let done = 0
  for await (const rows of batches) {
    const { bindDefs, binds } = loadBatch(columns, rows)
    // https://node-oracledb.readthedocs.io/en/latest/user_guide/batch_statement.html#handling-data-errors
    const { batchErrors = [] } = await session.connection.executeMany(sql, binds, { bindDefs, batchErrors: true })
    const [first] = batchErrors
    if (first) throw session.clientError(new RowError(first.message, done + (first.offset ?? 0) + 1))
    done += rows.length
  }
}

/** What the driver gives for a row of a batch has no code but in its words. */
class RowError extends Error {
  override readonly name = 'RowError'
  readonly code = /^ORA-\d{5}/.exec(this.message)?.[0]
  constructor(message: string, row: number) {
    super(`${message.trim()} (row ${row})`)
  }
}

export interface DescribedSelect {
  statement: OracleStatement
  columns: ResultColumn[]
}

/** As the reader, who can do nothing else. @throws DhuoError BAD_USER_INPUT, field `sql`, when it is no SELECT without parameters */
export async function describeSelect({ sessions, time, accounts }: Writing, sql: string): Promise<DescribedSelect> {
  const statement = readStatement(sql)
  parameterValues(statement.names, undefined)
  const columns = await sessions.run({ time, accounts, as: 'reader', readOnly: true, statement }, (session) =>
    columnsOf(session, statement),
  )
  return { statement, columns }
}

/** A user's SELECT runs as the writer, never as the owner: whatever is in it can do no more than the user may. */
async function insertSelect(writing: Writing, { table, mode }: OracleTarget, select: DescribedSelect): Promise<void> {
  const there = await asOwner(writing, 'sql', async (session) => (await columnsOfTables(session, [table])).get(table) ?? [])
  const names = select.columns.map(({ name }) => columnNamed(there, name, table, 'sql'))
  await runInsert(writing, quoteOracle(table), names, select.statement, async (session) => {
    if (mode === 'REPLACE') await emptyForeign(session, table, there, names)
  })
}

async function replaceBySelect(writing: Writing, table: string, isThere: boolean, select: DescribedSelect): Promise<void> {
  const columns = copiedColumns(select.columns)
  const rows = await stageSelect(writing, table, columns, select.statement)
  await asOwner(writing, 'sql', async (session) => {
    try {
      await publish(session, writing.accounts, table, rows, columns, isThere)
    } catch (error) {
      await dropRows(session, rows)
      throw error
    }
  })
}

/** Puts the rows of a SELECT into a table of rows of its own. @returns its name */
export async function stageSelect(
  writing: Writing,
  table: string,
  columns: readonly Pick<Column, 'name' | 'databaseType'>[],
  statement: OracleStatement,
): Promise<string> {
  const { owner, writer } = writing.accounts
  const rows = await asOwner(writing, 'sql', async (session) => {
    const made = await createRows(session, table, columns)
    await session.own(`GRANT INSERT ON ${quoteOracle(made)} TO ${quoteOracle(writer)}`)
    return made
  })
  try {
    await runInsert(writing, inSchema(owner, rows), columns, statement, async () => {})
  } catch (error) {
    // With time of its own: that of the caller may be what has run out.
    await writing.sessions.tidy(writing.accounts, (session) => dropRows(session, rows))
    throw error
  }
  return rows
}

async function runInsert(
  { sessions, time, accounts }: Writing,
  into: string,
  columns: readonly { name: string }[],
  statement: OracleStatement,
  before: (session: OracleSession) => Promise<void>,
): Promise<void> {
  const begin = `INSERT INTO ${into} (${columns.map(({ name }) => quoteOracle(name)).join(', ')})\n`
  const sourceOffset = (offset: number) => statement.sourceOffset(Math.max(0, offset - begin.length))
  await sessions.run({ time, accounts, as: 'writer', statement: { ...statement, sourceOffset } }, async (session) => {
    await before(session)
    await session.connection.execute(begin + statement.text)
    await session.connection.commit()
  })
}

/** The columns of a table that holds what a SELECT gives. */
export function copiedColumns(columns: readonly ResultColumn[]): Pick<Column, 'name' | 'databaseType'>[] {
  const names = columnNamesOf(
    columns.map(({ name }) => name),
    false,
  )
  return columns.map(({ databaseType }, i) => ({ name: names[i]!, databaseType: copiedType(databaseType) }))
}

function copiedType(type: string): string {
  if (/^N(CHAR|VARCHAR2)/.test(type)) return 'NVARCHAR2(2000)'
  // NULL by itself is text without a length.
  if (type === 'VARCHAR2' || type === 'CHAR') return 'VARCHAR2(4000)'
  if (type === 'LONG') return 'CLOB'
  if (type === 'LONG RAW') return 'BLOB'
  if (type === 'INTERVAL YEAR TO MONTH') return 'INTERVAL YEAR(9) TO MONTH'
  if (type === 'INTERVAL DAY TO SECOND') return 'INTERVAL DAY(9) TO SECOND(9)'
  return type
}
