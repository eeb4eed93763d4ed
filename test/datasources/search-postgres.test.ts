import { migrate } from '../../src/datasources/catalog/migrate.js'
import { databaseOf, openPool } from '../../src/datasources/catalog/postgres-catalog.js'
import { PostgresDriver } from '../../src/datasources/catalog/postgres-driver.js'
import { describeWith } from '../backends.js'
import { searchContract } from '../contracts/search-contract.js'
import { configOf, createDatabase } from '../postgres-database.js'

async function open() {
  const driver = new PostgresDriver(openPool(configOf(await createDatabase())))
  const db = databaseOf(driver)
  await migrate(db)
  return { db, close: () => db.destroy() }
}

describeWith('search on PostgreSQL', ['postgres'])('PostgreSQL', () => {
  searchContract('PostgreSQL', open, 30)
})
