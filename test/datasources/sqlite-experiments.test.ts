import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openSqliteCatalog } from '../../src/datasources/catalog/sqlite-catalog.js'
import { experimentCatalogContract } from '../contracts/experiment-catalog-contract.js'

experimentCatalogContract('SQLite', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'dhuo-catalog-'))
  const catalog = await openSqliteCatalog({ scheme: 'sqlite', file: join(directory, 'catalog.db') })
  const close = async (): Promise<void> => {
    await catalog.close()
    await rm(directory, { recursive: true, force: true })
  }
  return { catalog, close }
})
