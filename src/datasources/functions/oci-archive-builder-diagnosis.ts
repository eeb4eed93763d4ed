// Looks at the function that builds dependency archives, and at the bucket that it puts them in.
import { FunctionsManagementClient } from 'oci-functions'
import type { ArchiveFunctionConfig } from '../../config/functions-config.js'
import type { OciConfig } from '../../config/oci-config.js'
import { type Diagnosis, fail, look, ok, warn } from '../../diagnosis/finding.js'
import { createLogger } from '../../logger.js'
import { openOciConnection } from '../oci/oci-connection.js'
import { ociCall } from '../oci/oci-errors.js'
import { functionPolicies } from '../oci/oci-policies.js'
import { remedyOf } from '../oci/oci-remedy.js'
import { lookAtBucket } from './oci-handoff-bucket-diagnosis.js'

const service = 'Functions'
const leastDetachedSeconds = 300

export const diagnoseOciArchiveBuilder = (config: ArchiveFunctionConfig, oci: OciConfig): Diagnosis =>
  async function* () {
    const policies = functionPolicies("<the function's>", config.bucket)
    const connection = await openOciConnection(oci, createLogger('silent'))
    try {
      const client = connection.client(FunctionsManagementClient, { service, address: config.address, attempts: () => 2 })
      yield await look(
        'function',
        async () => {
          const { function: found } = await ociCall(service, () => client.getFunction({ functionId: config.function }))
          const seconds = found.detachedModeTimeoutInSeconds ?? found.timeoutInSeconds ?? 30
          const said = `${found.displayName}, ${found.memoryInMBs} MB, ${seconds} s when it is called detached`
          if (found.lifecycleState !== 'ACTIVE')
            return fail('function', `${said}: it is ${found.lifecycleState}.`, 'Look at it in the console of OCI.')
          return seconds >= leastDetachedSeconds
            ? ok('function', said)
            : warn(
                'function',
                `${said}: pip may take longer.`,
                `oci fn function update --function-id ${config.function} --detached-mode-timeout-in-seconds 1800`,
              )
        },
        remedyOf(`Name a function of this region in DHUO_ARCHIVE_FUNCTION, and let this server call it:\n${policies.calls}`),
      )
      yield* lookAtBucket(connection, config, `${policies.objects}\n${policies.buckets}`)
    } finally {
      connection.close()
    }
  }
