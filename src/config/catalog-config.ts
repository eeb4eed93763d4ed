import { isIP } from 'node:net'
import { isAbsolute } from 'node:path'
import { z } from 'zod'
import { pathIn } from './path-url.js'

export const catalogSettings = {
  DHUO_CATALOG_URL: z
    .string()
    .transform((url, check) => {
      const place = placeOf(url)
      if (typeof place !== 'string') return place
      check.addIssue(place)
      return z.NEVER
    })
    .optional(),
  DHUO_CATALOG_PASSWORD: z.string().min(1).optional(),
  DHUO_CATALOG_CA_FILE: z.string().min(1).optional(),
  DHUO_CATALOG_POOL_SIZE: z.coerce.number().int().min(2).max(1_000).default(10),
  DHUO_CATALOG_TIMEOUT_MS: z.coerce.number().int().min(100).max(600_000).default(10_000),
}

export interface SqliteCatalogConfig {
  scheme: 'sqlite'
  file: string
}

/** Whether the server's certificate is looked at: not at all, without TLS; not, with TLS; its issuer; its issuer and its name. */
const tlsModes = ['disable', 'require', 'verify-ca', 'verify-full'] as const

interface PostgresPlace {
  scheme: 'postgres'
  /** A name, an address, or the directory of a Unix socket. */
  host: string
  port: number
  user: string
  database: string
  tls: (typeof tlsModes)[number]
  /** How the database's own views and logs call this server. */
  applicationName: string
}
export interface PostgresCatalogConfig extends PostgresPlace {
  password: string | null
  /** PEM file with the authorities that TLS trusts; null: those of Node. */
  caFile: string | null
  /** Connections, of this server alone. */
  poolSize: number
  /** Of one statement; and of the wait for a connection. */
  timeoutMs: number
}
export type CatalogConfig = SqliteCatalogConfig | PostgresCatalogConfig

/** What the URL says, or what is wrong with it. No answer repeats the URL: somebody's may hold a password. */
function placeOf(url: string): { scheme: 'sqlite'; url: string } | PostgresPlace | string {
  if (/^sqlite:./s.test(url)) return { scheme: 'sqlite', url }
  if (!/^postgres(ql)?:\/\//.test(url)) return 'must be sqlite:<path> or postgres://<user>@<host>:<port>/<database>'
  // URL knows neither a host nor a port of a scheme that it does not know, unless they are those of one that it does.
  const parsed = URL.parse(url.replace(/^postgres(ql)?:/, 'http:').replace(/^http:\/\/([^/?]*@)?(?=[/?])/, 'http://$1localhost'))
  if (!parsed) return 'is no URL. It must be postgres://<user>@<host>:<port>/<database>'
  if (parsed.password !== '') return 'must not hold a password: set DHUO_CATALOG_PASSWORD'
  let user: string
  let database: string
  try {
    ;[user, database] = [decodeURIComponent(parsed.username), decodeURIComponent(parsed.pathname.slice(1))]
  } catch {
    return 'has a % that does not stand before two hexadecimal digits'
  }
  if (user === '' || database === '') return 'must name a user and a database: postgres://<user>@<host>:<port>/<database>'

  const names = ['host', 'sslmode', 'application_name']
  const options = parsed.searchParams
  const unknown = [...options.keys()].find((name) => !names.includes(name))
  if (unknown === 'password') return 'must not hold a password: set DHUO_CATALOG_PASSWORD'
  if (unknown !== undefined) return `knows ${names.join(', ')}, and not ${JSON.stringify(unknown.slice(0, 40))}`
  const host = options.get('host') ?? parsed.hostname.replace(/^\[(.*)\]$/, '$1')
  const isHere = isAbsolute(host) || host === 'localhost' || (isIP(host) === 4 && host.startsWith('127.')) || host === '::1'
  const tls = tlsModes.find((mode) => mode === (options.get('sslmode') ?? (isHere ? 'disable' : 'verify-full')))
  if (!tls) return `has an sslmode that is none of ${tlsModes.join(', ')}`
  return {
    scheme: 'postgres',
    host,
    port: Number(portOf(url) ?? 5432),
    user,
    database,
    tls,
    applicationName: options.get('application_name') ?? 'dhuo-graph',
  }
}

/** URL drops the port 80, as the usual one of HTTP. */
const portOf = (url: string): string | undefined => /^[^:]+:\/\/[^/?]*:(\d+)(?=[/?]|$)/.exec(url)?.[1]

export const catalogConfig = (settings: z.infer<z.ZodObject<typeof catalogSettings>>, home: string): CatalogConfig => {
  const place = settings.DHUO_CATALOG_URL
  if (place?.scheme !== 'postgres') return { scheme: 'sqlite', file: pathIn(place?.url, home, 'catalog.db') }
  return {
    ...place,
    password: settings.DHUO_CATALOG_PASSWORD ?? null,
    caFile: settings.DHUO_CATALOG_CA_FILE ?? null,
    poolSize: settings.DHUO_CATALOG_POOL_SIZE,
    timeoutMs: settings.DHUO_CATALOG_TIMEOUT_MS,
  }
}
