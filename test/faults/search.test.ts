import { describeWith } from '../backends.js'
import { searchContract } from '../contracts/search-contract.js'
import { openPostgres, openSqlite } from '../contracts/search-databases.js'

// Filters and orders by chance, many more than every day. Nothing is killed here.
searchContract('SQLite', openSqlite, 120)
describeWith('search on PostgreSQL', ['postgres'])('PostgreSQL', () => {
  searchContract('PostgreSQL', openPostgres, 120)
})
