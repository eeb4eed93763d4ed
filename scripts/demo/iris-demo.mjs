// Iris: 150 flowers, two classifiers, the better one predicts what none has seen.
import { display } from './demo-display.mjs'
import { selectRow, tellStory } from './demo-story.mjs'

const project = 'iris'

export const irisDemo = (client) =>
  tellStory(client, {
    ...{ project, example: 'iris', description: 'The species of flowers, from the sizes of their petals and sepals' },
    ...{ dataset: 'iris_measurements', model: 'iris-species', libraries: ['classifiers.py'] },
    training: [
      { name: 'features', kind: 'FEATURE_ENGINEERING', script: 'features.py' },
      { name: 'train', kind: 'TRAINING', script: 'train.py' },
      { name: 'evaluate', kind: 'EVALUATION', script: 'evaluate.py' },
    ],
    schedule: { cron: '0 6 * * MON-FRI', timezone: 'America/Sao_Paulo' },
    ...{ param: 'classifier', metric: 'validation_accuracy', showRuns, showScore },
  })

async function showRuns({ query }) {
  const { experiment } = await query(
    `query ($project: String!) { experiment(project: $project, name: "iris-species") {
      runs { nodes { name param(key: "classifier") metricHistory(key: "loss", first: 100) { nodes { value } } } } } }`,
    { project },
  )
  for (const { name, param, metricHistory } of experiment.runs.nodes) {
    const losses = metricHistory.nodes.map(({ value }) => value)
    if (losses.length === 0) continue
    const ends = `${losses[0].toFixed(3)} → ${losses.at(-1).toFixed(3)}`
    display.done('loss', `${ends} ${sparkline(losses)} (${param}, run ${name}, ${losses.length} points logged)`)
  }
}

/** A line of blocks, the largest value the tallest. */
function sparkline(values) {
  const [low, high] = [Math.min(...values), Math.max(...values)]
  return values.map((value) => '▁▂▃▄▅▆▇█'[Math.round((7 * (value - low)) / (high - low || 1))]).join('')
}

async function showScore(client, table) {
  const sql = `SELECT count(*) AS flowers, count(*) FILTER (WHERE "PREDICT" = species) AS correct FROM ${table}`
  const { flowers, correct } = await selectRow(client, project, sql)
  display.done('accuracy', `${((100 * correct) / flowers).toFixed(1)} %: ${correct} of ${flowers} flowers that no model had seen`)
  if (!(correct / flowers >= 0.8)) throw new Error('The predictions are far from what these models can do.')
}
