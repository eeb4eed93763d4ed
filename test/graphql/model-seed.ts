import type { TestHub } from '../hub.js'
import { seedBucket, seedObject, seedProject, uniqueName } from '../seed.js'

export interface SeededVersion {
  id: string
  version: number
  stage: string
}

export interface ModelSeeder {
  project: string
  bucket: string
  /** The one object that versions are made from where the test does not care. */
  key: string
  /** The next version of a model. */
  save(model: string, more?: Record<string, unknown>, as?: string): Promise<SeededVersion>
  transition(id: string, stage: string, archiveExisting?: boolean, as?: string): Promise<SeededVersion>
}

export const saveModel = `mutation ($input: SaveModelInput!) { saveModel(input: $input) { id version stage } }`

export const transitionModelVersion = `mutation ($input: TransitionModelVersionInput!) {
  transitionModelVersion(input: $input) { id version stage }
}`

/** A project with a bucket, and one object in it. */
export async function seedModels(hub: TestHub): Promise<ModelSeeder> {
  const project = (await seedProject(hub)).name
  const bucket = (await seedBucket(hub, project, 'MODELS')).name
  const key = `${uniqueName('model')}.pkl`
  await seedObject(hub, bucket, key, `the bytes of ${key}`)
  return {
    project,
    bucket,
    key,
    async save(model, more = {}, as) {
      const input = { project, model, objects: [{ bucket, key }], ...more }
      return (await hub.data(saveModel, { input }, as)).saveModel
    },
    async transition(id, stage, archiveExisting, as) {
      return (await hub.data(transitionModelVersion, { input: { id, stage, archiveExisting } }, as)).transitionModelVersion
    },
  }
}
