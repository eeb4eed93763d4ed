/** What stands behind the listener: something that takes SQL. */

/** By Oracle's number of the type; `form` is 2 for national characters. https://docs.oracle.com/en/database/oracle/oracle-database/23/lnoci/data-types.html */
export const oracleTypes = {
  VARCHAR2: { number: 1, form: 1 },
  NVARCHAR2: { number: 1, form: 2 },
  NUMBER: { number: 2, form: 0 },
  LONG: { number: 8, form: 1 },
  ROWID: { number: 11, form: 0 },
  DATE: { number: 12, form: 0 },
  RAW: { number: 23, form: 0 },
  'LONG RAW': { number: 24, form: 0 },
  CHAR: { number: 96, form: 1 },
  BINARY_FLOAT: { number: 100, form: 0 },
  BINARY_DOUBLE: { number: 101, form: 0 },
  CURSOR: { number: 102, form: 0 },
  CLOB: { number: 112, form: 1 },
  NCLOB: { number: 112, form: 2 },
  BLOB: { number: 113, form: 0 },
  BFILE: { number: 114, form: 0 },
  JSON: { number: 119, form: 0 },
  VECTOR: { number: 127, form: 0 },
  TIMESTAMP: { number: 180, form: 0 },
  'TIMESTAMP WITH TIME ZONE': { number: 181, form: 0 },
  'INTERVAL YEAR TO MONTH': { number: 182, form: 0 },
  'INTERVAL DAY TO SECOND': { number: 183, form: 0 },
  'TIMESTAMP WITH LOCAL TIME ZONE': { number: 231, form: 0 },
  BOOLEAN: { number: 252, form: 0 },
} as const
export type OracleTypeName = keyof typeof oracleTypes

export interface DatabaseColumn {
  name: string
  type: OracleTypeName
  precision?: number
  scale?: number
  /** Bytes of text and RAW. */
  size?: number
  nullable?: boolean
  /** CHECK (… IS JSON), or OSON where it is binary. */
  json?: 'JSON' | 'OSON'
}

export interface DatabaseBind {
  type: OracleTypeName
  value: string | number | boolean | Buffer | null
}

export interface DatabaseAnswer {
  /** Of a query. Values as the type has them: numbers as their digits, binary and LOBs whole, intervals and vectors as their parts. */
  columns?: readonly DatabaseColumn[]
  rows?: readonly (readonly unknown[])[]
  rowsAffected?: number
  /** Of a batch that goes on after an error. */
  batchErrors?: readonly { offset: number; fault: OracleFault }[]
}

/** An error as Oracle tells it. */
export class OracleFault extends Error {
  override readonly name = 'OracleFault'
  constructor(
    readonly number: number,
    message: string,
    /** In the statement, from 0. */
    readonly offset = 0,
  ) {
    super(`ORA-${String(number).padStart(5, '0')}: ${message}`)
  }
}

export interface DatabaseSession {
  /** The columns of a query, null of anything else. Nothing is run. */
  describe(sql: string): Promise<readonly DatabaseColumn[] | null>
  /** @param sets of binds in the order of the places; one for a query */
  execute(sql: string, sets: readonly (readonly DatabaseBind[])[], goesOn: boolean): Promise<DatabaseAnswer>
  commit(): Promise<void>
  rollback(): Promise<void>
  /** What runs ends with ORA-01013. */
  cancel(): void
  close(): Promise<void>
}

export interface Login {
  user: string
  password: string
  /** The account that `user` speaks for. */
  client: string | null
}

export interface Database {
  /** @throws OracleFault when it may not come in */
  login(login: Login): Promise<DatabaseSession>
}
