// Carries out a transaction again where it collided with another: of two that cannot both be, PostgreSQL ends one with an error.
import { setTimeout as sleep } from 'node:timers/promises'
import { DhuoError } from '../../errors.js'
import type { TransactionManner } from './catalog.js'
import type { PostgresDriver } from './postgres-driver.js'
import { isCollision } from './postgres-errors.js'
import { isUniqueViolation } from './sql-dialect.js'

const attempts = 12

export const postgresTransactions = (driver: Pick<PostgresDriver, 'wasCommitted'>): TransactionManner => ({
  transact: retryCollisions,
  wasCommitted: (error) => driver.wasCommitted(error),
})

/** @throws BACKEND_UNAVAILABLE when it collided every time */
async function retryCollisions<T>(attempt: () => Promise<T>): Promise<T> {
  let violations = 0
  for (let count = 1; ; count++)
    try {
      return await attempt()
    } catch (error) {
      // A key that was not there when `attempt` looked may be another's by now: it is to look once more before that is an answer.
      if (!isCollision(error) && !(isUniqueViolation(error) && violations++ === 0)) throw error
      if (count === attempts)
        throw new DhuoError(
          'BACKEND_UNAVAILABLE',
          'Too many others change the same in the catalog. Nothing was changed; try again.',
          {
            cause: error,
          },
        )
      await sleep(Math.random() * 2 ** Math.min(count, 7))
    }
}
