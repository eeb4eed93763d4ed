// Verifies that a request was signed as Oracle Cloud demands: draft-cavage-http-signatures-08, version 1.
import { createHash, createVerify } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'

export interface SignedRequest {
  method: string
  /** Path and query exactly as they came. */
  url: string
  headers: IncomingHttpHeaders
  /** Null where the service does not want the body to be signed (putObject, uploadPart). */
  body: Buffer | null
}

export interface VerifyOptions {
  /** PEM, by key id. */
  publicKeyOf(keyId: string): string | undefined
  /** The clock of the service. */
  now: number
}

const allowedSkewMs = 300_000

/** @returns the key id, or throws an Error that says what is wrong */
export function verifySignature(request: SignedRequest, { publicKeyOf, now }: VerifyOptions): string {
  const { method, url, headers, body } = request
  const [, parameters = ''] = /^Signature (.+)$/.exec(headers.authorization ?? '') ?? []
  if (parameters === '') throw new Error('The request is not signed.')
  const given: Record<string, string | undefined> = Object.fromEntries(
    [...parameters.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value]),
  )
  if (given['version'] !== '1') throw new Error(`The version of the signature is ${given['version']}.`)
  if (given['algorithm'] !== 'rsa-sha256') throw new Error(`The algorithm is ${given['algorithm']}.`)
  const key = publicKeyOf(given['keyId'] ?? '')
  if (key === undefined) throw new Error('The key id is not known.')

  // The SDK writes Content-Type in mixed case in the list; what is signed has it in lower case.
  const signed = (given['headers'] ?? '').toLowerCase().split(' ')
  const wanted = ['(request-target)', 'host', signed.includes('date') ? 'date' : 'x-date']
  if (['POST', 'PUT', 'PATCH'].includes(method) && body !== null)
    wanted.push('content-type', 'content-length', 'x-content-sha256')
  for (const name of wanted) if (!signed.includes(name)) throw new Error(`${name} is not signed.`)

  const date = Date.parse(String(headers[signed.includes('x-date') ? 'x-date' : 'date']))
  if (!(Math.abs(now - date) <= allowedSkewMs)) throw new Error('The date of the request is more than five minutes off.')

  const text = signed
    .map((name) => {
      if (name === '(request-target)') return `(request-target): ${method.toLowerCase()} ${url}`
      if (headers[name] === undefined) throw new Error(`${name} was signed and did not come.`)
      return `${name}: ${headers[name]}`
    })
    .join('\n')
  if (
    !createVerify('RSA-SHA256')
      .update(text)
      .verify(key, given['signature'] ?? '', 'base64')
  )
    throw new Error('The signature does not fit the request.')
  if (body !== null && wanted.includes('x-content-sha256')) {
    if (createHash('sha256').update(body).digest('base64') !== headers['x-content-sha256'])
      throw new Error('x-content-sha256 is not that of the body.')
    if (Number(headers['content-length']) !== body.length) throw new Error('content-length is not that of the body.')
  }
  return given['keyId'] ?? ''
}
