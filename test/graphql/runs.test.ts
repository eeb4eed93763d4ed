import { createTestHub, type TestHub } from '../hub.js'
import {
  type SeededProject,
  seedBucket,
  seedExperiment,
  seedObject,
  seedProject,
  seedRun,
  seedUser,
  uniqueName,
} from '../seed.js'

let hub: TestHub
let project: SeededProject
let experiment: { id: string }
beforeAll(async () => {
  hub = await createTestHub()
  project = await seedProject(hub)
  experiment = await seedExperiment(hub, project.name)
})
afterAll(() => hub.close())

const everything = `id name status lifecycle startedAt endedAt user { email } experiment { id } parent { id }
  params { key value } tags { key value } metrics { key value text step timestamp } inputs { id } inputVersions { version dataset { id } }`
const create = `mutation ($input: CreateRunInput!) { createRun(input: $input) { ${everything} } }`
const log = `mutation ($input: LogBatchInput!) { logBatch(input: $input) { ${everything} } }`
const finish = 'mutation ($id: ID!, $status: RunStatus) { finishRun(id: $id, status: $status) { status endedAt } }'
const setLifecycle = 'mutation ($id: ID!, $l: Lifecycle!) { setRunLifecycle(id: $id, lifecycle: $l) { lifecycle } }'

const newRun = async (over: Record<string, unknown> = {}, as?: string) =>
  (await hub.data(create, { input: { experiment: experiment.id, ...over } }, as)).createRun
const logged = async (run: string, input: Record<string, unknown>) => (await hub.data(log, { input: { run, ...input } })).logBatch
const runNow = async (id: string) =>
  (await hub.data(`query ($id: ID!) { node(id: $id) { ... on Run { ${everything} } } }`, { id })).node
const newDataset = async (projectName = project.name): Promise<string> => {
  const input = { project: projectName, name: uniqueName('data'), sql: 'select 1 as one' }
  return (await hub.data('mutation ($input: CreateDatasetInput!) { createDataset(input: $input) { id } }', { input }))
    .createDataset.id
}
const countRuns = async (): Promise<number> =>
  (await hub.data('query ($id: ID!) { node(id: $id) { ... on Experiment { runs { totalCount } } } }', { id: experiment.id })).node
    .runs.totalCount
const unknownRun = 'run_00000000000000000000000000000000'

describe('createRun', () => {
  test('begins a run with all that is known, and every link is there', async () => {
    const [dataset, parent] = [await newDataset(), (await newRun()).id]
    const run = await newRun({
      name: 'First try',
      startedAt: '2026-11-23T13:00:00+01:00',
      params: [
        { key: 'depth', value: '3' },
        { key: 'a', value: '' },
      ],
      tags: [{ key: 'kind', value: 'x' }],
      inputs: [dataset, dataset],
      parent,
    })
    expect(run).toMatchObject({
      name: 'First try',
      status: 'RUNNING',
      lifecycle: 'ACTIVE',
      startedAt: '2026-11-23T12:00:00.000Z',
      endedAt: null,
      user: { email: 'admin@example.com' },
      experiment: { id: experiment.id },
      parent: { id: parent },
      params: [
        { key: 'a', value: '' },
        { key: 'depth', value: '3' },
      ],
      tags: [{ key: 'kind', value: 'x' }],
      metrics: [],
      inputs: [{ id: dataset }],
      inputVersions: [{ version: 1, dataset: { id: dataset } }],
    })
    const query = `query ($run: ID!, $dataset: ID!, $parent: ID!) {
      run: node(id: $run) { ... on Run { param(key: "depth") other: param(key: "Depth") } }
      dataset: node(id: $dataset) { ... on Dataset { usedBy { totalCount nodes { id } } } }
      parent: node(id: $parent) { ... on Run { children { totalCount nodes { id } } } } }`
    expect(await hub.data(query, { run: run.id, dataset, parent })).toEqual({
      run: { param: '3', other: null },
      dataset: { usedBy: { totalCount: 1, nodes: [{ id: run.id }] } },
      parent: { children: { totalCount: 1, nodes: [{ id: run.id }] } },
    })
  })

  test('makes up a name and takes the present time where nothing is said', async () => {
    const before = new Date().toISOString()
    const run = await newRun()
    expect(run.name).toMatch(/^[a-z]+-[a-z]+-\d{1,3}$/)
    expect(run.startedAt >= before && run.startedAt <= new Date().toISOString()).toBe(true)
  })

  test("MLflow's tag for the name is the name, at the start and later", async () => {
    const run = await newRun({ tags: [{ key: 'mlflow.runName', value: 'tagged' }] })
    expect(run.name).toBe('tagged')
    expect(await logged(run.id, { tags: [{ key: 'mlflow.runName', value: 'renamed' }] })).toMatchObject({ name: 'renamed' })
  })

  test('a parent may be in another experiment of the project', async () => {
    const other = await seedExperiment(hub, project.name)
    const parent = await seedRun(hub, other.id)
    expect((await newRun({ parent: parent.id })).parent).toEqual({ id: parent.id })
  })

  const many = (count: number) => Array.from({ length: count }, (_, n) => ({ key: `k${n}`, value: '' }))
  test.each([
    ['an unknown experiment', { experiment: 'exp_00000000000000000000000000000000' }, 'NOT_FOUND', 'input.experiment'],
    ['a blank name', { name: ' ' }, 'BAD_USER_INPUT', 'input.name'],
    ['a name that is too long', { name: 'x'.repeat(251) }, 'BAD_USER_INPUT', 'input.name'],
    ['a name with NUL', { name: 'a\0' }, 'BAD_USER_INPUT', 'input.name'],
    [
      'a name and a tag that differ',
      { name: 'a', tags: [{ key: 'mlflow.runName', value: 'b' }] },
      'BAD_USER_INPUT',
      'input.name',
    ],
    ['a blank name as a tag', { tags: [{ key: 'mlflow.runName', value: '' }] }, 'BAD_USER_INPUT', 'input.tags'],
    ['a start that is no time', { startedAt: 'yesterday' }, 'BAD_USER_INPUT', 'input.startedAt'],
    [
      'a param that is there twice',
      {
        params: [
          { key: 'a', value: '1' },
          { key: 'a', value: '1' },
        ],
      },
      'BAD_USER_INPUT',
      'input.params[1].key',
    ],
    ['a param that is too long', { params: [{ key: 'a', value: 'x'.repeat(6001) }] }, 'BAD_USER_INPUT', 'input.params[0].value'],
    ['101 params', { params: many(101) }, 'BAD_USER_INPUT', 'input.params'],
    ['101 tags', { tags: many(101) }, 'BAD_USER_INPUT', 'input.tags'],
    ['an unknown parent', { parent: unknownRun }, 'NOT_FOUND', 'input.parent'],
    ['an unknown input', { inputs: ['dst_1'] }, 'NOT_FOUND', 'input.inputs[0]'],
  ])('%s is refused, and there is no run', async (_what, over, code, field) => {
    const before = await countRuns()
    expect(await hub.error(create, { input: { experiment: experiment.id, ...over } })).toMatchObject({
      extensions: { code, field },
    })
    expect(await countRuns()).toBe(before)
  })

  test('what belongs to another project is not found, though one may see it', async () => {
    const other = await seedProject(hub)
    const foreign = await seedRun(hub, (await seedExperiment(hub, other.name)).id)
    const input = { experiment: experiment.id }
    expect(await hub.error(create, { input: { ...input, parent: foreign.id } })).toMatchObject({
      extensions: { code: 'NOT_FOUND', field: 'input.parent' },
    })
    expect(
      await hub.error(create, { input: { ...input, inputs: [await newDataset(), await newDataset(other.name)] } }),
    ).toMatchObject({
      extensions: { code: 'NOT_FOUND', field: 'input.inputs[1]' },
    })
  })

  test('a deleted parent takes no children', async () => {
    const parent = (await newRun()).id
    await hub.data(setLifecycle, { id: parent, l: 'DELETED' })
    expect(await hub.error(create, { input: { experiment: experiment.id, parent } })).toMatchObject({
      extensions: { code: 'PRECONDITION_FAILED', field: 'input.parent' },
    })
  })
})

describe('logBatch', () => {
  test('logs metrics, params, tags and inputs, and the run says so', async () => {
    const [run, dataset] = [await newRun(), await newDataset()]
    const answer = await logged(run.id, {
      metrics: [{ key: 'loss', value: 0.5, step: 1, timestamp: '2026-11-23T12:00:00Z' }],
      params: [{ key: 'lr', value: '0.1' }],
      tags: [{ key: 't', value: 'u' }],
      inputs: [dataset],
    })
    expect(answer).toMatchObject({
      metrics: [{ key: 'loss', value: 0.5, text: '0.5', step: 1, timestamp: '2026-11-23T12:00:00.000Z' }],
      params: [{ key: 'lr', value: '0.1' }],
      tags: [{ key: 't', value: 'u' }],
      inputs: [{ id: dataset }],
    })
    expect(await runNow(run.id)).toEqual(answer)
    expect(await logged(run.id, {})).toEqual(answer)
  })

  test('an equal param is no error; another value is a CONFLICT that names all three, and nothing of the batch is there', async () => {
    const { id } = await newRun({ params: [{ key: 'depth', value: '3' }] })
    await logged(id, {
      params: [
        { key: 'depth', value: '3' },
        { key: 'more', value: '' },
      ],
    })
    const before = await runNow(id)
    const refused = await hub.error(log, {
      input: {
        run: id,
        metrics: [{ key: 'm', value: 1 }],
        params: [
          { key: 'new', value: '1' },
          { key: 'depth', value: '4' },
        ],
        tags: [{ key: 't', value: '' }],
      },
    })
    expect(refused).toMatchObject({ extensions: { code: 'CONFLICT', field: 'input.params[1].value' } })
    for (const part of ['"depth"', '"3"', '"4"']) expect(refused.message).toContain(part)
    expect(await runNow(id)).toEqual(before)
  })

  test('of a tag that is given twice the last counts, and it overwrites the one that is there', async () => {
    const { id } = await newRun({ tags: [{ key: 't', value: 'old' }] })
    expect(
      (
        await logged(id, {
          tags: [
            { key: 't', value: '1' },
            { key: 't', value: '2' },
          ],
        })
      ).tags,
    ).toEqual([{ key: 't', value: '2' }])
  })

  const many = (count: number, value: object = { value: '' }) =>
    Array.from({ length: count }, (_, n) => ({ key: `k${n}`, ...value }))
  test.each([
    ['a metric with neither value nor text', { metrics: [{ key: 'm' }] }, 'input.metrics[0]'],
    ['a metric with both', { metrics: [{ key: 'm', value: 1, text: 'NaN' }] }, 'input.metrics[0]'],
    ['text that is a number', { metrics: [{ key: 'm', text: '1' }] }, 'input.metrics[0].text'],
    ['NaN in another spelling', { metrics: [{ key: 'm', text: 'nan' }] }, 'input.metrics[0].text'],
    ['a value that is text', { metrics: [{ key: 'm', value: 'NaN' }] }, 'input.metrics[0].value'],
    ['a step beyond 64 bits', { metrics: [{ key: 'm', value: 1, step: '9223372036854775808' }] }, 'input.metrics[0].step'],
    ['a step that is no integer', { metrics: [{ key: 'm', value: 1, step: 1.5 }] }, 'input.metrics[0].step'],
    [
      'a time before 1970',
      { metrics: [{ key: 'm', value: 1, timestamp: '1969-12-31T23:59:59Z' }] },
      'input.metrics[0].timestamp',
    ],
    [
      'a time that is none',
      { metrics: [{ key: 'm', value: 1, timestamp: '2026-13-01T00:00:00Z' }] },
      'input.metrics[0].timestamp',
    ],
    ['a key that is empty', { metrics: [{ key: '', value: 1 }] }, 'input.metrics[0].key'],
    ['a key that is too long', { params: [{ key: 'k'.repeat(251), value: '' }] }, 'input.params[0].key'],
    ['a key with a quote', { params: [{ key: "a'; drop table runs; --", value: '' }] }, 'input.params[0].key'],
    ['a key with an absolute path', { tags: [{ key: '/etc/passwd', value: '' }] }, 'input.tags[0].key'],
    ['a key that ends with a slash', { tags: [{ key: 'a/', value: '' }] }, 'input.tags[0].key'],
    ['a key with two slashes', { tags: [{ key: 'a//b', value: '' }] }, 'input.tags[0].key'],
    ['a key with a dot for a folder', { tags: [{ key: 'a/./b', value: '' }] }, 'input.tags[0].key'],
    ['a key that leads upwards', { metrics: [{ key: 'a/../b', value: 1 }] }, 'input.metrics[0].key'],
    ['a tag that is too long', { tags: [{ key: 'k', value: 'x'.repeat(8001) }] }, 'input.tags[0].value'],
    [
      'a param that is there twice',
      {
        params: [
          { key: 'a', value: '1' },
          { key: 'a', value: '1' },
        ],
      },
      'input.params[1].key',
    ],
    ['1001 metrics', { metrics: many(1001, { value: 1 }) }, 'input.metrics'],
    ['101 params', { params: many(101) }, 'input.params'],
    ['101 tags', { tags: many(101) }, 'input.tags'],
    ['1001 of all three', { metrics: many(901, { value: 1 }), params: many(50), tags: many(50) }, 'input'],
    ['an input too many', { inputs: Array(101).fill('dst_1') }, 'input.inputs'],
  ])('%s is refused, and nothing of the batch is written', async (_what, wrong, field) => {
    const { id } = await newRun()
    const before = await runNow(id)
    const right = {
      metrics: [{ key: 'fine', value: 1 }],
      params: [{ key: 'fine', value: '1' }],
      tags: [{ key: 'fine', value: '1' }],
    }
    expect(await hub.error(log, { input: { run: id, ...right, ...wrong } })).toMatchObject({
      extensions: { code: 'BAD_USER_INPUT', field },
    })
    expect(await runNow(id)).toEqual(before)
  })

  test('an input that there is not undoes the batch', async () => {
    const { id } = await newRun()
    const before = await runNow(id)
    const input = { run: id, metrics: [{ key: 'm', value: 1 }], params: [{ key: 'p', value: '' }], inputs: ['dst_1'] }
    expect(await hub.error(log, { input })).toMatchObject({ extensions: { code: 'NOT_FOUND', field: 'input.inputs[0]' } })
    expect(await runNow(id)).toEqual(before)
  })

  test('takes 1000 metrics, or 800 with 100 params and 100 tags, at their longest, in any script', async () => {
    const { id } = await newRun()
    await logged(id, { metrics: many(1000, { value: 1 }) })
    const key = (prefix: string, n: number) => `${prefix}/${'ы'.repeat(240)} ${n}`
    const hundred = (prefix: string, length: number) =>
      Array.from({ length: 100 }, (_, n) => ({ key: key(prefix, n), value: 'é'.repeat(length) }))
    const run = await logged(id, {
      metrics: many(800, { value: 2, step: 1 }),
      params: hundred('p', 6000),
      tags: hundred('t', 8000),
    })
    expect([run.metrics.length, run.params.length, run.tags.length]).toEqual([1000, 100, 100])
  })

  test('many clients at once lose nothing, and agree on the latest point', async () => {
    const { id } = await newRun()
    const batches = Array.from({ length: 20 }, (_, client) =>
      Array.from({ length: 50 }, (_, n) => ({ key: `m${n % 5}`, value: client * 50 + n, step: (client * 50 + n) % 97 })),
    )
    const answers = await Promise.all(
      batches.map((metrics, n) =>
        hub.execute(log, { input: { run: id, metrics, params: [{ key: 'same', value: n < 10 ? 'a' : 'b' }] } }),
      ),
    )
    const codes = answers.map(({ errors }) => errors?.[0]?.extensions.code ?? 'done')
    expect(codes.filter((code) => code === 'done')).toHaveLength(10)
    expect(codes.filter((code) => code === 'CONFLICT')).toHaveLength(10)
    const kept = batches.filter((_, n) => codes[n] === 'done').flat()
    const query =
      'query ($id: ID!, $k: String!) { node(id: $id) { ... on Run { metric(key: $k) metricHistory(key: $k, first: 500) { totalCount nodes { value } } } } }'
    for (let k = 0; k < 5; k++) {
      const points = kept.filter(({ key }) => key === `m${k}`)
      const { node } = await hub.data(query, { id, k: `m${k}` })
      expect(node.metricHistory.totalCount).toBe(points.length)
      expect(
        node.metricHistory.nodes.map(({ value }: { value: number }) => value).toSorted((a: number, b: number) => a - b),
      ).toEqual(points.map(({ value }) => value).toSorted((a, b) => a - b))
    }
  })

  test('is for editors; a run that one may not see does not exist, and wrong input is told first', async () => {
    const { id } = await newRun()
    const [viewer, stranger] = [await seedUser(hub, { [project.name]: 'VIEWER' }), await seedUser(hub)]
    const input = { run: id, metrics: [{ key: 'm', value: 1 }] }
    const refusal = async (as: string | null, over = {}) =>
      (await hub.error(log, { input: { ...input, ...over } }, as)).extensions
    expect(await refusal(null)).toMatchObject({ code: 'UNAUTHENTICATED' })
    expect(await refusal(viewer.token)).toMatchObject({ code: 'FORBIDDEN' })
    expect(await refusal(stranger.token)).toMatchObject({ code: 'NOT_FOUND', field: 'input.run' })
    expect(await refusal(hub.admin, { run: unknownRun })).toMatchObject({ code: 'NOT_FOUND', field: 'input.run' })
    expect(await refusal(hub.admin, { run: unknownRun, metrics: [{ key: 'm' }] })).toMatchObject({ code: 'BAD_USER_INPUT' })
    for (const query of [finish, setLifecycle]) {
      const variables = { id, l: 'DELETED' }
      expect((await hub.error(query, variables, viewer.token)).extensions).toMatchObject({ code: 'FORBIDDEN' })
      expect((await hub.error(query, variables, stranger.token)).extensions).toMatchObject({ code: 'NOT_FOUND', field: 'id' })
    }
    expect((await hub.data('query ($id: ID!) { node(id: $id) { id } }', { id }, stranger.token)).node).toBeNull()
  })
})

describe('finishRun', () => {
  test('says how it ended; the same again changes nothing, another word corrects it', async () => {
    const { id } = await newRun()
    const first = (await hub.data(finish, { id })).finishRun
    expect(first).toMatchObject({ status: 'FINISHED', endedAt: expect.any(String) })
    expect((await hub.data(finish, { id, status: 'FINISHED' })).finishRun).toEqual(first)
    const corrected = (await hub.data(finish, { id, status: 'FAILED' })).finishRun
    expect(corrected.status).toBe('FAILED')
    expect(corrected.endedAt >= first.endedAt).toBe(true)
  })

  test('a run that has ended takes more', async () => {
    const { id } = await newRun()
    await hub.data(finish, { id, status: 'KILLED' })
    expect(await logged(id, { metrics: [{ key: 'm', value: 1 }] })).toMatchObject({ status: 'KILLED', metrics: [{ value: 1 }] })
  })

  test.each(['RUNNING', 'SCHEDULED'])('%s is no end', async (status) => {
    const { id } = await newRun()
    expect(await hub.error(finish, { id, status })).toMatchObject({ extensions: { code: 'BAD_USER_INPUT', field: 'status' } })
    expect(await runNow(id)).toMatchObject({ status: 'RUNNING', endedAt: null })
  })

  test('an unknown run is NOT_FOUND', async () => {
    expect(await hub.error(finish, { id: unknownRun })).toMatchObject({ extensions: { code: 'NOT_FOUND', field: 'id' } })
  })
})

describe('setRunLifecycle', () => {
  test('a deleted run is in no list, takes nothing, and comes back as it was', async () => {
    const [dataset, parent] = [await newDataset(), (await newRun()).id]
    const { id } = await newRun({ inputs: [dataset], parent })
    const before = await runNow(id)
    for (let n = 0; n < 2; n++)
      expect((await hub.data(setLifecycle, { id, l: 'DELETED' })).setRunLifecycle).toEqual({ lifecycle: 'DELETED' })
    const lists = `query ($dataset: ID!, $parent: ID!) {
      dataset: node(id: $dataset) { ... on Dataset { usedBy { totalCount nodes { id } } } }
      parent: node(id: $parent) { ... on Run { children { totalCount nodes { id } } } } }`
    const none = { totalCount: 0, nodes: [] }
    expect(await hub.data(lists, { dataset, parent })).toEqual({ dataset: { usedBy: none }, parent: { children: none } })
    expect(await hub.error(log, { input: { run: id, tags: [] } })).toMatchObject({
      extensions: { code: 'PRECONDITION_FAILED', field: 'input.run' },
    })
    expect(await hub.error(finish, { id })).toMatchObject({ extensions: { code: 'PRECONDITION_FAILED', field: 'id' } })
    for (let n = 0; n < 2; n++) await hub.data(setLifecycle, { id, l: 'ACTIVE' })
    expect(await runNow(id)).toEqual(before)
  })
})

describe('what a run is linked with', () => {
  test('a dataset that runs read cannot be deleted, also by a run that is deleted', async () => {
    const dataset = await newDataset()
    const { id, name } = await newRun({ inputs: [dataset] })
    await hub.data(setLifecycle, { id, l: 'DELETED' })
    const refused = await hub.error('mutation ($id: ID!) { deleteDataset(id: $id) }', { id: dataset })
    expect(refused).toMatchObject({ extensions: { code: 'PRECONDITION_FAILED', field: 'id', usedBy: [id] } })
    expect(refused.message).toContain(name)
    const { node } = await hub.data('query ($id: ID!) { node(id: $id) { ... on Dataset { preview { rows } } } }', { id: dataset })
    expect(node.preview.rows).toEqual([[1]])
  })

  test('the version of an input is the one of that time', async () => {
    const dataset = await newDataset()
    const { name } = (await hub.data('query ($id: ID!) { node(id: $id) { ... on Dataset { name } } }', { id: dataset })).node
    const { id } = await newRun({ inputs: [dataset] })
    const input = { project: project.name, name, sql: 'select 2 as one', mode: 'REPLACE' }
    await hub.data('mutation ($input: CreateDatasetInput!) { createDataset(input: $input) { version } }', { input })
    await logged(id, { inputs: [dataset] })
    const query = 'query ($id: ID!) { node(id: $id) { ... on Run { inputVersions { version dataset { version } } } } }'
    expect((await hub.data(query, { id })).node.inputVersions).toEqual([{ version: 1, dataset: { version: 2 } }])
  })

  test('artifacts are the objects below its folder', async () => {
    const { id } = await newRun()
    const bucket = await seedBucket(hub, project.name, 'MODELS')
    for (const key of ['plots/loss.svg', 'model.pkl']) await seedObject(hub, bucket.name, `runs/${id}/${key}`, key)
    await seedObject(hub, bucket.name, `runs/other/${id}`, 'x')
    const query = 'query ($id: ID!, $path: String) { node(id: $id) { ... on Run { artifacts(path: $path) { key } } } }'
    const keys = async (path?: string | null) =>
      (await hub.data(query, { id, path })).node.artifacts.map(({ key }: { key: string }) => key.replace(`runs/${id}/`, ''))
    expect(await keys()).toEqual(['model.pkl', 'plots/loss.svg'])
    expect(await keys(null)).toEqual(['model.pkl', 'plots/loss.svg'])
    expect(await keys('plots/')).toEqual(['plots/loss.svg'])
    expect(await keys('../other/')).toEqual([])
  })
})
