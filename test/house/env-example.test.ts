import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readConfig, settingNames } from '../../src/config.js'

const root = join(import.meta.dirname, '..', '..')

interface Documented {
  name: string
  /** As written: `4000`, `(none)`, `sqlite:<DHUO_HOME>/catalog.db`. */
  fallback: string
  meaning: string
}

const text = await readFile(join(root, '.env.example'), 'utf8')
const documented: Documented[] = [...text.matchAll(/^# ([A-Z_]+): (.+?)\. (.+)$/gm)].map(
  ([, name = '', fallback = '', meaning = '']) => ({
    name,
    fallback,
    meaning,
  }),
)
const assignments = new Map([...text.matchAll(/^# ([A-Z_]+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value]))
const names = documented.map(({ name }) => name)
const withDefault = documented.filter(({ fallback }) => fallback !== '(none)')
const withoutDefault = names.filter((name) => !withDefault.some((setting) => setting.name === name))

/** Values that are accepted, for the settings that have none by themselves. */
const samples: Record<string, Record<string, string>> = {
  DHUO_PUBLIC_URL: { DHUO_PUBLIC_URL: 'https://graph.example.com' },
  DHUO_TRUSTED_PROXIES: { DHUO_TRUSTED_PROXIES: '10.0.0.0/8,::1' },
  DHUO_ADMIN_PASSWORD: { DHUO_ADMIN_PASSWORD: 'correct horse' },
  DHUO_SECRET: { DHUO_SECRET: 's'.repeat(32) },
  DHUO_OIDC_ISSUER: { DHUO_OIDC_ISSUER: 'https://issuer.example.com', DHUO_OIDC_AUDIENCE: 'dhuo' },
  DHUO_OIDC_AUDIENCE: { DHUO_OIDC_ISSUER: 'https://issuer.example.com', DHUO_OIDC_AUDIENCE: 'dhuo' },
  DHUO_OCI_REGION: { DHUO_OCI_REGION: 'sa-vinhedo-1' },
  DHUO_OCI_ENDPOINT: { DHUO_OCI_ENDPOINT: 'https://oci.example.com' },
  DHUO_JOBS_AT_ONCE: { DHUO_JOBS_AT_ONCE: '8' },
  DHUO_FUNCTIONS_AT_ONCE: { DHUO_FUNCTIONS_AT_ONCE: '8' },
  DHUO_ARCHIVE_FUNCTION: { DHUO_ARCHIVE_FUNCTION: 'ocid1.fnfunc.oc1.sa-saopaulo-1.example?bucket=b' },
  DHUO_CATALOG_PASSWORD: { DHUO_CATALOG_PASSWORD: 'correct horse' },
  DHUO_CATALOG_CA_FILE: { DHUO_CATALOG_CA_FILE: 'ca.pem' },
  DHUO_PUBSUB_PASSWORD: { DHUO_PUBSUB_PASSWORD: 'correct horse' },
  DHUO_PUBSUB_SENTINEL_PASSWORD: { DHUO_PUBSUB_SENTINEL_PASSWORD: 'correct horse' },
  DHUO_PUBSUB_CA_FILE: { DHUO_PUBSUB_CA_FILE: 'ca.pem' },
  DHUO_ORACLE_WALLET: { DHUO_ORACLE_WALLET: 'wallet' },
  DHUO_ORACLE_WALLET_PASSWORD: { DHUO_ORACLE_WALLET_PASSWORD: 'correct horse' },
}

/** The backend that a setting belongs to, where it is not the embedded one. */
const backendOf = (name: string): Record<string, string> =>
  name.startsWith('DHUO_CATALOG_')
    ? { DHUO_CATALOG_URL: 'postgres://dhuo@db.example.com/dhuo' }
    : name.startsWith('DHUO_PUBSUB_')
      ? { DHUO_PUBSUB_URL: 'rediss://redis.example.com' }
      : name.startsWith('DHUO_ORACLE_')
        ? { DHUO_LAKEHOUSE_URL: 'oracle://db.example.com/dhuo', DHUO_ORACLE_USER: 'DHUO', DHUO_ORACLE_PASSWORD: 'correct horse' }
        : {}

/** Settings without which their backend cannot be chosen. */
const needed = ['DHUO_ORACLE_USER', 'DHUO_ORACLE_PASSWORD']

/** The value of `before` wherever the two differ. */
const changed = (before: unknown, after: unknown): unknown[] => {
  if (typeof before !== 'object' || before === null || typeof after !== 'object' || after === null)
    return Object.is(before, after) ? [] : [before]
  return Object.keys(before).flatMap((key) =>
    changed((before as Record<string, unknown>)[key], (after as Record<string, unknown>)[key]),
  )
}

describe('.env.example', () => {
  test('names every setting of the configuration and no other, in its order', () => {
    expect(names).toEqual(settingNames)
  })

  test('shows an assignment for each of them', () => {
    expect([...assignments.keys()]).toEqual(settingNames)
  })

  test.each(withDefault)('$name is $fallback when it is unset', ({ name, fallback }) => {
    expect(readConfig({ ...backendOf(name), [name]: fallback.replace('<DHUO_HOME>', '.dhuo') })).toEqual(
      readConfig(name.endsWith('_URL') ? {} : backendOf(name)),
    )
  })

  test.each(needed)('%s is asked for when it is unset', (name) => {
    expect(() => readConfig({ ...backendOf(name), [name]: '' })).toThrow(`${name}: must be set`)
  })

  test.each(withoutDefault.filter((name) => !needed.includes(name)))('%s has no value when it is unset', (name) => {
    const differences = changed(readConfig(backendOf(name)), readConfig({ ...backendOf(name), ...samples[name] }))
    expect(differences).not.toHaveLength(0)
    expect(differences.every((value) => value === null)).toBe(true)
  })

  test('is accepted with every line in force', () => {
    expect(() => readConfig(Object.fromEntries(assignments))).not.toThrow()
  })
})
