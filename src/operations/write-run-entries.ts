// Writes what is told of a run: parameters, metrics, tags and inputs, within a transaction of the caller's.
import type { Stores } from '../datasources/catalog/catalog.js'
import type { RunRow } from '../datasources/catalog/experiment-rows.js'
import type { MetricPoint } from '../datasources/catalog/metric-store.js'
import { badInput, DhuoError, notFound } from '../errors.js'
import { type KeyValue, requireRunName } from '../tracking-rules.js'

/** As clients send it. */
export interface GivenEntries {
  params: readonly KeyValue[]
  tags: readonly KeyValue[]
  /** Ids of datasets. */
  inputs: readonly string[]
}

/** Checked: each key once. */
export interface RunEntries extends GivenEntries {
  points: readonly MetricPoint[]
}

const most = { metrics: 1_000, params: 100, tags: 100, 'metrics, params and tags together': 1_000 } as const
const mostInputs = 100

/** MLflow's own name for the name of a run: to set the one is to set the other. */
export const nameTag = 'mlflow.runName'

/** What one call may bring. @throws BAD_USER_INPUT */
export function requireWithinLimits(given: GivenEntries, metrics: number): void {
  const { params, tags, inputs } = given
  requireAtMost(most, 'metrics', metrics, 'input.metrics')
  requireAtMost(most, 'params', params.length, 'input.params')
  requireAtMost(most, 'tags', tags.length, 'input.tags')
  requireAtMost(most, 'metrics, params and tags together', metrics + params.length + tags.length, 'input')
  requireAtMost({ inputs: mostInputs }, 'inputs', inputs.length, 'input.inputs')
}

function requireAtMost<What extends string>(limits: Record<What, number>, what: What, actual: number, field: string): void {
  if (actual > limits[what])
    throw badInput(field, `A call takes at most ${limits[what]} ${what}; this one has ${actual}. Send several.`)
}

/**
 * @returns the run as it is then
 * @throws CONFLICT a parameter has another value, NOT_FOUND a dataset is not in the project of the run
 */
export async function writeRunEntries(stores: Stores, run: RunRow, entries: RunEntries): Promise<RunRow> {
  const { runs, metrics, datasets } = stores
  const { params, tags, inputs, points } = entries
  const [changed] = await runs.insertParams(run, params)
  if (changed) throw isOtherwise(params, changed)
  await metrics.log(run, points)
  await runs.setTags(run, tags)
  if (inputs.length > 0) {
    const read = await datasets.byIds(inputs)
    const known = new Set(read.filter(({ projectId }) => projectId === run.projectId).map(({ id }) => id))
    const unknown = inputs.findIndex((id) => !known.has(id))
    if (unknown >= 0) throw notFound('The dataset', `input.inputs[${unknown}]`)
    await runs.insertInputs(run.id, read)
  }
  const name = tags.find(({ key }) => key === nameTag)?.value ?? run.name
  if (name === run.name) return run
  requireRunName(name, 'input.tags')
  await runs.update(run.id, { name })
  return { ...run, name }
}

function isOtherwise(params: readonly KeyValue[], there: KeyValue): DhuoError {
  const index = params.findIndex(({ key }) => key === there.key)
  return new DhuoError(
    'CONFLICT',
    `The param "${there.key}" is ${JSON.stringify(shortened(there.value))} and cannot become ${JSON.stringify(shortened(params[index]!.value))}: params do not change once they are logged.`,
    { field: `input.params[${index}].value` },
  )
}

const shortened = (text: string): string => (text.length > 200 ? `${text.slice(0, 200).toWellFormed()}…` : text)

/** @throws PRECONDITION_FAILED a deleted run takes nothing, and one of a deleted experiment is deleted too */
export function requireActiveRun(run: RunRow, field: string): void {
  if (run.lifecycle === 'DELETED')
    throw new DhuoError('PRECONDITION_FAILED', `The run "${run.name}" is deleted: restore it, or its experiment, first.`, {
      field,
    })
}
