import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createTestHub, type TestHub } from '../hub.js'
import { seedBucket, seedKey, seedObject, seedProject, uniqueName } from '../seed.js'
import { type DeploymentSeeder, deployMutation, seedDeployments, wheelOf } from './deployment-seed.js'

let hub: TestHub
let seeder: DeploymentSeeder
beforeAll(async () => {
  hub = await createTestHub()
  seeder = await seedDeployments(hub)
})
afterAll(() => hub.close())

const everything = `id name kind status statusDetail version requirements applicationId createdAt updatedAt
  project { name } cluster { size driverShape executorShape executors }
  steps { name kind script { id key size } arguments needs maxAttempts timeoutSeconds } libraries { id key }
  archive { sha256 } schedule { cron timezone enabled nextRunAt } modelVersion { id uri } yaml`

const read = async (id: string) =>
  (await hub.data(`query ($id: ID!) { node(id: $id) { ... on Deployment { ${everything} } } }`, { id })).node

async function seedModel(name: string): Promise<string> {
  const object = await seeder.put(`${uniqueName('model')}.pkl`, 'weights')
  const input = { project: seeder.project, model: name, objects: [object] }
  return (await hub.data('mutation ($input: SaveModelInput!) { saveModel(input: $input) { id } }', { input })).saveModel.id
}

describe('deploy', () => {
  test('makes a deployment that says all that it was told, and links both ways', async () => {
    const modelId = await seedModel('for-all')
    const key = 'scripts/steps.py'
    await seeder.put(key, 'print(1)')
    const script = { bucket: seeder.bucket, key }
    const made = await seeder.deploy({
      name: 'Iris-Nightly',
      cluster: 'MEDIUM',
      modelUri: 'models:/for-all/latest',
      cron: '0 3 * * mon',
      timezone: 'america/sao_paulo',
      steps: [
        { name: 'Features', kind: 'FEATURE_ENGINEERING', script },
        { name: 'train-a', kind: 'TRAINING', script, arguments: ['--a', '', 'é "x"\n'], maxAttempts: 3, timeoutSeconds: 60 },
        { name: 'train-b', kind: 'TRAINING', script, needs: ['FEATURES'] },
        { name: 'alone', script, needs: [] },
        { name: 'evaluate', kind: 'EVALUATION', script, needs: ['train-a', 'train-b'] },
      ],
    })
    const found = await read(made.id)
    expect(found).toMatchObject({
      name: 'iris-nightly',
      kind: 'BATCH',
      status: 'READY',
      version: 1,
      requirements: null,
      archive: null,
      applicationId: null,
      project: { name: seeder.project },
      cluster: { size: 'MEDIUM', executors: 2, driverShape: 'VM.Standard.E4.Flex' },
      schedule: { cron: '0 3 * * MON', timezone: 'America/Sao_Paulo', enabled: true },
      modelVersion: { id: modelId, uri: 'models:/for-all/1' },
    })
    const needs = found.steps.map((step: { name: string; needs: string[] }) => [step.name, step.needs])
    expect(needs).toEqual([
      ['features', []],
      ['train-a', ['features']],
      ['train-b', ['features']],
      ['alone', []],
      ['evaluate', ['train-a', 'train-b']],
    ])
    expect(found.steps[1]).toMatchObject({ arguments: ['--a', '', 'é "x"\n'], maxAttempts: 3, timeoutSeconds: 60 })
    expect(new Date(found.schedule.nextRunAt).getTime()).toBeGreaterThan(Date.now())

    const links = await hub.data(
      `query ($project: String!, $model: ID!) {
        deployment(project: $project, name: "IRIS-nightly") { id }
        project(name: $project) { deployments { totalCount nodes { id } } }
        node(id: $model) { ... on ModelVersion { deployments { totalCount nodes { id } } } } }`,
      { project: seeder.project, model: modelId },
    )
    expect(links.deployment.id).toBe(made.id)
    expect(links.project.deployments.nodes).toContainEqual({ id: made.id })
    expect(links.node.deployments).toEqual({ totalCount: 1, nodes: [{ id: made.id }] })
  })

  test('makes the next version, and keeps the schedule that it is not told to change', async () => {
    const first = await seeder.deploy({ cron: '*/5 * * * *', timezone: 'Europe/Berlin' })
    const { schedule } = await read(first.id)
    const second = await seeder.deploy({ name: first.name, cluster: 'LARGE' })
    expect(second).toEqual({ ...first, version: 2 })
    expect(await read(first.id)).toMatchObject({
      version: 2,
      cluster: { executors: 4 },
      schedule: { ...schedule, cron: '*/5 * * * *' },
    })
  })

  test('keeps the bytes of the script that it was deployed with', async () => {
    const script = await seeder.put('scripts/changing.py', 'old')
    const made = await seeder.deploy({ steps: [{ name: 'main', script }] })
    await seeder.put('scripts/changing.py', 'something new')
    const { steps } = await read(made.id)
    expect(steps[0].script.size).toBe(3)
  })

  test('makes one version for one key, also when asked at the same time', async () => {
    const input = seeder.input({ idempotencyKey: 'once' })
    const answers = await Promise.all(Array.from({ length: 5 }, () => hub.data(deployMutation, { input })))
    expect(new Set(answers.map(({ deploy }) => JSON.stringify(deploy))).size).toBe(1)
    expect(answers[0].deploy.version).toBe(1)
    expect((await hub.data(deployMutation, { input: { ...input, idempotencyKey: 'twice' } })).deploy.version).toBe(2)
  })

  test('numbers versions without gaps, however many deploy at once', async () => {
    const name = uniqueName('crowd')
    const made = await Promise.all(Array.from({ length: 10 }, () => seeder.deploy({ name })))
    expect(made.map(({ version }) => version).sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
  })

  test('a model version in use by a deployment cannot be deleted, until the deployment is', async () => {
    const model = await seedModel('in-use')
    const made = await seeder.deploy({ modelUri: 'models:/in-use/1' })
    const deletion = 'mutation ($id: ID!) { deleteModelVersion(id: $id) }'
    const error = await hub.error(deletion, { id: model })
    expect(error.extensions).toMatchObject({ code: 'PRECONDITION_FAILED', usedBy: [`the deployment "${made.name}"`] })
    await hub.data('mutation ($id: ID!) { deleteDeployment(id: $id) { status } }', { id: made.id })
    await hub.data(deletion, { id: model })
  })
})

describe('deleteDeployment', () => {
  test('frees the name and ends the schedule; the deployment can still be looked at', async () => {
    const made = await seeder.deploy({ cron: '* * * * *' })
    const deletion = 'mutation ($id: ID!) { deleteDeployment(id: $id) { status schedule { enabled nextRunAt } } }'
    const expected = { status: 'DELETED', schedule: { enabled: false, nextRunAt: null } }
    expect((await hub.data(deletion, { id: made.id })).deleteDeployment).toEqual(expected)
    expect((await hub.data(deletion, { id: made.id })).deleteDeployment).toEqual(expected)
    const byName = 'query ($project: String!, $name: String!) { deployment(project: $project, name: $name) { id } }'
    expect(await hub.data(byName, { project: seeder.project, name: made.name })).toEqual({ deployment: null })
    expect(await read(made.id)).toMatchObject({ status: 'DELETED', name: made.name })
    const again = await seeder.deploy({ name: made.name })
    expect(again).toMatchObject({ version: 1 })
    expect(again.id).not.toBe(made.id)
    const schedule = await hub.error(setSchedule, { deployment: made.id, cron: '* * * * *' })
    expect(schedule.extensions).toMatchObject({ code: 'PRECONDITION_FAILED', field: 'deployment' })
  })

  test('waits for the runs that are under way', async () => {
    const script = await seeder.put('scripts/long.py', 'import time\ntime.sleep(60)\n')
    const made = await seeder.deploy({ steps: [{ name: 'long', script }] })
    const { runDeployment } = await hub.data(
      'mutation ($input: RunDeploymentInput!) { runDeployment(input: $input) { id number deployment { id } } }',
      { input: { deployment: made.id } },
    )
    expect(runDeployment.deployment.id).toBe(made.id)
    const error = await hub.error('mutation ($id: ID!) { deleteDeployment(id: $id) { id } }', { id: made.id })
    expect(error).toMatchObject({
      message: expect.stringContaining('#1'),
      extensions: { code: 'PRECONDITION_FAILED', field: 'id' },
    })
    await hub.data('mutation ($id: ID!) { cancelPipelineRun(id: $id) { id } }', { id: runDeployment.id })
    const runs = `query ($id: ID!) { node(id: $id) { ... on Deployment {
      latestRun { id status } pipelineRuns(status: [CANCELED]) { totalCount nodes { number } } } } }`
    for (;;) {
      const { node } = await hub.data(runs, { id: made.id })
      if (node.latestRun.status === 'CANCELED') {
        expect(node.pipelineRuns).toEqual({ totalCount: 1, nodes: [{ number: 1 }] })
        break
      }
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    await hub.data('mutation ($id: ID!) { deleteDeployment(id: $id) { id } }', { id: made.id })
    expect((await hub.data('query ($id: ID!) { node(id: $id) { id } }', { id: runDeployment.id })).node.id).toBe(runDeployment.id)
  })
})

const setSchedule = `mutation ($deployment: ID!, $cron: String, $timezone: String, $enabled: Boolean) {
  setSchedule(deployment: $deployment, cron: $cron, timezone: $timezone, enabled: $enabled) { schedule { cron timezone enabled nextRunAt } } }`

describe('setSchedule', () => {
  test('sets, pauses, resumes and removes', async () => {
    const { id: deployment } = await seeder.deploy()
    const set = async (variables: object) => (await hub.data(setSchedule, { deployment, ...variables })).setSchedule.schedule
    const cron = '30 6 1 1 *'
    expect(await set({ cron })).toMatchObject({
      cron,
      timezone: 'UTC',
      enabled: true,
      nextRunAt: expect.stringMatching(/-01-01T06:30:00.000Z$/),
    })
    const timezone = 'America/Sao_Paulo'
    expect(await set({ cron, timezone })).toMatchObject({ timezone, nextRunAt: expect.stringMatching(/-01-01T09:30:00.000Z$/) })
    expect(await set({ cron, enabled: false })).toEqual({ cron, timezone: 'UTC', enabled: false, nextRunAt: null })
    expect(await set({ cron, enabled: true })).toMatchObject({ enabled: true, nextRunAt: expect.any(String) })
    expect(await set({ cron: null })).toBeNull()
  })
})

describe('deploy.yaml', () => {
  const deployYaml = `mutation ($project: String!, $yaml: String!) { deployYaml(project: $project, yaml: $yaml) { ${everything} } }`

  test('says of a deployment what deploys it again, the same', async () => {
    await seedModel('for-yaml')
    const script = await seeder.put('scripts/with space: and # colon.py', 'print(1)')
    const library = await seeder.put('lib/helper.py', 'x = 1')
    const made = await seeder.deploy({
      cluster: 'LARGE',
      modelUri: 'models:/for-yaml@latest',
      requirements: '# none of these is asked for\n\n',
      libraries: [library],
      cron: '0 3 * * 1-5',
      timezone: 'Europe/Berlin',
      steps: [
        { name: 'first', kind: 'INGESTION', script, arguments: ['yes', '1.0', 'null', '', ' - [x', 'é\n\u{1f980}', '"', "'"] },
        { name: 'second', script, maxAttempts: 2, timeoutSeconds: 10 },
        { name: 'third', script, needs: [] },
        { name: 'fourth', script, needs: ['first', 'third'] },
      ],
    })
    await seeder.settled(made.id)
    const before = await read(made.id)
    const { deployYaml: after } = await hub.data(deployYaml, { project: seeder.project, yaml: before.yaml })
    await seeder.settled(made.id)
    const now = await read(made.id)
    expect(now).toEqual({ ...before, version: 2, updatedAt: now.updatedAt })
    expect(after.yaml).toBe(before.yaml)
  })

  test('takes the words of its own: 1 to 3, bucket/key, lists', async () => {
    await seeder.put('requirements.txt', '# nothing\n')
    const yaml = `
name: from-yaml
cluster: 2
schedule: { cron: "0 0 * * *", timezone: UTC, enabled: false }
requirements: { object: ${seeder.bucket}/requirements.txt }
steps:
  - &step
    name: first
    kind: TRAINING
    script: ${seeder.bucket}/scripts/main.py
    arguments: [--rate, 0.10, --fast, true]
  - name: second
    script: { bucket: ${seeder.bucket}, key: scripts/main.py }
    needs: []
`
    const { deployYaml: made } = await hub.data(deployYaml, { project: seeder.project, yaml })
    expect(made).toMatchObject({
      name: 'from-yaml',
      cluster: { size: 'MEDIUM' },
      schedule: { enabled: false, nextRunAt: null },
      requirements: null,
      steps: [{ arguments: ['--rate', '0.10', '--fast', 'true'] }, { needs: [] }],
    })
  })

  test('tells line and column of what is wrong, also of what only the project knows', async () => {
    const script = `${seeder.bucket}/scripts/main.py`
    const lines = (...text: string[]) => text.join('\n')
    const wrong: [yaml: string, line: number, column: number, message: RegExp, code?: string][] = [
      [
        lines('name: with-lines', 'steps:', '  - name: one_', `    script: ${script}`, '    needs: [two_]'),
        5,
        12,
        /steps\[0\]\.needs.*no step "two_"/,
      ],
      [
        lines('name: with-lines', 'steps:', '  - name: one_', `    script: ${seeder.bucket}/missing.py`),
        4,
        13,
        /missing\.py/,
        'NOT_FOUND',
      ],
      [
        lines('name: with-lines', 'model: models:/nobody/1', 'steps:', '  - name: one_', `    script: ${script}`),
        2,
        8,
        /models:\/nobody\/1/,
        'NOT_FOUND',
      ],
      [
        lines('name: with-lines', 'schedule:', '  cron: 61 * * * *', 'steps:', '  - name: one_', `    script: ${script}`),
        3,
        9,
        /61/,
      ],
      [lines('name: with-lines', 'steps:', '  - nam: one_'), 3, 5, /no "nam" here/],
      [lines('name: with-lines', 'steps: 7'), 2, 8, /must be a list/],
      [lines('name: [', 'steps: 7'), 2, 1, /./],
      [lines('name: a', 'name: b'), 2, 1, /unique/i],
      ['', 1, 1, /must be a map/],
      ['name: only-a-name', 1, 1, /steps are missing/],
    ]
    for (const [yaml, line, column, message, code = 'BAD_USER_INPUT'] of wrong) {
      const error = await hub.error(deployYaml, { project: seeder.project, yaml })
      expect({ yaml, ...error.extensions, message: error.message }).toMatchObject({ code, field: 'yaml', line, column })
      expect(error.message).toMatch(message)
      expect(error.message).toContain(`line ${line}, column ${column}`)
    }
    expect(
      await hub.data('query ($p: String!) { deployment(project: $p, name: "with-lines") { id } }', { p: seeder.project }),
    ).toEqual({ deployment: null })
  })

  test('is bounded: size, depth, aliases that multiply', async () => {
    const bomb = [
      'a: &a [x, x, x, x, x, x, x, x, x]',
      ...'bcdefgh'.split('').map((name, i) => `${name}: &${name} [${Array(9).fill(`*${'abcdefg'[i]}`).join(', ')}]`),
    ]
    for (const yaml of [
      'x'.repeat(256 * 1024 + 1),
      '['.repeat(100_000),
      `{a: ${'{a: '.repeat(20_000)}`,
      bomb.join('\n'),
      'name: !!js/function x',
      '- &a [*a]',
      'a: *b',
    ]) {
      const started = Date.now()
      const error = await hub.error(deployYaml, { project: seeder.project, yaml })
      expect(error.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: 'yaml' })
      expect(Date.now() - started).toBeLessThan(3_000)
    }
  })
})

describe('scriptTemplate', () => {
  let home: string
  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'dhuo-templates-'))
  })
  afterAll(() => rm(home, { recursive: true }))

  const run = (args: string[], env: Record<string, string> = {}): Promise<{ code: number | null; output: string }> =>
    new Promise((resolve) => {
      const child = spawn('python3', args, { cwd: home, env: { ...process.env, ...env } })
      let output = ''
      for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes) => (output += bytes))
      child.on('close', (code) => resolve({ code, output }))
    })
  const templateOf = async (project: string, kind: string): Promise<string> => {
    const query = 'query ($project: String!, $kind: StepKind!) { scriptTemplate(project: $project, kind: $kind) }'
    return (await hub.data(query, { project, kind })).scriptTemplate
  }
  const kinds = ['INGESTION', 'FEATURE_ENGINEERING', 'TRAINING', 'EVALUATION', 'PREDICTION', 'CUSTOM']

  test.each(kinds)('for %s compiles, is one file, and knows its project', async (kind) => {
    const text = await templateOf(seeder.project, kind)
    await writeFile(join(home, 'one.py'), text)
    expect(await run(['-W', 'error', '-m', 'py_compile', 'one.py'])).toEqual({ code: 0, output: '' })
    expect(text).toContain(seeder.project)
    expect(text).not.toMatch(/__PROJECT__|from client|<client>/)
  })

  test('runs as it is: from a file to features, a model, the best one of two', async () => {
    const project = (await seedProject(hub)).name
    const raw = (await seedBucket(hub, project)).name
    const rows = Array.from(
      { length: 60 },
      (_, i) => `${i % 2 ? 5 + (i % 7) / 10 : 1 + (i % 5) / 10},${i},${i % 2 ? 'big' : 'small'}`,
    )
    await seedObject(hub, raw, 'data.csv', `size,number,label\n${rows.join('\n')}\n`)
    const key = await seedKey(hub, hub.admin, { project, role: 'EDITOR' })
    const environment = { DHUO_URL: hub.url, DHUO_ACCESS_KEY: key.secret, DHUO_PROJECT: project }
    const runTemplate = async (kind: string, ...args: string[]): Promise<string> => {
      await writeFile(join(home, 'step.py'), await templateOf(project, kind))
      const { code, output } = await run(['step.py', ...args], environment)
      expect({ code, output }).toMatchObject({ code: 0 })
      return output
    }
    expect(await runTemplate('INGESTION', '--key', 'data.csv')).toContain('raw_data, version 1: 60 rows')
    expect(await runTemplate('FEATURE_ENGINEERING', '--sql', 'select size, label from {table}')).toContain(
      'features, version 1: 60 rows',
    )
    expect(await runTemplate('TRAINING', '--target', 'label')).toContain('saved models:/classifier/1')
    expect(await runTemplate('TRAINING')).toContain('saved models:/classifier/2')
    expect(await runTemplate('EVALUATION')).toContain('models:/classifier@best is version 2')
    expect(await runTemplate('CUSTOM', '--table', 'features')).toContain('features has 60 rows')

    const { model } = await hub.data(
      `query ($project: String!) { model(project: $project, name: "classifier") { version(number: 1) {
        files { key size } run { status params { key value } metrics { key value } inputs { name } artifacts { key } } } } }`,
      { project },
    )
    expect(model.version.run).toMatchObject({
      status: 'FINISHED',
      inputs: [{ name: 'features' }],
      artifacts: [{ key: expect.stringMatching(/model\.json$/) }],
    })
    expect(model.version.run.metrics).toContainEqual({ key: 'accuracy', value: 1 })
    expect(model.version.run.params).toContainEqual({ key: 'target', value: 'label' })
  })

  test('runs unchanged as a step: one pipeline from a file to predictions, and each step is linked to what it made', async () => {
    const project = (await seedProject(hub)).name
    const raw = (await seedBucket(hub, project)).name
    const bucket = (await seedBucket(hub, project, 'DEPLOYMENTS')).name
    const rows = Array.from({ length: 40 }, (_, i) => `${i % 2 ? 5 + (i % 7) / 10 : 1 + (i % 5) / 10},${i % 2 ? 'big' : 'small'}`)
    await seedObject(hub, raw, 'data.csv', `size,label\n${rows.join('\n')}\n`)
    const steps = await Promise.all(
      [
        ['INGESTION', ['--key', 'data.csv']],
        ['FEATURE_ENGINEERING', []],
        ['TRAINING', ['--target', 'label']],
        ['EVALUATION', []],
        ['PREDICTION', []],
      ].map(async ([kind, args]) => {
        const key = `${String(kind).toLowerCase()}.py`
        await seedObject(hub, bucket, key, await templateOf(project, String(kind)))
        return { name: String(kind).toLowerCase(), kind, script: { bucket, key }, arguments: args }
      }),
    )
    const { deploy } = await hub.data(deployMutation, { input: { project, name: 'whole-life', steps } })
    const { runDeployment } = await hub.data('mutation ($input: RunDeploymentInput!) { runDeployment(input: $input) { id } }', {
      input: { deployment: deploy.id },
    })
    const outcome = async () =>
      (
        await hub.data(
          `query ($id: ID!) { node(id: $id) { ... on PipelineRun { status
            steps { name status statusDetail progress datasets { name } runs { status } predictions { id } logs(first: 50) { text } }
            predictions { version rowCount modelVersion { uri } input { name } output { table } preview(limit: 1) { columns { name } } } } } }`,
          { id: runDeployment.id },
        )
      ).node
    let run = await outcome()
    while (run.status === 'QUEUED' || run.status === 'RUNNING') {
      await new Promise((resolve) => setTimeout(resolve, 100))
      run = await outcome()
    }
    expect({ status: run.status, steps: run.steps.filter((step: { status: string }) => step.status !== 'SUCCEEDED') }).toEqual({
      status: 'SUCCEEDED',
      steps: [],
    })
    expect(run.steps.map((step: { progress: number }) => step.progress)).toEqual([1, 1, 1, 1, 1])
    const [ingest, features, train, , predict] = run.steps
    expect([ingest.datasets, features.datasets]).toEqual([[{ name: 'raw_data' }], [{ name: 'features' }]])
    expect(train.runs).toEqual([{ status: 'FINISHED' }])
    expect(predict.predictions).toHaveLength(1)
    expect(run.predictions).toMatchObject([
      {
        version: 1,
        rowCount: 40,
        modelVersion: { uri: 'models:/classifier/1' },
        input: { name: 'features' },
        output: { table: 'predictions' },
      },
    ])
    expect(run.predictions[0].preview.columns.map((column: { name: string }) => column.name)).toEqual(
      expect.arrayContaining(['size', 'label', 'PREDICT', 'VERSION', 'CREATED_AT']),
    )
  }, 60_000)

  test('that fails ends its run as FAILED and says why', async () => {
    const project = (await seedProject(hub)).name
    const key = await seedKey(hub, hub.admin, { project, role: 'EDITOR' })
    await writeFile(join(home, 'failing.py'), await templateOf(project, 'TRAINING'))
    const environment = { DHUO_URL: hub.url, DHUO_ACCESS_KEY: key.secret, DHUO_PROJECT: project }
    const { code, output } = await run(['failing.py'], environment)
    expect(code).toBe(1)
    expect(output).toContain(`There is no dataset "features" in the project ${project}.`)
    const stranger = await run(['failing.py'], { ...environment, DHUO_ACCESS_KEY: 'dhuo_nonsense' })
    expect(stranger).toMatchObject({ code: 1, output: expect.stringContaining('not valid') })
  })
})

describe('packages', () => {
  test('travel with the script: what it imports is there when it runs', async () => {
    const wheel = wheelOf('tinylib', '1.0', { 'tinylib/__init__.py': 'answer = 42\n' })
    const libraries = [
      await seeder.put('lib/tinylib-1.0-py3-none-any.whl', wheel),
      await seeder.put('lib/local_module.py', 'word = "local"'),
    ]
    const script = await seeder.put(
      'scripts/imports.py',
      'import tinylib, local_module\nprint(tinylib.answer, local_module.word)\n',
    )
    const made = await seeder.deploy({ libraries, steps: [{ name: 'main', script }] })
    expect(made.status).toBe('PACKAGING')
    // Started while it is being packaged: it waits.
    const { runDeployment } = await hub.data('mutation ($input: RunDeploymentInput!) { runDeployment(input: $input) { id } }', {
      input: { deployment: made.id },
    })
    expect(await seeder.settled(made.id)).toMatchObject({
      status: 'READY',
      statusDetail: null,
      archive: { packages: ['tinylib==1.0'] },
    })
    for (;;) {
      const { node } = await hub.data(
        'query ($id: ID!) { node(id: $id) { ... on PipelineRun { status statusDetail steps { logs { text } } } } }',
        { id: runDeployment.id },
      )
      if (['QUEUED', 'RUNNING'].includes(node.status)) {
        await new Promise((resolve) => setTimeout(resolve, 100))
        continue
      }
      expect(node).toEqual({ status: 'SUCCEEDED', statusDetail: null, steps: [{ logs: [{ text: '42 local' }] }] })
      break
    }
  })
})
