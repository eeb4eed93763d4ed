import { resolve } from 'node:path'
import { z } from 'zod'
import { pathIn } from './path-url.js'

export const lakehouseSettings = {
  DHUO_LAKEHOUSE_URL: z
    .string()
    .regex(/^(duckdb|oracle):./s, 'must be duckdb:<directory>, oracle://<host>:<port>/<service> or oracle:<alias>')
    .optional(),
  DHUO_SQL_TIMEOUT_MS: z.coerce.number().int().min(1).max(3_600_000).default(30_000),
  DHUO_SQL_MAX_ROWS: z.coerce.number().int().min(1).max(1_000_000).default(10_000),
  DHUO_SQL_MEMORY_MB: z.coerce.number().int().min(64).default(1024),
  DHUO_ORACLE_USER: z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9_$#]{0,127}$/, 'must be the name of an account, without quotes')
    .optional(),
  DHUO_ORACLE_PASSWORD: z.string().min(1).optional(),
  DHUO_ORACLE_WALLET: z.string().min(1).optional(),
  DHUO_ORACLE_WALLET_PASSWORD: z.string().min(1).optional(),
  DHUO_ORACLE_PREFIX: z
    .string()
    .regex(/^[A-Z][A-Z0-9]{0,29}$/, 'must be 1 to 30 capital letters and digits, beginning with a letter')
    .default('DHUO'),
  DHUO_ORACLE_CONNECTIONS: z.coerce.number().int().min(1).max(1_000).default(16),
  DHUO_ORACLE_CLOUD_LOAD_MB: z.coerce.number().int().min(0).default(32),
  DHUO_ORACLE_CONNECT_SECONDS: z.coerce.number().int().min(1).max(300).default(10),
}

type LakehouseSettings = z.infer<z.ZodObject<typeof lakehouseSettings>>

export interface DuckdbLakehouseConfig {
  scheme: 'duckdb'
  directory: string
  memoryLimitMb: number
  timeoutMs: number
}

export interface OracleLakehouseConfig {
  scheme: 'oracle'
  /** As the driver takes it: Easy Connect, or a name in `tnsnames.ora` of the wallet's directory. */
  connectString: string
  /** Speaks for the accounts of projects and may do nothing by itself. */
  user: string
  password: string
  /** Holds `tnsnames.ora` and, for mutual TLS, `ewallet.pem`. */
  walletDirectory: string | null
  walletPassword: string | null
  /** The accounts of a project begin with it. */
  prefix: string
  /** Statements at a time. */
  connections: number
  connectSeconds: number
  /** Files from this size on are fetched by the database itself, where it may; 0: none. */
  cloudLoadBytes: number
  /** For files that are read and written: nothing is kept in it. */
  directory: string
  /** Of reading and writing files. */
  memoryLimitMb: number
  timeoutMs: number
}
export type LakehouseConfig = DuckdbLakehouseConfig | OracleLakehouseConfig

/** What is wrong with settings that are each right by themselves. No line repeats a value: somebody's URL may hold a password. */
export function lakehouseProblems(given: Record<string, string | undefined>): string[] {
  const url = given['DHUO_LAKEHOUSE_URL']
  if (!url?.startsWith('oracle:')) return []
  const problems = ['DHUO_ORACLE_USER', 'DHUO_ORACLE_PASSWORD'].flatMap((name) =>
    given[name] ? [] : [`${name}: must be set for a lake house on Oracle`],
  )
  const problem = parseOracleUrl(url)
  if (typeof problem === 'string') problems.push(`DHUO_LAKEHOUSE_URL: ${problem}`)
  else if (problem.isAlias && !given['DHUO_ORACLE_WALLET'])
    problems.push('DHUO_ORACLE_WALLET: must be set where DHUO_LAKEHOUSE_URL is a name: the directory with tnsnames.ora')
  return problems
}

/** What is wrong with it in words, or what the driver takes. */
function parseOracleUrl(url: string): string | { connectString: string; isAlias: boolean } {
  const rest = url.slice('oracle:'.length)
  if (!rest.startsWith('//'))
    return /^[A-Za-z][\w.-]*$/.test(rest)
      ? { connectString: rest, isAlias: true }
      : 'the name of a service has letters, digits, _, . and -'
  const parsed = URL.parse(url)
  if (parsed?.username || parsed?.password)
    return 'must not hold an account or a password: these are DHUO_ORACLE_USER and DHUO_ORACLE_PASSWORD'
  const service = parsed?.pathname.slice(1) ?? ''
  // The driver refuses a service of one letter: it takes the whole for no Easy Connect.
  if (!parsed?.hostname || !/^[A-Za-z0-9][\w.-]+$/.test(service) || parsed.hash) return 'must be oracle://<host>:<port>/<service>'
  const tls = parsed.searchParams.get('tls') ?? 'false'
  if ([...parsed.searchParams.keys()].some((name) => name !== 'tls') || !/^(true|false)$/.test(tls))
    return 'takes ?tls=true and no other parameter'
  const [protocol, port] = tls === 'true' ? ['tcps', '1522'] : ['tcp', '1521']
  return { connectString: `${protocol}://${parsed.hostname}:${parsed.port || port}/${service}`, isAlias: false }
}

export function lakehouseConfig(settings: LakehouseSettings, home: string): LakehouseConfig {
  const { DHUO_LAKEHOUSE_URL: url, DHUO_SQL_MEMORY_MB: memoryLimitMb, DHUO_SQL_TIMEOUT_MS: timeoutMs } = settings
  if (!url?.startsWith('oracle:'))
    return { scheme: 'duckdb', directory: pathIn(url, home, 'lakehouse'), memoryLimitMb, timeoutMs }
  const parsed = parseOracleUrl(url)
  return {
    scheme: 'oracle',
    connectString: typeof parsed === 'string' ? '' : parsed.connectString,
    user: settings.DHUO_ORACLE_USER ?? '',
    password: settings.DHUO_ORACLE_PASSWORD ?? '',
    walletDirectory: settings.DHUO_ORACLE_WALLET ? resolve(settings.DHUO_ORACLE_WALLET) : null,
    walletPassword: settings.DHUO_ORACLE_WALLET_PASSWORD ?? null,
    prefix: settings.DHUO_ORACLE_PREFIX,
    connections: settings.DHUO_ORACLE_CONNECTIONS,
    connectSeconds: settings.DHUO_ORACLE_CONNECT_SECONDS,
    cloudLoadBytes: settings.DHUO_ORACLE_CLOUD_LOAD_MB * 2 ** 20,
    directory: resolve(home, 'lakehouse-files'),
    memoryLimitMb,
    timeoutMs,
  }
}
