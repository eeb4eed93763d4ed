// Tells the doctor what mends a call of Oracle Cloud that failed: the policy that it needs, unless it failed for another reason.
import { ociFailureOf } from './oci-errors.js'

/** @param policy what mends it when the service has refused it, or does not know of it */
export const remedyOf =
  (policy: string) =>
  (error: unknown): string => {
    const { cause, name } = error as Error
    // The call was answered, and something else was wrong.
    if (cause === undefined && name !== 'Silence') return policy
    const { status, serviceCode } = ociFailureOf(cause)
    if (status === null)
      return 'Let this machine reach the service: DNS, routes (a NAT or service gateway), egress rules. The region or endpoint of its URL may be wrong.'
    if (status === 401) return 'Check DHUO_OCI_AUTH with the settings beside it, and the clock of this machine.'
    if (status === 429)
      return 'Look again in a moment. Where it goes on, something calls the service too often with these credentials.'
    if (status >= 500) return 'See what the service says of its state: https://ocistatus.oraclecloud.com'
    if (serviceCode === 'LimitExceeded' || serviceCode === 'QuotaExceeded')
      return 'Ask for more (console: Limits, Quotas and Usage), or delete what is not needed any more.'
    return policy
  }
