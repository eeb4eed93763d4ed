import { z } from 'zod'

const urlForms =
  'must be memory:, redis://host[:port][/db], redis://host:port,…/[db]?sentinel=<master> or redis://host:port,…?cluster; rediss:// for TLS'

export const pubsubSettings = {
  DHUO_PUBSUB_URL: z
    .string()
    .transform((url, check) => {
      const target = targetOf(url)
      if (typeof target !== 'string') return target
      check.addIssue(target)
      return z.NEVER
    })
    .prefault('memory:'),
  DHUO_PUBSUB_PASSWORD: z.string().min(1).optional(),
  DHUO_PUBSUB_SENTINEL_PASSWORD: z.string().min(1).optional(),
  DHUO_PUBSUB_CA_FILE: z.string().min(1).optional(),
  DHUO_PUBSUB_PREFIX: z
    .string()
    .regex(/^[\w.-]{1,64}$/, 'must be 1 to 64 letters, digits, dots, dashes or underscores')
    .default('dhuo'),
}

export interface RedisNode {
  host: string
  port: number
}

/** What the URL says. */
interface RedisTarget {
  scheme: 'redis'
  /** The Redis itself, the nodes of a cluster, or its Sentinels. */
  nodes: RedisNode[]
  mode: 'single' | 'sentinel' | 'cluster'
  /** The name that the Sentinels have for the master. */
  master: string | null
  isEncrypted: boolean
  /** Of the access list; null: the default user. */
  user: string | null
  db: number
}

export interface RedisPubsubConfig extends RedisTarget {
  password: string | null
  sentinelPassword: string | null
  /** PEM file with the authorities that TLS trusts; null: those of Node. */
  caFile: string | null
  /** Before the name of every channel: servers that share a Redis and not a catalog must not hear each other. */
  prefix: string
}
export interface MemoryPubsubConfig {
  scheme: 'memory'
}
export type PubsubConfig = MemoryPubsubConfig | RedisPubsubConfig

export const pubsubConfig = (settings: z.infer<z.ZodObject<typeof pubsubSettings>>): PubsubConfig =>
  settings.DHUO_PUBSUB_URL === null
    ? { scheme: 'memory' }
    : {
        ...settings.DHUO_PUBSUB_URL,
        password: settings.DHUO_PUBSUB_PASSWORD ?? null,
        sentinelPassword: settings.DHUO_PUBSUB_SENTINEL_PASSWORD ?? null,
        caFile: settings.DHUO_PUBSUB_CA_FILE ?? null,
        prefix: settings.DHUO_PUBSUB_PREFIX,
      }

/** What the URL says, null for `memory:`, or what is wrong with it: never with what stands in it, for that may be a password. */
function targetOf(url: string): RedisTarget | null | string {
  if (url === 'memory:') return null
  const [, scheme, login, hosts = '', path, query] =
    url.match(/^(rediss?):\/\/(?:([^@/?]*)@)?([^@/?]+)(?:\/([^/?]*))?(?:\?(.*))?$/) ?? []
  if (!scheme) return urlForms
  if (login?.includes(':')) return 'must not hold a password: that goes to DHUO_PUBSUB_PASSWORD'
  if (path && !/^\d{1,5}$/.test(path)) return `has a database that is no number; ${urlForms}`
  const user = login === undefined ? null : decoded(login)
  if (user === '') return `has a user that is none; ${urlForms}`
  const options = new URLSearchParams(query)
  const master = options.get('sentinel')
  const isCluster = options.has('cluster')
  if ([...options.keys()].some((name) => name !== 'sentinel' && name !== 'cluster') || master === '' || (isCluster && master))
    return `knows ?sentinel=<master> or ?cluster behind it; ${urlForms}`
  const nodes = hosts.split(',').map((host) => nodeOf(host, master ? 26_379 : 6_379))
  if (nodes.some((node) => node === null)) return `has a host that is none; ${urlForms}`
  if (nodes.length > 1 && !master && !isCluster) return `has several hosts: say ?sentinel=<master> or ?cluster; ${urlForms}`
  return {
    scheme: 'redis',
    nodes: nodes as RedisNode[],
    mode: master ? 'sentinel' : isCluster ? 'cluster' : 'single',
    master,
    isEncrypted: scheme === 'rediss',
    user,
    db: Number(path || 0),
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return ''
  }
}

function nodeOf(text: string, defaultPort: number): RedisNode | null {
  const [, bracketed, name, digits] = text.match(/^(?:\[([\da-fA-F:.]+)\]|([\w.-]+))(?::(\d{1,5}))?$/) ?? []
  const host = bracketed ?? name
  const port = digits === undefined ? defaultPort : Number(digits)
  return host && port > 0 && port < 65_536 ? { host, port } : null
}
