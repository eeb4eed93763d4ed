import { openPostgresCatalog } from '../../src/datasources/catalog/postgres-catalog.js'
import { describeWith } from '../backends.js'
import { catalogContract } from '../contracts/catalog-contract.js'
import { experimentCatalogContract } from '../contracts/experiment-catalog-contract.js'
import { modelCatalogContract } from '../contracts/model-catalog-contract.js'
import { configOf, createDatabase } from '../postgres-database.js'

const open = async () => {
  const catalog = await openPostgresCatalog(configOf(await createDatabase()))
  return { catalog, close: () => catalog.close() }
}

describeWith('the PostgreSQL catalog', ['postgres'])('PostgreSQL', () => {
  catalogContract('the PostgreSQL catalog', open)
  experimentCatalogContract('PostgreSQL', open)
  modelCatalogContract('the PostgreSQL catalog', open)
})
