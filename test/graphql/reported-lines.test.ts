import { rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createTestHub, type TestHub } from '../hub.js'
import { uniqueName } from '../seed.js'
import { readEvents, readRun, runWhen, seedDeployment, startRun } from './pipeline-seed.js'

let hub: TestHub
beforeAll(async () => {
  hub = await createTestHub()
})
afterAll(() => hub.close())

/** A step that runs until it is let go, and what its script has for reporting: as one on another machine would. */
async function runningStep(more: { maxAttempts?: number } = {}) {
  const file = join(hub.home, uniqueName('signal'))
  const script = `import os, sys, time
print(os.environ["DHUO_ACCESS_KEY"], os.environ["DHUO_ATTEMPT"], flush=True)
while not os.path.exists(sys.argv[1] + os.environ["DHUO_ATTEMPT"]): time.sleep(0.02)
sys.exit(0 if os.environ["DHUO_ATTEMPT"] == "2" else int(open(sys.argv[1] + "1").read()))`
  const id = await startRun(hub, await seedDeployment(hub, [{ name: 'train', script, arguments: [file], ...more }]))
  const keyOf = async (attempt: number) => {
    const line = new RegExp(`^(dhuo_key_\\S+) ${attempt}$`)
    const run = await runWhen(hub, id, ({ steps }) => steps[0]!.logs.some(({ text }) => line.test(text)))
    return run.steps[0]!.logs.map(({ text }) => line.exec(text)?.[1]).find(Boolean)!
  }
  /** In one go: the script must not read it half written. */
  const end = async (attempt: number, code = 0): Promise<void> => {
    await writeFile(`${file}.new`, String(code))
    await rename(`${file}.new`, file + attempt)
  }
  return { id, keyOf, end }
}

const report = 'mutation ($input: ReportStepInput!) { reportStep(input: $input) { id } }'
const at = '2026-11-23T12:00:00.000Z'
const line = (number: number, text = `line ${number}`, stream?: string) => ({ number, at, text, ...(stream && { stream }) })
const from = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, i) => first + i)
const ownTexts = async (id: string): Promise<string[]> =>
  (await readRun(hub, id)).steps[0]!.logs.map(({ text }) => text).filter((text) => !text.startsWith('dhuo_key_'))

test('lines that a script reports are lines of its step, each once, in order, with the marks between them', async () => {
  const { id, keyOf, end } = await runningStep()
  const key = await keyOf(1)
  const say = (input: Record<string, unknown>) =>
    hub.data(report, { input: { pipelineRun: id, step: 'train', attempt: 1, ...input } }, key)
  await say({ lines: [line(2), line(1), line(4, 'wrong', 'STDERR')], marks: [{ number: 3, at, progress: 0.5, message: 'half' }] })
  await say({ lines: [line(2), line(4, 'another text'), line(5)], marks: [{ number: 3, at, progress: 0.9 }] })
  await say({ lines: [line(5), line(8)], final: true })
  await say({ lines: from(1, 9).map((number) => line(number)) })
  await say({ final: true })
  await end(1)
  expect(await runWhen(hub, id)).toMatchObject({ status: 'SUCCEEDED', steps: [{ progress: 0.5, message: 'half' }] })
  expect(await ownTexts(id)).toEqual([
    ...['line 1', 'line 2', 'wrong', 'line 5'],
    ...['2 lines are missing here: nobody could take more at that time.', 'line 8'],
    ...['What follows was missing before.', 'line 6', 'line 7', 'line 9'],
  ])
  const events = (await readEvents(hub, id)).filter(
    ({ stepName, message }) => stepName !== null && !message?.startsWith('dhuo_key_'),
  )
  const told = events.map(({ type, message, progress, stepStatus }) => [type, message ?? stepStatus, progress])
  expect(told.slice(3, 8)).toEqual([
    ['LOG', 'line 1', null],
    ['LOG', 'line 2', null],
    ['STEP_PROGRESS', 'half', 0.5],
    ['LOG', 'wrong', null],
    ['LOG', 'line 5', null],
  ])
  const logs = (await readRun(hub, id)).steps[0]!.logs
  expect(logs.map(({ number }) => number)).toEqual(from(1, logs.length))
  expect(logs.find(({ text }) => text === 'wrong')).toMatchObject({ stream: 'STDERR' })
  expect(logs.find(({ text }) => text.includes('missing here'))).toMatchObject({ stream: 'SYSTEM' })
})

test('attempts are told apart: each counts from 1, and one that is over is not heard', async () => {
  const { id, keyOf, end } = await runningStep({ maxAttempts: 2 })
  const input = { pipelineRun: id, step: 'train' }
  const [first] = [await keyOf(1)]
  await hub.data(report, { input: { ...input, attempt: 1, lines: [line(1, 'of the first')] } }, first)
  expect(await hub.error(report, { input: { ...input, attempt: 2, lines: [line(1)] } }, first)).toMatchObject({
    extensions: { code: 'PRECONDITION_FAILED', field: 'input.attempt' },
  })
  await end(1, 3)
  const second = await keyOf(2)
  expect(await hub.error(report, { input: { ...input, attempt: 1, lines: [line(2)] } }, first)).toMatchObject({
    extensions: { code: 'UNAUTHENTICATED' },
  })
  expect(await hub.error(report, { input: { ...input, attempt: 1, lines: [line(2)] } }, second)).toMatchObject({
    extensions: { code: 'PRECONDITION_FAILED', field: 'input.attempt' },
  })
  await hub.data(report, { input: { ...input, attempt: 2, lines: [line(1, 'of the second')] } }, second)
  await end(2)
  await runWhen(hub, id)
  expect(await ownTexts(id)).toEqual(['of the first', 'of the second'])
})

test('what is reported is bounded, and harmless', async () => {
  const { id, keyOf, end } = await runningStep()
  const key = await keyOf(1)
  const say = (input: Record<string, unknown>) => ({ input: { pipelineRun: id, step: 'train', ...input } })
  for (const [input, field] of [
    [{ lines: from(1, 1_001).map((number) => line(number)) }, 'input.lines'],
    [{ lines: [line(0)] }, 'input.lines[0].number'],
    [{ lines: [line(1), line(1_000_002)] }, 'input.lines[1].number'],
    [{ marks: [{ number: 1, at, progress: 2 }] }, 'input.marks[0].progress'],
    [{ marks: [{ number: 1, at, status: 'CANCELED' }] }, 'input.marks[0].status'],
    [{ marks: [{ number: 1, at, message: 'x'.repeat(2_001) }] }, 'input.marks[0].message'],
    [{ attempt: 1 }, 'input'],
  ] as const)
    expect(await hub.error(report, say(input), key)).toMatchObject({ extensions: { code: 'BAD_USER_INPUT', field } })
  await hub.data(
    report,
    say({ lines: [line(1, `a\0\nb\x1b[31mred\x1b[0m${'x'.repeat(9_000)}`), line(2, ''), line(3, 'ação 🎉')] }),
    key,
  )
  await hub.data(report, say({ lines: from(4, 903).map((number) => line(number, 'y'.repeat(500))) }), key)
  await end(1)
  await runWhen(hub, id)
  const texts = await ownTexts(id)
  expect(texts[0]).toMatch(/^a␀␊bred?x+ … \[cut: the line is longer than 8192 characters\]$/)
  expect(texts.slice(1, 3)).toEqual(['', 'ação 🎉'])
  expect(texts).toHaveLength(903)
})

test('who reports at the same time as somebody else is not heard twice', async () => {
  const { id, keyOf, end } = await runningStep()
  const key = await keyOf(1)
  const batches = from(0, 9).map((batch) => from(batch * 20 + 1, batch * 20 + 20).map((number) => line(number)))
  for (const lines of batches) {
    const input = { pipelineRun: id, step: 'train', attempt: 1, lines }
    await Promise.all([1, 2, 3].map(() => hub.data(report, { input }, key)))
  }
  await end(1)
  await runWhen(hub, id)
  expect(await ownTexts(id)).toEqual(from(1, 200).map((number) => `line ${number}`))
})

test('the status of a step says how old it is: on this machine it never is', async () => {
  const { id, keyOf, end } = await runningStep()
  const query = 'query ($id: ID!) { node(id: $id) { ... on PipelineRun { steps { status observedAt stale endedAt } } } }'
  await keyOf(1)
  const before = Date.now()
  const [step] = (await hub.data(query, { id })).node.steps
  expect(step).toMatchObject({ status: 'RUNNING', stale: false })
  expect(Date.parse(step.observedAt)).toBeGreaterThanOrEqual(before)
  // As it is where the backend has to be asked, and did not answer: until the script itself is heard of.
  await hub.change(`update pipeline_steps set "observedAt" = '2026-11-01T00:00:00.000Z' where "pipelineRunId" = ?`, id)
  expect((await hub.data(query, { id })).node.steps).toMatchObject([{ observedAt: '2026-11-01T00:00:00.000Z', stale: true }])
  await hub.data(report, { input: { pipelineRun: id, step: 'train', progress: 0.5 } })
  expect((await hub.data(query, { id })).node.steps).toMatchObject([{ status: 'RUNNING', stale: false }])
  await end(1)
  await runWhen(hub, id)
  const [ended] = (await hub.data(query, { id })).node.steps
  expect(ended).toMatchObject({ status: 'SUCCEEDED', stale: false, observedAt: ended.endedAt })
})
