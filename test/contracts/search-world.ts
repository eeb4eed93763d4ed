import type { Kysely } from 'kysely'
import { newId } from '../../src/datasources/catalog/node-id.js'
import type { Tables } from '../../src/datasources/catalog/tables.js'
import type { KnownRun } from './search-in-memory.js'

export const seconds = (count: number): number => Date.UTC(2026, 0, 1) + count * 1000
export const iso = (milliseconds: number): string => new Date(milliseconds).toISOString()

/** Keys that SQL, quoting and patterns could stumble over. */
export const keys = [
  'm',
  'val loss',
  "it's",
  'a"b',
  'a`b',
  'a.b.c',
  'ключ',
  '50%_[x]*?',
  'x-y/z:1',
  'AND',
  '日本',
  "'); drop table runs; --",
]
const texts = [
  '',
  'a',
  'A',
  'b',
  'ab',
  'aB',
  '%',
  '_',
  'a_b',
  '*',
  '[a]',
  'São',
  'SÃO',
  'ß',
  "o'neil",
  '"',
  '\\',
  '1',
  '10',
  'ÿ',
  '𝒳',
  'line\nbreak',
]
const numbers = [0, 0, 1, 1, 2, -1, 0.1, 0.1 + 0.2, 1e-300, -1e300, 5e-324, Number.NaN, Infinity, -Infinity, 2 ** 53]

/** The same numbers for the same seed: https://en.wikipedia.org/wiki/Xorshift */
export function randomFrom(seed: number) {
  let state = seed
  const next = (): number => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
  return {
    next,
    below: (bound: number): number => Math.floor(next() * bound),
    pick: <T>(values: readonly T[]): T => values[Math.floor(next() * values.length)]!,
    chance: (probability: number): boolean => next() < probability,
  }
}
export type Random = ReturnType<typeof randomFrom>

/** One project with its users, datasets and experiments; runs are put into it, and remembered. */
export class SearchWorld {
  readonly runs: KnownRun[] = []
  readonly projectId = newId('project')
  readonly experimentIds = [newId('experiment'), newId('experiment')]
  readonly users = ['ann', 'Bob'].map((user) => ({ id: newId('user'), email: `${user}@${this.projectId}` }))
  readonly datasets = ['train', 'Train', 'eval 1'].map((name) => ({ id: newId('dataset'), name }))

  constructor(readonly db: Kysely<Tables>) {}

  async open(): Promise<void> {
    const createdAt = iso(seconds(0))
    const { projectId } = this
    await this.db.insertInto('projects').values({ id: projectId, name: projectId, description: null, createdAt }).execute()
    for (const { id, email } of this.users)
      await this.db.insertInto('users').values({ id, email, name: null, passwordHash: null, isAdmin: 0, createdAt }).execute()
    for (const { id, name } of this.datasets)
      await this.db
        .insertInto('datasets')
        .values({
          id,
          projectId,
          name,
          kind: 'TABLE',
          description: null,
          tableName: id,
          ownsTable: 1,
          objectId: null,
          version: 1,
          pipelineStepId: null,
          createdAt,
          updatedAt: createdAt,
        })
        .execute()
    for (const [index, id] of this.experimentIds.entries())
      await this.db
        .insertInto('experiments')
        .values({ id, projectId, name: `experiment-${index}`, lifecycle: 'ACTIVE', createdAt, updatedAt: createdAt })
        .execute()
  }

  async add(over: Partial<KnownRun> = {}): Promise<KnownRun> {
    const run: KnownRun = {
      id: newId('run'),
      experimentId: this.experimentIds[0]!,
      name: 'run',
      status: 'FINISHED',
      lifecycle: 'ACTIVE',
      startedAt: seconds(0),
      endedAt: null,
      user: null,
      metrics: new Map(),
      params: new Map(),
      tags: new Map(),
      datasets: [],
      ...over,
    }
    const { id: runId, experimentId } = run
    const row = {
      id: runId,
      projectId: this.projectId,
      experimentId,
      name: run.name,
      status: run.status as 'FINISHED',
      lifecycle: run.lifecycle,
    }
    const userId = this.users.find(({ email }) => email === run.user)?.id ?? null
    const endedAt = run.endedAt === null ? null : iso(run.endedAt)
    await this.db
      .insertInto('runs')
      .values({ ...row, startedAt: iso(run.startedAt), endedAt, userId, parentId: null })
      .execute()
    const metrics = [...run.metrics].map(([key, value]) => {
      const isNan = Number.isNaN(value)
      return {
        runId,
        experimentId,
        key,
        timestamp: 0,
        step: 0,
        value: isNan ? 0 : value,
        isNan: isNan ? (1 as const) : (0 as const),
      }
    })
    const params = [...run.params].map(([key, value]) => ({ runId, experimentId, key, value }))
    const tags = [...run.tags].map(([key, value]) => ({ runId, experimentId, key, value }))
    const idOf = (name: string) => this.datasets.find((dataset) => dataset.name === name)!.id
    const inputs = run.datasets.map((name) => ({ runId, datasetId: idOf(name), datasetVersion: 1 }))
    if (metrics.length > 0) await this.db.insertInto('latest_metrics').values(metrics).execute()
    if (params.length > 0) await this.db.insertInto('run_params').values(params).execute()
    if (tags.length > 0) await this.db.insertInto('run_tags').values(tags).execute()
    if (inputs.length > 0) await this.db.insertInto('run_inputs').values(inputs).execute()
    this.runs.push(run)
    return run
  }

  /** With values of few kinds, so that many are equal and many are missing. */
  addRandom(random: Random): Promise<KnownRun> {
    const some = <T>(values: readonly T[]) =>
      new Map(keys.filter(() => random.chance(0.6)).map((key) => [key, random.pick(values)]))
    return this.add({
      experimentId: random.chance(0.8) ? this.experimentIds[0]! : this.experimentIds[1]!,
      name: random.pick(texts),
      status: random.pick(['RUNNING', 'FINISHED', 'FAILED']),
      lifecycle: random.chance(0.9) ? 'ACTIVE' : 'DELETED',
      startedAt: seconds(random.below(6)),
      endedAt: random.chance(0.5) ? seconds(random.below(6)) : null,
      user: random.pick([null, ...this.users.map(({ email }) => email)]),
      metrics: some(numbers),
      params: some(texts),
      tags: some(texts.slice(0, 4)),
      datasets: this.datasets.filter(() => random.chance(0.3)).map(({ name }) => name),
    })
  }
}

/** A filter of up to three comparisons, written in any of the ways that there are. */
export function randomFilter(random: Random, runs: readonly KnownRun[]): string {
  const count = random.pick([0, 1, 1, 2, 2, 3])
  return Array.from({ length: count }, () => randomComparison(random, runs)).join(random.pick([' AND ', ' and ', '  aNd\n']))
}

function randomComparison(random: Random, runs: readonly KnownRun[]): string {
  const numeric = ['=', '!=', '<', '<=', '>', '>=']
  const textual = ['=', '!=', 'LIKE', 'ilike']
  const space = random.pick(['', ' '])
  const isNull = random.chance(0.1) ? random.pick(['IS NULL', 'is not null']) : null
  switch (random.below(5)) {
    case 0: {
      const number = random.pick(numbers.filter(Number.isFinite))
      return `metrics.${quotedKey(random)} ${isNull ?? `${random.pick(numeric)}${space}${number}`}`
    }
    case 1:
      return `${random.pick(['params', 'param', 'parameter'])}.${quotedKey(random)} ${isNull ?? `${random.pick(textual)} ${randomText(random)}`}`
    case 2:
      return `tag.${quotedKey(random)} ${isNull ?? `${random.pick(textual)} ${randomText(random)}`}`
    case 3: {
      const time = random.pick(['start_time', 'attributes.end_time', 'run.startedAt'])
      return `${time} ${random.pick(numeric)} ${seconds(random.below(6)) + random.pick([0, 0, 0.5, 1, -1])}`
    }
    default: {
      const ids = `('${random.pick(runs).id}', '${random.pick(runs).id}')`
      return random.pick([
        `run_name ${random.pick(textual)} ${randomText(random)}`,
        `attr.status ${random.pick(textual)} '${random.pick(['FINISHED', 'finished', 'F%'])}'`,
        `user_id ${random.pick(textual)} '${random.pick([runs[0]!.user ?? 'ann@%', 'ann@%', 'bob@%', '%b@%'])}'`,
        `run_id ${random.pick(['IN', 'not in'])} ${ids}`,
        `datasets.name ${random.pick(textual)} '${random.pick(['train', 'TRAIN', '%1', 'none'])}'`,
        `dataset.name ${random.pick(['IN', 'NOT IN'])} ('train', "eval 1")`,
        `end_time ${random.pick(['is null', 'IS NOT NULL'])}`,
      ])
    }
  }
}

export function randomOrder(random: Random): string[] {
  const fields = ['start_time', 'end_time', 'run_name', 'status', 'user_id', 'id']
  const direction = () => random.pick(['', ' ASC', ' desc'])
  const entries = Array.from({ length: random.below(4) }, () =>
    random.chance(0.6) ? `${random.pick(['metrics', 'metric', 'params', 'tags'])}.${quotedKey(random)}` : random.pick(fields),
  )
  return [...new Map(entries.map((entry) => [entry.replace('metrics.', 'metric.').replace(/[`'"]/g, ''), entry])).values()].map(
    (entry) => entry + direction(),
  )
}

function quotedKey(random: Random): string {
  const key = random.pick(keys)
  if (/^[\p{L}\p{N}_.]+$/u.test(key) && random.chance(0.5)) return key
  const quote = random.pick(['`', '"', "'"].filter((each) => !key.includes(each)))
  return quote + key + quote
}

function randomText(random: Random): string {
  const patterns = ['%', '_', 'a%', '%b', '_b', '%ã%', 's__', '[A]', 'A_B', '*', '%\n%', '', 'ss', 'S%O']
  const text = random.pick([...texts, ...patterns])
  const quote = random.pick(['"', "'"].filter((each) => !text.includes(each)))
  return quote + text + quote
}

/** Every kind of condition, alone and with others. */
export const typicalFilters = [
  '',
  "metrics.m < 0.5 and params.m = 'a'",
  "tags.m = 'x'",
  "params.m LIKE '%a%' and tags.m != 'b'",
  "run_name ilike 'x%' and start_time > 5",
  "status = 'FAILED' and user_id = 'ann'",
  "datasets.name = 'train'",
  "run_id IN ('a', 'b')",
  'params.m IS NULL and metrics.m IS NOT NULL',
]

export const typicalOrders = [
  [],
  ['metrics.m'],
  ['metrics.m DESC', 'metrics.a.b.c'],
  ['params.m DESC', 'start_time'],
  ['tags.m'],
  ['end_time DESC'],
  ['user_id'],
  ['run_name', 'run_id'],
]
