// A double of OCI with Object Storage alone, and what a server has to be told to keep its objects there.
import { type ObjectStorageService, objectStorageService } from './object-storage-service.js'
import { type OciDouble, startOciDouble } from './oci-double.js'

export interface OciStorage {
  double: OciDouble
  objectStorage: ObjectStorageService
  /** Environment variables of the server. */
  settings: Record<string, string>
  close(): Promise<void>
}

export async function startOciStorage(): Promise<OciStorage> {
  const objectStorage = objectStorageService('tenant')
  const double = await startOciDouble(objectStorage)
  return {
    double,
    objectStorage,
    settings: {
      DHUO_STORAGE_URL: 'oci://tenant?compartment=ocid1.compartment.oc1..hub',
      DHUO_OCI_CONFIG_FILE: await double.writeConfigFile(),
      DHUO_OCI_ENDPOINT: double.url,
      DHUO_OCI_TIMEOUT_SECONDS: '5',
    },
    close: () => double.close(),
  }
}
