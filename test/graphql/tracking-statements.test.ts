import { NodeSqlite } from '../../src/datasources/catalog/node-sqlite.js'
import { createTestHub, type TestHub } from '../hub.js'
import { seedBucket, seedExperiment, seedObject, seedProject, seedRun } from '../seed.js'

/** Every statement of the catalog goes through `prepare`. */
const statements: string[] = []
const prepare = NodeSqlite.prototype.prepare
let hub: TestHub
beforeAll(async () => {
  hub = await createTestHub()
  NodeSqlite.prototype.prepare = function counted(sql) {
    // Background work goes on meanwhile; what it asks for is nothing that the page reads.
    if (!/pipeline_runs|"deployments"|deployment_versions|stored_objects" where "isCurrent" = 0/.test(sql)) statements.push(sql)
    return prepare.call(this, sql)
  }
})
afterAll(async () => {
  NodeSqlite.prototype.prepare = prepare
  await hub.close()
})

const nested = `query ($project: String!) { project(name: $project) { experiments(first: 10, orderBy: ["name ASC"]) { totalCount nodes {
  name tags { key value } bestRun(metric: "m0") { id }
  runs(first: 10, filter: "params.p = 'v'", orderBy: ["metrics.m0 DESC"]) { totalCount nodes {
    name user { email } experiment { id } parent { id name } params { key value } param(key: "p") tags { key value }
    metrics { key value text step timestamp } a: metric(key: "m0") b: metric(key: "m1")
    metricHistory(key: "m0", first: 5) { totalCount nodes { value } }
    inputs { name usedBy(first: 10) { totalCount nodes { id } } } inputVersions { version } artifacts { key }
    modelVersions { version stage uri model { name } run { id } aliases tags { key } files { key } stageHistory { to by { email } } }
    children(first: 10) { totalCount nodes { id parent { id } } } } } } } } }`

/** So many experiments, each with a run and so many runs below it; ten metrics and a model version each. */
async function seed(experiments: number, runs: number): Promise<string> {
  const { name: project } = await seedProject(hub)
  const dataset = await hub.data('mutation ($input: CreateDatasetInput!) { createDataset(input: $input) { id } }', {
    input: { project, name: 'data', sql: 'select 1 as one' },
  })
  const bucket = (await seedBucket(hub, project)).name
  await seedObject(hub, bucket, 'model.txt', 'a model')
  for (let n = 0; n < experiments; n++) {
    const experiment = (await seedExperiment(hub, project)).id
    let parent: string | null = null
    for (let m = 0; m < runs; m++) {
      const run: string = (
        await seedRun(hub, experiment, {
          parent,
          params: [{ key: 'p', value: 'v' }],
          tags: [{ key: 't', value: 'v' }],
          inputs: [dataset.createDataset.id],
        })
      ).id
      parent ??= run
      const metrics = Array.from({ length: 10 }, (_, k) => ({ key: `m${k}`, value: m, step: m }))
      await hub.data('mutation ($input: LogBatchInput!) { logBatch(input: $input) { id } }', { input: { run, metrics } })
      await hub.data('mutation ($input: SaveModelInput!) { saveModel(input: $input) { id } }', {
        input: { project, model: `model-${n}`, objects: [{ bucket, key: 'model.txt' }], run, stage: 'STAGING' },
      })
    }
  }
  return project
}

test('a page of experiments, their runs and all that is linked takes the same statements, however many there are', async () => {
  const [small, large] = [await seed(2, 2), await seed(6, 8)]
  const countOf = async (project: string, experiments: number, runs: number): Promise<number> => {
    statements.length = 0
    const { experiments: page } = (await hub.data(nested, { project })).project
    expect(page.nodes).toHaveLength(experiments)
    for (const { runs: own } of page.nodes) {
      expect(own.totalCount).toBe(runs)
      for (const run of own.nodes)
        expect(run).toMatchObject({
          metrics: { length: 10 },
          inputs: { length: 1 },
          param: 'v',
          modelVersions: [{ stage: 'STAGING', files: { length: 1 }, stageHistory: { length: 1 } }],
        })
    }
    return statements.length
  }
  const [few, many] = [await countOf(small, 2, 2), await countOf(large, 6, 8)]
  expect(many).toBe(few)
  expect(many).toBeLessThan(40)
})
