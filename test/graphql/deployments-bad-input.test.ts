import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { createTestHub, type TestHub } from '../hub.js'
import { seedBucket, seedObject, seedProject, seedUser } from '../seed.js'
import { type DeploymentSeeder, deployMutation, seedDeployments } from './deployment-seed.js'

let hub: TestHub
let seeder: DeploymentSeeder
let plain: DatabaseSync
let online: string
let batch: string

beforeAll(async () => {
  hub = await createTestHub()
  seeder = await seedDeployments(hub)
  const script = await seeder.put('scripts/predict.py', 'def load(p): pass')
  await seeder.put('empty.py', '')
  await seeder.put('lib/module.py', 'x = 1')
  await seeder.put('other/module.py', 'x = 1')
  for (const name of ['data.csv', 'a-b.py', 'not-a-wheel.whl', 'empty.zip'])
    await seeder.put(name, name === 'empty.zip' ? '' : 'x')
  const steps = [{ name: 'answer', kind: 'PREDICTION', script }]
  online = (await seeder.deploy({ name: 'existing-online', kind: 'ONLINE', steps })).id
  batch = (await seeder.deploy({ name: 'existing-batch', cron: '0 0 * * *' })).id
  plain = new DatabaseSync(join(hub.home, 'catalog.db'), { readOnly: true })
})
afterAll(async () => {
  plain.close()
  await hub.close()
})

const tables = ['deployments', 'deployment_versions', 'deployment_steps', 'deployment_libraries']
const content = (): unknown => tables.map((table) => [table, plain.prepare(`select * from ${table}`).all()])

async function refuses(
  query: string,
  variables: object,
  code: string,
  field: string,
  message?: RegExp,
  as?: string,
): Promise<void> {
  const before = content()
  const error = await hub.error(query, variables as Record<string, unknown>, as)
  expect({ ...error.extensions, message: error.message }).toMatchObject({
    code,
    field,
    message: message ? expect.stringMatching(message) : expect.any(String),
  })
  expect(content()).toEqual(before)
}

const refusesDeploy = (change: object, field: string, message?: RegExp, code = 'BAD_USER_INPUT') =>
  refuses(deployMutation, { input: seeder.input({ name: 'existing-batch', ...change }) }, code, `input.${field}`, message)

const step = (change: object = {}) => ({ name: 'main', script: { bucket: seeder.bucket, key: 'scripts/main.py' }, ...change })
const object = (key: string) => ({ bucket: seeder.bucket, key })

describe('deploy refuses', () => {
  test.each([
    ['too short', 'abc'],
    ['too long', `a${'b'.repeat(63)}`],
    ['empty', ''],
    ['with a space', 'my deployment'],
    ['beginning with a digit', '1abc'],
  ])('a name that is %s', (_, name) => refusesDeploy({ name }, 'name'))

  test('a project that is not there', () => refusesDeploy({ project: 'nobody-has-it' }, 'project', /nobody-has-it/, 'NOT_FOUND'))

  test('no steps, and more than a hundred', async () => {
    await refusesDeploy({ steps: [] }, 'steps', /1 to 100 .* has 0/)
    await refusesDeploy({ steps: Array.from({ length: 101 }, (_, i) => step({ name: `step-${i}` })) }, 'steps', /has 101/)
  })

  test('steps whose names are wrong, or there twice', async () => {
    await refusesDeploy({ steps: [step(), step({ name: 'no' })] }, 'steps[1].name')
    await refusesDeploy({ steps: [step(), step({ name: 'MAIN' })] }, 'steps[1].name', /a step "main" already/)
  })

  test('needs that make no order: cycles, unknown steps, later ones, itself, twice', async () => {
    const steps = (needs: string[]) => [
      step({ name: 'first' }),
      step({ name: 'second' }),
      step({ name: 'third', needs }),
      step({ name: 'fourth' }),
    ]
    await refusesDeploy({ steps: steps(['nobody']) }, 'steps[2].needs', /no step "nobody"; before it are "first", "second"/)
    await refusesDeploy({ steps: steps(['fourth']) }, 'steps[2].needs', /"fourth" comes later/)
    await refusesDeploy({ steps: steps(['third']) }, 'steps[2].needs', /cannot need itself/)
    await refusesDeploy({ steps: steps(['first', 'FIRST']) }, 'steps[2].needs', /twice/)
    await refusesDeploy({ steps: steps(['']) }, 'steps[2].needs', /no step ""/)
    const cycle = [step({ name: 'first', needs: ['second'] }), step({ name: 'second', needs: ['first'] })]
    await refusesDeploy({ steps: cycle }, 'steps[0].needs', /"second" comes later.*there is none before it/)
  })

  test('scripts that are missing, empty, of another project, or no scripts', async () => {
    const script = (key: string, bucket = seeder.bucket) => ({
      steps: [step(), step({ name: 'other', script: { bucket, key } })],
    })
    await refusesDeploy(script('missing.py'), 'steps[1].script.key', /missing\.py/, 'NOT_FOUND')
    await refusesDeploy(script('a\0.py'), 'steps[1].script.key', undefined, 'NOT_FOUND')
    await refusesDeploy(script('x.py', 'nobody-has-raw'), 'steps[1].script.bucket', undefined, 'NOT_FOUND')
    await refusesDeploy(script('empty.py'), 'steps[1].script.key', /is empty/)
    await refusesDeploy(script('data.csv'), 'steps[1].script.key', /\.py/)
    const foreign = (await seedBucket(hub, (await seedProject(hub)).name)).name
    await seedObject(hub, foreign, 'x.py', 'x')
    await refusesDeploy(script('x.py', foreign), 'steps[1].script.bucket', /same project/)
  })

  test('arguments, attempts and times out of bounds', async () => {
    const of = (change: object) => ({ steps: [step(change)] })
    await refusesDeploy(of({ arguments: Array(101).fill('x') }), 'steps[0].arguments', /has 101/)
    await refusesDeploy(of({ arguments: ['x', 'é'.repeat(2049)] }), 'steps[0].arguments[1]', /4096 bytes; it has 4098/)
    await refusesDeploy(of({ arguments: ['a\0'] }), 'steps[0].arguments[0]', /NUL/)
    await refusesDeploy(of({ arguments: ['\ud800'] }), 'steps[0].arguments[0]')
    for (const maxAttempts of [0, -1, 11]) await refusesDeploy(of({ maxAttempts }), 'steps[0].maxAttempts', /between 1 and 10/)
    for (const timeoutSeconds of [0, -1, 604_801])
      await refusesDeploy(of({ timeoutSeconds }), 'steps[0].timeoutSeconds', /604800/)
  })

  test('requirements that would read the server, run programs, or are none', async () => {
    const lines: [text: string, line: number, message: RegExp][] = [
      ['-r /etc/passwd', 1, /not taken/],
      ['six\n--requirement=other.txt', 2, /not taken/],
      ['-c /etc/passwd', 1, /not taken/],
      ['-e .', 1, /not taken/],
      ['./local-1.0.whl', 1, /not taken/],
      ['/etc/passwd', 1, /not taken/],
      ['file:///etc/passwd', 1, /not taken/],
      ['x @ file:///etc/x.whl', 1, /https/],
      ['x @ git+https://example.com/x.git', 1, /wheel/],
      ['git+https://example.com/x', 1, /not taken/],
      ['x @ https://example.com/x.tar.gz', 1, /wheel/],
      ['--find-links /etc', 1, /https/],
      ['--index-url file:///etc', 1, /https/],
      ['six\n\n# fine\n--index-url https://a:s3cret@example.com/simple', 4, /must not hold a user or password/],
      ['x @ https://u:s3cret@example.com/x-1-py3-none-any.whl', 1, /must not hold a user or password/],
      [`six $${'{HOME}'}`, 1, /environment/],
      ['six; -r /etc/passwd', 1, /not taken/],
      ['--no-binary :all:', 1, /not taken/],
      ['--trusted-host x', 1, /not taken/],
      ['six==1.0 --global-option=x', 1, /not taken/],
      ['s\\\nix\\\n--config-settings x', 1, /not taken/],
      ['six; rm -rf /; x', 1, /not taken/],
      ['-', 1, /not taken/],
    ]
    for (const [requirements, line, message] of lines) {
      await refusesDeploy({ requirements }, 'requirements', new RegExp(`line ${line}: .*${message.source}`, 's'))
      const error = await hub.error(deployMutation, { input: seeder.input({ requirements }) })
      expect(error.message).not.toContain('s3cret')
    }
    await refusesDeploy({ requirements: 'é'.repeat(32_769) }, 'requirements', /65536 bytes; it has 65538/)
    await refusesDeploy({ requirements: 'a\0' }, 'requirements', /control/)
    await refusesDeploy({ requirements: '\ud800' }, 'requirements')
    const started = Date.now()
    await refusesDeploy({ requirements: `a${' '.repeat(60_000)}!` }, 'requirements')
    await refusesDeploy({ requirements: `a[${'a,'.repeat(30_000)}` }, 'requirements')
    await refusesDeploy({ requirements: `a==${'1,==1'.repeat(12_000)} x` }, 'requirements')
    await refusesDeploy({ requirements: `a;${'a '.repeat(30_000)};` }, 'requirements')
    expect(Date.now() - started).toBeLessThan(2_000)
  })

  test('libraries that are missing, there twice, named alike, empty, or none', async () => {
    await refusesDeploy({ libraries: [object('missing.whl')] }, 'libraries[0].key', undefined, 'NOT_FOUND')
    await refusesDeploy({ libraries: [object('lib/module.py'), object('lib/module.py')] }, 'libraries[1].key', /twice/)
    await refusesDeploy(
      { libraries: [object('lib/module.py'), object('other/module.py')] },
      'libraries[1].key',
      /named "module.py" too/,
    )
    await refusesDeploy({ libraries: [object('empty.zip')] }, 'libraries[0].key', /is empty/)
    for (const key of ['data.csv', 'a-b.py', 'not-a-wheel.whl'])
      await refusesDeploy({ libraries: [object(key)] }, 'libraries[0].key', /no library/)
    await refusesDeploy({ libraries: Array(101).fill(object('lib/module.py')) }, 'libraries', /has 101/)
  })

  test('a model that is not there, or that is named wrongly', async () => {
    await refusesDeploy({ modelUri: 'models:/nobody/1' }, 'modelUri', /nobody/, 'NOT_FOUND')
    await refusesDeploy({ modelUri: 'nobody' }, 'modelUri', /models:\/NAME/)
  })

  test('a cron that is none, never comes, or is finer than a minute; a zone that is none', async () => {
    for (const cron of [
      '',
      '* * * *',
      '* * * * * *',
      '60 * * * *',
      '* 24 * * *',
      '0 0 32 1 *',
      '@daily',
      'every day',
      '*/0 * * * *',
      '5-1 * * * *',
      '? * * * *',
      '\n',
      'x'.repeat(10_000),
    ])
      await refusesDeploy({ cron }, 'cron')
    await refusesDeploy({ cron: '0 0 31 2 *' }, 'cron', /never comes/)
    for (const timezone of ['', 'Mars/Phobos', '+02:00', 'UTC+2', 'a\0'])
      await refusesDeploy({ cron: '* * * * *', timezone }, 'timezone', /IANA/)
    await refusesDeploy({ timezone: 'Mars/Phobos' }, 'timezone')
  })

  test('an idempotency key that is empty or too long', async () => {
    await refusesDeploy({ idempotencyKey: '' }, 'idempotencyKey')
    await refusesDeploy({ idempotencyKey: 'x'.repeat(201) }, 'idempotencyKey', /200/)
    await refusesDeploy({ idempotencyKey: 'a\0' }, 'idempotencyKey')
  })

  test('ONLINE with several steps, another kind, another script, a clock; and to change its kind', async () => {
    const predict = step({ name: 'answer', kind: 'PREDICTION', script: object('scripts/predict.py') })
    const refusesOnline = (change: object, field: string, message: RegExp, code?: string) =>
      refusesDeploy({ name: 'existing-online', kind: 'ONLINE', steps: [predict], ...change }, field, message, code)
    await refusesOnline({ steps: [predict, step()] }, 'steps', /exactly one step/)
    await refusesOnline({ steps: [{ ...predict, kind: 'CUSTOM' }] }, 'steps', /PREDICTION/)
    await refusesOnline({ steps: [step({ kind: 'PREDICTION' })] }, 'steps[0].script.key', /predict\.py/)
    await refusesOnline({ cron: '* * * * *' }, 'cron', /ONLINE/)
    await refusesOnline({ name: 'existing-batch' }, 'kind', /is BATCH and stays so/, 'CONFLICT')
    await refusesOnline({ kind: 'BATCH' }, 'kind', /is ONLINE and stays so/, 'CONFLICT')
  })

  test('nothing that is just within the limits', async () => {
    const steps = Array.from({ length: 100 }, (_, i) =>
      step({ name: `s${'_'.repeat(59)}${String(i).padStart(3, '0')}`, maxAttempts: 10, timeoutSeconds: 604_800 }),
    )
    steps[0] = { ...steps[0]!, ...{ arguments: Array(100).fill('x'.repeat(4096)) } }
    const made = await seeder.deploy({
      name: `d${'-'.repeat(62)}`,
      steps,
      idempotencyKey: 'x'.repeat(200),
      cron: '59 23 31 12 7',
    })
    expect(made.status).toBe('READY')
  })
})

describe('setSchedule refuses', () => {
  const query = `mutation ($deployment: ID!, $cron: String, $timezone: String) {
    setSchedule(deployment: $deployment, cron: $cron, timezone: $timezone) { id } }`

  test('a deployment that is not there', async () => {
    await refuses(query, { deployment: `dpl_${'0'.repeat(32)}`, cron: '* * * * *' }, 'NOT_FOUND', 'deployment')
    await refuses(query, { deployment: 'x', cron: '* * * * *' }, 'NOT_FOUND', 'deployment')
  })

  test('what is no cron, no zone, or for one that is ONLINE', async () => {
    await refuses(query, { deployment: batch, cron: '* * * * * *' }, 'BAD_USER_INPUT', 'cron', /five fields/)
    await refuses(query, { deployment: batch, cron: '* * * * *', timezone: 'Nowhere' }, 'BAD_USER_INPUT', 'timezone')
    await refuses(query, { deployment: batch, cron: null, timezone: 'Nowhere' }, 'BAD_USER_INPUT', 'timezone')
    await refuses(query, { deployment: online, cron: '* * * * *' }, 'BAD_USER_INPUT', 'cron', /ONLINE/)
  })
})

describe('who may not', () => {
  const calls: [name: string, query: string, field: string, variables: () => object][] = [
    ['deploy', deployMutation, 'input.project', () => ({ input: seeder.input() })],
    [
      'deployYaml',
      'mutation ($project: String!) { deployYaml(project: $project, yaml: "") { id } }',
      'project',
      () => ({ project: seeder.project }),
    ],
    ['setSchedule', 'mutation ($id: ID!) { setSchedule(deployment: $id) { id } }', 'deployment', () => ({ id: batch })],
    ['deleteDeployment', 'mutation ($id: ID!) { deleteDeployment(id: $id) { id } }', 'id', () => ({ id: batch })],
  ]

  test.each(calls)('%s: a VIEWER is told so, a stranger is told nothing', async (_, query, field, variables) => {
    const [viewer, stranger] = await Promise.all([seedUser(hub, { [seeder.project]: 'VIEWER' }), seedUser(hub)])
    const before = content()
    expect((await hub.error(query, variables() as never, viewer.token)).extensions.code).toBe('FORBIDDEN')
    expect(content()).toEqual(before)
    await refuses(query, variables(), 'NOT_FOUND', field, undefined, stranger.token)
    expect((await hub.error(query, variables() as never, null as never)).extensions.code).toBe('UNAUTHENTICATED')
  })

  test('a stranger sees no deployment and gets no script', async () => {
    const stranger = await seedUser(hub)
    const query = `query ($project: String!, $id: ID!) { deployment(project: $project, name: "existing-batch") { id } node(id: $id) { id } }`
    expect(await hub.data(query, { project: seeder.project, id: batch }, stranger.token)).toEqual({
      deployment: null,
      node: null,
    })
    const script = 'query ($project: String!) { scriptTemplate(project: $project, kind: TRAINING) }'
    expect((await hub.error(script, { project: seeder.project }, stranger.token)).extensions).toMatchObject({
      code: 'NOT_FOUND',
      field: 'project',
    })
  })
})
