// Runs an INSERT, UPDATE, DELETE or MERGE of a user's on Oracle for each set of parameters, all or nothing.
import { setTimeout as sleep } from 'node:timers/promises'
import oracledb from 'oracledb'
import { badInput, DhuoError, isDhuoError } from '../../errors.js'
import type { Parameters } from './lakehouse.js'
import { isLost, isOracleConflict } from './oracle-errors.js'
import { type BindBatch, batchesOf, bindsOf, type OracleBinds } from './oracle-parameters.js'
import type { OracleSession } from './oracle-session.js'
import type { OracleStatement } from './oracle-statement.js'
import { withBatchIndex } from './parameter-values.js'

const allowed: ReadonlySet<number | undefined> = new Set([
  oracledb.STMT_TYPE_INSERT,
  oracledb.STMT_TYPE_UPDATE,
  oracledb.STMT_TYPE_DELETE,
  oracledb.STMT_TYPE_MERGE,
])
const onlyDml = 'Only one INSERT, UPDATE, DELETE or MERGE is allowed here'

/** How often a transaction that lost against another one is run again. Nothing of it was there, so that is safe. */
const attempts = 4

/** @returns the rows of all sets together */
export async function runOracleDml(
  session: OracleSession,
  statement: OracleStatement,
  paramSets: readonly (Parameters | undefined)[],
): Promise<number> {
  const { connection } = session
  // Not sent at all: Oracle carries out DDL while it reads it.
  if (!/^(INSERT|UPDATE|DELETE|MERGE)$/.test(statement.firstWord))
    throw badInput('sql', `${onlyDml}${statement.firstWord ? `, not ${statement.firstWord}` : ''}.`)
  const { statementType, bindNames = [] } = await connection.getStatementInfo(statement.text)
  if (!allowed.has(statementType) || bindNames.length !== statement.names.length) throw badInput('sql', `${onlyDml}.`)
  const sets = [...bindEach(statement, paramSets, session.has23ai)]
  for (let attempt = 1; ; attempt++) {
    try {
      let rows = 0
      for (const batch of batchesOf(sets)) rows += await runBatch(session, statement, batch, paramSets.length > 1)
      await commit(connection)
      return rows
    } catch (error) {
      if (isDhuoError(error) || isLost(error) || session.time.reason) throw error
      await connection.rollback()
      if (attempt === attempts || !isOracleConflict(error)) throw error
      await sleep(Math.random() * 20 * attempt)
    }
  }
}

/** Before it nothing is there, and after it all; when the connection is lost meanwhile nobody knows. */
async function commit(connection: oracledb.Connection): Promise<void> {
  try {
    await connection.commit()
  } catch (error) {
    if (!isLost(error)) throw error
    throw new DhuoError(
      'BACKEND_UNAVAILABLE',
      "The connection to the lakehouse's database was lost as the change was being completed: whether it is there is not known. Look before you send it again.",
      { cause: error },
    )
  }
}

function* bindEach(
  statement: OracleStatement,
  paramSets: readonly (Parameters | undefined)[],
  has23ai: boolean,
): Generator<OracleBinds> {
  for (const [index, params] of paramSets.entries()) {
    try {
      yield bindsOf(statement, params, has23ai)
    } catch (error) {
      throw paramSets.length > 1 ? withBatchIndex(error, index) : error
    }
  }
}

async function runBatch(session: OracleSession, statement: OracleStatement, batch: BindBatch, isMany: boolean): Promise<number> {
  const { connection } = session
  const { from, types, rows } = batch
  try {
    if (rows.length === 1) {
      const binds = Object.entries(rows[0]!).map(([name, val]) => [name, { type: types[name]!.type, val }])
      return (await connection.execute(statement.text, Object.fromEntries(binds))).rowsAffected ?? 0
    }
    // Only so does the driver say which set it was. https://node-oracledb.readthedocs.io/en/latest/user_guide/batch_statement.html
    const { rowsAffected = 0, batchErrors = [] } = await connection.executeMany(
      statement.text,
      rows as oracledb.BindParameters[],
      {
        bindDefs: types,
        batchErrors: true,
      },
    )
    const [first] = batchErrors
    if (first === undefined) return rowsAffected
    const { message, offset = 0 } = first
    throw withBatchIndex(session.clientError(new BatchError(message)), from + offset)
  } catch (error) {
    if (!isMany || isDhuoError(error) || session.time.reason || isLost(error) || isOracleConflict(error)) throw error
    throw withBatchIndex(session.clientError(error), from)
  }
}

/** What the driver gives for a set of a batch has no code but in its words. */
class BatchError extends Error {
  override readonly name = 'BatchError'
  readonly code = /^ORA-\d{5}/.exec(this.message)?.[0]
}
