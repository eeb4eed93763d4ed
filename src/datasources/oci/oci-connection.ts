// Opens what every adapter of Oracle Cloud needs: credentials, and clients of the SDK that share breakers and connections.
import type http from 'node:http'
import {
  type AuthParams,
  CircuitBreaker,
  type ClientConfiguration,
  DefaultRequestSigner,
  NoRetryConfigurationDetails,
} from 'oci-common'
import type { OciConfig, OciServiceAddress } from '../../config/oci-config.js'
import { DhuoError } from '../../errors.js'
import type { Logger } from '../../logger.js'
import { type OciMetadataAddress, openOciCredentials } from './oci-authentication.js'
import { OciBreaker } from './oci-breaker.js'
import { ociAgent } from './oci-exchange.js'
import { quietSdk } from './oci-sdk-console.js'
import { OciTransport } from './oci-transport.js'

/** What is used of a client of the SDK. */
interface SdkClient {
  endpoint: string
  /** Of most: the one that invokes functions knows an endpoint only. */
  regionId?: string
  close(): void
}

export interface OciClientOptions {
  /** As a person calls it: `Object Storage`. Clients of one service share its breaker. */
  service: string
  /** Where the service is, when it is not where the connection's settings say. */
  address?: OciServiceAddress
  /**
   * How often a call is made at most, by the SDK's name of the operation: `() => 1` for what must not be done twice and has no
   * `opc-retry-token`. Default: 5.
   */
  attempts?(operation: string): number
  /** Whether an answer says that the service is not well. Default: every 5xx. */
  isFailure?(status: number): boolean
  /** How long a call may be silent, where the service's answers take longer than those of others. */
  silentMs?: number
}

export interface OciConnection {
  /** `sa-saopaulo-1`; null where only an endpoint is known. */
  regionId: string | null
  /** A client of the SDK, ready for calls. The caller need not close it. */
  client<Client extends SdkClient>(
    type: new (parameters: AuthParams, configuration: ClientConfiguration) => Client,
    options: OciClientOptions,
  ): Client
  /** Ends what is kept open. Calls under way fail. */
  close(): void
}

const attemptsByDefault = 5
const socketsPerService = 64

/** @throws BACKEND_UNAVAILABLE there are no credentials. Whether they are good only a call tells. */
export async function openOciConnection(config: OciConfig, log: Logger, metadata?: OciMetadataAddress): Promise<OciConnection> {
  quietSdk(log)
  const credentials = await openOciCredentials(config, log, metadata)
  const breakers = new Map<string, OciBreaker>()
  const agents = new Map<string, http.Agent>()
  const clients: SdkClient[] = []
  const regionOfCredentials = credentials.getRegion()?.regionId ?? null
  const signer = new DefaultRequestSigner(credentials)

  const agentFor = (service: string, url: URL): http.Agent => {
    const key = `${service} ${url.origin}`
    const agent = agents.get(key) ?? ociAgent(url, socketsPerService)
    agents.set(key, agent)
    return agent
  }

  return {
    regionId: config.region ?? regionOfCredentials,

    client(type, { service, address, attempts = () => attemptsByDefault, isFailure = (status) => status >= 500, silentMs }) {
      const breaker = breakers.get(service) ?? new OciBreaker()
      breakers.set(service, breaker)
      const transport = new OciTransport({
        service,
        signer,
        breaker,
        agentFor: (url) => agentFor(service, url),
        log,
        idleMs: silentMs ?? config.timeoutMs,
        attempts,
        isFailure,
      })
      const client = new type(
        { httpClient: transport },
        {
          retryConfiguration: NoRetryConfigurationDetails,
          circuitBreaker: new CircuitBreaker({ disableClientCircuitBreaker: true }),
        },
      )
      const endpoint = address?.endpoint ?? config.endpoint
      const region = address?.region ?? config.region ?? regionOfCredentials
      if (endpoint !== null) client.endpoint = endpoint
      else if (region !== null) client.regionId = region
      else throw new DhuoError('BACKEND_UNAVAILABLE', `The region of OCI ${service} is not known: set DHUO_OCI_REGION.`)
      clients.push(client)
      return client
    },

    close() {
      for (const client of clients) client.close()
      for (const agent of agents.values()) agent.destroy()
      // The provider of an instance keeps a breaker with a timer.
      const { closeProvider } = credentials as { closeProvider?(): void }
      closeProvider?.call(credentials)
    },
  }
}
