import { setTimeout as sleep } from 'node:timers/promises'
import type { BenchRow } from './bench-row.js'
import { loopRow, openPipelineBench } from './pipeline-client.js'

export const name = 'many runs'

const runs = 200

/** Many pipeline runs at once: none may be lost, and the server must stay awake for others. */
export async function run(): Promise<BenchRow[]> {
  const bench = await openPipelineBench()
  try {
    const deployment = await bench.deploy(Array(3).fill('print("done")'))
    await untilOver(bench, [await bench.start(deployment)])
    await sleep(500)
    await bench.ask('reset')
    await sleep(3_000)
    const idle = await bench.ask('loop')
    await bench.ask('reset')
    const started = performance.now()
    const ids = await Promise.all(Array.from({ length: runs }, () => bench.start(deployment)))
    const statuses = await untilOver(bench, ids)
    const seconds = (performance.now() - started) / 1_000
    const loop = await bench.ask('loop')
    const succeeded = statuses.filter((status) => status === 'SUCCEEDED').length
    return [
      {
        figure: `${runs} runs of 3 steps at once, succeeded`,
        measured: `${succeeded} in ${seconds.toFixed(1)} s`,
        baseline: `${runs}`,
        ratio: null,
        wanted: `${runs}`,
        ok: succeeded === runs,
      },
      {
        ...loopRow(loop),
        measured: `${loop.p99.toFixed(1)} ms (longest ${loop.max.toFixed(0)} ms)`,
        baseline: `${idle.p99.toFixed(1)} ms (idle)`,
      },
    ]
  } finally {
    await bench.close()
  }
}

async function untilOver(bench: Awaited<ReturnType<typeof openPipelineBench>>, ids: readonly string[]): Promise<string[]> {
  const statuses = new Map<string, string>()
  for (const deadline = Date.now() + 180_000; statuses.size < ids.length && Date.now() < deadline; await sleep(500)) {
    const open = ids.filter((id) => !statuses.has(id)).slice(0, 100)
    const { nodes } = await bench.query(
      'query ($ids: [ID!]!) { nodes(ids: $ids) { ... on PipelineRun { id status endedAt } } }',
      { ids: open },
    )
    for (const { id, status, endedAt } of nodes) if (endedAt !== null) statuses.set(id, status)
  }
  return [...statuses.values()]
}
