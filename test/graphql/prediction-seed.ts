import type { TestHub } from '../hub.js'
import { uniqueName } from '../seed.js'
import { seedModels } from './model-seed.js'

export const savePredictions = `mutation ($input: SavePredictionsInput!) {
  savePredictions(input: $input) { id version rowCount createdAt output { id name table } }
}`

export type SavedPrediction = {
  id: string
  version: number
  rowCount: number
  createdAt: string
  output: { id: string; name: string; table: string }
}

export interface PredictionSeeder {
  project: string
  bucket: string
  modelUri: string
  modelVersionId: string
  /** Two rows, unless the test says otherwise. */
  input(table: string, more?: Record<string, unknown>): Record<string, unknown>
  save(table: string, more?: Record<string, unknown>, as?: string): Promise<SavedPrediction>
  rows(sql: string): Promise<unknown[][]>
}

/** The name of a table that no other test has. */
export const uniqueTable = (): string => uniqueName('table').replaceAll('-', '_')

/** A project with a model of one version. */
export async function seedPredictions(hub: TestHub): Promise<PredictionSeeder> {
  const models = await seedModels(hub)
  const model = uniqueName('model')
  const { id } = await models.save(model)
  const { project, bucket } = models
  const modelUri = `models:/${model}/1`
  const input: PredictionSeeder['input'] = (table, more = {}) => ({
    ...{ project, modelUri, table },
    ...(more['sql'] === undefined && more['object'] === undefined && { columns: ['size', 'PREDICT'] }),
    ...(more['sql'] === undefined &&
      more['object'] === undefined && {
        rows: [
          [1, 'a'],
          [2, 'b'],
        ],
      }),
    ...more,
  })
  return {
    project,
    bucket,
    modelUri,
    modelVersionId: id,
    input,
    save: async (table, more, as) => (await hub.data(savePredictions, { input: input(table, more) }, as)).savePredictions,
    async rows(sql) {
      const query = 'query ($project: String!, $sql: String!) { executeSelect(project: $project, sql: $sql) { rows } }'
      return (await hub.data(query, { project, sql })).executeSelect.rows
    },
  }
}
