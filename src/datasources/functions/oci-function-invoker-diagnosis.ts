// Looks at OCI Functions: the application, every permission that handlers need there and in their bucket, and that one really answers.
import { randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import { FunctionsManagementClient } from 'oci-functions'
import type { OciFunctionsConfig } from '../../config/functions-config.js'
import type { OciConfig } from '../../config/oci-config.js'
import { type Diagnosis, fail, look } from '../../diagnosis/finding.js'
import { createLogger } from '../../logger.js'
import { openOciConnection } from '../oci/oci-connection.js'
import { ociCall } from '../oci/oci-errors.js'
import { functionPolicies } from '../oci/oci-policies.js'
import { remedyOf } from '../oci/oci-remedy.js'
import { openOciFunctionInvoker } from './oci-function-invoker.js'
import { lookAtBucket } from './oci-handoff-bucket-diagnosis.js'

const service = 'Functions'
const script = 'def load(model_path):\n    return 2\ndef predict(model, rows):\n    return [row * model for row in rows]\n'
/** A function that was just made fetches its image first. */
const answerMs = 50_000
/** Before that, so that what was made is deleted in time. */
const stopMs = 40_000

export const diagnoseOciFunctionInvoker = (config: OciFunctionsConfig, oci: OciConfig): Diagnosis =>
  async function* () {
    const connection = await openOciConnection(oci, createLogger('silent'))
    try {
      const client = connection.client(FunctionsManagementClient, { service, address: config.address, attempts: () => 2 })
      let policies = functionPolicies("<the application's>", config.bucket)
      const application = await look(
        'application',
        async () => {
          const { application: found } = await ociCall(service, () =>
            client.getApplication({ applicationId: config.application }),
          )
          if (found.compartmentId) policies = functionPolicies(found.compartmentId, config.bucket)
          const said = `${found.displayName}, ${found.shape ?? 'GENERIC_X86'}`
          return found.lifecycleState === 'ACTIVE'
            ? said
            : fail(
                'application',
                `${said}: it is ${found.lifecycleState}.`,
                'Look at it in the console of OCI, or name another one in DHUO_FUNCTIONS_URL.',
              )
        },
        remedyOf(`Name an application of this region in DHUO_FUNCTIONS_URL, and let this server use it:\n${policies.functions}`),
      )
      yield application
      yield* lookAtBucket(connection, config, `${policies.objects}\n${policies.buckets}`)
      if (application.level === 'fail') return
      yield await look(
        'list functions',
        async () => {
          const { items } = await ociCall(service, () => client.listFunctions({ applicationId: config.application, limit: 50 }))
          return `${items.length}${items.length === 50 ? ' or more' : ''} in the application`
        },
        remedyOf(policies.functions),
      )
      yield await look(
        'make a function, ask it, delete it',
        () => tryHandler(config, oci),
        (error) => mendHandler(error, policies),
        answerMs,
      )
    } finally {
      connection.close()
    }
  }

async function tryHandler(config: OciFunctionsConfig, oci: OciConfig): Promise<string> {
  const key = `doctor-${randomUUID()}`
  const file = { name: 'predict.py', localFile: null, open: async () => Readable.from([script]) }
  const definition = { key, displayName: 'doctor', script: file, modelFiles: [], archive: null, environment: {} }
  const invoker = await openOciFunctionInvoker(config, oci, createLogger('silent'))
  try {
    const began = performance.now()
    const asked = await invoker.invoke(definition, [21], AbortSignal.timeout(stopMs)).then(
      ([answer]) => (answer === 42 ? null : new Error(`It answered ${JSON.stringify(answer)} instead of 42.`)),
      (error: unknown) => error,
    )
    const seconds = ((performance.now() - began) / 1000).toFixed(1)
    await invoker.release(key).catch((error: unknown) => {
      throw asked ?? error
    })
    if (asked !== null) throw asked
    return `a handler answered after ${seconds} s`
  } finally {
    await invoker.close()
  }
}

function mendHandler(error: unknown, { functions, images, network }: ReturnType<typeof functionPolicies>): string {
  const { message = '' } = error as Error
  if (/image/i.test(message))
    return `Build and push the image (docs/oci-functions.md), name it in DHUO_FUNCTIONS_URL, and let Functions read it:\n${images}`
  if (/subnet/i.test(message))
    return `Give the application a subnet with free addresses and a way to Object Storage (a service gateway):\n${network}`
  if (/fetched/.test(message))
    return 'Let the subnet of the application reach Object Storage: a service gateway with a route for all services of the region.'
  return remedyOf(functions)(error)
}
