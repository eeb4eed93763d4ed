import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openDuckdbLakehouse } from '../../src/datasources/lakehouse/duckdb-lakehouse.js'
import { lakehouseContract } from '../contracts/lakehouse-contract.js'
import { lakehouseVersionsContract } from '../contracts/lakehouse-versions-contract.js'

const open = async () => {
  const directory = await mkdtemp(join(tmpdir(), 'duckdb-lakehouse-'))
  const lakehouse = await openDuckdbLakehouse({ scheme: 'duckdb', directory, memoryLimitMb: 512, timeoutMs: 10_000 })
  return {
    lakehouse,
    close: async () => {
      await lakehouse.close()
      await rm(directory, { recursive: true, force: true })
    },
  }
}
lakehouseContract('duckdb', open)
lakehouseVersionsContract('duckdb', open)
