// Asks statements of a PostgreSQL connection, and makes their rows with less ado than pg, which has an event for each.
import pg, { type FieldDef, type PoolClient } from 'pg'

export interface Statement {
  /** Without a name and values it may be several statements: the last one is answered. */
  text: string
  /** Under which the connection keeps it prepared. */
  name?: string
  values?: unknown[]
}

export interface Answer {
  /** `SELECT`, `INSERT`. */
  command: string
  rowCount: number | null
  rows: Row[]
}

type Row = Record<string, unknown>

/** @param withinMs a database that has said nothing by then has stopped, or is cut off: the connection is closed */
export function ask(client: PoolClient, statement: Statement, withinMs: number): Promise<Answer> {
  return new Promise((resolve, reject) => {
    // Not `query_timeout`: with it V8 keeps the rows of every answer until it collects all garbage, which took a quarter of a server's time.
    const silence = setTimeout(() => client.connection.stream.destroy(new Error('Query read timeout')), withinMs)
    const query: RowQuery = new RowQuery(statement, undefined, (error, results) => {
      clearTimeout(silence)
      const failure = error ?? query.failure
      if (failure) return reject(failure)
      const { command, rowCount } = [results!].flat().at(-1)!
      resolve({ command, rowCount, rows: query.found })
    })
    client.query(query)
  })
}

type Parse = (text: string) => unknown
type Result = Pick<Answer, 'command' | 'rowCount'>
type Done = (error: Error | undefined, results: Result | Result[] | undefined) => void

/** https://github.com/brianc/node-postgres/blob/master/packages/pg/lib/query.js: what its types do not tell of. */
const PgQuery = pg.Query as unknown as new (
  statement: Statement,
  values: undefined,
  done: Done,
) => pg.Submittable & { handleRowDescription(message: { fields: FieldDef[] }): void }

class RowQuery extends PgQuery {
  found: Row[] = []
  /** Of a value that cannot be read. Thrown from here it would end the process. */
  failure: Error | undefined
  private names: string[] = []
  private parsers: Parse[] = []
  /** To begin a row with: an object that has all its properties at once is smaller, and quicker to read. */
  private blank: Row = {}

  override handleRowDescription(message: { fields: FieldDef[] }): void {
    super.handleRowDescription(message)
    this.found = []
    this.names = message.fields.map(({ name }) => name)
    this.parsers = message.fields.map(({ dataTypeID }) => parserOf(dataTypeID))
    this.blank = Object.fromEntries(this.names.map((name) => [name, null]))
  }

  handleDataRow({ fields }: { fields: (string | null)[] }): void {
    const { names, parsers } = this
    const row = { ...this.blank }
    try {
      for (let index = 0; index < names.length; index++) {
        const text = fields[index]!
        if (text !== null) row[names[index]!] = parsers[index]!(text)
      }
    } catch (error) {
      this.failure ??= error as Error
    }
    this.found.push(row)
  }
}

/** https://www.postgresql.org/docs/current/datatype-oid.html */
const oids = { bool: 16, int8: 20 }

/** Integers as numbers and truths as 0 and 1, as SQLite gives them. */
function parserOf(oid: number): Parse {
  if (oid === oids.int8) return wholeNumber
  if (oid === oids.bool) return (text) => (text === 't' ? 1 : 0)
  return pg.types.getTypeParser(oid, 'text')
}

function wholeNumber(text: string): number {
  const number = Number(text)
  if (!Number.isSafeInteger(number)) throw new RangeError('an integer of the catalog is beyond 2^53')
  return number
}
