import pg from 'pg'
import { DbmsCloud } from './dbms-cloud.js'
import {
  type Database,
  type DatabaseAnswer,
  type DatabaseBind,
  type DatabaseColumn,
  type DatabaseSession,
  type Login,
  OracleFault,
} from './oracle-database.js'
import { dictionary, type Translated, toPostgres } from './oracle-dialect.js'

/**
 * A PostgreSQL in Oracle's place: real transactions, locks, privileges and views that can be written to. It takes the statements
 * of this server's, translated, and answers with Oracle's errors. Whether Oracle takes them too is not shown by it.
 */
export class PostgresAsOracle implements Database {
  readonly #roles = new Set<string>()
  readonly cloud: DbmsCloud = new DbmsCloud(this)
  /** Between the commit that a definition begins with, and the definition. */
  beforeDefinition: (sql: string) => void | Promise<void> = () => {}

  constructor(
    private readonly url: string,
    private readonly serverAccount: string,
  ) {}

  static async open(url: string, serverAccount: string): Promise<PostgresAsOracle> {
    const database = new PostgresAsOracle(url, serverAccount)
    await database.asSuperuser((client) => client.query(dictionary))
    return database
  }

  /** Roles are the whole server's: with the name of the database they are this one's. */
  roleOf(account: string): string {
    return `${new URL(this.url).pathname.slice(6)}:${account}`
  }

  async asSuperuser<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
    const client = new pg.Client({ connectionString: this.url })
    client.on('error', () => {})
    await client.connect()
    try {
      return await work(client)
    } finally {
      await client.end()
    }
  }

  async login({ user, client }: Login): Promise<DatabaseSession> {
    if (user !== this.serverAccount) throw new OracleFault(1017, 'invalid credential or not authorized; logon denied')
    const connection = new pg.Client({
      connectionString: this.url,
      types: { getTypeParser: () => (value: unknown) => value } as never,
    })
    await connection.connect()
    connection.on('error', () => {})
    try {
      await connection.query("set timezone to 'UTC'")
      if (client !== null) await connection.query(`set session authorization ${quoted(this.roleOf(client))}`)
    } catch (error) {
      await connection.end()
      throw new OracleFault(28150, `proxy not authorized to connect as client (${(error as Error).message})`)
    }
    return new PostgresSession(this, connection)
  }

  /**
   * Step by step as the administrator's procedure does (docs/oracle.md), whoever does the same meanwhile: three accounts, none of which
   * may do more than it must.
   */
  async createProject(owner: string): Promise<void> {
    const accounts = ['', '#R', '#W'].map((suffix) => this.roleOf(owner + suffix))
    const [own, reader, writer] = accounts.map(quoted)
    await this.asSuperuser(async (client) => {
      const unlessThere = (sql: string) => client.query(sql).catch((error) => thereAlready(error) || Promise.reject(error))
      const { rowCount: taken } = await client.query('select 1 from pg_roles where rolname = $1', [accounts[0]])
      const { rowCount: known } = await client.query('select 1 from oracle."PROJECTS" where "NAME" = $1', [owner])
      if (!known && taken) throw new OracleFault(20_002, "There is an account of that name which is no project's.")
      if (!known) await unlessThere(`insert into oracle."PROJECTS" values ('${owner}')`)
      for (const account of accounts) {
        this.#roles.add(account)
        await unlessThere(`create role ${quoted(account)}`)
      }
      await unlessThere(`create schema ${quoted(owner)} authorization ${own}`)
      await unlessThere(`grant usage on schema ${quoted(owner)} to ${reader}, ${writer}`)
    })
  }

  async close(): Promise<void> {
    await this.asSuperuser(async (client) => {
      await client.query(
        'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
      )
      for (const role of this.#roles) {
        await client.query(`drop owned by ${quoted(role)} cascade`)
        await client.query(`drop role ${quoted(role)}`)
      }
    })
  }
}

/** Also what PostgreSQL says when two do the same at once. */
const thereAlready = ({ code, message }: { code?: string; message: string }): boolean =>
  ['23505', '42710', '42P06'].includes(code ?? '') || /tuple concurrently updated/.test(message)

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`

class PostgresSession implements DatabaseSession {
  #owner = ''
  #isOpen = false
  #isReadOnly = false
  #isEnded = false

  constructor(
    private readonly database: PostgresAsOracle,
    private readonly client: pg.Client,
  ) {}

  async describe(sql: string): Promise<readonly DatabaseColumn[] | null> {
    const { text } = toPostgres(sql, () => 'NULL')
    return this.#inStatement(async () => {
      if (!/^[\s(]*(select|with)\b/i.test(sql)) {
        if (/^\s*(insert|update|delete|merge)\b/i.test(sql)) await this.#query(`EXPLAIN ${await this.#mergeable(text)}`, [])
        return null
      }
      return (await this.#query(`SELECT * FROM (${text}) q LIMIT 0`, [])).fields.map(columnOf)
    })
  }

  async execute(sql: string, sets: readonly (readonly DatabaseBind[])[], goesOn: boolean): Promise<DatabaseAnswer> {
    const block = /^BEGIN ROLLBACK; EXECUTE IMMEDIATE q'\[.*CURRENT_SCHEMA = (\S+)\]';( SET TRANSACTION READ ONLY;)? END;$/.exec(
      sql,
    )
    if (block) {
      await this.rollback()
      this.#owner = block[1]!
      this.#isReadOnly = block[2] !== undefined
      await this.client.query("select set_config('oracle.owner', $1, false), set_config('search_path', $2, false)", [
        this.#owner,
        `${quoted(this.#owner)}, oracle, pg_catalog`,
      ])
      return {}
    }
    if (/^BEGIN \w+\.CREATE_PROJECT\(:1\); END;$/.test(sql)) {
      await this.database.createProject(String(sets[0]![0]!.value))
      return {}
    }
    const called = /^BEGIN DBMS_CLOUD\.(\w+)\((.*)\); END;$/.exec(sql)
    if (called) {
      await this.commit()
      await this.database.cloud.call(called[1]!, called[2]!, sets[0] ?? [], { owner: this.#owner, client: this.client })
      return {}
    }
    if (/^\s*(CREATE|DROP|GRANT)\b/.test(sql)) return this.#define(sql)
    return this.#inStatement(async () => this.#run(toPostgres(sql), sets, goesOn))
  }

  async commit(): Promise<void> {
    if (this.#isOpen) await this.client.query('COMMIT')
    this.#isOpen = false
  }

  async rollback(): Promise<void> {
    if (this.#isOpen) await this.client.query('ROLLBACK')
    this.#isOpen = false
    this.#isReadOnly = false
  }

  cancel(): void {
    const { processID } = this.client as unknown as { processID: number }
    if (this.#isEnded) return
    this.database.asSuperuser((client) => client.query('select pg_cancel_backend($1)', [processID])).catch(() => {})
  }

  async close(): Promise<void> {
    this.#isEnded = true
    await this.client.end()
  }

  /** What a statement that fails has done is undone, and the transaction goes on: as in Oracle, and not in PostgreSQL. */
  async #inStatement<T>(work: () => Promise<T>): Promise<T> {
    if (!this.#isOpen) await this.client.query(this.#isReadOnly ? 'BEGIN READ ONLY' : 'BEGIN')
    this.#isOpen = true
    await this.client.query('SAVEPOINT statement')
    try {
      const result = await work()
      await this.client.query('RELEASE SAVEPOINT statement')
      return result
    } catch (error) {
      await this.client.query('ROLLBACK TO SAVEPOINT statement')
      throw faultOf(error)
    }
  }

  async #run(
    { text: translated, places }: Translated,
    sets: readonly (readonly DatabaseBind[])[],
    goesOn: boolean,
  ): Promise<DatabaseAnswer> {
    const text = await this.#mergeable(translated)
    if (goesOn && sets.length > 1) {
      await this.client.query('SAVEPOINT batch')
      try {
        return { rowsAffected: await this.#runTogether(text, places, sets), batchErrors: [] }
      } catch {
        await this.client.query('ROLLBACK TO SAVEPOINT batch')
      }
    }
    let rowsAffected = 0
    const batchErrors: { offset: number; fault: OracleFault }[] = []
    for (const [offset, binds] of sets.entries()) {
      if (goesOn) await this.client.query('SAVEPOINT one')
      try {
        const { fields, rows, rowCount } = await this.#query(text, valuesOf(places, binds))
        if (/^[\s(]*(select|with)\b/i.test(text)) {
          const columns = fields.map(columnOf)
          return { columns, rows: rows.map((row) => columns.map((column, i) => toOracle(column, row[i] ?? null))) }
        }
        rowsAffected += rowCount ?? 0
      } catch (error) {
        if (!goesOn) throw error
        await this.client.query('ROLLBACK TO SAVEPOINT one')
        batchErrors.push({ offset, fault: faultOf(error) })
      }
    }
    return { rowsAffected, batchErrors }
  }

  /** Many rows in one statement, where all of them are right. */
  async #runTogether(text: string, places: readonly number[], sets: readonly (readonly DatabaseBind[])[]): Promise<number> {
    const [, begin, row] = /^(INSERT INTO [^)]*\)\s*VALUES\s*)(\(.*\))$/is.exec(text) ?? []
    if (begin === undefined || row === undefined) {
      let count = 0
      for (const binds of sets) count += (await this.#query(text, valuesOf(places, binds))).rowCount ?? 0
      return count
    }
    for (let from = 0; from < sets.length; from += 500) {
      const part = sets.slice(from, from + 500)
      const rows = part.map((_, i) => row.replaceAll(/\$(\d+)/g, (_match, number) => `$${i * places.length + Number(number)}`))
      await this.#query(
        begin + rows.join(', '),
        part.flatMap((binds) => valuesOf(places, binds)),
      )
    }
    return sets.length
  }

  async #query(text: string, values: unknown[]): Promise<pg.QueryArrayResult<(string | Buffer | null)[]>> {
    return this.client.query({ text, values, rowMode: 'array', queryMode: 'extended' } as pg.QueryArrayConfig)
  }

  /** PostgreSQL merges into no view before 17: the table behind it, as its owner. */
  async #mergeable(text: string): Promise<string> {
    const [, name] = /^\s*merge into "([^"]+)"/i.exec(text) ?? []
    if (name === undefined) return text
    const { rows } = await this.client.query(`select "REFERENCED_NAME" from oracle."USER_DEPENDENCIES" where "NAME" = $1`, [name])
    if (rows.length === 0) return text
    const table = quoted(rows[0].REFERENCED_NAME)
    await this.client.query('RESET SESSION AUTHORIZATION')
    return text.replaceAll(`"${name}".`, `${table}.`).replace(`"${name}"`, table)
  }

  /** DDL commits, before and after. */
  async #define(sql: string): Promise<DatabaseAnswer> {
    await this.commit()
    await this.database.beforeDefinition(sql)
    const { text } = toPostgres(sql)
    // PostgreSQL fails of two definitions at once one that Oracle would let wait.
    await this.client.query('BEGIN; SELECT pg_advisory_xact_lock(1)')
    try {
      const [, view] = /^CREATE OR REPLACE VIEW "([^"]+)"/.exec(sql) ?? []
      if (view !== undefined) await this.#replaceView(view, text)
      else await this.client.query(this.#withRoles(text.replace(/ PURGE$|"PURGE"$/, '').replace(/"READ"/, 'SELECT')))
      await this.client.query('COMMIT')
    } catch (error) {
      await this.client.query('ROLLBACK')
      throw faultOf(error)
    }
    return {}
  }

  /** With other columns PostgreSQL cannot: what users may do with it is given anew. */
  async #replaceView(view: string, text: string): Promise<void> {
    await this.client.query(`DROP VIEW ${quoted(view)}`)
    await this.client.query(text.replace(/OR REPLACE /i, ''))
    const [reader, writer] = ['#R', '#W'].map((suffix) => quoted(this.database.roleOf(this.#owner + suffix)))
    await this.client.query(`GRANT SELECT ON ${quoted(view)} TO ${reader}`)
    await this.client.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON ${quoted(view)} TO ${writer}`)
  }

  #withRoles(text: string): string {
    return text.replace(/^(GRANT .* TO )"([^"]+)"$/, (_, grant, account) => `${grant}${quoted(this.database.roleOf(account))}`)
  }
}

/** The same parameter twice is bound twice. */
function valuesOf(places: readonly number[], binds: readonly DatabaseBind[]): unknown[] {
  const values: unknown[] = []
  for (const [i, number] of places.entries()) {
    const value = binds[i]?.value ?? null
    values[number - 1] = Buffer.isBuffer(value) || value === null ? value : String(value)
  }
  return values
}

const numeric = 1700
const columnTypes: Readonly<Record<number, DatabaseColumn['type']>> = {
  16: 'BOOLEAN',
  17: 'BLOB',
  114: 'JSON',
  700: 'BINARY_DOUBLE',
  701: 'BINARY_DOUBLE',
  1114: 'TIMESTAMP',
  1184: 'TIMESTAMP WITH TIME ZONE',
}

function columnOf({ name, dataTypeID, dataTypeModifier, tableID }: pg.FieldDef): DatabaseColumn {
  if ([20, 21, 23].includes(dataTypeID)) return { name, type: 'NUMBER', precision: 0, scale: -127 }
  if (dataTypeID === numeric)
    return dataTypeModifier < 0
      ? { name, type: 'NUMBER', precision: 0, scale: -127 }
      : { name, type: 'NUMBER', precision: ((dataTypeModifier - 4) >> 16) & 65_535, scale: (dataTypeModifier - 4) & 2047 }
  if (dataTypeID === 1114 && dataTypeModifier === 0) return { name, type: 'DATE' }
  const type = columnTypes[dataTypeID]
  if (type) return { name, type, precision: 6 }
  if (dataTypeID === 25 && tableID !== 0) return { name, type: 'CLOB' }
  return { name, type: 'VARCHAR2', size: dataTypeModifier > 4 ? dataTypeModifier - 4 : 4_000 }
}

function toOracle({ type }: DatabaseColumn, value: string | Buffer | null): unknown {
  if (value === null || value === '') return null
  if (type === 'BOOLEAN') return value === 't'
  if (type === 'BINARY_DOUBLE') return Number(value)
  if (type === 'BLOB') return Buffer.from(String(value).slice(2), 'hex')
  return value
}

/** https://www.postgresql.org/docs/15/errcodes-appendix.html */
const numbers: Readonly<Record<string, number>> = {
  '40001': 8177,
  '40P01': 60,
  '42P01': 942,
  '42501': 942,
  '3F000': 942,
  '42703': 904,
  '42601': 933,
  '42P07': 955,
  '22P02': 1722,
  '22003': 1438,
  '22001': 12_899,
  '23505': 1,
  '23502': 1400,
  '22012': 1476,
  '25006': 1456,
  '57014': 1013,
}

function faultOf(error: unknown): OracleFault {
  if (error instanceof OracleFault) return error
  const { code = '', message } = error as { code?: string; message: string }
  if (/terminat|Connection/i.test(message)) return new OracleFault(3113, 'end-of-file on communication channel')
  return new OracleFault(numbers[code] ?? 900, message)
}
