// Decides from DuckDB's own parse tree whether a SELECT may run: which functions and which tables it names.
import type { DuckDBConnection } from '@duckdb/node-api'
import { badInput } from '../../errors.js'
import {
  allowedTableFunctions,
  informationSchemaViews,
  isDeniedFunction,
  isSystemName,
  maxLiteralSize,
  maxResultSize,
  sizeArguments,
} from './duckdb-functions.js'

type Node = Record<string, unknown>

const refuse = (why: string) =>
  badInput('sql', `${why} is not available in SQL here: a statement reaches the tables of its project only.`)

/** The tree of one SELECT. Throws what DuckDB says of anything else. */
export async function parseSelect(connection: DuckDBConnection, sql: string): Promise<Node> {
  const reader = await connection.runAndReadAll('SELECT json_serialize_sql($1::VARCHAR)::VARCHAR', [sql])
  const tree = JSON.parse(String(reader.getRows()[0]?.[0])) as Node
  if (tree['error'] === true) {
    const said = String(tree['error_message'])
    throw badInput('sql', /Only SELECT/.test(said) ? 'Only one SELECT is allowed here.' : said)
  }
  return tree
}

/**
 * Walks the whole tree. What it does not know, of tables it refuses and of expressions it lets through: those reach
 * nothing but the tables and functions below them.
 * @throws DhuoError BAD_USER_INPUT, field `sql`, naming what is not available
 */
export function checkTree(tree: Node, schema: string): void {
  // An own stack: the tree may be deeper than JavaScript's.
  const stack: { node: unknown; nested: number; size: number }[] = [{ node: tree, nested: 0, size: 1 }]
  for (let entry = stack.pop(); entry !== undefined; entry = stack.pop()) {
    const { node } = entry
    if (typeof node !== 'object' || node === null) continue
    let { nested, size } = entry
    if (Array.isArray(node)) {
      for (const child of node) stack.push({ node: child, nested, size })
      continue
    }
    const item = node as Node
    if (item['type'] === 'BASE_TABLE') checkTable(item, schema)
    else if (item['type'] === 'SHOW_REF') checkShow(item, schema)
    else if (item['type'] === 'TABLE_FUNCTION') {
      const called = item['function'] as Node
      checkFunction(called, true)
      // Its arguments, without taking it for one of the other functions of its name.
      stack.push(
        { node: { ...item, type: null, function: null }, nested, size },
        { node: { ...called, function_name: null }, nested, size },
      )
      continue
    }
    if (typeof item['function_name'] === 'string') {
      checkFunction(item, false)
      size *= checkedSize(item)
      if (size > maxResultSize)
        throw badInput(
          'sql',
          `The statement makes a value of ${size} parts by functions inside each other; at most ${maxResultSize}.`,
        )
      // Each level multiplies the work of the binder: 300 levels take half a second, 900 minutes.
      if (/^(list_value|array_value|struct_pack|row|map)$/.test(item['function_name']) && ++nested > 64)
        throw badInput('sql', 'Lists and structs are nested too deep: at most 64 levels.')
    }
    // A cast of JSON to VARIANT recurses: see duckdb-functions.ts.
    if (isVariant(item)) throw refuse('The type VARIANT')
    for (const key in item) stack.push({ node: item[key], nested, size })
  }
}

const lower = (value: unknown): string => (typeof value === 'string' ? value.toLowerCase() : '')

const isVariant = (item: Node): boolean =>
  item['id'] === 'VARIANT' ||
  lower(item['type_name']) === 'variant' ||
  (item['id'] === 'UNBOUND' && lower((item['type_info'] as Node | null)?.['name']) === 'variant')

function checkTable(item: Node, schema: string): void {
  checkTableName(lower(item['catalog_name']), lower(item['schema_name']), lower(item['table_name']), schema)
}

function checkTableName(catalog: string, tableSchema: string, table: string, schema: string): void {
  if (catalog !== '' && catalog !== 'db') throw refuse(`The catalog ${catalog}`)
  // `a.csv` and the like are files to DuckDB wherever no table has that name.
  if (/[./\\:*?[\]]/.test(table)) throw refuse('Reading a file')
  if (tableSchema === 'information_schema' && schema !== 'information_schema') {
    if (!informationSchemaViews.has(table)) throw refuse(`information_schema.${table}`)
    return
  }
  if (tableSchema !== '' && tableSchema !== schema) throw refuse(`The schema ${tableSchema}`)
  if (isSystemName(table)) throw refuse(table)
}

/** SHOW TABLES, and DESCRIBE or SUMMARIZE of something that the walk sees by itself. */
function checkShow(item: Node, schema: string): void {
  const name = lower(item['table_name']).replaceAll('"', '')
  if (item['query'] || name === 'tables') return
  if (item['show_type'] === 'SHOW_FROM' && name === '') {
    if (lower(item['catalog_name']) === '' && lower(item['schema_name']) === schema) return
    throw refuse(`SHOW TABLES FROM ${lower(item['schema_name'])}`)
  }
  throw refuse(`SHOW ${name}`)
}

function checkFunction(item: Node, asTable: boolean): void {
  const name = lower(item['function_name'])
  const schema = lower(item['schema'])
  // The parser itself writes `main` for some operators.
  if ((schema !== '' && schema !== 'main') || lower(item['catalog']) !== '') throw refuse('A function with a schema')
  if (asTable ? !allowedTableFunctions.has(name) : isDeniedFunction(name)) throw refuse(`The function ${name}`)
  if (item['export_state'] === true) throw refuse('EXPORT_STATE')
}

/**
 * How many times larger than its arguments the result of a function is, where an argument says so. Such a value is made in
 * one step, outside DuckDB's memory limit, and cannot be interrupted: so its size must stand in the statement.
 */
function checkedSize(item: Node): number {
  const name = lower(item['function_name'])
  let largest = 1
  for (const place of sizeArguments.get(name) ?? []) {
    const argument = (item['children'] as Node[] | undefined)?.[place]
    if (argument === undefined) continue
    const size = literalNumber(argument)
    if (size === null || size > maxLiteralSize)
      throw badInput(
        'sql',
        `${name}(): its size must be a number in the statement, at most ${maxLiteralSize}. Rows by a number of your data come from the table function range().`,
      )
    largest = Math.max(largest, size)
  }
  return largest
}

/** The number a literal stands for, through casts and signs; null for everything else. */
function literalNumber(expression: Node): number | null {
  if (expression['class'] === 'CAST') return literalNumber(expression['child'] as Node)
  const [operand, ...more] = (expression['children'] as Node[] | undefined) ?? []
  if (expression['function_name'] === '-' && operand && more.length === 0) return negative(literalNumber(operand))
  if (expression['class'] !== 'CONSTANT') return null
  const value = (expression['value'] as Node | undefined)?.['value']
  const number =
    typeof value === 'object' && value !== null ? Number((value as Node)['upper'] ?? 0) * 2 ** 64 : Number(value ?? 0)
  return Number.isFinite(number) ? number : null
}

const negative = (number: number | null): number | null => (number === null ? null : -number)
