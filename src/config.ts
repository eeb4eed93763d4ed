import { isIP } from 'node:net'
import { resolve } from 'node:path'
import { z } from 'zod'
import { type CatalogConfig, catalogConfig, catalogSettings } from './config/catalog-config.js'
import { type ComputeConfig, computeConfig, computeSettings } from './config/compute-config.js'
import {
  type ArchiveFunctionConfig,
  type FunctionsConfig,
  functionsConfig,
  functionsSettings,
} from './config/functions-config.js'
import { type LakehouseConfig, lakehouseConfig, lakehouseProblems, lakehouseSettings } from './config/lakehouse-config.js'
import { type OciConfig, ociConfig, ociSettings } from './config/oci-config.js'
import { type PubsubConfig, pubsubConfig, pubsubSettings } from './config/pubsub-config.js'
import { inheritedFrom, pipVariables } from './config/script-environment.js'
import { settingProblem } from './config/setting-problem.js'
import { type StorageConfig, storageConfig, storageSettings } from './config/storage-config.js'

// libuv reads it when its pool is first used. DuckDB holds a thread of the pool for as long as a query runs: with the four
// there are by default, four long queries would stop every file access. https://github.com/duckdb/duckdb-node-neo/issues/325
process.env['UV_THREADPOOL_SIZE'] ??= '16'
// Otherwise graphql-js looks at every value whether it came from a second copy of itself: twice the time for a large input.
process.env['NODE_ENV'] ??= 'production'

const isNetwork = (entry: string): boolean => {
  const [address = '', bits, ...more] = entry.split('/')
  const width = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1
  return width > 0 && more.length === 0 && (bits === undefined || (/^\d+$/.test(bits) && Number(bits) <= width))
}

/** Every setting there is, by the name of its environment variable. `.env.example` says the same, and a test holds it to this. */
const environment = z.object({
  PORT: z.coerce.number().int().min(0).max(65_535).default(4000),
  HOST: z.string().min(1).default('127.0.0.1'),
  DHUO_PUBLIC_URL: z.url({ protocol: /^https?$/ }).optional(),
  DHUO_TRUSTED_PROXIES: z
    .string()
    .transform((list) => list.split(',').flatMap((entry) => entry.trim() || []))
    .refine((list) => list.every(isNetwork), 'must be addresses or subnets, separated by commas')
    .optional(),
  DHUO_HOME: z.string().min(1).default('.dhuo'),
  DHUO_LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info'),

  DHUO_ADMIN_EMAIL: z.email().default('admin@localhost.local'),
  DHUO_ADMIN_PASSWORD: z.string().min(8).optional(),
  DHUO_PASSWORD_COST: z.coerce.number().int().min(10).max(20).default(15),
  DHUO_SECRET: z.string().min(32).optional(),
  DHUO_SESSION_HOURS: z.coerce.number().positive().max(8760).default(12),
  DHUO_OIDC_ISSUER: z.url({ protocol: /^https?$/ }).optional(),
  DHUO_OIDC_AUDIENCE: z.string().min(1).optional(),

  ...catalogSettings,
  ...storageSettings,
  ...lakehouseSettings,
  ...computeSettings,
  ...functionsSettings,
  ...pubsubSettings,
  ...ociSettings,

  DHUO_UPLOAD_MAX_BYTES: z.coerce
    .number()
    .int()
    .min(1)
    .default(10 * 2 ** 40),
  DHUO_UPLOAD_HOURS: z.coerce.number().positive().max(168).default(24),
  DHUO_LEASE_SECONDS: z.coerce.number().min(1).max(3600).default(15),
})

export const settingNames = Object.keys(environment.shape)

export interface PackagingConfig {
  /** Python 3 with pip: a name on the PATH or a path. */
  python: string
  /** All that pip sees of the server's environment. */
  environment: Readonly<Record<string, string>>
}

export interface Config {
  port: number
  host: string
  /** Where clients reach this server, when it is not where it listens (behind a proxy). No slash at the end. */
  publicUrl: string | null
  /** Addresses and subnets of proxies whose `X-Forwarded-For` is believed; null: nobody's. */
  trustedProxies: readonly string[] | null
  home: string
  logLevel: string
  admin: { email: string; password: string | null }
  /** Passwords are hashed with scrypt, N = 2 to this power. */
  passwordCost: number
  /** Signs URLs; null: made at the first start and kept in the catalog. */
  secret: string | null
  sessionHours: number
  oidc: { issuer: string; audience: string } | null
  catalog: CatalogConfig
  storage: StorageConfig
  lakehouse: LakehouseConfig
  compute: ComputeConfig
  functions: FunctionsConfig
  /** Builds dependency archives; null: this machine does. */
  archiveFunction: ArchiveFunctionConfig | null
  /** Buckets of OCI that the work of all projects passes through: scripts, archives, models, what runs print. */
  ownBuckets: readonly string[]
  pubsub: PubsubConfig
  /** What every backend of Oracle Cloud shares; nobody looks at it where there is none. */
  oci: OciConfig
  packaging: PackagingConfig
  sql: { timeoutMs: number; maxRows: number }
  upload: { maxBytes: number; hours: number }
  /** How long a pipeline run waits for a server that gives no sign, before another one takes it. */
  leaseSeconds: number
}

/** All that is wrong with the settings, one line each. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  constructor(readonly problems: readonly string[]) {
    super(
      `The configuration has ${problems.length === 1 ? 'an error' : `${problems.length} errors`}:\n${problems.map((p) => `  ${p}`).join('\n')}`,
    )
  }
}

/**
 * Reads and checks every setting. The only reader of the environment.
 * @throws ConfigError naming every problem at once; no message repeats a secret's value
 */
export function readConfig(env: Record<string, string | undefined> = process.env): Config {
  const problems: string[] = []
  // An empty variable is an unset one: that is how compose files and CI write "none".
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''))
  for (const name of Object.keys(given))
    if (name.startsWith('DHUO_') && !settingNames.includes(name) && !otherVariables.test(name))
      problems.push(`${name}: there is no such setting`)

  if (Boolean(given['DHUO_OIDC_ISSUER']) !== Boolean(given['DHUO_OIDC_AUDIENCE']))
    problems.push('DHUO_OIDC_ISSUER and DHUO_OIDC_AUDIENCE: set both or neither')
  problems.push(...lakehouseProblems(given))

  const parsed = environment.safeParse(given)
  for (const issue of parsed.error?.issues ?? []) problems.push(settingProblem(issue))
  if (!parsed.success || problems.length > 0) throw new ConfigError(problems)
  const settings = parsed.data
  const home = resolve(settings.DHUO_HOME)

  const config = {
    port: settings.PORT,
    host: settings.HOST,
    publicUrl: settings.DHUO_PUBLIC_URL?.replace(/\/+$/, '') ?? null,
    trustedProxies: settings.DHUO_TRUSTED_PROXIES ?? null,
    home,
    logLevel: settings.DHUO_LOG_LEVEL,
    admin: { email: settings.DHUO_ADMIN_EMAIL.toLowerCase(), password: settings.DHUO_ADMIN_PASSWORD ?? null },
    passwordCost: settings.DHUO_PASSWORD_COST,
    secret: settings.DHUO_SECRET ?? null,
    sessionHours: settings.DHUO_SESSION_HOURS,
    oidc:
      settings.DHUO_OIDC_ISSUER && settings.DHUO_OIDC_AUDIENCE
        ? { issuer: settings.DHUO_OIDC_ISSUER, audience: settings.DHUO_OIDC_AUDIENCE }
        : null,
    catalog: catalogConfig(settings, home),
    storage: storageConfig(settings, home),
    lakehouse: lakehouseConfig(settings, home),
    compute: computeConfig(settings, home, env),
    functions: functionsConfig(settings, home, env),
    archiveFunction: settings.DHUO_ARCHIVE_FUNCTION ?? null,
    pubsub: pubsubConfig(settings),
    oci: ociConfig(settings),
    packaging: { python: settings.DHUO_PYTHON, environment: { ...inheritedFrom(env), ...pipVariables(env) } },
    sql: { timeoutMs: settings.DHUO_SQL_TIMEOUT_MS, maxRows: settings.DHUO_SQL_MAX_ROWS },
    upload: { maxBytes: settings.DHUO_UPLOAD_MAX_BYTES, hours: settings.DHUO_UPLOAD_HOURS },
    leaseSeconds: settings.DHUO_LEASE_SECONDS,
  }
  return deepFreeze({ ...config, ownBuckets: bucketsOf(config) })
}

const bucketsOf = ({ compute, functions, archiveFunction }: Omit<Config, 'ownBuckets'>): string[] => [
  ...(compute.scheme === 'oci-dataflow' ? [compute.files.bucket, compute.logsBucket] : []),
  ...(functions.scheme === 'oci-functions' ? [functions.bucket] : []),
  ...(archiveFunction ? [archiveFunction.bucket] : []),
]

const isSecret = (name: string): boolean => /_(PASSWORD|PASSPHRASE|SECRET|TOKEN|KEY)$/.test(name)

/** Which settings are set, by name, and the values of those that are secrets: for the doctor, which must not repeat them. */
export function givenSettings(env: Record<string, string | undefined> = process.env): { names: string[]; secrets: string[] } {
  const names = settingNames.filter((name) => env[name])
  const secrets = names.flatMap((name) => (isSecret(name) ? env[name]! : []))
  return { names, secrets: secrets.filter((value) => value.length > 3).sort((a, b) => b.length - a.length) }
}

/** Variables of ours that are no settings of the server: tests and what scripts get from the server. */
const otherVariables = /^DHUO_(TEST_|URL$|ACCESS_KEY$|PIPELINE_RUN$|STEP$|ATTEMPT$|MARKS$|PROJECT$|MODEL_URI$|ARCHIVE$|JOB$)/

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) for (const child of Object.values(value)) deepFreeze(child)
  return Object.freeze(value)
}
