// Saves predictions as the next VERSION of their table: the rows in one transaction of the lakehouse, then what they are linked to.
import type { Stores } from '../datasources/catalog/catalog.js'
import type { ModelVersionRow } from '../datasources/catalog/model-rows.js'
import { newId } from '../datasources/catalog/node-id.js'
import type { PipelineRunRow, PipelineStepRow, PredictionRow } from '../datasources/catalog/pipeline-rows.js'
import type { DatasetRow, ProjectRow, StoredObjectRow } from '../datasources/catalog/tables.js'
import type { Datasources } from '../datasources/datasources.js'
import type { AppendedVersion, GivenRows, TableFormat } from '../datasources/lakehouse/lakehouse.js'
import { badInput, notFound } from '../errors.js'
import { requireName } from '../naming-policy.js'
import { requireText } from '../tracking-rules.js'
import { inTermsOf } from './in-terms-of.js'
import { objectAsFile } from './object-table.js'
import { resolveModelUri } from './resolve-model-uri.js'

export type PredictionSource = { given: GivenRows } | { object: StoredObjectRow; format: TableFormat } | { sql: string }

export interface NewPrediction {
  project: ProjectRow
  modelUri: string
  table: string
  source: PredictionSource
  inputDatasetId: string | null
  run: PipelineRunRow | null
  /** Of that run. */
  step: PipelineStepRow | null
  idempotencyKey: string | null
  createdBy: string
}

const longestIdempotencyKey = 200
const mostRows = 100_000
const mostColumns = 1_000
const longestColumn = 63
const deepestValue = 100

/**
 * The lakehouse writes the idempotency key in the transaction that writes the rows, and the catalog in the one that writes the
 * links. So whatever of the two is missing after a crash, the same call again adds it, and no row twice.
 * @throws BAD_USER_INPUT, NOT_FOUND the model version, or what the lakehouse throws; nothing is written then
 */
export async function savePredictions(
  datasources: Datasources,
  input: NewPrediction,
  signal: AbortSignal,
): Promise<PredictionRow> {
  const { catalog, lakehouse } = datasources
  const { project, source, idempotencyKey: key } = input
  const table = requireName('TABLE', input.table, 'input.table').toLowerCase()
  if (key !== null) requireText(key, longestIdempotencyKey, 'input.idempotencyKey')
  if (key === '') throw badInput('input.idempotencyKey', 'input.idempotencyKey must not be empty.')
  if ('given' in source) requireRows(source.given)
  const model = await resolveModelUri(catalog, project.id, input.modelUri, 'input.modelUri')
  const saved = key === null ? undefined : await catalog.predictions.findByIdempotencyKey(project.id, key)
  if (saved) return saved
  if (!model) throw notFound(`The model version ${input.modelUri}`, 'input.modelUri')
  const output = await catalog.datasets.findByTable(project.id, table)
  if (!output) requireName('DATASET', table, 'input.table')

  const above = output ? await catalog.predictions.highestVersion(output.id) : 0
  const createdAt = new Date().toISOString()
  const appended = await inTermsOf(
    namesFor(source),
    lakehouse.appendVersion(
      { schema: project.name, table, required: ['PREDICT'], key, above, createdAt },
      'object' in source ? { file: await objectAsFile(datasources, source.object, source.format) } : source,
      signal,
    ),
  )
  try {
    return await catalog.transaction((stores) => record(stores, input, model, appended))
  } catch (error) {
    // Where nobody knows whether the prediction is there, its rows stay; with the same key the next try finds them.
    const isNamed = await catalog.wasCommitted(error).catch(() => true)
    if (appended.isNew && !isNamed) await lakehouse.removeVersion(project.name, appended.table, appended.version)
    throw error
  }
}

const namesFor = (source: PredictionSource): Record<string, string> => ({
  table: 'input.table',
  sql: 'input.sql',
  params: 'input.sql',
  file: 'input.object.format',
  columns: 'given' in source ? 'input.columns' : 'sql' in source ? 'input.sql' : 'input.object',
})

async function record(
  stores: Stores,
  input: NewPrediction,
  model: ModelVersionRow,
  { table, version, rowCount, createdAt }: AppendedVersion,
): Promise<PredictionRow> {
  const { project, run, step, idempotencyKey, inputDatasetId, createdBy } = input
  const saved = idempotencyKey === null ? undefined : await stores.predictions.findByIdempotencyKey(project.id, idempotencyKey)
  if (saved) return saved
  // Both may have been deleted while the rows were written.
  if ((await stores.modelVersions.byIds([model.id])).length === 0)
    throw notFound(`The model version ${input.modelUri}`, 'input.modelUri')
  if (inputDatasetId !== null && (await stores.datasets.byIds([inputDatasetId])).length === 0)
    throw notFound('The dataset', 'input.input')
  const output = await nextOutput(stores, input, table, rowCount, createdAt)
  const prediction: PredictionRow = {
    id: newId('prediction'),
    projectId: project.id,
    modelVersionId: model.id,
    deploymentId: run?.deploymentId ?? null,
    pipelineRunId: run?.id ?? null,
    stepId: step?.id ?? null,
    outputDatasetId: output.id,
    inputDatasetId,
    version,
    rowCount,
    idempotencyKey,
    createdAt,
    createdBy,
  }
  await stores.predictions.insert(prediction)
  return prediction
}

/** The dataset of the table in its next version, which these rows are; it is made where there is none. */
async function nextOutput(
  { datasets }: Stores,
  { project, source, step, createdBy }: NewPrediction,
  tableName: string,
  rowCount: number,
  createdAt: string,
): Promise<Pick<DatasetRow, 'id'>> {
  const objectId = 'object' in source ? source.object.id : null
  const made = { objectId, sql: 'sql' in source ? source.sql : null, rowCount, createdBy, createdAt }
  const change = { objectId, pipelineStepId: step?.id ?? null, updatedAt: createdAt }
  const existing = await datasets.findByTable(project.id, tableName)
  if (existing) {
    const { id, description } = existing
    const version = await datasets.advance(id, { kind: 'TABLE', description, ...change })
    await datasets.insertVersion({ datasetId: id, version, ...made })
    return existing
  }
  const place = { id: newId('dataset'), projectId: project.id, name: tableName, tableName, ownsTable: 1 as const }
  const dataset: DatasetRow = { ...place, kind: 'TABLE', description: null, version: 1, createdAt, ...change }
  // Its name may be that of a dataset with another table.
  for (let number = 2; await datasets.find(project.id, dataset.name); number++)
    dataset.name = `${tableName.slice(0, 55)}-${number}`
  await datasets.insert(dataset)
  await datasets.insertVersion({ datasetId: dataset.id, version: 1, ...made })
  return dataset
}

/** @throws BAD_USER_INPUT */
function requireRows({ columns, rows }: GivenRows): void {
  if (columns.length < 1 || columns.length > mostColumns)
    throw badInput('input.columns', `input.columns must have 1 to ${mostColumns} names; it has ${columns.length}.`)
  for (const [index, name] of columns.entries()) {
    requireText(name, longestColumn, `input.columns[${index}]`)
    if (name.trim() === '') throw badInput(`input.columns[${index}]`, `input.columns[${index}] must not be blank.`)
  }
  if (rows.length < 1 || rows.length > mostRows)
    throw badInput('input.rows', `input.rows must have 1 to ${mostRows} rows; it has ${rows.length}. Save more as an object.`)
  for (const [index, row] of rows.entries()) {
    const field = `input.rows[${index}]`
    if (!Array.isArray(row) || row.length !== columns.length)
      throw badInput(field, `${field} must be an array of ${columns.length} values, one for each of input.columns.`)
    for (const value of row) requireValue(value, field, 0)
  }
}

function requireValue(value: unknown, field: string, depth: number): void {
  if (depth > deepestValue) throw badInput(field, `${field} has values that are nested deeper than ${deepestValue} levels.`)
  if (typeof value === 'string' && (!value.isWellFormed() || value.includes('\0')))
    throw badInput(field, `${field}: texts must be valid Unicode without NUL.`)
  if (typeof value === 'object' && value !== null) for (const child of Object.values(value)) requireValue(child, field, depth + 1)
}
