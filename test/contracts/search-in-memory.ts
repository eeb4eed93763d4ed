import type { Comparison, Literal, Ordering } from '../../src/datasources/catalog/search/search-parser.js'
import { parseFilter, parseOrdering } from '../../src/datasources/catalog/search/search-parser.js'

/** A run as a test knows it, without any database. */
export interface KnownRun {
  id: string
  experimentId: string
  name: string
  status: string
  lifecycle: 'ACTIVE' | 'DELETED'
  /** Milliseconds. */
  startedAt: number
  endedAt: number | null
  user: string | null
  metrics: Map<string, number>
  params: Map<string, string>
  tags: Map<string, string>
  datasets: string[]
}

type Known = string | number | undefined

/** The search language once more, over rows in memory and as literally as its description: what the SQL is held to. */
export function searchInMemory(runs: readonly KnownRun[], filter: string, orderBy: readonly string[]): KnownRun[] {
  const comparisons = parseFilter(filter)
  const orderings = orderBy.length > 0 ? orderBy.map(parseOrdering) : [parseOrdering('start_time DESC')]
  return runs
    .filter((run) => comparisons.every((comparison) => isTrue(run, comparison)))
    .sort((one, other) => compareRuns(one, other, orderings))
}

const logs = new Map<string, 'metrics' | 'params' | 'tags'>([
  ...['metric', 'metrics'].map((entity) => [entity, 'metrics'] as const),
  ...['param', 'params', 'parameter', 'parameters'].map((entity) => [entity, 'params'] as const),
  ...['tag', 'tags'].map((entity) => [entity, 'tags'] as const),
])

function knownValue(run: KnownRun, { entity, key }: { entity: string | null; key: string }): Known {
  const log = entity === null ? undefined : logs.get(entity)
  if (log) return run[log].get(key)
  if (/^(start_time|startedAt|created|Created)$/.test(key)) return run.startedAt
  if (/^(end_time|endedAt)$/.test(key)) return run.endedAt ?? undefined
  if (/^(run_id|id)$/.test(key)) return run.id
  if (key === 'status') return run.status
  if (key === 'user_id') return run.user ?? undefined
  return run.name
}

function isTrue(run: KnownRun, { identifier, operator, literal }: Comparison): boolean {
  if (/^datasets?$/.test(identifier.entity ?? '')) return run.datasets.some((name) => compares(name, operator, literal))
  const value = knownValue(run, identifier)
  if (operator === 'IS NULL') return value === undefined
  if (value === undefined) return false
  return operator === 'IS NOT NULL' || (!Number.isNaN(value) && compares(value, operator, literal))
}

function compares(value: string | number, operator: string, literal: Literal): boolean {
  const wanted = literal.value as string | number
  switch (operator) {
    case '=':
      return value === wanted
    case '!=':
      return value !== wanted
    case '<':
      return value < wanted
    case '<=':
      return value <= wanted
    case '>':
      return value > wanted
    case '>=':
      return value >= wanted
    case 'IN':
      return (literal.value as unknown[]).includes(value)
    case 'NOT IN':
      return !(literal.value as unknown[]).includes(value)
    default:
      return like(String(value), String(wanted), operator === 'ILIKE')
  }
}

/** `%` any run of characters, `_` one of them; nothing escapes. */
function like(value: string, pattern: string, ignoreCase: boolean): boolean {
  const source = [...pattern].map((character) =>
    character === '%' ? '.*' : character === '_' ? '.' : character.replace(/[\\^$.*+?()[\]{}|/]/, '\\$&'),
  )
  return new RegExp(`^${source.join('')}$`, ignoreCase ? 'sui' : 'su').test(value)
}

function compareRuns(one: KnownRun, other: KnownRun, orderings: readonly Ordering[]): number {
  for (const { identifier, descending } of orderings) {
    const order = compareValues(knownValue(one, identifier), knownValue(other, identifier), descending)
    if (order !== 0) return order
  }
  return compareTexts(one.id, other.id) * (orderings.at(-1)!.descending ? -1 : 1)
}

function compareValues(one: Known, other: Known, descending: boolean): number {
  const rank = (value: Known) => (value === undefined ? 2 : Number.isNaN(value) ? 1 : 0)
  if (rank(one) !== rank(other) || rank(one) > 0) return rank(one) - rank(other)
  const order =
    typeof one === 'number'
      ? Math.sign(Number(one > (other as number)) - Number(one < (other as number)))
      : compareTexts(one as string, other as string)
  return descending ? -order : order
}

/** By code points, as both databases do. */
const compareTexts = (one: string, other: string): number => Buffer.compare(Buffer.from(one), Buffer.from(other))
