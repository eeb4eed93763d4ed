// The parts of Oracle Cloud that tell who somebody is: the metadata of an instance, tokens for certificates, renewed sessions.
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { createRequire } from 'node:module'
import type { OciDouble } from './oci-double.js'
import { OciRefusal, type OciService } from './oci-service.js'

// What the SDK itself makes and reads certificates with: Node can only read them.
const sshpk = createRequire(createRequire(import.meta.url).resolve('oci-common'))('sshpk')

/** A JSON web token; nobody here looks at its signature. */
export function sessionToken(secondsToLive: number, more: Record<string, unknown> = {}): string {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const exp = Math.floor(Date.now() / 1000) + secondsToLive
  return [part({ alg: 'RS256' }), part({ exp, ...more }), part(more)].join('.')
}

interface Identity extends OciService {
  /** How long the tokens that it gives out live. */
  tokenSeconds: number
}

/**
 * An instance asks `/opc/v2/…` for its certificate and `/v1/x509` for a token; a session asks `/v1/authentication/refresh`.
 * @param double known when it has started: `identityService(() => double)`
 */
export function identityService(double: () => OciDouble): Identity {
  const { certificate, privateKey } = instanceCertificate(double)
  let serial = 0
  const metadata = (path: string, text: () => string) => ({
    operation: 'getMetadata',
    method: 'GET' as const,
    path: `/opc/v2/${path}`,
    unsigned: 'nothing' as const,
    handle: ({ headers }: { headers: Record<string, unknown> }) => {
      if (headers['authorization'] !== 'Bearer Oracle') throw new OciRefusal(404, 'NotFound', 'Bearer Oracle is missing.')
      return { bytes: Buffer.from(text()) }
    },
  })
  const service: Identity = {
    tokenSeconds: 3600,
    routes: [
      metadata('instance/region', () => 'gru'),
      metadata('identity/cert.pem', () => certificate()),
      metadata('identity/key.pem', () => privateKey()),
      metadata('identity/intermediate.pem', () => certificate()),
      {
        operation: 'createToken',
        method: 'POST',
        path: '/v1/x509',
        handle({ json }) {
          const token = sessionToken(service.tokenSeconds, { serial: ++serial })
          const lines = String(json.publicKey)
            .replace(/\s/g, '')
            .match(/.{1,64}/g)!
          double().publicKeys.set(
            `ST$${token}`,
            ['-----BEGIN PUBLIC KEY-----', ...lines, '-----END PUBLIC KEY-----', ''].join('\n'),
          )
          return { json: { token } }
        },
      },
      {
        operation: 'refreshSession',
        method: 'POST',
        path: '/v1/authentication/refresh',
        handle({ json }) {
          const token = sessionToken(service.tokenSeconds, { serial: ++serial })
          const key = double().publicKeys.get(`ST$${json.currentToken}`)
          if (!key) throw new OciRefusal(401, 'NotAuthenticated', 'The session is not known.')
          double().publicKeys.set(`ST$${token}`, key)
          return { json: { token } }
        },
      },
    ],
  }
  return service
}

/** Made when it is first asked for; the double then accepts what is signed with it. */
function instanceCertificate(double: () => OciDouble): { certificate(): string; privateKey(): string } {
  let made: { certificate: string; privateKey: string } | null = null
  const make = () => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const pem = (key: KeyObject, type: 'pkcs8' | 'spki'): string => key.export({ type, format: 'pem' } as never).toString()
    const subject = sshpk.identityFromDN(`CN=instance, OU=opc-tenant:${double().tenancy}`)
    const certificate = sshpk.createSelfSignedCertificate(subject, sshpk.parsePrivateKey(pem(privateKey, 'pkcs8'), 'pem'))
    const fingerprint = certificate.fingerprint('sha1').toString('hex')
    double().publicKeys.set(`${double().tenancy}/fed-x509/${fingerprint}`, pem(publicKey, 'spki'))
    return { certificate: certificate.toString('pem'), privateKey: pem(privateKey, 'pkcs8') }
  }
  return {
    certificate: () => {
      made ??= make()
      return made.certificate
    },
    privateKey: () => {
      made ??= make()
      return made.privateKey
    },
  }
}
