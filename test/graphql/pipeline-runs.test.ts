import { writeFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { createTestHub, type TestHub } from '../hub.js'
import { seedExperiment, seedKey, seedProject, seedUser } from '../seed.js'
import { readEvents, readRun, runWhen, type SeenStep, seedDeployment, startRun } from './pipeline-seed.js'

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

  const statusesOf = (steps: readonly SeenStep[]) => Object.fromEntries(steps.map(({ name, status }) => [name, status]))

  test('that loses a step skips what needs it, and goes on with what does not', async () => {
    const deployment = await seedDeployment(hub, [
      { name: 'load', script: '' },
      { name: 'bad', script: 'import sys; sys.exit(3)', needs: ['load'] },
      { name: 'after-bad', script: '', needs: ['bad'] },
      { name: 'good', script: 'print("still runs")', needs: ['load'] },
      { name: 'both', script: '', needs: ['good', 'after-bad'] },
      { name: 'alone', script: '', needs: [] },
    ])
    const run = await runWhen(hub, await startRun(hub, deployment))
    expect(statusesOf(run.steps)).toEqual({
      load: 'SUCCEEDED',
      bad: 'FAILED',
      'after-bad': 'SKIPPED',
      good: 'SUCCEEDED',
      both: 'SKIPPED',
      alone: 'SUCCEEDED',
    })
    expect(run.status).toBe('FAILED')
    expect(run.statusDetail).toMatch(/^The step "bad" failed: .*3/)
    expect(run.steps.find(({ name }) => name === 'after-bad')!.statusDetail).toBe('It needs "bad", which failed.')
  })

  test('tries a step again, as often as it may, and counts the attempts', async () => {
    const flaky = `import os, sys
mark = os.path.join(sys.argv[1], os.environ["DHUO_PIPELINE_RUN"])
n = int(open(mark).read()) + 1 if os.path.exists(mark) else 1
open(mark, "w").write(str(n))
print("attempt", n)
sys.exit(0 if n == 2 else 1)`
    const deployment = await seedDeployment(hub, [
      { name: 'flaky', script: flaky, arguments: [hub.home], maxAttempts: 3 },
      { name: 'hopeless', script: 'import sys; sys.exit(1)', needs: [], maxAttempts: 2 },
    ])
    const id = await startRun(hub, deployment)
    const run = await runWhen(hub, id)
    expect(run.steps).toMatchObject([
      {
        name: 'flaky',
        status: 'SUCCEEDED',
        attempt: 2,
        logs: [
          { number: 1, text: 'attempt 1' },
          { number: 2, text: 'attempt 2' },
        ],
      },
      { name: 'hopeless', status: 'FAILED', attempt: 2 },
    ])
    const events = (await readEvents(hub, id)).filter(({ type, stepName }) => type === 'STEP_STATUS' && stepName === 'flaky')
    expect(events.map(({ stepStatus }) => stepStatus)).toEqual(['PENDING', 'QUEUED', 'RUNNING', 'QUEUED', 'RUNNING', 'SUCCEEDED'])
    expect(events[3]!.message).toMatch(/^Attempt 1 of 3 failed: /)
  })

  test('is canceled: what runs is ended, what has not begun is not', async () => {
    const deployment = await seedDeployment(hub, [
      { name: 'long', script: 'import time\nprint("here", flush=True)\ntime.sleep(60)', maxAttempts: 3 },
      { name: 'never', script: '' },
    ])
    const id = await startRun(hub, deployment)
    await runWhen(hub, id, ({ steps }) => steps[0]!.logs.length > 0)
    const cancel = 'mutation ($id: ID!) { cancelPipelineRun(id: $id) { id cancelRequestedAt } }'
    const { cancelPipelineRun } = await hub.data(cancel, { id })
    expect(cancelPipelineRun.cancelRequestedAt).toEqual(expect.any(String))
    const run = await runWhen(hub, id)
    expect(run).toMatchObject({
      status: 'CANCELED',
      steps: [
        { status: 'CANCELED', attempt: 1 },
        { status: 'CANCELED', attempt: 0 },
      ],
    })
    expect((await hub.data(cancel, { id })).cancelPipelineRun).toEqual(cancelPipelineRun)
    expect(await readEvents(hub, id)).toHaveLength(run.lastSequence)

    const done = await startRun(hub, await seedDeployment(hub, [{ script: '' }]))
    await runWhen(hub, done)
    expect(await hub.error(cancel, { id: done })).toMatchObject({
      message: 'The run has ended: it is SUCCEEDED.',
      extensions: { code: 'PRECONDITION_FAILED', field: 'id' },
    })
  })

  test('is tried again from where it failed, with the same arguments; a retry under way is not begun twice', async () => {
    const gate = `import os, sys
print("with", *sys.argv[2:])
sys.exit(0 if os.path.exists(os.path.join(sys.argv[1], "open-" + sys.argv[3])) else 1)`
    const deployment = await seedDeployment(hub, [
      { name: 'first', script: 'print("once")' },
      { name: 'gate', script: gate, arguments: [hub.home] },
      { name: 'last', script: '' },
    ])
    const key = deployment.id
    const first = await startRun(hub, deployment, { arguments: [{ key: 'door', value: key }] })
    expect(statusesOf((await runWhen(hub, first)).steps)).toEqual({ first: 'SUCCEEDED', gate: 'FAILED', last: 'SKIPPED' })
    const retry = 'mutation ($id: ID!) { retryPipelineRun(id: $id) { id number trigger retryOf { id } arguments { key value } } }'
    await writeFile(`${hub.home}/open-${key}`, '')
    const [{ retryPipelineRun: one }, { retryPipelineRun: two }] = await Promise.all([
      hub.data(retry, { id: first }),
      hub.data(retry, { id: first }),
    ])
    expect(one).toMatchObject({ number: 2, trigger: 'RETRY', retryOf: { id: first }, arguments: [{ key: 'door', value: key }] })
    expect(two.id).toBe(one.id)
    const run = await runWhen(hub, one.id)
    expect(run.status).toBe('SUCCEEDED')
    expect(run.steps).toMatchObject([
      { name: 'first', status: 'SUCCEEDED', attempt: 0, statusDetail: 'It succeeded in run 1 and was not run again.', logs: [] },
      { name: 'gate', status: 'SUCCEEDED', attempt: 1, logs: [{ text: `with --door ${key}` }] },
      { name: 'last', status: 'SUCCEEDED', attempt: 1 },
    ])
    expect(await hub.error(retry, { id: one.id })).toMatchObject({ extensions: { code: 'PRECONDITION_FAILED', field: 'id' } })
  })

  test('with the same idempotency key is the same run, also when asked for at once', async () => {
    const deployment = await seedDeployment(hub, [{ script: '' }])
    const ids = await Promise.all(Array.from({ length: 5 }, () => startRun(hub, deployment, { idempotencyKey: 'once' })))
    expect(new Set(ids).size).toBe(1)
    const others = await Promise.all([startRun(hub, deployment), startRun(hub, deployment, { idempotencyKey: 'twice' })])
    const runs = await Promise.all([...others, ids[0]!].map((id) => runWhen(hub, id)))
    expect(runs.map(({ number }) => number).sort()).toEqual([1, 2, 3])
  })

  test('of a deployment that is being packaged waits; it fails when that fails', async () => {
    const [ready, broken] = await Promise.all([1, 2].map(() => seedDeployment(hub, [{ script: '' }], { status: 'PACKAGING' })))
    const [waits, fails] = [await startRun(hub, ready!), await startRun(hub, broken!)]
    await sleep(300)
    expect((await readRun(hub, waits)).status).toBe('QUEUED')
    for (const [status, deployment] of [
      ['READY', ready!],
      ['FAILED', broken!],
    ] as const)
      for (const [table, column] of [
        ['deployments', 'id'],
        ['deployment_versions', '"deploymentId"'],
      ])
        await hub.change(
          `update ${table} set status = ?, "statusDetail" = 'no such wheel' where ${column} = ?`,
          status,
          deployment.id,
        )
    expect((await runWhen(hub, waits)).status).toBe('SUCCEEDED')
    expect(await runWhen(hub, fails)).toMatchObject({
      status: 'FAILED',
      statusDetail: 'The deployment could not be packaged: no such wheel',
      steps: [{ status: 'SKIPPED', attempt: 0 }],
    })
    const run = 'mutation ($input: RunDeploymentInput!) { runDeployment(input: $input) { id } }'
    const refusals = [
      [broken!, /could not be packaged: no such wheel/],
      [await seedDeployment(hub, [{ script: '' }], { status: 'DELETED' }), /is deleted/],
      [await seedDeployment(hub, [{ script: '' }], { kind: 'ONLINE' }), /is ONLINE/],
    ] as const
    for (const [deployment, message] of refusals) {
      const error = await hub.error(run, { input: { deployment: deployment.id } })
      expect(error).toMatchObject({
        message: expect.stringMatching(message),
        extensions: { code: 'PRECONDITION_FAILED', field: 'input.deployment' },
      })
    }
  })

  test('takes arguments that scripts can read, and no others', async () => {
    const deployment = await seedDeployment(hub, [{ script: 'import sys; print(sys.argv[1:])', arguments: ['own'] }])
    const given = [
      { key: 'b', value: '-x y' },
      { key: 'a', value: '' },
    ]
    const run = await runWhen(hub, await startRun(hub, deployment, { arguments: given }))
    expect(run.steps[0]!.logs).toMatchObject([{ text: "['own', '--b', '-x y', '--a', '']" }])
    const start = 'mutation ($input: RunDeploymentInput!) { runDeployment(input: $input) { id } }'
    const bad = [
      [[{ key: '-x', value: '' }], 'input.arguments[0].key'],
      [
        [
          { key: 'a', value: '' },
          { key: 'a', value: '' },
        ],
        'input.arguments[1].key',
      ],
      [[{ key: 'a', value: 'x\0' }], 'input.arguments[0].value'],
      [Array.from({ length: 51 }, (_, i) => ({ key: `k${i}`, value: '' })), 'input.arguments'],
    ] as const
    for (const [args, field] of bad)
      expect(await hub.error(start, { input: { deployment: deployment.id, arguments: args } })).toMatchObject({
        extensions: { code: 'BAD_USER_INPUT', field },
      })
  })
})

/** Asks the server as a script does. */
const client = `import json, os, urllib.request
def ask(query, **variables):
    body = json.dumps({"query": query, "variables": variables}).encode()
    headers = {"content-type": "application/json", "x-dhuo-access-key": os.environ["DHUO_ACCESS_KEY"]}
    answer = json.load(urllib.request.urlopen(urllib.request.Request(os.environ["DHUO_URL"] + "/graphql", body, headers)))
    return answer
def report(**what):
    what = {"pipelineRun": os.environ["DHUO_PIPELINE_RUN"], "step": os.environ["DHUO_STEP"], **what}
    return ask("mutation ($input: ReportStepInput!) { reportStep(input: $input) { id } }", input=what)
`

describe('a script', () => {
  test('has a key of its own: it reports and logs with it, what it makes is linked to its step, and then the key is gone', async () => {
    const user = await seedUser(hub)
    const project = await seedProject(hub, user.token)
    const experiment = await seedExperiment(hub, project.name)
    const script = `${client}
print(report(progress=0.25, message="half of the half"))
run = ask("mutation ($input: CreateRunInput!) { createRun(input: $input) { id } }", input={"experiment": "${experiment.id}"})
print(run["data"]["createRun"]["id"])
for query in ("mutation { createAccessKey(input: { name: \\"k\\" }) { secret } }", "mutation { createProject(input: { name: \\"from-script\\" }) { id } }", "mutation { createUser(input: { email: \\"a@b.c\\", password: \\"long enough pw\\" }) { id } }"):
    print(ask(query)["errors"][0]["extensions"]["code"])
print(os.environ["DHUO_ACCESS_KEY"])
print(report(progress=2)["errors"][0]["extensions"]["code"])`
    const deployment = await seedDeployment(hub, [{ name: 'train', script }], { project })
    const id = await startRun(hub, deployment, {}, user.token)
    const run = await runWhen(hub, id)
    const lines = run.steps[0]!.logs.map(({ text }) => text)
    expect({ run: run.status, lines }).toMatchObject({ run: 'SUCCEEDED' })
    expect(run.steps[0]).toMatchObject({ progress: 0.25, message: 'half of the half' })
    const [reported, runId, ...rest] = lines
    const secret = rest.splice(3, 1)[0]!
    expect(reported).toContain(run.steps[0]!.id)
    expect(rest).toEqual(['FORBIDDEN', 'FORBIDDEN', 'FORBIDDEN', 'BAD_USER_INPUT'])
    expect(await readEvents(hub, id)).toContainEqual(
      expect.objectContaining({ type: 'STEP_PROGRESS', stepName: 'train', progress: 0.25, message: 'half of the half' }),
    )

    const links = await hub.data(
      `query ($run: ID!, $step: ID!) { run: node(id: $run) { ... on Run { pipelineStep { name pipelineRun { id } } user { id } } } step: node(id: $step) { ... on PipelineStep { runs { id } } } }`,
      { run: runId, step: run.steps[0]!.id },
    )
    expect(links).toEqual({
      run: { pipelineStep: { name: 'train', pipelineRun: { id } }, user: { id: user.id } },
      step: { runs: [{ id: runId }] },
    })

    expect((await hub.execute('{ viewer { id } }', {}, secret)).data?.viewer ?? null).toBeNull()
    expect((await hub.data('{ viewer { accessKeys { id } } }', {}, user.token)).viewer.accessKeys).toEqual([])
  })

  test('that says it failed has failed, however it ends; one that says it succeeded is believed when it ends', async () => {
    const deployment = await seedDeployment(hub, [
      { name: 'pessimist', script: `${client}report(status="FAILED", message="no rows")`, needs: [] },
      { name: 'optimist', script: `${client}report(status="SUCCEEDED")\nraise SystemExit(4)`, needs: [] },
    ])
    const run = await runWhen(hub, await startRun(hub, deployment))
    expect(run.steps).toMatchObject([
      { name: 'pessimist', status: 'FAILED', statusDetail: 'no rows' },
      { name: 'optimist', status: 'FAILED', statusDetail: expect.stringContaining('4') },
    ])
  })

  test('reports of its own step only, and only while it runs', async () => {
    const script = `${client}
answer = ask("mutation ($input: ReportStepInput!) { reportStep(input: $input) { id } }", input={"pipelineRun": os.environ["DHUO_PIPELINE_RUN"], "step": "other", "progress": 1})
print(answer["errors"][0]["extensions"]["code"])`
    const deployment = await seedDeployment(hub, [
      { name: 'nosy', script, needs: [] },
      { name: 'other', script: '', needs: ['nosy'] },
    ])
    const id = await startRun(hub, deployment)
    expect((await runWhen(hub, id)).steps[0]!.logs).toMatchObject([{ text: 'FORBIDDEN' }])
    const report = 'mutation ($input: ReportStepInput!) { reportStep(input: $input) { id } }'
    const late = await hub.error(report, { input: { pipelineRun: id, step: 'nosy', progress: 1 } })
    expect(late).toMatchObject({ extensions: { code: 'PRECONDITION_FAILED', field: 'input.step' } })
    for (const input of [{ step: 'nosy' }, { step: 'nosy', status: 'CANCELED' }, { step: 'nosy', progress: -0.1 }])
      expect(await hub.error(report, { input: { pipelineRun: id, ...input } })).toMatchObject({
        extensions: { code: 'BAD_USER_INPUT' },
      })
    expect(await hub.error(report, { input: { pipelineRun: id, step: 'none', progress: 1 } })).toMatchObject({
      extensions: { code: 'NOT_FOUND' },
    })
  })
})

describe('somebody', () => {
  test('of another project sees nothing of it; a VIEWER changes nothing', async () => {
    const deployment = await seedDeployment(hub, [{ script: '' }])
    const id = await startRun(hub, deployment)
    const run = await runWhen(hub, id)
    const stranger = await seedUser(hub)
    const viewer = await seedUser(hub, { [deployment.project]: 'VIEWER' })
    const query = 'query ($id: ID!, $step: ID!) { run: node(id: $id) { id } step: node(id: $step) { id } }'
    const ids = { id, step: run.steps[0]!.id }
    expect(await hub.data(query, ids, stranger.token)).toEqual({ run: null, step: null })
    expect(await hub.data(query, ids, viewer.token)).toEqual({ run: { id }, step: { id: ids.step } })
    const changes = [
      ['mutation ($id: ID!) { cancelPipelineRun(id: $id) { id } }', { id }],
      ['mutation ($id: ID!) { retryPipelineRun(id: $id) { id } }', { id }],
      [
        'mutation ($input: RunDeploymentInput!) { runDeployment(input: $input) { id } }',
        { input: { deployment: deployment.id } },
      ],
      [
        'mutation ($input: ReportStepInput!) { reportStep(input: $input) { id } }',
        { input: { pipelineRun: id, step: 'step1', progress: 1 } },
      ],
    ] as const
    for (const [change, variables] of changes) {
      expect(await hub.error(change, variables, stranger.token)).toMatchObject({ extensions: { code: 'NOT_FOUND' } })
      expect(await hub.error(change, variables, viewer.token)).toMatchObject({ extensions: { code: 'FORBIDDEN' } })
    }
    const reader = await seedKey(hub, hub.admin, { role: 'VIEWER' })
    expect(await hub.error(changes[2][0], changes[2][1], reader.secret)).toMatchObject({ extensions: { code: 'FORBIDDEN' } })
  })

  test('pages through the runs of a project by status, the newest first', async () => {
    const deployment = await seedDeployment(hub, [{ script: 'import sys; sys.exit(len(sys.argv) - 1)' }])
    const ids: string[] = []
    for (let i = 0; i < 5; i++)
      ids.push(await startRun(hub, deployment, i % 2 === 0 ? {} : { arguments: [{ key: 'fail', value: '1' }] }))
    for (const id of ids) await runWhen(hub, id)
    const query = `query ($name: String!, $status: [PipelineStatus!], $after: String) { project(name: $name) { pipelineRuns(status: $status, first: 2, after: $after) { totalCount nodes { id } pageInfo { hasNextPage endCursor } } } }`
    const seen: string[] = []
    let after: string | null = null
    for (let more = true; more; ) {
      // biome-ignore lint/suspicious/noExplicitAny: an answer, looked into without spelling out its type
      const { project }: any = await hub.data(query, { name: deployment.project, after })
      expect(project.pipelineRuns.totalCount).toBe(5)
      seen.push(...project.pipelineRuns.nodes.map(({ id }: { id: string }) => id))
      ;({ hasNextPage: more, endCursor: after } = project.pipelineRuns.pageInfo)
    }
    expect(seen).toEqual(ids.toReversed())
    const { project } = await hub.data(query, { name: deployment.project, status: ['FAILED'] })
    expect(project.pipelineRuns).toMatchObject({ totalCount: 2, nodes: [{ id: ids[3] }, { id: ids[1] }] })
  })

  test('asks for events and lines by number, within bounds', async () => {
    const deployment = await seedDeployment(hub, [{ script: 'for i in range(25): print(i)' }])
    const id = await startRun(hub, deployment)
    await runWhen(hub, id)
    const query =
      'query ($id: ID!, $after: Int, $first: Int) { node(id: $id) { ... on PipelineRun { events(after: $after, first: $first) { sequence } steps { logs(after: $after, first: $first) { text } } } } }'
    const { node } = await hub.data(query, { id, after: 20, first: 3 })
    expect(node).toEqual({
      events: [21, 22, 23].map((sequence) => ({ sequence })),
      steps: [{ logs: ['20', '21', '22'].map((text) => ({ text })) }],
    })
    for (const [variables, field] of [
      [{ first: 0 }, 'first'],
      [{ first: 10_001 }, 'first'],
      [{ after: -1 }, 'after'],
    ] as const) {
      const answer = await hub.execute(query, { id, ...variables })
      expect(answer.errors?.map(({ extensions }) => extensions)).toContainEqual(
        expect.objectContaining({ code: 'BAD_USER_INPUT', field }),
      )
    }
  })
})
