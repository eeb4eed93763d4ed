import { releaseHandlers } from '../../src/operations/keep-handlers.js'
import { createTestHub, type TestHub } from '../hub.js'
import { createBucketIn } from '../oci/create-bucket-in.js'
import { FunctionsService } from '../oci/functions-service.js'
import { objectStorageService } from '../oci/object-storage-service.js'
import { type OciDouble, startOciDouble } from '../oci/oci-double.js'
import { seedObject, uniqueName } from '../seed.js'
import { seedModels } from './model-seed.js'

let double: OciDouble
let functions: FunctionsService
let hub: TestHub
let project: string
let bucket: string
let modelUri: string
beforeAll(async () => {
  functions = new FunctionsService({ url: () => double.url })
  double = await startOciDouble(functions, objectStorageService())
  await createBucketIn(double, 'handoff')
  hub = await createTestHub({
    DHUO_FUNCTIONS_URL: `oci-functions://${functions.application}?image=${functions.image}&bucket=handoff`,
    DHUO_OCI_CONFIG_FILE: await double.writeConfigFile(),
    DHUO_OCI_ENDPOINT: double.url,
  })
  const models = await seedModels(hub)
  ;({ project, bucket } = models)
  const key = `${uniqueName('folder')}/factor.txt`
  await seedObject(hub, bucket, key, '3')
  const model = uniqueName('model')
  await models.save(model, { objects: [{ bucket, key }] })
  modelUri = `models:/${model}/1`
})
afterAll(async () => {
  await hub.close()
  await double.close()
})

const script = (sign = '') => `import os
def load(model_path):
    return ${sign}int(open(os.path.join(model_path, "factor.txt")).read())
def predict(model, rows):
    return [[row["size"] * model, os.environ["DHUO_MODEL_URI"]] for row in rows]
`
async function deploy(name: string, text: string): Promise<string> {
  const key = `${uniqueName('scripts')}/predict.py`
  await seedObject(hub, bucket, key, text)
  const steps = [{ name: 'answer', kind: 'PREDICTION', script: { bucket, key } }]
  const input = { project, name, kind: 'ONLINE', steps, modelUri }
  return (await hub.data('mutation ($input: DeployInput!) { deploy(input: $input) { id } }', { input })).deploy.id
}
const predict = 'mutation ($input: PredictInput!) { predict(input: $input) { predictions modelVersion { uri } } }'
const ask = async (deployment: string, ...rows: unknown[]) =>
  (await hub.data(predict, { input: { deployment, rows } })).predict.predictions
const until = async (holds: () => boolean) => {
  for (const deadline = Date.now() + 10_000; !holds(); await new Promise((resolve) => setTimeout(resolve, 20)))
    if (Date.now() > deadline) throw new Error('it did not come to that')
}

describe('predict through OCI Functions', () => {
  test('is answered by a function that was prepared when it was deployed; versions that are no more leave nothing there', async () => {
    const name = uniqueName('online')
    const deployment = await deploy(name, script())
    await until(() => functions.started === 1)
    expect(await ask(deployment, { size: 1 }, { size: 2.5 })).toEqual([
      [3, modelUri],
      [7.5, modelUri],
    ])
    expect(functions.started).toBe(1)
    expect(await deploy(name, script('-'))).toBe(deployment)
    expect(await ask(deployment, { size: 1 })).toEqual([[-3, modelUri]])
    await until(() => functions.names.length === 1)

    const other = uniqueName('other')
    functions.add({ displayName: other })
    await hub.data('mutation ($id: ID!) { deleteDeployment(id: $id) { id } }', { id: deployment })
    await releaseHandlers(hub.datasources)
    expect(functions.names).toEqual([other])
  })

  test('what the handler refuses is told with the row field, and the server says that it is well', async () => {
    const deployment = await deploy(uniqueName('online'), script())
    expect(await hub.error(predict, { input: { deployment, rows: [{ sise: 1 }] } })).toMatchObject({
      message: expect.stringMatching(/KeyError: 'size' \(predict\.py, line 5\)/),
      extensions: { code: 'BAD_USER_INPUT', field: 'input.rows' },
    })
    const { server } = await hub.data('{ server { backends { role kind healthy } } }')
    expect(server.backends).toContainEqual({ role: 'FUNCTIONS', kind: 'oci-functions', healthy: true })
  })

  test('while Oracle Cloud is down it is BACKEND_UNAVAILABLE, and afterwards it answers again', async () => {
    const deployment = await deploy(uniqueName('online'), script())
    expect(await ask(deployment, { size: 1 })).toEqual([[3, modelUri]])
    await double.goDown()
    const error = await hub.error(predict, { input: { deployment, rows: [{ size: 1 }] } })
    expect(error).toMatchObject({ extensions: { code: 'BACKEND_UNAVAILABLE' } })
    expect(JSON.stringify(error)).not.toMatch(/127\.0\.0\.1|ocid1/)
    await double.goUp()
    expect(await ask(deployment, { size: 1 })).toEqual([[3, modelUri]])
  })
})
