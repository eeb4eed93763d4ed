// Proves to Oracle Cloud who this server is, in the way that the settings choose.
import { readFile } from 'node:fs/promises'
import {
  type AuthenticationDetailsProvider,
  ConfigFileAuthenticationDetailsProvider,
  ConfigFileReader,
  DefaultRequestSigner,
  InstancePrincipalsAuthenticationDetailsProviderBuilder,
  type Region,
  ResourcePrincipalAuthenticationDetailsProvider,
} from 'oci-common'
import type { OciConfig } from '../../config/oci-config.js'
import { DhuoError } from '../../errors.js'
import type { Logger } from '../../logger.js'
import { loggedExchange, ociAgent } from './oci-exchange.js'
import { OciSessionProvider } from './oci-session-provider.js'

export type OciCredentials = AuthenticationDetailsProvider & { getRegion(): Region | undefined }

/** Where an instance asks who it is, for tests. */
export interface OciMetadataAddress {
  metadataUrl: string
  federationEndpoint: string
}

const instanceMs = 20_000

/**
 * https://docs.oracle.com/iaas/Content/API/Concepts/sdk_authentication_methods.htm
 * @throws BACKEND_UNAVAILABLE the credentials are not there or cannot be used; the message tells which setting to look at
 */
export async function openOciCredentials(config: OciConfig, log: Logger, metadata?: OciMetadataAddress): Promise<OciCredentials> {
  try {
    return renewingOnce(await credentialsOf(config, log, metadata))
  } catch (error) {
    throw error instanceof DhuoError ? error : unusable(`DHUO_OCI_AUTH=${config.authentication}: ${sdkSentence(error)}`, error)
  }
}

async function credentialsOf(config: OciConfig, log: Logger, metadata?: OciMetadataAddress): Promise<OciCredentials> {
  switch (config.authentication) {
    case 'config-file':
      return configFileCredentials(config)
    case 'session-token':
      return sessionCredentials(config, log)
    case 'instance-principal':
      return instanceCredentials(metadata)
    case 'resource-principal':
      // Reads OCI_RESOURCE_PRINCIPAL_…, which the service that runs this server sets.
      return ResourcePrincipalAuthenticationDetailsProvider.builder()
  }
}

/**
 * Calls that find a token expired at the same moment wait for one new token. The SDK's providers each make a new key and fetch a
 * token of their own, and keep a token and a key that do not fit each other (oci-common 2.142.1, X509FederationClient).
 */
function renewingOnce(credentials: OciCredentials): OciCredentials {
  const getKeyId = credentials.getKeyId.bind(credentials)
  let asking: Promise<string> | null = null
  credentials.getKeyId = () => {
    asking ??= getKeyId().finally(() => {
      asking = null
    })
    return asking
  }
  return credentials
}

async function configFileCredentials(config: OciConfig): Promise<OciCredentials> {
  const value = await profileOf(config)
  if (value('security_token_file'))
    throw unusable(`The profile ${config.profile} holds a session token: set DHUO_OCI_AUTH=session-token.`)
  return new ConfigFileAuthenticationDetailsProvider(config.configFile, config.profile)
}

async function sessionCredentials(config: OciConfig, log: Logger): Promise<OciCredentials> {
  const value = await profileOf(config)
  if (!value('security_token_file'))
    throw unusable(
      `The profile ${config.profile} holds no session token: run "oci session authenticate", or set DHUO_OCI_AUTH=config-file.`,
    )
  return new OciSessionProvider({
    ...config,
    log,
    renew: (provider, token) => renewSession({ provider, token, endpoint: config.endpoint, idleMs: config.timeoutMs, log }),
  })
}

async function instanceCredentials(metadata?: OciMetadataAddress): Promise<OciCredentials> {
  const builder = new InstancePrincipalsAuthenticationDetailsProviderBuilder()
  if (metadata) builder.metadataBaseUrl = metadata.metadataUrl
  let timer: NodeJS.Timeout | undefined
  const silence = new Promise<never>((_, reject) => {
    // Outside of Oracle Cloud nobody answers at the address of the metadata service, and the SDK would wait for minutes.
    timer = setTimeout(() => reject(new Error('the metadata service of the instance does not answer.')), instanceMs)
  })
  try {
    const provider = await Promise.race([builder.build(), silence])
    if (metadata) Object.assign(federationClientOf(provider), { federationEndpoint: metadata.federationEndpoint })
    return provider
  } finally {
    clearTimeout(timer)
  }
}

/** The builder finds the region only while it has no endpoint of its own: a test's is put in afterwards. */
const federationClientOf = (provider: unknown): object => (provider as { federationClient: object }).federationClient

/** The file is read here first, for the SDK's errors about it do not say what is wrong, and some are no Errors. */
async function profileOf({ configFile, profile }: OciConfig): Promise<(key: string) => string | null> {
  const text = await readFile(configFile, 'utf8').catch((error) => {
    throw unusable('The file of DHUO_OCI_CONFIG_FILE cannot be read.', error)
  })
  const file = ConfigFileReader.parse(text, profile)
  const value = (key: string): string | null => file.get(key) ?? null
  const missing = ['tenancy', 'fingerprint', 'key_file', ...(value('security_token_file') ? [] : ['user'])].filter(
    (key) => !value(key),
  )
  if (missing.length > 0) throw unusable(`The profile ${profile} of DHUO_OCI_CONFIG_FILE lacks ${missing.join(', ')}.`)
  await readFile(ConfigFileReader.expandUserHome(value('key_file')!)).catch((error) => {
    throw unusable(`The key_file of the profile ${profile} cannot be read.`, error)
  })
  return value
}

interface Renewal {
  provider: AuthenticationDetailsProvider & { getRegion(): Region }
  token: string
  endpoint: string | null
  idleMs: number
  log: Logger
}

/** https://docs.oracle.com/iaas/tools/oci-cli/latest/oci_cli_docs/cmdref/session/refresh.html; the SDK's own has no timeout. */
async function renewSession({ provider, token, endpoint, idleMs, log }: Renewal): Promise<string> {
  const { regionId, realm } = provider.getRegion()
  const url = new URL('/v1/authentication/refresh', endpoint ?? `https://auth.${regionId}.${realm.secondLevelDomain}`)
  const signer = new DefaultRequestSigner({
    getKeyId: async () => `ST$${token}`,
    getPrivateKey: () => provider.getPrivateKey(),
    getPassphrase: () => provider.getPassphrase(),
  })
  const body = JSON.stringify({ currentToken: token })
  const headers = new Headers({ 'content-type': 'application/json' })
  await signer.signHttpRequest({ method: 'POST', headers, uri: url.href, body })
  const agent = ociAgent(url, 1)
  try {
    const request = { method: 'POST', url, headers, body, agent, idleMs }
    const answer = await loggedExchange(request, { log, service: 'Authentication', operation: 'refreshSession' })
    const said = (await answer.json()) as { token?: unknown }
    if (answer.status !== 200 || typeof said.token !== 'string')
      throw new Error(`The authentication service answered with ${answer.status}.`)
    return said.token
  } finally {
    agent.destroy()
  }
}

const unusable = (message: string, cause?: unknown): DhuoError => new DhuoError('BACKEND_UNAVAILABLE', message, { cause })

/** Of what the SDK throws only the first sentence says something; where its documentation is, the rest. It may be no Error. */
const sdkSentence = (error: unknown): string =>
  String((error as { message?: unknown })?.message ?? error)
    .trim()
    .replace(/\.?\s+(For more info|See|Please check)\b.*/s, '')
    .replace(/[^.]$/, '$&.')
