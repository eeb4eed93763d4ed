import { createTestHub, type TestHub } from '../hub.js'
import { readEvents, readRun, runWhen, seedDeployment, startRun } from './pipeline-seed.js'

let hub: TestHub
beforeAll(async () => {
  hub = await createTestHub()
})
afterAll(() => hub.close())

describe('a pipeline run', () => {
  test('runs its steps one after the other, and its log tells of it without a gap', async () => {
    const deployment = await seedDeployment(hub, [
      { script: 'print("a")\nprint("b")' },
      { script: 'import sys\nprint("c", file=sys.stderr)' },
    ])
    const id = await startRun(hub, deployment)
    const run = await runWhen(hub, id)
    expect(run).toMatchObject({ number: 1, status: 'SUCCEEDED', statusDetail: null, trigger: 'MANUAL' })
    expect(run.steps).toMatchObject([
      {
        name: 'step1',
        status: 'SUCCEEDED',
        attempt: 1,
        logs: [
          { number: 1, stream: 'STDOUT', text: 'a' },
          { number: 2, stream: 'STDOUT', text: 'b' },
        ],
      },
      { name: 'step2', status: 'SUCCEEDED', attempt: 1, logs: [{ number: 1, stream: 'STDERR', text: 'c' }] },
    ])
    const events = await readEvents(hub, id)
    expect(events.map(({ sequence }) => sequence)).toEqual(Array.from({ length: run.lastSequence }, (_, i) => i + 1))
    expect(
      events.map(({ type, stepName, runStatus, stepStatus, message }) => [type, stepName, runStatus ?? stepStatus ?? message]),
    ).toEqual([
      ['RUN_STATUS', null, 'QUEUED'],
      ['STEP_STATUS', 'step1', 'PENDING'],
      ['STEP_STATUS', 'step2', 'PENDING'],
      ['RUN_STATUS', null, 'RUNNING'],
      ['STEP_STATUS', 'step1', 'QUEUED'],
      ['STEP_STATUS', 'step1', 'RUNNING'],
      ['LOG', 'step1', 'a'],
      ['LOG', 'step1', 'b'],
      ['STEP_STATUS', 'step1', 'SUCCEEDED'],
      ['STEP_STATUS', 'step2', 'QUEUED'],
      ['STEP_STATUS', 'step2', 'RUNNING'],
      ['LOG', 'step2', 'c'],
      ['STEP_STATUS', 'step2', 'SUCCEEDED'],
      ['RUN_STATUS', null, 'SUCCEEDED'],
    ])
    expect(await readRun(hub, id)).toEqual(run)
  })
})
