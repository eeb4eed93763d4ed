import { setTimeout as sleep } from 'node:timers/promises'
import type { BenchRow } from './bench-row.js'
import { openDataFlowBench } from './data-flow-bench.js'
import { loopRow, type PipelineBench, percentile } from './pipeline-client.js'

export const name = 'Data Flow'

const runs = 200
/** All constants are those of production. */
const seconds = process.argv.includes('--short') ? 40 : 120

const shown: Readonly<Record<string, string>> = { ACCEPTED: 'QUEUED', IN_PROGRESS: 'RUNNING', SUCCEEDED: 'SUCCEEDED' }

/** Two hundred runs in flight: how old what is shown of them is, and what it costs to know. */
export async function run(): Promise<BenchRow[]> {
  const { bench, askDouble, close } = await openDataFlowBench('waits', String(seconds))
  try {
    const deployment = await bench.deploy(['print(1)'])
    const ids: string[] = []
    for (let i = 0; i < runs; i++) ids.push(await bench.start(deployment))
    for (let count = 0; count < runs; await sleep(500)) count = (await askDouble('truth')).length
    await sleep(5_000)
    await bench.ask('reset')
    const before = await askDouble('calls')
    const start = performance.now()
    const { ages, late, changes } = await sample(bench, ids, () => askDouble('truth'))
    const took = (performance.now() - start) / 1_000
    const after = await askDouble('calls')
    const loop = await bench.ask('loop')
    const perSecond = (...operations: string[]): number =>
      operations.reduce((sum, each) => sum + (after[each] ?? 0) - (before[each] ?? 0), 0) / took
    const asking = perSecond('listRuns', 'getRun')
    const all = perSecond('listRuns', 'getRun', 'listRunLogs', 'getRunLog')
    const objects = perSecond('listObjects', 'getObject', 'deleteObject', 'deletePreauthenticatedRequest')
    const ageP95 = percentile(ages, 95) / 1_000
    const lateP95 = percentile(late, 95) / 1_000
    return [
      {
        figure: `${runs} runs in flight for ${seconds} s: age of the status shown, p95`,
        measured: `${ageP95.toFixed(1)} s (median ${(percentile(ages, 50) / 1_000).toFixed(1)} s)`,
        baseline: '-',
        ratio: null,
        wanted: '≤ 10 s',
        ok: ageP95 <= 10,
      },
      {
        figure: `${changes} changes of state meanwhile: until they are shown, p95`,
        measured: `${lateP95.toFixed(1)} s (median ${(percentile(late, 50) / 1_000).toFixed(1)} s)`,
        baseline: '-',
        ratio: null,
        wanted: '≤ 10 s',
        ok: lateP95 <= 10,
      },
      {
        figure: 'calls of Data Flow for it, on average',
        measured: `${asking.toFixed(2)}/s (${all.toFixed(2)}/s with logs; Object Storage ${objects.toFixed(2)}/s)`,
        baseline: `${(runs / 5).toFixed(0)}/s (each run every 5 s)`,
        ratio: asking / (runs / 5),
        wanted: '≤ 2/s',
        ok: all <= 2,
      },
      loopRow(loop),
    ]
  } finally {
    await close()
  }
}

/** Every second, of every run: how old its status is, and since when the service knows better. */
async function sample(
  bench: PipelineBench,
  ids: readonly string[],
  truth: () => Promise<[string, string, number][]>,
): Promise<{ ages: number[]; late: number[]; changes: number }> {
  const ages: number[] = []
  /** By run and state: for how long it was there without being shown. */
  const latest = new Map<string, number>()
  const query = `query ($ids: [ID!]!) { nodes(ids: $ids) { ... on PipelineRun { steps { status observedAt computeRunId } } } }`
  for (const end = Date.now() + seconds * 1_000; Date.now() < end; ) {
    const next = sleep(1_000)
    const real = new Map((await truth()).map(([id, state, at]) => [id, { state, at }]))
    for (let i = 0; i < ids.length; i += 100) {
      const { nodes } = await bench.query(query, { ids: ids.slice(i, i + 100) })
      const now = Date.now()
      for (const { steps } of nodes) {
        const [{ status, observedAt, computeRunId }] = steps
        const actual = real.get(computeRunId)
        if (status === 'QUEUED' || status === 'RUNNING') ages.push(now - Date.parse(observedAt))
        if (!actual || now - actual.at > seconds * 1_000) continue
        const key = `${computeRunId} ${actual.state}`
        if (shown[actual.state] !== status) latest.set(key, now - actual.at)
        else if (!latest.has(key)) latest.set(key, 0)
      }
    }
    await next
  }
  return { ages, late: [...latest.values()], changes: latest.size }
}
