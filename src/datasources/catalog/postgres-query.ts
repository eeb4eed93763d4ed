// Asks one prepared statement of a PostgreSQL connection, and makes its rows with less ado than pg, which has an event for each.
import pg, { type FieldDef, type PoolClient } from 'pg'

export interface Answer {
  /** `SELECT`, `INSERT`. */
  command: string
  rowCount: number | null
  rows: Record<string, unknown>[]
}

/** @param statement `name`: under which the connection keeps it prepared */
export function ask(client: PoolClient, statement: { name?: string; text: string; values: unknown[] }): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const query: RowQuery = new RowQuery(statement, undefined, (error, result) => {
      const failure = error ?? query.failure
      if (failure) reject(failure)
      else resolve({ command: result!.command, rowCount: result!.rowCount, rows: query.found })
    })
    client.query(query)
  })
}

type Parse = (text: string) => unknown
type Done = (error: Error | undefined, result: { command: string; rowCount: number | null } | undefined) => void

/** https://github.com/brianc/node-postgres/blob/master/packages/pg/lib/query.js: what its types do not tell of. */
const PgQuery = pg.Query as unknown as new (
  statement: object,
  values: undefined,
  done: Done,
) => pg.Submittable & { handleRowDescription(message: { fields: FieldDef[] }): void }

class RowQuery extends PgQuery {
  readonly found: Record<string, unknown>[] = []
  /** Of a value that cannot be read. Thrown from here it would end the process. */
  failure: Error | undefined
  private names: string[] = []
  private parsers: Parse[] = []

  override handleRowDescription(message: { fields: FieldDef[] }): void {
    super.handleRowDescription(message)
    this.names = message.fields.map(({ name }) => name)
    this.parsers = message.fields.map(({ dataTypeID }) => parserOf(dataTypeID))
  }

  handleDataRow({ fields }: { fields: (string | null)[] }): void {
    const { names, parsers } = this
    const row: Record<string, unknown> = {}
    try {
      for (let index = 0; index < names.length; index++) {
        const text = fields[index]!
        row[names[index]!] = text === null ? null : parsers[index]!(text)
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
