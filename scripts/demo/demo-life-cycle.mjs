// What every example does: makes a project, uploads files, deploys scripts, runs them and shows all that happens, live.
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { display } from './demo-display.mjs'

const root = join(import.meta.dirname, '..', '..')
const purposes = ['RAW', 'MODELS', 'PREDICTIONS', 'DEPLOYMENTS']

export async function makeProject({ query }, project, description) {
  await display.task('project', async () => {
    const { createProject } = await query('mutation ($input: CreateProjectInput!) { createProject(input: $input) { name } }', {
      input: { name: project, description },
    })
    const names = []
    for (const purpose of purposes) {
      const document = 'mutation ($input: CreateBucketInput!) { createBucket(input: $input) { name } }'
      names.push((await query(document, { input: { project, purpose } })).createBucket.name)
    }
    return { said: `${createProject.name}, with the buckets ${names.join(', ')}` }
  })
}

/** Uploads a file of data and makes a dataset of it. @returns its bytes */
export async function makeDataset(client, project, { path, key, name }) {
  const content = await readFile(path)
  const bucket = `${project}-raw`
  await display.task('upload', async () => {
    const sent = await client.upload(bucket, key, content, 'text/csv')
    const size = `${content.length} bytes in ${sent.parts} signed part${sent.parts === 1 ? '' : 's'}`
    return { said: `${key}: ${size}, SHA-256 ${sent.object.sha256.slice(0, 12)}…` }
  })
  await display.task('dataset', async () => {
    const { createDataset } = await client.query(
      'mutation ($input: CreateDatasetInput!) { createDataset(input: $input) { rowCount columns { name } } }',
      { input: { project, name, object: { bucket, key } } },
    )
    const { rowCount, columns } = createDataset
    return { said: `${name}: ${rowCount} rows of ${columns.map((each) => each.name).join(', ')}` }
  })
  return content
}

/** Uploads the scripts of an example, and the client that they share. */
export async function uploadScripts(client, project, example) {
  const directory = join(root, 'examples', example)
  const bucket = `${project}-deployments`
  await display.task('scripts', async () => {
    const names = (await readdir(directory)).filter((name) => name.endsWith('.py'))
    const files = [...names.map((name) => join(directory, name)), join(root, 'templates', 'client.py')]
    for (const file of files)
      await client.upload(bucket, `scripts/${file.split(/[\\/]/).at(-1)}`, await readFile(file), 'text/x-python')
    return { said: [...names, 'client.py'].join(', ') }
  })
  return (name) => ({ bucket, key: `scripts/${name}` })
}

/** @returns the id, when the deployment is ready */
export async function deploy({ query }, input) {
  return display.task('deploy', async () => {
    const made = (await query('mutation ($input: DeployInput!) { deploy(input: $input) { id } }', { input })).deploy
    for (;;) {
      const { node } = await query(
        `query ($id: ID!) { node(id: $id) { ... on Deployment {
          id name version status statusDetail schedule { cron timezone nextRunAt } steps { name needs } modelVersion { uri } } } }`,
        made,
      )
      if (node.status === 'FAILED') throw new Error(`The deployment ${node.name} failed: ${node.statusDetail}`)
      if (node.status === 'READY') return { said: describeDeployment(node), value: node.id }
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  })
}

const describeDeployment = ({ name, version, steps, schedule, modelVersion }) =>
  [
    `${name}, version ${version}: ${describeSteps(steps)}`,
    ...(modelVersion ? [`with ${modelVersion.uri}`] : []),
    ...(schedule ? [`at "${schedule.cron}" in ${schedule.timezone}, next ${schedule.nextRunAt}`] : []),
  ].join(', ')

/** What runs side by side is joined by "+". */
function describeSteps(steps) {
  const levels = new Map()
  for (const { name, needs } of steps) levels.set(name, Math.max(-1, ...needs.map((needed) => levels.get(needed))) + 1)
  const groups = Object.groupBy(steps, ({ name }) => levels.get(name))
  return Object.values(groups)
    .map((group) => group.map(({ name }) => name).join(' + '))
    .join(' → ')
}

/** Runs a deployment and prints every step and every line as it comes over the socket. @returns the id of the run */
export async function runAndFollow({ query, subscribe }, deployment) {
  const since = performance.now()
  const { runDeployment: run } = await query(
    'mutation ($input: RunDeploymentInput!) { runDeployment(input: $input) { id number deployment { name } } }',
    { input: { deployment } },
  )
  const name = `${run.deployment.name} #${run.number}`
  display.line(`▶ ${name}`)
  display.show(name)
  let last = null
  const events = subscribe(
    `subscription ($id: ID!) { pipelineEvents(pipelineRun: $id) {
      sequence type stepName runStatus stepStatus progress message stream } }`,
    { id: run.id },
  )
  for await (const event of events) {
    const { type, stepName, runStatus, stepStatus, progress, message, stream } = event
    const why = message ? ` ${message}` : ''
    if (type === 'LOG') display.step(since, stepName, display.log(message, stream))
    else if (type === 'STEP_STATUS') {
      if (stepStatus !== 'PENDING' && stepStatus !== 'QUEUED') display.step(since, stepName, display.status(stepStatus) + why)
      if (stepStatus === 'RUNNING') display.show(`${name}: ${stepName}`, 0)
    } else if (type === 'STEP_PROGRESS') display.show(`${name}: ${stepName}`, progress)
    else {
      last = { runStatus, message }
      display.step(since, '', display.status(runStatus) + why)
    }
  }
  display.show(null)
  if (last?.runStatus !== 'SUCCEEDED') throw new Error(`${name} is ${last?.runStatus}: ${last?.message ?? 'no reason was given'}`)
  return run.id
}
