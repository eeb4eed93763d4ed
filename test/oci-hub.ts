import type { Logger } from '../src/logger.js'
import { createTestHub, type TestHub } from './hub.js'
import { type OciStorage, startOciStorage } from './oci/oci-storage.js'

export type OciHub = OciStorage & { hub: TestHub }

/** A whole server whose objects are in a double of OCI. */
export async function createOciHub(settings: Record<string, string> = {}, log?: Logger): Promise<OciHub> {
  const oci = await startOciStorage()
  const hub = await createTestHub({ ...oci.settings, ...settings }, log)
  return {
    ...oci,
    hub,
    async close() {
      await hub.close()
      await oci.close()
    },
  }
}
