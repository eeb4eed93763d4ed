import { readFile } from 'node:fs/promises'
import { extname } from 'node:path'
import { text } from 'node:stream/consumers'
import { ExecuteDml, ExecuteSelect, type TableFormat } from '../node.js'
import { type Command, type Given, isGiven, textOf } from './command.js'
import { exitCodes, usageError } from './exit-codes.js'
import { byteText } from './output.js'
import { ProgressBar } from './progress-bar.js'
import type { Session } from './session.js'

const formatOf: Readonly<Record<string, TableFormat>> = {
  '.parquet': 'PARQUET',
  '.csv': 'CSV',
  '.arrow': 'ARROW',
  '.ndjson': 'NDJSON',
  '.jsonl': 'NDJSON',
  '.json': 'JSON',
}

export const sqlCommand: Command = {
  usage: 'sql [STATEMENT | -f FILE]',
  summary: 'Runs one SELECT on the lake house of a project, or with --write one INSERT, UPDATE, DELETE or MERGE.',
  more: `A table of the first rows; whole results, however large, with --csv or --out. STATEMENT may be -: it comes by the pipe.`,
  options: {
    file: { type: 'string', short: 'f', value: 'FILE', says: 'the statement is in this file' },
    params: { type: 'string', value: 'JSON', says: 'an array for ?, an object for $name' },
    limit: { type: 'string', value: 'N', says: 'rows of the table; 100 without it' },
    csv: { type: 'boolean', says: 'the whole result as CSV on stdout' },
    out: { type: 'string', short: 'o', value: 'FILE', says: 'the whole result: .parquet, .csv, .arrow, .ndjson or .json' },
    write: { type: 'boolean', says: 'the statement changes rows' },
  },
  takes: [0, 1],
  async run(session, given) {
    const sql = await statementOf(given)
    const params = paramsOf(given)
    const out = textOf(given, 'out')
    if (isGiven(given, 'write')) await write(session, sql, params)
    else if (out !== undefined) await writeFile(session, sql, params, out)
    else if (isGiven(given, 'csv')) {
      const source = { project: session.project(), sql, params, format: 'CSV' as const }
      await (await session.client()).download(source, process.stdout, { signal: session.signal })
    } else await show(session, sql, params, textOf(given, 'limit') ?? '100')
    return exitCodes.ok
  },
}

async function statementOf(given: Given): Promise<string> {
  const file = textOf(given, 'file')
  const [statement] = given.positionals
  if ((file === undefined) === (statement === undefined))
    throw usageError('Which statement?', "dhuo sql 'select 1', or dhuo sql -f FILE")
  if (file !== undefined) return readFile(file, 'utf8')
  return statement === '-' ? text(process.stdin) : statement!
}

function paramsOf(given: Given): unknown {
  const written = textOf(given, 'params')
  if (written === undefined) return null
  try {
    return JSON.parse(written) as unknown
  } catch (error) {
    throw usageError(`--params is no JSON: ${(error as Error).message}`)
  }
}

async function write(session: Session, sql: string, params: unknown): Promise<void> {
  const { output, signal } = session
  const input = { project: session.project(), sql, ...(params !== null && { params }) }
  const { executeDml } = await (await session.client()).request(ExecuteDml, { input }, { signal })
  if (output.isJson) return output.json(executeDml)
  return output.line(`${executeDml.rowsAffected} rows changed in ${executeDml.durationMs.toFixed(0)} ms.`)
}

async function writeFile(session: Session, sql: string, params: unknown, path: string): Promise<void> {
  const { output, signal } = session
  const format = formatOf[extname(path).toLowerCase()]
  if (!format) throw usageError(`--out ${path}: the ending says the format.`, Object.keys(formatOf).join(' '))
  const bar = new ProgressBar(output, path)
  const source = { project: session.project(), sql, params, format }
  const client = await session.client()
  const { bytes, sha256 } = await client.download(source, path, { signal, onProgress: bar.show }).finally(() => bar.end())
  if (output.isJson) return output.json({ path, bytes, sha256 })
  output.note(`${path}  ${byteText(bytes)}`)
}

async function show(session: Session, sql: string, params: unknown, limit: string): Promise<void> {
  if (!/^\d{1,7}$/.test(limit)) throw usageError(`--limit ${limit}: a whole number is wanted.`)
  const { output, signal } = session
  const variables = { project: session.project(), sql, params, limit: Number(limit) }
  const { executeSelect } = await (await session.client()).request(ExecuteSelect, variables, { signal })
  if (output.isJson) return output.json(executeSelect)
  const rows = executeSelect.rows.map((row) => (row as unknown[]).map(cellOf))
  await output.table(
    executeSelect.columns.map(({ name }) => name),
    rows,
  )
  if (executeSelect.truncated) output.note(`Only the first ${rows.length} rows. More with --limit, all with --csv or --out.`)
}

const cellOf = (value: unknown): string | number | boolean | null => {
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return value
  return typeof value === 'string' ? value : JSON.stringify(value)
}
