// Iris: 150 flowers, two classifiers, the better one predicts what none has seen.
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { display } from './demo-display.mjs'
import { deploy, makeDataset, makeProject, runAndFollow, sparkline, uploadScripts } from './demo-life-cycle.mjs'

const project = 'iris'
const path = join(import.meta.dirname, '..', '..', 'examples', 'iris', 'iris.csv')

const linkedQuery = (prediction) => `query FromThePredictionToTheBytes {
  node(id: "${prediction}") {
    ... on Prediction {
      version
      rowCount
      output { name }
      input { name producedBy { name } }
      pipelineRun { number deployment { name } }
      modelVersion {
        uri
        stage
        run {
          name
          classifier: param(key: "classifier")
          accuracy: metric(key: "validation_accuracy")
          inputs { name version object { key size sha256 downloadUrl } }
        }
      }
    }
  }
}`

/** @returns the query that leads from the prediction to the bytes */
export async function irisDemo(client) {
  const { query } = client
  display.heading('Data')
  await makeProject(client, project, 'The species of flowers, from the sizes of their petals and sepals')
  const { content } = await makeDataset(client, project, { path, key: 'iris.csv', name: 'iris_measurements' })

  display.heading('Training')
  const script = await uploadScripts(client, project, 'iris')
  const libraries = [script('client.py'), script('classifiers.py')]
  const training = await deploy(client, {
    ...{ project, name: 'iris-training', libraries },
    steps: [
      { name: 'features', kind: 'FEATURE_ENGINEERING', script: script('features.py') },
      { name: 'train', kind: 'TRAINING', script: script('train.py') },
      { name: 'evaluate', kind: 'EVALUATION', script: script('evaluate.py') },
    ],
  })
  await runAndFollow(client, training)
  await showRuns(client)

  display.heading('Prediction')
  const prediction = await deploy(client, {
    ...{ project, name: 'iris-prediction', libraries, modelUri: 'models:/iris-species/Production' },
    ...{ cron: '0 6 * * MON-FRI', timezone: 'America/Sao_Paulo' },
    steps: [{ name: 'predict', kind: 'PREDICTION', script: script('predict.py') }],
  })
  const run = await runAndFollow(client, prediction)
  const { node } = await query(
    'query ($id: ID!) { node(id: $id) { ... on PipelineRun { predictions { id rowCount output { table } } } } }',
    { id: run },
  )
  const [saved] = node.predictions
  const { executeSelect } = await query(
    'query ($project: String!, $sql: String!) { executeSelect(project: $project, sql: $sql) { rows } }',
    {
      project,
      sql: `SELECT count(*) AS flowers, count(*) FILTER (WHERE "PREDICT" = species) AS correct FROM ${saved.output.table}`,
    },
  )
  const [{ flowers, correct }] = executeSelect.rows
  display.line(
    `✓ accuracy         ${((100 * correct) / flowers).toFixed(1)} %: ${correct} of ${flowers} flowers that no model had seen`,
  )
  if (correct / flowers < 0.8) throw new Error('The predictions are far from what these models can do.')

  display.heading('One query, from the prediction back to the bytes of the file')
  const linked = linkedQuery(saved.id)
  display.block(linked)
  const answer = await query(linked)
  display.block(JSON.stringify(answer, (key, value) => (key === 'downloadUrl' ? value.replace(/\?.*/, '?…') : value), 2))
  await checkBytes(answer, content)
  return linked
}

async function showRuns({ query }) {
  const { experiment } = await query(
    `query ($project: String!) { experiment(project: $project, name: "iris-species") {
      bestRun(metric: "validation_accuracy") { name }
      runs { nodes { name param(key: "classifier") metricHistory(key: "loss", first: 100) { nodes { value } } } } } }`,
    { project },
  )
  for (const { name, param, metricHistory } of experiment.runs.nodes) {
    const losses = metricHistory.nodes.map(({ value }) => value)
    if (losses.length > 0) {
      const ends = `${losses[0].toFixed(3)} → ${losses.at(-1).toFixed(3)}`
      display.line(`✓ loss             ${ends} ${sparkline(losses)}  (${param}, run ${name}, ${losses.length} points logged)`)
    }
  }
}

/** The bytes at the end of the query are those that were uploaded at the beginning. */
async function checkBytes({ node }, content) {
  await display.task('source', async () => {
    const { object } = node.modelVersion.run.inputs.find((input) => input.object !== null)
    const bytes = Buffer.from(await (await fetch(object.downloadUrl)).arrayBuffer())
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    if (!bytes.equals(content) || sha256 !== object.sha256) throw new Error(`${object.key} is not what was uploaded.`)
    return { said: `${object.key}: ${bytes.length} bytes, SHA-256 ${sha256.slice(0, 12)}…, as they were uploaded` }
  })
}
