// Logs metrics, parameters, tags and inputs of a run, all of them or nothing, and tells who listens.

import type { RunRow } from '../datasources/catalog/experiment-rows.js'
import type { MetricPoint } from '../datasources/catalog/metric-store.js'
import type { Datasources } from '../datasources/datasources.js'
import { badInput, notFound } from '../errors.js'
import type { LoggedMetric, Publisher } from '../pubsub/topics.js'
import { requireKey, requireParams, requireRunTags } from '../tracking-rules.js'
import {
  type GivenEntries,
  type RunEntries,
  requireActiveRun,
  requireWithinLimits,
  writeRunEntries,
} from './write-run-entries.js'

export interface GivenMetric {
  key: string
  value?: number | null
  /** `NaN`, `Infinity` or `-Infinity`, in the place of `value`. */
  text?: string | null
  /** 0 when it is not said. */
  step?: number | string | null
  /** ISO 8601; now when it is not said. */
  timestamp?: string | null
}

export interface GivenBatch extends GivenEntries {
  metrics: readonly GivenMetric[]
}

/** What can be said of a batch without looking at its run. @throws BAD_USER_INPUT */
export function checkBatch(batch: GivenBatch): RunEntries {
  const points = pointsOf(batch.metrics)
  const tags = requireRunTags(batch.tags, 'input.tags')
  const params = requireParams(batch.params, 'input.params')
  requireWithinLimits(batch, points.length)
  return { points, tags, params, inputs: batch.inputs }
}

/**
 * A run that is finished takes more.
 * @param entries from `checkBatch`
 * @throws PRECONDITION_FAILED the run is deleted, CONFLICT a parameter has another value, NOT_FOUND
 */
export async function logBatch(
  { catalog }: Datasources,
  publisher: Publisher,
  runId: string,
  entries: RunEntries,
): Promise<RunRow> {
  const run = await catalog.transaction(async (stores) => {
    const [found] = await stores.runs.byIds([runId])
    if (!found) throw notFound('The run', 'input.run')
    requireActiveRun(found, 'input.run')
    return writeRunEntries(stores, found, entries)
  })
  if (entries.points.length > 0) publisher.publish('metricsLogged', runId, { points: entries.points.map(toMessage) })
  return run
}

const toMessage = (point: MetricPoint): LoggedMetric =>
  Number.isFinite(point.value)
    ? (point as MetricPoint & { value: number })
    : { ...point, value: point.value > 0 ? 'Infinity' : '-Infinity' }

const textValues = new Map([
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
])

function pointsOf(metrics: readonly GivenMetric[]): MetricPoint[] {
  const now = Date.now()
  const checkedKeys = new Set<string>()
  let last = { text: '', milliseconds: 0 }
  return metrics.map((metric, index) => {
    const { key, step, timestamp } = metric
    // A batch has few keys as a rule, and many points of each.
    if (!checkedKeys.has(key)) {
      requireKey(key, `input.metrics[${index}].key`)
      checkedKeys.add(key)
    }
    const value = numberOf(metric, index)
    // All that is measured at one step tends to have one time.
    if (timestamp != null && timestamp !== last.text) last = { text: timestamp, milliseconds: requireTimestamp(timestamp, index) }
    const isNan = Number.isNaN(value)
    return {
      key,
      value: isNan ? 0 : value,
      isNan: isNan ? 1 : 0,
      step: typeof step === 'string' ? requireStep(step, index) : (step ?? 0),
      timestamp: timestamp == null ? now : last.milliseconds,
    }
  })
}

function numberOf({ value, text }: GivenMetric, index: number): number {
  if (value != null && text == null) return value
  const field = `input.metrics[${index}]`
  if (value != null || text == null) throw badInput(field, `${field} must have either value or text.`)
  const special = textValues.get(text)
  if (special === undefined)
    throw badInput(`${field}.text`, `${field}.text must be "NaN", "Infinity" or "-Infinity"; other numbers go into value.`)
  return special
}

/** Digits are beyond 2^53 here: smaller ones have become numbers. */
function requireStep(step: string, index: number): string {
  if (BigInt.asIntN(64, BigInt(step)) === BigInt(step)) return step
  const field = `input.metrics[${index}].step`
  throw badInput(field, `${field} must be an integer of 64 bits: -2^63 to 2^63 - 1.`)
}

function requireTimestamp(timestamp: string, index: number): number {
  const milliseconds = Date.parse(timestamp)
  if (milliseconds >= 0) return milliseconds
  const field = `input.metrics[${index}].timestamp`
  throw badInput(field, `${field} must not be before 1970.`)
}
