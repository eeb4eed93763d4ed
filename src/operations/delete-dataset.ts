// Deletes a dataset, and its table where the table was made for it.
import type { DatasetRow, ProjectRow } from '../datasources/catalog/tables.js'
import type { Datasources } from '../datasources/datasources.js'

/** The row goes first: a table without a dataset can be used and named again, a dataset without a table cannot. */
export async function deleteDataset(
  { catalog, lakehouse }: Datasources,
  project: ProjectRow,
  dataset: DatasetRow,
): Promise<void> {
  await catalog.datasets.delete(dataset.id)
  if (dataset.ownsTable) await lakehouse.dropTable(project.name, dataset.tableName)
}
