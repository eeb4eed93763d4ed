// What every catalog promises of experiments, runs and metrics, run against each database.
import type { Catalog } from '../../src/datasources/catalog/catalog.js'
import type { ExperimentRow, RunRow } from '../../src/datasources/catalog/experiment-rows.js'
import type { MetricPoint } from '../../src/datasources/catalog/metric-store.js'
import { newId } from '../../src/datasources/catalog/node-id.js'
import { encodeCursor, type Page } from '../../src/datasources/catalog/page.js'
import { isUniqueViolation } from '../../src/datasources/catalog/sql-dialect.js'
import type { CatalogFixture } from './catalog-contract.js'
import { at, bucketRow, datasetRow, insertProject, objectRow, randomFrom, uniqueName } from './catalog-rows.js'

const experimentRow = (projectId: string, over: Partial<ExperimentRow> = {}): ExperimentRow => ({
  id: newId('experiment'),
  projectId,
  name: uniqueName('experiment'),
  lifecycle: 'ACTIVE',
  createdAt: at(0),
  updatedAt: at(0),
  ...over,
})

const runRow = (experiment: { id: string; projectId: string }, over: Partial<RunRow> = {}): RunRow => ({
  id: newId('run'),
  projectId: experiment.projectId,
  experimentId: experiment.id,
  name: uniqueName('run'),
  status: 'RUNNING',
  lifecycle: 'ACTIVE',
  startedAt: at(0),
  endedAt: null,
  userId: null,
  parentId: null,
  pipelineStepId: null,
  ...over,
})

const point = (key: string, over: Partial<MetricPoint> = {}): MetricPoint => ({
  key,
  timestamp: 1_000,
  step: 0,
  value: 1,
  isNan: 0,
  ...over,
})

/** @param open a fresh, empty catalog */
export function experimentCatalogContract(name: string, open: () => Promise<CatalogFixture>): void {
  describe(`${name} keeps the promises of experiments, runs and metrics`, () => {
    let fixture: CatalogFixture
    let catalog: Catalog
    beforeAll(async () => {
      fixture = await open()
      catalog = fixture.catalog
    })
    afterAll(() => fixture.close())

    const newExperiment = async (over: Partial<ExperimentRow> = {}): Promise<ExperimentRow> => {
      const experiment = experimentRow(over.projectId ?? (await insertProject(catalog)).id, over)
      expect(await catalog.experiments.insertActive(experiment)).toBe(true)
      return experiment
    }
    const newRun = async (over: Partial<RunRow> = {}, experiment?: ExperimentRow): Promise<RunRow> => {
      const run = runRow(experiment ?? (await newExperiment()), over)
      await catalog.runs.insert(run)
      return run
    }
    const log = (run: RunRow, points: MetricPoint[]) => catalog.transaction(({ metrics }) => metrics.log(run, points))
    const history = async (run: RunRow, key: string) =>
      (await catalog.metrics.historyPages([run.id], key, { first: 5_000, after: null }))[0]!.rows

    describe('experiments', () => {
      test('one of many that take a name at once gets it; another project is no rival', async () => {
        const { id: projectId } = await insertProject(catalog)
        const rivals = Array.from({ length: 8 }, () => experimentRow(projectId, { name: 'wanted' }))
        const answers = await Promise.all(rivals.map((rival) => catalog.experiments.insertActive(rival)))
        expect(answers.filter(Boolean)).toHaveLength(1)
        expect((await catalog.experiments.findActive(projectId, 'wanted'))?.id).toBe(rivals[answers.indexOf(true)]!.id)
        await newExperiment({ name: 'wanted' })
      })

      test('the name of a deleted one is free, and restoring it then violates the unique index', async () => {
        const first = await newExperiment()
        await catalog.experiments.update(first.id, { lifecycle: 'DELETED' })
        expect(await catalog.experiments.findActive(first.projectId, first.name)).toBeUndefined()
        await newExperiment({ projectId: first.projectId, name: first.name })
        const refused = await catalog.experiments.update(first.id, { lifecycle: 'ACTIVE' }).catch((error: unknown) => error)
        expect(isUniqueViolation(refused)).toBe(true)
        await catalog.experiments.update(first.id, { lifecycle: 'ACTIVE', name: uniqueName() })
      })

      test('tags are upserted and come by key; more than one statement takes are all there', async () => {
        const { id } = await newExperiment()
        const tags = Array.from({ length: 250 }, (_, n) => ({ key: `k${String(n).padStart(3, '0')}`, value: `${n}` }))
        await catalog.experiments.setTags(id, tags.toReversed())
        await catalog.experiments.setTags(id, [{ key: 'k007', value: 'new' }])
        await catalog.experiments.setTags(id, [])
        const found = await catalog.experiments.tags([id])
        expect(found.map(({ key }) => key)).toEqual(tags.map(({ key }) => key))
        expect(found[7]).toMatchObject({ value: 'new' })
      })
    })

    describe('runs', () => {
      test('params are written once: those that are there with another value are told, equal ones are not', async () => {
        const run = await newRun()
        expect(await catalog.runs.insertParams(run, [{ key: 'a', value: '1' }])).toEqual([])
        expect(
          await catalog.runs.insertParams(run, [
            { key: 'b', value: '2' },
            { key: 'a', value: '1' },
          ]),
        ).toEqual([])
        expect(await catalog.runs.insertParams(run, [{ key: 'a', value: '9' }])).toMatchObject([{ key: 'a', value: '1' }])
        expect((await catalog.runs.params([run.id])).map(({ key, value }) => key + value)).toEqual(['a1', 'b2'])
        expect(await catalog.runs.paramsByKey([run.id, 'nobody'], ['b', 'c'])).toMatchObject([{ key: 'b', value: '2' }])
      })

      test('an input keeps the version at which it was logged first', async () => {
        const run = await newRun()
        const dataset = datasetRow(run.projectId, { version: 3 })
        await catalog.datasets.insert(dataset)
        await catalog.runs.insertInputs(run.id, [dataset])
        await catalog.runs.insertInputs(run.id, [{ ...dataset, version: 4 }])
        expect(await catalog.runs.inputs([run.id])).toMatchObject([{ datasetId: dataset.id, datasetVersion: 3 }])
      })

      test('the lifecycle of all runs of an experiment changes at once, and of no other', async () => {
        const [a, b] = [await newExperiment(), await newExperiment()]
        const runs = await Promise.all([newRun({}, a), newRun({ lifecycle: 'DELETED' }, a), newRun({}, b)])
        const lifecycles = async () => {
          const rows = new Map((await catalog.runs.byIds(runs.map(({ id }) => id))).map((row) => [row.id, row.lifecycle]))
          return runs.map(({ id }) => rows.get(id))
        }
        await catalog.runs.setLifecycleOfAll(a.id, 'DELETED')
        expect(await lifecycles()).toEqual(['DELETED', 'DELETED', 'ACTIVE'])
        await catalog.runs.setLifecycleOfAll(a.id, 'ACTIVE')
        expect(await lifecycles()).toEqual(['ACTIVE', 'ACTIVE', 'ACTIVE'])
      })

      test('children come page by page, the first first, of several parents at once; deleted ones do not', async () => {
        const experiment = await newExperiment()
        const parents = await Promise.all([newRun({}, experiment), newRun({}, experiment), newRun({}, experiment)])
        const children: RunRow[] = []
        for (let n = 0; n < 5; n++)
          children.push(await newRun({ parentId: parents[0]!.id, startedAt: at(10 - Math.floor(n / 2)) }, experiment))
        await newRun({ parentId: parents[0]!.id, lifecycle: 'DELETED' }, experiment)
        const other = await newRun({ parentId: parents[1]!.id }, experiment)
        const ids = parents.map(({ id }) => id)

        const sorted = children.toSorted((a, b) => `${a.startedAt}${a.id}`.localeCompare(`${b.startedAt}${b.id}`))
        const found: string[] = []
        let after: string | null = null
        do {
          const pages: Page<RunRow>[] = await catalog.runs.childPages(ids, { first: 2, after })
          expect(pages).toHaveLength(3)
          if (after === null) expect(pages[1]!.rows.map(({ id }) => id)).toEqual([other.id])
          expect(pages[2]).toMatchObject({ rows: [], hasNextPage: false })
          found.push(...pages[0]!.rows.map(({ id }) => id))
          after = pages[0]!.hasNextPage ? pages[0]!.cursorOf(pages[0]!.rows.at(-1)!) : null
        } while (after !== null)
        expect(found).toEqual(sorted.map(({ id }) => id))
        expect(await catalog.runs.countChildren(ids)).toEqual([5, 1, 0])
      })

      test('the runs that read a dataset come page by page, the newest first', async () => {
        const experiment = await newExperiment()
        const datasets = [datasetRow(experiment.projectId), datasetRow(experiment.projectId)]
        for (const dataset of datasets) await catalog.datasets.insert(dataset)
        const runs: RunRow[] = []
        for (let n = 0; n < 5; n++) {
          runs.push(await newRun({}, experiment))
          await catalog.runs.insertInputs(runs[n]!.id, n < 4 ? datasets : [datasets[0]!])
        }
        await catalog.runs.update(runs[1]!.id, { lifecycle: 'DELETED' })
        const ids = datasets.map(({ id }) => id)
        const expected = runs
          .filter((_, n) => n !== 1)
          .map(({ id }) => id)
          .toSorted()
          .toReversed()
        const [first, second] = await catalog.runs.pagesByInput(ids, { first: 3, after: null })
        expect(first!.rows.map(({ id }) => id)).toEqual(expected.slice(0, 3))
        expect(second!.rows.map(({ id }) => id)).toEqual(expected.filter((id) => id !== runs[4]!.id))
        expect([first!.hasNextPage, second!.hasNextPage]).toEqual([true, false])
        const [rest] = await catalog.runs.pagesByInput([ids[0]!], { first: 3, after: first!.cursorOf(first!.rows[2]!) })
        expect(rest!.rows.map(({ id }) => id)).toEqual(expected.slice(3))
        expect(await catalog.runs.countByInput([...ids, 'nobody'])).toEqual([4, 3, 0])
      })

      test('artifacts are the current objects below the folder of the run, in every bucket of its project', async () => {
        const run = await newRun()
        const other = await newRun({}, undefined)
        const buckets = [bucketRow(run.projectId), bucketRow(run.projectId), bucketRow(other.projectId)]
        for (const bucket of buckets) await catalog.buckets.insert(bucket)
        const put = (bucket: number, key: string) =>
          catalog.transaction(({ storedObjects }) => storedObjects.insertCurrent(objectRow(buckets[bucket]!, key)))
        await put(0, `runs/${run.id}/plots/b.png`)
        await put(1, `runs/${run.id}/plots/a.png`)
        await put(1, `runs/${run.id}/model.pkl`)
        await put(0, `runs/${run.id}0/not-of-it`)
        await put(0, `runs/${run.id}`)
        await put(2, `runs/${run.id}/of-another-project`)
        await put(0, `runs/${run.id}/gone`)
        await catalog.storedObjects.retireCurrent(buckets[0]!.id, `runs/${run.id}/gone`, at(1))
        const keys = async (path: string, limit = 10) =>
          (await catalog.runs.artifacts([run.id, other.id], path, limit)).map(({ key, runId }) =>
            key.replace(`runs/${runId}/`, ''),
          )
        expect(await keys('')).toEqual(['model.pkl', 'plots/a.png', 'plots/b.png'])
        expect(await keys('plots/')).toEqual(['plots/a.png', 'plots/b.png'])
        expect(await keys('', 2)).toHaveLength(2)
        for (const path of ['nothing', '../', '%', 'a\0b', '\ud800']) expect(await keys(path)).toEqual([])
      })

      test('the best run has the largest or smallest latest value; NaN, deleted runs and history do not count', async () => {
        const experiment = await newExperiment()
        const [low, high, nan, deleted] = await Promise.all([0, 1, 2, 3].map(() => newRun({}, experiment)))
        await log(low!, [point('score', { value: 9, step: 0 }), point('score', { value: 1, step: 1 })])
        await log(high!, [point('score', { value: 5 })])
        await log(nan!, [point('score', { value: 0, isNan: 1 })])
        await log(deleted!, [point('score', { value: 100 })])
        await catalog.runs.update(deleted!.id, { lifecycle: 'DELETED' })
        const best = async (metric: string, goal: 'MAXIMIZE' | 'MINIMIZE') =>
          (await catalog.runs.best([experiment.id, 'nobody'], metric, goal)).map((run) => run?.id ?? null)
        expect(await best('score', 'MAXIMIZE')).toEqual([high!.id, null])
        expect(await best('score', 'MINIMIZE')).toEqual([low!.id, null])
        expect(await best('other', 'MAXIMIZE')).toEqual([null, null])
        await log(nan!, [point('score', { value: Number.POSITIVE_INFINITY, step: 1 })])
        expect(await best('score', 'MAXIMIZE')).toEqual([nan!.id, null])
      })
    })

    describe('metrics', () => {
      test('steps of 64 bits, infinities, NaN and the smallest numbers come back as they were', async () => {
        const run = await newRun()
        const points = [
          point('m', { step: '9007199254740993' }),
          point('m', { step: '9223372036854775807' }),
          point('m', { step: '-9223372036854775808' }),
          point('m', { step: -1, value: Number.NEGATIVE_INFINITY }),
          point('m', { step: 1, value: Number.POSITIVE_INFINITY }),
          point('m', { step: 2, value: 5e-324 }),
          point('m', { step: 3, value: 0.1 + 0.2 }),
          point('m', { step: 4, value: 0, isNan: 1 }),
        ]
        await log(run, points)
        const found = await history(run, 'm')
        expect(found.map(({ step, value, isNan }) => [step, value, isNan])).toEqual(
          points
            .toSorted((a, b) => (BigInt(a.step) < BigInt(b.step) ? -1 : 1))
            .map(({ step, value, isNan }) => [String(step), value, isNan]),
        )
        expect(await catalog.metrics.latest([run.id])).toMatchObject([{ step: '9223372036854775807', runId: run.id }])
      })

      test('equal points are one, NaN too', async () => {
        const run = await newRun()
        const same = [point('m'), point('m'), point('n', { value: 0, isNan: 1 }), point('n', { value: 0, isNan: 1 })]
        await log(run, same)
        await log(run, same)
        await log(run, [point('n', { value: 0 })])
        expect(await history(run, 'm')).toHaveLength(1)
        expect(await history(run, 'n')).toHaveLength(2)
        expect(await catalog.metrics.countPoints([run.id], ['m', 'n', 'o'])).toEqual(
          expect.arrayContaining([
            expect.objectContaining({ key: 'm', count: 1 }),
            expect.objectContaining({ key: 'n', count: 2 }),
          ]),
        )
      })

      test('the latest point and the history are those of a model in memory, in whatever batches points arrive', async () => {
        for (const seed of [1, 2, 3, 4, 5]) {
          const random = randomFrom(seed)
          const below = (n: number) => Math.floor(random() * n)
          const run = await newRun()
          const steps = [0, 1, -5, 7, '9007199254740993', '9007199254740992', '9223372036854775807']
          const all = Array.from({ length: 400 }, () => {
            const isNan = below(5) === 0 ? 1 : 0
            const values = [0, -1, 1.5, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
            return point(`k${below(6)}`, {
              step: steps[below(steps.length)]!,
              timestamp: below(4),
              value: isNan ? 0 : values[below(values.length)]!,
              isNan,
            })
          })
          for (let start = 0; start < all.length; ) {
            const size = 1 + below(150)
            await log(run, all.slice(start, start + size))
            start += size
          }
          const latest = await catalog.metrics.latest([run.id])
          const keys = [...new Set(all.map(({ key }) => key))].toSorted()
          expect(latest.map(({ key }) => key)).toEqual(keys)
          for (const key of keys) {
            const points = all.filter((each) => each.key === key)
            const best = points.toSorted(laterFirst)[0]!
            const row = latest.find((each) => each.key === key)!
            expect([row.step, row.timestamp, row.value, row.isNan]).toEqual([
              String(best.step),
              best.timestamp,
              best.value,
              best.isNan,
            ])

            const unique = new Map(
              points.map((each) => [JSON.stringify([each.timestamp, each.step, String(each.value), each.isNan]), each]),
            )
            const expected = [...unique.values()]
              .toSorted(inHistory)
              .map(({ timestamp, step, value, isNan }) => [timestamp, String(step), value, isNan])
            const found: unknown[] = []
            let after: string | null = null
            do {
              const [page]: Page<(typeof latest)[number]>[] = await catalog.metrics.historyPages([run.id], key, {
                first: 7,
                after,
              })
              found.push(...page!.rows.map(({ timestamp, step, value, isNan }) => [timestamp, step, value, isNan]))
              after = page!.hasNextPage ? page!.cursorOf(page!.rows.at(-1)!) : null
            } while (after !== null)
            expect(found).toEqual(expected)
          }
        }
      })

      test('histories of several runs come in one call, each its own page', async () => {
        const experiment = await newExperiment()
        const runs = await Promise.all([0, 1, 2].map(() => newRun({}, experiment)))
        for (const [n, run] of runs.entries())
          await log(
            run,
            Array.from({ length: n * 3 }, (_, step) => point('m', { step, value: n })),
          )
        const ids = runs.map(({ id }) => id)
        const pages = await catalog.metrics.historyPages([...ids, ids[1]!], 'm', { first: 4, after: null })
        expect(pages.map(({ rows, hasNextPage }) => [rows.length, hasNextPage])).toEqual([
          [0, false],
          [3, false],
          [4, true],
          [3, false],
        ])
        expect(pages[2]!.rows.every(({ runId }) => runId === ids[2])).toBe(true)
      })

      test.each([
        ['another metric', ['other', 1, '0', '1', 0]],
        ['a step beyond 64 bits', ['m', 1, '9223372036854775808', '1', 0]],
        ['a step that is a number', ['m', 1, 0, '1', 0]],
        ['a value that is none', ['m', 1, '0', 'NaN', 0]],
        ['a blank value', ['m', 1, '0', ' ', 0]],
        ['half a millisecond', ['m', 1.5, '0', '1', 0]],
        ['a third kind of NaN', ['m', 1, '0', '1', 2]],
        ['too little', ['m', 1]],
      ] as const)('a cursor of %s is refused', async (_what, parts) => {
        await expect(catalog.metrics.historyPages(['run'], 'm', { first: 1, after: encodeCursor(parts) })).rejects.toMatchObject({
          code: 'BAD_USER_INPUT',
          field: 'after',
        })
      })

      test('what is undone with its transaction is gone: points, latest ones, params', async () => {
        const run = await newRun()
        await log(run, [point('m', { value: 1 })])
        await expect(
          catalog.transaction(async ({ metrics, runs }) => {
            await runs.insertParams(run, [{ key: 'p', value: '1' }])
            await metrics.log(run, [point('m', { value: 2, step: 5 }), point('n')])
            throw new Error('stop')
          }),
        ).rejects.toThrow('stop')
        expect(await history(run, 'm')).toHaveLength(1)
        expect(await catalog.metrics.latest([run.id])).toMatchObject([{ key: 'm', value: 1 }])
        expect(await catalog.runs.params([run.id])).toEqual([])
      })

      test('nothing is asked of nothing', async () => {
        expect(await catalog.metrics.latest([])).toEqual([])
        expect(await catalog.metrics.historyPages([], 'm', { first: 1, after: null })).toEqual([])
        expect(await catalog.runs.childPages([], { first: 1, after: null })).toEqual([])
        expect(await catalog.runs.pagesByInput([], { first: 1, after: null })).toEqual([])
        expect(await catalog.runs.artifacts([], '', 1)).toEqual([])
        expect(await catalog.runs.best([], 'm', 'MAXIMIZE')).toEqual([])
      })
    })
  })
}

const compare = (a: number | bigint, b: number | bigint): number => (a < b ? -1 : a > b ? 1 : 0)

/** MLflow's rule, told a second time and in other words. */
const laterFirst = (a: MetricPoint, b: MetricPoint): number =>
  compare(BigInt(b.step), BigInt(a.step)) || b.timestamp - a.timestamp || compare(b.value, a.value) || a.isNan - b.isNan

const inHistory = (a: MetricPoint, b: MetricPoint): number =>
  a.timestamp - b.timestamp || compare(BigInt(a.step), BigInt(b.step)) || compare(a.value, b.value) || a.isNan - b.isNan
