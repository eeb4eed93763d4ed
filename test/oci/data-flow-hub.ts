// A whole server whose pipelines run on the double of Data Flow.
import { createServer } from 'node:net'
import { createTestHub, type TestHub } from '../hub.js'
import { compartment, computeUrl, type DataFlowDouble, startDataFlowDouble } from './data-flow-double.js'
import type { DataFlowOptions } from './data-flow-service.js'

interface DataFlowHub {
  hub: TestHub
  double: DataFlowDouble
  close(): Promise<void>
}

interface DataFlowHubOptions extends DataFlowOptions {
  /** Objects are in OCI too. */
  isStoredThere?: boolean
  /** Seconds, as the URL has them. */
  poll?: string
  settings?: Record<string, string>
}

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })

/** What a server needs to know of the double. Scripts that run on find it at the same address after a restart. */
export async function dataFlowSettings(
  { oci }: DataFlowDouble,
  { isStoredThere = false, poll = '0.1-1' }: Pick<DataFlowHubOptions, 'isStoredThere' | 'poll'> = {},
): Promise<Record<string, string>> {
  return {
    PORT: String(await freePort()),
    DHUO_COMPUTE_URL: `${computeUrl}&poll=${poll}`,
    ...(isStoredThere && { DHUO_STORAGE_URL: `oci://tenant?compartment=${compartment}` }),
    DHUO_OCI_ENDPOINT: oci.url,
    DHUO_OCI_CONFIG_FILE: await oci.writeConfigFile(),
    DHUO_LEASE_SECONDS: '1',
  }
}

export async function openDataFlowHub({
  isStoredThere,
  poll,
  settings,
  ...options
}: DataFlowHubOptions = {}): Promise<DataFlowHub> {
  const double = await startDataFlowDouble({ acceptMs: 150, logsMs: 100, cancelMs: 100, ...options })
  const of = { ...(isStoredThere && { isStoredThere }), ...(poll && { poll }) }
  const hub = await createTestHub({ ...(await dataFlowSettings(double, of)), ...settings }).catch(async (error: unknown) => {
    await double.close()
    throw error
  })
  return {
    hub,
    double,
    async close() {
      await hub.close()
      await double.close()
    },
  }
}
