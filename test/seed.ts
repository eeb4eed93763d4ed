import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { TestHub } from './hub.js'

let made = 0
/** A name that no other test has. */
export const uniqueName = (prefix: string): string => `${prefix}-${(++made).toString(36)}${process.pid.toString(36)}`

export interface SeededUser {
  id: string
  email: string
  password: string
  token: string
}

/** A person who is logged in. */
export async function seedUser(hub: TestHub, roles: Record<string, 'VIEWER' | 'EDITOR' | 'OWNER'> = {}): Promise<SeededUser> {
  const email = `${uniqueName('user')}@example.com`
  const password = 'a long enough password'
  const { createUser } = await hub.data('mutation ($input: CreateUserInput!) { createUser(input: $input) { id } }', {
    input: { email, password, name: uniqueName('person') },
  })
  for (const [project, role] of Object.entries(roles))
    await hub.data(
      'mutation ($project: String!, $email: String!, $role: Role) { setProjectMember(project: $project, email: $email, role: $role) { id } }',
      {
        project,
        email,
        role,
      },
    )
  const { login } = await hub.data(
    'mutation ($email: String!, $password: String!) { login(email: $email, password: $password) { token } }',
    { email, password },
    null,
  )
  return { id: createUser.id, email, password, token: login.token }
}

export interface SeededProject {
  id: string
  name: string
}

export async function seedProject(hub: TestHub, as?: string): Promise<SeededProject> {
  const name = uniqueName('project')
  const description = uniqueName('what the project is for')
  const { createProject } = await hub.data(
    'mutation ($input: CreateProjectInput!) { createProject(input: $input) { id name } }',
    { input: { name, description } },
    as,
  )
  return createProject
}

export async function seedBucket(hub: TestHub, project: string, purpose = 'RAW'): Promise<{ id: string; name: string }> {
  const { createBucket } = await hub.data('mutation ($input: CreateBucketInput!) { createBucket(input: $input) { id name } }', {
    input: { project, purpose },
  })
  return createBucket
}

export interface SeededObject {
  id: string
  key: string
  size: number
  etag: string
}

/** Uploads bytes as a client does: announce, PUT every part, complete. */
export async function seedObject(hub: TestHub, bucket: string, key: string, content: string | Uint8Array): Promise<SeededObject> {
  const bytes = Buffer.from(content as Uint8Array)
  const input = { bucket, key, size: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') }
  const { createUpload } = await hub.data(
    'mutation ($input: CreateUploadInput!) { createUpload(input: $input) { id partSize parts { number method url headers { key value } } } }',
    { input },
  )
  for (const part of createUpload.parts) {
    const start = (part.number - 1) * createUpload.partSize
    const response = await fetch(part.url, {
      method: part.method,
      headers: Object.fromEntries(part.headers.map((header: { key: string; value: string }) => [header.key, header.value])),
      body: bytes.subarray(start, start + createUpload.partSize),
    })
    if (!response.ok) throw new Error(`part ${part.number}: ${response.status} ${await response.text()}`)
  }
  const { completeUpload } = await hub.data('mutation ($id: ID!) { completeUpload(id: $id) { id key size etag } }', {
    id: createUpload.id,
  })
  return completeUpload
}

/** An experiment of the project. */
export async function seedExperiment(hub: TestHub, project: string): Promise<{ id: string; name: string }> {
  const input = { project, name: uniqueName('experiment'), tags: [{ key: uniqueName('tag'), value: uniqueName('value') }] }
  const query = 'mutation ($input: CreateExperimentInput!) { createExperiment(input: $input) { id name } }'
  return (await hub.data(query, { input })).createExperiment
}

export async function seedRun(
  hub: TestHub,
  experiment: string,
  input: Record<string, unknown> = {},
): Promise<{ id: string; name: string }> {
  const query = 'mutation ($input: CreateRunInput!) { createRun(input: $input) { id name } }'
  return (await hub.data(query, { input: { experiment, ...input } })).createRun
}

export interface SeededKey {
  id: string
  secret: string
}

/** An access key of whoever `as` logs in. */
export async function seedKey(
  hub: TestHub,
  as: string,
  input: { project?: string; role?: 'VIEWER' | 'EDITOR' | 'OWNER'; expiresAt?: string } = {},
): Promise<SeededKey> {
  const { createAccessKey } = await hub.data(
    'mutation ($input: CreateAccessKeyInput!) { createAccessKey(input: $input) { secret accessKey { id } } }',
    { input: { name: uniqueName('key'), ...input } },
    as,
  )
  return { id: createAccessKey.accessKey.id, secret: createAccessKey.secret }
}

/** A deployment, and a run of it that has ended: its script prints a line and fails. */
async function seedPipelineRun(hub: TestHub, project: SeededProject, bucket: string, as: string): Promise<void> {
  const key = `${uniqueName('scripts')}/${uniqueName('step')}.py`
  await seedObject(hub, bucket, key, `print("${uniqueName('line')}")\nraise SystemExit(3)`)
  const steps = [{ name: uniqueName('step'), script: { bucket, key }, arguments: [uniqueName('argument')] }]
  const { deploy } = await hub.data(
    'mutation ($input: DeployInput!) { deploy(input: $input) { id } }',
    { input: { project: project.name, name: uniqueName('deployment'), steps, cron: '0 0 1 1 *' } },
    as,
  )
  const input = { deployment: deploy.id, arguments: [{ key: uniqueName('key'), value: uniqueName('value') }] }
  const { runDeployment } = await hub.data(
    'mutation ($input: RunDeploymentInput!) { runDeployment(input: $input) { id } }',
    { input },
    as,
  )
  for (const deadline = Date.now() + 20_000; ; await sleep(50)) {
    const { node } = await hub.data('query ($id: ID!) { node(id: $id) { ... on PipelineRun { endedAt } } }', runDeployment, as)
    if (node.endedAt !== null) return
    if (Date.now() > deadline) throw new Error('the pipeline run did not end')
  }
}

export interface SeededWorld {
  project: SeededProject
  viewer: SeededUser
  editor: SeededUser
  owner: SeededUser
  /** What no query tells, but a mutation takes: the ids of uploads. */
  otherIds: string[]
  runId: string
  modelVersionId: string
  deploymentId: string
}

/**
 * Something of every kind that a project can have, with names, texts and contents that no other project has. The crawler of
 * test/access knows of nothing else: what is new in the schema gets its rows here.
 */
export async function seedEverything(hub: TestHub, project: SeededProject): Promise<SeededWorld> {
  const [viewer, editor, owner] = await Promise.all(
    (['VIEWER', 'EDITOR', 'OWNER'] as const).map((role) => seedUser(hub, { [project.name]: role })),
  )
  await seedKey(hub, editor!.token, { project: project.name })
  await seedKey(hub, owner!.token, { role: 'VIEWER' })
  const revoked = await seedKey(hub, viewer!.token, { role: 'VIEWER', expiresAt: '2999-01-01T00:00:00Z' })
  await hub.data('mutation ($id: ID!) { revokeAccessKey(id: $id) { id } }', { id: revoked.id }, viewer!.token)

  const bucket = await seedBucket(hub, project.name)
  await seedBucket(hub, project.name, 'FEATURES')
  const key = `${uniqueName('folder')}/${uniqueName('rows')}.csv`
  const rows = Array.from({ length: 5 }, (_, index) => `${uniqueName('cell')},${index}`).join('\n')
  await seedObject(hub, bucket.name, key, `label,size\n${uniqueName('old')},0\n`)
  await seedObject(hub, bucket.name, key, `label,size\n${rows}\n`)
  await seedObject(hub, bucket.name, `${uniqueName('note')}.csv`, uniqueName('words'))
  const { createUpload } = await hub.data('mutation ($input: CreateUploadInput!) { createUpload(input: $input) { id } }', {
    input: { bucket: bucket.name, key: uniqueName('upload'), size: 10 },
  })

  const createDataset = 'mutation ($input: CreateDatasetInput!) { createDataset(input: $input) { id table } }'
  const dataset = { project: project.name, description: uniqueName('what the rows are') }
  const fromObject = await hub.data(createDataset, {
    input: { ...dataset, name: uniqueName('loaded'), object: { bucket: bucket.name, key } },
  })
  await hub.data(createDataset, {
    input: { ...dataset, name: uniqueName('selected'), sql: `select label from ${fromObject.createDataset.table}` },
  })

  const experiment = await seedExperiment(hub, project.name)
  const parent = await seedRun(hub, experiment.id)
  const run = await seedRun(hub, experiment.id, {
    parent: parent.id,
    params: [{ key: uniqueName('param'), value: uniqueName('value') }],
    tags: [{ key: uniqueName('tag'), value: uniqueName('value') }],
    inputs: [fromObject.createDataset.id],
  })
  const metrics = [1, 2, 3].map((step) => ({ key: uniqueName('metric'), value: Math.random(), step }))
  await hub.data('mutation ($input: LogBatchInput!) { logBatch(input: $input) { id } }', { input: { run: run.id, metrics } })
  await seedObject(hub, bucket.name, `runs/${run.id}/${uniqueName('artifact')}.csv`, uniqueName('words'))

  const tags = () => [{ key: uniqueName('tag'), value: uniqueName('value') }]
  const input = {
    project: project.name,
    model: uniqueName('model'),
    run: run.id,
    objects: [{ bucket: bucket.name, key }],
    stage: 'STAGING',
    modelType: uniqueName('framework'),
    requirements: uniqueName('package'),
    description: uniqueName('what the version is for'),
    tags: tags(),
  }
  const { saveModel } = await hub.data(
    'mutation ($input: SaveModelInput!) { saveModel(input: $input) { id } }',
    { input },
    editor!.token,
  )
  await hub.data(
    'mutation ($project: String!, $model: String!, $alias: String!) { setModelAlias(project: $project, model: $model, alias: $alias, version: 1) { id } }',
    { project: project.name, model: input.model, alias: uniqueName('alias') },
  )
  await hub.data('mutation ($input: UpdateModelInput!) { updateModel(input: $input) { id } }', {
    input: { project: project.name, model: input.model, description: uniqueName('what the model is for'), tags: tags() },
  })
  await seedPipelineRun(hub, project, bucket.name, editor!.token)

  const scriptKey = `${uniqueName('script')}.py`
  await seedObject(hub, bucket.name, scriptKey, `print(${JSON.stringify(uniqueName('printed'))})\n`)
  const libraryKey = `${uniqueName('library').replaceAll('-', '_')}.py`
  await seedObject(hub, bucket.name, libraryKey, `word = ${JSON.stringify(uniqueName('inside'))}\n`)
  const step = { name: uniqueName('step'), script: { bucket: bucket.name, key: scriptKey }, arguments: [uniqueName('argument')] }
  const { deploy } = await hub.data(
    'mutation ($input: DeployInput!) { deploy(input: $input) { id } }',
    {
      input: {
        project: project.name,
        name: uniqueName('deployment'),
        steps: [step],
        libraries: [{ bucket: bucket.name, key: libraryKey }],
        modelUri: `models:/${input.model}/1`,
        cron: '0 0 1 1 *',
      },
    },
    editor!.token,
  )
  const pipelineRun = await runToItsEnd(hub, deploy.id)
  const predictions = {
    project: project.name,
    modelUri: `models:/${input.model}/1`,
    table: uniqueName('predicted').replaceAll('-', '_'),
    columns: [uniqueName('feature'), 'PREDICT'],
    rows: [[uniqueName('cell'), uniqueName('predicted')]],
    input: fromObject.createDataset.id,
    pipelineRun,
    step: step.name,
  }
  const savePredictions = 'mutation ($input: SavePredictionsInput!) { savePredictions(input: $input) { id } }'
  await hub.data(savePredictions, { input: predictions }, editor!.token)
  return {
    project,
    viewer: viewer!,
    editor: editor!,
    owner: owner!,
    otherIds: [createUpload.id],
    runId: run.id,
    modelVersionId: saveModel.id,
    deploymentId: deploy.id,
  }
}

/** The id of the run. */
async function runToItsEnd(hub: TestHub, deployment: string): Promise<string> {
  const { runDeployment } = await hub.data('mutation ($input: RunDeploymentInput!) { runDeployment(input: $input) { id } }', {
    input: { deployment, arguments: [{ key: uniqueName('given'), value: uniqueName('value') }] },
  })
  for (;;) {
    const { node } = await hub.data('query ($id: ID!) { node(id: $id) { ... on PipelineRun { endedAt } } }', runDeployment)
    if (node.endedAt !== null) return runDeployment.id
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** Makes something happen that every subscription tells of. */
export async function stirEverything(hub: TestHub, { runId, modelVersionId, deploymentId }: SeededWorld): Promise<void> {
  const metrics = [{ key: uniqueName('stirred'), value: 1 }]
  await hub.data('mutation ($input: LogBatchInput!) { logBatch(input: $input) { id } }', { input: { run: runId, metrics } })
  for (const stage of ['PRODUCTION', 'STAGING'])
    await hub.data('mutation ($input: TransitionModelVersionInput!) { transitionModelVersion(input: $input) { id } }', {
      input: { id: modelVersionId, stage },
    })
  await runToItsEnd(hub, deploymentId)
}
