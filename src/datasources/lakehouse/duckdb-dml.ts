// Runs an INSERT, UPDATE, DELETE or MERGE for each set of parameters, all or nothing.
import { setTimeout as sleep } from 'node:timers/promises'
import { type DuckDBPreparedStatement, ResultReturnType, StatementType } from '@duckdb/node-api'
import { badInput } from '../../errors.js'
import { checkDml } from './duckdb-dml-check.js'
import { isConflict } from './duckdb-errors.js'
import { bindParameters } from './duckdb-parameters.js'
import { checkOneStatement } from './duckdb-select.js'
import type { Session } from './duckdb-session.js'
import type { Parameters } from './lakehouse.js'
import { withBatchIndex } from './parameter-values.js'
import { checkLength } from './statement-length.js'

const allowed: ReadonlySet<StatementType> = new Set([
  StatementType.INSERT,
  StatementType.UPDATE,
  StatementType.DELETE,
  StatementType.MERGE_INTO,
])
const onlyDml = 'Only one INSERT, UPDATE, DELETE or MERGE is allowed here'

/** How often a transaction that lost against another one is run again. Nothing of it was there, so that is safe. */
const attempts = 6

/** @returns the rows of all sets together */
export async function runDml(
  session: Session,
  schema: string,
  sql: string,
  paramSets: readonly (Parameters | undefined)[],
): Promise<number> {
  const { connection } = session
  checkLength(sql)
  await checkOneStatement(connection, sql)
  // The database decides below. But preparing is not without effect for all there is (PRAGMA), so the obvious stays out.
  const text = checkDml(sql, schema)
  if (!/^[\s;]*(INSERT|UPDATE|DELETE|MERGE|WITH|FROM|TRUNCATE)\b/i.test(text)) throw badInput('sql', `${onlyDml}.`)
  for (let attempt = 1; ; attempt++) {
    await connection.run('BEGIN TRANSACTION')
    try {
      const statement = await connection.prepare(text)
      if (!allowed.has(statement.statementType))
        throw badInput('sql', `${onlyDml}, not ${(StatementType[statement.statementType] ?? 'this').replaceAll('_', ' ')}.`)
      let rows = 0
      for (const [index, params] of paramSets.entries()) {
        try {
          rows += await runOnce(statement, params)
        } catch (error) {
          if (session.stopped || isConflict(error)) throw error
          const translated = session.errorFor(error)
          throw paramSets.length > 1 ? withBatchIndex(translated, index) : translated
        }
      }
      await connection.run('COMMIT')
      return rows
    } catch (error) {
      await connection.run('ROLLBACK').catch(() => {})
      if (session.stopped || attempt === attempts || !isConflict(error)) throw error
      await sleep(Math.random() * 20 * attempt)
    }
  }
}

async function runOnce(statement: DuckDBPreparedStatement, params: Parameters | undefined): Promise<number> {
  bindParameters(statement, params)
  const result = await statement.run()
  if (result.returnType === ResultReturnType.QUERY_RESULT)
    throw badInput('sql', 'RETURNING is not available here: a change says how many rows it was. Read them with a SELECT.')
  return result.rowsChanged
}
