// Points an alias of a model to one of its versions, in place of the one before, or takes it away.
import type { ModelRow } from '../datasources/catalog/model-rows.js'
import type { Datasources } from '../datasources/datasources.js'
import { badInput, notFound } from '../errors.js'

/** MLflow's rules: letters and digits of any language; `latest` is the highest version, and `v3` would look like one. */
const aliasCharacters = /^[\p{L}\p{N}_-]+$/u
const reservedAlias = /^(latest|v\d+)$/i
const longestAlias = 255

/**
 * @param version null takes the alias away; one that is not there is no error
 * @throws BAD_USER_INPUT, NOT_FOUND no such version
 */
export async function setModelAlias(
  { catalog }: Datasources,
  model: ModelRow,
  alias: string,
  version: number | null,
): Promise<void> {
  requireAlias(alias, 'alias')
  if (version === null) return catalog.models.removeAlias(model.id, alias)
  await catalog.transaction(async ({ models, modelVersions }) => {
    const [named] = await modelVersions.byNumbers([{ modelId: model.id, version }])
    if (!named) throw notFound(`Version ${version} of the model "${model.name}"`, 'version')
    await models.setAlias({ modelId: model.id, alias, modelVersionId: named.id })
  })
}

function requireAlias(alias: string, field: string): void {
  if (!aliasCharacters.test(alias) || Array.from(alias).length > longestAlias)
    throw badInput(field, `${field} must have 1 to ${longestAlias} characters: letters, digits, "_" and "-".`)
  if (reservedAlias.test(alias)) throw badInput(field, `${field} must not be "latest" nor "v" and a number: those mean versions.`)
}
