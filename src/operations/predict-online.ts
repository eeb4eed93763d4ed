// Asks the handler of an ONLINE deployment, with the script, the packages and the model of its newest version.
import type { DeploymentRow } from '../datasources/catalog/deployment-rows.js'
import type { Datasources } from '../datasources/datasources.js'
import { badInput, DhuoError } from '../errors.js'
import { inTermsOf } from './in-terms-of.js'
import { definitionOf, keyOf, newestOf } from './keep-handlers.js'

export interface OnlineAnswer {
  modelVersionId: string
  /** One for each row, in their order. */
  predictions: unknown[]
}

const mostRows = 10_000

/**
 * @throws BAD_USER_INPUT, PRECONDITION_FAILED the deployment is BATCH, not READY, has no model, its handler cannot be loaded,
 * or it gives None for a row;
 * TIMEOUT, BACKEND_UNAVAILABLE
 */
export async function predictOnline(
  datasources: Datasources,
  deployment: DeploymentRow,
  rows: readonly unknown[],
  signal: AbortSignal,
): Promise<OnlineAnswer> {
  const { functions } = datasources
  if (deployment.kind !== 'ONLINE') throw refused(deployment, 'is BATCH: run it with runDeployment')
  if (deployment.status !== 'READY')
    throw refused(deployment, `is ${deployment.status}${deployment.statusDetail === null ? '' : `: ${deployment.statusDetail}`}`)
  if (rows.length < 1 || rows.length > mostRows)
    throw badInput('input.rows', `input.rows must have 1 to ${mostRows} rows; it has ${rows.length}.`)
  const { version, model } = await newestOf(datasources, deployment)
  if (!version || !model) throw refused(deployment, 'has no model: deploy it with modelUri')
  const definition = await definitionOf(datasources, deployment, version, model)
  const predictions = await inTermsOf({ rows: 'input.rows' }, functions.invoke(definition, rows, signal))
  const nothing = predictions.findIndex((prediction) => prediction === null || prediction === undefined)
  if (nothing >= 0) throw refused(deployment, `predicts nothing for row ${nothing + 1}: its predict.py gives None`)
  if (version.version > 1) void functions.release(keyOf(deployment.id, version.version - 1)).catch(() => {})
  return { modelVersionId: model.id, predictions }
}

const refused = ({ name }: DeploymentRow, why: string): DhuoError =>
  new DhuoError('PRECONDITION_FAILED', `The deployment "${name}" ${why}.`, { field: 'input.deployment' })
