import { describeWith } from '../backends.js'
import { searchContract } from '../contracts/search-contract.js'
import { openPostgres } from '../contracts/search-databases.js'

describeWith('search on PostgreSQL', ['postgres'])('PostgreSQL', () => {
  searchContract('PostgreSQL', openPostgres, 30)
})
