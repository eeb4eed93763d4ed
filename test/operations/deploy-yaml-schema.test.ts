import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import { parse } from 'yaml'
import { type DeploymentSeeder, seedDeployments } from '../graphql/deployment-seed.js'
import { createTestHub, type TestHub } from '../hub.js'

const docs = join(import.meta.dirname, '..', '..', 'docs')
const accepts = new Ajv({ allowUnionTypes: true, strict: true, strictRequired: false, strictTypes: false }).compile(
  JSON.parse(readFileSync(join(docs, 'deploy.schema.json'), 'utf8')),
)

let hub: TestHub
let seeder: DeploymentSeeder
beforeAll(async () => {
  hub = await createTestHub()
  seeder = await seedDeployments(hub)
  await seeder.put('requirements.txt', '# none\n')
  await seeder.put('predict.py', 'def load(p): pass')
  await seeder.put('helper.py', 'x = 1')
  const input = { project: seeder.project, model: 'iris', objects: [await seeder.put('iris.pkl', 'x')] }
  await hub.data('mutation ($input: SaveModelInput!) { saveModel(input: $input) { id } }', { input })
})
afterAll(() => hub.close())

const deployYaml = 'mutation ($project: String!, $yaml: String!) { deployYaml(project: $project, yaml: $yaml) { id } }'
const step = '\nsteps: [{ name: main, script: BUCKET/scripts/main.py }]'
const stepWith = (more: string) => `\nsteps: [{ name: main, script: BUCKET/scripts/main.py, ${more} }]`

const good = [
  `name: plain${step}`,
  `name: Capitals-9_${step}`,
  `name: sized\ncluster: LARGE${step}`,
  ...[1, 2, 3].map((size) => `name: counted\ncluster: ${size}${step}`),
  `name: with-model\nmodel: models:/iris/1${step}`,
  `name: with-latest\nmodel: models:/iris@latest${step}`,
  `name: with-cron\nschedule: 0 3 * * MON-FRI${step}`,
  `name: with-zone\nschedule: { cron: "*/5 * * * *", timezone: America/Sao_Paulo, enabled: false }${step}`,
  `name: with-text\nrequirements: "# none"${step}`,
  `name: with-list\nrequirements: []${step}`,
  `name: with-object\nrequirements: { object: BUCKET/requirements.txt }${step}`,
  `name: with-library\nlibraries: [BUCKET/helper.py]${step}`,
  `name: with-place\nlibraries: [{ bucket: BUCKET, key: helper.py }]${step}`,
  `name: with-arguments${stepWith('arguments: [a, 1, 1.5, true, ""]')}`,
  `name: with-bounds${stepWith('maxAttempts: 10, timeoutSeconds: 604800, needs: [], kind: TRAINING')}`,
  'name: online\nkind: ONLINE\nsteps: [{ name: answer, kind: PREDICTION, script: BUCKET/predict.py }]',
  'name: two-steps\nsteps: [{ name: main, script: BUCKET/scripts/main.py }, { name: other, script: BUCKET/scripts/main.py, needs: [main] }]',
]

const bad = [
  '',
  '[]',
  'name: no-steps',
  step.trim(),
  `name: abc${step}`,
  `name: 12345${step}`,
  `name: with space${step}`,
  `name: [list]${step}`,
  `name: unknown-key\nprofile: x${step}`,
  `name: small-letters\nkind: batch${step}`,
  `name: size-four\ncluster: 4${step}`,
  `name: size-half\ncluster: 1.5${step}`,
  `name: size-null\ncluster: null${step}`,
  `name: bad-model\nmodel: iris${step}`,
  `name: bad-cron\nschedule: daily${step}`,
  `name: six-fields\nschedule: { cron: "* * * * * *" }${step}`,
  `name: no-cron\nschedule: { timezone: UTC }${step}`,
  `name: bad-zone\nschedule: { cron: "* * * * *", timezone: "+02:00" }${step}`,
  `name: not-bool\nschedule: { cron: "* * * * *", enabled: yes }${step}`,
  `name: more-keys\nschedule: { cron: "* * * * *", every: day }${step}`,
  `name: numbers\nrequirements: 7${step}`,
  `name: list-of-numbers\nrequirements: [7]${step}`,
  `name: two-lines\nrequirements: ["a\\nb"]${step}`,
  `name: other-map\nrequirements: { file: x }${step}`,
  `name: no-key\nlibraries: [BUCKET]${step}`,
  `name: half-place\nlibraries: [{ bucket: BUCKET }]${step}`,
  `name: not-a-list\nlibraries: BUCKET/helper.py${step}`,
  'name: empty-steps\nsteps: []',
  'name: no-script\nsteps: [{ name: main }]',
  'name: no-name\nsteps: [{ script: BUCKET/scripts/main.py }]',
  `name: step-key${stepWith('run: x')}`,
  `name: step-kind${stepWith('kind: TRAIN')}`,
  `name: list-argument${stepWith('arguments: [[x]]')}`,
  `name: null-argument${stepWith('arguments: [null]')}`,
  `name: text-arguments${stepWith('arguments: x')}`,
  `name: no-attempt${stepWith('maxAttempts: 0')}`,
  `name: eleven-attempts${stepWith('maxAttempts: 11')}`,
  `name: half-attempt${stepWith('maxAttempts: 1.5')}`,
  `name: text-attempt${stepWith('maxAttempts: "1"')}`,
  `name: too-long${stepWith('timeoutSeconds: 604801')}`,
  `name: text-needs${stepWith('needs: main')}`,
  'name: online-two\nkind: ONLINE\nsteps: [{ name: main, kind: PREDICTION, script: BUCKET/predict.py }, { name: more, kind: PREDICTION, script: BUCKET/predict.py }]',
  'name: online-kind\nkind: ONLINE\nsteps: [{ name: main, script: BUCKET/predict.py }]',
  'name: online-cron\nkind: ONLINE\nschedule: "* * * * *"\nsteps: [{ name: main, kind: PREDICTION, script: BUCKET/predict.py }]',
]

describe('deploy.schema.json and the server', () => {
  test.each(good)('both accept %j', async (text) => {
    const yaml = text.replaceAll('BUCKET', seeder.bucket)
    expect({ accepted: accepts(parse(yaml)), errors: accepts.errors }).toEqual({ accepted: true, errors: null })
    await hub.data(deployYaml, { project: seeder.project, yaml })
  })

  test.each(bad)('both refuse %j', async (text) => {
    const yaml = text.replaceAll('BUCKET', seeder.bucket)
    expect(accepts(parse(yaml))).toBe(false)
    const error = await hub.error(deployYaml, { project: seeder.project, yaml })
    expect(error.extensions).toMatchObject({
      code: 'BAD_USER_INPUT',
      field: 'yaml',
      line: expect.any(Number),
      column: expect.any(Number),
    })
  })

  test('both accept the example of the documentation, and what the server renders', async () => {
    const example = /```yaml\n([\s\S]*?)```/.exec(readFileSync(join(docs, 'deploy-yaml.md'), 'utf8'))![1]!
    expect({ accepted: accepts(parse(example)), errors: accepts.errors }).toEqual({ accepted: true, errors: null })
    const { project } = await hub.data(`query ($name: String!) { project(name: $name) { deployments { nodes { yaml } } } }`, {
      name: seeder.project,
    })
    expect(project.deployments.nodes.length).toBeGreaterThan(5)
    for (const { yaml } of project.deployments.nodes) {
      expect({ yaml, accepted: accepts(parse(yaml)) }).toMatchObject({ accepted: true })
      await hub.data(deployYaml, { project: seeder.project, yaml })
    }
  })
})
