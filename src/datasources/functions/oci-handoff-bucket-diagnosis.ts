// Looks at the bucket through which the server and its functions hand files to each other.
import { randomUUID } from 'node:crypto'
import type { OciServiceAddress } from '../../config/oci-config.js'
import { type Finding, fail, look } from '../../diagnosis/finding.js'
import { createLogger } from '../../logger.js'
import type { OciConnection } from '../oci/oci-connection.js'
import { remedyOf } from '../oci/oci-remedy.js'
import { OciHandoffBucket } from './oci-handoff-bucket.js'

/** As handlers are handed over: an object, a URL for its folder, and both gone again. */
export async function* lookAtBucket(
  connection: OciConnection,
  { bucket, address }: { bucket: string; address: OciServiceAddress },
  policy: string,
): AsyncGenerator<Finding> {
  const handoff = new OciHandoffBucket(connection, bucket, address, createLogger('silent'))
  const folder = `doctor/${randomUUID()}/`
  const there = await look(
    'bucket',
    async () => {
      await handoff.ping()
      return `${bucket} is there`
    },
    remedyOf(
      `Make it (oci os bucket create --name ${bucket} --compartment-id <compartment>), or name another one; and let this server see it:\n${policy}`,
    ),
  )
  yield there
  if (there.level === 'fail') return
  try {
    yield await look(
      'write and read an object',
      async () => {
        await handoff.putJson(`${folder}probe`, 'doctor')
        return (await handoff.findJson(`${folder}probe`)) === 'doctor'
          ? 'both go'
          : fail('write and read an object', 'What was written is not there.', policy)
      },
      remedyOf(policy),
    )
    yield await look(
      'pre-authenticated request',
      async () => {
        const url = await handoff.urlOf(folder, 'AnyObjectReadWrite')
        const { status } = await fetch(`${url}probe`, { signal: AbortSignal.timeout(8_000) })
        return status === 200
          ? 'one was made, and opens the folder'
          : fail('pre-authenticated request', `One was made, and answers with ${status}.`, policy)
      },
      remedyOf(policy),
    )
  } finally {
    yield await look(
      'tidy up',
      async () => {
        await handoff.removeFolder(folder)
        return 'objects and requests can be deleted'
      },
      remedyOf(policy),
    )
  }
}
