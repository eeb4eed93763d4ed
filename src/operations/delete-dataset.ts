// Deletes a dataset, and its table where the table was made for it.
import type { RunRow } from '../datasources/catalog/experiment-rows.js'
import type { DatasetRow, ProjectRow } from '../datasources/catalog/tables.js'
import type { Datasources } from '../datasources/datasources.js'
import { DhuoError, notFound } from '../errors.js'

/** So many runs are told by name. */
const mostNamed = 10

/**
 * The row goes first: a table without a dataset can be used and named again, a dataset without a table cannot.
 * @throws NOT_FOUND it was deleted meanwhile; PRECONDITION_FAILED runs have logged it as an input, or predictions are in it or came of
 * it: what they learned from, or said, would be forgotten
 */
export async function deleteDataset(
  { catalog, lakehouse }: Datasources,
  project: ProjectRow,
  dataset: DatasetRow,
): Promise<void> {
  await catalog.transaction(async ({ datasets, runs, predictions }) => {
    const readers = await runs.readersOf(dataset.id, mostNamed)
    if (readers.length > 0) throw isInput(dataset, readers)
    const saved = [
      ...(await predictions.countBy('outputDatasetId', [dataset.id])),
      ...(await predictions.countBy('inputDatasetId', [dataset.id])),
    ]
    if (saved.some((count) => count > 0)) throw isOfPredictions(dataset)
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

const isOfPredictions = ({ name }: DatasetRow): DhuoError =>
  new DhuoError(
    'PRECONDITION_FAILED',
    `The dataset "${name}" holds predictions, or some were made from it: it cannot be deleted.`,
    {
      field: 'id',
    },
  )
