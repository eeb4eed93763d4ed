// How values of files become values of Oracle's columns: types for new tables, expressions and binds for their rows.
import oracledb from 'oracledb'
import { badInput } from '../../errors.js'
import type { Text, TextColumn } from './duckdb-text-tables.js'
import type { Column } from './lakehouse.js'
import { columnNamesOf, quoteOracle } from './oracle-names.js'
import { timestampFormat } from './oracle-values.js'

/** A column that rows of text are loaded into. */
export interface LoadColumn {
  name: string
  /** In `VALUES`, given the placeholder. */
  expression(placeholder: string): string
  bindType: oracledb.DbType
  isJson?: boolean
  /** Of a value that is not null. @throws DhuoError BAD_USER_INPUT, field `file` */
  toBind(text: string): unknown
}

/** A column of a table that is to be made. */
export interface NewColumn extends LoadColumn {
  /** With its size, as `CREATE TABLE` has it. */
  databaseType: string
}

/** Bytes that a VARCHAR2 holds in every database; longer ones are a setting of the database's (`MAX_STRING_SIZE`). */
const longestText = 4_000
/** What a bind of text can hold where JSON is made of it. */
const longestJsonText = 32_767

/** The columns of a table that has room for these rows, with names as Oracle has them. */
export function newColumnsFor(columns: readonly Omit<TextColumn, 'nullable'>[], has23ai: boolean): NewColumn[] {
  const names = columnNamesOf(
    columns.map(({ name }) => name),
    true,
  )
  return columns.map((column, i) => {
    const databaseType = databaseTypeFor(column, has23ai)
    return { databaseType, ...loadColumn({ name: names[i]!, databaseType }, column.databaseType) }
  })
}

function databaseTypeFor({ databaseType: type, type: kind, longest }: Omit<TextColumn, 'nullable'>, has23ai: boolean): string {
  const digits: Readonly<Record<string, number>> = {
    TINYINT: 3,
    SMALLINT: 5,
    INTEGER: 10,
    BIGINT: 19,
    UTINYINT: 3,
    USMALLINT: 5,
    UINTEGER: 10,
    UBIGINT: 20,
  }
  if (digits[type]) return `NUMBER(${digits[type]})`
  switch (kind) {
    case 'BOOLEAN':
      return has23ai ? 'BOOLEAN' : 'NUMBER(1)'
    case 'INTEGER':
      return 'NUMBER(38)'
    case 'DECIMAL':
      return type.replace('DECIMAL', 'NUMBER')
    case 'FLOAT':
      return 'BINARY_DOUBLE'
    case 'BINARY':
      return 'BLOB'
    case 'DATE':
      return 'DATE'
    case 'TIMESTAMP':
      return type.includes('ZONE') ? 'TIMESTAMP(6) WITH TIME ZONE' : type === 'TIMESTAMP_NS' ? 'TIMESTAMP(9)' : 'TIMESTAMP(6)'
    case 'JSON':
      // Its own type came with 21c; between that and 19c there is nothing to run on for long.
      return has23ai ? 'JSON' : 'CLOB'
    default:
      return longest !== null && longest > longestText ? 'CLOB' : `VARCHAR2(${longestText})`
  }
}

const onlyDate = /^\d{4}-\d\d-\d\d$/
const isoTime = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)(?:Z|[+-]00(?::?00)?)?$/

/** As `timestampFormat` has it; what is no such text goes to the database as it is, which says what is wrong with it. */
function timeText(text: string): string {
  if (onlyDate.test(text)) return `${text}T00:00:00.0`
  const [, date, time = ''] = isoTime.exec(text) ?? []
  if (date !== undefined) return `${date}T${time.length === 5 ? `${time}:00` : time}${time.includes('.') ? '' : '.0'}`
  if (/^[+-]?(Infinity|\d{6}-)/.test(text))
    throw badInput('file', `The database has no time ${text}: its years are from 0001 to 9999.`)
  return text
}

/** @param sourceType DuckDB's, of the values */
export function loadColumn({ name, databaseType }: Pick<Column, 'name' | 'databaseType'>, sourceType: string): LoadColumn {
  const asText = { bindType: oracledb.DB_TYPE_VARCHAR, toBind: (text: string): unknown => text }
  const isReal = /^(FLOAT|DOUBLE)$/.test(sourceType)
  const time = { ...asText, toBind: timeText }
  const timestamp = (placeholder: string) => `TO_TIMESTAMP(${placeholder}, '${timestampFormat}')`
  switch (databaseType.replaceAll(/\s*\([^)]*\)/g, '')) {
    case 'NUMBER':
    case 'FLOAT':
      if (sourceType === 'BOOLEAN')
        return { name, expression: plain, bindType: oracledb.DB_TYPE_NUMBER, toBind: (text) => (text === 'true' ? 1 : 0) }
      return { name, ...asText, expression: (placeholder) => `TO_NUMBER(${placeholder})` }
    case 'BINARY_DOUBLE':
    case 'BINARY_FLOAT':
      if (!isReal) return { name, ...asText, expression: (placeholder) => `TO_BINARY_DOUBLE(${placeholder})` }
      return { name, expression: plain, bindType: oracledb.DB_TYPE_BINARY_DOUBLE, toBind: Number }
    case 'BOOLEAN':
      return { name, ...asText, expression: (placeholder) => `TO_BOOLEAN(${placeholder})` }
    case 'BLOB':
    case 'RAW':
      if (sourceType !== 'BLOB') break
      return { name, expression: plain, bindType: oracledb.DB_TYPE_RAW, toBind: (text) => Buffer.from(text, 'base64') }
    case 'DATE':
      return { name, ...time, expression: (placeholder) => `CAST(${timestamp(placeholder)} AS DATE)` }
    case 'TIMESTAMP':
    case 'TIMESTAMP WITH LOCAL TIME ZONE':
      return { name, ...time, expression: timestamp }
    case 'TIMESTAMP WITH TIME ZONE':
      return { name, ...time, expression: (placeholder) => `FROM_TZ(${timestamp(placeholder)}, '+00:00')` }
    case 'JSON':
      return { name, ...asText, expression: plain, isJson: true }
    default:
  }
  return { name, ...asText, expression: plain }
}

const plain = (placeholder: string): string => placeholder

export const insertInto = (table: string, columns: readonly LoadColumn[]): string =>
  `INSERT INTO ${table} (${columns.map(({ name }) => quoteOracle(name)).join(', ')})\nVALUES (${columns.map(({ expression }, i) => expression(`:${i + 1}`)).join(', ')})`

/** The binds of one call: by place, with the room that the longest value of each column needs. */
export function loadBatch(
  columns: readonly LoadColumn[],
  rows: readonly (readonly Text[])[],
): { bindDefs: oracledb.BindDefinition[]; binds: unknown[][] } {
  const longest = columns.map(() => 1)
  const binds = rows.map((row) =>
    columns.map(({ toBind }, i) => {
      const text = row[i]
      const value = text === null || text === undefined ? null : toBind(text)
      if (typeof value === 'string') longest[i] = Math.max(longest[i]!, Buffer.byteLength(value))
      else if (Buffer.isBuffer(value)) longest[i] = Math.max(longest[i]!, value.length)
      return value
    }),
  )
  const bindDefs = columns.map(({ bindType, isJson }, i) => ({
    // Long text goes as a LONG, of which no JSON can be made.
    type: isJson && longest[i]! > longestJsonText ? oracledb.DB_TYPE_CLOB : bindType,
    ...((bindType === oracledb.DB_TYPE_VARCHAR || bindType === oracledb.DB_TYPE_RAW) && { maxSize: longest[i]! }),
  }))
  return { bindDefs, binds }
}
