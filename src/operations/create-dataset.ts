// Makes a dataset, or the next version of one, from an object, a SELECT, or a table that is there.
import { newId } from '../datasources/catalog/node-id.js'
import type { DatasetRow, ProjectRow, StoredObjectRow } from '../datasources/catalog/tables.js'
import type { Datasources } from '../datasources/datasources.js'
import type { TableFormat, TableShape, WriteMode } from '../datasources/lakehouse/lakehouse.js'
import { badInput, DhuoError, isDhuoError, notFound } from '../errors.js'
import { requireName } from '../naming-policy.js'
import { requireDescription } from './create-project.js'
import { inTermsOf } from './in-terms-of.js'
import { objectAsFile } from './object-table.js'

export type DatasetSource = { object: StoredObjectRow; format: TableFormat } | { sql: string } | { table: string }

export interface NewDataset {
  project: ProjectRow
  name: string
  description: string | null
  source: DatasetSource
  mode: WriteMode
  actor: { userId: string; pipelineStepId: string | null }
}

/**
 * The rows are written whole or not at all, then the catalog says so.
 * @throws BAD_USER_INPUT, CONFLICT, NOT_FOUND, and what the lakehouse throws
 */
export async function createDataset(datasources: Datasources, input: NewDataset, signal: AbortSignal): Promise<DatasetRow> {
  const { catalog, lakehouse } = datasources
  const { project, source, mode } = input
  const name = requireName('DATASET', input.name, 'input.name')
  requireDescription(input.description)
  const existing = await catalog.datasets.find(project.id, name)
  if (mode === 'CREATE' && existing) throw conflict(`The dataset "${name}" exists: use the mode REPLACE or APPEND.`, 'input.name')
  if (mode === 'APPEND' && !existing) throw notFound(`The dataset "${name}"`, 'input.name')

  if ('table' in source) {
    if (mode !== 'CREATE') throw badInput('input.mode', 'input.mode: a table that is there can only be named with CREATE.')
    const [shape] = await lakehouse.describeTables(project.name, [source.table])
    if (!shape) throw notFound(`The table "${source.table}"`, 'input.table')
    // SQL does not tell names by their case.
    const tableName = source.table.toLowerCase()
    const owner = await catalog.datasets.findByTable(project.id, tableName)
    if (owner) throw conflict(`The table "${source.table}" is that of the dataset "${owner.name}".`, 'input.table')
    return record(datasources, input, { name, tableName, ownsTable: 0, shape })
  }

  const tableName = existing?.tableName ?? requireName('TABLE', name.replaceAll('-', '_'), 'input.name')
  const owner = existing ?? (await catalog.datasets.findByTable(project.id, tableName))
  if (owner && owner.name !== name)
    throw conflict(`The table "${tableName}" is that of the dataset "${owner.name}".`, 'input.name')
  const rows = 'sql' in source ? { sql: source.sql } : { file: await objectAsFile(datasources, source.object, source.format) }
  const names = { table: 'input.name', sql: 'input.sql', params: 'input.sql', file: 'input.object.format' }
  const shape = await inTermsOf(names, lakehouse.writeTable({ schema: project.name, table: tableName, mode }, rows, signal))
  if (existing) return recordNextVersion(datasources, input, existing, shape)
  try {
    return await record(datasources, input, { name, tableName, ownsTable: 1, shape })
  } catch (error) {
    if (!isDhuoError(error) || error.code !== 'CONFLICT') throw error
    // Others were as fast. Who replaces comes after them; the table of who creates would be nobody's.
    const [named, ofTable] = [
      await catalog.datasets.find(project.id, name),
      await catalog.datasets.findByTable(project.id, tableName),
    ]
    if (mode === 'REPLACE' && named && named.id === ofTable?.id) return recordNextVersion(datasources, input, named, shape)
    if (mode === 'CREATE' && !ofTable) await lakehouse.dropTable(project.name, tableName)
    throw error
  }
}

async function record(
  { catalog }: Datasources,
  input: NewDataset,
  made: { name: string; tableName: string; ownsTable: 0 | 1; shape: TableShape },
): Promise<DatasetRow> {
  const now = new Date().toISOString()
  const dataset: DatasetRow = {
    id: newId('dataset'),
    projectId: input.project.id,
    name: made.name,
    kind: 'object' in input.source ? 'OBJECT' : 'TABLE',
    description: input.description,
    tableName: made.tableName,
    ownsTable: made.ownsTable,
    objectId: objectIdOf(input.source),
    version: 1,
    pipelineStepId: input.actor.pipelineStepId,
    createdAt: now,
    updatedAt: now,
  }
  await catalog.transaction(async ({ datasets }) => {
    if (!(await datasets.insert(dataset)))
      throw conflict(`The dataset "${made.name}", or one of the table "${made.tableName}", exists.`, 'input.name')
    await datasets.insertVersion(versionOf(dataset.id, 1, input, made.shape, now))
  })
  return dataset
}

async function recordNextVersion(
  { catalog }: Datasources,
  input: NewDataset,
  existing: DatasetRow,
  shape: TableShape,
): Promise<DatasetRow> {
  const change = {
    kind: 'object' in input.source ? 'OBJECT' : 'TABLE',
    objectId: objectIdOf(input.source),
    pipelineStepId: input.actor.pipelineStepId,
    description: input.description ?? existing.description,
    updatedAt: new Date().toISOString(),
  } as const
  return catalog.transaction(async ({ datasets }) => {
    const version = await datasets.advance(existing.id, change)
    await datasets.insertVersion(versionOf(existing.id, version, input, shape, change.updatedAt))
    return { ...existing, ...change, version }
  })
}

const versionOf = (
  datasetId: string,
  version: number,
  { source, actor }: NewDataset,
  { rowCount }: TableShape,
  createdAt: string,
) => ({
  datasetId,
  version,
  objectId: objectIdOf(source),
  sql: 'sql' in source ? source.sql : null,
  rowCount,
  createdBy: actor.userId,
  createdAt,
})

const objectIdOf = (source: DatasetSource): string | null => ('object' in source ? source.object.id : null)

const conflict = (message: string, field: string): DhuoError => new DhuoError('CONFLICT', message, { field })
