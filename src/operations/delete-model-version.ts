// Deletes a model version unless something uses it: its number stays used, its history stays, its aliases go.
import type { Stores } from '../datasources/catalog/catalog.js'
import type { ModelVersionRow } from '../datasources/catalog/model-rows.js'
import type { Datasources } from '../datasources/datasources.js'
import { DhuoError, notFound } from '../errors.js'

/** Names what uses a version, in words for the client: `the deployment "nightly"`. */
export type FindUses = (stores: Stores, modelVersionId: string) => Promise<string[]>

const mostNamed = 10

/** Every kind of use that keeps a version from being deleted. An alias is none: it goes with the version. */
const usesOf: readonly FindUses[] = [
  async ({ deployments }, modelVersionId) => {
    const [page] = await deployments.pagesByModelVersion([modelVersionId], { first: mostNamed + 1, after: null })
    return page!.rows.map(({ name }) => `the deployment "${name}"`)
  },
  async ({ predictions, datasets }, modelVersionId) => {
    const request = { first: mostNamed + 1, after: null }
    const [page] = await predictions.pagesBy('modelVersionId', [modelVersionId], request)
    const outputs = await datasets.byIds(page!.rows.map(({ outputDatasetId }) => outputDatasetId))
    const names = new Map(outputs.map(({ id, name }) => [id, name]))
    return page!.rows.map((row) => `VERSION ${row.version} of the predictions "${names.get(row.outputDatasetId)}"`)
  },
]

/** @throws PRECONDITION_FAILED naming what uses it (`details.usedBy`), NOT_FOUND it was deleted meanwhile */
export async function deleteModelVersion(
  { catalog }: Pick<Datasources, 'catalog'>,
  { id, modelId, version }: ModelVersionRow,
  finders = usesOf,
): Promise<void> {
  const at = new Date().toISOString()
  await catalog.transaction(async (stores) => {
    const { models, modelVersions } = stores
    if ((await modelVersions.byIds([id])).length === 0) throw notFound('The model version', 'id')
    const uses: string[] = []
    for (const find of finders) uses.push(...(await find(stores, id)))
    if (uses.length > 0) throw inUse(version, uses)
    await models.removeAliasesOf(id)
    await modelVersions.delete(id, at)
    await models.update(modelId, {}, at)
  })
}

function inUse(version: number, uses: string[]): DhuoError {
  const named = uses.slice(0, mostNamed)
  const more = uses.length > mostNamed ? ` and ${uses.length - mostNamed} more` : ''
  const message = `Version ${version} is in use by ${named.join(', ')}${more}: it cannot be deleted before that ends.`
  return new DhuoError('PRECONDITION_FAILED', message, { field: 'id', details: { usedBy: named } })
}
