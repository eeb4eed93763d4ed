// Sends to the log what the OCI SDK writes straight to the console, where the log's own lines are.
import type { Logger } from '../../logger.js'

/**
 * The SDK's retrier and its providers write with console.warn and console.log whatever their logger is set to; there is no
 * option against it (oci-common 2.142.1: lib/retrier.js, lib/auth/). Everything else that is written goes on as before.
 */
const noise =
  /^(Request cannot be retried|All retry attempts have exhausted|Request failed with Exception|Failed to fetch the token from auth server|Retry attempts exhausted|Retrying the request|Shutting down the circuit breaker|No DEFAULT profile was specified|Found regionId|Falling back to using)/

const methods = ['log', 'info', 'warn'] as const
let target: Logger | null = null

/** Once for the process; the last logger that was given gets the lines. */
export function quietSdk(log: Logger): void {
  const isFirst = target === null
  target = log
  if (!isFirst) return
  for (const method of methods) {
    // biome-ignore lint/suspicious/noConsole: nothing is written here; what others write is looked at
    const write = console[method]
    console[method] = (...values: unknown[]) => {
      if (typeof values[0] === 'string' && noise.test(values[0])) target?.debug({ sdk: values[0] }, 'the OCI SDK says')
      else write.apply(console, values)
    }
  }
}
