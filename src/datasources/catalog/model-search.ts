// Models of projects, searched and sorted in MLflow's language.
import type { Kysely } from 'kysely'
import type { ModelRow } from './model-rows.js'
import type { Page } from './page.js'
import { countMatches, type SearchRequest, searchPages } from './search/search-pages.js'
import { type Condition, column, type SearchSubject } from './search/search-subject.js'
import type { Tables } from './tables.js'

const name = column(['name'], 'name')

const models: SearchSubject = {
  kind: 'model',
  table: 'models',
  parent: 'projectId',
  attributes: new Map([
    ...name,
    ...column(['id'], 'id', { lists: true }),
    ...column(['creation_timestamp', 'createdAt'], 'createdAt', { type: 'time' }),
    ...column(['last_updated_timestamp', 'timestamp', 'updatedAt'], 'updatedAt', { type: 'time' }),
  ]),
  entities: new Map([
    ...['attribute', 'attributes'].map((entity) => [entity, 'attribute'] as const),
    ...['tags', 'tag'].map((entity) => [entity, 'tag'] as const),
  ]),
  logs: { tag: { table: 'model_tags', owner: 'modelId', byValue: false } },
  invalidEntity: (entity) => `Invalid entity type '${entity}'. Valid entity types are ('attribute', 'tag', 'tags')`,
  defaultOrder: { field: name[0]![1], descending: false },
  complete: leaveOutPrompts,
}

/**
 * MLflow keeps prompts among its models, by a tag: they are left out unless they are asked for, and a model that lacks the tag
 * is none. Its client sends `!= 'true'` with every search.
 */
function leaveOutPrompts(conditions: readonly Condition[]): Condition[] {
  const field = { of: 'log', log: 'tag', key: 'mlflow.prompt.is_prompt' } as const
  const isNoPrompt: Condition = { field, operator: '!=', value: 'true', orMissing: true }
  const asksForPrompts = ({ operator, value }: Condition) =>
    operator === '!=' ? value !== 'true' : operator !== '=' || value !== 'false'
  const about = conditions.filter((condition) => condition.field.of === 'log' && condition.field.key === field.key)
  const others = conditions.filter((condition) => !about.includes(condition))
  const wanted = about.filter(asksForPrompts)
  return [...others, ...wanted, ...(wanted.length < about.length || about.length === 0 ? [isNoPrompt] : [])]
}

/**
 * The same page of the models of each project; by name where no order is asked for.
 * @returns one page for each id, in the order of the ids
 * @throws BAD_USER_INPUT a filter, an order or a cursor that does not fit
 */
export const searchModels = (
  db: Kysely<Tables>,
  projectIds: readonly string[],
  request: SearchRequest,
): Promise<Page<ModelRow>[]> => searchPages(db, models, projectIds, request)

/** How many models of each project meet the filter, in the order of the ids. @throws BAD_USER_INPUT */
export const countModels = (
  db: Kysely<Tables>,
  projectIds: readonly string[],
  request: { filter: string | null },
): Promise<number[]> => countMatches(db, models, projectIds, request)
