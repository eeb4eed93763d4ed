import { rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createLogger } from '../../src/logger.js'
import { discardApplications } from '../../src/operations/discard-applications.js'
import type { TestHub } from '../hub.js'
import type { DataFlowDouble } from '../oci/data-flow-double.js'
import { openDataFlowHub } from '../oci/data-flow-hub.js'
import { seedObject, uniqueName } from '../seed.js'
import { seedDeployments } from './deployment-seed.js'
import {
  eventFields,
  readEvents,
  readRun,
  runWhen,
  type SeenEvent,
  seedDeployment,
  socketClient,
  startRun,
} from './pipeline-seed.js'
import { seedPredictions, uniqueTable } from './prediction-seed.js'

let double: DataFlowDouble
let hub: TestHub
let close: () => Promise<void>
beforeAll(async () => {
  ;({ double, hub, close } = await openDataFlowHub({ isStoredThere: true }))
})
afterAll(() => close())

describe('pipelines on Data Flow', () => {
  const texts = (run: { steps: { logs: { text: string; stream: string }[] }[] }, step = 0): string[] =>
    run.steps[step]!.logs.map(({ text }) => text)
  const counted = (lines: number): string[] => Array.from({ length: lines }, (_, i) => `line ${i + 1}`)
  /** A file that a script waits for. */
  const signal = () => {
    const file = join(hub.home, uniqueName('signal'))
    const give = async (): Promise<void> => {
      await writeFile(`${file}.new`, '')
      await rename(`${file}.new`, file)
    }
    return { file, give, wait: `import os, sys, time\nwhile not os.path.exists(${JSON.stringify(file)}): time.sleep(0.02)\n` }
  }

  test('a deployment is an application; its run shows lines and marks while it runs, and saves predictions from inside', async () => {
    const deployments = await seedDeployments(hub)
    const predictions = await seedPredictions(hub)
    const table = uniqueTable()
    const { wait, give } = signal()
    const main = `import json, os, sys, urllib.request
print("arguments", sys.argv[1:])
print('::dhuo {"progress": 0.5, "message": "half"}')
${wait}
def ask(query, **variables):
    request = urllib.request.Request(os.environ["DHUO_URL"] + "/graphql", json.dumps({"query": query, "variables": variables}).encode(), {"Content-Type": "application/json", "X-Dhuo-Access-Key": os.environ["DHUO_ACCESS_KEY"]})
    return json.load(urllib.request.urlopen(request))
answer = ask("mutation ($input: SavePredictionsInput!) { savePredictions(input: $input) { version } }", input={"project": os.environ["DHUO_PROJECT"], "modelUri": "${predictions.modelUri}", "table": "${table}", "columns": ["size", "PREDICT"], "rows": [[1, "a"]]})
print(json.dumps(answer))
import helper
print(helper.word, file=sys.stderr)`
    const project = predictions.project
    const script = { bucket: predictions.bucket, key: 'scripts/predict.py' }
    const library = { bucket: predictions.bucket, key: 'libraries/helper.py' }
    await seedObject(hub, script.bucket, script.key, main)
    await seedObject(hub, library.bucket, library.key, 'word = "from the archive"\n')
    const input = {
      project,
      name: uniqueName('deployment'),
      libraries: [library],
      steps: [{ name: 'predict', script, kind: 'PREDICTION' }],
    }
    const { deploy } = await hub.data('mutation ($input: DeployInput!) { deploy(input: $input) { id status } }', { input })
    expect(deploy.status).toBe('PACKAGING')
    const settled = await deployments.settled(deploy.id)
    expect(settled).toMatchObject({ status: 'READY', statusDetail: null })
    const { node } = await hub.data(
      'query ($id: ID!) { node(id: $id) { ... on Deployment { applicationId cluster { driverShape } } } }',
      deploy,
    )
    expect(double.dataFlow.applications.get(node.applicationId)).toMatchObject({ displayName: `${project}/${input.name}` })

    // biome-ignore lint/suspicious/noTemplateCurlyInString: what Data Flow would take for a placeholder
    const id = await startRun(hub, deploy, { arguments: [{ key: 'day', value: '2026-11-30 ${x}' }] })
    const seen: SeenEvent[] = []
    const client = socketClient(hub)
    const query = `subscription ($id: ID!) { pipelineEvents(pipelineRun: $id) { ${eventFields} } }`
    const following = (async () => {
      for await (const { data } of client.iterate<{ pipelineEvents: SeenEvent }>({ query, variables: { id } }))
        seen.push(data!.pipelineEvents)
    })()
    // While the script is still there.
    await runWhen(hub, id, ({ steps }) => steps[0]!.status === 'RUNNING' && steps[0]!.progress === 0.5)
    for (const end = Date.now() + 5_000; !seen.some(({ message }) => message?.startsWith('arguments')); await sleep(20))
      if (Date.now() > end) throw new Error(JSON.stringify(seen))
    const live = await hub.data(
      'query ($id: ID!) { node(id: $id) { ... on PipelineRun { steps { status observedAt stale computeRunId } } } }',
      { id },
    )
    expect(live.node.steps[0]).toMatchObject({
      status: 'RUNNING',
      stale: false,
      computeRunId: expect.stringMatching(/^ocid1\.dataflowrun\./),
    })
    expect(Date.now() - Date.parse(live.node.steps[0].observedAt)).toBeLessThan(6_000)
    await give()
    await following
    await client.dispose()
    const run = await readRun(hub, id)
    expect(run).toMatchObject({ status: 'SUCCEEDED', steps: [{ progress: 0.5, message: 'half', attempt: 1 }] })
    expect(texts(run)).toEqual([
      // biome-ignore lint/suspicious/noTemplateCurlyInString: what Data Flow would take for a placeholder
      "arguments ['--day', '2026-11-30 ${x}']",
      '{"data": {"savePredictions": {"version": 1}}}',
      'from the archive',
    ])
    expect(seen.map(({ sequence }) => sequence)).toEqual(seen.map((_, i) => i + 1))
    expect(await predictions.rows(`SELECT "PREDICT" FROM ${table}`)).toEqual([['a']])
  })

  test('a script that fails is tried again, and its lines are each once, also those that Data Flow publishes later', async () => {
    const script = `import os, sys
for i in range(1, 101): print("line", i)
sys.exit(0 if os.environ["DHUO_ATTEMPT"] == "2" else 3)`
    const id = await startRun(hub, await seedDeployment(hub, [{ name: 'train', script, maxAttempts: 2 }]))
    const run = await runWhen(hub, id, undefined, 30_000)
    expect(run).toMatchObject({ status: 'SUCCEEDED', steps: [{ attempt: 2 }] })
    expect(texts(run)).toEqual([...counted(100), ...counted(100)])
    expect((await readEvents(hub, id)).some(({ message }) => message?.includes('exit code 3'))).toBe(true)
  })

  test('the application of a deployment that is deleted goes', async () => {
    const deployments = await seedDeployments(hub)
    const { id } = await deployments.deploy()
    await deployments.settled(id)
    const { applicationId } = (await hub.datasources.catalog.deployments.byIds([id]))[0]!
    await hub.data('mutation ($id: ID!) { deleteDeployment(id: $id) { id } }', { id })
    await discardApplications(hub.datasources, createLogger('silent'))
    expect(double.dataFlow.applications.get(applicationId!)).toMatchObject({ lifecycleState: 'DELETED' })
    expect((await hub.datasources.catalog.deployments.byIds([id]))[0]).toMatchObject({ applicationId: null })
  })
})
