import { openOciObjectStorage } from '../../src/datasources/storage/oci-object-storage.js'
import { createLogger } from '../../src/logger.js'
import { objectStorageContract } from '../contracts/object-storage-contract.js'
import { objectStorageService } from '../oci/object-storage-service.js'
import { startOciDouble } from '../oci/oci-double.js'
import { settingsFor } from '../oci/oci-settings.js'

const log = createLogger('silent')
const address = { region: null, endpoint: null }
const sizes = { partSize: 256 * 1024, pieceSize: 256 * 1024, directFrom: 0 }

for (const directTransfer of [true, false])
  objectStorageContract(`the object storage of OCI, ${directTransfer ? 'with' : 'without'} direct transfer,`, async () => {
    const double = await startOciDouble(objectStorageService('tenant'))
    const config = {
      scheme: 'oci',
      namespace: 'tenant',
      compartment: 'ocid1.compartment.oc1..a',
      address,
      directTransfer,
    } as const
    const oci = await settingsFor(double)
    const storage = await openOciObjectStorage(config, oci, log, sizes)
    const another = await openOciObjectStorage(config, oci, log, sizes)
    return {
      storage,
      another,
      async close() {
        await storage.close()
        await another.close()
        await double.close()
      },
    }
  })
