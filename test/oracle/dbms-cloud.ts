import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { DuckDBInstance } from '@duckdb/node-api'
import type pg from 'pg'
import { type DatabaseBind, OracleFault } from './oracle-database.js'
import type { PostgresAsOracle } from './postgres-as-oracle.js'

interface Caller {
  owner: string
  client: pg.Client
}

/** What of `format` the package knows, of what this server uses: names and values as its own source has them. */
const formatKeys = new Set(
  'type schema delimiter skipheaders compression characterset trimspaces ignoreblanklines rejectlimit'.split(' '),
)

/**
 * A stand-in of Oracle's package DBMS_CLOUD: it wants the arguments that the package wants, really fetches the file, loads all of it
 * or nothing, and keeps the account and the tables of a load until somebody deletes them. It was compared with the declaration of the
 * package, and with no real one.
 */
export class DbmsCloud {
  /** How it was called: the arguments by name. */
  readonly calls: Record<string, string>[] = []
  /** Called while a load is under way. */
  whileLoading: () => void | Promise<void> = () => {}

  constructor(private readonly database: PostgresAsOracle) {}

  /** Who may not call it does not see it. */
  async grant(isGranted: boolean): Promise<void> {
    await this.database.asSuperuser((client) =>
      client.query(
        isGranted
          ? `insert into oracle."ALL_PROCEDURES" values ('DBMS_CLOUD', 'COPY_DATA')`
          : 'delete from oracle."ALL_PROCEDURES"',
      ),
    )
  }

  async call(procedure: string, list: string, binds: readonly DatabaseBind[], caller: Caller): Promise<void> {
    const { rowCount } = await caller.client.query('select 1 from oracle."ALL_PROCEDURES"')
    if (!rowCount) throw new OracleFault(6550, "PLS-00201: identifier 'DBMS_CLOUD' must be declared")
    if (procedure === 'DELETE_OPERATION') return this.#delete(Number(binds[0]!.value), caller)
    if (procedure !== 'COPY_DATA') throw new OracleFault(6550, `PLS-00302: component '${procedure}' must be declared`)
    const given = Object.fromEntries(
      list.split(', ').map((argument) => {
        const [, name, place] = /^(\w+) => :(\d)$/.exec(argument) ?? []
        if (name === undefined) throw new OracleFault(6550, 'PLS-00306: wrong number or types of arguments')
        return [name, String(binds[Number(place) - 1]!.value)]
      }),
    )
    this.calls.push(given)
    await this.#copy(given, caller)
  }

  async #copy(
    { table_name: table, file_uri_list: url, format: formatText, field_list: fields }: Record<string, string>,
    caller: Caller,
  ) {
    if (!table || !url || !formatText) throw new OracleFault(6550, 'PLS-00306: wrong number or types of arguments')
    const format = JSON.parse(formatText) as Record<string, string>
    for (const [key, value] of Object.entries(format))
      if (!formatKeys.has(key) || typeof value !== 'string') throw new OracleFault(20_009, `Invalid format parameter: ${key}`)
    if (/[?*,]/.test(url)) throw new OracleFault(20_011, `Invalid object uri - ${url}`)
    if (!/^(https:|http:\/\/127\.0\.0\.1:)/.test(url)) throw new OracleFault(20_006, `Unsupported object store URI - ${url}`)
    const id = await this.#begin(table, url, caller)
    await this.whileLoading()
    const response = await fetch(url)
    if (response.status !== 200) throw new OracleFault(20_404, 'Object not found')
    const bytes = Buffer.from(await response.arrayBuffer())
    const rows = format['type'] === 'PARQUET' ? await rowsOfParquet(bytes) : rowsOfCsv(bytes, format, fields)
    if (rows === null)
      throw new OracleFault(20_003, `Reject limit reached, query table "${caller.owner}"."COPY$${id}_LOG" for error details`)
    try {
      await caller.client.query('BEGIN')
      for (let from = 0; from < rows.length; from += 500) {
        const part = rows.slice(from, from + 500)
        const places = part.map((row, i) => `(${row.map((_, j) => `$${i * row.length + j + 1}`).join(', ')})`)
        await caller.client.query(`INSERT INTO "${table}" VALUES ${places.join(', ')}`, part.flat())
      }
      await caller.client.query('COMMIT')
    } catch (error) {
      await caller.client.query('ROLLBACK')
      throw new OracleFault(
        20_003,
        `Reject limit reached, query table "COPY$${id}_LOG" for error details: ${(error as Error).message}`,
      )
    }
    await this.database.asSuperuser((client) =>
      client.query(`update oracle."LOAD_OPERATIONS" set "STATUS" = 'COMPLETED' where "ID" = $1`, [id]),
    )
  }

  async #begin(table: string, url: string, { owner, client }: Caller): Promise<number> {
    const { rows } = await this.database.asSuperuser((superuser) =>
      superuser.query(
        `insert into oracle."LOAD_OPERATIONS" ("OWNER", "TABLE_NAME", "FILE_URI_LIST", "STATUS") values ($1, $2, $3, 'FAILED') returning "ID"`,
        [owner, table, url],
      ),
    )
    const id = rows[0].ID as number
    for (const kind of ['LOG', 'BAD']) await client.query(`CREATE TABLE "COPY$${id}_${kind}" ("RECORD" text)`)
    return id
  }

  async #delete(id: number, { owner, client }: Caller): Promise<void> {
    const { rowCount } = await this.database.asSuperuser((superuser) =>
      superuser.query('delete from oracle."LOAD_OPERATIONS" where "ID" = $1 and "OWNER" = $2', [id, owner]),
    )
    if (!rowCount) throw new OracleFault(20_027, 'Invalid operation')
    for (const kind of ['LOG', 'BAD']) await client.query(`DROP TABLE "COPY$${id}_${kind}"`)
  }
}

/** Null where a record is refused: of other fields than the list has, or longer ones. */
function rowsOfCsv(bytes: Buffer, format: Record<string, string>, list: string | undefined): (string | null)[][] | null {
  if (format['type'] !== 'CSV WITH EMBEDDED' || format['characterset'] !== 'AL32UTF8' || format['rejectlimit'] !== '0')
    throw new OracleFault(20_009, 'Invalid format')
  const fields = (list ?? '').split(', ').map((field) => Number(/^C\d+ CHAR\((\d+)\)$/.exec(field)?.[1]))
  const text = (format['compression'] === 'gzip' ? gunzipSync(bytes) : bytes).toString()
  const records = recordsOf(text, format['delimiter']!).slice(Number(format['skipheaders'] ?? 0))
  if (
    records.some((record) => record.length !== fields.length || record.some((field, i) => Buffer.byteLength(field) > fields[i]!))
  )
    return null
  return records.map((record) => record.map((field) => (field === '' ? null : field)))
}

function recordsOf(text: string, delimiter: string): string[][] {
  const records: string[][] = []
  let record: string[] = []
  for (const [, quoted, plain = '', end = ''] of text.matchAll(
    new RegExp(`(?:"((?:[^"]|"")*)"|([^"${delimiter}\\r\\n]*))(${delimiter === '|' ? '\\|' : delimiter}|\\r?\\n|$)`, 'g'),
  )) {
    record.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'))
    if (end === delimiter) continue
    if (record.length > 1 || record[0] !== '') records.push(record)
    record = []
  }
  return records
}

async function rowsOfParquet(bytes: Buffer): Promise<(string | null)[][]> {
  const directory = await mkdtemp(join(tmpdir(), 'dbms-cloud-'))
  try {
    const file = join(directory, 'file.parquet')
    await writeFile(file, bytes)
    const connection = await (await DuckDBInstance.create()).connect()
    const reader = await connection.runAndReadAll(`SELECT CAST(COLUMNS(*) AS VARCHAR) FROM '${file}'`)
    return reader.getRows() as (string | null)[][]
  } finally {
    await rm(directory, { recursive: true })
  }
}
