// Makes an experiment, or gives the one that has its name.
import type { Stores } from '../datasources/catalog/catalog.js'
import type { ExperimentRow } from '../datasources/catalog/experiment-rows.js'
import { newId } from '../datasources/catalog/node-id.js'
import type { Datasources } from '../datasources/datasources.js'
import { requireName } from '../naming-policy.js'
import { type KeyValue, requireExperimentTags } from '../tracking-rules.js'

/**
 * However many ask at once, one is made. Tags are those of a new one: an experiment that is there keeps its own.
 * @throws BAD_USER_INPUT
 */
export async function createExperiment(
  { catalog }: Datasources,
  input: { projectId: string; name: string; tags: readonly KeyValue[] },
): Promise<ExperimentRow> {
  const name = requireName('EXPERIMENT', input.name, 'input.name')
  const tags = requireExperimentTags(input.tags, 'input.tags')
  return catalog.transaction((stores) => findOrInsert(stores, input.projectId, name, tags))
}

async function findOrInsert(
  { experiments }: Stores,
  projectId: string,
  name: string,
  tags: readonly KeyValue[],
): Promise<ExperimentRow> {
  const now = new Date().toISOString()
  const experiment: ExperimentRow = {
    id: newId('experiment'),
    projectId,
    name,
    lifecycle: 'ACTIVE',
    createdAt: now,
    updatedAt: now,
  }
  while (true) {
    const existing = await experiments.findActive(projectId, name)
    if (existing) return existing
    // False when somebody was faster; and then theirs may be deleted before it is found.
    if (!(await experiments.insertActive(experiment))) continue
    await experiments.setTags(experiment.id, tags)
    return experiment
  }
}
