// Data Flow and Object Storage on one double, and the settings of a runner for them.
import { randomUUID } from 'node:crypto'
import { type DataFlowConfig, dataFlowOf } from '../../src/config/data-flow-url.js'
import { type DataFlowOptions, type DataFlowService, dataFlowService } from './data-flow-service.js'
import { type ObjectStorageService, objectStorageService } from './object-storage-service.js'
import { type OciDouble, startOciDouble } from './oci-double.js'
import type { OciService } from './oci-service.js'

export const compartment = 'ocid1.compartment.oc1..a'
export const filesBucket = 'dhuo-files'
export const computeUrl = `oci-dataflow://${compartment}?files=oci://${filesBucket}@tenant/work/`

/** Quick enough for tests; what they stand for is told by `mirrorTimes` and `watchTimes`. */
export const quickTimes = {
  ...{ leastMs: 50, quietMs: 150, mostMs: 1_000, callsPerSecond: 40, missingMs: 2_000 },
  ...{ linesMs: 100, logsMs: 3_000, lastLogMs: 500 },
}
export const quickWrapper = 'interval=0.2,bucket_interval=0.3,linger=5,grace=0.5'

export interface DataFlowDouble {
  oci: OciDouble
  storage: ObjectStorageService
  dataFlow: DataFlowService
  config: DataFlowConfig
  close(): Promise<void>
}

/** @param more services on the same double */
export async function startDataFlowDouble(options: DataFlowOptions = {}, ...more: OciService[]): Promise<DataFlowDouble> {
  const storage = objectStorageService('tenant')
  storage.state.buckets.set(filesBucket, {
    ...{ namespace: 'tenant', name: filesBucket, id: `ocid1.bucket.oc1..${randomUUID()}`, compartmentId: compartment },
    ...{ freeformTags: {}, publicAccessType: 'NoPublicAccess', versioning: 'Disabled', etag: randomUUID(), created: new Date() },
    ...{ lifecycle: null, objects: new Map(), uploads: new Map(), pars: new Map() },
  })
  const dataFlow = dataFlowService(storage.state, options)
  const oci = await startOciDouble(storage, dataFlow, ...more)
  return { oci, storage, dataFlow, config: dataFlowOf(computeUrl) as DataFlowConfig, close: () => oci.close() }
}
