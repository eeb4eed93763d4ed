// Changes what people say of a model: its description and its tags.
import type { ModelRow } from '../datasources/catalog/model-rows.js'
import type { Datasources } from '../datasources/datasources.js'
import { requireTags } from '../registry-rules.js'
import { type DescriptionChange, requireDescription } from './update-model-version.js'

/** @throws BAD_USER_INPUT */
export async function updateModel({ catalog }: Datasources, { id }: ModelRow, change: DescriptionChange): Promise<void> {
  const tags = requireTags(change.tags, 'input.tags')
  const description = requireDescription(change)
  await catalog.transaction(async ({ models }) => {
    await models.setTags(tags.map((tag) => ({ modelId: id, ...tag })))
    await models.update(id, description, new Date().toISOString())
  })
}
