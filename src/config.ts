import { isIP } from 'node:net'
import { resolve } from 'node:path'
import { z } from 'zod'

// libuv reads it when its pool is first used. DuckDB holds a thread of the pool for as long as a query runs: with the four
// there are by default, four long queries would stop every file access. https://github.com/duckdb/duckdb-node-neo/issues/325
process.env['UV_THREADPOOL_SIZE'] ??= '16'
// Otherwise graphql-js looks at every value whether it came from a second copy of itself: twice the time for a large input.
process.env['NODE_ENV'] ??= 'production'

/** `<scheme>:<path>`. The message repeats no value: somebody's URL may hold a password. */
const pathUrl = (scheme: string) =>
  z
    .string()
    .regex(new RegExp(`^${scheme}:.`, 's'), `must be ${scheme}:<path>`)
    .optional()

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

  DHUO_CATALOG_URL: pathUrl('sqlite'),
  DHUO_STORAGE_URL: pathUrl('file'),
  DHUO_LAKEHOUSE_URL: pathUrl('duckdb'),
  DHUO_COMPUTE_URL: z
    .string()
    .transform((url, check) => {
      const compute = computeOf(url)
      if (typeof compute !== 'string') return compute
      check.addIssue(compute)
      return z.NEVER
    })
    .prefault('local:'),
  DHUO_FUNCTIONS_URL: z.literal('local:', { error: 'must be local:' }).default('local:'),

  DHUO_SQL_TIMEOUT_MS: z.coerce.number().int().min(1).max(3_600_000).default(30_000),
  DHUO_SQL_MAX_ROWS: z.coerce.number().int().min(1).max(1_000_000).default(10_000),
  DHUO_SQL_MEMORY_MB: z.coerce.number().int().min(64).default(1024),
  DHUO_UPLOAD_MAX_BYTES: z.coerce
    .number()
    .int()
    .min(1)
    .default(10 * 2 ** 40),
  DHUO_UPLOAD_HOURS: z.coerce.number().positive().max(168).default(24),
  DHUO_LEASE_SECONDS: z.coerce.number().min(1).max(3600).default(15),

  DHUO_PYTHON: z.string().min(1).default('python3'),
  DHUO_JOBS_AT_ONCE: z.coerce.number().int().min(1).max(1_000).optional(),
  DHUO_JOB_MEMORY_MB: z.coerce.number().int().min(64).default(4096),
  DHUO_JOB_DISK_MB: z.coerce.number().int().min(1).default(10_240),
  DHUO_JOB_GRACE_SECONDS: z.coerce.number().min(0).max(600).default(5),

  DHUO_FUNCTION_TIMEOUT_MS: z.coerce.number().int().min(1).max(300_000).default(30_000),
  DHUO_FUNCTIONS_AT_ONCE: z.coerce.number().int().min(1).max(1_000).default(4),
})

/** What the URL says, or what is wrong with it. */
function computeOf(url: string): SparkConfig | null | string {
  const [, scheme, , query] = url.match(/^(local|spark-submit):(\?(.*))?$/s) ?? []
  if (scheme === 'local' && query === undefined) return null
  if (scheme !== 'spark-submit') return 'must be local: or spark-submit:?master=<master>'
  const spark: SparkConfig = { master: '', conf: {}, confBySize: { SMALL: {}, MEDIUM: {}, LARGE: {} } }
  for (const [name, value] of new URLSearchParams(query)) {
    const [, size, setting] = name.match(/^(?:(SMALL|MEDIUM|LARGE)\.)?(spark\.[\w.-]+)$/) ?? []
    if (name === 'master') spark.master = value
    else if (setting === undefined)
      return 'knows master, spark.<name>, and SMALL.spark.<name>, MEDIUM.…, LARGE.… for one size of cluster'
    else (size === undefined ? spark.conf : spark.confBySize[size as keyof SparkConfig['confBySize']])[setting] = value
  }
  return spark.master === '' ? 'must be spark-submit:?master=<master>, for example spark-submit:?master=local[*]' : spark
}

export const settingNames = Object.keys(environment.shape)

export interface LocalStorageConfig {
  scheme: 'file'
  directory: string
}
export interface SqliteCatalogConfig {
  scheme: 'sqlite'
  file: string
}
export interface DuckdbLakehouseConfig {
  scheme: 'duckdb'
  directory: string
  memoryLimitMb: number
  timeoutMs: number
}
export interface SparkConfig {
  /** As spark-submit takes it: `local[*]`, `spark://host:7077`, `yarn`. */
  master: string
  /** `spark.…` settings of every job. */
  conf: Record<string, string>
  /** On top of those, by the size of the cluster. */
  confBySize: Record<'SMALL' | 'MEDIUM' | 'LARGE', Record<string, string>>
}
export interface LocalComputeConfig {
  scheme: 'local' | 'spark-submit'
  /** Holds running jobs and unpacked archives. */
  directory: string
  /** Program that runs `.py` scripts: a name on the PATH or a path. */
  python: string
  /** Null: twice the processor's cores, at least 4. */
  jobsAtOnce: number | null
  /** Of one job, as are the next two. */
  memoryLimitMb: number
  diskLimitMb: number
  /** Between asking a job to end and killing it. */
  graceSeconds: number
  /** Variables of the server's environment that jobs see too; all others are kept from them. */
  inherited: Readonly<Record<string, string>>
  /** Null: Python scripts run by themselves, without Spark. */
  spark: SparkConfig | null
}

export interface LocalFunctionsConfig {
  scheme: 'local'
  /** Holds the files of warm handlers. */
  directory: string
  python: string
  /** As for jobs. */
  inherited: Readonly<Record<string, string>>
  /** Of one call, from the time when the handler has its rows. */
  timeoutMs: number
  /** Handlers that are kept warm; each is a process. */
  workersAtOnce: number
  /** A handler that was not called for so long is ended. */
  idleMs: number
}

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
  catalog: SqliteCatalogConfig
  storage: LocalStorageConfig
  lakehouse: DuckdbLakehouseConfig
  compute: LocalComputeConfig
  functions: LocalFunctionsConfig
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

  const parsed = environment.safeParse(given)
  for (const issue of parsed.error?.issues ?? []) problems.push(`${issue.path.join('.')}: ${issue.message}`)
  if (!parsed.success || problems.length > 0) throw new ConfigError(problems)
  const settings = parsed.data
  const home = resolve(settings.DHUO_HOME)

  const pathOf = (url: string | undefined, fallback: string): string =>
    resolve(url === undefined ? resolve(home, fallback) : url.slice(url.indexOf(':') + 1))
  return deepFreeze({
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
    catalog: { scheme: 'sqlite', file: pathOf(settings.DHUO_CATALOG_URL, 'catalog.db') },
    storage: { scheme: 'file', directory: pathOf(settings.DHUO_STORAGE_URL, 'buckets') },
    lakehouse: {
      scheme: 'duckdb',
      directory: pathOf(settings.DHUO_LAKEHOUSE_URL, 'lakehouse'),
      memoryLimitMb: settings.DHUO_SQL_MEMORY_MB,
      timeoutMs: settings.DHUO_SQL_TIMEOUT_MS,
    },
    compute: {
      scheme: settings.DHUO_COMPUTE_URL === null ? 'local' : 'spark-submit',
      directory: home,
      python: settings.DHUO_PYTHON,
      jobsAtOnce: settings.DHUO_JOBS_AT_ONCE ?? null,
      memoryLimitMb: settings.DHUO_JOB_MEMORY_MB,
      diskLimitMb: settings.DHUO_JOB_DISK_MB,
      graceSeconds: settings.DHUO_JOB_GRACE_SECONDS,
      inherited: inheritedFrom(env),
      spark: settings.DHUO_COMPUTE_URL,
    },
    functions: {
      scheme: 'local',
      directory: home,
      python: settings.DHUO_PYTHON,
      inherited: inheritedFrom(env),
      timeoutMs: settings.DHUO_FUNCTION_TIMEOUT_MS,
      workersAtOnce: settings.DHUO_FUNCTIONS_AT_ONCE,
      idleMs: 600_000,
    },
    packaging: { python: settings.DHUO_PYTHON, environment: { ...inheritedFrom(env), ...pipVariables(env) } },
    sql: { timeoutMs: settings.DHUO_SQL_TIMEOUT_MS, maxRows: settings.DHUO_SQL_MAX_ROWS },
    upload: { maxBytes: settings.DHUO_UPLOAD_MAX_BYTES, hours: settings.DHUO_UPLOAD_HOURS },
    leaseSeconds: settings.DHUO_LEASE_SECONDS,
  })
}

/** Variables of ours that are no settings of the server: tests and what scripts get from the server. */
const otherVariables = /^DHUO_(TEST_|URL$|ACCESS_KEY$|PIPELINE_RUN$|STEP$|PROJECT$|MODEL_URI$|ARCHIVE$|JOB$)/

/** What scripts need of the server's environment, by name: whatever else is there may be a secret. */
const inheritedNames = [
  ...['PATH', 'LANG', 'LC_ALL', 'LC_CTYPE', 'TZ', 'LD_LIBRARY_PATH', 'SSL_CERT_FILE', 'SSL_CERT_DIR'],
  ...['JAVA_HOME', 'SPARK_HOME', 'SPARK_CONF_DIR', 'HADOOP_CONF_DIR', 'YARN_CONF_DIR'],
]
const inheritedFrom = (env: Record<string, string | undefined>): Record<string, string> => ({
  PATH: '/usr/local/bin:/usr/bin:/bin',
  LANG: 'C.UTF-8',
  ...Object.fromEntries(inheritedNames.flatMap((name) => (env[name] ? [[name, env[name]]] : []))),
})

/** Where pip finds its configuration, its index and the way there. */
const pipVariables = (env: Record<string, string | undefined>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) =>
      value && /^(HOME|PIP_[A-Z_]+|NETRC|REQUESTS_CA_BUNDLE|(HTTPS?|NO|ALL)_PROXY)$/i.test(name) ? [[name, value]] : [],
    ),
  )

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) for (const child of Object.values(value)) deepFreeze(child)
  return Object.freeze(value)
}
