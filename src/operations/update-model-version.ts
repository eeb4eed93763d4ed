// Changes what people say of a model version: its description and its tags.
import type { ModelVersionRow } from '../datasources/catalog/model-rows.js'
import type { Datasources } from '../datasources/datasources.js'
import { notFound } from '../errors.js'
import { type KeyValue, requireModelTags, requireText } from '../tracking-rules.js'
import { longestDescription } from './save-model.js'

/** What is absent stays; a description of null goes; tags of other keys stay. */
export interface DescriptionChange {
  description?: string | null | undefined
  tags?: readonly KeyValue[] | null | undefined
}

/** @throws BAD_USER_INPUT, NOT_FOUND it was deleted meanwhile */
export async function updateModelVersion(
  { catalog }: Datasources,
  { id }: ModelVersionRow,
  change: DescriptionChange,
): Promise<void> {
  const tags = requireModelTags(change.tags ?? [], 'input.tags')
  const description = requireDescription(change)
  await catalog.transaction(async ({ modelVersions }) => {
    if ((await modelVersions.byIds([id])).length === 0) throw notFound('The model version', 'input.id')
    await modelVersions.setTags(id, tags)
    await modelVersions.update(id, description, new Date().toISOString())
  })
}

/** @throws BAD_USER_INPUT */
export function requireDescription({ description }: DescriptionChange): { description?: string | null } {
  if (description === undefined) return {}
  if (description !== null) requireText(description, longestDescription, 'input.description')
  return { description }
}
