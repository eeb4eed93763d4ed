// Looks at the directory of the object storage: that it can be written to and has room.
import type { LocalStorageConfig } from '../../config/storage-config.js'
import { probeDirectory } from '../../diagnosis/directory-probe.js'
import type { Diagnosis } from '../../diagnosis/finding.js'

export const diagnoseLocalObjectStorage = ({ directory }: LocalStorageConfig): Diagnosis =>
  async function* () {
    yield* probeDirectory(directory, 'DHUO_STORAGE_URL', { warn: 5 * 1_024, fail: 256 })
  }
