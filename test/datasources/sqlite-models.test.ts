import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openSqliteCatalog } from '../../src/datasources/catalog/sqlite-catalog.js'
import { modelCatalogContract } from '../contracts/model-catalog-contract.js'

modelCatalogContract('the SQLite catalog', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'dhuo-catalog-'))
  const catalog = await openSqliteCatalog({ scheme: 'sqlite', file: join(directory, 'catalog.db') })
  return {
    catalog,
    close: async () => {
      await catalog.close()
      await rm(directory, { recursive: true })
    },
  }
})
