// A project's tables on Oracle: views over tables of rows, so that to replace one is a single step for whoever reads it.
import { DhuoError } from '../../errors.js'
import type { Column, TableShape } from './lakehouse.js'
import { readingOf, typeText } from './oracle-columns.js'
import { hasCode } from './oracle-errors.js'
import { type ProjectAccounts, quoteOracle, rowsPrefix, rowsTableName } from './oracle-names.js'
import type { OracleSession } from './oracle-session.js'

/** What is behind a name. */
export interface FoundTable {
  isView: boolean
  /** The table of rows behind a view that was made here; null for what somebody else made. */
  rows: string | null
}

/** In the order asked for, null where there is nothing. One statement. */
export async function findTables(session: OracleSession, names: readonly string[]): Promise<(FoundTable | null)[]> {
  if (names.length === 0) return []
  const found = await session.own(
    `SELECT o.object_name, o.object_type, d.referenced_name FROM user_objects o
     LEFT JOIN user_dependencies d ON d.name = o.object_name AND d.type = 'VIEW' AND d.referenced_type = 'TABLE'
       AND d.referenced_owner = USER AND d.referenced_name LIKE '${rowsPrefix}%'
     WHERE o.object_type IN ('TABLE', 'VIEW') AND ${isAmong('o.object_name', names.length)}`,
    bindsOfNames(names),
  )
  const byName = new Map(
    found.map(([name, type, rows]) => [String(name), { isView: type === 'VIEW', rows: rows === null ? null : String(rows) }]),
  )
  return names.map((name) => byName.get(name) ?? null)
}

/** As many parameters as the next power of two: the database keeps a plan for each text. A list has 1,000 at most. */
function isAmong(column: string, count: number): string {
  const padded = 2 ** Math.ceil(Math.log2(count))
  const lists: string[] = []
  for (let from = 1; from <= padded; from += 512)
    lists.push(`${column} IN (${Array.from({ length: Math.min(512, padded - from + 1) }, (_, i) => `:${from + i}`).join(', ')})`)
  return lists.length === 1 ? lists[0]! : `(${lists.join(' OR ')})`
}

function bindsOfNames(names: readonly string[]): Record<string, string> {
  const padded = 2 ** Math.ceil(Math.log2(names.length))
  return Object.fromEntries(Array.from({ length: padded }, (_, i) => [i + 1, names[i] ?? names[0]!]))
}

/** Two statements, however many tables are asked for: one for the columns, one that counts rows. */
export async function describeOracleTables(session: OracleSession, names: readonly string[]): Promise<(TableShape | null)[]> {
  if (names.length === 0) return []
  for (let attempt = 1; ; attempt++) {
    const columns = await columnsOfTables(session, names)
    const there = [...columns.keys()]
    try {
      const counts = there.map((name, i) => `SELECT ${i} AS I, COUNT(*) AS N FROM ${quoteOracle(name)}`)
      const counted =
        there.length === 0
          ? []
          : await session.connection.execute<unknown[]>(counts.join('\nUNION ALL\n')).then((r) => r.rows ?? [])
      const rowCounts = new Map(counted.map(([index, count]) => [there[Number(index)]!, Number(count)]))
      return names.map((name) => {
        const of = columns.get(name)
        return of ? { columns: of, rowCount: rowCounts.get(name)! } : null
      })
    } catch (error) {
      // One was dropped between the two.
      if (attempt === 3 || !(hasCode(error, 942) || hasCode(error, 8103))) throw error
    }
  }
}

/** Of those that are there. One statement. */
export async function columnsOfTables(session: OracleSession, names: readonly string[]): Promise<Map<string, Column[]>> {
  const found = await session.own(
    `SELECT c.table_name, c.column_name, c.data_type, c.data_precision, c.data_scale, c.data_length, c.nullable
     FROM user_tab_columns c WHERE ${isAmong('c.table_name', names.length)} ORDER BY c.table_name, c.column_id`,
    bindsOfNames(names),
  )
  const tables = new Map<string, Column[]>()
  for (const [table, name, type, precision, scale, size, nullable] of found) {
    const columns = tables.get(String(table)) ?? []
    tables.set(String(table), columns)
    columns.push({ name: String(name), nullable: nullable === 'Y', ...dictionaryType(String(type), precision, scale, size) })
  }
  return tables
}

const numberOf = (value: unknown): number | null => (value === null || value === undefined ? null : Number(value))

/** `INTEGER` is NUMBER with a scale and no precision there. */
function dictionaryType(name: string, precision: unknown, scale: unknown, size: unknown): Pick<Column, 'type' | 'databaseType'> {
  const digits = numberOf(precision) ?? (name === 'NUMBER' && numberOf(scale) === 0 ? 38 : null)
  const type = { name, precision: digits, scale: numberOf(scale), size: numberOf(size), isJson: false }
  return { type: readingOf(type)?.type ?? 'OTHER', databaseType: typeText(type) }
}

/** Makes a table of rows that no user can reach yet. @returns its name */
export async function createRows(
  session: OracleSession,
  table: string,
  columns: readonly Pick<Column, 'name' | 'databaseType'>[],
): Promise<string> {
  const rows = rowsTableName(table)
  const definitions = columns.map(({ name, databaseType }) => `${quoteOracle(name)} ${databaseType}`)
  // What Oracle says of names and types is about the client's columns.
  await session.connection.execute(`CREATE TABLE ${quoteOracle(rows)} (${definitions.join(', ')})`)
  return rows
}

/**
 * Puts the rows where users see them. DDL: what the session has not committed is committed before.
 * @param isThere the view is replaced, and what users may do with it stays; otherwise it is made
 * @throws DhuoError CONFLICT when it is to be made and there already; then, as after every error, it is as it was
 */
export async function publish(
  session: OracleSession,
  accounts: ProjectAccounts,
  table: string,
  rows: string,
  columns: readonly Pick<Column, 'name'>[],
  isThere: boolean,
): Promise<void> {
  const names = columns.map(({ name }) => quoteOracle(name)).join(', ')
  const view = quoteOracle(table)
  const definition = `VIEW ${view} (${names}) AS SELECT ${names} FROM ${quoteOracle(rows)}`
  if (isThere) {
    await session.connection.execute(`CREATE OR REPLACE ${definition}`)
    return
  }
  try {
    await session.connection.execute(`CREATE ${definition}`)
  } catch (error) {
    throw hasCode(error, 955) ? existsAlready(table, error) : error
  }
  try {
    await grant(session, accounts, table)
  } catch (error) {
    await session.connection.execute(`DROP VIEW ${view}`).catch(() => {})
    throw error
  }
}

async function grant(session: OracleSession, { reader, writer }: ProjectAccounts, table: string): Promise<void> {
  await session.own(`GRANT READ ON ${quoteOracle(table)} TO ${quoteOracle(reader)}`)
  await session.own(`GRANT SELECT, INSERT, UPDATE, DELETE ON ${quoteOracle(table)} TO ${quoteOracle(writer)}`)
}

export const existsAlready = (table: string, cause?: unknown): DhuoError =>
  new DhuoError('CONFLICT', `The table ${table.toLowerCase()} exists already.`, { field: 'table', cause })

/** True when there was one. */
export async function dropOracleTable(session: OracleSession, table: string): Promise<boolean> {
  const [found] = await findTables(session, [table])
  if (!found) return false
  try {
    await session.own(`DROP ${found.isView ? 'VIEW' : 'TABLE'} ${quoteOracle(table)}`)
  } catch (error) {
    // Somebody else was faster.
    if (hasCode(error, 942)) return false
    throw error
  }
  if (found.rows !== null) await dropRows(session, found.rows)
  return true
}

/** Never fails: what stays is swept later. */
export async function dropRows(session: OracleSession, rows: string): Promise<void> {
  await session.connection.execute(`DROP TABLE ${quoteOracle(rows)} PURGE`).catch(() => {})
}

const superseded = quoteOracle('DHUO#SUPERSEDED')

/** What this server keeps account with. No grants: no statement of a user's reaches it. Idempotent. */
export async function createAccounts(session: OracleSession): Promise<void> {
  for (const table of [
    `CREATE TABLE ${superseded} (TABLE_NAME VARCHAR2(128) PRIMARY KEY, SEEN_AT TIMESTAMP NOT NULL)`,
    `CREATE TABLE "DHUO#VERSIONS" (SAVE_KEY VARCHAR2(64) UNIQUE, TABLE_NAME VARCHAR2(128) NOT NULL, VERSION NUMBER(10) NOT NULL,
     ROW_COUNT NUMBER(19) NOT NULL, CREATED_AT VARCHAR2(40) NOT NULL, MADE_TABLE NUMBER(1) NOT NULL,
     PRIMARY KEY (TABLE_NAME, VERSION))`,
    `CREATE TABLE "DHUO#LOCK" (ID NUMBER(1) PRIMARY KEY)`,
  ]) {
    try {
      await session.own(table)
    } catch (error) {
      if (!hasCode(error, 955)) throw error
    }
  }
  try {
    await session.change(`MERGE INTO "DHUO#LOCK" l USING (SELECT 1 AS ID FROM DUAL) n ON (l.ID = n.ID)
      WHEN NOT MATCHED THEN INSERT (ID) VALUES (n.ID)`)
  } catch (error) {
    // Another server made the row after this one had looked for it.
    if (!hasCode(error, 1)) throw error
  }
  await session.connection.commit()
}

/**
 * Grants views that a server made and died before it granted them. Removes tables of rows that no view is over: replaced ones, and
 * what a server that died was loading; not before an hour after they were first seen so, for somebody may still be reading them.
 */
export async function sweepRows(session: OracleSession, accounts: ProjectAccounts): Promise<void> {
  const ungranted = await session.own(`SELECT DISTINCT d.name FROM user_dependencies d
    WHERE d.type = 'VIEW' AND d.referenced_owner = USER AND d.referenced_name LIKE '${rowsPrefix}%'
    AND NOT EXISTS (SELECT 1 FROM user_tab_privs_made p WHERE p.table_name = d.name)`)
  for (const [view] of ungranted) await grant(session, accounts, String(view))
  const isLoose = (table: string) =>
    `NOT EXISTS (SELECT 1 FROM user_dependencies d WHERE d.referenced_name = ${table} AND d.referenced_owner = USER AND d.type = 'VIEW')`
  await session.change(`DELETE FROM ${superseded} s WHERE NOT (${isLoose('s.TABLE_NAME')})
    OR NOT EXISTS (SELECT 1 FROM user_tables t WHERE t.table_name = s.TABLE_NAME)`)
  await session.change(`INSERT INTO ${superseded} (TABLE_NAME, SEEN_AT)
    SELECT t.table_name, SYSTIMESTAMP FROM user_tables t WHERE t.table_name LIKE '${rowsPrefix}%' AND ${isLoose('t.table_name')}
    AND NOT EXISTS (SELECT 1 FROM ${superseded} s WHERE s.TABLE_NAME = t.table_name)`)
  await session.connection.commit()
  const old = await session.own(`SELECT TABLE_NAME FROM ${superseded} WHERE SEEN_AT < SYSTIMESTAMP - INTERVAL '1' HOUR`)
  for (const [table] of old) await dropRows(session, String(table))
}
