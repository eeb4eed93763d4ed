import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface Certificate {
  /** PEM files. It signs itself: whoever is to trust it trusts this file. */
  certificate: string
  key: string
}

/** Certificates in a directory that goes with the tests that made them. Call it once in a describe. */
export function makeCertificates(): (subjectAltName?: string) => Certificate {
  const directory = mkdtempSync(join(tmpdir(), 'dhuo-tls-'))
  afterAll(() => rmSync(directory, { recursive: true }))
  let made = 0
  return (subjectAltName = 'IP:127.0.0.1') => {
    const [key, certificate] = ['key', 'certificate'].map((name) => join(directory, `${name}-${made}.pem`)) as [string, string]
    made++
    const words = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=redis'.split(' ')
    const files = ['-keyout', key, '-out', certificate, '-addext', `subjectAltName=${subjectAltName}`]
    execFileSync('openssl', [...words, ...files], { stdio: 'ignore' })
    return { certificate, key }
  }
}
