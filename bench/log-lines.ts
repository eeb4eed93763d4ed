import { setTimeout as sleep } from 'node:timers/promises'
import type { BenchRow } from './bench-row.js'
import { loopRow, openPipelineBench, percentile } from './pipeline-client.js'

export const name = 'log lines'

const perSecond = 10_000
const seconds = 30

/** Each line says when it was printed. 100 of them every 10 ms, or more where that was late. */
const script = `import sys, time
start = time.time()
n = 0
while n < ${perSecond * seconds}:
    due = min(${perSecond * seconds}, int((time.time() - start) * ${perSecond}))
    sys.stdout.write("".join(f"{i} {time.time()} a line as scripts print them\\n" for i in range(n + 1, due + 1)))
    sys.stdout.flush()
    n = due
    time.sleep(0.01)
`

/** A step that prints without a pause, with one who listens. */
export async function run(): Promise<BenchRow[]> {
  const bench = await openPipelineBench()
  try {
    const deployment = await bench.deploy([script])
    await sleep(500)
    const before = await bench.ask('reset')
    const id = await bench.start(deployment)
    let wrong = 0
    let lines = 0
    let sequence = 0
    const late: number[] = []
    const resident: number[] = []
    const watching = setInterval(async () => resident.push((await bench.ask('memory')).rss), 5_000)
    const query = 'subscription ($id: ID!) { pipelineEvents(pipelineRun: $id) { sequence type message } }'
    const began = performance.now()
    await bench.follow(query, { id }, ({ pipelineEvents: event }) => {
      const { type, message, sequence: at } = event
      if (at !== ++sequence) wrong++
      if (type !== 'LOG') return
      const [number, printed] = message.split(' ').map(Number)
      if (number !== ++lines) wrong++
      late.push(Date.now() - printed! * 1_000)
    })
    const took = (performance.now() - began) / 1_000
    clearInterval(watching)
    await sleep(200)
    const loop = await bench.ask('loop')
    const grown = Math.max(...resident.slice(2)) - resident[1]!
    const rate = lines / took
    return [
      {
        figure: `${perSecond} lines/s for ${seconds} s: lines, each once and in order`,
        measured: `${lines}, ${wrong} wrong, in ${took.toFixed(1)} s`,
        baseline: `${perSecond * seconds}`,
        ratio: null,
        wanted: 'all',
        ok: lines === perSecond * seconds && wrong === 0,
      },
      {
        figure: 'lines/s at the subscriber',
        measured: rate.toFixed(0),
        baseline: `${perSecond}`,
        ratio: rate / perSecond,
        wanted: '≥ 0.9',
        ok: rate >= 0.9 * perSecond,
      },
      {
        figure: 'print to the subscriber meanwhile, p95',
        measured: `${percentile(late, 95).toFixed(0)} ms (median ${percentile(late, 50).toFixed(0)} ms)`,
        baseline: '-',
        ratio: null,
        wanted: '< 100 ms',
        ok: percentile(late, 95) < 100,
      },
      {
        figure: 'server memory, growth after 10 s',
        measured: `${(grown / 2 ** 20).toFixed(0)} MiB (${resident.map((bytes) => (bytes / 2 ** 20).toFixed(0)).join(', ')})`,
        baseline: `${(before / 2 ** 20).toFixed(0)} MiB before`,
        ratio: null,
        wanted: '< 64 MiB',
        ok: grown < 64 * 2 ** 20,
      },
      loopRow(loop),
    ]
  } finally {
    await bench.close()
  }
}
