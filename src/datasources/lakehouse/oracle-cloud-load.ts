// Lets Oracle Database fetch a large file from Object Storage by itself, with DBMS_CLOUD, instead of sending it row by row.
import { isDhuoError } from '../../errors.js'
import type { Logger } from '../../logger.js'
import type { Session } from './duckdb-session.js'
import { readText, type TextColumn } from './duckdb-text-tables.js'
import type { LentFile, SourceFile } from './lakehouse.js'
import { codeOf } from './oracle-errors.js'
import { type NewColumn, newColumnsFor } from './oracle-load-columns.js'
import { quoteOracle } from './oracle-names.js'
import type { OracleSession } from './oracle-session.js'
import { createRows, dropRows } from './oracle-tables.js'
import type { Writing } from './oracle-writing.js'

export interface CloudLoading {
  /** Smaller files are there sooner row by row. */
  leastBytes: number
  log: Logger
}

/** A file's rows in a table of their own, which nobody sees. */
export interface LoadedRows {
  rows: string
  columns: readonly NewColumn[]
}

/** What its first rows say of a file. */
interface FileShape {
  columns: TextColumn[]
  /** Of CSV. */
  delimiter: string
  hasHeader: boolean
}

/** Of statements of ours and of DBMS_CLOUD around the load: how much longer than the load the file has to be lent. */
const marginMs = 60_000
/** JSON and Arrow are not among them: which columns JSON has is known when all of it was read, and Arrow DBMS_CLOUD does not know. */
const loadable = /^(CSV|PARQUET)$/

/**
 * Loads the file as the table's owner, who alone may call DBMS_CLOUD. Everything that is not certain to come out as it would row by
 * row is left to that: null, and the reason is logged. Nothing is left behind then.
 * @param table what the rows are for
 */
export async function loadFromCloud(
  { files, sessions, accounts, time, signal }: Writing,
  { leastBytes, log }: CloudLoading,
  table: string,
  file: SourceFile,
): Promise<LoadedRows | null> {
  if (leastBytes === 0 || file.size < leastBytes || !file.lend || !loadable.test(file.format) || /\.zst$/i.test(file.name))
    return null
  const told = { table, bytes: file.size, format: file.format }
  const byRows = (reason: string): null => {
    log.warn({ ...told, reason }, 'Oracle does not load a file by itself: it is sent row by row')
    return null
  }
  const terms = { time, accounts, as: 'owner', field: 'file' } as const
  const began = performance.now()
  let lent: LentFile | null = null
  try {
    if (!(await sessions.run(terms, hasCloud))) return byRows(`${accounts.owner} may not call DBMS_CLOUD`)
    const shape = await files.withTable(file, signal, (session, from) => shapeOf(file, session, from), { offset: 0, limit: 1 })
    const problem = problemWith(file, shape)
    if (problem !== null) return byRows(problem)
    lent = await file.lend(time.remaining + marginMs)
    if (lent === null) return byRows('Object Storage gives no URL for exactly this version')
    const { url, isStill } = lent
    return await sessions.run(terms, async (session) => {
      const columns = newColumnsFor(shape.columns, session.has23ai)
      if (columns.some(({ databaseType }) => databaseType === 'CLOB')) return byRows('a text is longer than VARCHAR2')
      const loaded = await load(session, { table, file, shape, columns }, url, isStill)
      if (loaded === null) return byRows('the object was replaced meanwhile')
      log.info({ ...told, durationMs: Math.round(performance.now() - began) }, 'Oracle has loaded a file by itself')
      return loaded
    })
  } catch (error) {
    if (time.reason) throw error
    // What is wrong with the file is told by the other way. The words of DBMS_CLOUD may hold the URL, which is a secret.
    const code = codeOf(isDhuoError(error) ? error.cause : error)
    return byRows(`the attempt failed (${code || (isDhuoError(error) ? error.code : 'not in Oracle')})`)
  } finally {
    await lent?.takeBack()
  }
}

/** https://docs.oracle.com/en/database/oracle/oracle-database/23/refrn/ALL_PROCEDURES.html: what the account may call. */
async function hasCloud(session: OracleSession): Promise<boolean> {
  const [found] = await session.own(countOfProcedures, copyData)
  return found![0] !== 0
}
export const countOfProcedures = 'SELECT COUNT(*) FROM all_procedures WHERE object_name = :1 AND procedure_name = :2'
export const copyData = { 1: 'DBMS_CLOUD', 2: 'COPY_DATA' }

/** @param from what stands for the first rows in FROM */
async function shapeOf(file: SourceFile, session: Session, from: string): Promise<FileShape> {
  const { connection } = session
  const { columns } = await readText(session, from)
  // Of a column without any value nothing is known: another look, for those that have one.
  const names = columns.map((_, i) => `c${i}`)
  const counted = await connection.runAndReadAll(
    `SELECT ${names.map((name) => `count(${name})`).join(', ')} FROM ${from} AS t(${names.join(', ')})`,
  )
  const counts = counted.getRows()[0]!.map(Number)
  const known = columns.map((column, i) =>
    counts[i] === 0 && file.format === 'CSV' ? { ...column, type: 'OTHER' as const } : column,
  )
  if (file.format !== 'CSV') return { columns: known, delimiter: '', hasHeader: false }
  // With the same settings: what `read_csv` found out for itself.
  const sniffed = await connection.runAndReadAll(`SELECT Delimiter, HasHeader FROM ${from.replace(/^read_csv/, 'sniff_csv')}`)
  const [delimiter, hasHeader] = sniffed.getRows()[0]!
  return { columns: known, delimiter: String(delimiter), hasHeader: hasHeader === true }
}

/** By DuckDB's type: what each text of a CSV has to look like for both to read the same in it, and what it is made of it. */
const conversions: Readonly<Record<string, { pattern: string; convert(text: string): string }>> = {
  VARCHAR: { pattern: '', convert: (text) => text },
  BIGINT: { pattern: '^[+-]?[0-9]+$', convert: (text) => `TO_NUMBER(${text})` },
  DOUBLE: {
    pattern: '^[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?$',
    convert: (text) => `TO_BINARY_DOUBLE(${text})`,
  },
  DATE: {
    pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}$',
    convert: (text) => `CAST(TO_TIMESTAMP(${text}, 'YYYY-MM-DD') AS DATE)`,
  },
  TIMESTAMP: {
    pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,6})?$',
    convert: (text) =>
      `TO_TIMESTAMP(REGEXP_REPLACE(REPLACE(${text}, 'T', ' '), '(:[0-9]{2})$', '\\1.0'), 'YYYY-MM-DD HH24:MI:SS.FF')`,
  },
}
/** Of Parquet: those that DBMS_CLOUD and DuckDB give as the same values. */
const sameInParquet = /^(TINYINT|SMALLINT|INTEGER|BIGINT|DOUBLE|VARCHAR|DATE|TIMESTAMP|DECIMAL\(.*\))$/

/** Why the file cannot be loaded so that it is certain to come out the same; null where it can. */
function problemWith({ format }: SourceFile, { columns }: FileShape): string | null {
  for (const { name, type, databaseType } of columns) {
    if (type === 'OTHER' || (format === 'CSV' ? !conversions[databaseType] : !sameInParquet.test(databaseType)))
      return `the column ${JSON.stringify(name)} is ${type === 'OTHER' ? 'empty at first' : databaseType}`
    // It makes names of its own out of others: https://docs.oracle.com/en-us/iaas/autonomous-database-serverless/doc/dbms-cloud-avro-orc-parquet-options.html
    if (format === 'PARQUET' && !/^[A-Za-z][A-Za-z0-9_]{0,100}$/.test(name))
      return `the column ${JSON.stringify(name)} has no plain name`
  }
  return null
}

interface Load {
  table: string
  file: SourceFile
  shape: FileShape
  columns: readonly NewColumn[]
}

/** @returns null when the URL gives another version by now */
async function load(
  session: OracleSession,
  { table, file, shape, columns }: Load,
  url: string,
  isStill: LentFile['isStill'],
): Promise<LoadedRows | null> {
  const isText = file.format === 'CSV'
  const made: string[] = []
  const make = async (definitions: readonly Pick<NewColumn, 'name' | 'databaseType'>[]): Promise<string> => {
    const rows = await createRows(session, table, definitions)
    made.push(rows)
    return rows
  }
  let kept: string | null = null
  try {
    const rows = await make(columns)
    // Texts first, whatever they are, and what they are by conditions of ours: how DBMS_CLOUD reads numbers and times would be another matter.
    const into = isText ? await make(columns.map((_, i) => ({ name: `C${i + 1}`, databaseType: 'VARCHAR2(4000)' }))) : rows
    await copy(
      session,
      into,
      isText ? textFormat(file, shape) : { type: 'PARQUET', schema: 'first' },
      isText ? columns.length : 0,
      url,
    )
    if (!(await isStill())) return null
    if (isText) await session.connection.execute(convertText(into, rows, columns, shape.columns))
    await session.connection.commit()
    kept = rows
    return { rows, columns }
  } finally {
    for (const each of made) {
      await forget(session, each)
      if (each !== kept) await dropRows(session, each)
    }
  }
}

/** https://docs.oracle.com/en-us/iaas/autonomous-database-serverless/doc/format-options.html */
const textFormat = ({ name }: SourceFile, { delimiter, hasHeader }: FileShape): Record<string, string> => ({
  type: 'CSV WITH EMBEDDED',
  delimiter,
  ...(hasHeader && { skipheaders: '1' }),
  ...(/\.gz$/i.test(name) && { compression: 'gzip' }),
  characterset: 'AL32UTF8',
  trimspaces: 'notrim',
  ignoreblanklines: 'true',
  rejectlimit: '0',
})

/**
 * The URL needs no credential: whoever has it may read. `?` and `*` would stand for other characters in it, and a comma for another URL.
 * It commits. https://docs.oracle.com/en-us/iaas/autonomous-database-serverless/doc/dbms-cloud-subprograms.html (COPY_DATA)
 * @param fields texts, from C1 on; 0: the file tells its columns itself
 */
async function copy(
  session: OracleSession,
  rows: string,
  format: Record<string, string>,
  fields: number,
  url: string,
): Promise<void> {
  if (/[?*,\s]/.test(url)) throw new Error('the URL of the file has characters that mean something to DBMS_CLOUD')
  const list = Array.from({ length: fields }, (_, i) => `C${i + 1} CHAR(4000)`).join(', ')
  await session.connection.execute(
    `BEGIN DBMS_CLOUD.COPY_DATA(table_name => :1, file_uri_list => :2, format => :3${fields > 0 ? ', field_list => :4' : ''}); END;`,
    { 1: rows, 2: url, 3: JSON.stringify(format), ...(fields > 0 && { 4: list }) },
  )
}

/** The tables of what was logged and refused, and the account of the load, in which the URL stands. Never fails. */
async function forget(session: OracleSession, rows: string): Promise<void> {
  try {
    for (const [id] of await session.own('SELECT id FROM user_load_operations WHERE table_name = :1', { 1: rows }))
      await session.connection.execute('BEGIN DBMS_CLOUD.DELETE_OPERATION(:1); END;', { 1: id as number })
  } catch {
    // The database keeps them for some days (`logretention`). The URL is taken back in any case.
  }
}

/** A text that is not what all of its column should be fails the statement. */
function convertText(from: string, into: string, columns: readonly NewColumn[], texts: readonly TextColumn[]): string {
  const expressions = texts.map(({ databaseType }, i) => {
    const { pattern, convert } = conversions[databaseType]!
    const column = `C${i + 1}`
    return pattern === ''
      ? column
      : convert(`CASE WHEN ${column} IS NULL OR REGEXP_LIKE(${column}, '${pattern}') THEN ${column} ELSE 'x' END`)
  })
  const names = columns.map(({ name }) => quoteOracle(name)).join(', ')
  return `INSERT INTO ${quoteOracle(into)} (${names})\nSELECT ${expressions.join(', ')} FROM ${quoteOracle(from)}`
}
