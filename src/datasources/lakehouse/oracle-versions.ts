// Adds rows to a table on Oracle as its next version: one after the other on all servers, with account of what was added.
import { createHash } from 'node:crypto'
import { badInput } from '../../errors.js'
import type { AppendedVersion, Column, GivenRows, TableSource, VersionTarget } from './lakehouse.js'
import { newColumnsFor } from './oracle-load-columns.js'
import { quoteOracle, tableNameOf } from './oracle-names.js'
import type { OracleSession } from './oracle-session.js'
import { columnsOfTables, createRows, dropOracleTable, dropRows, publish } from './oracle-tables.js'
import { oracleExpression } from './oracle-version-columns.js'
import { copiedColumns, describeSelect, loadText, stageSelect } from './oracle-writes.js'
import { asOwner, type Writing } from './oracle-writing.js'
import { assertFit, givenColumns, type TypedColumn } from './version-columns.js'
import { appendedBefore } from './version-ledger.js'
import type { VersionQueue } from './version-queue.js'

const ledger = '"DHUO#VERSIONS"'
const highestVersion = 2 ** 31 - 1
const addedColumns: readonly TypedColumn[] = [
  { name: 'VERSION', databaseType: 'NUMBER(10)' },
  { name: 'CREATED_AT', databaseType: 'TIMESTAMP(6)' },
]

/**
 * Of MADE_TABLE: the table was there; it was made for this version; that it was to be made. To make a view commits the account before
 * the view is there: where the database is lost between the two, the third stays, and the rows are out of reach.
 */
const made = { no: 0, yes: 1, perhaps: 2 } as const

/** Rows in a table of their own, which nobody sees. */
interface Staged {
  rows: string
  columns: (TypedColumn & { /** As the client knows it. */ shownName: string })[]
}

export async function appendOracleVersion(
  writing: Writing,
  queue: VersionQueue,
  target: VersionTarget,
  source: TableSource | { given: GivenRows },
): Promise<AppendedVersion> {
  const before = await asOwner(writing, 'sql', (session) => findAppended(session, target.key))
  if (before?.isThere) return before.version
  const staged = await stage(writing, tableNameOf(target.table), source)
  try {
    return await locked(writing, queue, (session) => append(session, writing, target, staged))
  } finally {
    void writing.sessions.tidy(writing.accounts, (session) => dropRows(session, staged.rows))
  }
}

/** Takes a version back as if it had not been added, with the table where it was made for it and nothing else is in it. */
export async function removeOracleVersion(writing: Writing, queue: VersionQueue, table: string, version: number): Promise<void> {
  const name = tableNameOf(table)
  await locked(writing, queue, async (session) => {
    if ((await columnsOfTables(session, [name])).size === 0) return
    await session.change(`DELETE FROM ${quoteOracle(name)} WHERE "VERSION" = :1`, { 1: version })
    const binds = { 1: table.toLowerCase(), 2: version }
    const [account] = await session.own(`SELECT MADE_TABLE FROM ${ledger} WHERE TABLE_NAME = :1 AND VERSION = :2`, binds)
    await session.change(`DELETE FROM ${ledger} WHERE TABLE_NAME = :1 AND VERSION = :2`, binds)
    await session.connection.commit()
    if (!account || account[0] === made.no) return
    const [left] = await session.own(`SELECT COUNT(*) FROM ${quoteOracle(name)} WHERE ROWNUM = 1`)
    if (left?.[0] === 0) await dropOracleTable(session, name)
  })
}

/**
 * Runs `work` in a session of its own while another one holds the row that all servers lock for this. In one session it could not
 * be: to make a table commits, and a commit gives the lock away.
 */
function locked<T>(writing: Writing, queue: VersionQueue, work: (session: OracleSession) => Promise<T>): Promise<T> {
  const { sessions, time, accounts } = writing
  const turn = queue.run(
    accounts.owner,
    () => time.reason !== null,
    () =>
      sessions.holdLock({ time, accounts, as: 'owner' }, async (holder) => {
        await holder.own(`SELECT ID FROM "DHUO#LOCK" WHERE ID = 1 FOR UPDATE`)
        return asOwner(writing, 'columns', work)
      }),
  )
  turn.catch(() => {})
  // Who waits for a turn waits no longer than its time.
  return Promise.race([turn, time.stopped])
}

/** Keys may be of any length and characters. */
const keyHash = (key: string): string => createHash('sha256').update(key).digest('hex')

interface Appended {
  version: AppendedVersion
  /** False: only its table tells whether its rows are. */
  isThere: boolean
}

/** What was added under this key before; null where nothing was, or without a key. */
async function findAppended(session: OracleSession, key: string | null): Promise<Appended | null> {
  if (key === null) return null
  const [row] = await session.own(
    `SELECT TABLE_NAME, VERSION, ROW_COUNT, CREATED_AT, MADE_TABLE FROM ${ledger} WHERE SAVE_KEY = :1`,
    { 1: keyHash(key) },
  )
  return row ? { version: appendedBefore(row), isThere: Number(row[4]) !== made.perhaps } : null
}

/** Whether its rows are in the table, which is there: for it, or because another one has made it since. Call it with the lock. */
async function settle(session: OracleSession, { table, version, rowCount }: AppendedVersion, column: string): Promise<boolean> {
  const [found] = await session.own(
    `SELECT COUNT(*) FROM ${quoteOracle(tableNameOf(table))} WHERE ${quoteOracle(column)} = :1 AND ROWNUM = 1`,
    { 1: version },
  )
  const isThere = rowCount === 0 || Number(found?.[0]) > 0
  if (isThere) await confirm(session, table, version)
  else {
    await session.change(`DELETE FROM ${ledger} WHERE TABLE_NAME = :1 AND VERSION = :2`, { 1: table, 2: version })
    await session.connection.commit()
  }
  return isThere
}

/** Its table is there, with its rows. */
async function confirm(session: OracleSession, table: string, version: number): Promise<void> {
  const binds = { 1: table, 2: version }
  await session.change(`UPDATE ${ledger} SET MADE_TABLE = ${made.yes} WHERE TABLE_NAME = :1 AND VERSION = :2`, binds)
  await session.connection.commit()
}

async function stage(writing: Writing, table: string, source: TableSource | { given: GivenRows }): Promise<Staged> {
  if ('sql' in source) {
    const { statement, columns } = await describeSelect(writing, source.sql)
    const copied = copiedColumns(columns)
    const rows = await stageSelect(writing, table, copied, statement)
    return { rows, columns: copied.map((column) => ({ ...column, shownName: column.name })) }
  }
  if ('file' in source)
    return writing.files.withText(source.file, writing.signal, (text) =>
      asOwner(writing, 'file', (session) => stageText(session, table, text)),
    )
  const columns = givenColumns(source.given).map((column, i) => ({ ...column, ...measureGiven(source.given, column, i) }))
  return asOwner(writing, 'columns', (session) =>
    stageText(session, table, { columns, batches: () => givenBatches(source.given) }),
  )
}

type StageableText = {
  columns: readonly Parameters<typeof newColumnsFor>[0][number][]
  batches(): AsyncIterable<(string | null)[][]>
}

async function stageText(session: OracleSession, table: string, text: StageableText): Promise<Staged> {
  const columns = newColumnsFor(text.columns, session.has23ai)
  const rows = await createRows(session, table, columns)
  try {
    await loadText(session, quoteOracle(rows), columns, text.batches())
    await session.connection.commit()
  } catch (error) {
    await session.connection.rollback().catch(() => {})
    await dropRows(session, rows)
    throw error
  }
  return {
    rows,
    columns: columns.map(({ name, databaseType }, i) => ({ name, databaseType, shownName: text.columns[i]!.name })),
  }
}

const kinds = {
  BOOLEAN: 'BOOLEAN',
  BIGINT: 'INTEGER',
  HUGEINT: 'INTEGER',
  DOUBLE: 'FLOAT',
  VARCHAR: 'STRING',
  JSON: 'JSON',
} as const

function measureGiven({ rows }: GivenRows, { databaseType }: TypedColumn, index: number) {
  let longest = 0
  if (databaseType === 'VARCHAR') for (const row of rows) longest = Math.max(longest, Buffer.byteLength(String(row[index] ?? '')))
  return { type: kinds[databaseType as keyof typeof kinds], longest: databaseType === 'VARCHAR' ? longest : null }
}

const rowsAtOnce = 1_000

async function* givenBatches({ columns, rows }: GivenRows): AsyncGenerator<(string | null)[][]> {
  const types = givenColumns({ columns, rows }).map(({ databaseType }) => databaseType)
  for (let from = 0; from < rows.length; from += rowsAtOnce)
    yield rows.slice(from, from + rowsAtOnce).map((row) => types.map((type, i) => givenText(row[i], type)))
}

function givenText(value: unknown, type: string): string | null {
  if (value === null || value === undefined) return null
  return type === 'JSON' ? JSON.stringify(value) : String(value)
}

async function append(session: OracleSession, writing: Writing, target: VersionTarget, staged: Staged): Promise<AppendedVersion> {
  const { createdAt } = target
  const table = tableNameOf(target.table)
  const existing = (await columnsOfTables(session, [table])).get(table) ?? null
  const versionColumn = existing?.find(({ name }) => name.toUpperCase() === 'VERSION')?.name ?? null
  // What was to be seen through a view that is not there never was.
  if (existing === null)
    await session.change(`DELETE FROM ${ledger} WHERE TABLE_NAME = :1 AND MADE_TABLE = ${made.perhaps}`, {
      1: target.table.toLowerCase(),
    })
  const before = await findAppended(session, target.key)
  if (before?.isThere || (before && versionColumn !== null && (await settle(session, before.version, versionColumn))))
    return before.version
  const shown = staged.columns.map(({ shownName: name, databaseType }) => ({ name, databaseType }))
  assertFit(shown, target, existing && { columns: existing.map(asVersioned), rowCount: 0 })
  const goals = existing ?? [...staged.columns, ...addedColumns]
  const goalOf = (name: string) => goals.find((goal) => goal.name.toUpperCase() === name.toUpperCase())!
  const version = await nextVersion(session, target, versionColumn)
  const expressions: string[] = []
  for (const column of staged.columns)
    expressions.push(await oracleExpression(session, staged.rows, column, goalOf(column.name), column.shownName))
  const names = [...staged.columns, ...addedColumns].map(({ name }) => quoteOracle(goalOf(name).name))
  const account = { table: target.table.toLowerCase(), version, rowCount: 0, createdAt }
  const rows = existing ? null : await createRows(session, table, goals)
  try {
    // A statement of ours; the values are the client's.
    const { rowsAffected } = await session.connection.execute(
      `INSERT INTO ${quoteOracle(rows ?? table)} (${names.join(', ')})
       SELECT ${expressions.join(', ')}, :1, TO_TIMESTAMP(:2, 'YYYY-MM-DD"T"HH24:MI:SS.FF"Z"') FROM ${quoteOracle(staged.rows)}`,
      { 1: version, 2: createdAt },
    )
    account.rowCount = rowsAffected ?? 0
    await session.change(
      `INSERT INTO ${ledger} (SAVE_KEY, TABLE_NAME, VERSION, ROW_COUNT, CREATED_AT, MADE_TABLE) VALUES (:1, :2, :3, :4, :5, :6)`,
      {
        1: { val: target.key === null ? null : keyHash(target.key) },
        2: account.table,
        3: version,
        4: account.rowCount,
        5: createdAt,
        6: rows ? made.perhaps : made.no,
      },
    )
    if (rows) await publish(session, writing.accounts, table, rows, goals, false)
    else await session.connection.commit()
  } catch (error) {
    if (rows) await undoMade(session, account.table, version, rows)
    throw error
  }
  if (rows) await confirm(session, account.table, version)
  return { ...account, isNew: true }
}

/** A NUMBER without digits is what most tables have for VERSION that were not made here, `SELECT 1 AS VERSION` among them. */
const asVersioned = (column: Column): Column =>
  column.name.toUpperCase() === 'VERSION' && column.databaseType === 'NUMBER' ? { ...column, type: 'INTEGER' } : column

/** To make a view commits first: where the view could not be made, what was committed is taken back. */
async function undoMade(session: OracleSession, table: string, version: number, rows: string): Promise<void> {
  try {
    await session.connection.rollback()
    await session.connection.execute(`DELETE FROM ${ledger} WHERE TABLE_NAME = :1 AND VERSION = :2`, { 1: table, 2: version })
    await session.connection.commit()
  } catch {
    // The connection is gone. The rows are out of reach without a view, and swept later; the account says `perhaps`.
  }
  await dropRows(session, rows)
}

/** Above all that the table has and all that it ever had: rows may have been deleted. */
async function nextVersion(session: OracleSession, { table, above }: VersionTarget, column: string | null): Promise<number> {
  const inTable = column === null ? '0' : `NVL((SELECT MAX(${quoteOracle(column)}) FROM ${quoteOracle(tableNameOf(table))}), 0)`
  const [row] = await session.own(
    `SELECT GREATEST(${inTable}, NVL((SELECT MAX(VERSION) FROM ${ledger} WHERE TABLE_NAME = :1), 0), :2) FROM DUAL`,
    { 1: table.toLowerCase(), 2: above },
  )
  const version = Math.floor(Number(row![0])) + 1
  if (version > highestVersion)
    throw badInput('table', `The table ${table} has a row whose VERSION is ${version - 1}: no higher one can follow.`)
  return version
}
