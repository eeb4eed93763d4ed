import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BenchRow } from './bench-row.js'
import { openPipelineBench, percentile } from './pipeline-client.js'

export const name = 'first step'

const rounds = 20
const script = 'import time\nfor i in range(40):\n  print(time.time(), flush=True)\n  time.sleep(0.005)'

/** From the call to the first step RUNNING, as a subscriber hears it; and from a script's print to the subscriber. */
export async function run(): Promise<BenchRow[]> {
  const bench = await openPipelineBench()
  try {
    const deployment = await bench.deploy([script])
    const untilRunning: number[] = []
    const untilHeard: number[] = []
    for (let round = 0; round < rounds + 3; round++) {
      const called = performance.now()
      const id = await bench.start(deployment)
      const query = 'subscription ($id: ID!) { pipelineEvents(pipelineRun: $id) { type stepStatus message } }'
      await bench.follow(query, { id }, ({ pipelineEvents: { type, stepStatus, message } }) => {
        if (round < 3) return
        if (stepStatus === 'RUNNING') untilRunning.push(performance.now() - called)
        if (type === 'LOG') untilHeard.push(Date.now() - Number(message) * 1_000)
      })
    }
    const bare = await bareStart()
    const beyond = percentile(untilRunning, 50) - bare
    const heard = percentile(untilHeard, 95)
    return [
      {
        figure: 'runDeployment to RUNNING, median',
        measured: `${percentile(untilRunning, 50).toFixed(0)} ms (p95 ${percentile(untilRunning, 95).toFixed(0)} ms)`,
        baseline: `${bare.toFixed(0)} ms (python3 prints)`,
        ratio: null,
        wanted: '< 150 ms beyond',
        ok: beyond < 150,
      },
      {
        figure: 'print to the subscriber, p95',
        measured: `${heard.toFixed(1)} ms (median ${percentile(untilHeard, 50).toFixed(1)} ms)`,
        baseline: '-',
        ratio: null,
        wanted: '< 50 ms',
        ok: heard < 50 && untilHeard.length === rounds * 40,
      },
    ]
  } finally {
    await bench.close()
  }
}

/** From `spawn` to the first byte of output, without the server. */
async function bareStart(): Promise<number> {
  const directory = await mkdtemp(join(tmpdir(), 'dhuo-bench-'))
  const file = join(directory, 'script.py')
  await writeFile(file, script)
  const times: number[] = []
  for (let round = 0; round < 10; round++) {
    const began = performance.now()
    const child = spawn('python3', [file], { stdio: ['ignore', 'pipe', 'ignore'] })
    await once(child.stdout, 'data')
    times.push(performance.now() - began)
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  await rm(directory, { recursive: true })
  return percentile(times, 50)
}
