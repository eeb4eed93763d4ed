import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Catalog } from '../../src/datasources/catalog/catalog.js'
import { newId } from '../../src/datasources/catalog/node-id.js'
import type { PipelineRunRow } from '../../src/datasources/catalog/pipeline-rows.js'
import { openSqliteCatalog } from '../../src/datasources/catalog/sqlite-catalog.js'
import type { JobEvent, JobRunner, JobState, JobSubmission } from '../../src/datasources/compute/job-runner.js'
import type { Datasources } from '../../src/datasources/datasources.js'
import { DhuoError } from '../../src/errors.js'
import { createLogger } from '../../src/logger.js'
import { advancePipelineRuns, type PipelineAdvancer } from '../../src/operations/advance-pipeline-runs.js'
import { cancelPipelineRun } from '../../src/operations/cancel-pipeline-run.js'
import { isFinal } from '../../src/operations/plan-pipeline-run.js'
import { startPipelineRun } from '../../src/operations/start-pipeline-run.js'
import { MemoryEvents } from '../../src/pubsub/memory-events.js'
import { at, bucketRow, insertProject, insertUser, objectRow } from '../contracts/catalog-rows.js'

/** A compute backend that outlives servers: it knows each key once, and hands out each line once. */
class RemoteJobs implements JobRunner {
  readonly kind = 'remote'
  readonly supports = { survivesServer: true, applications: false }
  readonly clusters = {} as JobRunner['clusters']
  readonly begun: string[] = []
  readonly submissions: JobSubmission[] = []
  readonly #jobs = new Map<string, { state: JobState; lines: string[] }>()
  /** What the next calls are answered with. */
  readonly submitFails: unknown[] = []
  watchFails = 0
  runsFor = 30

  async ping(): Promise<void> {}
  async prepare(): Promise<null> {
    return null
  }
  async discard(): Promise<void> {}
  async submit(submission: JobSubmission): Promise<{ jobId: string; applicationId: null }> {
    this.submissions.push(submission)
    await sleep(1)
    const failure = this.submitFails.shift()
    if (failure) throw failure
    if (!this.#jobs.has(submission.key)) {
      this.begun.push(submission.key)
      const job = { state: 'RUNNING' as JobState, lines: ['one', 'two'] }
      this.#jobs.set(submission.key, job)
      setTimeout(() => {
        job.lines.push('three')
        if (job.state === 'RUNNING') job.state = 'SUCCEEDED'
      }, this.runsFor).unref()
    }
    return { jobId: submission.key, applicationId: null }
  }
  async *watch(jobId: string, signal: AbortSignal): AsyncIterable<JobEvent> {
    const job = this.#jobs.get(jobId)!
    if (this.watchFails-- > 0) throw new DhuoError('BACKEND_UNAVAILABLE', 'It does not answer.')
    yield { type: 'status', status: { jobId, state: 'RUNNING', detail: null } }
    while (!signal.aborted) {
      const lines = job.lines.splice(0).map((text) => ({ text, stream: 'STDOUT' as const, at: new Date().toISOString() }))
      if (lines.length > 0) yield { type: 'lines', lines }
      else if (isFinal(job.state as never)) {
        yield { type: 'status', status: { jobId, state: job.state, detail: null } }
        return
      } else await sleep(3)
    }
  }
  async cancel(jobId: string): Promise<void> {
    this.#jobs.get(jobId)!.state = 'CANCELED'
  }
  async close(): Promise<void> {}
}

let directory: string
let catalog: Catalog
let jobs: RemoteJobs
let deploymentId: string
let userId: string
const events = new MemoryEvents()
const advancers: PipelineAdvancer[] = []

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'dhuo-advance-'))
  catalog = await openSqliteCatalog({ scheme: 'sqlite', file: join(directory, 'catalog.db') })
  const project = await insertProject(catalog)
  const bucket = bucketRow(project.id)
  await catalog.buckets.insert(bucket)
  const script = objectRow(bucket, 'folder/script.py')
  await catalog.transaction(({ storedObjects }) => storedObjects.insertCurrent(script))
  userId = (await insertUser(catalog)).id
  const deployment = await catalog.deployments.takeVersion(
    {
      ...{ id: newId('deployment'), projectId: project.id, name: 'works', kind: 'BATCH', cron: null, timezone: 'UTC' },
      ...{ scheduleEnabled: 0, nextRunAt: null, applicationId: null, createdAt: at(0) },
    } as never,
    'READY',
  )
  deploymentId = deployment.id
  const step = {
    deploymentId,
    version: 1,
    kind: 'CUSTOM',
    scriptObjectId: script.id,
    arguments: '["a"]',
    timeoutSeconds: 60,
  } as const
  await catalog.deploymentVersions.insert(
    {
      ...{
        deploymentId,
        version: 1,
        status: 'READY',
        statusDetail: null,
        cluster: 'MEDIUM',
        requirements: null,
        archiveObjectId: null,
      },
      ...{ archiveSha256: null, archivePackages: null, archiveBuiltAt: null, modelVersionId: null, idempotencyKey: null },
      ...{ createdBy: userId, createdAt: at(0) },
    } as never,
    [
      { ...step, position: 0, name: 'first', needs: '[]', maxAttempts: 2 },
      { ...step, position: 1, name: 'second', needs: '["first"]', maxAttempts: 1 },
    ],
    [],
  )
})
beforeEach(() => {
  jobs = new RemoteJobs()
})
afterEach(async () => {
  await Promise.all(advancers.splice(0).map((advancer) => advancer.stop()))
})
afterAll(async () => {
  await catalog.close()
  await rm(directory, { recursive: true })
})

const storage = { localFile: async () => '/scripts/script.py' }

/** A server. Its messages reach it only where `hears` says so. */
function startServer(owner: string, { leaseMs = 300, hears = true } = {}): PipelineAdvancer {
  const advancer = advancePipelineRuns({
    datasources: { catalog, storage, compute: jobs } as unknown as Datasources,
    publisher: events,
    listen: (topic, id, signal) => (hears ? events : new MemoryEvents()).subscribe(topic, id, signal),
    log: createLogger('silent'),
    ...{ owner, url: 'http://server', leaseMs, pollMs: 30 },
  })
  advancers.push(advancer)
  return advancer
}
const start = (): Promise<PipelineRunRow> =>
  startPipelineRun({ catalog }, events, {
    ...{ deploymentId, arguments: [{ key: 'k', value: 'v' }], trigger: 'MANUAL', scheduledFor: null, idempotencyKey: null },
    createdBy: null,
  })

async function ended(id: string): Promise<PipelineRunRow> {
  for (const deadline = Date.now() + 10_000; ; await sleep(10)) {
    const [run] = await catalog.pipelineRuns.byIds([id])
    if (run!.endedAt !== null) return run!
    if (Date.now() > deadline)
      throw new Error(`it did not end: ${JSON.stringify([run, await catalog.pipelineSteps.byRuns([id])])}`)
  }
}

async function expectWhole(id: string): Promise<void> {
  const written = await catalog.pipelineEvents.read(id, 0, 1_000)
  expect(written.map(({ sequence }) => sequence)).toEqual(written.map((_, i) => i + 1))
  for (const step of await catalog.pipelineSteps.byRuns([id])) {
    const lines = written.filter(({ stepId, type }) => stepId === step.id && type === 'LOG')
    expect(lines.map(({ message }) => message)).toEqual(['one', 'two', 'three'])
  }
}

describe('servers that advance pipeline runs', () => {
  test('submit each attempt with what the run has pinned, and a key that ends with it', async () => {
    startServer('one')
    const run = await start()
    expect(await ended(run.id)).toMatchObject({ status: 'SUCCEEDED', leaseOwner: null, leaseUntil: null })
    const [first, second] = await catalog.pipelineSteps.byRuns([run.id])
    expect(jobs.begun).toEqual([`${run.id}/${first!.id}/1`, `${run.id}/${second!.id}/1`])
    expect(jobs.submissions[0]).toMatchObject({
      ...{
        displayName: expect.stringMatching(/\/works#\d+\/first$/),
        arguments: ['a', '--k', 'v'],
        cluster: 'MEDIUM',
        timeoutSeconds: 60,
      },
      script: { name: 'script.py', localFile: '/scripts/script.py' },
      environment: {
        DHUO_URL: 'http://server',
        DHUO_PIPELINE_RUN: run.id,
        DHUO_STEP: 'first',
        DHUO_ACCESS_KEY: expect.stringMatching(/^dhuo_key_/),
      },
    })
    await expectWhole(run.id)
  })

  test('hand a run over while its job goes on: the job is not begun again, and none of its lines is lost', async () => {
    jobs.runsFor = 250
    const one = startServer('one')
    const run = await start()
    while (jobs.begun.length === 0) await sleep(2)
    await sleep(30)
    await one.stop()
    expect((await catalog.pipelineRuns.byIds([run.id]))[0]).toMatchObject({ status: 'RUNNING', leaseOwner: null })
    startServer('two')
    expect((await ended(run.id)).status).toBe('SUCCEEDED')
    expect(jobs.begun).toHaveLength(2)
    await expectWhole(run.id)
  })

  test('take a run whose server gives no sign, also when it ended between commit and submission', async () => {
    const run = await start()
    const [first] = await catalog.pipelineSteps.byRuns([run.id])
    await catalog.pipelineRuns.claim(
      [run.id],
      { owner: 'dead', until: new Date(Date.now() + 150).toISOString() },
      new Date().toISOString(),
    )
    await catalog.pipelineSteps.move(first!, { status: 'QUEUED', attempt: 1 })
    startServer('two')
    await sleep(80)
    expect(jobs.submissions).toEqual([])
    expect((await ended(run.id)).status).toBe('SUCCEEDED')
    expect(jobs.begun[0]).toBe(`${run.id}/${first!.id}/1`)
    expect(await catalog.pipelineSteps.byRuns([run.id])).toMatchObject([{ attempt: 1 }, { attempt: 1 }])
  })

  test('leave a run to the server that has it, however many look', async () => {
    for (const owner of ['one', 'two', 'three']) startServer(owner)
    const runs = await Promise.all(Array.from({ length: 20 }, start))
    for (const { id } of runs) {
      expect((await ended(id)).status).toBe('SUCCEEDED')
      await expectWhole(id)
    }
    expect(new Set(jobs.begun).size).toBe(40)
    expect(jobs.submissions).toHaveLength(40)
  })

  test('try a submission again while the backend is down, and not when it can never run', async () => {
    jobs.submitFails.push(new DhuoError('BACKEND_UNAVAILABLE', 'down'))
    startServer('one')
    const patient = await start()
    expect((await ended(patient.id)).status).toBe('SUCCEEDED')
    expect(await catalog.pipelineSteps.byRuns([patient.id])).toMatchObject([{ attempt: 1 }, { attempt: 1 }])

    jobs.submitFails.push(new DhuoError('PRECONDITION_FAILED', 'There is no Python.'))
    const hopeless = await start()
    expect(await ended(hopeless.id)).toMatchObject({
      status: 'FAILED',
      statusDetail: 'The step "first" failed: There is no Python.',
    })
    expect((await catalog.pipelineSteps.byRuns([hopeless.id]))[0]).toMatchObject({ attempt: 1 })

    jobs.submitFails.push(new Error('a secret of the server'))
    const surprised = await start()
    expect((await ended(surprised.id)).status).toBe('SUCCEEDED')
    expect(JSON.stringify(await catalog.pipelineEvents.read(surprised.id, 0, 100))).not.toContain('secret')
  })

  test('watch a job again when the backend does not answer', async () => {
    jobs.watchFails = 1
    startServer('one')
    const run = await start()
    expect((await ended(run.id)).status).toBe('SUCCEEDED')
    await expectWhole(run.id)
  })

  test('cancel a run, also when the request reaches another server than the one that has it', async () => {
    jobs.runsFor = 60_000
    startServer('deaf', { hears: false })
    const run = await start()
    while (jobs.begun.length === 0) await sleep(2)
    await cancelPipelineRun({ catalog }, events, run.id)
    expect((await ended(run.id)).status).toBe('CANCELED')
    expect(await catalog.pipelineSteps.byRuns([run.id])).toMatchObject([
      { status: 'CANCELED', attempt: 1 },
      { status: 'CANCELED', attempt: 0 },
    ])
  })

  test('find a run that nobody announced', async () => {
    startServer('deaf', { hears: false })
    expect((await ended((await start()).id)).status).toBe('SUCCEEDED')
  })

  test('write nothing any more to a run that another server has', async () => {
    jobs.runsFor = 400
    startServer('one', { leaseMs: 60_000 })
    const run = await start()
    while (jobs.begun.length === 0) await sleep(2)
    await sleep(20)
    // As if it had stood still for longer than its lease: another one has taken the run.
    await catalog.pipelineRuns.release([run.id], 'one', new Date().toISOString())
    await catalog.pipelineRuns.claim(
      [run.id],
      { owner: 'two', until: new Date(Date.now() + 60_000).toISOString() },
      new Date().toISOString(),
    )
    const [before] = await catalog.pipelineRuns.byIds([run.id])
    await sleep(600)
    expect(await catalog.pipelineRuns.byIds([run.id])).toEqual([before])
    expect(jobs.begun).toHaveLength(1)
    await catalog.pipelineRuns.release([run.id], 'two', new Date().toISOString())
    startServer('three')
    expect((await ended(run.id)).status).toBe('SUCCEEDED')
  })

  test('goes on when the catalog could not be written for a while', async () => {
    const transaction = catalog.transaction.bind(catalog)
    const run = await start()
    let failures = 5
    catalog.transaction = (async (work: never) => {
      if (failures-- > 0) throw new DhuoError('BACKEND_UNAVAILABLE', "The catalog's file is locked by another process.")
      return transaction(work)
    }) as typeof catalog.transaction
    try {
      startServer('one')
      expect((await ended(run.id)).status).toBe('SUCCEEDED')
      await expectWhole(run.id)
    } finally {
      catalog.transaction = transaction
    }
  })
})
