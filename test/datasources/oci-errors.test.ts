import { takeAddress } from '../../src/config/oci-config.js'
import { isOciAnswer, ociError, ociFailureOf } from '../../src/datasources/oci/oci-errors.js'
import { DhuoError } from '../../src/errors.js'

const answer = (statusCode: number, serviceCode = 'Code', message = 'It said so.') => ({
  statusCode,
  serviceCode,
  message,
  opcRequestId: 'THE/ID',
})

describe('what Oracle Cloud answers', () => {
  test.each([
    [answer(400), 'BAD_USER_INPUT', /refuses this: It said so\./],
    [answer(400, 'LimitExceeded'), 'PRECONDITION_FAILED', /service limit/],
    [answer(400, 'QuotaExceeded'), 'PRECONDITION_FAILED', /quota/],
    [answer(401, 'NotAuthenticated'), 'BACKEND_UNAVAILABLE', /credentials.*DHUO_OCI_AUTH/],
    [answer(403, 'NotAuthorized'), 'BACKEND_UNAVAILABLE', /policy of OCI IAM/],
    [answer(404, 'NotAuthorizedOrNotFound'), 'BACKEND_UNAVAILABLE', /policy of OCI IAM/],
    [answer(404, 'ObjectNotFound'), 'NOT_FOUND', /does not have it/],
    [answer(409, 'Conflict'), 'CONFLICT', /cannot do this now/],
    [answer(412, 'NoEtagMatch'), 'PRECONDITION_FAILED', /changed meanwhile/],
    [answer(429, 'TooManyRequests'), 'RATE_LIMITED', /too many requests/],
    [answer(500, 'None', '<html>'), 'BACKEND_UNAVAILABLE', /failed with status 500/],
    [{ code: 'ECONNREFUSED', message: 'connect' }, 'BACKEND_UNAVAILABLE', /cannot be reached/],
    [{ code: 'ETIMEDOUT', message: 'x' }, 'BACKEND_UNAVAILABLE', /did not answer in time/],
    [{ code: 'EOPENBREAKER', message: 'x' }, 'BACKEND_UNAVAILABLE', /left alone/],
    ['a text, as the SDK throws for a key that it cannot read', 'BACKEND_UNAVAILABLE', /cannot be reached/],
  ])('%j becomes %s', (thrown, code, message) => {
    const error = ociError('Data Flow', thrown)
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) })
    expect(error.message).toMatch(/^OCI Data Flow /)
    expect(error.message.endsWith('.')).toBe(true)
    expect(error.cause).toBeDefined()
  })

  test('the request id goes with the error, for whoever asks Oracle', () => {
    expect(ociError('Data Flow', answer(409, 'Conflict')).details).toEqual({
      service: 'OCI Data Flow',
      serviceCode: 'Conflict',
      opcRequestId: 'THE/ID',
    })
    expect(ociError('Data Flow', { code: 'ECONNRESET', message: 'x' }).details).toEqual({ service: 'OCI Data Flow' })
  })

  test('the sentence of the service is told without hosts, addresses and accounts', () => {
    const said =
      'No access for ocid1.user.oc1..aaaa in ocid1.tenancy.oc1..bbbb/ocid1.user.oc1..cc/20:3b at https://objectstorage.sa-saopaulo-1.oraclecloud.com/n/x or 10.0.0.7:8080 or dataflow.sa-saopaulo-1.oci.oraclecloud.com'
    const { message, cause } = ociError('Data Flow', answer(400, 'InvalidParameter', said))
    expect(message).toContain('No access for …')
    expect(message).not.toMatch(/ocid1\.(user|tenancy)|oraclecloud|10\.0\.0|20:3b/)
    expect((cause as Error).message).toBe(said)
  })

  test('a plain object is told by its shape, and a HEAD has no code', () => {
    expect(ociFailureOf(answer(404, 'None', 'Not Found'))).toMatchObject({ status: 404, serviceCode: null, networkCode: null })
    expect(ociFailureOf({ code: 'ECONNRESET', message: 'x' })).toMatchObject({ status: null, networkCode: 'ECONNRESET' })
    expect(isOciAnswer(answer(404, 'BucketNotFound'), 404)).toBe(true)
    expect(isOciAnswer(answer(404, 'BucketNotFound'), 404, 'ObjectNotFound', 'BucketNotFound')).toBe(true)
    expect(isOciAnswer(answer(404, 'BucketNotFound'), 404, 'ObjectNotFound')).toBe(false)
    expect(isOciAnswer({ code: 'ECONNRESET' }, 404)).toBe(false)
  })

  test('an error of ours stays what it is', () => {
    const error = new DhuoError('CONFLICT', 'ours')
    expect(ociError('Data Flow', error)).toBe(error)
  })
})

describe('the address of one service', () => {
  const address = (query: string) => {
    const left = new Map(new URLSearchParams(query))
    return [takeAddress(left), [...left.keys()]]
  }

  test('is taken out of its URL', () => {
    expect(address('compartment=x&region=sa-vinhedo-1&endpoint=https://private.example.com/')).toEqual([
      { region: 'sa-vinhedo-1', endpoint: 'https://private.example.com' },
      ['compartment'],
    ])
    expect(address('')).toEqual([{ region: null, endpoint: null }, []])
  })

  test('that is none is said', () => {
    expect(address('region=Sao%20Paulo')[0]).toMatch(/region must be/)
    expect(address('endpoint=ftp://x')[0]).toMatch(/endpoint must be/)
  })
})
