// Looks at the way to Oracle Cloud: who this server says it is, whether the key is the one it names, the clock, and a signed call.
import { createHash, createPrivateKey, createPublicKey } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { ConfigFileReader } from 'oci-common'
import { ObjectStorageClient } from 'oci-objectstorage'
import type { OciConfig } from '../../config/oci-config.js'
import { clockFinding } from '../../diagnosis/clock.js'
import { probePrivateFile } from '../../diagnosis/directory-probe.js'
import { type Diagnosis, type Finding, fail, look, ok } from '../../diagnosis/finding.js'
import { createLogger } from '../../logger.js'
import { type OciConnection, openOciConnection } from './oci-connection.js'
import { ociCall, ociFailureOf } from './oci-errors.js'
import { exchange, ociAgent } from './oci-exchange.js'

const service = 'Object Storage'
/** https://docs.oracle.com/iaas/Content/API/Concepts/signingrequests.htm */
const allowedSkewMs = 300_000
/** Credentials of an instance come from its metadata service, which nobody answers for elsewhere. */
const openMs = 25_000

/** @param callMs how long a call is waited for */
export const diagnoseOci = (config: OciConfig, callMs = 15_000): Diagnosis =>
  async function* () {
    if (config.authentication === 'config-file' || config.authentication === 'session-token') yield* lookAtProfile(config)
    let connection: OciConnection | null = null
    yield await look(
      'credentials',
      async () => {
        connection = await openOciConnection(config, createLogger('silent'))
        return `DHUO_OCI_AUTH=${config.authentication}, region ${(connection as OciConnection).regionId ?? 'not known'}`
      },
      () => mendCredentials(config),
      openMs,
    )
    if (connection === null) return
    try {
      yield* lookAtCall(connection, config, callMs)
    } finally {
      ;(connection as OciConnection).close()
    }
  }

async function* lookAtCall(connection: OciConnection, config: OciConfig, callMs: number): AsyncGenerator<Finding> {
  const client = connection.client(ObjectStorageClient, { service, attempts: () => 2 })
  const url = new URL(config.endpoint ?? `https://objectstorage.${connection.regionId}.oraclecloud.com`)
  const agent = ociAgent(url, 1)
  let date: string | null = null
  try {
    const reached = await look(
      'reach',
      async () => {
        const answer = await exchange({ method: 'GET', url, headers: new Headers(), body: undefined, agent, idleMs: callMs })
        answer.body.resume()
        date = answer.headers.get('date')
        return `${url.host} answers`
      },
      () =>
        'Let this machine reach Oracle Cloud: DNS, routes (a NAT or service gateway), egress rules of the subnet. DHUO_OCI_REGION or DHUO_OCI_ENDPOINT may be wrong.',
      callMs,
    )
    yield reached
    if (reached.level === 'fail') return
  } finally {
    agent.destroy()
  }
  const clock = date === null ? null : clockFinding(date, allowedSkewMs)
  if (clock) yield clock
  // It needs no policy: https://docs.oracle.com/iaas/api/#/en/objectstorage/latest/Namespace/GetNamespace
  yield await look(
    'signed call',
    async () => `the namespace of the tenancy is ${(await ociCall(service, () => client.getNamespace({}))).value}`,
    (error) =>
      ociFailureOf((error as Error).cause).status === 401
        ? clock?.level === 'fail'
          ? 'Set the clock first, as above.'
          : mendCredentials(config)
        : 'See what the service says of its state: https://ocistatus.oraclecloud.com',
    callMs,
  )
}

/** What a file and a key say without asking anybody. */
async function* lookAtProfile({ configFile, profile, authentication }: OciConfig): AsyncGenerator<Finding> {
  const text = await readFile(configFile, 'utf8').catch(() => null)
  // That it is not there is said with the credentials.
  if (text === null) return
  const mode = await probePrivateFile('mode of the file', configFile)
  if (mode) yield mode
  let value: (name: string) => string | null
  try {
    const file = ConfigFileReader.parse(text, profile)
    value = (name) => file.get(name) ?? null
  } catch {
    return
  }
  const keyFile = value('key_file') && ConfigFileReader.expandUserHome(value('key_file')!)
  const pem = keyFile && (await readFile(keyFile, 'utf8').catch(() => null))
  if (!keyFile || !pem) return
  const keyMode = await probePrivateFile('mode of the key', keyFile)
  if (keyMode) yield keyMode
  yield await look(
    'fingerprint',
    async () => {
      const key = createPrivateKey({ key: pem, passphrase: value('pass_phrase') ?? '' })
      const der = createPublicKey(key).export({ type: 'spki', format: 'der' })
      const own = createHash('md5').update(der).digest('hex').match(/../g)!.join(':')
      return own === value('fingerprint')?.toLowerCase()
        ? `the key of ${keyFile} is the one that the profile ${profile} names`
        : fail(
            'fingerprint',
            `The key of ${keyFile} has ${own}; the profile ${profile} names ${value('fingerprint')}.`,
            `Write fingerprint=${own} into the profile and add that key to the user (console: My profile, API keys), or set key_file to the key of that fingerprint.`,
          )
    },
    () => `Set key_file to an RSA private key in PEM, and pass_phrase to its passphrase, in the profile ${profile}.`,
  )
  const tokenFile = authentication === 'session-token' ? value('security_token_file') : null
  if (tokenFile) yield await lookAtToken(ConfigFileReader.expandUserHome(tokenFile), profile)
}

const lookAtToken = (file: string, profile: string): Promise<Finding> => {
  const mend = (): string =>
    `oci session refresh --profile ${profile}, within a day of its start; later: oci session authenticate --profile-name ${profile}`
  return look(
    'session token',
    async () => {
      const [, claims = ''] = (await readFile(file, 'utf8')).split('.')
      const { exp = 0 } = JSON.parse(Buffer.from(claims, 'base64url').toString()) as { exp?: number }
      const minutes = Math.round((exp * 1000 - Date.now()) / 60_000)
      return minutes > 0
        ? ok('session token', `good for ${minutes} min more; the server renews it`)
        : fail('session token', `It expired ${-minutes} min ago.`, mend())
    },
    mend,
  )
}

function mendCredentials({ authentication, configFile, profile }: OciConfig): string {
  switch (authentication) {
    case 'config-file':
      return [
        `In the profile ${profile} of ${configFile} (DHUO_OCI_PROFILE, DHUO_OCI_CONFIG_FILE) user, tenancy, fingerprint and key_file must be those`,
        'of an API key that the user still has (console: My profile, API keys). "oci setup config" writes such a file.',
      ].join('\n')
    case 'session-token':
      return `oci session authenticate --profile-name ${profile}, with the file in ${configFile} (DHUO_OCI_CONFIG_FILE)`
    case 'instance-principal':
      return [
        'It works on a compute instance of OCI only, whose dynamic group has policies; elsewhere set DHUO_OCI_AUTH=config-file.',
        "The group: ALL {instance.compartment.id = '<compartment>'}. A policy: Allow dynamic-group <group> to manage objects in compartment id <compartment>",
      ].join('\n')
    case 'resource-principal':
      return 'It works inside a service of OCI that sets OCI_RESOURCE_PRINCIPAL_VERSION and its like (Container Instances, Functions, OKE); elsewhere set DHUO_OCI_AUTH=config-file.'
  }
}
