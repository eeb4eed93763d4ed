// The columns of a result or a table in Oracle: their types in the port, how their values are asked for, and how they are read.
import oracledb from 'oracledb'
import { badInput } from '../../errors.js'
import { parseJson } from './json-value.js'
import type { Column, ColumnType, Value } from './lakehouse.js'
import {
  dateFormat,
  dayTimeText,
  decimalText,
  finiteOrText,
  isoTimestamp,
  numberOrText,
  timestampFormat,
  vectorValue,
  yearMonthText,
} from './oracle-values.js'

/** What the driver's metadata and the dictionary say of a type. */
export interface OracleType {
  /** Without its size: `NUMBER`, `TIMESTAMP WITH TIME ZONE`. */
  name: string
  /** Digits of a number, of the fractions of a second; null where it has none. */
  precision: number | null
  scale: number | null
  /** Bytes. */
  size: number | null
  isJson: boolean
}

interface Reading {
  type: ColumnType
  /** What to export it as: one of DuckDB's types, or NUMBER (see duckdb-text-tables.ts). */
  exportType: string
  /** What the driver is to fetch instead of the type's own. */
  fetchAs?: oracledb.DbType
  /** The expression that is selected instead of the column, where the driver would lose something of it. */
  ask?: ((column: string) => string) | undefined
  /** Of a value that is not null. */
  toValue: (value: never) => Value
  /** Where text for an export is not what `toValue` gives. */
  toText?: (value: never) => string
}

type Metadata = Omit<NonNullable<oracledb.StatementInfo['metaData']>[number], 'dbTypeClass'>

export interface ResultColumn extends Column, Reading {}

/** @throws DhuoError BAD_USER_INPUT, field `sql`, for a type whose values cannot be shown */
export function resultColumn(metadata: Metadata): ResultColumn {
  const { dbColumnName: name = metadata.name, nullable = true } = metadata
  const type = typeOf(metadata)
  const reading = readingOf(type)
  if (!reading)
    throw badInput('sql', `The column "${name}" has the type ${type.name}, which cannot be shown: convert it in the statement.`)
  return { name, nullable, databaseType: typeText(type), ...reading }
}

/** The driver's own types where nothing is lost by them. */
export const fetchTypeHandler = (metadata: Metadata) => {
  const fetchAs = readingOf(typeOf(metadata))?.fetchAs
  return fetchAs && { type: fetchAs }
}

function typeOf(metadata: Metadata): OracleType {
  const { dbTypeName = '', precision, scale, byteSize, isJson, isOson } = metadata
  const isXml = metadata.dbType === oracledb.DB_TYPE_XMLTYPE
  return {
    name: isXml ? 'XMLTYPE' : dbTypeName,
    precision: precision ?? null,
    scale: scale ?? null,
    size: byteSize ?? null,
    isJson: isJson === true || isOson === true,
  }
}

/** Null for types that are no values: cursors, objects, files of the database's machine. */
export function readingOf(type: OracleType): Reading | null {
  const { name, isJson } = type
  // Text with CHECK (… IS JSON). What is binary may be in a form of Oracle's own.
  if (isJson && name !== 'JSON') return /^(BLOB|RAW)$/.test(name) ? json : { ...json, ask: undefined }
  // The dictionary has sizes within: TIMESTAMP(6) WITH TIME ZONE.
  switch (name.replaceAll(/\s*\([^)]*\)/g, '')) {
    case 'NUMBER':
      return numberReading(type)
    case 'FLOAT':
    case 'BINARY_DOUBLE':
    case 'BINARY_FLOAT':
      return { type: 'FLOAT', exportType: 'DOUBLE', toValue: finiteOrText }
    case 'BOOLEAN':
      return { type: 'BOOLEAN', exportType: 'BOOLEAN', toValue: same }
    case 'CHAR':
    case 'NCHAR':
    case 'VARCHAR2':
    case 'NVARCHAR2':
      return { type: 'STRING', exportType: 'VARCHAR', toValue: same }
    case 'CLOB':
    case 'NCLOB':
    case 'LONG':
      return { type: 'STRING', exportType: 'VARCHAR', fetchAs: oracledb.DB_TYPE_VARCHAR, toValue: same }
    case 'RAW':
      return { type: 'BINARY', exportType: 'BLOB', toValue: base64 }
    case 'BLOB':
    case 'LONG RAW':
      return { type: 'BINARY', exportType: 'BLOB', fetchAs: oracledb.DB_TYPE_RAW, toValue: base64 }
    case 'DATE':
      return { ...time, exportType: 'TIMESTAMP', ask: (column) => `TO_CHAR(${column}, '${dateFormat}')` }
    case 'TIMESTAMP':
    case 'TIMESTAMP WITH TIME ZONE':
    case 'TIMESTAMP WITH LOCAL TIME ZONE':
      return timestampReading(!name.endsWith('ZONE'))
    case 'JSON':
      return json
    case 'VECTOR':
      return { type: 'JSON', exportType: 'JSON', toValue: vectorValue }
    case 'INTERVAL YEAR TO MONTH':
      return { type: 'OTHER', exportType: 'VARCHAR', toValue: yearMonthText }
    case 'INTERVAL DAY TO SECOND':
      return { type: 'OTHER', exportType: 'VARCHAR', toValue: dayTimeText }
    case 'ROWID':
    case 'UROWID':
    case 'XMLTYPE':
      return { type: 'OTHER', exportType: 'VARCHAR', toValue: same }
    default:
      return null
  }
}

const same = (value: Value): Value => value
const base64 = (bytes: Buffer): string => bytes.toString('base64')

/** The driver makes numbers of JSON's numbers, however long they are; the database writes them as they are. */
const json: Reading = {
  type: 'JSON',
  exportType: 'JSON',
  fetchAs: oracledb.DB_TYPE_VARCHAR,
  ask: (column) => `JSON_SERIALIZE(${column} RETURNING CLOB)`,
  toValue: parseJson,
  toText: same as (value: never) => string,
}

/** The driver makes a `Date` of it, in the time zone of the process, without what is finer than a millisecond. */
const time: Pick<Reading, 'type' | 'toValue'> = { type: 'TIMESTAMP', toValue: isoTimestamp }

const timestampReading = (isLocal: boolean): Reading => ({
  ...time,
  exportType: isLocal ? 'TIMESTAMP' : 'TIMESTAMPTZ',
  ask: (column) => `TO_CHAR(${isLocal ? column : `SYS_EXTRACT_UTC(${column})`}, '${timestampFormat}')`,
})

/** Without a precision every value has as many digits as it needs. FLOAT is a number of the same kind that is told as binary. */
function numberReading({ precision, scale }: OracleType): Reading {
  const fetchAs = oracledb.DB_TYPE_VARCHAR
  if (precision && scale === -127) return { type: 'FLOAT', exportType: 'DOUBLE', toValue: finiteOrText }
  if (!precision || scale === null || scale < 0 || scale > precision)
    return {
      type: precision && scale !== null && scale < 0 ? 'INTEGER' : 'DECIMAL',
      exportType: 'NUMBER',
      fetchAs,
      toValue: (digits: string) => numberOrText(decimalText(digits, null)),
      toText: (digits: string) => decimalText(digits, null),
    }
  const text = (digits: string) => decimalText(digits, scale)
  if (scale === 0)
    return {
      type: 'INTEGER',
      exportType: precision <= 18 ? 'BIGINT' : 'HUGEINT',
      fetchAs,
      toValue: (digits: string) => numberOrText(text(digits)),
      toText: text,
    }
  return {
    type: 'DECIMAL',
    exportType: `DECIMAL(${precision}, ${scale})`,
    fetchAs,
    toValue: (digits: string) => numberOrText(text(digits)),
    toText: text,
  }
}

/** As Oracle writes it. */
export function typeText({ name, precision, scale, size }: OracleType): string {
  if (name === 'NUMBER') {
    if (!precision) return 'NUMBER'
    if (scale === -127) return `FLOAT(${precision})`
    return scale ? `NUMBER(${precision},${scale})` : `NUMBER(${precision})`
  }
  if (/^TIMESTAMP(?! *\()/.test(name) && precision !== null) return name.replace('TIMESTAMP', `TIMESTAMP(${precision})`)
  if (/^(N?CHAR|N?VARCHAR2|RAW)$/.test(name) && size) return `${name}(${size})`
  return name
}

/** `WITH` gives the columns names of its own: those of the statement may be there twice, and need no quotes. */
const source = 'DHUO$Q'

/**
 * The statement with what `ask` wants in the place of its columns; itself where nothing is asked. ROWNUM keeps the rows in their
 * order: without it Oracle may leave out an ORDER BY within.
 */
export function askFor(text: string, columns: readonly ResultColumn[]): string {
  if (columns.every(({ ask }) => !ask)) return text
  const names = columns.map((_, i) => `C${i + 1}`)
  const asked = columns.map(({ ask }, i) => (ask ? `${ask(names[i]!)} AS ${names[i]}` : names[i]))
  return `WITH ${source} (${names.join(', ')}) AS (\n${text}\n)\nSELECT ${asked.join(', ')} FROM ${source} WHERE ROWNUM > 0`
}
