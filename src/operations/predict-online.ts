// Asks the handler of an ONLINE deployment, with the script, the packages and the model of its newest version.
import type { DeploymentRow, DeploymentVersionRow } from '../datasources/catalog/deployment-rows.js'
import type { ModelVersionRow } from '../datasources/catalog/model-rows.js'
import type { StoredObjectRow } from '../datasources/catalog/tables.js'
import type { Datasources } from '../datasources/datasources.js'
import type { FunctionDefinition, FunctionFile } from '../datasources/functions/function-invoker.js'
import { badInput, DhuoError } from '../errors.js'
import { inTermsOf } from './in-terms-of.js'
import { locationOf } from './object-table.js'

export interface OnlineAnswer {
  modelVersionId: string
  /** One for each row, in their order. */
  predictions: unknown[]
}

const mostRows = 10_000

/**
 * @throws BAD_USER_INPUT, PRECONDITION_FAILED the deployment is BATCH, not READY, has no model, or its handler cannot be loaded;
 * TIMEOUT, BACKEND_UNAVAILABLE
 */
export async function predictOnline(
  datasources: Datasources,
  deployment: DeploymentRow,
  rows: readonly unknown[],
  signal: AbortSignal,
): Promise<OnlineAnswer> {
  const { catalog, functions } = datasources
  const key = { deploymentId: deployment.id, version: deployment.version }
  if (deployment.kind !== 'ONLINE') throw refused(deployment, 'is BATCH: run it with runDeployment')
  if (deployment.status !== 'READY')
    throw refused(deployment, `is ${deployment.status}${deployment.statusDetail === null ? '' : `: ${deployment.statusDetail}`}`)
  if (rows.length < 1 || rows.length > mostRows)
    throw badInput('input.rows', `input.rows must have 1 to ${mostRows} rows; it has ${rows.length}.`)
  const [version] = await catalog.deploymentVersions.byKeys([key])
  const modelVersionId = version?.modelVersionId ?? null
  const [model] = modelVersionId === null ? [] : await catalog.modelVersions.byIds([modelVersionId])
  if (!version || !model) throw refused(deployment, 'has no model: deploy it with modelUri')
  const definition = await definitionOf(datasources, deployment, version, model)
  const predictions = await inTermsOf({ rows: 'input.rows' }, functions.invoke(definition, rows, signal))
  if (version.version > 1) void functions.release(keyOf(deployment.id, version.version - 1)).catch(() => {})
  return { modelVersionId: model.id, predictions }
}

const keyOf = (deploymentId: string, version: number): string => `${deploymentId}/${version}`

async function definitionOf(
  datasources: Datasources,
  { id, name, projectId }: DeploymentRow,
  { version, archiveObjectId, archiveSha256 }: DeploymentVersionRow,
  model: ModelVersionRow,
): Promise<FunctionDefinition> {
  const { catalog } = datasources
  const [[project], [modelOf], [step], modelFiles, [archive]] = await Promise.all([
    catalog.projects.byIds([projectId]),
    catalog.models.byIds([model.modelId]),
    catalog.deploymentVersions.steps([{ deploymentId: id, version }]),
    catalog.modelVersions.files([model.id]),
    archiveObjectId === null ? [] : catalog.storedObjects.byIds([archiveObjectId]),
  ])
  const [script] = await catalog.storedObjects.byIds([step!.scriptObjectId])
  return {
    key: keyOf(id, version),
    displayName: `${project!.name}/${name}`,
    script: await fileOf(datasources, script!),
    modelFiles: await Promise.all(modelFiles.map((file) => fileOf(datasources, file))),
    archive: archive ? { ...(await fileOf(datasources, archive)), sha256: archiveSha256! } : null,
    environment: { DHUO_PROJECT: project!.name, DHUO_MODEL_URI: `models:/${modelOf!.name}/${model.version}` },
  }
}

async function fileOf(datasources: Datasources, object: StoredObjectRow): Promise<FunctionFile> {
  const location = await locationOf(datasources, object)
  return {
    name: object.key.slice(object.key.lastIndexOf('/') + 1),
    localFile: await datasources.storage.localFile(location),
    open: () => datasources.storage.read(location),
  }
}

const refused = ({ name }: DeploymentRow, why: string): DhuoError =>
  new DhuoError('PRECONDITION_FAILED', `The deployment "${name}" ${why}.`, { field: 'input.deployment' })
