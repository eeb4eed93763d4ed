import type { PipelineRunRow, PipelineStepRow } from '../../src/datasources/catalog/pipeline-rows.js'
import {
  type Happening,
  isFinal,
  type PlanInput,
  planPipelineRun,
  type StepRule,
} from '../../src/operations/plan-pipeline-run.js'
import { randomFrom } from '../contracts/catalog-rows.js'
import { pipelineRunRow, pipelineStepRow } from '../contracts/pipeline-rows.js'

const now = Date.UTC(2026, 10, 23, 12)
const owner = { id: 'dep', projectId: 'prj' }

/** A run whose steps need what is named, and may be tried so often. */
function world(rules: Record<string, StepRule>, over: Partial<PipelineRunRow> = {}) {
  let run = pipelineRunRow(owner, over)
  let steps: readonly PipelineStepRow[] = Object.keys(rules).map((name, position) =>
    pipelineStepRow(run, { id: name, name, position }),
  )
  const plan = (happenings: readonly Happening[] = [], input: Partial<PlanInput> = {}) => {
    const planned = planPipelineRun({
      ...{ run, steps, rules: new Map(Object.entries(rules)), happenings, refusal: null, mayBegin: true, isAsked: false, now },
      random: () => 0,
      ...input,
    })
    run = planned.run
    steps = planned.steps
    return planned
  }
  return {
    plan,
    step: (name: string) => steps.find((step) => step.name === name)!,
    set: (change: Partial<PipelineRunRow>) => {
      run = { ...run, ...change }
    },
    setStep: (name: string, change: Partial<PipelineStepRow>) => {
      steps = steps.map((step) => (step.name === name ? { ...step, ...change } : step))
    },
    get run() {
      return run
    },
  }
}
const rule = (needs: string[] = [], maxAttempts = 1): StepRule => ({ needs, maxAttempts })
const of = (stepId: string, state: 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'CANCELED' | 'QUEUED', attempt = 1): Happening => ({
  ...{ type: 'state', stepId, attempt, state, detail: state === 'FAILED' ? 'exit code 1' : null },
})
const lines = (stepId: string, ...texts: string[]): Happening => ({
  ...{ type: 'lines', stepId, attempt: 1 },
  lines: texts.map((text) => ({ text, stream: 'STDOUT', at: '2026-11-23T12:00:00.000Z' })),
})

describe('the plan of a pipeline run', () => {
  test('begins what needs nothing, once, and waits for the rest', () => {
    const { plan, step, run } = world({ a: rule(), b: rule(['a']), c: rule() })
    expect(plan().begun).toEqual(['a', 'c'])
    expect([step('a'), step('b')]).toMatchObject([
      { status: 'QUEUED', attempt: 1 },
      { status: 'PENDING', attempt: 0 },
    ])
    expect(run.status).toBe('QUEUED')
    expect(plan()).toMatchObject({ begun: [], events: [] })
  })

  test('puts the end of a step behind its last line, and the end of the run behind everything', () => {
    const { plan } = world({ a: rule() })
    plan()
    const { events, ended } = plan([of('a', 'RUNNING'), lines('a', 'x', 'y'), lines('a', 'z'), of('a', 'SUCCEEDED')])
    expect(events.map(({ type, number, stepStatus, runStatus }) => [type, number ?? stepStatus ?? runStatus])).toEqual([
      ['STEP_STATUS', 'RUNNING'],
      ['LOG', 1],
      ['LOG', 2],
      ['LOG', 3],
      ['STEP_STATUS', 'SUCCEEDED'],
      ['RUN_STATUS', 'SUCCEEDED'],
    ])
    expect(ended).toEqual(['a'])
  })

  test('goes on within the same plan to what has become possible', () => {
    const { plan } = world({ a: rule(), b: rule(['a']), c: rule(['b']) })
    plan()
    expect(plan([of('a', 'SUCCEEDED')])).toMatchObject({ begun: ['b'], ended: ['a'] })
    const { steps, run } = plan([of('b', 'FAILED')])
    expect(steps.map(({ status }) => status)).toEqual(['SUCCEEDED', 'FAILED', 'SKIPPED'])
    expect(run).toMatchObject({
      status: 'FAILED',
      statusDetail: 'The step "b" failed: exit code 1',
      leaseOwner: null,
      leaseUntil: null,
    })
  })

  test('hears nothing of an earlier attempt, of an unknown step, or after the end', () => {
    const { plan, step } = world({ a: rule([], 2) })
    plan()
    plan([of('a', 'RUNNING'), of('a', 'FAILED')])
    const late = plan([of('a', 'SUCCEEDED'), lines('a', 'late'), of('nobody', 'SUCCEEDED')], { now: now + 10 })
    expect(late).toMatchObject({ events: [], begun: [], wakeAt: now + 1_000 })
    expect(plan([], { now: now + 1_000 }).begun).toEqual(['a'])
    expect(plan([of('a', 'SUCCEEDED', 1)]).events).toEqual([])
    expect(step('a')).toMatchObject({ status: 'QUEUED', attempt: 2, retryAt: null, computeRunId: null })
    plan([of('a', 'SUCCEEDED', 2)])
    expect(plan([of('a', 'FAILED', 2), lines('a', 'late')]).events).toEqual([])
  })

  test('waits twice as long after each attempt, a minute at most, and less by chance', () => {
    const { plan, setStep } = world({ a: rule([], 100) })
    plan()
    const waits = [1, 2, 3, 6, 7, 50].map((attempt) => {
      setStep('a', { attempt, status: 'RUNNING', retryAt: null })
      return plan([of('a', 'FAILED', attempt)]).wakeAt! - now
    })
    expect(waits).toEqual([1_000, 2_000, 4_000, 32_000, 60_000, 60_000])
    setStep('a', { attempt: 1, status: 'RUNNING', retryAt: null })
    expect(plan([of('a', 'FAILED')], { random: () => 0.999 }).wakeAt! - now).toBeCloseTo(500, -1)
  })

  test('does not try again what would fail again', () => {
    const { plan, step } = world({ a: rule([], 5) })
    plan()
    plan([{ type: 'state', stepId: 'a', attempt: 1, state: 'FAILED', detail: 'There is no Python.', isFutile: true }])
    expect(step('a')).toMatchObject({ status: 'FAILED', attempt: 1 })
  })

  test('believes a script that says it failed, and that only', () => {
    const { plan, step, setStep } = world({ a: rule([], 2), b: rule() })
    plan()
    setStep('a', { reportedFailure: 'no rows' })
    plan([of('a', 'SUCCEEDED')])
    expect(step('a')).toMatchObject({ status: 'QUEUED', statusDetail: 'Attempt 1 of 2 failed: no rows' })
    plan([], { now: now + 5_000 })
    expect(step('a')).toMatchObject({ attempt: 2, reportedFailure: null })
    setStep('b', { reportedFailure: 'no columns' })
    plan([of('b', 'FAILED')])
    expect(step('b')).toMatchObject({ status: 'FAILED', statusDetail: 'no columns exit code 1' })
  })

  test('cancels what runs, ends what has not begun, and tells the truth of what had ended', () => {
    const { plan, step, set } = world({ done: rule(), runs: rule(['done'], 3), waits: rule(['runs']), again: rule([], 3) })
    plan()
    plan([of('done', 'SUCCEEDED'), of('again', 'FAILED')])
    plan([of('runs', 'RUNNING')])
    set({ cancelRequestedAt: new Date(now).toISOString() })
    const asked = plan()
    expect(asked).toMatchObject({ canceled: ['runs'], begun: [] })
    expect(['done', 'runs', 'waits', 'again'].map((name) => step(name).status)).toEqual([
      'SUCCEEDED',
      'RUNNING',
      'CANCELED',
      'CANCELED',
    ])
    expect(plan([of('runs', 'FAILED')]).run).toMatchObject({ status: 'CANCELED', statusDetail: 'It was canceled.' })
    expect(step('runs').status).toBe('CANCELED')

    const tooLate = world({ a: rule() })
    tooLate.plan()
    tooLate.set({ cancelRequestedAt: new Date(now).toISOString() })
    expect(tooLate.plan([of('a', 'SUCCEEDED')]).run.status).toBe('SUCCEEDED')
  })

  test('runs nothing of what is refused, and begins nothing while the server stops', () => {
    const refused = world({ a: rule(), b: rule(['a']) })
    expect(refused.plan([], { refusal: 'no such wheel' })).toMatchObject({
      begun: [],
      run: { status: 'FAILED', statusDetail: 'no such wheel' },
    })
    expect(refused.step('b')).toMatchObject({ status: 'SKIPPED', statusDetail: 'no such wheel' })
    const stopping = world({ a: rule() })
    expect(stopping.plan([], { mayBegin: false })).toMatchObject({ begun: [], events: [], run: { status: 'QUEUED' } })
  })

  test('brings every graph to its end, whatever happens in whatever order, and never moves backwards', () => {
    const random = randomFrom(7)
    const rank = ['PENDING', 'QUEUED', 'RUNNING', 'FINAL']
    for (let round = 0; round < 300; round++) {
      const names = Array.from({ length: 1 + Math.floor(random() * 8) }, (_, i) => `s${i}`)
      const rules = Object.fromEntries(
        names.map((name, i) => [
          name,
          rule(
            names.slice(0, i).filter(() => random() < 0.4),
            1 + Math.floor(random() * 3),
          ),
        ]),
      )
      const { plan, run, ...rest } = world(rules)
      let time = now
      let latest = plan([], { now: time })
      const begun = new Map(latest.begun.map((name) => [name, 1]))
      for (let turn = 0; !isFinal(latest.run.status); turn++) {
        expect(turn).toBeLessThan(500)
        const before = latest.steps
        const underWay = before.filter(
          ({ status, attempt, retryAt }) => status === 'RUNNING' || (status === 'QUEUED' && attempt > 0 && retryAt === null),
        )
        const state = (['RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELED', 'SUCCEEDED'] as const)[Math.floor(random() * 5)]!
        const chosen = underWay[Math.floor(random() * underWay.length)]
        if (random() < 0.01) rest.set({ cancelRequestedAt: new Date(time).toISOString() })
        time += 5_000
        latest = plan(chosen ? [of(chosen.id, state, chosen.attempt)] : [], { now: time })
        for (const name of latest.begun) begun.set(name, (begun.get(name) ?? 0) + 1)
        for (const [i, step] of latest.steps.entries()) {
          const place = ({ status, attempt, retryAt }: PipelineStepRow) =>
            attempt * 10 + (status === 'QUEUED' && retryAt !== null ? 5 : isFinal(status) ? 6 : rank.indexOf(status))
          expect(place(step)).toBeGreaterThanOrEqual(place(before[i]!))
          expect(step.attempt).toBe(begun.get(step.name) ?? 0)
          expect(step.attempt).toBeLessThanOrEqual(rules[step.name]!.maxAttempts)
          const needed = latest.steps.filter(({ name }) => rules[step.name]!.needs.includes(name))
          if (step.attempt > 0) expect(needed.every(({ status }) => status === 'SUCCEEDED')).toBe(true)
        }
      }
      expect(latest.steps.every(({ status }) => isFinal(status))).toBe(true)
      const all = new Set(latest.steps.map(({ status }) => status))
      expect(latest.run.status === 'SUCCEEDED').toBe(all.size === 1 && all.has('SUCCEEDED'))
    }
  })
})
