import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type {
  JobApplication,
  JobEvent,
  JobLine,
  JobMark,
  JobRunner,
  JobSubmission,
} from '../../src/datasources/compute/job-runner.js'
import { openOciJobRunner } from '../../src/datasources/compute/oci-job-runner.js'
import { createLogger } from '../../src/logger.js'
import { submissionOf, watchJob } from '../contracts/job-runner-contract.js'
import { type DataFlowDouble, filesBucket, quickTimes, quickWrapper, startDataFlowDouble } from '../oci/data-flow-double.js'
import type { RunOutcome } from '../oci/data-flow-runs.js'
import type { OciFault } from '../oci/oci-faults.js'
import { settingsFor } from '../oci/oci-settings.js'
import { scriptOf } from './local-job-scripts.js'

const log = createLogger('silent')
let double: DataFlowDouble
const runners: JobRunner[] = []
/** How the next runs go, in place of a script; by default they end well and at once. */
let outcome: (run: { displayName: string }) => Partial<RunOutcome> & { acceptMs?: number; afterMs?: number }

beforeAll(async () => {
  double = await startDataFlowDouble({
    acceptMs: (run) => outcome(run).acceptMs ?? 20,
    ...{ logsMs: 20, cancelMs: 20 },
    start: (_program, run) => {
      const { afterMs = 20, isSuccess = true, details = '', stdout = Buffer.alloc(0), stderr = Buffer.alloc(0) } = outcome(run)
      const { promise, resolve } = Promise.withResolvers<RunOutcome>()
      const end = (): void => resolve({ isSuccess, details, stdout, stderr })
      const timer = setTimeout(end, afterMs)
      return {
        outcome: promise,
        kill: () => {
          clearTimeout(timer)
          end()
        },
      }
    },
  })
})
beforeEach(() => {
  outcome = () => ({})
  double.oci.faults.clear()
})
afterEach(async () => {
  await Promise.all(runners.splice(0).map((runner) => runner.close()))
})
afterAll(() => double.close())

async function open(times: Partial<typeof quickTimes> = {}, config = double.config): Promise<JobRunner> {
  const oci = await settingsFor(double.oci, { timeoutMs: 400 })
  const runner = await openOciJobRunner(config, oci, log, { times: { ...quickTimes, ...times }, wrapper: quickWrapper })
  runners.push(runner)
  return runner
}
const script = scriptOf('print(1)')
const job = (more: Partial<JobSubmission> = {}): JobSubmission => submissionOf(script, more)
const application = (more: Partial<JobApplication> = {}): JobApplication => ({
  ...{ key: `dep_${randomUUID()}`, displayName: `iris/classifier & #${randomUUID()}`, applicationId: null },
  ...{ scripts: [script], archive: null, cluster: 'SMALL' },
  ...more,
})
const runsOf = ({ key }: Pick<JobSubmission, 'key'>) =>
  [...double.dataFlow.runs.values()].filter(({ displayName }) => displayName.includes(key))
/** A submission whose runs are told apart by their names. */
const named = (more: Partial<JobSubmission> = {}): JobSubmission => {
  const key = `key-${randomUUID()}`
  return job({ key, displayName: `iris/${key}`, ...more })
}

describe('applications', () => {
  test('are made from the deployment, once, and brought up to date when it changes', async () => {
    const runner = await open()
    const wanted = application()
    const ids = await Promise.all([runner.prepare(wanted), runner.prepare(wanted)])
    const again = await (await open()).prepare({ ...wanted, applicationId: null })
    expect(new Set([...ids, again]).size).toBe(1)
    const made = double.dataFlow.applications.get(again!)
    expect(made).toMatchObject({
      ...{
        compartmentId: 'ocid1.compartment.oc1..a',
        displayName: wanted.displayName,
        language: 'PYTHON',
        sparkVersion: '3.5.0',
      },
      ...{ driverShape: 'VM.Standard.E4.Flex', driverShapeConfig: { ocpus: 1, memoryInGBs: 16 }, numExecutors: 1 },
      fileUri: expect.stringMatching(/^oci:\/\/dhuo-files@tenant\/work\/programs\/.+\.py$/),
      archiveUri: expect.stringMatching(/^oci:\/\/dhuo-files@tenant\/work\/deployments\/.+\.zip$/),
      // biome-ignore lint/suspicious/noTemplateCurlyInString: Data Flow's own placeholders
      arguments: ['${script}', '${arguments}'],
      logsBucketUri: 'oci://dhuo-files@tenant/work/logs/',
      configuration: { 'spark.dataflow.acquireQuotaTimeout': '1h' },
    })
    const before = double.oci.calls('updateApplication')
    const changed = { ...wanted, scripts: [scriptOf('print(2)')], cluster: 'LARGE' as const }
    expect(await runner.prepare(changed)).toBe(again)
    expect(await runner.prepare(changed)).toBe(again)
    expect(double.oci.calls('updateApplication') - before).toBe(1)
    expect(double.dataFlow.applications.get(again!)).toMatchObject({ numExecutors: 4, driverShapeConfig: { ocpus: 4 } })
    expect(double.dataFlow.applications.get(again!).archiveUri).not.toBe(made.fileUri)
  })

  test('that somebody changes at the same moment are read again', async () => {
    const runner = await open()
    const wanted = application()
    const id = await runner.prepare(wanted)
    double.oci.faults.add({ operation: 'updateApplication', refuse: { status: 412, code: 'NoEtagMatch' } })
    expect(await runner.prepare({ ...wanted, scripts: [scriptOf('print(3)')] })).toBe(id)
  })

  test('that somebody has removed are made anew, also for a job that is on its way', async () => {
    const runner = await open()
    const wanted = application()
    const id = await runner.prepare(wanted)
    double.dataFlow.applications.get(id!).lifecycleState = 'DELETED'
    const { applicationId } = await runner.submit(job({ application: wanted, script: wanted.scripts[0]! }))
    expect(applicationId).not.toBe(id)
    expect(double.dataFlow.applications.get(applicationId!)).toMatchObject({ lifecycleState: 'ACTIVE' })
  })

  test('go with their archives when their deployment is deleted, and nobody else’s', async () => {
    const runner = await open()
    const [gone, other] = [application(), application()]
    const [goneId, otherId] = [await runner.prepare(gone), await runner.prepare(other)]
    const objects = () => [...double.storage.state.buckets.get(filesBucket)!.objects.keys()]
    const archiveOf = (id: string) => double.dataFlow.applications.get(id).archiveUri.split('@tenant/')[1]
    expect(objects()).toEqual(expect.arrayContaining([archiveOf(goneId!), archiveOf(otherId!)]))
    await runner.discard({ key: gone.key, applicationId: otherId })
    expect(double.dataFlow.applications.get(otherId!)).toMatchObject({ lifecycleState: 'ACTIVE' })
    for (let i = 0; i < 2; i++) await runner.discard({ key: gone.key, applicationId: goneId })
    expect(double.dataFlow.applications.get(goneId!)).toMatchObject({ lifecycleState: 'DELETED' })
    expect(objects()).not.toContain(archiveOf(goneId!))
    expect(objects()).toContain(archiveOf(otherId!))
  })
})

describe('a job', () => {
  test('becomes a run with everything that it needs, and its secrets where Spark does not show them', async () => {
    const runner = await open()
    const submission = named({
      // biome-ignore lint/suspicious/noTemplateCurlyInString: what Data Flow would take for a placeholder
      ...{ timeoutSeconds: 90, cluster: 'MEDIUM', arguments: ['--lr', '0.1', '${x}', "it's, 100 %", ''] },
      environment: { DHUO_ACCESS_KEY: 'dhuo_key_secret', DHUO_STEP: 'train' },
    })
    await runner.submit(submission)
    const [run] = runsOf(submission)
    expect(run).toMatchObject({
      ...{ numExecutors: 2, driverShapeConfig: { ocpus: 2, memoryInGBs: 32 }, maxDurationInMinutes: 4 },
      archiveUri: expect.stringMatching(/\.zip$/),
      freeformTags: { 'dhuo-job': expect.stringMatching(/^[0-9a-f]{32}$/), 'dhuo-door': expect.any(String) },
    })
    const parameters = Object.fromEntries(run.parameters.map(({ name, value }: { name: string; value: string }) => [name, value]))
    expect(parameters['arguments']).toBe('--lr,0.1,%24%7Bx%7D,it%27s%2C%20100%20%25,,')
    const { 'spark.driverEnv.DHUO_SECRET_ENVIRONMENT': secret, ...rest } = run.configuration
    expect(new URLSearchParams(secret).get('DHUO_ACCESS_KEY')).toBe('dhuo_key_secret')
    expect(new URLSearchParams(secret).get('DHUO_LINES_URL')).toMatch(/^http:.+\/o\/work\/lines\/[0-9a-f]{32}\/$/)
    expect(JSON.stringify([rest, run.parameters, run.displayName, run.freeformTags])).not.toContain('secret')
  })

  test.each<[string, OciFault[]]>([
    ['is lost', [{ operation: 'createRun', reset: 'after' }]],
    ['never comes', [{ operation: 'createRun', hang: 'after', times: 2 }]],
    [
      'is an error after the fact',
      [
        { operation: 'createRun', reset: 'after' },
        { operation: 'createRun', refuse: { status: 503 } },
      ],
    ],
    ['is that there are too many', [{ operation: 'createRun', refuse: { status: 429, code: 'TooManyRequests' }, times: 2 }]],
  ])('is one run, also when the answer to its submission %s', async (_what, faults) => {
    const runner = await open()
    const submission = named()
    double.oci.faults.add(...faults)
    const { jobId } = await runner.submit(submission)
    expect(runsOf(submission).map(({ id }) => id)).toEqual([jobId])
  })

  test('is one run when the service fails for longer than a call is tried, and the job is submitted again', async () => {
    const runner = await open()
    const submission = named()
    double.oci.faults.add({ operation: 'createRun', reset: 'after' }, { operation: 'createRun', reset: 'before', times: 20 })
    await expect(runner.submit(submission)).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' })
    double.oci.faults.clear()
    // The service's breaker is open for a moment.
    for (let id: string | null = null; id === null; await sleep(100))
      id = await runner.submit(submission).then(
        ({ jobId }) => jobId,
        () => null,
      )
    expect(runsOf(submission)).toHaveLength(1)
  }, 30_000)

  test('that a server began which then died is found by the next one: by its name, however long ago', async () => {
    const submission = named()
    const { jobId } = await (await open()).submit({ ...submission, environment: { DHUO_ACCESS_KEY: 'one' } })
    const later = { ...submission, mayBeKnown: true, environment: { DHUO_ACCESS_KEY: 'two' } }
    const calls = double.oci.calls('createRun')
    expect((await (await open()).submit(later)).jobId).toBe(jobId)
    expect(double.oci.calls('createRun')).toBe(calls)
    // One that does not look is told by the token, within a day.
    const doors = () => [...double.storage.state.buckets.get(filesBucket)!.pars.values()].length
    const before = doors()
    expect((await (await open()).submit({ ...later, mayBeKnown: false })).jobId).toBe(jobId)
    expect(doors()).toBe(before)
  })

  test('is refused for good when the service refuses it, and not when there is only no room at the moment', async () => {
    const runner = await open()
    double.oci.faults.add({ operation: 'createRun', refuse: { status: 400, code: 'InvalidParameter' } })
    await expect(runner.submit(named())).rejects.toMatchObject({ code: 'PRECONDITION_FAILED' })
    double.oci.faults.add({ operation: 'createRun', refuse: { status: 400, code: 'LimitExceeded' } })
    await expect(runner.submit(named())).rejects.toMatchObject({ code: 'RATE_LIMITED' })
    await expect(runner.submit(named({ arguments: ['a\0'] }))).rejects.toMatchObject({ code: 'PRECONDITION_FAILED' })
    await expect(runner.submit(named({ environment: { 'A=B': 'x' } }))).rejects.toMatchObject({ code: 'PRECONDITION_FAILED' })
  })
})

test('every create has a token: the same for each of its tries and on each server, another for anything else', async () => {
  const wanted = application()
  const submission = named({ application: wanted, script })
  const before = double.oci.requests.length
  const tokensOf = (...operations: string[]) =>
    double.oci.requests.slice(before).flatMap(({ operation, retryToken }) => (operations.includes(operation) ? [retryToken] : []))
  double.oci.faults.add(
    { operation: 'createApplication', reset: 'after' },
    { operation: 'createRun', reset: 'after' },
    { operation: 'createRun', refuse: { status: 503, code: 'ServiceUnavailable' } },
  )
  await (await open()).submit(submission)
  expect(tokensOf('createApplication')).toHaveLength(2)
  expect(tokensOf('createRun')).toHaveLength(3)
  const other = await open()
  await other.submit(submission)
  expect(new Set(tokensOf('createApplication')).size).toBe(1)
  expect(new Set(tokensOf('createRun')).size).toBe(1)
  await other.submit(named({ application: wanted, script }))
  expect(new Set(tokensOf('createRun')).size).toBe(2)
  await other.submit(named({ application: application(), script }))
  expect(new Set(tokensOf('createApplication')).size).toBe(2)

  // All that the tests above made as well.
  const creates = double.oci.requests.filter(({ operation }) => /^create(Application|Run)$/.test(operation))
  expect(creates.length).toBeGreaterThan(30)
  for (const { retryToken } of creates) expect(retryToken).toMatch(/^[\w-]{1,64}$/)
})

describe('states', () => {
  test('of many runs are asked for together', async () => {
    outcome = () => ({ afterMs: 800 })
    const runner = await open({ leastMs: 100, quietMs: 200 })
    const ids = await Promise.all(Array.from({ length: 30 }, async () => (await runner.submit(named())).jobId))
    const [lists, gets] = [double.oci.calls('listRuns'), double.oci.calls('getRun')]
    const ended = await Promise.all(ids.map((id) => watchJob(runner, id)))
    expect(ended.every(({ last }) => last.state === 'SUCCEEDED')).toBe(true)
    expect(double.oci.calls('getRun') - gets).toBeLessThan(10)
    expect(double.oci.calls('listRuns') - lists).toBeLessThan(30)
    // The time that they are asked from is written as the service wants it: the double refuses others.
    expect(double.oci.requests.filter(({ operation, status }) => operation === 'listRuns' && status >= 400)).toEqual([])
    expect(double.oci.requests.some(({ url }) => url.includes('timeCreatedGreaterThan='))).toBe(true)
  })

  const forced = async (runner: JobRunner, states: [string, string | null][]) => {
    outcome = () => ({ acceptMs: 60_000 })
    const submission = named()
    const { jobId } = await runner.submit(submission)
    const seen: JobEvent[] = []
    const watching = (async () => {
      for await (const event of runner.watch(jobId, new AbortController().signal)) seen.push(event)
    })()
    const run = runsOf(submission)[0]
    for (const [lifecycleState, lifecycleDetails] of states) {
      Object.assign(run, { lifecycleState, lifecycleDetails })
      await sleep(300)
    }
    await watching
    return seen.flatMap((event) => (event.type === 'status' ? [[event.status.state, event.status.detail]] : []))
  }

  test('are told in the terms of the port, with the details of the service', async () => {
    const runner = await open({ logsMs: 100, lastLogMs: 100 })
    expect(
      await forced(runner, [
        ['IN_PROGRESS', null],
        ['STRANGE', 'new to us'],
        ['FAILED', 'Out of quota.'],
      ]),
    ).toEqual([
      ...[
        ['QUEUED', null],
        ['RUNNING', null],
        ['RUNNING', 'new to us'],
        ['FAILED', 'Out of quota.'],
      ],
    ])
    expect(
      await forced(runner, [
        ['IN_PROGRESS', null],
        ['CANCELING', null],
        ['CANCELED', null],
      ]),
    ).toEqual([
      ...[
        ['QUEUED', null],
        ['RUNNING', null],
        ['CANCELED', 'It was canceled.'],
      ],
    ])
    expect(
      await forced(runner, [
        ['ACCEPTED', 'Waiting for quota'],
        ['STOPPED', 'It was stopped.'],
      ]),
    ).toEqual([
      ...[
        ['QUEUED', null],
        ['QUEUED', 'Waiting for quota'],
        ['CANCELED', 'It was stopped.'],
      ],
    ])
  })

  test('that could not be asked for are not told as if they had been', async () => {
    outcome = () => ({ afterMs: 60_000 })
    const runner = await open()
    const { jobId } = await runner.submit(named())
    const seen: string[] = []
    const watching = new AbortController()
    const watched = (async () => {
      for await (const event of runner.watch(jobId, watching.signal)) if (event.type === 'seen') seen.push(event.at)
    })()
    await sleep(400)
    const since = new Date().toISOString()
    double.oci.faults.add({ refuse: { status: 429, code: 'TooManyRequests' }, times: 1_000 })
    const calls = double.oci.calls('getRun')
    await sleep(1_000)
    expect(seen.length).toBeGreaterThan(2)
    expect(seen.filter((at) => at > since)).toEqual([])
    // Fewer and fewer calls meanwhile.
    expect(double.oci.calls('getRun') - calls).toBeLessThan(8)
    double.oci.faults.clear()
    await sleep(1_200)
    expect(seen.filter((at) => at > since).length).toBeGreaterThan(0)
    watching.abort()
    await watched
    await runner.cancel(jobId)
  })

  test('of a run that is not to be seen for a moment stay; of one that stays away it has failed', async () => {
    outcome = () => ({ afterMs: 60_000 })
    const runner = await open({ missingMs: 500, logsMs: 100 })
    const submission = named()
    const { jobId } = await runner.submit(submission)
    const watched = watchJob(runner, jobId)
    const run = runsOf(submission)[0]
    for (const ms of [200, 200, 1_200]) {
      double.dataFlow.runs.delete(jobId)
      await sleep(ms)
      double.dataFlow.runs.set(jobId, run)
      await sleep(300)
    }
    expect((await watched).last).toMatchObject({ state: 'FAILED', detail: expect.stringMatching(/not known/) })
  })

  test('of a run that ended while nobody looked are told by whoever looks next', async () => {
    outcome = () => ({ isSuccess: false, details: 'The driver ended with an error.' })
    const { jobId } = await (await open()).submit(named())
    await sleep(300)
    const { states, last } = await watchJob(await open(), jobId)
    expect(states).toEqual(['FAILED'])
    expect(last.detail).toBe('The driver ended with an error.')
  })
})

describe('what stands in the log of a run', () => {
  const at = '2026-11-23T12:00:00.000Z'
  const printed = (...lines: string[]): Buffer => Buffer.from(`[dhuo 0 ${at}]\n${lines.map((line) => `${line}\n`).join('')}`)

  test('is put in order by its numbers; what Spark says besides keeps its place in its stream', async () => {
    outcome = () => ({
      isSuccess: false,
      details: 'See the log.',
      stdout: printed('[dhuo 1 +0.100] one', 'Spark says', '[dhuo 3 +0.300] three', '[dhuo 4 +0.400 mark] {"progress": 0.5}'),
      stderr: printed(
        '[dhuo 2 +0.200] two',
        '[dhuo 5 +1.500 system] five',
        'Traceback',
        '[dhuo end] {"exit": 3, "reason": null}',
      ),
    })
    const runner = await open()
    const { jobId } = await runner.submit(named())
    const events: JobEvent[] = []
    for await (const event of runner.watch(jobId, new AbortController().signal)) events.push(event)
    const output = events.flatMap((event): (JobLine | JobMark)[] =>
      event.type === 'lines' ? event.lines : event.type === 'mark' ? [event.mark] : [],
    )
    const numbered = output.filter(({ place }) => place?.source === 'script')
    expect(numbered.map((entry) => ('text' in entry ? [entry.stream, entry.text] : entry.progress))).toEqual([
      ...[['STDOUT', 'one'], ['STDERR', 'two'], ['STDOUT', 'three'], 0.5, ['SYSTEM', 'five']],
    ])
    expect(numbered.map((entry) => entry.at.slice(17))).toEqual(['00.100Z', '00.200Z', '00.300Z', '00.400Z', '01.500Z'])
    const foreign = output.filter(({ place }) => place?.source !== 'script')
    expect(foreign).toMatchObject([
      { text: 'Spark says', stream: 'STDOUT', place: { source: expect.stringMatching(/stdout/), number: 1 } },
      { text: 'Traceback', stream: 'STDERR', place: { source: expect.stringMatching(/stderr/), number: 1 } },
    ])
    expect(events.at(-1)).toMatchObject({
      status: { state: 'FAILED', detail: 'It ended with exit code 3. Its last line on standard error: Traceback See the log.' },
    })
  })

  test('comes again, with the same places, to whoever did not keep it', async () => {
    outcome = () => ({ stdout: printed('[dhuo 1 +0.100] one', '[dhuo 2 +0.200] two') })
    const first = await open()
    const { jobId } = await first.submit(named())
    for await (const event of first.watch(jobId, new AbortController().signal)) if (event.type === 'lines') break
    const { lines } = await watchJob(await open(), jobId)
    expect(lines.map(({ text, place }) => [text, place!.number])).toEqual([
      ['one', 1],
      ['two', 2],
    ])
    expect((await watchJob(first, jobId)).texts).toEqual(['one', 'two'])
  })

  test('is waited for, and when it does not come that is said', async () => {
    const late = await startDataFlowDouble({
      acceptMs: 10,
      logsMs: 60_000,
      start: () => ({
        outcome: sleep(20, { isSuccess: true, details: '', stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) }),
        kill: () => {},
      }),
    })
    const runner = await openOciJobRunner(late.config, await settingsFor(late.oci), log, {
      times: { ...quickTimes, logsMs: 400 },
    })
    const { jobId } = await runner.submit(job())
    const { lines, last } = await watchJob(runner, jobId)
    expect(lines).toMatchObject([{ stream: 'SYSTEM', text: expect.stringContaining('has not published the log') }])
    expect(last.state).toBe('SUCCEEDED')
    await runner.close()
    await late.close()
  })
})

test('what a run leaves in the bucket goes when it is over: its lines, and the right to write them', async () => {
  const runner = await open()
  const { jobId } = await runner.submit(named())
  const bucket = double.storage.state.buckets.get(filesBucket)!
  const doorId = double.dataFlow.runs.get(jobId).freeformTags['dhuo-door']
  expect(bucket.pars.has(doorId)).toBe(true)
  await watchJob(runner, jobId)
  expect(bucket.pars.has(doorId)).toBe(false)
  expect([...bucket.objects.keys()].filter((name) => name.startsWith('work/lines/'))).toEqual([])
})

test('the shapes of the sizes of clusters are those of the settings', async () => {
  const sizes = { ...double.config.sizes, SMALL: { ...double.config.sizes.SMALL, executors: 7 } }
  const { clusters } = await open({}, { ...double.config, sizes })
  expect(clusters.SMALL).toEqual({ driverShape: 'VM.Standard.E4.Flex', executorShape: 'VM.Standard.E4.Flex', executors: 7 })
})
