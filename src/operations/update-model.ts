// Changes what people say of a model: its description and its tags.
import type { ModelRow } from '../datasources/catalog/model-rows.js'
import type { Datasources } from '../datasources/datasources.js'
import { requireModelTags } from '../tracking-rules.js'
import { type DescriptionChange, requireDescription } from './update-model-version.js'

/** @throws BAD_USER_INPUT */
export async function updateModel({ catalog }: Datasources, { id }: ModelRow, change: DescriptionChange): Promise<void> {
  const tags = requireModelTags(change.tags ?? [], 'input.tags')
  const description = requireDescription(change)
  await catalog.transaction(async ({ models }) => {
    await models.setTags(id, tags)
    await models.update(id, description, new Date().toISOString())
  })
}
