// A project's tables as a whole: what they look like, filling them, removing them.
import type { DuckDBConnection } from '@duckdb/node-api'
import { badInput, DhuoError, notFound } from '../../errors.js'
import { messageOf } from './duckdb-errors.js'
import { qualified } from './duckdb-project.js'
import type { ColumnType, TableShape, WriteMode } from './lakehouse.js'

export interface TargetTable {
  schema: string
  table: string
  mode: WriteMode
}

/** @throws DhuoError BAD_USER_INPUT, field `table` */
export function checkTableNameSyntax(table: string): void {
  if (!/^[A-Za-z_][A-Za-z0-9_]{0,62}$/.test(table))
    throw badInput(
      'table',
      'A table has a name of letters, digits and _ that does not start with a digit, at most 63 characters.',
    )
  if (/^(duckdb_|pragma_|pg_|sqlite_)/i.test(table))
    throw badInput('table', `Names that start like ${table} are the database's own.`)
}

/** Two statements, however many tables are asked for: one for the columns, one that counts rows. In the caller's transaction. */
export async function describe(
  connection: DuckDBConnection,
  schema: string,
  tables: readonly string[],
): Promise<(TableShape | null)[]> {
  const found = await connection.runAndReadAll(
    `SELECT lower(table_name), column_name, data_type, is_nullable FROM duckdb_columns()
     WHERE database_name = 'db' AND schema_name = $1 ORDER BY table_name, column_index`,
    [schema],
  )
  const shapes = new Map<string, TableShape>()
  const wanted = new Set(tables.map((table) => table.toLowerCase()))
  for (const [table, name, type, nullable] of found.getRows()) {
    const key = String(table)
    if (!wanted.has(key)) continue
    const shape = shapes.get(key) ?? { columns: [], rowCount: 0 }
    shapes.set(key, shape)
    shape.columns.push({
      name: String(name),
      type: columnTypeOfName(String(type)),
      databaseType: String(type),
      nullable: nullable === true,
    })
  }
  if (shapes.size > 0) {
    const names = [...shapes.keys()]
    const counts = names.map((name, i) => `SELECT ${i} AS i, count(*) AS n FROM ${qualified(schema, name)}`)
    const counted = await connection.runAndReadAll(counts.join(' UNION ALL '))
    for (const [index, count] of counted.getRows()) shapes.get(names[Number(index)]!)!.rowCount = Number(count)
  }
  return tables.map((table) => shapes.get(table.toLowerCase()) ?? null)
}

function columnTypeOfName(type: string): ColumnType {
  if (/[\])]$/.test(type) && !/^(DECIMAL|ENUM)\([^()]*\)$/s.test(type) && !/^ENUM\(/.test(type)) return 'JSON'
  if (/^(U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)|BIGNUM)$/.test(type)) return 'INTEGER'
  if (/^(FLOAT|DOUBLE)$/.test(type)) return 'FLOAT'
  if (/^TIMESTAMP/.test(type)) return 'TIMESTAMP'
  if (/^(VARCHAR|UUID$|ENUM\()/.test(type)) return /\[/.test(type) && type.endsWith(']') ? 'JSON' : 'STRING'
  if (type === 'BLOB') return 'BINARY'
  if (type === 'BOOLEAN' || type === 'DATE' || type === 'JSON') return type
  return type.startsWith('DECIMAL') ? 'DECIMAL' : 'OTHER'
}

/**
 * Fills the table from `select`, which was checked, in the transaction that the caller has begun and commits.
 * @throws DhuoError CONFLICT, NOT_FOUND, as the port says; DuckDB's errors
 */
export async function fill(connection: DuckDBConnection, target: TargetTable, select: string): Promise<TableShape> {
  const { schema, table, mode } = target
  const name = qualified(schema, table)
  try {
    if (mode === 'CREATE') await connection.run(`CREATE TABLE ${name} AS ${select}`)
    else if (mode === 'REPLACE') await connection.run(`CREATE OR REPLACE TABLE ${name} AS ${select}`)
    else await connection.run(`INSERT INTO ${name} BY NAME ${select}`)
  } catch (error) {
    const message = messageOf(error)
    if (mode === 'CREATE' && /^Catalog Error: Table with name .* already exists/.test(message))
      throw new DhuoError('CONFLICT', `The table ${table} exists already.`, { field: 'table', cause: error })
    throw error
  }
  const [shape] = await describe(connection, schema, [table])
  return shape!
}

/** @throws DhuoError NOT_FOUND, CONFLICT, before anything is read, where that can be known so early */
export async function checkTarget(connection: DuckDBConnection, { schema, table, mode }: TargetTable): Promise<void> {
  const found = await connection.runAndReadAll(
    `SELECT count(*) FROM duckdb_tables() WHERE database_name = 'db' AND schema_name = $1 AND lower(table_name) = lower($2)`,
    [schema, table],
  )
  const exists = Number(found.getRows()[0]?.[0]) > 0
  if (mode === 'APPEND' && !exists) throw notFound(`The table ${table}`, 'table')
  if (mode === 'CREATE' && exists) throw new DhuoError('CONFLICT', `The table ${table} exists already.`, { field: 'table' })
}
