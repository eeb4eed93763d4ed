// Prepares users' SELECTs: the checks, the parameters, and the same statement with its columns converted for a file.
import { type DuckDBConnection, type DuckDBPreparedStatement, type DuckDBType, StatementType } from '@duckdb/node-api'
import { badInput, DhuoError } from '../../errors.js'
import { messageOf } from './duckdb-errors.js'
import { bindParameters } from './duckdb-parameters.js'
import { quoteName } from './duckdb-project.js'
import { checkTree, parseSelect } from './duckdb-select-check.js'
import type { Parameters } from './lakehouse.js'
import { checkLength } from './statement-length.js'

/** Texts that passed, by schema: most clients send the same few again and again. The check depends on nothing but these two. */
const passed = new Set<string>()
const passedBound = 1_000
/** Long texts are not worth the memory. */
const passedLength = 4_096

/**
 * The statement, prepared in a READ ONLY transaction that this begins. Four layers, each for what the others miss: exactly
 * one statement; the type DuckDB gives it; the transaction; the tables and functions in DuckDB's own parse tree.
 * @throws DhuoError BAD_USER_INPUT; DuckDB's errors
 */
export async function prepareSelect(
  connection: DuckDBConnection,
  query: { schema: string; sql: string; params?: Parameters | undefined },
): Promise<DuckDBPreparedStatement> {
  await checkSelect(connection, query.schema, query.sql)
  await connection.run('BEGIN TRANSACTION READ ONLY')
  const statement = await connection.prepare(query.sql)
  if (statement.statementType !== StatementType.SELECT) throw onlySelect(statement.statementType)
  bindParameters(statement, query.params)
  return statement
}

const onlySelect = (type: StatementType) =>
  badInput('sql', `Only one SELECT is allowed here, not ${(StatementType[type] ?? 'this').replaceAll('_', ' ')}.`)

/** Layers one, two and four, for SQL that becomes part of a statement of ours. */
async function checkSelect(connection: DuckDBConnection, schema: string, sql: string): Promise<void> {
  const key = `${schema}\n${sql}`
  if (passed.has(key)) return
  checkLength(sql)
  await checkOneStatement(connection, sql)
  checkTree(await parseSelect(connection, sql), schema)
  if (sql.length > passedLength) return
  if (passed.size >= passedBound) passed.delete(passed.values().next().value as string)
  passed.add(key)
}

/** One SELECT without parameters, checked, so that it can become part of a statement of ours. */
export async function checkedSelect(connection: DuckDBConnection, schema: string, sql: string): Promise<string> {
  await checkSelect(connection, schema, sql)
  const statement = await connection.prepare(sql)
  if (statement.statementType !== StatementType.SELECT) throw badInput('sql', 'Only one SELECT is allowed here.')
  bindParameters(statement, undefined)
  statement.destroySync()
  return `SELECT * FROM ${await asTable(connection, sql)}`
}

/** Layer one. */
export async function checkOneStatement(connection: DuckDBConnection, sql: string): Promise<void> {
  let count: number
  try {
    count = (await connection.extractStatements(sql)).count
  } catch (error) {
    // Nothing but spaces and comments: neither DuckDB nor its Node API has a message for it.
    if (/^(Failed to extract statements:\s*|Error in native callback)$/.test(messageOf(error)))
      throw badInput('sql', 'The statement is empty.', error)
    throw error
  }
  if (count !== 1) throw badInput('sql', `Only one statement is allowed, ${count} were given.`)
}

export interface ResultShape {
  /** Unique without regard to case, as files and tables want them. */
  names: string[]
  types: DuckDBType[]
}

/** The columns of a checked SELECT with these parameters. */
export async function shapeOf(
  connection: DuckDBConnection,
  select: string,
  params: Parameters | undefined,
): Promise<ResultShape> {
  const statement = await connection.prepare(`SELECT * FROM ${select} LIMIT 0`)
  bindParameters(statement, params)
  const result = await statement.run()
  const shape = { names: uniqueNames(result.columnNames()), types: result.columnTypes() }
  statement.destroySync()
  return shape
}

/**
 * To be called when a stream has ended: an error in the middle of one ends it as if there were no more rows, and only the
 * transaction knows (@duckdb/node-api 1.5.5). COMMIT would not say so either.
 * @param again runs the same work so that it throws what was wrong
 */
export async function assertComplete(connection: DuckDBConnection, again: () => Promise<unknown>): Promise<void> {
  try {
    await connection.run('SELECT 1')
    return
  } catch {
    await connection.run('ROLLBACK')
  }
  await connection.run('BEGIN TRANSACTION READ ONLY')
  await again()
  throw new DhuoError('BACKEND_UNAVAILABLE', 'The result could not be read to its end. Try again.')
}

/** A checked SELECT as a table of another statement: as it was written, if need be as DuckDB writes it. */
export async function asTable(connection: DuckDBConnection, sql: string): Promise<string> {
  const asWritten = `(\n${sql.replace(/[\s;]+$/, '')}\n)`
  try {
    if ((await connection.extractStatements(`FROM ${asWritten}`)).count === 1) return asWritten
  } catch {
    // A comment after the semicolon, for example.
  }
  const reader = await connection.runAndReadAll('SELECT json_deserialize_sql(json_serialize_sql($1::VARCHAR))', [sql])
  return `(${String(reader.getRows()[0]?.[0]).replace(/[\s;]+$/, '')})`
}

/** `SELECT` of the table's columns, each turned into what `expression` says of it. */
export function selectColumns(
  table: string,
  shape: ResultShape,
  expression: (type: DuckDBType, column: string) => string,
): string {
  const columns = shape.types.map((type, i) => `${expression(type, `c${i}`)} AS ${quoteName(shape.names[i]!)}`)
  return `SELECT ${columns.join(', ')} FROM ${table} AS t(${shape.types.map((_, i) => `c${i}`).join(', ')})`
}

export function uniqueNames(names: readonly string[]): string[] {
  const taken = new Set<string>()
  return names.map((name, index) => {
    const base = name === '' ? `column${index}` : name
    let unique = base
    for (let n = 1; taken.has(unique.toLowerCase()); n++) unique = `${base}_${n}`
    taken.add(unique.toLowerCase())
    return unique
  })
}
