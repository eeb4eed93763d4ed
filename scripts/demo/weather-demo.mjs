// Weather: four years of two cities, two regressions side by side, the better one predicts how warm each next day becomes.
import { display } from './demo-display.mjs'
import { selectRow, tellStory } from './demo-story.mjs'

const project = 'weather'
const needs = ['features']
const season = 'temp_max,temp_min,precipitation,wind,temp_max_week,season_sin,season_cos,is_seattle'
const training = { kind: 'TRAINING', script: 'train.py', needs }

export const weatherDemo = (client) =>
  tellStory(client, {
    ...{ project, example: 'weather', description: 'How warm the next day becomes, from the days before it' },
    ...{ dataset: 'weather_days', model: 'weather-tomorrow', libraries: ['regression.py'] },
    training: [
      { name: 'features', kind: 'FEATURE_ENGINEERING', script: 'features.py' },
      { ...training, name: 'train-today', arguments: ['--features', 'temp_max'] },
      { ...training, name: 'train-season', arguments: ['--features', season] },
      { name: 'evaluate', kind: 'EVALUATION', script: 'evaluate.py', needs: ['train-today', 'train-season'] },
    ],
    schedule: { cron: '30 21 * * *', timezone: 'America/New_York' },
    ...{ param: 'regression', metric: 'validation_rmse', showRuns, showScore },
  })

async function showRuns({ query }) {
  const { experiment } = await query(
    `query ($project: String!) { experiment(project: $project, name: "weather-tomorrow") {
      bestRun(metric: "validation_rmse", goal: MINIMIZE) {
        name param(key: "regression") rmse: metric(key: "validation_rmse") r2: metric(key: "validation_r2") } } }`,
    { project },
  )
  const { name, param, rmse, r2 } = experiment.bestRun
  display.done('best run', `${param} (${name}): RMSE ${rmse.toFixed(2)} °C, R² ${r2.toFixed(3)} on the days of 2014`)
}

async function showScore(client, table) {
  const { days, rmse, unchanged } = await selectRow(
    client,
    project,
    `SELECT count(*) AS days, sqrt(avg(("PREDICT" - next_temp_max) ** 2)) AS rmse,
      sqrt(avg((temp_max - next_temp_max) ** 2)) AS unchanged FROM ${table}`,
  )
  const compared = `who says "as warm as today" errs by ${unchanged.toFixed(2)} °C`
  display.done('RMSE', `${rmse.toFixed(2)} °C on ${days} days of 2015 that no model had seen; ${compared}`)
  if (!(rmse < unchanged)) throw new Error('The predictions are no better than saying that nothing changes.')
}
