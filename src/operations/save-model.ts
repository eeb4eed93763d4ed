// Registers stored objects as the next version of a model: pins their bytes, whole or not at all.
import { createHash } from 'node:crypto'
import type { ModelStage, ModelVersionRow } from '../datasources/catalog/model-rows.js'
import { newId } from '../datasources/catalog/node-id.js'
import type { ProjectRow, StoredObjectRow } from '../datasources/catalog/tables.js'
import type { Datasources } from '../datasources/datasources.js'
import { badInput, DhuoError } from '../errors.js'
import { requireName } from '../naming-policy.js'
import type { Publisher } from '../pubsub/topics.js'
import { type KeyValue, requireModelTags, requireText } from '../tracking-rules.js'
import { locationOf } from './object-table.js'
import { moveToStage } from './transition-model-version.js'

export interface NewModelVersion {
  project: ProjectRow
  /** Of the model; it is made when it is new. */
  model: string
  /** Versions of bytes of this project, each once. */
  objects: readonly StoredObjectRow[]
  runId: string | null
  stage: ModelStage
  modelType: string | null
  requirements: string | null
  description: string | null
  tags: readonly KeyValue[]
  createdBy: string
}

const longestModelType = 200
export const longestDescription = 10_000
const mostRequirementsBytes = 64 * 1024

/**
 * Numbers are dense, whoever saves at the same time. Digests that no upload told are computed first, and kept.
 * @throws BAD_USER_INPUT
 */
export async function saveModel(
  datasources: Datasources,
  events: Publisher,
  input: NewModelVersion,
  signal: AbortSignal,
): Promise<ModelVersionRow> {
  const name = requireName('MODEL', input.model, 'input.model')
  const { description, modelType, requirements } = input
  if (modelType !== null) requireText(modelType, longestModelType, 'input.modelType')
  if (requirements !== null) requireRequirements(requirements)
  if (description !== null) requireText(description, longestDescription, 'input.description')
  const tags = requireModelTags(input.tags, 'input.tags')
  for (const [index, object] of input.objects.entries())
    if (object.size === 0)
      throw badInput(`input.objects[${index}].key`, `input.objects[${index}].key: the object "${object.key}" is empty.`)
  const sha256 = digestOf(await withDigests(datasources, input.objects, signal))

  const { project, createdBy } = input
  const now = new Date().toISOString()
  const version = await datasources.catalog.transaction(async (stores) => {
    const { models, modelVersions } = stores
    const made = { id: newId('model'), projectId: project.id, name, description: null, createdAt: now, updatedAt: now }
    const model = await models.takeNumber(made)
    const version: ModelVersionRow = {
      id: newId('modelVersion'),
      projectId: project.id,
      modelId: model.id,
      version: model.lastVersion,
      stage: 'NONE',
      status: 'READY',
      description,
      modelType,
      requirements,
      runId: input.runId,
      size: input.objects.reduce((size, object) => size + object.size, 0),
      sha256,
      createdBy,
      createdAt: now,
      updatedAt: now,
      deletedAt: null,
    }
    await modelVersions.insert(
      version,
      input.objects.map((object) => object.id),
    )
    await modelVersions.setTags(version.id, tags)
    if (input.stage !== 'NONE')
      await moveToStage(stores, version, { to: input.stage, archiveExisting: false, at: now, by: createdBy })
    return { ...version, stage: input.stage }
  })
  events.publish('modelVersionChanged', project.id, { modelVersionId: version.id, modelId: version.modelId })
  return version
}

function requireRequirements(text: string): void {
  const bytes = Buffer.byteLength(text)
  if (bytes > mostRequirementsBytes)
    throw badInput('input.requirements', `input.requirements has at most ${mostRequirementsBytes} bytes; it has ${bytes}.`)
  requireText(text, mostRequirementsBytes, 'input.requirements')
}

interface HashedFile {
  key: string
  sha256: string
}

/** One after the other: hashing is bound by the disk. What is done is kept, so that a second try goes on from there. */
async function withDigests(
  datasources: Datasources,
  objects: readonly StoredObjectRow[],
  signal: AbortSignal,
): Promise<HashedFile[]> {
  const files: HashedFile[] = []
  for (const object of objects) {
    // Nobody waits for the version, and one that is made all the same would be made again by the client's next try.
    if (signal.aborted) throw new DhuoError('TIMEOUT', 'The client went away before the files were hashed.')
    const sha256 = object.sha256 ?? (await datasources.storage.sha256(await locationOf(datasources, object)))
    if (object.sha256 === null) await datasources.catalog.storedObjects.setSha256(object.id, sha256)
    files.push({ key: object.key, sha256 })
  }
  return files
}

/** Of one file its own; of several that of the lines `<sha256>  <key>`, as `sha256sum` writes them, by the bytes of the keys. */
function digestOf(files: readonly HashedFile[]): string {
  if (files.length === 1) return files[0]!.sha256
  const lines = files.map(({ key, sha256 }) => ({ key: Buffer.from(key), line: `${sha256}  ${key}\n` }))
  lines.sort((a, b) => Buffer.compare(a.key, b.key) || (a.line < b.line ? -1 : 1))
  const hash = createHash('sha256')
  for (const { line } of lines) hash.update(line)
  return hash.digest('hex')
}
