// The double with Object Storage in a process of its own, for what is killed and what is measured: `startOciDoubleProcess`.
import { objectStorageService } from './object-storage-service.js'
import { startOciDouble } from './oci-double.js'
import type { OciFault } from './oci-faults.js'

export interface OciDoubleReady {
  url: string
  configFile: string
}

/** What it is told, one at a time; it answers each. */
export type OciDoubleOrder = { fault: OciFault } | { do: 'clear' | 'goDown' | 'goUp' } | { calls: string }

const double = await startOciDouble(objectStorageService('tenant', { digests: !process.argv.includes('--no-digests') }))
// Without a parent it would never end.
process.on('disconnect', () => void double.close().then(() => process.exit()))
process.on('message', async (order: OciDoubleOrder) => {
  process.send!((await answerTo(order)) ?? null)
})
process.send!({ url: double.url, configFile: await double.writeConfigFile() } satisfies OciDoubleReady)

async function answerTo(order: OciDoubleOrder): Promise<unknown> {
  if ('fault' in order) return double.faults.add(order.fault)
  if ('calls' in order) return double.calls(order.calls)
  if (order.do === 'clear') return double.faults.clear()
  return double[order.do]()
}
