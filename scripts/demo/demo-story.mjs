// The story that each example tells: data, training, prediction, and the one query that leads back to the bytes.
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { display } from './demo-display.mjs'
import { deploy, makeDataset, makeProject, runAndFollow, uploadScripts } from './demo-life-cycle.mjs'

const examples = join(import.meta.dirname, '..', '..', 'examples')

/**
 * @param story what differs: names, the steps of the training, the schedule, and `showRuns` and `showScore`, which print what
 * was learned; the files are in `examples/<example>`
 * @returns the query that leads from the prediction to the bytes
 */
export async function tellStory(client, story) {
  const { project, example } = story
  display.heading('Data')
  await makeProject(client, project, story.description)
  const file = `${example}.csv`
  const content = await makeDataset(client, project, { path: join(examples, example, file), key: file, name: story.dataset })

  display.heading('Training')
  const script = await uploadScripts(client, project, example)
  const libraries = ['client.py', ...story.libraries].map(script)
  const steps = story.training.map((step) => ({ ...step, script: script(step.script) }))
  await runAndFollow(client, await deploy(client, { project, name: `${project}-training`, libraries, steps }))
  await story.showRuns(client)

  display.heading('Prediction')
  const predicting = await deploy(client, {
    ...{ project, name: `${project}-prediction`, libraries, modelUri: `models:/${story.model}/Production` },
    ...story.schedule,
    steps: [{ name: 'predict', kind: 'PREDICTION', script: script('predict.py') }],
  })
  const run = await runAndFollow(client, predicting)
  const { node } = await client.query(
    'query ($id: ID!) { node(id: $id) { ... on PipelineRun { predictions { id output { table } } } } }',
    { id: run },
  )
  const [saved] = node.predictions
  if (!saved) throw new Error('The run has saved no predictions.')
  await story.showScore(client, saved.output.table)

  display.heading('One query, from the prediction back to the bytes of the file')
  const linked = linkedQuery(saved.id, story)
  display.block(linked)
  const answer = await client.query(linked)
  display.block(JSON.stringify(answer, (key, value) => (key === 'downloadUrl' ? value.replace(/\?.*/, '?…') : value), 2))
  await checkBytes(answer, content)
  return linked
}

const linkedQuery = (prediction, { param, metric }) => `query FromThePredictionToTheBytes {
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
          ${param}: param(key: "${param}")
          ${metric}: metric(key: "${metric}")
          inputs { name version object { key size sha256 downloadUrl } }
        }
      }
    }
  }
}`

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

/** The one row of a SELECT, by the names of its columns. */
export async function selectRow({ query }, project, sql) {
  const document =
    'query ($project: String!, $sql: String!) { executeSelect(project: $project, sql: $sql) { columns { name } rows } }'
  const { columns, rows } = (await query(document, { project, sql })).executeSelect
  return Object.fromEntries(columns.map(({ name }, place) => [name, rows[0][place]]))
}
