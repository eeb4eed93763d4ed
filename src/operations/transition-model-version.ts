// Moves a model version to a stage, and with it those that held the stage, in one step.
import type { Stores } from '../datasources/catalog/catalog.js'
import type { ModelStage, ModelVersionRow } from '../datasources/catalog/model-rows.js'
import type { Datasources } from '../datasources/datasources.js'
import { badInput, notFound } from '../errors.js'
import type { Publisher } from '../pubsub/topics.js'

interface StageChange {
  to: ModelStage
  /** Also moves every other version in that stage to ARCHIVED. */
  archiveExisting: boolean
  /** ISO 8601. */
  at: string
  /** The id of the person. */
  by: string
}

/** Stages that one version may have for itself. */
const exclusiveStages: readonly ModelStage[] = ['STAGING', 'PRODUCTION']

/** @throws BAD_USER_INPUT, NOT_FOUND it was deleted meanwhile */
export async function transitionModelVersion(
  { catalog }: Datasources,
  events: Publisher,
  version: ModelVersionRow,
  change: Omit<StageChange, 'at'>,
): Promise<void> {
  if (change.archiveExisting && !exclusiveStages.includes(change.to))
    throw badInput(
      'input.archiveExisting',
      `input.archiveExisting goes with the stages ${exclusiveStages.join(' and ')} only; the stage is ${change.to}.`,
    )
  const moved = await catalog.transaction((stores) => moveToStage(stores, version, { ...change, at: new Date().toISOString() }))
  for (const modelVersionId of moved)
    events.publish('modelVersionChanged', version.projectId, { modelVersionId, modelId: version.modelId })
}

/**
 * Call it in a transaction. A version that is there already stays as it is, and its history too.
 * @returns the ids of the versions that moved
 */
export async function moveToStage(
  { models, modelVersions }: Stores,
  { id, modelId }: Pick<ModelVersionRow, 'id' | 'modelId'>,
  { to, archiveExisting, at, by }: StageChange,
): Promise<string[]> {
  // Read again: inside the transaction nobody moves it meanwhile.
  const [version] = await modelVersions.byIds([id])
  if (!version) throw notFound('The model version', 'input.id')
  const held = archiveExisting ? (await modelVersions.inStage(modelId, to)).map((other) => other.id) : []
  const archived = held.filter((other) => other !== id)
  const moved = version.stage === to ? archived : [...archived, id]
  if (archived.length > 0) await modelVersions.move(archived, { from: to, to: 'ARCHIVED', at, by })
  if (version.stage !== to) await modelVersions.move([id], { from: version.stage, to, at, by })
  if (moved.length > 0) await models.update(modelId, {}, at)
  return moved
}
