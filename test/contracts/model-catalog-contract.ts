// What every catalog promises of models and their versions, run against each database.
import type { Catalog } from '../../src/datasources/catalog/catalog.js'
import type { ModelRow, ModelStage, ModelVersionRow } from '../../src/datasources/catalog/model-rows.js'
import { newId } from '../../src/datasources/catalog/node-id.js'
import { encodeCursor } from '../../src/datasources/catalog/page.js'
import type { StoredObjectRow } from '../../src/datasources/catalog/tables.js'
import { deleteModelVersion } from '../../src/operations/delete-model-version.js'
import type { CatalogFixture } from './catalog-contract.js'
import { at, insertBucket, insertProject, insertUser, objectRow, uniqueName } from './catalog-rows.js'

const modelRow = (projectId: string, over: Partial<ModelRow> = {}): Omit<ModelRow, 'lastVersion'> => ({
  id: newId('model'),
  projectId,
  name: uniqueName('model'),
  description: null,
  createdAt: at(0),
  updatedAt: at(0),
  ...over,
})

const versionRow = (model: ModelRow, over: Partial<ModelVersionRow> = {}): ModelVersionRow => ({
  id: newId('modelVersion'),
  projectId: model.projectId,
  modelId: model.id,
  version: model.lastVersion,
  stage: 'NONE',
  status: 'READY',
  description: null,
  modelType: null,
  requirements: null,
  runId: null,
  size: 3,
  sha256: null,
  createdBy: null,
  createdAt: at(0),
  updatedAt: at(0),
  deletedAt: null,
  ...over,
})

/** @param open a fresh, empty catalog */
export function modelCatalogContract(name: string, open: () => Promise<CatalogFixture>): void {
  describe(`${name} keeps the promises of models and their versions`, () => {
    let fixture: CatalogFixture
    let catalog: Catalog
    beforeAll(async () => {
      fixture = await open()
      catalog = fixture.catalog
    })
    afterAll(() => fixture.close())

    const insertObjects = async (projectId: string, count = 1): Promise<StoredObjectRow[]> => {
      const bucket = await insertBucket(catalog, projectId)
      const objects = Array.from({ length: count }, (_, i) => objectRow(bucket, `${i}`))
      for (const object of objects) await catalog.transaction(({ storedObjects }) => storedObjects.insertCurrent(object))
      return objects
    }

    /** Versions 1, 2, 3 … of a new model, in these stages. */
    const newModel = async (stages: ModelStage[], projectId?: string) => {
      const project = projectId ?? (await insertProject(catalog)).id
      const [object] = await insertObjects(project)
      const row = modelRow(project)
      const versions: ModelVersionRow[] = []
      for (const stage of stages) {
        const version = versionRow(await catalog.models.takeNumber(row), { stage })
        await catalog.modelVersions.insert(version, [object!.id])
        versions.push(version)
      }
      return { id: row.id, row, versions, object: object! }
    }

    const numbersOf = async (
      modelIds: string[],
      request: { first?: number; after?: string | null; stages?: ModelStage[] | null },
    ) => {
      const pages = await catalog.modelVersions.pagesByModel(modelIds, { first: 50, after: null, stages: null, ...request })
      return pages.map((page) => page.rows.map((row) => row.version))
    }

    test('numbers are dense, whoever takes them at the same time, and none is lost with a transaction that fails', async () => {
      const row = modelRow((await insertProject(catalog)).id)
      const take = (i: number) =>
        catalog.transaction(async ({ models, modelVersions }) => {
          const model = await models.takeNumber({ ...row, id: newId('model') })
          if (i % 3 === 0) throw new Error('changed my mind')
          await modelVersions.insert(versionRow(model), [])
          return model.lastVersion
        })
      const taken = await Promise.allSettled(Array.from({ length: 60 }, (_, i) => take(i)))
      const numbers = taken.flatMap((result) => (result.status === 'fulfilled' ? result.value : []))
      expect(numbers.sort((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, i) => i + 1))
    })

    test('the next number of a model that is there leaves the rest of it as it is', async () => {
      const row = modelRow((await insertProject(catalog)).id, { description: 'first' })
      await catalog.models.takeNumber(row)
      const again = await catalog.models.takeNumber({
        ...row,
        id: newId('model'),
        description: 'second',
        createdAt: at(9),
        updatedAt: at(9),
      })
      expect(again).toEqual({ ...row, lastVersion: 2, updatedAt: at(9) })
      expect(await catalog.models.find(row.projectId, row.name)).toEqual(again)
      const elsewhere = modelRow((await insertProject(catalog)).id, { name: row.name })
      expect((await catalog.models.takeNumber(elsewhere)).lastVersion).toBe(1)
    })

    test('pages of several models come in their order, the highest number first, with what a stage asks for', async () => {
      const a = await newModel(['NONE', 'STAGING', 'NONE', 'STAGING', 'PRODUCTION'])
      const b = await newModel(['STAGING'])
      const none = newId('model')
      expect(await numbersOf([b.id, none, a.id, b.id], {})).toEqual([[1], [], [5, 4, 3, 2, 1], [1]])
      expect(await numbersOf([a.id, b.id], { stages: ['STAGING'] })).toEqual([[4, 2], [1]])
      expect(await numbersOf([a.id, b.id], { stages: ['STAGING', 'PRODUCTION', 'STAGING'], first: 2 })).toEqual([[5, 4], [1]])
      expect(await numbersOf([a.id, b.id], { stages: [] })).toEqual([[], []])
      expect(await numbersOf([], {})).toEqual([])

      const [page] = await catalog.modelVersions.pagesByModel([a.id], { first: 2, after: null, stages: ['STAGING', 'NONE'] })
      expect([page!.hasNextPage, ...page!.rows.map((row) => row.version)]).toEqual([true, 4, 3])
      const after = page!.cursorOf(page!.rows[1]!)
      const [rest] = await catalog.modelVersions.pagesByModel([a.id], { first: 2, after, stages: ['STAGING', 'NONE'] })
      expect([rest!.hasNextPage, ...rest!.rows.map((row) => row.version)]).toEqual([false, 2, 1])
      expect(rest!.rows[1]).toEqual(a.versions[0])

      expect(await catalog.modelVersions.countByModel([b.id, none, a.id], null)).toEqual([1, 0, 5])
      expect(await catalog.modelVersions.countByModel([b.id, none, a.id], ['STAGING', 'PRODUCTION'])).toEqual([1, 0, 3])
      expect(await catalog.modelVersions.countByModel([a.id], [])).toEqual([0])
    })

    test.each([
      ['no base64', '!!'],
      ['a text', encodeCursor(['a'])],
      ['null', encodeCursor([null])],
      ['too many parts', encodeCursor([1, 2])],
      ['a fraction', encodeCursor([1.5])],
      ['more than 32 bits', encodeCursor([2 ** 31])],
    ])('a cursor that is %s is refused', async (_, after) => {
      const { id } = await newModel(['NONE'])
      await expect(numbersOf([id], { after })).rejects.toMatchObject({ code: 'BAD_USER_INPUT', field: 'after' })
    })

    test('finds versions of several models by number', async () => {
      const a = await newModel(['NONE', 'NONE'])
      const b = await newModel(['NONE'])
      const found = await catalog.modelVersions.byNumbers([
        { modelId: a.id, version: 2 },
        { modelId: b.id, version: 2 },
        { modelId: b.id, version: 1 },
        { modelId: newId('model'), version: 1 },
      ])
      expect(found.map((row) => row.id).sort()).toEqual([a.versions[1]!.id, b.versions[0]!.id].sort())
      expect(await catalog.modelVersions.byNumbers([])).toEqual([])
    })

    // Clocks of several servers differ: time may go backwards.
    test('moves versions and numbers their history, whatever the clock says', async () => {
      const { versions } = await newModel(['NONE', 'NONE', 'STAGING'])
      const user = await insertUser(catalog)
      const [one, two] = versions.map((version) => version.id)
      const stages: ModelStage[] = ['NONE', 'STAGING', 'PRODUCTION', 'ARCHIVED', 'NONE']
      for (let i = 1; i < stages.length; i++) {
        const ids = i % 2 ? [one!, two!] : [one!]
        await catalog.modelVersions.move(ids, {
          from: stages[i - 1]!,
          to: stages[i]!,
          at: at(9 - i),
          by: i === 1 ? null : user.id,
        })
      }
      const history = await catalog.modelVersions.transitions([one!])
      expect(history.map(({ number, from, to }) => [number, from, to])).toEqual([
        [1, 'NONE', 'STAGING'],
        [2, 'STAGING', 'PRODUCTION'],
        [3, 'PRODUCTION', 'ARCHIVED'],
        [4, 'ARCHIVED', 'NONE'],
      ])
      expect(history.map(({ at, by }) => [at, by])).toEqual([
        [at(8), null],
        [at(7), user.id],
        [at(6), user.id],
        [at(5), user.id],
      ])
      expect((await catalog.modelVersions.transitions([two!])).map(({ number }) => number)).toEqual([1, 2])
      const [moved] = await catalog.modelVersions.byIds([two!])
      expect(moved).toMatchObject({ stage: 'ARCHIVED', updatedAt: at(6) })
      expect(await catalog.modelVersions.inStage(moved!.modelId, 'ARCHIVED')).toEqual([moved])
    })

    test('files come in the order in which they were given, and pin their bytes', async () => {
      const project = (await insertProject(catalog)).id
      const objects = (await insertObjects(project, 300)).reverse()
      const version = versionRow(await catalog.models.takeNumber(modelRow(project)))
      await catalog.modelVersions.insert(
        version,
        objects.map((object) => object.id),
      )
      const files = await catalog.modelVersions.files([version.id])
      expect(files).toEqual(objects.map((object) => ({ ...object, modelVersionId: version.id })))

      const [pinned] = objects
      await catalog.storedObjects.retireCurrent(pinned!.bucketId, pinned!.key, at(1))
      expect(await catalog.storedObjects.replacedBefore(at(9), 10)).toEqual([])
      await expect(catalog.storedObjects.delete(pinned!.id)).rejects.toThrow()
      await catalog.modelVersions.delete(version.id, at(2))
      expect(await catalog.storedObjects.replacedBefore(at(9), 10)).toMatchObject([{ id: pinned!.id }])
    })

    test('tags and aliases are in the order of their bytes; a new value takes the place of the old', async () => {
      const { id, versions } = await newModel(['NONE', 'NONE'])
      const [one, two] = versions.map((version) => version.id)
      for (const [set, get] of [
        [catalog.models.setTags.bind(catalog.models, id), () => catalog.models.tags([id])],
        [catalog.modelVersions.setTags.bind(catalog.modelVersions, one!), () => catalog.modelVersions.tags([one!])],
      ] as const) {
        await set([
          { key: 'b', value: '1' },
          { key: 'é', value: '2' },
          { key: 'B', value: '3' },
        ])
        await set([{ key: 'b', value: '4' }])
        await set([])
        expect((await get()).map(({ key, value }) => [key, value])).toEqual([
          ['B', '3'],
          ['b', '4'],
          ['é', '2'],
        ])
      }
      for (const [alias, modelVersionId] of [
        ['b', one!],
        ['B', two!],
        ['a', one!],
        ['b', two!],
      ] as const)
        await catalog.models.setAlias({ modelId: id, alias, modelVersionId })
      expect((await catalog.models.aliases([id])).map(({ alias }) => alias)).toEqual(['B', 'a', 'b'])
      expect((await catalog.models.aliasesOfVersions([two!])).map(({ alias }) => alias)).toEqual(['B', 'b'])
      expect((await catalog.models.findAlias(id, 'b'))?.modelVersionId).toBe(two)
      await catalog.models.removeAlias(id, 'b')
      await catalog.models.removeAliasesOf(one!)
      expect((await catalog.models.aliases([id])).map(({ alias }) => alias)).toEqual(['B'])
      expect(await catalog.models.findAlias(id, 'b')).toBeUndefined()
    })

    test('what is deleted is in no answer', async () => {
      const { id, versions } = await newModel(['STAGING', 'STAGING'])
      const [one, two] = versions
      await catalog.modelVersions.delete(two!.id, at(3))
      expect(await numbersOf([id], {})).toEqual([[1]])
      expect(await numbersOf([id], { stages: ['STAGING'] })).toEqual([[1]])
      expect(await catalog.modelVersions.countByModel([id], null)).toEqual([1])
      expect(await catalog.modelVersions.byIds([one!.id, two!.id])).toEqual([one])
      expect(await catalog.modelVersions.byNumbers([{ modelId: id, version: 2 }])).toEqual([])
      expect(await catalog.modelVersions.inStage(id, 'STAGING')).toEqual([one])
      expect(await catalog.modelVersions.files([two!.id])).toEqual([])
    })

    test('a version that is in use is not deleted, and the refusal names what uses it', async () => {
      const { id, versions } = await newModel(['NONE'])
      const [version] = versions
      await catalog.models.setAlias({ modelId: id, alias: 'best', modelVersionId: version!.id })
      const uses = Array.from({ length: 12 }, (_, i) => `the deployment "nightly-${i}"`)
      const refusal = deleteModelVersion({ catalog }, version!, [async () => [], async () => uses])
      await expect(refusal).rejects.toMatchObject({
        code: 'PRECONDITION_FAILED',
        field: 'id',
        message: expect.stringMatching(/^Version 1 is in use by the deployment "nightly-0", .*"nightly-9" and 2 more: /),
        details: { usedBy: uses.slice(0, 10) },
      })
      expect(await catalog.modelVersions.byIds([version!.id])).toEqual([version])
      expect(await catalog.models.aliases([id])).toHaveLength(1)
      await deleteModelVersion({ catalog }, version!, [async () => []])
      expect(await catalog.models.aliases([id])).toEqual([])
      await expect(deleteModelVersion({ catalog }, version!)).rejects.toMatchObject({ code: 'NOT_FOUND', field: 'id' })
    })
  })
}
