// Turns staged values into the types of a table on Oracle, and finds those that would not be the same there.
import { badInput } from '../../errors.js'
import { quoteOracle } from './oracle-names.js'
import type { OracleSession } from './oracle-session.js'
import type { TypedColumn } from './version-columns.js'

/** An expression, null where a value does not fit; and when the value it gives is another one than it was. */
interface Conversion {
  expression: string
  differs?: string
}

/** The column as the goal's type. @throws DhuoError BAD_USER_INPUT naming the column when a value would not be the same there */
export async function oracleExpression(
  session: OracleSession,
  from: string,
  staged: TypedColumn,
  goal: TypedColumn,
  shownName: string,
): Promise<string> {
  const column = quoteOracle(staged.name)
  const conversion = conversionOf(column, staged.databaseType, goal.databaseType)
  const refused = (value: string) =>
    badInput('columns', `The column "${shownName}" is ${goal.databaseType} in the table: ${value} does not fit.`)
  if (conversion === null) throw refused(staged.databaseType)
  const { expression, differs } = conversion
  if (expression === column) return column
  const shown = kindOf(staged.databaseType) === 'text' ? `TO_CHAR(SUBSTR(${column}, 1, 100))` : `TO_CHAR(${column})`
  const [lost] = await session.own(
    `SELECT ${shown} FROM ${quoteOracle(from)} WHERE ${column} IS NOT NULL AND (${expression} IS NULL${differs ? ` OR ${differs}` : ''}) AND ROWNUM = 1`,
  )
  if (lost) throw refused(JSON.stringify(String(lost[0]).trim()))
  return expression
}

type Kind = 'number' | 'real' | 'text' | 'boolean' | 'time' | 'json' | 'other'

function kindOf(type: string): Kind {
  if (/^(NUMBER|FLOAT)/.test(type)) return 'number'
  if (/^BINARY_(DOUBLE|FLOAT)$/.test(type)) return 'real'
  if (/^(N?CHAR|N?VARCHAR2|N?CLOB)/.test(type)) return 'text'
  if (/^(DATE|TIMESTAMP)/.test(type)) return 'time'
  return type === 'BOOLEAN' ? 'boolean' : type === 'JSON' ? 'json' : 'other'
}

/** Null where there is none. */
function conversionOf(column: string, source: string, target: string): Conversion | null {
  const [from, to] = [kindOf(source), kindOf(target)]
  if (source === target || (from === to && /^(text|json|boolean|real)$/.test(to))) return { expression: column }
  const number = `TO_NUMBER(${column} DEFAULT NULL ON CONVERSION ERROR)`
  switch (`${from} to ${to}`) {
    case 'number to number':
      return asNumber(column, target)
    case 'real to number': {
      const finite = `CASE WHEN ${column} IS NOT NAN AND ${column} IS NOT INFINITE AND ABS(${column}) < 1E40 THEN TO_NUMBER(${column}) END`
      return { expression: asNumber(finite, target).expression, differs: `${asNumber(finite, target).expression} <> ${column}` }
    }
    case 'text to number': {
      const { expression } = asNumber(number, target)
      const isWhole = /^NUMBER\(\d+\)$/.test(target)
      return { expression, ...(isWhole && { differs: `NOT REGEXP_LIKE(${column}, '^\\s*[+-]?[0-9]+\\s*$')` }) }
    }
    case 'boolean to number':
      return { expression: `CAST(${column} AS NUMBER)` }
    case 'number to real': {
      const expression = `TO_BINARY_DOUBLE(${column})`
      return { expression, ...(/^NUMBER\(\d+\)$/.test(source) && { differs: `TO_NUMBER(${expression}) <> ${column}` }) }
    }
    case 'text to real': {
      const expression = `TO_BINARY_DOUBLE(${column} DEFAULT NULL ON CONVERSION ERROR)`
      // Long whole numbers are meant exactly; others are rounded wherever they are read.
      return { expression, differs: `(REGEXP_LIKE(${column}, '^-?[0-9]{16,}$') AND TO_NUMBER(${expression}) <> ${number})` }
    }
    case 'number to boolean':
      return { expression: `CASE WHEN ${column} IN (0, 1) THEN TO_BOOLEAN(${column}) END` }
    case 'text to boolean':
      return { expression: `CASE WHEN LOWER(${column}) IN ('true', 'false') THEN TO_BOOLEAN(${column}) END` }
    case 'number to text':
      // Oracle leaves out the 0 before the point.
      return { expression: `REGEXP_REPLACE(TO_CHAR(${column}, 'TM9'), '^(-?)\\.', '\\10.')` }
    case 'time to time': {
      const expression = `CAST(${column} AS ${target})`
      return { expression, differs: `CAST(${expression} AS ${source}) <> ${column}` }
    }
    case 'text to time': {
      const text = `REPLACE(RTRIM(${column}, 'Z'), 'T', ' ')`
      return {
        expression: `CAST(TO_TIMESTAMP(${text} DEFAULT NULL ON CONVERSION ERROR, 'YYYY-MM-DD HH24:MI:SS.FF') AS ${target})`,
      }
    }
    case 'text to json':
    case 'number to json':
    case 'boolean to json':
      return { expression: `JSON_SCALAR(${column})` }
    default:
      return null
  }
}

/** Oracle rounds to a scale without a word, and refuses the statement for a number with too many digits. */
function asNumber(value: string, target: string): Conversion {
  const [, precision, scale = '0'] = /^NUMBER\((\d+)(?:,(-?\d+))?\)$/.exec(target) ?? []
  if (precision === undefined) return { expression: value }
  const expression = `CASE WHEN ABS(ROUND(${value}, ${scale})) < 1E${Number(precision) - Number(scale)} THEN CAST(${value} AS ${target}) END`
  return { expression, differs: `${expression} <> ${value}` }
}
