// DuckDB's types and values as the port has them.
import {
  type DuckDBArrayType,
  type DuckDBArrayValue,
  type DuckDBBlobValue,
  type DuckDBDataChunk,
  type DuckDBDateValue,
  type DuckDBDecimalValue,
  type DuckDBListType,
  type DuckDBListValue,
  type DuckDBMapType,
  type DuckDBMapValue,
  type DuckDBStructType,
  type DuckDBStructValue,
  type DuckDBTimestampMillisecondsValue,
  type DuckDBTimestampNanosecondsValue,
  type DuckDBTimestampSecondsValue,
  type DuckDBTimestampValue,
  type DuckDBType,
  DuckDBTypeId,
  type DuckDBUnionType,
  type DuckDBUnionValue,
  type DuckDBValue,
} from '@duckdb/node-api'
import { parseJson } from './json-value.js'
import type { Column, ColumnType, Value } from './lakehouse.js'

const T = DuckDBTypeId

export const isJson = (type: DuckDBType): boolean => type.alias === 'JSON'

/** @param nullable DuckDB tells it of tables only */
export const columnOf = (name: string, type: DuckDBType, nullable = true): Column => ({
  name,
  type: columnTypeOf(type),
  databaseType: typeName(type),
  nullable,
})

/** As DuckDB itself writes it, where its Node API leaves out JSON and quotes every name. */
export function typeName(type: DuckDBType): string {
  if (isJson(type)) return 'JSON'
  const member = (name: string, i: number, types: readonly DuckDBType[]) =>
    `${/^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`} ${typeName(types[i]!)}`
  switch (type.typeId) {
    case T.LIST:
      return `${typeName((type as DuckDBListType).valueType)}[]`
    case T.ARRAY:
      return `${typeName((type as DuckDBArrayType).valueType)}[${(type as DuckDBArrayType).length}]`
    case T.MAP:
      return `MAP(${typeName((type as DuckDBMapType).keyType)}, ${typeName((type as DuckDBMapType).valueType)})`
    case T.STRUCT: {
      const { entryNames, entryTypes } = type as DuckDBStructType
      return `STRUCT(${entryNames.map((name, i) => member(name, i, entryTypes)).join(', ')})`
    }
    case T.UNION: {
      const { memberTags, memberTypes } = type as DuckDBUnionType
      return `UNION(${memberTags.map((name, i) => member(name, i, memberTypes)).join(', ')})`
    }
    default:
      return String(type)
  }
}

function columnTypeOf(type: DuckDBType): ColumnType {
  if (isJson(type)) return 'JSON'
  switch (type.typeId) {
    case T.BOOLEAN:
      return 'BOOLEAN'
    case T.TINYINT:
    case T.SMALLINT:
    case T.INTEGER:
    case T.BIGINT:
    case T.HUGEINT:
    case T.UTINYINT:
    case T.USMALLINT:
    case T.UINTEGER:
    case T.UBIGINT:
    case T.UHUGEINT:
    case T.BIGNUM:
      return 'INTEGER'
    case T.FLOAT:
    case T.DOUBLE:
      return 'FLOAT'
    case T.DECIMAL:
      return 'DECIMAL'
    case T.VARCHAR:
    case T.ENUM:
    case T.UUID:
      return 'STRING'
    case T.BLOB:
      return 'BINARY'
    case T.DATE:
      return 'DATE'
    case T.TIMESTAMP:
    case T.TIMESTAMP_S:
    case T.TIMESTAMP_MS:
    case T.TIMESTAMP_NS:
    case T.TIMESTAMP_TZ:
      return 'TIMESTAMP'
    case T.LIST:
    case T.ARRAY:
    case T.STRUCT:
    case T.MAP:
    case T.UNION:
      return 'JSON'
    default:
      return 'OTHER'
  }
}

type ToValue = (value: NonNullable<DuckDBValue>) => Value

/** The rows `from` to `to` of a chunk, appended to `rows`. */
export function appendRows(
  chunk: DuckDBDataChunk,
  converters: readonly ToValue[],
  from: number,
  to: number,
  rows: Value[][],
): void {
  const vectors = converters.map((_, index) => chunk.getColumnVector(index))
  for (let row = from; row < to; row++) {
    const values = new Array<Value>(converters.length)
    for (let column = 0; column < converters.length; column++) {
      const value = vectors[column]!.getItem(row)
      values[column] = value === null || value === undefined ? null : converters[column]!(value)
    }
    rows.push(values)
  }
}

const same: ToValue = (value) => value as Value
const text: ToValue = (value) => String(value)

/** A function for the values of a type that are not null. */
export function converterFor(type: DuckDBType): ToValue {
  if (isJson(type)) return (value) => parseJson(value as string)
  switch (type.typeId) {
    case T.FLOAT:
    case T.DOUBLE:
      return (value) => (Number.isFinite(value) ? (value as number) : String(value))
    case T.BIGINT:
    case T.HUGEINT:
    case T.UBIGINT:
    case T.UHUGEINT:
    case T.BIGNUM:
      return (value) => exactInteger(value as bigint)
    case T.DECIMAL:
      return (value) => decimal(value as DuckDBDecimalValue)
    case T.BLOB:
      return (value) => {
        const { bytes } = value as DuckDBBlobValue
        return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
      }
    case T.DATE:
      return (value) => isoDate((value as DuckDBDateValue).days)
    case T.TIMESTAMP:
    case T.TIMESTAMP_TZ:
      return (value) => isoTimestamp((value as DuckDBTimestampValue).micros, 1n)
    case T.TIMESTAMP_S:
      return (value) => isoTimestamp((value as DuckDBTimestampSecondsValue).seconds, 1_000_000n)
    case T.TIMESTAMP_MS:
      return (value) => isoTimestamp((value as DuckDBTimestampMillisecondsValue).millis, 1000n)
    case T.TIMESTAMP_NS:
      return (value) => isoNanoseconds((value as DuckDBTimestampNanosecondsValue).nanos)
    case T.LIST:
    case T.ARRAY: {
      const convert = orNull(converterFor((type as DuckDBListType | DuckDBArrayType).valueType))
      return (value) => (value as DuckDBListValue | DuckDBArrayValue).items.map(convert)
    }
    case T.STRUCT: {
      const { entryNames, entryTypes } = type as DuckDBStructType
      const convert = entryTypes.map((entry) => orNull(converterFor(entry)))
      return (value) =>
        Object.fromEntries(entryNames.map((name, index) => [name, convert[index]!((value as DuckDBStructValue).entries[name]!)]))
    }
    case T.MAP: {
      const { keyType, valueType } = type as DuckDBMapType
      const key = converterFor(keyType)
      const convert = orNull(converterFor(valueType))
      return (value) =>
        Object.fromEntries((value as DuckDBMapValue).entries.map((entry) => [keyText(key(entry.key!)), convert(entry.value)]))
    }
    case T.UNION: {
      const { memberTags, memberTypes } = type as DuckDBUnionType
      const convert = new Map(memberTags.map((tag, index) => [tag, orNull(converterFor(memberTypes[index]!))]))
      return (value) => convert.get((value as DuckDBUnionValue).tag)!((value as DuckDBUnionValue).value)
    }
    case T.BOOLEAN:
    case T.TINYINT:
    case T.SMALLINT:
    case T.INTEGER:
    case T.UTINYINT:
    case T.USMALLINT:
    case T.UINTEGER:
    case T.VARCHAR:
    case T.ENUM:
      return same
    default:
      return text
  }
}

const orNull =
  (convert: ToValue) =>
  (value: DuckDBValue): Value =>
    value === null || value === undefined ? null : convert(value)

const keyText = (key: Value): string => (typeof key === 'object' ? JSON.stringify(key) : String(key))

const exactInteger = (value: bigint): number | string =>
  value <= BigInt(Number.MAX_SAFE_INTEGER) && value >= BigInt(Number.MIN_SAFE_INTEGER) ? Number(value) : String(value)

const fifteenDigits = 10n ** 15n

/** The digits are counted as they are written, zeros of the scale included. */
function decimal(value: DuckDBDecimalValue): number | string {
  const digits = value.value < 0n ? -value.value : value.value
  return digits < fifteenDigits ? Number(value.toString()) : value.toString()
}

const infiniteDays = 2 ** 31 - 1
const infiniteTime = 2n ** 63n - 1n

/** Years before 0 and after 9999 as ISO 8601 has them: a sign and six digits. */
function isoDate(days: number): string {
  if (days === infiniteDays) return 'Infinity'
  if (days === -infiniteDays) return '-Infinity'
  // From days to the civil date, for every year; `Date` ends too early. https://howardhinnant.github.io/date_algorithms.html
  const shifted = days + 719_468
  const era = Math.floor(shifted / 146_097)
  const dayOfEra = shifted - era * 146_097
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  )
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153)
  const day = dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  const yearText =
    year >= 0 && year <= 9999
      ? String(year).padStart(4, '0')
      : `${year < 0 ? '-' : '+'}${String(Math.abs(year)).padStart(6, '0')}`
  return `${yearText}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`
}

/** @param unit microseconds in one of `ticks` */
function isoTimestamp(ticks: bigint, unit: bigint): string {
  if (ticks === infiniteTime) return 'Infinity'
  if (ticks === -infiniteTime) return '-Infinity'
  const micros = ticks * unit
  const millis = floorDivide(micros, 1000n)
  const rest = Number(micros - millis * 1000n)
  return iso(millis, rest === 0 ? '' : String(rest).padStart(3, '0'))
}

function isoNanoseconds(nanos: bigint): string {
  if (nanos === infiniteTime) return 'Infinity'
  if (nanos === -infiniteTime) return '-Infinity'
  const millis = floorDivide(nanos, 1_000_000n)
  const rest = Number(nanos - millis * 1_000_000n)
  return iso(millis, rest === 0 ? '' : rest % 1000 === 0 ? String(rest / 1000).padStart(3, '0') : String(rest).padStart(6, '0'))
}

/** @param more digits after the milliseconds */
function iso(millis: bigint, more: string): string {
  const days = floorDivide(millis, 86_400_000n)
  const time = Number(millis - days * 86_400_000n)
  return `${isoDate(Number(days))}T${new Date(time).toISOString().slice(11, 23)}${more}Z`
}

const floorDivide = (a: bigint, b: bigint): bigint => (a >= 0n ? a / b : -((-a + b - 1n) / b))
