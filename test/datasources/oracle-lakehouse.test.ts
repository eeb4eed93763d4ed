import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { OracleLakehouseConfig } from '../../src/config/lakehouse-config.js'
import { readConfig } from '../../src/config.js'
import { openOracleLakehouse } from '../../src/datasources/lakehouse/oracle-lakehouse.js'
import { createLogger } from '../../src/logger.js'
import { describeWith } from '../backends.js'
import { lakehouseContract } from '../contracts/lakehouse-contract.js'
import { lakehouseVersionsContract } from '../contracts/lakehouse-versions-contract.js'
import { openOverPostgres } from '../oracle/oracle-lakehouse-over-postgres.js'

describeWith('the lake house on a double of Oracle', ['postgres'])('', () => {
  lakehouseContract('oracle, over a double of it,', openOverPostgres)
  lakehouseVersionsContract('oracle, over a double of it,', openOverPostgres)
})

/** A real one, prepared as docs/oracle.md says. Its projects stay. */
const url = process.env['DHUO_TEST_ORACLE_URL']
if (!url)
  console.warn('skipped: nothing is tested on a real Oracle Database, for DHUO_TEST_ORACLE_URL is not set (docs/oracle.md)')
;(url ? describe : describe.skip)('', () => {
  const open = async () => {
    const home = await mkdtemp(join(tmpdir(), 'oracle-lakehouse-'))
    const lakehouse = await openOracleLakehouse(
      readConfig({
        DHUO_LAKEHOUSE_URL: url,
        DHUO_ORACLE_USER: process.env['DHUO_TEST_ORACLE_USER'],
        DHUO_ORACLE_PASSWORD: process.env['DHUO_TEST_ORACLE_PASSWORD'],
        DHUO_ORACLE_WALLET: process.env['DHUO_TEST_ORACLE_WALLET'],
        DHUO_ORACLE_WALLET_PASSWORD: process.env['DHUO_TEST_ORACLE_WALLET_PASSWORD'],
        DHUO_HOME: home,
      }).lakehouse as OracleLakehouseConfig,
      createLogger('silent'),
    )
    return {
      lakehouse,
      close: async () => {
        await lakehouse.close()
        await rm(home, { recursive: true, force: true })
      },
    }
  }
  lakehouseContract('oracle', open)
  lakehouseVersionsContract('oracle', open)
})
