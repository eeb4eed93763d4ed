// Says in the server's words what Oracle Cloud or the way to it answered, with a hint at what mends it.
import { DhuoError, type ErrorCode, isDhuoError } from '../../errors.js'

/**
 * What the SDK throws is an `OciError` or, when no answer came, a plain object without a status: it is told by its shape, for
 * several copies of a class may be loaded. https://docs.oracle.com/iaas/Content/API/References/apierrors.htm
 */
export interface OciFailure {
  /** Of HTTP; null when no answer came. */
  status: number | null
  /** `BucketNotFound`, `TooManyRequests`; null where the answer had none, as every answer to HEAD. */
  serviceCode: string | null
  /** `ECONNRESET`, `ETIMEDOUT`, `EOPENBREAKER`; null when an answer came. */
  networkCode: string | null
  opcRequestId: string | null
  message: string
}

export function ociFailureOf(error: unknown): OciFailure {
  const { statusCode, serviceCode, code, opcRequestId, message } = (error ?? {}) as Record<string, unknown>
  const text = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null)
  return {
    status: typeof statusCode === 'number' && statusCode > 0 ? statusCode : null,
    // The SDK writes 'None' where the body was not JSON.
    serviceCode: serviceCode === 'None' ? null : text(serviceCode),
    networkCode: typeof statusCode === 'number' ? null : text(code),
    opcRequestId: text(opcRequestId),
    message: text(message) ?? String(error),
  }
}

/** True for an answer of this status and, when given, one of these codes. */
export function isOciAnswer(error: unknown, status: number, ...serviceCodes: string[]): boolean {
  const failure = ociFailureOf(error)
  return failure.status === status && (serviceCodes.length === 0 || serviceCodes.includes(failure.serviceCode ?? ''))
}

/**
 * The error that leaves an adapter. What is about one resource (404, 409, 412) the adapter knows better: it looks first.
 * @param service as a person calls it: `Object Storage`
 */
export function ociError(service: string, error: unknown): DhuoError {
  if (isDhuoError(error)) return error as DhuoError
  const failure = ociFailureOf(error)
  const [code, text] = meaningOf(failure)
  const details = {
    service: `OCI ${service}`,
    ...(failure.serviceCode && { serviceCode: failure.serviceCode }),
    ...(failure.opcRequestId && { opcRequestId: failure.opcRequestId }),
  }
  return new DhuoError(code, `OCI ${service} ${text}`, { cause: asError(error, failure), details })
}

/** Runs calls of the SDK. @throws DhuoError in place of what they throw */
export async function ociCall<T>(service: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw ociError(service, error)
  }
}

function meaningOf({ status, serviceCode, networkCode, message }: OciFailure): [ErrorCode, string] {
  if (status === null) return ['BACKEND_UNAVAILABLE', silences[networkCode ?? ''] ?? 'cannot be reached.']
  if (['LimitExceeded', 'QuotaExceeded'].includes(serviceCode ?? ''))
    return [
      'PRECONDITION_FAILED',
      `has reached a limit of the tenancy: ${sayable(message)} Ask for a higher service limit or quota.`,
    ]
  if (status === 401)
    return ['BACKEND_UNAVAILABLE', `does not accept the credentials of this server: ${sayable(message)} ${credentialHint}`]
  if (status === 403 || serviceCode === 'NotAuthorizedOrNotFound')
    return ['BACKEND_UNAVAILABLE', `does not know it, or this server may not use it: ${sayable(message)} ${policyHint}`]
  if (status === 404) return ['NOT_FOUND', `does not have it, or this server may not see it: ${sayable(message)} ${policyHint}`]
  if (status === 409) return ['CONFLICT', `cannot do this now: ${sayable(message)}`]
  if (status === 412) return ['PRECONDITION_FAILED', 'found that it had been changed meanwhile.']
  if (status === 429) return ['RATE_LIMITED', 'has had too many requests: try again in a moment.']
  if (status >= 500) return ['BACKEND_UNAVAILABLE', `failed with status ${status}: try again in a moment.`]
  return ['BAD_USER_INPUT', `refuses this: ${sayable(message)}`]
}

const silences: Readonly<Record<string, string>> = {
  ETIMEDOUT: 'did not answer in time.',
  EOPENBREAKER: 'has failed several times in a row and is left alone for some seconds: try again in a moment.',
}
const credentialHint =
  'Check DHUO_OCI_AUTH with the settings beside it, that the key is the one of its fingerprint, and the clock.'
const policyHint = 'Where it exists, a policy of OCI IAM for this server is missing.'

/** The service's own sentence, without what only the log may have: hosts, URLs, the ids of accounts. */
const sayable = (message: string): string => {
  const said = message
    .replace(/\bhttps?:\/\/\S+/gi, '…')
    .replace(/\bocid1\.(tenancy|user)\.[\w.-]+(\/[\w.:/-]+)?/g, '…')
    .replace(/\b[\w-]+(\.[\w-]+)*\.(oraclecloud|oci\.customer-oci)\.com\b\S*/gi, '…')
    .replace(/\b\d{1,3}(\.\d{1,3}){3}(:\d+)?\b/g, '…')
    .slice(0, 500)
    .trim()
  return /[.!?…]$/.test(said) ? said : `${said}.`
}

/** A plain object has no stack and no message for the log. */
const asError = (error: unknown, { message, networkCode }: OciFailure): unknown =>
  Error.isError(error) ? error : Object.assign(new Error(message), { code: networkCode })
