// Versions of models: their files, tags, and the stages they have been in. What was deleted is in no answer.
import { type Kysely, sql } from 'kysely'
import { joinPage, parentsOf } from './child-pages.js'
import type { Timestamp } from './column-types.js'
import type { KeyValueRow } from './experiment-store.js'
import { insertRows } from './insert-rows.js'
import type { ModelStage, ModelVersionFileRow, ModelVersionRow, ModelVersionTagRow, StageTransitionRow } from './model-rows.js'
import { decodeNumberCursor, encodeCursor, type Page, type PageRequest, toPage } from './page.js'
import type { StoredObjectRow, Tables } from './tables.js'
import { valueRows } from './value-rows.js'

export interface ModelVersionKey {
  modelId: string
  version: number
}

export interface ModelVersionPageRequest extends PageRequest {
  /** Only versions in one of these; null for all. */
  stages: readonly ModelStage[] | null
}

/** A file of a version, as the object it pins. */
export type ModelVersionFile = StoredObjectRow & Pick<ModelVersionFileRow, 'modelVersionId'>

interface StageMove {
  from: ModelStage
  to: ModelStage
  at: Timestamp
  by: string | null
}

export class ModelVersionStore {
  constructor(private readonly db: Kysely<Tables>) {}

  /** @param objectIds its files, in the order in which they are listed from then on */
  async insert(version: ModelVersionRow, objectIds: readonly string[]): Promise<void> {
    await this.db.insertInto('model_versions').values(version).execute()
    const files = objectIds.map((objectId, position) => [version.id, position, objectId])
    await insertRows(this.db, 'model_version_files', { modelVersionId: 'text', position: 'integer', objectId: 'text' }, files, '')
  }

  byIds(ids: readonly string[]): Promise<ModelVersionRow[]> {
    return this.db.selectFrom('model_versions').selectAll().where('id', 'in', ids).where('deletedAt', 'is', null).execute()
  }

  async byNumbers(keys: readonly ModelVersionKey[]): Promise<ModelVersionRow[]> {
    if (keys.length === 0) return []
    const wanted = valueRows(
      this.db,
      ['text', keys.map(({ modelId }) => modelId)],
      ['integer', keys.map(({ version }) => version)],
    )
    const { rows } = await sql<ModelVersionRow>`
      with wanted("modelId", version) as (${wanted})
      select child.* from wanted join model_versions as child
        on child."modelId" = wanted."modelId" and child.version = wanted.version
      where child."deletedAt" is null`.execute(this.db)
    return rows
  }

  /** Those that came of runs, the oldest first. */
  byRuns(runIds: readonly string[]): Promise<ModelVersionRow[]> {
    return this.db
      .selectFrom('model_versions')
      .selectAll()
      .where('runId', 'in', runIds)
      .where('deletedAt', 'is', null)
      .orderBy('createdAt')
      .orderBy('id')
      .execute()
  }

  /**
   * The highest number first; one page for each model. Each model costs one range of an index, or one for each stage.
   * @throws BAD_USER_INPUT the cursor is not one of these
   */
  async pagesByModel(modelIds: readonly string[], request: ModelVersionPageRequest): Promise<Page<ModelVersionRow>[]> {
    const before = request.after === null ? null : decodeNumberCursor(request.after)
    const { stages, first } = request
    if (modelIds.length === 0 || stages?.length === 0) return modelIds.map(() => toPage([], first, versionCursor))
    const ids = [...new Set(modelIds)]
    const places = ids.flatMap((id) => [...new Set(stages)].map((stage) => [id, stage] as const))
    const parents =
      stages === null
        ? parentsOf(this.db, ids)
        : sql`with parents(id, stage) as (${valueRows(
            this.db,
            ['text', places.map(([id]) => id)],
            ['text', places.map(([, stage]) => stage)],
          )})`
    const page = sql`from model_versions as candidate
      where candidate."modelId" = parents.id and candidate."deletedAt" is null
      ${stages === null ? sql`` : sql`and candidate.stage = parents.stage`}
      ${before === null ? sql`` : sql`and candidate.version < ${before}`}
      order by candidate.version desc limit ${first + 1}`
    const { rows } = await sql<ModelVersionRow>`${parents}
      select child.* from parents ${joinPage(this.db, 'model_versions', ['id'], page)}
      order by child."modelId", child.version desc`.execute(this.db)
    const byModel = Map.groupBy(rows, (row) => row.modelId)
    return modelIds.map((id) => toPage(byModel.get(id)?.slice(0, first + 1) ?? [], first, versionCursor))
  }

  /** How many versions each model has in these stages, or in all of them; in the order of the ids. */
  async countByModel(modelIds: readonly string[], stages: readonly ModelStage[] | null): Promise<number[]> {
    const rows = await this.db
      .selectFrom('model_versions')
      .select(({ fn }) => ['modelId', fn.countAll<number>().as('count')])
      .where('modelId', 'in', modelIds)
      .where('deletedAt', 'is', null)
      .$if(stages !== null, (query) => query.where('stage', 'in', stages!))
      .groupBy('modelId')
      .execute()
    const counts = new Map(rows.map((row) => [row.modelId, Number(row.count)]))
    return modelIds.map((id) => counts.get(id) ?? 0)
  }

  inStage(modelId: string, stage: ModelStage): Promise<ModelVersionRow[]> {
    return this.db
      .selectFrom('model_versions')
      .selectAll()
      .where('modelId', '=', modelId)
      .where('stage', '=', stage)
      .where('deletedAt', 'is', null)
      .execute()
  }

  /** Moves versions from the stage in which all of them are, and writes it down in their history. */
  async move(ids: readonly string[], { from, to, at, by }: StageMove): Promise<void> {
    await this.db.updateTable('model_versions').set({ stage: to, updatedAt: at }).where('id', 'in', ids).execute()
    await this.db
      .insertInto('stage_transitions')
      .columns(['modelVersionId', 'number', 'from', 'to', 'at', 'by'])
      .expression((query) =>
        query
          .selectFrom('model_versions')
          .select(({ selectFrom, fn, ref }) => [
            'id',
            selectFrom('stage_transitions')
              .select(sql<number>`${fn.coalesce(fn.max('number'), sql<number>`0`)} + 1`.as('number'))
              .where('modelVersionId', '=', ref('model_versions.id'))
              .as('number'),
            sql<ModelStage>`cast(${from} as text)`.as('from'),
            sql<ModelStage>`cast(${to} as text)`.as('to'),
            sql<Timestamp>`cast(${at} as text)`.as('at'),
            sql<string | null>`cast(${by} as text)`.as('by'),
          ])
          .where('id', 'in', ids),
      )
      .execute()
  }

  /** From the first on. */
  transitions(ids: readonly string[]): Promise<StageTransitionRow[]> {
    return this.db.selectFrom('stage_transitions').selectAll().where('modelVersionId', 'in', ids).orderBy('number').execute()
  }

  /** In the order in which they were given. */
  files(ids: readonly string[]): Promise<ModelVersionFile[]> {
    return this.db
      .selectFrom('model_version_files')
      .innerJoin('stored_objects', 'stored_objects.id', 'model_version_files.objectId')
      .selectAll('stored_objects')
      .select('modelVersionId')
      .where('modelVersionId', 'in', ids)
      .orderBy('position')
      .execute()
  }

  /** By key. */
  tags(ids: readonly string[]): Promise<ModelVersionTagRow[]> {
    return this.db.selectFrom('model_version_tags').selectAll().where('modelVersionId', 'in', ids).orderBy('key').execute()
  }

  /** A tag that is there gets the new value. @param tags each key once */
  async setTags(id: string, tags: readonly KeyValueRow[]): Promise<void> {
    const rows = tags.map(({ key, value }) => [id, key, value])
    const overwrite = 'on conflict ("modelVersionId", key) do update set value = excluded.value'
    await insertRows(this.db, 'model_version_tags', { modelVersionId: 'text', key: 'text', value: 'text' }, rows, overwrite)
  }

  async update(id: string, change: Partial<Pick<ModelVersionRow, 'description'>>, updatedAt: Timestamp): Promise<void> {
    await this.db
      .updateTable('model_versions')
      .set({ ...change, updatedAt })
      .where('id', '=', id)
      .execute()
  }

  /** Its number stays used and its history stays; its files are pinned no longer. */
  async delete(id: string, deletedAt: Timestamp): Promise<void> {
    await this.db.updateTable('model_versions').set({ deletedAt, updatedAt: deletedAt }).where('id', '=', id).execute()
    await this.db.deleteFrom('model_version_files').where('modelVersionId', '=', id).execute()
  }
}

const versionCursor = ({ version }: ModelVersionRow): string => encodeCursor([version])
