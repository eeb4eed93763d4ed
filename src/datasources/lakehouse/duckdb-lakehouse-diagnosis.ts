// Looks at the embedded lake house: that DuckDB's library loads here, and that its directory can be written to and has room.
import type { DuckdbLakehouseConfig } from '../../config/lakehouse-config.js'
import { probeDirectory } from '../../diagnosis/directory-probe.js'
import { type Diagnosis, look } from '../../diagnosis/finding.js'

export const diagnoseDuckdbLakehouse = ({ directory }: DuckdbLakehouseConfig): Diagnosis =>
  async function* () {
    yield* probeDirectory(directory, 'DHUO_LAKEHOUSE_URL', { warn: 5 * 1_024, fail: 256 })
    yield await look(
      'library',
      async () => {
        // Here, not above: that a library for this platform is missing is a finding.
        const { DuckDBInstance } = await import('@duckdb/node-api')
        const instance = await DuckDBInstance.create(':memory:')
        try {
          const connection = await instance.connect()
          const [[version]] = (await connection.runAndReadAll('select version()')).getRows() as [[string]]
          return `DuckDB ${version}`
        } finally {
          instance.closeSync()
        }
      },
      () => 'npm ci installs it for this platform: linux-x64, linux-arm64, darwin, win32-x64.',
    )
  }
