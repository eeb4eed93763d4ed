import { createTestHub, type TestHub } from '../hub.js'
import { seedBucket, seedExperiment, seedObject, seedProject, seedRun, uniqueName } from '../seed.js'
import { runWhen, startRun } from './pipeline-seed.js'
import { uniqueTable } from './prediction-seed.js'

/*
 * Random life cycles, made through the API alone. `record` is what this file did; every link that the API shows is held against
 * it, from both of its ends.
 */

/** https://en.wikipedia.org/wiki/Linear_congruential_generator: the same seed, the same life. */
function randomOf(seed: number): <T>(items: readonly T[]) => T {
  let state = seed
  return (items) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return items[Math.floor((state / 2 ** 32) * items.length)]!
  }
}

interface Linked {
  id: string
}
interface RecordedObject extends Linked {
  content: string
}
interface RecordedDataset extends Linked {
  name: string
  objectId: string | null
  stepId: string | null
}
interface RecordedRun extends Linked {
  inputs: string[]
  stepId: string | null
}
interface RecordedVersion extends Linked {
  uri: string
  runId: string | null
}
interface RecordedDeployment extends Linked {
  modelVersionId: string
  /** What its script was given to do. */
  inputId: string
  table: string
}
interface RecordedPipelineRun extends Linked {
  deploymentId: string
  stepId: string
}
interface RecordedPrediction extends Linked {
  modelVersionId: string
  outputId: string
  inputId: string | null
  deploymentId: string | null
  pipelineRunId: string | null
  stepId: string | null
  version: number
}

const idsOf = (rows: readonly Linked[]): string[] => rows.map(({ id }) => id).sort()

/** Logs a run, makes a dataset and saves predictions, each by the key of its step alone. */
const script = `import json, os, sys, urllib.request
experiment, dataset, model, table, made = sys.argv[1:6]
def ask(query, **variables):
    request = urllib.request.Request(os.environ["DHUO_URL"] + "/graphql",
        data=json.dumps({"query": query, "variables": variables}).encode(),
        headers={"Content-Type": "application/json", "X-Dhuo-Access-Key": os.environ["DHUO_ACCESS_KEY"]})
    answer = json.load(urllib.request.urlopen(request))
    if answer.get("errors"):
        sys.exit(json.dumps(answer["errors"]))
    return answer["data"]
project = os.environ["DHUO_PROJECT"]
run = ask("mutation ($input: CreateRunInput!) { createRun(input: $input) { id } }",
          input={"experiment": experiment, "inputs": [dataset]})["createRun"]["id"]
name = made + os.environ["DHUO_PIPELINE_RUN"][-12:]
out = ask("mutation ($input: CreateDatasetInput!) { createDataset(input: $input) { id name } }",
          input={"project": project, "name": name, "sql": "select 1 as size"})["createDataset"]
saved = ask("mutation ($input: SavePredictionsInput!) { savePredictions(input: $input) { id version output { id } } }",
            input={"project": project, "modelUri": model, "table": table, "columns": ["size", "PREDICT"], "rows": [[1, "a"]],
                   "input": dataset, "idempotencyKey": os.environ["DHUO_PIPELINE_RUN"]})["savePredictions"]
print(json.dumps({"run": run, "dataset": out, "saved": saved}))
`

class Life {
  readonly objects: RecordedObject[] = []
  readonly datasets: RecordedDataset[] = []
  readonly runs: RecordedRun[] = []
  readonly versions: RecordedVersion[] = []
  readonly deployments: RecordedDeployment[] = []
  readonly pipelineRuns: RecordedPipelineRun[] = []
  readonly predictions: RecordedPrediction[] = []
  readonly tables = [uniqueTable(), uniqueTable()]
  project = ''
  bucket = ''
  experiment = ''

  constructor(
    private readonly hub: TestHub,
    private readonly pick: ReturnType<typeof randomOf>,
  ) {}

  async begin(): Promise<void> {
    this.project = (await seedProject(this.hub)).name
    this.bucket = (await seedBucket(this.hub, this.project)).name
    this.experiment = (await seedExperiment(this.hub, this.project)).id
    await this.addObject()
    await this.addDataset()
    await this.addRun()
    await this.addVersion()
    await this.addDeployment()
  }

  async addObject(): Promise<void> {
    const content = `size\n${uniqueName('cell')}\n`
    const { id } = await seedObject(this.hub, this.bucket, `${uniqueName('rows')}.csv`, content)
    this.objects.push({ id, content })
  }

  async addDataset(): Promise<void> {
    const object = this.pick([...this.objects, null])
    const { node } = await this.hub.data('query ($id: ID!) { node(id: $id) { ... on StoredObject { key } } }', {
      id: object?.id ?? this.objects[0]!.id,
    })
    const source = object ? { object: { bucket: this.bucket, key: node.key } } : { sql: 'select 2 as size' }
    const { createDataset } = await this.hub.data(
      'mutation ($input: CreateDatasetInput!) { createDataset(input: $input) { id name } }',
      { input: { project: this.project, name: uniqueName('dataset'), ...source } },
    )
    this.datasets.push({ ...createDataset, objectId: object?.id ?? null, stepId: null })
  }

  async addRun(): Promise<void> {
    const inputs = [...new Set([this.pick(this.datasets).id, this.pick(this.datasets).id])]
    const { id } = await seedRun(this.hub, this.experiment, { inputs })
    this.runs.push({ id, inputs, stepId: null })
  }

  async addVersion(): Promise<void> {
    const run = this.pick([...this.runs, null])
    const key = `${uniqueName('model')}.bin`
    await seedObject(this.hub, this.bucket, key, key)
    const { saveModel } = await this.hub.data('mutation ($input: SaveModelInput!) { saveModel(input: $input) { id uri } }', {
      input: {
        project: this.project,
        model: this.pick(['first', 'second']),
        run: run?.id,
        objects: [{ bucket: this.bucket, key }],
      },
    })
    this.versions.push({ ...saveModel, runId: run?.id ?? null })
  }

  async addDeployment(): Promise<void> {
    const key = `${uniqueName('script')}.py`
    await seedObject(this.hub, this.bucket, key, script)
    const [model, input, table] = [this.pick(this.versions), this.pick(this.datasets), this.pick(this.tables)]
    const args = [this.experiment, input.id, model.uri, table, uniqueName('made')]
    const steps = [{ name: 'only', kind: 'PREDICTION', script: { bucket: this.bucket, key }, arguments: args }]
    const { deploy } = await this.hub.data('mutation ($input: DeployInput!) { deploy(input: $input) { id } }', {
      input: { project: this.project, name: uniqueName('deployment'), steps, modelUri: model.uri },
    })
    this.deployments.push({ id: deploy.id, modelVersionId: model.id, inputId: input.id, table })
  }

  /** Runs a deployment, and takes its script's word for what it made. */
  async addPipelineRun(): Promise<void> {
    const { id: deploymentId, modelVersionId, inputId } = this.pick(this.deployments)
    const id = await startRun(this.hub, { id: deploymentId })
    const { status, steps, statusDetail } = await runWhen(this.hub, id)
    const [step] = steps
    expect({ status, statusDetail, logs: step!.logs.slice(0, -1) }).toEqual({ status: 'SUCCEEDED', statusDetail: null, logs: [] })
    const made = JSON.parse(step!.logs[0]!.text)
    const stepId = step!.id
    this.pipelineRuns.push({ id, deploymentId, stepId })
    this.runs.push({ id: made.run, inputs: [inputId], stepId })
    this.datasets.push({ ...made.dataset, objectId: null, stepId })
    const links = { modelVersionId, inputId, deploymentId, pipelineRunId: id, stepId }
    this.recordPrediction(made.saved, links)
  }

  async addPrediction(): Promise<void> {
    const [model, input] = [this.pick(this.versions), this.pick([...this.datasets, null])]
    const run = this.pick([...this.pipelineRuns, null, null])
    const step = run && this.pick([true, false]) ? 'only' : null
    const { savePredictions } = await this.hub.data(
      'mutation ($input: SavePredictionsInput!) { savePredictions(input: $input) { id version output { id } } }',
      {
        input: {
          ...{ project: this.project, modelUri: model.uri, table: this.pick(this.tables), columns: ['size', 'PREDICT'] },
          ...{ rows: [[2, 'b']], input: input?.id, pipelineRun: run?.id, step },
        },
      },
    )
    this.recordPrediction(savePredictions, {
      ...{ modelVersionId: model.id, inputId: input?.id ?? null },
      ...{ deploymentId: run?.deploymentId ?? null, pipelineRunId: run?.id ?? null, stepId: step ? run!.stepId : null },
    })
  }

  private recordPrediction(
    saved: { id: string; version: number; output: Linked & { name?: string } },
    links: Omit<RecordedPrediction, 'id' | 'version' | 'outputId'>,
  ): void {
    const outputId = saved.output.id
    this.predictions.push({ id: saved.id, version: saved.version, outputId, ...links })
    const output = this.datasets.find(({ id }) => id === outputId)
    // A save is the newest version of its output: who saved last produced it.
    if (output) output.stepId = links.stepId
    else this.datasets.push({ id: outputId, name: '', objectId: null, stepId: links.stepId })
  }
}

const link = '{ id }'
const list = '{ nodes { id } }'
const predictionFields = `id version project { name } modelVersion ${link} deployment ${link} pipelineRun ${link} pipelineStep ${link}
  output ${link} input ${link}`

/** @param seeds a life each */
export function linksSuite(seeds: readonly number[]): void {
  describe.each([...seeds])('every link of a life cycle (seed %i)', (seedOfLife) => {
    let hub: TestHub
    let life: Life
    beforeAll(async () => {
      hub = await createTestHub()
      const pick = randomOf(seedOfLife)
      life = new Life(hub, pick)
      await life.begin()
      const deeds = [
        'addObject',
        'addDataset',
        'addRun',
        'addVersion',
        'addDeployment',
        'addPrediction',
        'addPrediction',
      ] as const
      for (let deed = 0; deed < 30; deed++) {
        if (deed % 6 === 0) await life.addPipelineRun()
        await life[pick(deeds)]()
      }
    }, 120_000)
    afterAll(() => hub.close())

    /** What the API tells of each of these. */
    const tellOf = async (type: string, rows: readonly Linked[], fields: string) =>
      (
        await hub.data(`query ($ids: [ID!]!) { nodes(ids: $ids) { ... on ${type} { ${fields} } } }`, {
          ids: rows.map(({ id }) => id),
        })
      ).nodes
    const linkTo = (id: string | null) => (id === null ? null : { id })
    const ids = (value: readonly Linked[] | { nodes: readonly Linked[] }) => idsOf('nodes' in value ? value.nodes : value)
    const where = <Row extends Linked>(rows: readonly Row[], holds: (row: Row) => boolean) => idsOf(rows.filter(holds))

    test('of predictions', async () => {
      const { predictions, project } = life
      expect(predictions.length).toBeGreaterThan(5)
      const told = await tellOf('Prediction', predictions, predictionFields)
      expect(told).toEqual(
        predictions.map((row) => ({
          ...{ id: row.id, version: row.version, project: { name: project }, modelVersion: { id: row.modelVersionId } },
          ...{ deployment: linkTo(row.deploymentId), pipelineRun: linkTo(row.pipelineRunId), pipelineStep: linkTo(row.stepId) },
          ...{ output: { id: row.outputId }, input: linkTo(row.inputId) },
        })),
      )
      const query = 'query ($name: String!) { project(name: $name) { predictions { totalCount nodes { id } } } }'
      const all = (await hub.data(query, { name: project })).project.predictions
      expect([ids(all), all.totalCount]).toEqual([idsOf(predictions), predictions.length])
      for (const outputId of new Set(predictions.map((row) => row.outputId))) {
        const versions = predictions.filter((row) => row.outputId === outputId).map(({ version }) => version)
        expect(versions).toEqual(versions.map((_, index) => index + 1))
      }
    })

    test('of datasets', async () => {
      const fields = `object ${link} producedBy ${link} usedBy ${list} predictions ${list} predictionsFrom ${list}`
      const told = await tellOf('Dataset', life.datasets, fields)
      for (const [index, { id, objectId, stepId }] of life.datasets.entries())
        expect({
          ...told[index],
          usedBy: ids(told[index].usedBy),
          predictions: ids(told[index].predictions),
          predictionsFrom: ids(told[index].predictionsFrom),
        }).toEqual({
          object: linkTo(objectId),
          producedBy: linkTo(stepId),
          usedBy: where(life.runs, ({ inputs }) => inputs.includes(id)),
          predictions: where(life.predictions, ({ outputId }) => outputId === id),
          predictionsFrom: where(life.predictions, ({ inputId }) => inputId === id),
        })
    })

    test('of objects, to their bytes and to the dataset that was loaded from them last', async () => {
      const told = await tellOf('StoredObject', life.objects, `dataset ${link} downloadUrl`)
      for (const [index, { id, content }] of life.objects.entries()) {
        const loaded = life.datasets.filter(({ objectId }) => objectId === id)
        expect(told[index].dataset).toEqual(linkTo(loaded.at(-1)?.id ?? null))
        expect(await (await fetch(told[index].downloadUrl)).text()).toBe(content)
      }
    })

    test('of runs and model versions', async () => {
      const runs = await tellOf('Run', life.runs, `inputs ${link} modelVersions ${link} pipelineStep ${link}`)
      for (const [index, { id, inputs, stepId }] of life.runs.entries())
        expect({ ...runs[index], inputs: ids(runs[index].inputs), modelVersions: ids(runs[index].modelVersions) }).toEqual({
          inputs: [...inputs].sort(),
          modelVersions: where(life.versions, ({ runId }) => runId === id),
          pipelineStep: linkTo(stepId),
        })
      const versions = await tellOf('ModelVersion', life.versions, `run ${link} deployments ${list} predictions ${list}`)
      for (const [index, { id, runId }] of life.versions.entries())
        expect({
          run: versions[index].run,
          deployments: ids(versions[index].deployments),
          predictions: ids(versions[index].predictions),
        }).toEqual({
          run: linkTo(runId),
          deployments: where(life.deployments, ({ modelVersionId }) => modelVersionId === id),
          predictions: where(life.predictions, ({ modelVersionId }) => modelVersionId === id),
        })
    })

    test('of deployments, pipeline runs and steps', async () => {
      const deployments = await tellOf(
        'Deployment',
        life.deployments,
        `modelVersion ${link} pipelineRuns ${list} predictions ${list}`,
      )
      for (const [index, { id, modelVersionId }] of life.deployments.entries())
        expect({
          modelVersion: deployments[index].modelVersion,
          pipelineRuns: ids(deployments[index].pipelineRuns),
          predictions: ids(deployments[index].predictions),
        }).toEqual({
          modelVersion: { id: modelVersionId },
          pipelineRuns: where(life.pipelineRuns, ({ deploymentId }) => deploymentId === id),
          predictions: where(life.predictions, ({ deploymentId }) => deploymentId === id),
        })
      const stepFields = `id pipelineRun ${link} runs ${link} datasets ${link} predictions ${link}`
      const runs = await tellOf(
        'PipelineRun',
        life.pipelineRuns,
        `deployment ${link} predictions ${link} steps { ${stepFields} }`,
      )
      for (const [index, { id, deploymentId, stepId }] of life.pipelineRuns.entries()) {
        const { deployment, predictions, steps } = runs[index]
        expect([deployment, ids(predictions)]).toEqual([
          { id: deploymentId },
          where(life.predictions, ({ pipelineRunId }) => pipelineRunId === id),
        ])
        expect(
          steps.map((step: Record<string, Linked[]>) => [
            step['pipelineRun'],
            ...['runs', 'datasets', 'predictions'].map((name) => ids(step[name]!)),
          ]),
        ).toEqual([
          [
            { id },
            where(life.runs, (row) => row.stepId === stepId),
            where(life.datasets, (row) => row.stepId === stepId),
            where(life.predictions, (row) => row.stepId === stepId),
          ],
        ])
      }
    })

    test('one query goes from a prediction to the bytes of its sources, and one from an object to every prediction', async () => {
      const file = 'object { id downloadUrl }'
      const backward = await tellOf(
        'Prediction',
        life.predictions,
        `input { ${file} } output { ${file} } modelVersion { files { downloadUrl } run { inputs { ${file} } } }`,
      )
      const objectOf = (datasetId: string | null) => life.datasets.find(({ id }) => id === datasetId)?.objectId ?? null
      for (const [index, row] of life.predictions.entries()) {
        expect(backward[index].input?.object?.id ?? null).toBe(objectOf(row.inputId))
        const runId = life.versions.find(({ id }) => id === row.modelVersionId)!.runId
        const inputs = life.runs.find(({ id }) => id === runId)?.inputs ?? []
        const sources = (backward[index].modelVersion.run?.inputs ?? []).map(
          ({ object }: { object: Linked | null }) => object?.id ?? null,
        )
        expect(sources.sort()).toEqual(inputs.map(objectOf).sort())
        expect((await fetch(backward[index].modelVersion.files[0].downloadUrl)).status).toBe(200)
      }
      const everyPrediction = `dataset { predictionsFrom ${list} usedBy { nodes { modelVersions { predictions ${list} } } } }`
      for (const object of life.objects) {
        const { id } = object
        const [{ dataset: forward }] = await tellOf('StoredObject', [object], everyPrediction)
        const dataset = life.datasets.filter(({ objectId }) => objectId === id).at(-1)
        if (!dataset) continue
        expect(ids(forward.predictionsFrom)).toEqual(where(life.predictions, ({ inputId }) => inputId === dataset.id))
        const runs = life.runs.filter(({ inputs }) => inputs.includes(dataset.id)).map((run) => run.id)
        const versions = life.versions.filter(({ runId }) => runId !== null && runs.includes(runId)).map((version) => version.id)
        const reached = forward.usedBy.nodes.flatMap(
          ({ modelVersions }: { modelVersions: { predictions: { nodes: Linked[] } }[] }) =>
            modelVersions.flatMap(({ predictions }) => predictions.nodes),
        )
        expect(idsOf(reached)).toEqual(where(life.predictions, ({ modelVersionId }) => versions.includes(modelVersionId)))
      }
    })
  })
}
