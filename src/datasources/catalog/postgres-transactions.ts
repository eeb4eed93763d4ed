// Carries out a transaction again where it collided with another: of two that cannot both be, PostgreSQL ends one with an error.
import type { Kysely } from 'kysely'
import type { TransactionManner } from './catalog.js'
import type { PostgresDriver } from './postgres-driver.js'
import { isCollision, tooManyOthers } from './postgres-errors.js'
import { isUniqueViolation } from './sql-dialect.js'
import type { Tables } from './tables.js'

const attempts = 8

/**
 * What is read is remembered by pages of indexes, and ids are in the order of time: transactions that are under way together
 * have as a rule read a page that the other one writes, and one is ended for it. So it is tried once among the others, and then
 * alone, which cannot collide again but with single statements.
 */
export function postgresTransactions(
  driver: PostgresDriver,
  databaseOf: (driver: PostgresDriver) => Kysely<Tables>,
): TransactionManner {
  const crowd = databaseOf(driver.taking('together'))
  const alone = databaseOf(driver.taking('alone'))
  const inTurn = takeTurns()
  return {
    wasCommitted: (error) => driver.wasCommitted(error),
    async transact(attempt) {
      let violations = 0
      for (let count = 1; ; count++)
        try {
          return await (count === 1 ? attempt(crowd) : inTurn(() => attempt(alone)))
        } catch (error) {
          // A key that was not there when `attempt` looked may be another's by now: it is to look once more before that is an answer.
          if (!isCollision(error) && !(isUniqueViolation(error) && violations++ === 0)) throw error
          if (count === attempts) throw tooManyOthers(error)
        }
    },
  }
}

/** Those of this server one after the other: while they wait they have no connection. */
function takeTurns(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    const result = last.then(work)
    last = result.catch(() => {})
    return result
  }
}
