import { spawn } from 'node:child_process'
import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { eventually } from '../eventually.js'
import { wheelOf } from '../graphql/deployment-seed.js'
import { adminEmail, adminPassword } from '../hub.js'
import { createBucketIn } from '../oci/create-bucket-in.js'
import { compartment, type DataFlowDouble, startDataFlowDouble } from '../oci/data-flow-double.js'
import { dataFlowSettings } from '../oci/data-flow-hub.js'
import { FunctionsService } from '../oci/functions-service.js'
import { type PackageIndex, startPackageIndex } from '../operations/package-index.js'
import { seedObject } from '../seed.js'
import { type BuiltServer, buildServer, type ServerProcess } from '../server-process.js'

const root = join(import.meta.dirname, '..', '..')

let double: DataFlowDouble
let functions: FunctionsService
let index: PackageIndex
let built: BuiltServer
let server: ServerProcess
let home: string
/** Calls of the double that were the test's own. */
let preparing = 0
beforeAll(async () => {
  built = await buildServer()
  home = join(built.directory, 'home')
  await mkdir(home)
  functions = new FunctionsService({ url: () => double.oci.url })
  double = await startDataFlowDouble({ acceptMs: 100, logsMs: 50, cancelMs: 50 }, functions)
  await createBucketIn(double.oci, 'handoff')
  preparing = double.oci.requests.length
  index = await startPackageIndex(
    new Map([['tiny_lib-2.0-py3-none-any.whl', wheelOf('tiny_lib', '2.0', { 'tiny_lib/__init__.py': 'two = 2\n' })]]),
  )
  const builder = functions.add({
    ...{ displayName: 'archive', image: functions.archiveImage, detachedModeTimeoutInSeconds: 120 },
    config: { PIP_CONFIG_FILE: '/dev/null' },
  })
  server = await built.start({
    ...(await dataFlowSettings(double, { isStoredThere: true })),
    DHUO_FUNCTIONS_URL: `oci-functions://${functions.application}?image=${functions.image}&bucket=handoff`,
    DHUO_ARCHIVE_FUNCTION: `${builder}?bucket=handoff`,
    DHUO_HOME: home,
    DHUO_LOG_LEVEL: 'debug',
  })
}, 120_000)
afterAll(async () => {
  await built.remove()
  await double.close()
  await index.close()
})

/** The story of the demo, told to this server. @returns its exit code and what it printed */
async function tellIris(): Promise<[number | null, string]> {
  const program = `
    import { createDemoClient } from '${root}/scripts/demo/demo-client.mjs'
    import { irisDemo } from '${root}/scripts/demo/iris-demo.mjs'
    const client = createDemoClient('${server.hub.url}')
    await client.logIn('${adminEmail}', '${adminPassword}')
    await irisDemo(client)
    await client.close()`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  const said = await Promise.all([text(child.stdout!), text(child.stderr!)])
  return [await ended, said.join('')]
}

const online = `import json, os
import tiny_lib
def load(model_path):
    (name,) = os.listdir(model_path)
    return json.load(open(os.path.join(model_path, name)))
def predict(model, rows):
    return [[type(model).__name__, row["size"] * tiny_lib.two, os.environ["DHUO_MODEL_URI"]] for row in rows]
`

test('the whole life of a model goes through Object Storage, Data Flow and Functions, and nothing of it stays on this machine', async () => {
  const { hub } = server
  const [code, said] = await tellIris()
  expect([code, said]).toEqual([0, expect.stringMatching(/accuracy +(9\d|100)\.\d %: \d+ of 30 flowers/)])
  expect(said).toContain('iris.csv: 3858 bytes, SHA-256')
  expect(said).toContain('as they were uploaded')

  // Each attempt of a step was one run of the application that its deployment names.
  const { project } = await hub.data(`{ project(name: "iris") {
    deployments(first: 5) { nodes { applicationId pipelineRuns(first: 3) { nodes { steps { name status attempt logs { text } } } } } } } }`)
  const steps = project.deployments.nodes.flatMap(({ pipelineRuns }: { pipelineRuns: { nodes: { steps: unknown[] }[] } }) =>
    pipelineRuns.nodes.flatMap((run) => run.steps),
  )
  expect(
    steps.map(({ name, status, attempt }: { name: string; status: string; attempt: number }) => [name, status, attempt]),
  ).toEqual(expect.arrayContaining(['features', 'train', 'evaluate', 'predict'].map((name) => [name, 'SUCCEEDED', 1])))
  expect(double.dataFlow.runs.size).toBe(steps.length)
  expect([...double.dataFlow.runsByTag('dhuo-job').values()]).toEqual(steps.map(() => 1))
  expect(JSON.stringify(steps)).toContain('softmax, run')
  for (const { applicationId } of project.deployments.nodes)
    expect(double.dataFlow.applications.get(applicationId)).toMatchObject({
      lifecycleState: 'ACTIVE',
      compartmentId: compartment,
    })

  // What the API lists is what lies in Object Storage, under the same names.
  const { project: stored } = await hub.data(
    '{ project(name: "iris") { buckets(first: 10) { nodes { name objects(first: 100) { nodes { key } } } } } }',
  )
  expect(stored.buckets.nodes.length).toBeGreaterThan(2)
  for (const { name, objects } of stored.buckets.nodes) {
    const held = double.storage.state.buckets.get(name)!
    const names = [...held.objects.keys()].filter((object) => !object.startsWith('.dhuo/'))
    expect(names.sort()).toEqual(objects.nodes.map(({ key }: { key: string }) => key).sort())
  }
  expect(await readdir(home)).not.toContain('buckets')
}, 180_000)

test('a model is served by a function whose packages another function has put together', async () => {
  const { hub } = server
  const bucket = 'iris-deployments'
  await seedObject(hub, bucket, 'online/predict.py', online)
  const input = {
    ...{ project: 'iris', name: 'iris-online', kind: 'ONLINE', modelUri: 'models:/iris-species/Production' },
    requirements: `--index-url ${index.url}\ntiny-lib\n`,
    steps: [{ name: 'answer', kind: 'PREDICTION', script: { bucket, key: 'online/predict.py' } }],
  }
  const { deploy } = await hub.data('mutation ($input: DeployInput!) { deploy(input: $input) { id } }', { input })
  const query = 'query ($id: ID!) { node(id: $id) { ... on Deployment { status statusDetail archive { packages } } } }'
  let found = { status: 'PACKAGING' }
  await eventually(async () => {
    found = (await hub.data(query, deploy)).node
    return found.status !== 'PACKAGING'
  }, 60_000)
  expect(found).toEqual({ status: 'READY', statusDetail: null, archive: { packages: ['tiny-lib==2.0'] } })
  const { predict } = await hub.data(
    'mutation ($input: PredictInput!) { predict(input: $input) { predictions modelVersion { uri } } }',
    {
      input: { deployment: deploy.id, rows: [{ size: 1 }, { size: 2.5 }] },
    },
  )
  const uri = predict.modelVersion.uri
  expect(uri).toMatch(/^models:\/iris-species\/1$/)
  expect(predict.predictions).toEqual([
    ['dict', 2, uri],
    ['dict', 5, uri],
  ])
  expect(index.asked.some((url) => url.includes('tiny'))).toBe(true)
}, 120_000)

test('every call is in the log with the id that Oracle asks for, every create has its token, and no line has a secret', async () => {
  await server.end('SIGTERM')
  const requests = double.oci.requests.slice(preparing)
  const logged = new Set<string>()
  for (const line of server.logged) {
    const { opcRequestId } = JSON.parse(line) as { opcRequestId?: string }
    if (opcRequestId) logged.add(opcRequestId.split('/')[0]!)
  }
  // Clients with a pre-authenticated request have none.
  const ours = requests.filter(({ clientRequestId }) => clientRequestId)
  expect(requests.filter((request) => !ours.includes(request)).every(({ operation }) => operation.endsWith('ByPar'))).toBe(true)
  expect(ours.length).toBeGreaterThan(100)
  expect(ours.filter(({ clientRequestId }) => !logged.has(clientRequestId!)).map(({ operation }) => operation)).toEqual([])

  // Object Storage and Functions know no such token: there a condition, or the name, keeps things from being made twice.
  const creates = requests.filter(({ operation }) => /^create(Application|Run)$/.test(operation))
  expect(new Set(creates.map(({ operation }) => operation)).size).toBe(2)
  for (const { retryToken } of creates) expect(retryToken).toMatch(/^[0-9a-f]{64}$/)

  const said = server.logged.join('\n')
  for (const secret of ['PRIVATE KEY', 'Signature version', '/p/', 'dhuo_key_', double.oci.keyId])
    expect(said).not.toContain(secret)
})
