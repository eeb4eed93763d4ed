// Finds the version of a model that a URI means: by number, by stage, by alias, or the latest.
import type { Stores } from '../datasources/catalog/catalog.js'
import { type ModelStage, type ModelVersionRow, modelStages } from '../datasources/catalog/model-rows.js'
import { badInput } from '../errors.js'
import { canonicalName, checkName } from '../naming-policy.js'

/** What a URI says: one of the four, of the model with that name. */
type ModelReference = { name: string } & ({ version: number } | { stage: ModelStage } | { alias: string } | { isLatest: true })

/** Numbers of versions have 32 bits in the catalog. */
const highestVersion = 2 ** 31 - 1

/**
 * Stages in any case; a stage means the highest version in it, `latest` the highest of all.
 * @returns null when there is no such model, or no such version of it
 * @throws BAD_USER_INPUT naming `field` when the URI is malformed
 */
export async function resolveModelUri(
  { models, modelVersions }: Pick<Stores, 'models' | 'modelVersions'>,
  projectId: string,
  uri: string,
  field: string,
): Promise<ModelVersionRow | null> {
  const reference = parseModelUri(uri, field)
  const model = await models.find(projectId, reference.name)
  if (!model) return null
  if ('version' in reference) {
    const { version } = reference
    return version > highestVersion ? null : ((await modelVersions.byNumbers([{ modelId: model.id, version }]))[0] ?? null)
  }
  if ('alias' in reference) {
    const alias = await models.findAlias(model.id, reference.alias)
    return (alias && (await modelVersions.byIds([alias.modelVersionId]))[0]) ?? null
  }
  const stages = 'stage' in reference ? [reference.stage] : null
  const [page] = await modelVersions.pagesByModel([model.id], { first: 1, after: null, stages })
  return page?.rows[0] ?? null
}

/** @throws BAD_USER_INPUT */
function parseModelUri(uri: string, field: string): ModelReference {
  const [, given, place, alias] = /^models:\/([^/@]+)(?:\/([^/@]+)|@([\p{L}\p{N}_-]+))$/u.exec(uri) ?? []
  const reference = place === undefined ? aliasOf(alias) : placeOf(place)
  if (given === undefined || reference === null || !checkName('MODEL', given).ok)
    throw badInput(
      field,
      `${field} must be models:/NAME/VERSION, models:/NAME/STAGE (None, Staging, Production or Archived), models:/NAME/latest or models:/NAME@ALIAS, with a name of 4 to 63 letters, digits, "-" and "_".`,
    )
  return { name: canonicalName('MODEL', given), ...reference }
}

/** As in MLflow, `@latest` works without being stored. */
const aliasOf = (alias: string | undefined) =>
  alias === undefined ? null : alias.toLowerCase() === 'latest' ? { isLatest: true as const } : { alias }

function placeOf(place: string) {
  if (/^\d{1,15}$/.test(place)) return { version: Number(place) }
  const word = place.toUpperCase()
  if (word === 'LATEST') return { isLatest: true as const }
  const stage = modelStages.find((name) => name === word)
  return stage ? { stage } : null
}
