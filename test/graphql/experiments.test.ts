import { createTestHub, type TestHub } from '../hub.js'
import { type SeededProject, seedProject, seedUser, uniqueName } from '../seed.js'

let hub: TestHub
let project: SeededProject
beforeAll(async () => {
  hub = await createTestHub()
  project = await seedProject(hub)
})
afterAll(() => hub.close())

const create =
  'mutation ($input: CreateExperimentInput!) { createExperiment(input: $input) { id name lifecycle createdAt updatedAt tags { key value } } }'
const update =
  'mutation ($input: UpdateExperimentInput!) { updateExperiment(input: $input) { id name lifecycle updatedAt tags { key value } } }'
const newExperiment = async (over: Record<string, unknown> = {}, as?: string) =>
  (await hub.data(create, { input: { project: project.name, name: uniqueName('exp'), ...over } }, as)).createExperiment
const newRun = async (experiment: string, over: Record<string, unknown> = {}) =>
  (
    await hub.data('mutation ($input: CreateRunInput!) { createRun(input: $input) { id lifecycle } }', {
      input: { experiment, ...over },
    })
  ).createRun
const find = async (name: string) =>
  (await hub.data('query ($p: String!, $n: String!) { experiment(project: $p, name: $n) { id } }', { p: project.name, n: name }))
    .experiment
const lifecycleOf = async (ids: string[]) =>
  (
    await hub.data('query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Run { lifecycle } ... on Experiment { lifecycle } } }', {
      ids,
    })
  ).nodes.map((node: { lifecycle: string }) => node.lifecycle)

describe('createExperiment', () => {
  test('makes one, which is found by name in any case, by id, and in its project', async () => {
    const experiment = await newExperiment({ name: 'Iris-Species', tags: [{ key: 'team', value: 'a' }] })
    expect(experiment).toMatchObject({ name: 'iris-species', lifecycle: 'ACTIVE', tags: [{ key: 'team', value: 'a' }] })
    expect(await find('IRIS-species')).toEqual({ id: experiment.id })
    const { node } = await hub.data(
      'query ($id: ID!) { node(id: $id) { ... on Experiment { name project { name experiments { totalCount nodes { id } } } } } }',
      { id: experiment.id },
    )
    expect(node).toMatchObject({ name: 'iris-species', project: { name: project.name } })
    expect(node.project.experiments.nodes).toContainEqual({ id: experiment.id })
  })

  test('gives the one that is there, as it is: its tags stay', async () => {
    const first = await newExperiment({ tags: [{ key: 'a', value: '1' }] })
    const second = await newExperiment({
      name: first.name.toUpperCase(),
      tags: [
        { key: 'a', value: '2' },
        { key: 'b', value: '3' },
      ],
    })
    expect(second).toEqual(first)
  })

  test('however many ask for one name at once, there is one', async () => {
    const name = uniqueName('race')
    const made = await Promise.all(Array.from({ length: 20 }, () => newExperiment({ name })))
    expect(new Set(made.map(({ id }) => id)).size).toBe(1)
    const { project: seen } = await hub.data(
      'query ($p: String!, $f: String!) { project(name: $p) { experiments(filter: $f) { totalCount } } }',
      { p: project.name, f: `name = '${name}'` },
    )
    expect(seen.experiments.totalCount).toBe(1)
  })

  test('of a tag that is given twice the last counts', async () => {
    const { tags } = await newExperiment({
      tags: [
        { key: 'a', value: '1' },
        { key: 'a', value: '2' },
      ],
    })
    expect(tags).toEqual([{ key: 'a', value: '2' }])
  })

  test.each([
    ['a name that is too short', { name: 'abc' }, 'input.name'],
    ['a name with a blank', { name: 'iris species' }, 'input.name'],
    ['no name', { name: '' }, 'input.name'],
    ['a tag without a key', { tags: [{ key: '', value: '' }] }, 'input.tags[0].key'],
    [
      'a tag that leads out of its folder',
      {
        tags: [
          { key: 'ok', value: '' },
          { key: '../x', value: '' },
        ],
      },
      'input.tags[1].key',
    ],
    ['a tag that is too long', { tags: [{ key: 'k', value: 'x'.repeat(5001) }] }, 'input.tags[0].value'],
    ['a tag with NUL', { tags: [{ key: 'k', value: '\0' }] }, 'input.tags[0].value'],
    ['a tag of half a character', { tags: [{ key: 'k', value: '\ud800' }] }, 'input.tags[0].value'],
  ])('%s is refused, and nothing is made', async (_what, over, field) => {
    const name = uniqueName('refused')
    expect(await hub.error(create, { input: { project: project.name, name, ...over } })).toMatchObject({
      extensions: { code: 'BAD_USER_INPUT', field },
    })
    expect(await find(name)).toBeNull()
  })

  test('is for editors of the project; to others the project does not exist', async () => {
    const [viewer, stranger, editor] = [
      await seedUser(hub, { [project.name]: 'VIEWER' }),
      await seedUser(hub),
      await seedUser(hub, { [project.name]: 'EDITOR' }),
    ]
    const input = { project: project.name, name: uniqueName('exp') }
    const codeAs = async (as: string | null) => (await hub.error(create, { input }, as)).extensions
    expect(await codeAs(viewer.token)).toMatchObject({ code: 'FORBIDDEN' })
    expect(await codeAs(stranger.token)).toMatchObject({ code: 'NOT_FOUND', field: 'input.project' })
    expect(await codeAs(null)).toMatchObject({ code: 'UNAUTHENTICATED' })
    const { id, name } = await newExperiment({}, editor.token)
    for (const [as, seen] of [
      [viewer.token, { id }],
      [stranger.token, null],
    ] as const) {
      const query = 'query ($p: String!, $n: String!, $id: ID!) { experiment(project: $p, name: $n) { id } node(id: $id) { id } }'
      expect(await hub.data(query, { p: project.name, n: name, id }, as)).toEqual({ experiment: seen, node: seen })
    }
    const forbidden = { input: { id, name: uniqueName('exp') } }
    expect((await hub.error(update, forbidden, viewer.token)).extensions).toMatchObject({ code: 'FORBIDDEN' })
    expect((await hub.error(update, forbidden, stranger.token)).extensions).toMatchObject({
      code: 'NOT_FOUND',
      field: 'input.id',
    })
  })
})

describe('updateExperiment', () => {
  const change = async (input: Record<string, unknown>) => (await hub.data(update, { input })).updateExperiment

  test('renames and tags; what is not given stays, and only a new name is a change of it', async () => {
    const experiment = await newExperiment({
      tags: [
        { key: 'a', value: '1' },
        { key: 'b', value: '2' },
      ],
    })
    const tagged = await change({
      id: experiment.id,
      tags: [
        { key: 'b', value: '3' },
        { key: 'c', value: '4' },
      ],
    })
    expect(tagged).toMatchObject({ name: experiment.name, updatedAt: experiment.updatedAt })
    expect(tagged.tags.map(({ key, value }: { key: string; value: string }) => key + value)).toEqual(['a1', 'b3', 'c4'])
    const name = uniqueName('renamed')
    const renamed = await change({ id: experiment.id, name })
    expect(renamed).toMatchObject({ name, tags: tagged.tags })
    expect(renamed.updatedAt > experiment.updatedAt).toBe(true)
    expect([await find(experiment.name), await find(name)]).toEqual([null, { id: experiment.id }])
  })

  test('deletes it with its runs and restores it with all of them, and says so however often', async () => {
    const { id, name } = await newExperiment()
    const runs = [(await newRun(id)).id, (await newRun(id)).id]
    await hub.data('mutation ($id: ID!) { setRunLifecycle(id: $id, lifecycle: DELETED) { id } }', { id: runs[0] })
    for (let n = 0; n < 2; n++) expect(await change({ id, lifecycle: 'DELETED' })).toMatchObject({ lifecycle: 'DELETED' })
    expect(await lifecycleOf([id, ...runs])).toEqual(['DELETED', 'DELETED', 'DELETED'])
    expect(await find(name)).toBeNull()
    const { node } = await hub.data(
      'query ($id: ID!) { node(id: $id) { ... on Experiment { name runs { totalCount } deleted: runs(lifecycle: DELETED) { totalCount } } } }',
      { id },
    )
    expect(node).toEqual({ name, runs: { totalCount: 0 }, deleted: { totalCount: 2 } })
    for (let n = 0; n < 2; n++) expect(await change({ id, lifecycle: 'ACTIVE' })).toMatchObject({ lifecycle: 'ACTIVE' })
    expect(await lifecycleOf([id, ...runs])).toEqual(['ACTIVE', 'ACTIVE', 'ACTIVE'])
  })

  test('the name of a deleted one is free; then it can be restored under another one only', async () => {
    const first = await newExperiment()
    await change({ id: first.id, lifecycle: 'DELETED' })
    const second = await newExperiment({ name: first.name })
    expect(second.id).not.toBe(first.id)
    const run = (await hub.data('query ($id: ID!) { node(id: $id) { id } }', { id: first.id })).node
    expect(run).toEqual({ id: first.id })
    expect(
      await hub.error(update, { input: { id: first.id, lifecycle: 'ACTIVE', tags: [{ key: 'x', value: '' }] } }),
    ).toMatchObject({
      extensions: { code: 'CONFLICT', field: 'input.lifecycle' },
      message: expect.stringContaining(first.name),
    })
    expect(await lifecycleOf([first.id])).toEqual(['DELETED'])
    const name = uniqueName('again')
    expect(await change({ id: first.id, lifecycle: 'ACTIVE', name })).toMatchObject({ name, lifecycle: 'ACTIVE', tags: [] })
  })

  test('a name that is taken is a CONFLICT, also for one of two that want it at once', async () => {
    const [a, b] = [await newExperiment(), await newExperiment()]
    expect(await hub.error(update, { input: { id: a.id, name: b.name } })).toMatchObject({
      extensions: { code: 'CONFLICT', field: 'input.name' },
    })
    const name = uniqueName('wanted')
    const answers = await Promise.all([a, b].map(({ id }) => hub.execute(update, { input: { id, name } })))
    expect(answers.map(({ errors }) => errors?.[0]?.extensions.code ?? 'done').toSorted()).toEqual(['CONFLICT', 'done'])
  })

  test('a deleted one takes nothing but to be restored', async () => {
    const { id } = await newExperiment()
    const run = (await newRun(id)).id
    await change({ id, lifecycle: 'DELETED' })
    const refusal = async (query: string, variables: Record<string, unknown>) => (await hub.error(query, variables)).extensions
    const failed = { code: 'PRECONDITION_FAILED' }
    expect(await refusal(update, { input: { id, name: uniqueName('new') } })).toMatchObject({ ...failed, field: 'input.id' })
    expect(await refusal(update, { input: { id, tags: [{ key: 'a', value: '' }] } })).toMatchObject({
      ...failed,
      field: 'input.id',
    })
    expect(
      await refusal('mutation ($input: CreateRunInput!) { createRun(input: $input) { id } }', { input: { experiment: id } }),
    ).toMatchObject({ ...failed, field: 'input.experiment' })
    expect(
      await refusal('mutation ($input: LogBatchInput!) { logBatch(input: $input) { id } }', {
        input: { run, metrics: [{ key: 'm', value: 1 }] },
      }),
    ).toMatchObject({ ...failed, field: 'input.run' })
    expect(await refusal('mutation ($id: ID!) { finishRun(id: $id) { id } }', { id: run })).toMatchObject({
      ...failed,
      field: 'id',
    })
    expect(
      await refusal('mutation ($id: ID!) { setRunLifecycle(id: $id, lifecycle: ACTIVE) { id } }', { id: run }),
    ).toMatchObject({ ...failed, field: 'id' })
    expect(await lifecycleOf([id, run])).toEqual(['DELETED', 'DELETED'])
  })

  test.each([
    ['a wrong name', { name: 'x y' }, 'BAD_USER_INPUT', 'input.name'],
    ['a wrong tag', { name: 'wrong-tag', tags: [{ key: '/a', value: '' }] }, 'BAD_USER_INPUT', 'input.tags[0].key'],
    ['an unknown id', { id: 'exp_00000000000000000000000000000000' }, 'NOT_FOUND', 'input.id'],
    ['an id of something else', { id: 'prj_1' }, 'NOT_FOUND', 'input.id'],
    ['an unknown lifecycle', { lifecycle: 'GONE' }, 'BAD_USER_INPUT', 'input.lifecycle'],
  ])('%s is refused and nothing changes', async (_what, over, code, field) => {
    const { id, name } = await newExperiment()
    expect(await hub.error(update, { input: { id, ...over } })).toMatchObject({ extensions: { code, field } })
    expect(await find(name)).toEqual({ id })
  })
})

describe('lists', () => {
  test('experiments and runs are filtered, ordered and paged; a cursor of another list is refused', async () => {
    const own = await seedProject(hub)
    const made: { id: string; name: string }[] = []
    for (const [n, value] of ['x', 'y', 'x'].entries())
      made.push(await newExperiment({ project: own.name, name: `list-${n}`, tags: [{ key: 'kind', value }] }))
    const list =
      'query ($p: String!, $f: String, $o: [String!], $first: Int, $after: String) { project(name: $p) { experiments(filter: $f, orderBy: $o, first: $first, after: $after) { totalCount nodes { name } pageInfo { hasNextPage endCursor } } } }'
    const first = (await hub.data(list, { p: own.name, f: "tags.kind = 'x'", o: ['name DESC'], first: 1 })).project.experiments
    expect(first).toMatchObject({ totalCount: 2, nodes: [{ name: 'list-2' }], pageInfo: { hasNextPage: true } })
    const after = first.pageInfo.endCursor
    const second = (await hub.data(list, { p: own.name, f: "tags.kind = 'x'", o: ['name DESC'], first: 1, after })).project
      .experiments
    expect(second).toMatchObject({ nodes: [{ name: 'list-0' }], pageInfo: { hasNextPage: false } })
    expect(await hub.error(list, { p: own.name, f: "tags.kind = 'y'", o: ['name DESC'], after })).toMatchObject({
      extensions: { code: 'BAD_USER_INPUT', field: 'after' },
    })
    expect(await hub.error(list, { p: own.name, f: "name = 'a' or 1=1" })).toMatchObject({
      extensions: { code: 'BAD_USER_INPUT', field: 'filter' },
    })
    expect(await hub.error(list, { p: own.name, o: ['nothing'] })).toMatchObject({
      extensions: { code: 'BAD_USER_INPUT', field: 'orderBy' },
    })
    expect(await hub.error(list, { p: own.name, first: 0 })).toMatchObject({
      extensions: { code: 'BAD_USER_INPUT', field: 'first' },
    })
  })

  test('the best run is the one whose latest value is best', async () => {
    const { id } = await newExperiment()
    const runs: string[] = []
    for (const value of [0.5, 0.9, 0.1]) {
      const run = (await newRun(id)).id
      runs.push(run)
      await hub.data('mutation ($input: LogBatchInput!) { logBatch(input: $input) { id } }', {
        input: {
          run,
          metrics: [
            { key: 'acc', value },
            { key: 'none', text: 'NaN' },
          ],
        },
      })
    }
    const query =
      'query ($id: ID!) { node(id: $id) { ... on Experiment { bestRun(metric: "acc") { id } worst: bestRun(metric: "acc", goal: MINIMIZE) { id } nan: bestRun(metric: "none") { id } no: bestRun(metric: "x") { id } } } }'
    expect((await hub.data(query, { id })).node).toEqual({
      bestRun: { id: runs[1] },
      worst: { id: runs[2] },
      nan: null,
      no: null,
    })
  })
})
