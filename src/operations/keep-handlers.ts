// Keeps the handlers of ONLINE deployments ready before anybody asks them, and lets go of those that nobody will ask any more.
import type { DeploymentRow, DeploymentVersionRow } from '../datasources/catalog/deployment-rows.js'
import type { ModelVersionRow } from '../datasources/catalog/model-rows.js'
import type { StoredObjectRow } from '../datasources/catalog/tables.js'
import type { Datasources } from '../datasources/datasources.js'
import type { FunctionDefinition, FunctionFile } from '../datasources/functions/function-invoker.js'
import type { Logger } from '../logger.js'
import { locationOf } from './object-table.js'

/** Begins to prepare the handler of an ONLINE deployment that is READY. That it fails is logged: the first call tries again. */
export function prepareHandler(datasources: Datasources, deployment: DeploymentRow, log: Logger): void {
  const prepare = async (): Promise<void> => {
    const { version, model } = await newestOf(datasources, deployment)
    if (version && model) await datasources.functions.prepare(await definitionOf(datasources, deployment, version, model))
  }
  if (deployment.kind !== 'ONLINE' || deployment.status !== 'READY') return
  prepare().catch((error: unknown) =>
    log.warn({ err: error, deployment: deployment.id }, 'the first prediction will have to wait for its handler'),
  )
}

/**
 * Lets go of handlers whose deployment was deleted or has got another version. Those of deployments that this catalog does not
 * know are somebody else's.
 */
export async function releaseHandlers({ catalog, functions }: Pick<Datasources, 'catalog' | 'functions'>): Promise<void> {
  const held = await functions.keys()
  const deployments = new Map((await catalog.deployments.byIds(held.map(deploymentOf))).map((row) => [row.id, row]))
  for (const key of held) {
    const deployment = deployments.get(deploymentOf(key))
    if (!deployment) continue
    if (deployment.status === 'DELETED' || keyOf(deployment.id, deployment.version) !== key) await functions.release(key)
  }
}

export async function newestOf(
  { catalog }: Datasources,
  { id, version }: DeploymentRow,
): Promise<{ version: DeploymentVersionRow | undefined; model: ModelVersionRow | undefined }> {
  const [newest] = await catalog.deploymentVersions.byKeys([{ deploymentId: id, version }])
  const modelVersionId = newest?.modelVersionId ?? null
  const [model] = modelVersionId === null ? [] : await catalog.modelVersions.byIds([modelVersionId])
  return { version: newest, model }
}

export const keyOf = (deploymentId: string, version: number): string => `${deploymentId}/${version}`
const deploymentOf = (key: string): string => key.slice(0, key.lastIndexOf('/'))

export async function definitionOf(
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
