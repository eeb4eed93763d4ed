import { createTestHub, type TestHub } from '../hub.js'
import { seedKey, seedObject, seedProject, seedUser, uniqueName } from '../seed.js'
import { seedModels } from './model-seed.js'

let hub: TestHub
let project: string
let modelUri: string
let bucket: string
beforeAll(async () => {
  hub = await createTestHub({ DHUO_FUNCTION_TIMEOUT_MS: '3000' })
  const models = await seedModels(hub)
  ;({ project, bucket } = models)
  const model = uniqueName('model')
  const key = `${uniqueName('folder')}/factor.txt`
  await seedObject(hub, bucket, key, '3')
  await models.save(model, { objects: [{ bucket, key }] })
  modelUri = `models:/${model}/1`
})
afterAll(() => hub.close())

const times = (more = '') => `import os, time
def load(model_path):
    return int(open(os.path.join(model_path, "factor.txt")).read())
def predict(model, rows):
    ${more}
    return [row["size"] * model for row in rows]
`
const predict = `mutation ($input: PredictInput!) { predict(input: $input) { modelVersion { uri } predictions durationMs } }`
const deployOnline = async (script: string, more: Record<string, unknown> = {}): Promise<string> => {
  const key = `${uniqueName('scripts')}/predict.py`
  await seedObject(hub, bucket, key, script)
  const steps = [{ name: 'answer', kind: 'PREDICTION', script: { bucket, key } }]
  const input = { project, name: uniqueName('online'), kind: 'ONLINE', steps, modelUri, ...more }
  return (await hub.data('mutation ($input: DeployInput!) { deploy(input: $input) { id } }', { input })).deploy.id
}
const ask = async (deployment: string, rows: unknown[], as?: string) =>
  (await hub.data(predict, { input: { deployment, rows } }, as)).predict
const refusal = (deployment: string, rows: unknown[], as?: string | null) =>
  hub.error(predict, { input: { deployment, rows } }, as)

describe('predict', () => {
  test('asks the handler with the model of the deployment, and then again without loading it', async () => {
    const deployment = await deployOnline(times())
    const first = await ask(deployment, [{ size: 1 }, { size: 2.5 }])
    expect(first).toEqual({ modelVersion: { uri: modelUri }, predictions: [3, 7.5], durationMs: expect.any(Number) })
    const again = await ask(deployment, [{ size: 4 }])
    expect(again.predictions).toEqual([12])
    expect(again.durationMs).toBeLessThan(first.durationMs)
  })

  test('asks the script that the template gives', async () => {
    const { scriptTemplate } = await hub.data(
      'query ($project: String!) { scriptTemplate(project: $project, kind: PREDICTION) }',
      { project },
    )
    const key = `${uniqueName('folder')}/model.json`
    await seedObject(hub, bucket, key, JSON.stringify({ features: ['size'], means: { small: [1], large: [10] } }))
    const model = uniqueName('centroids')
    await hub.data('mutation ($input: SaveModelInput!) { saveModel(input: $input) { id } }', {
      input: { project, model, objects: [{ bucket, key }] },
    })
    const deployment = await deployOnline(scriptTemplate, { modelUri: `models:/${model}/latest` })
    expect((await ask(deployment, [{ size: 2 }, { size: 9 }])).predictions).toEqual(['small', 'large'])
  })

  test('a new version of the deployment answers from then on', async () => {
    const name = uniqueName('online')
    const deployment = await deployOnline(times(), { name })
    expect((await ask(deployment, [{ size: 1 }])).predictions).toEqual([3])
    expect(await deployOnline(times('model = -model'), { name })).toBe(deployment)
    expect((await ask(deployment, [{ size: 1 }])).predictions).toEqual([-3])
  })

  test('a VIEWER may ask, with a key too; for others the deployment is not there', async () => {
    const deployment = await deployOnline(times())
    const viewer = await seedUser(hub, { [project]: 'VIEWER' })
    const key = await seedKey(hub, viewer.token, { project, role: 'VIEWER' })
    const stranger = await seedUser(hub, { [(await seedProject(hub)).name]: 'OWNER' })
    for (const as of [viewer.token, key.secret]) expect((await ask(deployment, [{ size: 1 }], as)).predictions).toEqual([3])
    const hidden = { extensions: { code: 'NOT_FOUND', field: 'input.deployment' } }
    expect(await refusal(deployment, [{ size: 1 }], stranger.token)).toMatchObject(hidden)
    expect(await refusal(`dpl_${'0'.repeat(32)}`, [{ size: 1 }])).toMatchObject(hidden)
    expect(await refusal(deployment, [], null)).toMatchObject({ extensions: { code: 'UNAUTHENTICATED' } })
  })

  test('rows that the handler refuses, too many and none are refused, with its words', async () => {
    const deployment = await deployOnline(times())
    const bad = (rows: unknown[], said: RegExp) =>
      expect(refusal(deployment, rows)).resolves.toMatchObject({
        message: expect.stringMatching(said),
        extensions: { code: 'BAD_USER_INPUT', field: 'input.rows' },
      })
    await bad([{ sise: 1 }], /KeyError: 'size'/)
    await bad([], /1 to 10000/)
    await bad(Array(10_001).fill(1), /10001/)
  })

  test('what is not an ONLINE deployment that is ready with a model is refused, and says why', async () => {
    const refused = (deployment: string, said: RegExp) =>
      expect(refusal(deployment, [{ size: 1 }])).resolves.toMatchObject({
        message: expect.stringMatching(said),
        extensions: { code: 'PRECONDITION_FAILED', field: 'input.deployment' },
      })
    await refused(await deployOnline(times(), { modelUri: null }), /has no model/)
    const deployment = await deployOnline(times())
    await hub.data('mutation ($id: ID!) { deleteDeployment(id: $id) { id } }', { id: deployment })
    await refused(deployment, /is DELETED/)
    const key = `${uniqueName('scripts')}/batch.py`
    await seedObject(hub, bucket, key, 'pass')
    const input = { project, name: uniqueName('batch'), steps: [{ name: 'only', script: { bucket, key } }] }
    const { deploy } = await hub.data('mutation ($input: DeployInput!) { deploy(input: $input) { id } }', { input })
    await refused(deploy.id, /is BATCH/)
  })

  test('a handler that cannot be loaded, gives no answer or takes too long says so', async () => {
    const refused = async (script: string, code: string, said: RegExp) =>
      expect(await refusal(await deployOnline(script), [{ size: 1 }])).toMatchObject({
        message: expect.stringMatching(said),
        extensions: { code },
      })
    await refused('import not_there', 'PRECONDITION_FAILED', /No module named 'not_there'/)
    await refused(times('return []'), 'BACKEND_UNAVAILABLE', /0 predictions for 1 rows/)
    await refused(times('return [None]'), 'PRECONDITION_FAILED', /nothing for row 1/)
    await refused(times('time.sleep(20)'), 'TIMEOUT', /3 seconds/)
  })

  test('many who ask at once each get their own answer', async () => {
    const deployments = await Promise.all([deployOnline(times()), deployOnline(times('model = 2'))])
    const answers = await Promise.all(Array.from({ length: 40 }, (_, i) => ask(deployments[i % 2]!, [{ size: i }])))
    expect(answers.map(({ predictions }) => predictions[0])).toEqual(answers.map((_, i) => i * (i % 2 === 0 ? 3 : 2)))
  })
})
