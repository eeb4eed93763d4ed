// Deletes a deployment: its schedule ends, its name is free again, its runs stay to be looked at.
import type { DeploymentRow } from '../datasources/catalog/deployment-rows.js'
import type { Datasources } from '../datasources/datasources.js'
import { DhuoError } from '../errors.js'

const mostNamed = 10

/** Idempotent. @throws PRECONDITION_FAILED while a run of it is under way */
export async function deleteDeployment(
  { catalog }: Pick<Datasources, 'catalog'>,
  { id, name }: Pick<DeploymentRow, 'id' | 'name'>,
): Promise<void> {
  await catalog.transaction(async ({ deployments }) => {
    const active = await deployments.activeRunNumbers(id)
    if (active.length > 0) {
      const named = active.slice(0, mostNamed).map((number) => `#${number}`)
      throw new DhuoError(
        'PRECONDITION_FAILED',
        `"${name}" has ${active.length === 1 ? 'a run' : `${active.length} runs`} under way (${named.join(', ')}${active.length > mostNamed ? ', …' : ''}): cancel them, or wait for their end.`,
        { field: 'id' },
      )
    }
    await deployments.delete(id, new Date().toISOString())
  })
}
