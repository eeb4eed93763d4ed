// What every JobRunner promises, run against each adapter.
import { randomUUID } from 'node:crypto'
import type {
  JobEvent,
  JobFile,
  JobLine,
  JobRunner,
  JobState,
  JobStatus,
  JobSubmission,
} from '../../src/datasources/compute/job-runner.js'

/** What a script of the contract does; the fixture has it in a form that its backend can run. */
export type ScriptBehaviour =
  /** Prints each argument as a line of its own to standard output, then ends with exit code 0. */
  | 'prints its arguments'
  /** Prints the value of the variable that its first argument names, then ends with exit code 0. */
  | 'prints a variable'
  /** Prints `begun`, then ends with exit code 3. */
  | 'fails'
  /** Prints `begun`, then waits until it is told to end, or for a minute. */
  | 'waits'

export interface JobRunnerFixture {
  runner: JobRunner
  scriptFor(behaviour: ScriptBehaviour): JobFile
  close(): Promise<void>
}

export interface WatchedJob {
  states: JobState[]
  lines: JobLine[]
  /** The text of what came on standard output and standard error. */
  texts: string[]
  last: JobStatus
}

/** Watches a job to its end. */
export async function watchJob(runner: JobRunner, jobId: string, signal = new AbortController().signal): Promise<WatchedJob> {
  const events: JobEvent[] = []
  for await (const event of runner.watch(jobId, signal)) events.push(event)
  const lines = events.flatMap((event) => (event.type === 'lines' ? event.lines : []))
  const statuses = events.flatMap((event) => (event.type === 'status' ? event.status : []))
  return {
    states: statuses.map(({ state }) => state),
    lines,
    texts: lines.flatMap(({ stream, text }) => (stream === 'SYSTEM' ? [] : text)),
    last: statuses.at(-1)!,
  }
}

export const submissionOf = (script: JobFile, more: Partial<JobSubmission> = {}): JobSubmission => ({
  key: `key-${randomUUID()}`,
  mayBeKnown: false,
  displayName: 'iris/classifier#1/train',
  script,
  arguments: [],
  archive: null,
  application: null,
  environment: {},
  cluster: 'SMALL',
  timeoutSeconds: null,
  ...more,
})

/** @param open a fresh backend, without jobs */
export function jobRunnerContract(name: string, open: () => Promise<JobRunnerFixture>): void {
  describe(`${name} keeps the promises of JobRunner`, () => {
    let fixture: JobRunnerFixture
    let runner: JobRunner

    beforeAll(async () => {
      fixture = await open()
      runner = fixture.runner
    })
    afterAll(() => fixture.close())

    const job = (behaviour: ScriptBehaviour, more: Partial<JobSubmission> = {}): JobSubmission =>
      submissionOf(fixture.scriptFor(behaviour), more)

    const run = async (submission: JobSubmission): Promise<WatchedJob> =>
      watchJob(runner, (await runner.submit(submission)).jobId)

    /** Resolves once the job's script has printed `begun`. */
    const begun = async (jobId: string): Promise<void> => {
      const watching = new AbortController()
      // Whoever leaves at once has not kept it: the runner may hand it out again.
      for await (const event of runner.watch(jobId, watching.signal))
        if (event.type === 'lines' && event.lines.some(({ text }) => text === 'begun')) watching.abort()
    }

    test('it answers a ping', async () => {
      await runner.ping()
    })

    test('a job that ends well has said all its lines, in their order, before it says so', async () => {
      const words = Array.from({ length: 500 }, (_, i) => `line ${i}`)
      const { jobId } = await runner.submit(job('prints its arguments', { arguments: words }))
      const events: JobEvent[] = []
      for await (const event of runner.watch(jobId, new AbortController().signal)) events.push(event)
      expect(events.at(-1)).toEqual({ type: 'status', status: { jobId, state: 'SUCCEEDED', detail: null } })
      const lines = events
        .flatMap((event) => (event.type === 'lines' ? event.lines : []))
        .filter(({ stream }) => stream === 'STDOUT')
      expect(lines.map(({ text }) => text)).toEqual(words)
      const times = lines.map(({ at }) => at)
      expect(times).toEqual([...times].sort())
      expect(times.every((at) => new Date(at).toISOString() === at)).toBe(true)
    })

    test('states move forward only, each said once, and the final one is the last thing said', async () => {
      for (const behaviour of ['prints its arguments', 'fails'] as const) {
        const { states } = await run(job(behaviour))
        const order: JobState[] = ['QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED']
        expect(states).toEqual([...new Set(states)].sort((a, b) => order.indexOf(a) - order.indexOf(b)))
        expect(states.at(-1)).toBe(behaviour === 'fails' ? 'FAILED' : 'SUCCEEDED')
      }
    })

    test('a script that fails fails its job, which says with which exit code', async () => {
      const { texts, last } = await run(job('fails'))
      expect(texts).toEqual(['begun'])
      expect(last).toMatchObject({ state: 'FAILED', detail: expect.stringMatching(/exit code 3\b/) })
    })

    test('arguments and variables reach the script as they are', async () => {
      const odd = ['two words', '', '"quoted" \'twice\'', '$HOME `id` $(id)', '-c', 'ação 東京 🎉', '*', 'a\\b', '; exit 9']
      expect((await run(job('prints its arguments', { arguments: odd }))).texts).toEqual(odd)
      const value = 'k=v; "x" $HOME ação'
      const environment = { DHUO_STEP: value }
      expect((await run(job('prints a variable', { arguments: ['DHUO_STEP'], environment }))).texts).toEqual([value])
    })

    test('a script that is only a stream is run', async () => {
      const script = { ...fixture.scriptFor('prints its arguments'), localFile: null }
      expect((await run(submissionOf(script, { arguments: ['streamed'] }))).texts).toEqual(['streamed'])
    })

    test('one key is one job, however often it is submitted, and whether it has ended or not', async () => {
      const submission = job('prints its arguments', { arguments: ['once'] })
      const ids = await Promise.all(Array.from({ length: 5 }, () => runner.submit(submission)))
      expect(new Set(ids.map(({ jobId }) => jobId)).size).toBe(1)
      expect((await watchJob(runner, ids[0]!.jobId)).texts).toEqual(['once'])
      expect(await runner.submit(submission)).toEqual(ids[0])
      expect(await watchJob(runner, ids[0]!.jobId)).toMatchObject({ texts: [], last: { state: 'SUCCEEDED' } })
    })

    test('two keys are two jobs', async () => {
      const [one, other] = await Promise.all([run(job('prints its arguments')), run(job('prints its arguments'))])
      expect(one.last.jobId).not.toBe(other.last.jobId)
    })

    test('what cannot be run at all is refused, with what can', async () => {
      const script = { ...fixture.scriptFor('prints its arguments'), name: 'train.exe' }
      await expect(runner.submit(submissionOf(script))).rejects.toMatchObject({
        code: 'PRECONDITION_FAILED',
        message: expect.stringMatching(/train\.exe.+\.py/),
      })
    })

    test('a job that is canceled ends, as canceled', async () => {
      const { jobId } = await runner.submit(job('waits'))
      await begun(jobId)
      await runner.cancel(jobId)
      await runner.cancel(jobId)
      expect((await watchJob(runner, jobId)).last).toMatchObject({ jobId, state: 'CANCELED' })
    })

    test('to cancel a job that has ended, or that nobody knows, changes nothing', async () => {
      const { last } = await run(job('prints its arguments'))
      await runner.cancel(last.jobId)
      expect((await watchJob(runner, last.jobId)).last).toEqual(last)
      await runner.cancel(randomUUID())
    })

    test('a job that runs longer than it may is FAILED and says so', async () => {
      const { last } = await run(job('waits', { timeoutSeconds: 1 }))
      expect(last).toMatchObject({ state: 'FAILED', detail: expect.stringContaining('ran longer than 1 s') })
    })

    test('who stops watching does not stop the job; who watches next gets the rest', async () => {
      const { jobId } = await runner.submit(job('waits'))
      await begun(jobId)
      const watching = new AbortController()
      setTimeout(() => watching.abort(), 50)
      const before = await watchJob(runner, jobId, watching.signal)
      expect(before.states.filter((state) => state !== 'QUEUED' && state !== 'RUNNING')).toEqual([])
      await runner.cancel(jobId)
      const after = await watchJob(runner, jobId)
      expect(after.last.state).toBe('CANCELED')
      expect([...before.texts, ...after.texts]).not.toContain('begun')
    })

    test('to watch with a signal that was aborted before ends at once', async () => {
      const { jobId } = await runner.submit(job('waits'))
      const { states } = await watchJob(runner, jobId, AbortSignal.abort())
      expect(states.filter((state) => state !== 'QUEUED' && state !== 'RUNNING')).toEqual([])
      await runner.cancel(jobId)
      await watchJob(runner, jobId)
    })

    test('two who watch one job both hear how it ends, and each line comes to one of them', async () => {
      const words = Array.from({ length: 200 }, (_, i) => `word ${i}`)
      const { jobId } = await runner.submit(job('prints its arguments', { arguments: words }))
      const both = await Promise.all([watchJob(runner, jobId), watchJob(runner, jobId)])
      expect(both.map(({ last }) => last.state)).toEqual(['SUCCEEDED', 'SUCCEEDED'])
      expect(both.flatMap(({ texts }) => texts).sort()).toEqual([...words].sort())
    })

    test('a job that is not known is FAILED, and says why it is not known', async () => {
      const jobId = randomUUID()
      const { states, last } = await watchJob(runner, jobId)
      expect(states).toEqual(['FAILED'])
      expect(last).toEqual({ jobId, state: 'FAILED', detail: expect.stringMatching(/not known/) })
    })

    test('a runner that is closed takes no job; what does not survive it has ended', async () => {
      const other = await open()
      try {
        const { jobId } = await other.runner.submit(submissionOf(other.scriptFor('waits')))
        const watched = watchJob(other.runner, jobId)
        await other.runner.close()
        await other.runner.close()
        await expect(other.runner.submit(submissionOf(other.scriptFor('waits')))).rejects.toMatchObject({
          code: 'BACKEND_UNAVAILABLE',
        })
        if (!other.runner.supports.survivesServer) expect((await watched).last.state).toBe('CANCELED')
      } finally {
        await other.close()
      }
    })
  })
}
