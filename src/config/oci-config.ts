import { homedir } from 'node:os'
import { resolve } from 'node:path'
import { z } from 'zod'

/** How this server proves to Oracle Cloud who it is. https://docs.oracle.com/iaas/Content/API/Concepts/sdk_authentication_methods.htm */
export const ociAuthentications = ['config-file', 'instance-principal', 'resource-principal', 'session-token'] as const

export const ociSettings = {
  DHUO_OCI_AUTH: z.enum(ociAuthentications).default('config-file'),
  DHUO_OCI_CONFIG_FILE: z.string().min(1).default('~/.oci/config'),
  DHUO_OCI_PROFILE: z.string().min(1).default('DEFAULT'),
  DHUO_OCI_REGION: z
    .string()
    .regex(/^[a-z]+(-[a-z]+)*-\d+$/, 'must be the id of a region, for example sa-saopaulo-1')
    .optional(),
  DHUO_OCI_ENDPOINT: z.url({ protocol: /^https?$/ }).optional(),
  DHUO_OCI_TIMEOUT_SECONDS: z.coerce.number().positive().max(3_600).default(60),
}

export interface OciConfig {
  authentication: (typeof ociAuthentications)[number]
  /** Of `config-file` and `session-token`: an absolute path, and the profile in it. */
  configFile: string
  profile: string
  /** Null: the region that the credentials name. */
  region: string | null
  /** Serves every service that has no endpoint of its own; null: Oracle's public endpoints of the region. No slash at the end. */
  endpoint: string | null
  /** How long a call may be silent. */
  timeoutMs: number
}

/** Of one service, from the query of its URL: it goes before what holds for all of them. */
export interface OciServiceAddress {
  region: string | null
  endpoint: string | null
}

export const ociConfig = (settings: z.infer<z.ZodObject<typeof ociSettings>>): OciConfig => ({
  authentication: settings.DHUO_OCI_AUTH,
  configFile: resolve(settings.DHUO_OCI_CONFIG_FILE.replace(/^~(?=\/|\\|$)/, () => homedir())),
  profile: settings.DHUO_OCI_PROFILE,
  region: settings.DHUO_OCI_REGION ?? null,
  endpoint: withoutSlash(settings.DHUO_OCI_ENDPOINT),
  timeoutMs: settings.DHUO_OCI_TIMEOUT_SECONDS * 1_000,
})

/** Takes `region` and `endpoint` out of the query of a service's URL. @returns what is wrong with them, or null */
export function takeAddress(query: Map<string, string>): OciServiceAddress | string {
  const address = { region: query.get('region') ?? null, endpoint: withoutSlash(query.get('endpoint')) }
  for (const name of ['region', 'endpoint']) query.delete(name)
  if (!ociSettings.DHUO_OCI_REGION.safeParse(address.region ?? undefined).success)
    return 'region must be the id of a region, for example sa-saopaulo-1'
  if (!ociSettings.DHUO_OCI_ENDPOINT.safeParse(address.endpoint ?? undefined).success)
    return 'endpoint must be an http or https URL'
  return address
}

const withoutSlash = (url: string | undefined): string | null => url?.replace(/\/+$/, '') ?? null

export const isOcid = (text: string, kind: string): boolean =>
  new RegExp(`^ocid1\\.${kind}\\.[\\w-]*\\.[\\w-]*\\.[\\w.-]+$`).test(text)
