// SQL expressions that turn a column into what a file format can hold without loss.
import {
  type DuckDBArrayType,
  type DuckDBDecimalType,
  type DuckDBListType,
  type DuckDBMapType,
  type DuckDBStructType,
  type DuckDBType,
  DuckDBTypeId,
  type DuckDBUnionType,
} from '@duckdb/node-api'
import { quoteName, quoteText } from './duckdb-project.js'
import { isJson, typeName } from './duckdb-values.js'

const T = DuckDBTypeId

/**
 * The type to cast to where a binary format would lose something, null where it keeps it all. Parquet writes HUGEINT as
 * DOUBLE, cuts INTERVAL to milliseconds and TIMETZ to UTC; Arrow has no type for enumerations and the like without tricks.
 */
export function binaryType(type: DuckDBType, format: 'PARQUET' | 'ARROW'): string | null {
  switch (type.typeId) {
    case T.HUGEINT:
    case T.UHUGEINT:
      return 'DECIMAL(38,0)'
    case T.BIGNUM:
    case T.BIT:
    case T.UNION:
    case T.TIME_TZ:
    case T.GEOMETRY:
    case T.VARIANT:
    case T.INTERVAL:
      return 'VARCHAR'
    case T.ENUM:
    case T.UUID:
      return format === 'ARROW' ? 'VARCHAR' : null
    case T.LIST: {
      const item = binaryType((type as DuckDBListType).valueType, format)
      return item && `${item}[]`
    }
    case T.ARRAY: {
      const { valueType, length } = type as DuckDBArrayType
      const item = binaryType(valueType, format)
      return item && `${item}[${length}]`
    }
    case T.MAP: {
      const { keyType, valueType } = type as DuckDBMapType
      const key = binaryType(keyType, format)
      const value = binaryType(valueType, format)
      return key || value ? `MAP(${key ?? typeName(keyType)}, ${value ?? typeName(valueType)})` : null
    }
    case T.STRUCT: {
      const { entryNames, entryTypes } = type as DuckDBStructType
      const types = entryTypes.map((entry) => binaryType(entry, format))
      if (types.every((entry) => entry === null)) return null
      return `STRUCT(${entryNames.map((name, i) => `${quoteName(name)} ${types[i] ?? typeName(entryTypes[i]!)}`).join(', ')})`
    }
    default:
      return null
  }
}

/** The value as `CSV` has it: text that reads back as the same, of the same form as in a page. */
export function csvExpression(type: DuckDBType, column: string): string {
  if (isJson(type)) return `${column}::VARCHAR`
  switch (type.typeId) {
    case T.LIST:
    case T.ARRAY:
    case T.STRUCT:
    case T.MAP:
    case T.UNION:
      return `(${jsonExpression(type, column)})::VARCHAR`
    default:
      return scalarText(type, column)
  }
}

/** The value as something that DuckDB writes into JSON by the rules of the port's `Value`. */
export function jsonExpression(type: DuckDBType, column: string, depth = 0): string {
  if (isJson(type)) return column
  const item = `x${depth}`
  switch (type.typeId) {
    case T.BIGINT:
    case T.UBIGINT:
    case T.HUGEINT:
    case T.UHUGEINT:
      return `CASE WHEN ${column} BETWEEN -9007199254740991 AND 9007199254740991 THEN to_json(${column}::BIGINT) ELSE to_json(${column}::VARCHAR) END`
    case T.BIGNUM:
      return `CASE WHEN TRY_CAST(${column}::VARCHAR AS BIGINT) BETWEEN -9007199254740991 AND 9007199254740991 THEN to_json(${column}::VARCHAR::BIGINT) ELSE to_json(${column}::VARCHAR) END`
    case T.FLOAT:
    case T.DOUBLE:
      return `CASE WHEN isfinite(${column}) THEN to_json(${column}::DOUBLE) ELSE to_json(${scalarText(type, column)}) END`
    case T.DECIMAL: {
      const { width, scale } = type as DuckDBDecimalType
      const number = `${column}::DOUBLE`
      if (width <= 15) return number
      const bound = `CAST(${quoteText(fifteenDigits(scale))} AS DECIMAL(38,${scale}))`
      return `CASE WHEN abs(${column}::DECIMAL(38,${scale})) < ${bound} THEN to_json(${number}) ELSE to_json(${scalarText(type, column)}) END`
    }
    case T.LIST:
    case T.ARRAY: {
      const inner = (type as DuckDBListType | DuckDBArrayType).valueType
      const list = type.typeId === T.ARRAY ? `${column}::${typeName(inner)}[]` : column
      return `CASE WHEN ${column} IS NULL THEN NULL ELSE to_json(list_transform(${list}, lambda ${item}: ${jsonExpression(inner, item, depth + 1)})) END`
    }
    case T.STRUCT: {
      const { entryNames, entryTypes } = type as DuckDBStructType
      const members = entryNames.map(
        (name, i) =>
          `${quoteText(name)}, ${jsonExpression(entryTypes[i]!, `struct_extract(${column}, ${quoteText(name)})`, depth)}`,
      )
      return `CASE WHEN ${column} IS NULL THEN NULL ELSE json_object(${members.join(', ')}) END`
    }
    case T.MAP: {
      const { keyType, valueType } = type as DuckDBMapType
      const key = csvExpression(keyType, `${item}.key`)
      const value = jsonExpression(valueType, `${item}.value`, depth + 1)
      const entries = `list_transform(map_entries(${column}), lambda ${item}: {'k': (${key})::VARCHAR, 'v': ${value}})`
      return `CASE WHEN ${column} IS NULL THEN NULL ELSE to_json(map_from_entries(${entries})) END`
    }
    case T.UNION: {
      const { memberTags, memberTypes } = type as DuckDBUnionType
      const cases = memberTags.map(
        (tag, i) =>
          `WHEN ${quoteText(tag)} THEN to_json(${jsonExpression(memberTypes[i]!, `union_extract(${column}, ${quoteText(tag)})`, depth)})`,
      )
      return `CASE union_tag(${column})::VARCHAR ${cases.join(' ')} END`
    }
    case T.BOOLEAN:
    case T.TINYINT:
    case T.SMALLINT:
    case T.INTEGER:
    case T.UTINYINT:
    case T.USMALLINT:
    case T.UINTEGER:
    case T.VARCHAR:
      return column
    default:
      return `(${scalarText(type, column)})::VARCHAR`
  }
}

function scalarText(type: DuckDBType, column: string): string {
  const signed = `CASE WHEN ${column} > 0 THEN 'Infinity' ELSE '-Infinity' END`
  switch (type.typeId) {
    case T.FLOAT:
    case T.DOUBLE:
      return `CASE WHEN ${column} IS NULL THEN NULL WHEN isfinite(${column}) THEN ${column}::VARCHAR WHEN isnan(${column}) THEN 'NaN' ELSE ${signed} END`
    case T.DECIMAL: {
      const { width, scale } = type as DuckDBDecimalType
      // All digits behind the point: DuckDB leaves out the 0 before it.
      return width === scale ? `regexp_replace(${column}::VARCHAR, '^(-?)[.]', '\\10.')` : `${column}::VARCHAR`
    }
    case T.BLOB:
      return `base64(${column})`
    case T.DATE:
      return `CASE WHEN year(${column}) BETWEEN 1000 AND 9999 THEN ${column}::VARCHAR WHEN ${infinite(column, 'DATE')} ELSE ${isoYear(column)} || strftime(${column}, '-%m-%d') END`
    case T.TIMESTAMP:
    case T.TIMESTAMP_S:
    case T.TIMESTAMP_MS:
      return isoText(`${column}::TIMESTAMP`)
    case T.TIMESTAMP_TZ:
      return isoText(`timezone('UTC', ${column})`)
    case T.TIMESTAMP_NS:
      // Its years are 1677 to 2262. strftime's own %n writes past its text (1.5.5).
      return `CASE WHEN ${infinite(column, 'TIMESTAMP_NS')} WHEN epoch_ns(${column}) % 1000 = 0 THEN ${isoText(`${column}::TIMESTAMP`)} ELSE strftime(${column}, '%Y-%m-%dT%H:%M:%S.') || lpad(((epoch_ns(${column}) % 1000000000 + 1000000000) % 1000000000)::VARCHAR, 9, '0') || 'Z' END`
    default:
      return `${column}::VARCHAR`
  }
}

const infinite = (column: string, type: string): string =>
  `NOT isfinite(${column}) THEN CASE WHEN ${column} > ${type} '1970-01-01' THEN 'Infinity' ELSE '-Infinity' END`

const isoYear = (column: string): string =>
  `CASE WHEN year(${column}) BETWEEN 0 AND 9999 THEN lpad(year(${column})::VARCHAR, 4, '0') ELSE CASE WHEN year(${column}) < 0 THEN '-' ELSE '+' END || CASE WHEN abs(year(${column})) < 1000000 THEN lpad(abs(year(${column}))::VARCHAR, 6, '0') ELSE abs(year(${column}))::VARCHAR END END`

const isoText = (column: string): string =>
  `CASE WHEN year(${column}) BETWEEN 1000 AND 9999 THEN CASE WHEN microsecond(${column}) % 1000 = 0 THEN strftime(${column}, '%Y-%m-%dT%H:%M:%S.%gZ') ELSE strftime(${column}, '%Y-%m-%dT%H:%M:%S.%fZ') END ` +
  `WHEN ${infinite(column, 'TIMESTAMP')} ` +
  `ELSE ${isoYear(column)} || strftime(${column}, '-%m-%dT%H:%M:%S.') || CASE WHEN microsecond(${column}) % 1000 = 0 THEN strftime(${column}, '%g') ELSE strftime(${column}, '%f') END || 'Z' END`

/** 10^15 as a decimal with this scale is written. */
function fifteenDigits(scale: number): string {
  const digits = `1${'0'.repeat(15)}`
  if (scale === 0) return digits
  const padded = digits.padStart(scale + 1, '0')
  return `${padded.slice(0, -scale)}.${padded.slice(-scale)}`
}
