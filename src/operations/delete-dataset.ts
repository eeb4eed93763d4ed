// Deletes a dataset, and its table where the table was made for it.
import type { RunRow } from '../datasources/catalog/experiment-rows.js'
import type { DatasetRow, ProjectRow } from '../datasources/catalog/tables.js'
import type { Datasources } from '../datasources/datasources.js'
import { DhuoError, notFound } from '../errors.js'

/** So many runs are told by name. */
const mostNamed = 10

/**
 * The row goes first: a table without a dataset can be used and named again, a dataset without a table cannot.
 * @throws NOT_FOUND it was deleted meanwhile; PRECONDITION_FAILED runs have logged it as an input: what they learned from would be forgotten
 */
export async function deleteDataset(
  { catalog, lakehouse }: Datasources,
  project: ProjectRow,
  dataset: DatasetRow,
): Promise<void> {
  await catalog.transaction(async ({ datasets, runs }) => {
    const readers = await runs.readersOf(dataset.id, mostNamed)
    if (readers.length > 0) throw isInput(dataset, readers)
    // Whoever deleted it before us drops its table; by now that may be the table of another dataset.
    if (!(await datasets.delete(dataset.id))) throw notFound('The dataset', 'id')
  })
  if (dataset.ownsTable) await lakehouse.dropTable(project.name, dataset.tableName)
}

function isInput({ name }: DatasetRow, readers: readonly RunRow[]): DhuoError {
  const usedBy = readers.map(({ id }) => id)
  const names = readers.map((run) => `"${run.name}"`).join(', ')
  const message = `The dataset "${name}" is an input of runs and cannot be deleted: ${names}${readers.length === mostNamed ? ', …' : ''}.`
  return new DhuoError('PRECONDITION_FAILED', message, { field: 'id', details: { usedBy } })
}
